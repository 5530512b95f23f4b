"""What a loss of power may leave: every state of the disk between two calls of a path, built and judged.

SIGKILL loses nothing that the operating system has, so it does not show whether data are synced before they are
acknowledged, and before a file takes the place of another. Here the calls of Python that open, write, sync, rename
and remove are followed. After each of them, three folders are built as a disk may be found after the power has failed:

* names and contents as they were synced last
* names as they are, contents as they were synced last
* names as they were synced last, contents as they are

What was acknowledged before the call must be there in each of them. What HDF5 writes counts when its file is synced.
"""

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

from benchmarks.kills.lives import Words
from benchmarks.kills.storage_paths import DeviceRecordPath, RunPath, SidecarPath, StatePath
from tsbench.storage.journal import writer

#: short ones: there is a state for each call
PATHS = {one.name: one for one in (
    RunPath("points", 8, (), finish=False), RunPath("waveforms", 0, (4096, 600_000), finish=False),
    RunPath("run file", 2, (4096, 600_000)), StatePath(3), DeviceRecordPath(2), SidecarPath(3))}
VARIANTS = ("nothing unsynced", "names without contents", "contents without names")
#: recover says it of a long waveform whose record reached the disk without its samples: nothing of it was acknowledged
_NOT_ACKNOWLEDGED = "the journal is damaged"
_OF_HDF5 = 25  #: one in so many of its writes is judged: until its file is synced, they leave the same states


@dataclass(frozen=True)
class Moment:
    """The disk after one call."""

    call: str
    names: dict[str, int]  #: path in the folder -> number of the file
    contents: dict[int, bytes]
    synced_names: dict[str, int]
    synced_contents: dict[int, bytes]
    said: int  #: so much had been said


@dataclass
class FollowedDisk:
    """Follows what this process does below a folder."""

    folder: Path
    said: list[Words]
    moments: list[Moment] = field(default_factory=list)
    _synced_names: dict[str, int] = field(default_factory=dict)
    _synced_contents: dict[int, bytes] = field(default_factory=dict)
    _known: dict[int, tuple[tuple[int, int], bytes]] = field(default_factory=dict)

    @contextlib.contextmanager
    def followed(self) -> Iterator[None]:
        """Follow, from a disk on which all is synced."""
        names, contents = self._look()
        self._synced_names, self._synced_contents = names, contents
        with contextlib.ExitStack() as stack:
            for name in ("open", "write", "fsync", "fdatasync", "ftruncate", "replace", "unlink"):
                stack.enter_context(mock.patch.object(os, name, self._following(name, getattr(os, name))))
            yield

    def _following(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            found = real(*arguments, **options)
            place = arguments[0]
            path = Path(f"/proc/self/fd/{place}").readlink() if isinstance(place, int) else Path(os.fspath(place))
            if name == "open" and not (len(arguments) > 1 and arguments[1] & os.O_CREAT):
                return found
            if path == self.folder or self.folder in path.parents:
                self._after(name, path, place if isinstance(place, int) else None)
            return found

        return call

    def _after(self, name: str, path: Path, descriptor: int | None) -> None:
        names, contents = self._look()
        if name in ("fsync", "fdatasync") and descriptor is not None:
            if path.is_dir():
                within = f"{path.relative_to(self.folder)}/".removeprefix("./")
                self._synced_names = {
                    **{one: number for one, number in self._synced_names.items() if not _directly(one, within)},
                    **{one: number for one, number in names.items() if _directly(one, within)}}
            else:
                number = os.fstat(descriptor).st_ino
                self._synced_contents[number] = contents.get(number, b"")
        self.moments.append(Moment(f"{name} {path.suffix}", names, contents, dict(self._synced_names),
                                   dict(self._synced_contents), len(self.said)))

    def _look(self) -> tuple[dict[str, int], dict[int, bytes]]:
        names, contents = {}, {}
        for path in self.folder.rglob("*"):
            with contextlib.suppress(FileNotFoundError):
                if path.is_file():
                    found = path.stat()
                    state = (found.st_size, found.st_mtime_ns)
                    if self._known.get(found.st_ino, ((-1, -1), b""))[0] != state:
                        self._known[found.st_ino] = state, path.read_bytes()
                    names[path.relative_to(self.folder).as_posix()] = found.st_ino
                    contents[found.st_ino] = self._known[found.st_ino][1]
        return names, contents


def _directly(name: str, within: str) -> bool:
    return name.startswith(within) and "/" not in name[len(within):]


def _lay(moment: Moment, variant: str, folder: Path) -> None:
    """Build the folder of a moment."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    names = moment.names if variant == VARIANTS[1] else moment.synced_names
    for name, number in names.items():
        content = moment.synced_contents.get(number, b"")
        if variant == VARIANTS[2]:
            content = moment.contents.get(number, content)
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def losses(name: str, folder: Path) -> tuple[int, list[str]]:
    """Return how many states were built of one path, and what is wrong with them, one line each."""
    shutil.rmtree(folder, ignore_errors=True)
    path, said = PATHS[name], list[Words]()
    path.prepare(folder / "x")
    disk = FollowedDisk(folder / "x", said)
    with disk.followed(), mock.patch.object(writer, "GROUP", 0.0):  # each point waits for a sync of its own
        path.write(folder / "x", said.append)
    chosen = [moment for number, moment in enumerate(disk.moments)
              if not moment.call.endswith(" .part") or not moment.call.startswith("write") or number % _OF_HDF5 == 0]
    problems = []
    for moment in chosen:
        for variant in VARIANTS:
            _lay(moment, variant, folder / "x")
            if problem := _judged(path, folder / "x", said[:moment.said]):
                problems.append(f"{name}, after {moment.call}, {variant}: {problem}")
    return len(chosen) * len(VARIANTS), problems


def _judged(path: Any, folder: Path, said: Sequence[Words]) -> str:
    try:
        _, lost, problems = path.judge(folder, said)
    except Exception as error:  # noqa: BLE001  whatever it is, it is a finding
        return f"{type(error).__name__}: {error}"
    others = [problem for problem in problems if _NOT_ACKNOWLEDGED not in problem]
    return "; ".join([f"{lost} acknowledged items are lost"] * bool(lost) + others)
