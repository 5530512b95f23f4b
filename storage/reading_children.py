"""Reads many foreign files with few child processes; a child that a file crashes or delays is replaced by a new one.

``python -m tsbench.storage.reading_children`` is such a child. A request is a length of 4 bytes and MessagePack
[command, argument, largest]; an answer is a length of 8 bytes and MessagePack, as in ``safe_read``.
"""

import contextlib
import os
import struct
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any

from tsbench.errors import UnreadableFile
from tsbench.records import Run
from tsbench.storage import codec, record_data, safe_read

_REQUEST, _ANSWER = struct.Struct("<I"), struct.Struct("<Q")
_SEVERAL = 64 * 2**20  #: [bytes] that a catalogue may take of one file


class ReadingChild:
    """One child process, used by one thread at a time; it starts with the first request."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, command: str, argument: Any, largest: int, seconds: float = safe_read.SECONDS) -> Any:
        """Return the answer to one request.

        Parameters
        ----------
        command, argument : what to do, and with what
        largest : [bytes] that the file may hold when it is unpacked
        seconds : after which the child is ended

        Raises
        ------
        UnreadableFile
            What the child says of the file; or the child died or took longer than ``seconds``.
        """
        process = self._process or self._start()
        late = threading.Event()

        def end() -> None:
            late.set()
            process.kill()

        watch = threading.Timer(seconds, end)
        watch.daemon = True
        watch.start()
        try:
            request = codec.pack([command, argument, largest])
            requests, answers = _stream(process.stdin), _stream(process.stdout)
            requests.write(_REQUEST.pack(len(request)) + request)
            requests.flush()
            content = _exactly(answers, *_ANSWER.unpack(_exactly(answers, _ANSWER.size)))
        except (OSError, EOFError):
            self.close()
            what = (f"reading the file took longer than {seconds:.0f} s. The file may be malicious" if late.is_set()
                    else "the HDF5 library crashed while it read the file. The file is damaged")
            raise UnreadableFile(what) from None
        finally:
            watch.cancel()
        try:
            return safe_read.answer_in(content)
        except UnreadableFile:
            self.close()  # what a bad file left in the library is no concern of the next file
            raise

    def close(self) -> None:
        """End the child."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                with contextlib.suppress(OSError):
                    _stream(stream).close()

    def _start(self) -> "subprocess.Popen[bytes]":
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tsbench.storage.reading_children"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, env=safe_read.environment())
        return self._process


def _stream(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None
    return stream


def _exactly(stream: IO[bytes], length: int) -> bytes:
    content = stream.read(length)
    if len(content) != length:
        raise EOFError
    return content


class ReadingChildren:
    """A context manager over a few children; ``runs`` and ``entries`` give answers in the order of the files."""

    def __init__(self, count: int | None = None) -> None:
        self._count = count or min(4, os.cpu_count() or 1)
        self._children: list[ReadingChild] = []
        self._own = threading.local()

    def runs(
        self, paths: Iterable[Path], largest: int = safe_read.LARGEST
    ) -> Iterator[tuple[Path, Run | UnreadableFile]]:
        """Yield each file with its run, or with what is wrong with it.

        Parameters
        ----------
        paths : of the files
        largest : [bytes] that each of them may hold when it is unpacked
        """

        def read(path: Path) -> Run | UnreadableFile:
            try:
                safe_read.require_file(path)
                return record_data.run_from(self._child().ask("read", str(path), safe_read.bound(path, largest)))
            except UnreadableFile as error:
                return error if str(path) in str(error) else UnreadableFile(f"{path}: {error}")

        yield from self._in_order(read, paths)

    def entries(
        self, batches: Iterable[list[tuple[Path, Path | None]]], of: str = "entries",
    ) -> Iterator[list[dict[str, Any]]]:
        """Yield for each batch of run files with their newest sidecar what a catalogue holds of them.

        Parameters
        ----------
        batches : run files with their newest sidecars
        of : "entries" for a catalogue, "summaries" for a report (``catalogue_entry``)
        """

        def read(batch: list[tuple[Path, Path | None]]) -> list[dict[str, Any]]:
            asked = [[str(path), str(sidecar or "")] for path, sidecar in batch]
            try:
                answer: list[dict[str, Any]] = self._child().ask(of, asked, _SEVERAL)
                return answer
            except UnreadableFile as error:
                if len(batch) > 1:  # one of them is the culprit
                    return [read([one])[0] for one in batch]
                return [{"problem": str(error)}]

        for _, answer in self._in_order(read, batches):
            yield answer

    def _child(self) -> ReadingChild:
        if not hasattr(self._own, "child"):
            self._own.child = ReadingChild()
            self._children.append(self._own.child)
        child: ReadingChild = self._own.child
        return child

    def _in_order(self, act: Any, items: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
        """Yield ``act`` of each item, few at a time, so that few answers wait in the memory."""
        waiting: deque[tuple[Any, Future[Any]]] = deque()
        with ThreadPoolExecutor(self._count, "reading") as pool:
            for item in items:
                waiting.append((item, pool.submit(act, item)))
                if len(waiting) > self._count:
                    first, answer = waiting.popleft()
                    yield first, answer.result()
            while waiting:
                first, answer = waiting.popleft()
                yield first, answer.result()

    def __enter__(self) -> "ReadingChildren":
        return self

    def __exit__(self, *_: object) -> None:
        for child in self._children:
            child.close()


def main() -> int:
    """Answer requests on standard input until it ends."""
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    while head := requests.read(_REQUEST.size):
        command, argument, largest = codec.unpack(_exactly(requests, *_REQUEST.unpack(head)))
        safe_read.limit(largest)
        content = (_entries(command, argument) if command in {"entries", "summaries"} else
                   safe_read.answered(command, Path(argument), largest))
        answers.write(_ANSWER.pack(len(content)) + content)
        answers.flush()
    return 0


def _entries(command: str, asked: list[list[str]]) -> bytes:
    from tsbench.storage.catalogue_entry import catalogue_entry, report_entry  # noqa: PLC0415  h5py only here

    entry = catalogue_entry if command == "entries" else report_entry
    return codec.pack({"answer": [entry(Path(path), Path(sidecar) if sidecar else None) for path, sidecar in asked]})


if __name__ == "__main__":
    sys.exit(main())
