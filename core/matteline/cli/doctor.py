"""`matteline doctor`: what this machine has, and what to do about what is missing."""

from __future__ import annotations

import json
import platform
from dataclasses import asdict, dataclass

import click

from matteline import __version__
from matteline.cli.options import hint_with_flags, with_fetch_command
from matteline.contract.errors import MattelineError

COLOURS = {"ok": "green", "note": "yellow", "missing": "red"}


@dataclass(frozen=True)
class SystemFact:
    """One thing looked at: `state` is `ok`, `note` (works, could be better) or `missing` (cannot render)."""

    what: str
    state: str
    found: str
    advice: str = ""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:
    """Check versions, devices, codecs and weights, and say what to do about what is missing.

    The exit code is 0 when this machine can render, and 1 when something it needs is missing.
    """
    findings = [*_versions(), *_devices(), *_media(), *_weights(), _colour()]
    if as_json:
        click.echo(json.dumps([asdict(each) for each in findings]))
    else:
        _print(findings)
    ctx.exit(any(each.state == "missing" for each in findings))


def _print(findings: list[SystemFact]) -> None:
    for each in findings:
        mark = click.style(f"{each.state:<8}", fg=COLOURS[each.state])
        click.echo(f"{mark} {each.what:<16} {each.found}")
        if each.advice:
            click.echo(f"{'':<25} {each.advice}")


def _versions() -> list[SystemFact]:
    system = f"{platform.system()} {platform.release()}, {platform.machine()}"
    return [
        SystemFact("matteline", "ok", __version__),
        SystemFact("Python", "ok", f"{platform.python_version()} on {system}"),
    ]


def _devices() -> list[SystemFact]:
    from matteline.matting.devices import devices, torch_build

    found = devices()
    gpu = any(name != "cpu" for name, _ in found)
    advice = (
        ""
        if gpu
        else (
            "No GPU can be used, so renders take the CPU. With an NVIDIA GPU, install a CUDA build of torch; "
            "with one of Apple's, torch's ordinary build has 'mps'."
        )
    )
    names = "; ".join(f"{name}: {what}" for name, what in found)
    return [
        SystemFact("torch", "ok", torch_build()),
        SystemFact("Devices", "ok" if gpu else "note", names, advice),
    ]


def _media() -> list[SystemFact]:
    from matteline.media.support import decodable, image_formats, library_versions

    codecs = decodable()
    lacking = [name for name, there in codecs.items() if not there]
    advice = f"This PyAV cannot decode {', '.join(lacking)}; convert such plates first." if lacking else ""
    versions = ", ".join(f"{name} {version}" for name, version in library_versions().items())
    there = ", ".join(name for name in codecs if name not in lacking)
    return [
        SystemFact("Media libraries", "ok", versions),
        SystemFact("Images", "ok", ", ".join(image_formats())),
        SystemFact("Codecs", "note" if lacking else "ok", there, advice),
    ]


def _weights() -> list[SystemFact]:
    from matteline.api import resources
    from matteline.matting.weights.find import find_weights

    folders = resources().weight_folders
    try:
        found = find_weights("auto", folders=folders)
    except MattelineError as error:
        return [SystemFact("Weights", "missing", error.message, hint_with_flags(error))]
    state = "note" if found.advice else "ok"
    return [
        SystemFact(
            "Weights", state, f"{found.name}, {found.origin} ({found.path})", with_fetch_command(found.advice)
        )
    ]


def _colour() -> SystemFact:
    from matteline.api import resources
    from matteline.colour.config import open_config

    try:
        config = open_config(resources().ocio)
    except MattelineError as error:
        return SystemFact("OCIO config", "missing", error.message, error.hint)
    return SystemFact("OCIO config", "ok", config.source)
