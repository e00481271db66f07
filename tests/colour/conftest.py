"""Configs of several makes, and plate spaces by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from matteline.colour.config import Config, open_config
from matteline.colour.space import PlateSpace, choose_space
from matteline.contract.plate import ColourTags

CPU = torch.device("cpu")

CAMERA_LOGS = [
    "ACEScct",
    "Apple Log",
    "ARRI LogC3 (EI800)",
    "ARRI LogC4",
    "BMDFilm WideGamut Gen5",
    "DaVinci Intermediate WideGamut",
    "CanonLog2 CinemaGamut D55",
    "CanonLog3 CinemaGamut D55",
    "D-Log D-Gamut",
    "V-Log V-Gamut",
    "Log3G10 REDWideGamutRGB",
    "S-Log3 S-Gamut3",
    "S-Log3 S-Gamut3.Cine",
    "S-Log3 Venice S-Gamut3",
    "S-Log3 Venice S-Gamut3.Cine",
]
"""Every camera log of the built-in config that is a curve and a matrix, which is all but ACEScc and ADX."""

FACILITY = """ocio_profile_version: 2
environment: {}
search_path: luts
strictparsing: true
roles:
  aces_interchange: ap0
  scene_linear: working
  default: ap0
file_rules:
  - !<Rule> {name: plates, colorspace: house_log, pattern: "*/plates/*", extension: "exr"}
  - !<Rule> {name: Default, colorspace: default}
displays:
  monitor:
    - !<View> {name: flat, colorspace: house_log}
colorspaces:
  - !<ColorSpace>
    name: ap0
  - !<ColorSpace>
    name: working
    aliases: [house linear]
    from_scene_reference: !<MatrixTransform> {matrix: [2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1]}
  - !<ColorSpace>
    name: house_log
    to_scene_reference: !<LogTransform> {base: 10, direction: inverse}
  - !<ColorSpace>
    name: stills
    isdata: true
"""
"""A facility's own config: its working space is ACES2065-1 at twice the gain."""

OLD = """ocio_profile_version: 1
search_path: luts
strictparsing: true
roles:
  scene_linear: linear
  default: linear
displays:
  default:
    - !<View> {name: sRGB, colorspace: sRGB}
colorspaces:
  - !<ColorSpace>
    name: linear
  - !<ColorSpace>
    name: sRGB
    to_reference: !<ExponentTransform> {value: [2.2, 2.2, 2.2, 1]}
  - !<ColorSpace>
    name: crossed
    to_reference: !<GroupTransform>
      children:
        - !<MatrixTransform> {matrix: [0.8, 0.2, 0, 0, 0.1, 0.8, 0.1, 0, 0, 0.3, 0.7, 0, 0, 0, 0, 1]}
        - !<ExponentTransform> {value: [2, 2, 2, 1]}
"""
"""A config of the first version, which says nothing of ACES, with a space that is no curve and matrix."""

ISLAND = """ocio_profile_version: 2
environment: {}
roles:
  default: somewhere
file_rules:
  - !<Rule> {name: Default, colorspace: default}
displays:
  none:
    - !<View> {name: none, colorspace: somewhere}
colorspaces:
  - !<ColorSpace>
    name: somewhere
"""
"""A config that relates to no known space."""


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Sharing out small pictures costs more than it saves: on a busy machine a hundred times more."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def studio() -> Config:
    """The built-in ACES studio config."""
    return open_config(None)


@pytest.fixture
def config_of(tmp_path: Path) -> Callable[[str], Config]:
    """Text of a config to the config, read from a file."""

    def read(text: str) -> Config:
        path = tmp_path / "house.ocio"
        path.write_text(text, encoding="utf-8")
        return open_config(str(path))

    return read


@pytest.fixture(scope="session")
def space_of(studio: Config) -> Callable[[str], PlateSpace]:
    """A space of the built-in config by name; each is measured once."""
    known: dict[str, PlateSpace] = {}

    def find(name: str) -> PlateSpace:
        if name not in known:
            known[name] = choose_space(
                name, tags=ColourTags(), path="plate.exr", pixel_type="half", kind="still", config=studio
            )
        return known[name]

    return find
