"""Real plates, real weights: the reference implementation's mattes, whatever a plate is stored as."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import OpenEXR
import pytest
from PIL import Image

from matteline.contract.frames import FrameSet
from matteline.contract.job import Job
from matteline.contract.settings import STOCK, MatteSettings
from matteline.engine.planner import plan
from matteline.engine.run import run

from .conftest import SURROUNDINGS, read_exr, write_exr

CLIPS = (
    "intel_asl_hungry.mkv",
    "intel_asl_milk.mkv",
    "lp_d10_longhair.mp4",
    "lp_d13_room.mp4",
    "lp_s13_fullbody.mp4",
    "lp_s20_hands.mp4",
    "lp_s29_outdoor.mp4",
    "lp_s32_dark.mp4",
    "mdn_chroma_man.mp4",
    "mmh_single_1080x1920.mp4",
    "sammie_dance.mp4",
    "tfjs_squats.mp4",
)
AGREEMENT = 0.004
"""Greatest mean difference of alpha between two stores of one plate, or two implementations."""


def _render(plate: object, output: Path, frames: str | None, weights: Path, **settings: object) -> Path:
    values = {"weights": str(weights), "device": "cpu", "preroll": 0, "exposure": 0.0, "write": ("alpha",)}
    chosen = MatteSettings(**{**values, **settings})
    wanted = None if frames is None else FrameSet.parse(frames)
    for _ in run(plan(Job(str(plate), str(output), wanted, settings=chosen), SURROUNDINGS)):
        pass
    return output / "alpha"


def _alphas(folder: Path) -> np.ndarray:
    """Alpha of every frame in order, (N, H, W) float32."""
    files = sorted(folder.iterdir())
    if files[0].suffix == ".png":
        return np.stack([np.asarray(Image.open(file), np.float32) / 255 for file in files])
    return np.stack([read_exr(file)["R"].astype(np.float32) for file in files])


@pytest.mark.footage
@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("clip", CLIPS)
def test_a_real_clip_gets_the_mattes_of_the_reference(clip, footage, official_file, tmp_path):
    reference = np.load(footage / "reference_official" / f"{Path(clip).stem}.npz")
    ratio = float(reference["ratio"])
    folder = _render(
        footage / "clips" / clip,
        tmp_path,
        "1-20",
        official_file,
        **STOCK,
        format="png",
        downsample_ratio=ratio,
    )
    expected = reference["alpha"].astype(np.float32) / 255
    assert np.abs(_alphas(folder) - expected).mean() <= AGREEMENT


@pytest.fixture(scope="module")
def portrait(footage: Path) -> np.ndarray:
    """Six real frames, (6, 512, 512, 3) uint8."""
    files = sorted((footage / "sequences/longhair").glob("*.png"))[:6]
    return np.stack([np.asarray(Image.open(file).convert("RGB")) for file in files])


def _linear(encoded: np.ndarray) -> np.ndarray:
    """Linear Rec.709 of an sRGB-encoded picture (IEC 61966-2-1)."""
    unit = encoded.astype(np.float64) / 255
    return np.where(unit <= 0.04045, unit / 12.92, ((unit + 0.055) / 1.055) ** 2.4)


# Rec.709 to ACEScg with Bradford adaptation, as published with ACES (to four digits).
_TO_ACESCG = np.array([[0.6131, 0.3395, 0.0474], [0.0702, 0.9164, 0.0134], [0.0206, 0.1096, 0.8698]])


@pytest.mark.slow
@pytest.mark.footage
def test_an_acescg_exr_and_the_same_picture_as_png_give_the_same_matte(portrait, official_file, tmp_path):
    for folder in ("png", "exr"):
        (tmp_path / folder).mkdir()
    for number, picture in enumerate(portrait, 1001):
        Image.fromarray(picture).save(tmp_path / f"png/a.{number}.png")
        acescg = _linear(picture) @ _TO_ACESCG.T
        header = {"colorInteropID": "lin_ap1_scene", "type": OpenEXR.scanlineimage}
        with OpenEXR.File(header, {"RGB": acescg.astype(np.float16)}) as file:
            file.write(str(tmp_path / f"exr/a.{number}.exr"))
    ratio = {"downsample_ratio": 0.6}
    png = _alphas(_render(tmp_path / "png", tmp_path / "png_out", None, official_file, **ratio))
    exr = _alphas(_render(tmp_path / "exr", tmp_path / "exr_out", None, official_file, **ratio))
    assert png.mean() > 0.1
    assert np.abs(png - exr).mean() <= AGREEMENT


def _encode(path: Path, pictures: np.ndarray, *, full: bool) -> Path:
    """One clip as H.264 4:4:4 of high quality, in full or video range, tagged."""
    kind = "yuvj444p" if full else "yuv444p"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": "1"})
        stream.width, stream.height, stream.pix_fmt = pictures.shape[2], pictures.shape[1], kind
        stream.codec_context.color_range = 2 if full else 1
        stream.codec_context.colorspace = 1
        for picture in pictures:
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            made = frame.reformat(
                format=kind,
                src_color_range="JPEG",
                dst_color_range="JPEG" if full else "MPEG",
                dst_colorspace="ITU709",
            )
            container.mux(stream.encode(made))
        container.mux(stream.encode(None))
    return path


@pytest.mark.slow
@pytest.mark.footage
def test_full_and_video_range_of_one_clip_give_the_same_matte(portrait, official_file, tmp_path):
    ratio = {"downsample_ratio": 0.6}
    full = _encode(tmp_path / "full.mp4", portrait, full=True)
    video = _encode(tmp_path / "video.mp4", portrait, full=False)
    one = _alphas(_render(full, tmp_path / "full", None, official_file, **ratio))
    other = _alphas(_render(video, tmp_path / "video", None, official_file, **ratio))
    assert one.mean() > 0.1
    assert np.abs(one - other).mean() <= AGREEMENT


@pytest.mark.slow
@pytest.mark.footage
@pytest.mark.parametrize("precision", ["bf16"])
def test_a_lower_precision_stays_close(portrait, official_file, tmp_path, precision):
    (tmp_path / "png").mkdir()
    for number, picture in enumerate(portrait[:3], 1):
        Image.fromarray(picture).save(tmp_path / f"png/a.{number:04d}.png")
    ratio = {"downsample_ratio": 0.5}
    exact = _alphas(_render(tmp_path / "png", tmp_path / "fp32", None, official_file, **ratio))
    low = _render(tmp_path / "png", tmp_path / precision, None, official_file, precision=precision, **ratio)
    assert np.abs(exact - _alphas(low)).mean() <= 0.01


@pytest.mark.slow
def test_highlights_pass_through_a_solid_matte_bit_for_bit(render, tmp_path, untrained):
    plate = tmp_path / "plate"
    plate.mkdir()
    random = np.random.default_rng(7)
    pixels = (random.random((46, 70, 3)) * 60.1 - 0.1).astype(np.float16)
    write_exr(plate / "hot.1001.exr", pixels)
    render(str(plate), tmp_path / "out", write=("alpha", "fgr"), colour_space="ACEScg", white_point=0.02)
    alpha = read_exr(tmp_path / "out/alpha/hot_alpha.1001.exr")["R"]
    fgr = read_exr(tmp_path / "out/fgr/hot_fgr.1001.exr")
    solid = alpha == 1
    assert solid.mean() > 0.5
    for channel, name in enumerate("RGB"):
        assert np.array_equal(fgr[name][solid].view(np.uint16), pixels[..., channel][solid].view(np.uint16))


# Linear Rec.709 to BT.2020 (ITU-R BT.2087).
_TO_BT2020 = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]])
_WHITE_NITS = 203.0
"""Diffuse white in HDR video (ITU-R BT.2408)."""


def _pq(linear: np.ndarray) -> np.ndarray:
    """SMPTE ST 2084 codes 0..1 of light where 1 is diffuse white."""
    power = (np.clip(linear, 0, None) * _WHITE_NITS / 10000) ** 0.1593017578125
    return ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375


def _hlg(linear: np.ndarray) -> np.ndarray:
    """ITU-R BT.2100 HLG codes 0..1 of display light for 1000 nits, where 1 is diffuse white."""
    display = np.clip(linear, 0, None) * _WHITE_NITS / 1000
    luma = np.maximum(display @ [0.2627, 0.6780, 0.0593], 1e-9)
    scene = display * luma[..., None] ** (1 / 1.2 - 1)
    log = 0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-9)) + 0.55991073
    return np.where(scene <= 1 / 12, np.sqrt(3 * scene), log)


def _hdr_movie(path: Path, codes: np.ndarray, transfer: int) -> Path:
    """R'G'B' codes (N, H, W, 3) of 0..1 as lossless 12-bit BT.2020 video in video range, tagged."""
    luma = codes @ [0.2627, 0.6780, 0.0593]
    blue, red = (codes[..., 2] - luma) / 1.8814, (codes[..., 0] - luma) / 1.4746
    planes = np.stack([256 + 3504 * luma, 2048 + 3584 * blue, 2048 + 3584 * red], 1).round().astype(np.uint16)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = codes.shape[2], codes.shape[1], "yuv444p12le"
        context = stream.codec_context
        context.color_range, context.color_primaries, context.color_trc, context.colorspace = (
            1,
            9,
            transfer,
            9,
        )
        for picture in planes:
            frame = av.VideoFrame(codes.shape[2], codes.shape[1], "yuv444p12le")
            frame.color_range, frame.color_primaries, frame.color_trc, frame.colorspace = 1, 9, transfer, 9
            for plane, values in zip(frame.planes, picture, strict=True):
                rows = np.asarray(memoryview(plane)).reshape(plane.height, plane.line_size).view(np.uint16)
                rows[:, : values.shape[1]] = values
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.mark.slow
@pytest.mark.footage
@pytest.mark.parametrize(("curve", "transfer"), [(_pq, 16), (_hlg, 18)], ids=["pq", "hlg"])
def test_hdr_video_gets_the_matte_of_the_same_picture_in_srgb(
    curve, transfer, portrait, official_file, tmp_path
):
    (tmp_path / "png").mkdir()
    for number, picture in enumerate(portrait, 1):
        Image.fromarray(picture).save(tmp_path / f"png/a.{number:04d}.png")
    codes = curve(_linear(portrait) @ _TO_BT2020.T)
    movie = _hdr_movie(tmp_path / "hdr.mkv", codes, transfer)
    ratio = {"downsample_ratio": 0.6}
    sdr = _alphas(_render(tmp_path / "png", tmp_path / "sdr", None, official_file, **ratio))
    both = {"write": ("alpha", "fgr"), "depth": "float", "white_point": 0.5, **ratio}
    plain = _alphas(_render(movie, tmp_path / "plain", None, official_file, **ratio))
    solid = _alphas(_render(movie, tmp_path / "hdr", None, official_file, **both)) == 1
    assert np.abs(sdr - plain).mean() <= AGREEMENT
    files = sorted((tmp_path / "hdr/fgr").iterdir())
    kept = np.stack([np.stack([read_exr(file)[name] for name in "RGB"], -1) for file in files])
    assert solid.mean() > 0.1
    assert np.abs(kept - codes)[solid].max() < 3 / 4096
