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
from matteline.contract.messages import how_to_install
from matteline.farm.engines.engine_limits import refuse_setting
from matteline.farm.engines.openjd_template import EXTENSION, parameter_values, template
from matteline.farm.engines.shot_tasks import ShotTasks, tasks_of
from matteline.farm.engines.tools import find_program, follow_program, import_package, write_text

if TYPE_CHECKING:
    from matteline.farm.submission import Submission

INSTALL = how_to_install("farm")

Bundle = dict[str, str]
"""The files of a shot's job bundle: path below the submission's folder to text."""


@dataclass(frozen=True)
class OpenJD:
    """Job bundles by themselves. OpenJD has no queue: `submit` renders on this machine, a session a shot.

    Priority and retries are a queue's, so they are not in a bundle.
    """

    def write(self, submission: Submission, folder: Path) -> tuple[Path, ...]:
        """Write `<shot>/template.yaml` and `<shot>/parameter_values.yaml` for each shot, checked."""
        refuse_setting("OpenJD", "pool", submission.pool, "has no pools")
        refuse_setting("OpenJD", "after", submission.after, "knows no other jobs to wait for")
        return write_bundles((bundle(submission, shot) for shot in tasks_of(submission)), folder)

    def submit(self, submission: Submission, folder: Path) -> tuple[str, ...]:
        """Render each shot on this machine with `openjd run`; return the shots' names."""
        openjd = find_program(beside_python("openjd"), engine="openjd", install=INSTALL)
        shots = tasks_of(submission)
        for shot in shots:
            values = parameter_values(submission, shot)
            parameters = json.dumps({name: str(value) for name, value in values.items()})
            file = folder / shot.label / "template.yaml"
            # One shot after another: each takes the whole machine.
            if follow_program([openjd, "run", str(file), "--job-param", parameters]):
                raise MattelineError(
                    f"openjd run of {shot.name} failed.",
                    hint="Its log above says why. Submit again with only what is missing to continue.",
                    settings=("existing=resume",),
                )
        return tuple(shot.name for shot in shots)


def bundle(
    submission: Submission,
    shot: ShotTasks,
    *,
    files: Mapping[str, Any] = MappingProxyType({}),
    options: Mapping[str, int] = MappingProxyType({}),
) -> Bundle:
    """Make one shot's job bundle, and let OpenJD check it.

    Args:
        submission: Command, batch name and options.
        shot: The shot.
        files: More files of the bundle: name to document.
        options: More values that are none of the template's parameters but an engine's own.

    Raises:
        JobError: OpenJD's check refuses the template or a value.
        MattelineError: The packages are not installed.
    """
    document, values = template(submission, shot), parameter_values(submission, shot)
    # Here rather than on the farm, where a refusal is found hours later.
    check(document, values)
    listed = [{"name": name, "value": value} for name, value in {**values, **options}.items()]
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
    """Return a document as YAML, in the order it was made, with everything quoted that needs it."""
    yaml = import_package("yaml", engine="openjd", install=INSTALL)
    text: str = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=110)
    return text


def check(document: dict[str, Any], values: dict[str, str | int]) -> None:
    """Let OpenJD's model check a template with its values, before an engine refuses it later.

    Raises:
        JobError: It is not valid.
    """
    model = import_package("openjd.model", engine="openjd", install=INSTALL)
    # With values too: some limits hold only for the job that a template makes with them.
    try:
        parsed = model.decode_job_template(template=document, supported_extensions=[EXTENSION])
        parameters = model.preprocess_job_parameters(
            job_template=parsed,
            job_parameter_values=values,
            job_template_dir=Path.cwd(),
            current_working_dir=Path.cwd(),
        )
        model.create_job(job_template=parsed, job_parameter_values=parameters)
    except (ValueError, RuntimeError, model.DecodeValidationError) as error:
        raise JobError(f"OpenJD does not accept the job: {error}") from None


def beside_python(name: str) -> str:
    """Return a program of this environment where it is, else its bare name, to be found on PATH."""
    # An environment that is not activated is not on PATH.
    beside = Path(sys.executable).with_name(name + (".exe" if sys.platform == "win32" else ""))
    return str(beside) if beside.exists() else name
