"""The request `preview`: one frame as a render would make it, in files that a host can load at once."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matteline.contract.errors import JobError
from matteline.contract.job import Job
from matteline.worker.task import Task

if TYPE_CHECKING:
    import numpy as np

    from matteline.engine.plan import Plan
    from matteline.engine.preview import Draft, Preview, Previewer
    from matteline.matting.rvm.inference import Network

FORMATS = ("npy", "exr", "png")
"""Arrays as NumPy stores them for programs that show them, image files for hosts that load those."""

KEPT_PREVIEWS = 8
"""Previews whose files are kept: a host may still be loading the one before the last."""


class Previews:
    """Answers `preview` requests. It keeps the network, the last results and the files of the last previews."""

    def __init__(self) -> None:
        self._previewer: Previewer | None = None
        self._folder: Path | None = None
        self._written: deque[Path] = deque()

    def preview(self, task: Task) -> None:
        """Render one frame of a job at the scale asked for."""
        from matteline.api import resources

        request = task.request
        job = Job.from_json(json.dumps(request.get("job")))
        number, scale = _whole(request, "frame"), _whole(request, "scale", 1)
        file_format = request.get("format", "npy")
        if file_format not in FORMATS:
            raise JobError(
                f"A preview cannot be written as {file_format!r:.40}.",
                field="format",
                hint=f"Choose from: {', '.join(FORMATS)}.",
            )
        products = request.get("products", ("alpha", "fgr"))
        want_fgr = "fgr" in products or "rgba" in products
        draft = _draft(request.get("draft"))
        if draft is not None and file_format != "npy":
            raise JobError("A draft is an array.", field="format", hint="Choose npy.")
        made = self._engine(task).render(
            job, number, resources(), scale=scale, want_fgr=want_fgr, draft=draft, between_frames=task.check
        )
        pictures = {"alpha": made.alpha}
        if made.fgr is not None:
            pictures |= {"fgr": made.fgr} if "fgr" in products else {}
            pictures |= {"rgba": _cut_out(made, file_format)} if "rgba" in products else {}
        files = self._write(made, pictures, str(file_format))
        region = made.region
        drafted = {} if region is None else {"region": [region.x, region.y, region.width, region.height]}
        task.end(
            {
                "event": "preview",
                "frame": made.number,
                "scale": scale,
                "size": [made.alpha.shape[1], made.alpha.shape[0]],
                "files": files,
                "from_memory": made.from_memory,
                "notes": list(made.notes),
                **drafted,
            }
        )

    def _engine(self, task: Task) -> Previewer:
        from matteline.engine.kept_network import KeptNetwork
        from matteline.engine.preview import Previewer

        if self._previewer is None:
            kept = KeptNetwork()

            def network(plan: Plan) -> Network:
                if not kept.holds(plan):
                    task.tell({"event": "loading", "model": plan.weights.name})
                return kept.take(plan)

            self._previewer = Previewer(network)
        return self._previewer

    def _write(self, made: Preview, pictures: dict[str, np.ndarray], file_format: str) -> dict[str, str]:
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="matteline-preview-"))
        # A folder for each preview: a host may still be loading the files of the one before.
        folder = Path(tempfile.mkdtemp(dir=self._folder))
        self._written.append(folder)
        while len(self._written) > KEPT_PREVIEWS:
            shutil.rmtree(self._written.popleft(), ignore_errors=True)
        return {
            name: str(_save(folder / f"{name}.{made.number}.{file_format}", picture, made))
            for name, picture in pictures.items()
        }

    def forget(self) -> None:
        """Drop the results in memory."""
        if self._previewer is not None:
            self._previewer.forget()

    def close(self) -> None:
        """Delete the files of all previews."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


def _cut_out(made: Preview, file_format: object) -> np.ndarray:
    """Return foreground and alpha as one picture (H, W, 4), premultiplied but for PNG, as renders write it."""
    import numpy as np

    assert made.fgr is not None
    colour = made.fgr if file_format == "png" else made.fgr * made.alpha[..., None]
    return np.dstack([colour, made.alpha]).astype(np.float32)


def _save(path: Path, picture: np.ndarray, made: Preview) -> Path:
    import numpy as np

    if path.suffix == ".npy":
        # Half the bytes, and all that an eye or an 8-bit screen can tell.
        np.save(path, picture.astype(np.float16))
        return path
    from matteline.media.writer import Encoding, write_image

    png = path.suffix == ".png"
    grey = picture.ndim == 2
    # Not compressed, since a host of this machine reads it once.
    encoding = Encoding("png", "8") if png else Encoding("exr", "half", "none")
    # Alpha in R, G and B of an EXR, as renders have it: Blender misreads A alone, and Nuke has Y outside of rgba.
    channels = ("Y",) if grey and png else tuple("RGBA"[: 3 if grey else picture.shape[-1]])
    write_image(path, picture[..., None] if grey else picture, encoding, made.header, channels=channels)
    return path


def _draft(asked: Any) -> Draft | None:
    """Return the draft that a request asks for; None where it asks for none. Raises `JobError`."""
    if asked is None:
        return None
    from matteline.contract.plate import Window
    from matteline.engine.preview import Draft

    region = asked.get("region") if isinstance(asked, dict) else None
    numbers = isinstance(region, list) and len(region) == 4 and all(type(each) is int for each in region)
    if not isinstance(asked, dict) or not (region is None or numbers):
        raise JobError(
            f"A draft cannot be {asked!r:.80}.",
            field="draft",
            hint="Give a reduction, and a region as x, y, width and height.",
        )
    return Draft(_whole(asked, "reduction", 1), None if region is None else Window(*region))


def _whole(request: Any, name: str, default: int | None = None) -> int:
    value = request.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int):
        raise JobError(
            f"The request's {name} cannot be {value!r:.40}.", field=name, hint="Give a whole number."
        )
    return value
