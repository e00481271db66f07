"""Open Job Description: one job bundle for each shot, for schedulers that take them, and for `openjd run` here."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matteline.contract.errors import JobError, MattelineError
from matteline.farm.engines.openjd_template import EXTENSION, template, values
from matteline.farm.engines.refusing import refuse_option
from matteline.farm.engines.shots import Shot, shots
from matteline.farm.engines.tools import follow, package, program, write_text

if TYPE_CHECKING:
    from matteline.farm.submission import Submission

INSTALL = 'pip install "matteline[farm]"'


@dataclass(frozen=True)
class OpenJD:
    """Job bundles by themselves. OpenJD has no queue: `submit` renders on this machine, in one session a shot.

    Priority and retries are a queue's, so they are not in a bundle.
    """

    def write(self, submission: Submission, folder: Path) -> tuple[Path, ...]:
        """Write `<shot>/template.yaml` and `<shot>/parameter_values.yaml` for each shot, checked."""
        refuse_option("OpenJD", submission, "pool", "has no pools")
        refuse_option("OpenJD", submission, "after", "knows no other jobs to wait for")
        return tuple(path for shot in shots(submission) for path in write_bundle(submission, shot, folder))

    def submit(self, submission: Submission, folder: Path) -> tuple[str, ...]:
        """Render each shot on this machine with `openjd run`, which is how to try a bundle; the shots' names."""
        return tuple(_run(submission, shot, folder / shot.label) for shot in shots(submission))


def write_bundle(
    submission: Submission, shot: Shot, folder: Path, extra: dict[str, Any] | None = None
) -> tuple[Path, ...]:
    """Write one shot's job bundle below `folder`, after OpenJD's own check of it.

    Args:
        submission: What is asked of the engine.
        shot: The clip.
        folder: It receives a folder named by the shot's label.
        extra: More files of the bundle: name to document.

    Raises:
        JobError: OpenJD's check refuses the template or a value.
        MattelineError: The packages are not installed.
        WriteError: A file cannot be written.
    """
    document, given = template(submission, shot), values(submission, shot)
    check(document, given)
    listed = [{"name": name, "value": value} for name, value in given.items()]
    files = {
        "template.yaml": document,
        "parameter_values.yaml": {"parameterValues": listed},
        **(extra or {}),
    }
    bundle = folder / shot.label
    return tuple(write_text(bundle / name, as_yaml(content)) for name, content in files.items())


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


def _run(submission: Submission, shot: Shot, bundle: Path) -> str:
    openjd = program(_beside_python("openjd"), engine="openjd", install=f"Install it with: {INSTALL}")
    parameters = json.dumps({name: str(value) for name, value in values(submission, shot).items()})
    code = follow([openjd, "run", str(bundle / "template.yaml"), "--job-param", parameters])
    if code:
        raise MattelineError(
            f"openjd run of {shot.name} failed.",
            hint="Its log above says why. Submit again with only what is missing to go on.",
        )
    return shot.name


def _beside_python(name: str) -> str:
    """A program of this environment where it is, else its bare name, to be found on PATH."""
    beside = Path(sys.executable).with_name(name + (".exe" if sys.platform == "win32" else ""))
    return str(beside) if beside.exists() else name
