"""Open Job Description: a job bundle for each shot, for schedulers that take them and for `openjd run`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from matteline.contract.errors import JobError, MattelineError
from matteline.farm.engines.openjd_template import EXTENSION, template, values
from matteline.farm.engines.refusing import refuse_option
from matteline.farm.engines.shots import Shot, shots
from matteline.farm.engines.tools import follow, package, program, write_text

if TYPE_CHECKING:
    from matteline.farm.submission import Submission

INSTALL = 'pip install "matteline[farm]"'

Bundle = dict[str, str]
"""The files of a shot's job bundle: path below the submission's folder to text."""


@dataclass(frozen=True)
class OpenJD:
    """Job bundles by themselves. OpenJD has no queue: `submit` renders on this machine, a session a shot.

    Priority and retries are a queue's, so they are not in a bundle.
    """

    def write(self, submission: Submission, folder: Path) -> tuple[Path, ...]:
        """Write `<shot>/template.yaml` and `<shot>/parameter_values.yaml` for each shot, checked."""
        refuse_option("OpenJD", submission, "pool", "has no pools")
        refuse_option("OpenJD", submission, "after", "knows no other jobs to wait for")
        return write_bundles((bundle(submission, shot) for shot in shots(submission)), folder)

    def submit(self, submission: Submission, folder: Path) -> tuple[str, ...]:
        """Render each shot on this machine with `openjd run`; the shots' names."""
        return tuple(_run(submission, shot, folder / shot.label) for shot in shots(submission))


def bundle(
    submission: Submission,
    shot: Shot,
    *,
    files: Mapping[str, Any] = MappingProxyType({}),
    options: Mapping[str, int] = MappingProxyType({}),
) -> Bundle:
    """One shot's job bundle, after OpenJD's own check of it.

    Args:
        submission: What is asked of the engine.
        shot: The clip.
        files: More files of the bundle: name to document.
        options: More values that are none of the template's parameters but an engine's own.

    Raises:
        JobError: OpenJD's check refuses the template or a value.
        MattelineError: The packages are not installed.
    """
    document, given = template(submission, shot), values(submission, shot)
    check(document, given)
    listed = [{"name": name, "value": value} for name, value in {**given, **options}.items()]
    documents = {"template.yaml": document, "parameter_values.yaml": {"parameterValues": listed}, **files}
    return {f"{shot.label}/{name}": as_yaml(content) for name, content in documents.items()}


def write_bundles(bundles: Iterable[Bundle], folder: Path) -> tuple[Path, ...]:
    """Write bundles below a folder, when all of them are known to be good.

    Raises:
        WriteError: A file cannot be written.
    """
    ready = list(bundles)
    return tuple(write_text(folder / name, text) for each in ready for name, text in each.items())


def as_yaml(document: Any) -> str:
    """A document as YAML, in the order it was made, with everything quoted that needs it."""
    yaml = package("yaml", engine="openjd", install=INSTALL)
    text: str = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=110)
    return text


def check(document: dict[str, Any], given: dict[str, str | int]) -> None:
    """Let OpenJD's model judge a template with its values, before an engine refuses it later.

    Raises:
        JobError: It is not valid.
    """
    model = package("openjd.model", engine="openjd", install=INSTALL)
    try:
        parsed = model.decode_job_template(template=document, supported_extensions=[EXTENSION])
        parameters = model.preprocess_job_parameters(
            job_template=parsed,
            job_parameter_values=given,
            job_template_dir=Path.cwd(),
            current_working_dir=Path.cwd(),
        )
        model.create_job(job_template=parsed, job_parameter_values=parameters)
    except (ValueError, RuntimeError, model.DecodeValidationError) as error:
        raise JobError(f"OpenJD does not accept the job: {error}") from None


def _run(submission: Submission, shot: Shot, folder: Path) -> str:
    openjd = program(beside_python("openjd"), engine="openjd", install=f"Install it with: {INSTALL}")
    parameters = json.dumps({name: str(value) for name, value in values(submission, shot).items()})
    code = follow([openjd, "run", str(folder / "template.yaml"), "--job-param", parameters])
    if code:
        raise MattelineError(
            f"openjd run of {shot.name} failed.",
            hint="Its log above says why. Submit again with only what is missing to go on.",
        )
    return shot.name


def beside_python(name: str) -> str:
    """A program of this environment where it is, else its bare name, to be found on PATH."""
    beside = Path(sys.executable).with_name(name + (".exe" if sys.platform == "win32" else ""))
    return str(beside) if beside.exists() else name
