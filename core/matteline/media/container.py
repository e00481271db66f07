"""Movie files opened safely, the stream of their pictures, and its decoding."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator

import av
from av.codec.codec import Capabilities
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from matteline.contract.files import unicode_path
from matteline.media.source_file import SourceFile

# FFmpeg's names of what may be opened. No play lists, by which a file could have FFmpeg open others.
_CONTAINERS = (
    "mov,mp4,matroska,webm,avi,mxf,mpeg,mpegts,mpegvideo,asf,ogg,flv,nut,dv,yuv4mpegpipe,ivf,h264,hevc"
)

_NOT_THE_PICTURE = Disposition.attached_pic | Disposition.dependent | Disposition.timed_thumbnails

# What FFmpeg takes a file for whose container it does not recognise; see `open_movie`.
_RAW_STREAMS = ("mpegvideo", "h264", "hevc")
_CONTAINER_EXTENSIONS = (
    ".mov",
    ".mp4",
    ".m4v",
    ".mxf",
    ".mkv",
    ".webm",
    ".avi",
    ".ts",
    ".mts",
    ".m2ts",
    ".wmv",
)

# FFmpeg's own decoders of these leave the alpha of a WebM out.
_ALPHA_DECODERS = {"vp8": "libvpx", "vp9": "libvpx-vp9"}


@contextlib.contextmanager
def open_movie(source: SourceFile, **options: str) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Open a movie; yields it with the stream of its pictures, which decodes on all cores.

    Args:
        source: The movie.
        options: FFmpeg's options of the container, such as `ignore_editlist="1"`.

    Raises:
        ReadError: No movie, no pictures in it, or no decoder for them.
    """
    with source.reading(), unicode_path(source.path) as path:
        # 'file:' keeps a name such as 'take:01.mov' from being taken for an address.
        container = av.open(
            f"file:{path}",
            mode="r",
            metadata_errors="replace",
            container_options={**options, "format_whitelist": _CONTAINERS, "protocol_whitelist": "file"},
        )
    with container:
        if container.format.name in _RAW_STREAMS and source.path.lower().endswith(_CONTAINER_EXTENSIONS):
            # FFmpeg takes whatever it finds for a stream then, also what is none.
            raise source.unreadable("the head of the file is damaged")
        stream = _stream_of_pictures(container, source)
        if stream.codec_context is None:
            raise source.unreadable(
                "its codec is not known", hint="Convert it to ProRes, DNxHR or EXR frames."
            )
        stream.codec_context.thread_type = "AUTO"
        if stream.codec_context.name == "mjpeg":
            # Or else it hands out what an earlier picture left in memory where data are damaged, and does not say.
            stream.codec_context.options = {"err_detect": "explode"}
        yield container, stream


def _stream_of_pictures(container: InputContainer, source: SourceFile) -> VideoStream:
    # Cover art is a video stream too, of one picture, and so is each tile of a HEIC or AVIF still.
    streams = [each for each in container.streams.video if not each.disposition & _NOT_THE_PICTURE]
    if is_still(container):
        # Thumbnails, depth and alpha are streams beside the picture, and only that one is the default.
        streams = [each for each in streams if each.disposition & Disposition.default]
    if not streams and is_still(container) and container.streams.video:
        raise source.unreadable(
            f"its picture is made of {len(container.streams.video)} tiles",
            hint="Save it as PNG, TIFF or EXR.",
        )
    if not streams:
        raise source.unreadable("it has no pictures", hint="Name a file with a video stream.")
    # FFmpeg's choice is the one with the most pixels, as players make it.
    best = container.streams.best("video")
    return next((each for each in streams if each is best), streams[0])


def is_still(container: InputContainer) -> bool:
    """Return whether a file is a HEIC or AVIF still rather than a movie."""
    brands = container.metadata.get("major_brand", "") + container.metadata.get("compatible_brands", "")
    has_tracks = any(
        container.metadata.get("major_brand", "").startswith(each) for each in ("avis", "hevc", "msf1")
    )
    return not has_tracks and any(brand in brands for brand in ("mif1", "heic", "heix", "avif"))


def choose_decoder(stream: VideoStream) -> VideoCodecContext:
    """Return the decoder for a stream: its own, or for VP8 and VP9 with alpha the one that keeps the alpha."""
    name = _ALPHA_DECODERS.get(stream.codec_context.name)
    if name is None or stream.metadata.get("alpha_mode") != "1":
        return stream.codec_context
    decoder = VideoCodecContext.create(name, "r")
    assert isinstance(decoder, VideoCodecContext)
    decoder.thread_count = 0  # as many as there are cores
    return decoder


def read_packets(container: InputContainer, stream: VideoStream) -> Iterator[Packet[VideoStream]]:
    """Yield the packets of a stream from where the container stands; where the file breaks off, they end."""
    with contextlib.suppress(av.FFmpegError):
        for packet in container.demux(stream):
            if packet.size:  # an empty one would tell a decoder that no more will come
                yield packet


def decode(
    packets: Iterable[Packet[VideoStream]], decoder: VideoCodecContext, refused: set[int | None] | None = None
) -> Iterator[VideoFrame]:
    """Decode packets to pictures in the order of presentation.

    Packets that cannot be decoded are passed over: their pictures are missing, as whoever counts will notice.

    Args:
        packets: In the order of the file.
        decoder: Theirs.
        refused: Takes the timestamps of packets that the decoder refuses, where it says so at once: one that decodes
            several pictures at a time says it of a later packet.
    """
    is_late = bool(decoder.codec.capabilities & Capabilities.frame_threads.value)
    for packet in packets:
        try:
            yield from decoder.decode(packet)
        except av.FFmpegError:
            if refused is not None and not is_late:
                refused.add(packet.pts)
    # Pictures that were held back to be reordered come when no more packets do.
    with contextlib.suppress(av.FFmpegError):
        yield from decoder.decode(None)
