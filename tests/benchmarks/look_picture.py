"""Draw docs/pictures/look.png: what the first look finds in a drawn plate of two shots.

    python -m tests.benchmarks.look_picture --weights FILE

Of each shot a frame is shown, with the boxes of its people and the region that the network will be shown; below
them lies the timeline, with the frames that were looked at and the cut.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from matteline.contract.shot_notes import ShotNotes
from matteline.drawing.crowd import draw_crowd

WIDTH, HEIGHT, FRAMES = 1920, 1080, 48
PEOPLE = (640, 360)
"""Size of the drawing of people within the plate: they are small in it."""
SHOTS = ((2001, (240, 560)), (2004, (1040, 640)))
"""Seed of the people of each shot, and the upper left corner of their drawing."""
SHOWN = (24, 72)
PERSON, REGION, INK = (255, 150, 40), (90, 190, 255), (40, 40, 40)
PANEL, GAP, STRIP = (640, 360), 16, 96


def plates() -> list[np.ndarray]:
    """Draw the plate: (H, W, 3) uint8 each."""
    frames = []
    rows, columns = np.mgrid[0 : 1 : HEIGHT * 1j, 0 : 1 : WIDTH * 1j][..., None]
    # A bright wall above a dark floor, and a window in a dark wall.
    wall = np.where(rows < 0.8, 0.75, 0.3) * np.array((0.9, 0.97, 1.0))
    window = np.where((abs(columns - 0.25) < 0.12) & (abs(rows - 0.4) < 0.25), 0.85, 0.28) * np.array(
        (1.0, 0.9, 0.8)
    )
    for room, (seed, (left, top)) in zip((wall, window), SHOTS, strict=True):
        for drawn in draw_crowd(*PEOPLE, FRAMES, seed=seed):
            frame, alpha = room.copy(), drawn.alpha[..., None]
            part = frame[top : top + PEOPLE[1], left : left + PEOPLE[0]]
            part[:] = drawn.plate * alpha + part * (1 - alpha)
            frames.append(np.rint(frame.clip(0, 1) * 255).astype(np.uint8))
    return frames


def panel(plate: np.ndarray, notes: ShotNotes, number: int) -> Image.Image:
    """Draw one frame with its people and regions."""
    image = Image.fromarray(plate)
    draw = ImageDraw.Draw(image)
    looked = min(notes.looked, key=lambda each: abs(each.number - number))
    (segment,) = (each for each in notes.segments if number in each.frames)
    windows = [(each.window(number), REGION) for each in segment.regions]
    for window, colour in [*windows, *((each, PERSON) for each in looked.people)]:
        corner = window.x + window.width, window.y + window.height
        draw.rectangle((window.x, window.y, *corner), outline=colour, width=6)
    return image.resize(PANEL, Image.Resampling.LANCZOS)


def timeline(notes: ShotNotes, width: int) -> Image.Image:
    """Draw the frames in a row: looked ones marked, the cut as a line across."""
    image = Image.new("RGB", (width, STRIP), "white")
    draw = ImageDraw.Draw(image)
    each = width / len(notes.frames)
    looked = {frame.number for frame in notes.looked if frame.people}
    for position, number in enumerate(notes.frames):
        colour = PERSON if number in looked else (205, 210, 216)
        draw.rectangle((position * each + 1, 30, (position + 1) * each - 1, 66), fill=colour)
        if number in notes.cuts:
            draw.line((position * each, 16, position * each, 80), fill=INK, width=4)
            draw.text((position * each + 8, 8), f"cut: {number} begins a shot", fill=INK, font_size=16)
    draw.text((2, 72), f"frames {notes.frames}; orange: people were looked for there", fill=INK, font_size=16)
    return image


def main() -> None:
    """Draw the plate, look over it with the command, and draw what it found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--weights", required=True)
    weights = parser.parse_args().weights
    frames = plates()
    with tempfile.TemporaryDirectory() as folder:
        for number, frame in enumerate(frames, 1):
            Image.fromarray(frame).save(Path(folder) / f"plate.{number:04d}.png", compress_level=1)
        plate = str(Path(folder) / "plate.####.png")
        command = [sys.executable, "-m", "matteline", "look", plate, "--weights", weights, "--json"]
        found = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    notes = ShotNotes.from_json(found.decode())
    width = 2 * PANEL[0] + GAP
    sheet = Image.new("RGB", (width, PANEL[1] + GAP + STRIP), "white")
    for place, number in enumerate(SHOWN):
        sheet.paste(panel(frames[number - 1], notes, number), (place * (PANEL[0] + GAP), 0))
    sheet.paste(timeline(notes, width), (0, PANEL[1] + GAP))
    path = Path(__file__).resolve().parents[2] / "docs" / "pictures" / "look.png"
    sheet.quantize(128).save(path, optimize=True)
    print(path, notes.cuts, [len(each.regions) for each in notes.segments])


if __name__ == "__main__":
    main()
