"""One run of a program that is fed, listened to and ended: bounded in time and in what it may say."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from contextlib import suppress
from typing import IO

__all__ = ["WORDS", "Talk"]

# How much an engine may answer, in bytes: a PNG in a high resolution fits, an answer without end does not.
FLOOR, PER_BYTE = 64_000_000, 100
WORDS = 300  # characters of its complaints that are repeated
CHUNK = 1 << 16
GRACE = 1.0  # seconds to read on when it has ended; a process that left its group may hold the pipe open


class Talk:
    """One run of a program: what it is told, and what it answers and complains, each bounded."""

    def __init__(self, told: bytes) -> None:
        self.told, self.most = told, FLOOR + PER_BYTE * len(told)
        self.answer, self.complaint = bytearray(), bytearray()

    def hold(self, command: list[str], seconds: float) -> int | None:
        """Run ``command`` and return its exit status, None when it was not ready in time; leave nothing running.

        Threads feed and read it, because on Windows nothing else can wait for three pipes. They end with the process
        and its group; one that left the group may hold a pipe open, and a thread then waits for it alone.
        """
        pipe = subprocess.PIPE
        process = subprocess.Popen(
            command,
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            bufsize=0,
            start_new_session=True,  # a group of its own, which can be ended as a whole
            # On Windows a console window would flash up for every picture.
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        jobs = (self._feed, self._listen, self._overhear)
        talking = [threading.Thread(target=job, args=(process,), daemon=True) for job in jobs]
        waiting = threading.Thread(target=process.wait, daemon=True)
        try:
            for thread in (*talking, waiting):
                thread.start()
            waiting.join(min(seconds, threading.TIMEOUT_MAX))
            ended = not waiting.is_alive()
        finally:
            _end(process)
        for thread in (waiting, *talking):
            thread.join(GRACE)
        return process.returncode if ended else None

    def _feed(self, process: subprocess.Popen[bytes]) -> None:
        with suppress(OSError), _stream(process.stdin) as stream:  # it need not read to the end
            rest = memoryview(self.told)
            while rest:
                rest = rest[stream.write(rest) :]

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        with suppress(OSError), _stream(process.stdout) as stream:
            while (piece := stream.read(CHUNK)) and len(self.answer) <= self.most:
                self.answer += piece
        if len(self.answer) > self.most:
            _end(process)

    def _overhear(self, process: subprocess.Popen[bytes]) -> None:
        with suppress(OSError), _stream(process.stderr) as stream:
            while piece := stream.read(CHUNK):
                self.complaint += piece[: max(0, 4 * WORDS - len(self.complaint))]


def _stream(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None, "a pipe was asked for"
    return stream


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and, where there are groups, all that it started."""
    with suppress(OSError):
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
