"""The worker's process as a host holds it: three pipes with a thread each, so that the host never waits."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, BinaryIO, Optional

from matteline.contract.errors import WorkerError
from matteline.contract.launch import clean_environment, popen_options
from matteline.contract.wire import Garbled, encode, messages

# Enough for a traceback's end, few enough for a dialog.
LAST_WORDS_LINES = 12
# A library that prints megabytes without a line's end must not fill the host's memory.
LONGEST_LOG_LINE_BYTES = 2000
# Python's faulthandler begins its report with these words.
CRASH_REPORT = "Fatal Python error"
# A host may stay open for weeks, and its worker with it.
LOG_FILE_BYTES = 16 << 20
# Long enough for a render to finish the file it writes, short enough for a host that is closing.
KILL_AFTER_SECONDS = 1.0
JOIN_SECONDS = 1.0
LINGER_SECONDS = 2.0


class WorkerProcess:
    """Start a process and exchange messages with it; only `close` waits.

    Raises:
        WorkerError: The process cannot be started.
    """

    def __init__(
        self,
        command: Sequence[str],
        environ: Mapping[str, str],
        host_dirs: Sequence[str],
        *,
        cwd: Optional[str],
        log_file: str,
    ) -> None:
        self.program = command[0]
        self._popen = _start(command, clean_environment(environ, host_dirs), cwd)
        self._log = _Log(log_file)
        self._inbox: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._outbox: queue.SimpleQueue[Optional[bytes]] = queue.SimpleQueue()
        self._ended = threading.Event()
        # One thread a pipe: a worker that fills its log while the host fills its input would block both for good.
        self._log_reader = _thread(self._read_log, self._popen.stderr)
        self._threads = (
            self._log_reader,
            _thread(self._read_answers, self._popen.stdout),
            _thread(self._write_requests, self._popen.stdin),
        )

    @property
    def ended(self) -> bool:
        """True once the process has ended and all of its output can be read."""
        return self._ended.is_set()

    @property
    def exit_code(self) -> Optional[int]:
        """None while it runs; the negative number of the signal where one ended it."""
        return self._popen.poll()

    def write(self, message: dict[str, Any]) -> None:
        """Send a message when the pipe has room for it; lost when the process is gone."""
        self._outbox.put(encode(message))

    def read(self) -> Iterator[dict[str, Any]]:
        """The messages that have arrived."""
        with contextlib.suppress(queue.Empty):
            while True:
                yield self._inbox.get_nowait()

    def cause(self) -> str:
        """The exit code in words."""
        return _cause(self._popen.poll())

    def last_words(self) -> str:
        """The end of what it said beside the protocol, as lines to follow a hint; empty without any."""
        return self._log.end()

    def close(self, timeout_seconds: float) -> None:
        """Close its input, which ends a worker; else ask it to terminate; else kill it and all it started."""
        # End of file on its input is what ends a worker, also where the host itself is killed.
        self._outbox.put(None)
        if not self._gone(timeout_seconds):
            self._signal("SIGTERM")
        if not self._gone(KILL_AFTER_SECONDS):
            self._signal("SIGKILL")
            self._gone(KILL_AFTER_SECONDS)
        # A process that it started may hold the pipes when it is gone itself.
        if not self._silent(JOIN_SECONDS):
            self._signal("SIGKILL")
            self._silent(JOIN_SECONDS)
        self._log.close()

    def _gone(self, timeout_seconds: float) -> bool:
        try:
            self._popen.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _silent(self, timeout_seconds: float) -> bool:
        for thread in self._threads:
            thread.join(timeout_seconds)
        return not any(thread.is_alive() for thread in self._threads)

    def _signal(self, name: str) -> None:
        # It may have ended in between.
        with contextlib.suppress(OSError):
            if sys.platform == "win32":
                # Windows knows no signals of this kind, and ends the process at once for both.
                self._popen.terminate()
            else:
                # The worker leads a process group of its own (`popen_options`), so FFmpeg and others end with it.
                os.killpg(self._popen.pid, getattr(signal, name))

    def _read_answers(self, pipe: BinaryIO) -> None:
        with pipe:
            for message in messages(pipe):
                # Whatever a library prints to standard output is no message; it tells why something failed.
                if isinstance(message, Garbled):
                    self._log.add(f"(on standard output) {message.beginning}")
                else:
                    self._inbox.put(message)
        # So that whoever learns of the end finds exit code and log too.
        self._gone(LINGER_SECONDS)
        self._log_reader.join(LINGER_SECONDS)
        self._ended.set()

    def _read_log(self, pipe: BinaryIO) -> None:
        with pipe:
            for line in iter(lambda: pipe.readline(LONGEST_LOG_LINE_BYTES), b""):
                # Libraries print in whatever encoding they were built for.
                self._log.add(line.decode("utf-8", "replace").rstrip())

    def _write_requests(self, pipe: BinaryIO) -> None:
        # A worker that is gone breaks this pipe; the end of its answers tells the host.
        with contextlib.suppress(OSError), pipe:
            for line in iter(self._outbox.get, None):
                pipe.write(line)
                pipe.flush()


class _Log:
    """The last lines, and a file of all of them up to a size. Written by two threads, read by a third.

    Of a native crash the first lines are kept instead: they name it, and where it happened.
    """

    def __init__(self, path: str) -> None:
        self._lines: deque[str] = deque(maxlen=LAST_WORDS_LINES)
        self._crashed = False
        self._lock = threading.Lock()
        self._room = LOG_FILE_BYTES
        self._path = path
        self._file = _open_log(path)

    def add(self, line: str) -> None:
        with self._lock:
            if line.startswith(CRASH_REPORT):
                self._crashed = True
                self._lines.clear()
            if not self._crashed or len(self._lines) < LAST_WORDS_LINES:
                self._lines.append(line)
            self._room -= len(line)
            if self._file is not None and self._room > 0:
                with contextlib.suppress(OSError):
                    self._file.write(line.encode("utf-8", "replace") + b"\n")

    def end(self) -> str:
        with self._lock:
            if not self._lines:
                return ""
            where = f" (all of it: {self._path})" if self._file is not None else ""
            return "\n".join([f"\nThe end of its log{where}:", *self._lines])

    def close(self) -> None:
        with self._lock, contextlib.suppress(OSError):
            if self._file is not None:
                self._file.close()
                self._file = None


def _thread(work: Callable[[Any], None], pipe: object) -> threading.Thread:
    # Daemon threads: a host that leaves without `close` must not wait for a pipe.
    thread = threading.Thread(target=work, args=(pipe,), name="matteline worker", daemon=True)
    thread.start()
    return thread


def _start(command: Sequence[str], environ: Mapping[str, str], cwd: Optional[str]) -> subprocess.Popen[bytes]:
    pipes: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    try:
        return subprocess.Popen(list(command), env=dict(environ), cwd=cwd, **pipes, **popen_options())
    except OSError as error:
        raise WorkerError(
            f"The matteline worker {command[0]} cannot be started: {error.strerror}.",
            hint="Name another worker in the preferences, or install matteline again.",
        ) from None


def _open_log(path: str) -> Optional[BinaryIO]:
    if not path:
        return None
    try:
        # Unbuffered: the last lines before a crash are the ones that matter.
        return open(path, "wb", buffering=0)
    except OSError:
        # A log that cannot be kept is no reason not to render.
        return None


def _cause(code: Optional[int]) -> str:
    if code is None:
        return "it closed its output"
    # Linux ends processes by this signal when memory runs out, and leaves no other word of the reason.
    if code == -9:
        return "it was killed, by a user or because memory ran out (signal 9)"
    if code < 0:
        return f"it was ended by signal {-code}"
    # Windows reports crashes as 32-bit codes that people know in hexadecimal, such as 0xC0000005.
    return f"exit code {code}" if code < 256 else f"exit code {code:#x}"
