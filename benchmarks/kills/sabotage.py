"""Protections removed on purpose, one by one: what ``benchmarks.kills`` must notice."""

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from benchmarks.kills.calls import Disturbance
from benchmarks.kills.cases import MOMENTS, Bench, Case
from benchmarks.kills.power import losses
from tsbench.station.campaign.state import StateFile
from tsbench.station.device_record import DeviceRecords
from tsbench.station.service import jobs
from tsbench.storage import disk
from tsbench.storage.journal.writer import JournalWriter
from tsbench.storage.nexus.disk_file import DiskFile

KILL = Disturbance(kill=True).name


@dataclass(frozen=True)
class Sabotage:
    """One protection that is removed, and the cases that are lived without it."""

    removed: Callable[[], contextlib.AbstractContextManager[Any]]
    path: str
    how: str = MOMENTS  #: "power" for the states after a loss of power
    cases: int = 12


@contextlib.contextmanager
def _held_back() -> Iterator[None]:
    """The journal keeps what is acknowledged in the memory of the process, and writes it by and by."""
    real, held = JournalWriter._write, list[bytes]()

    def write(self: JournalWriter, data: bytes) -> None:
        held.append(data)
        if len(held) >= 20:
            _flush(self)

    def _flush(self: JournalWriter) -> None:
        while held:
            real(self, held.pop(0))

    def closed(self: JournalWriter, close: Any = JournalWriter.close) -> None:
        _flush(self)
        close(self)

    with mock.patch.object(JournalWriter, "_write", write), mock.patch.object(JournalWriter, "close", closed):
        yield


def _no_sync() -> contextlib.AbstractContextManager[object]:
    return mock.patch.object(disk, "sync_data", lambda descriptor: None)


def _no_sync_of_folders() -> contextlib.AbstractContextManager[object]:
    return mock.patch.object(disk, "sync_directory", lambda directory: None)


def _no_sync_of_files() -> contextlib.AbstractContextManager[object]:
    """The run file takes its name before its content is on the disk."""
    return mock.patch.object(disk, "sync_file", lambda path: None)


@contextlib.contextmanager
def _no_intent() -> Iterator[None]:
    """That a step is begun is noted only with its outcome."""
    real, kept = StateFile.note, dict[str, Any]()

    def note(self: StateFile, kind: str, **content: Any) -> None:
        if kind == "intent":
            kept[content["key"]] = content
            self.state.take(kind, content)
            return
        if kind == "outcome" and content["key"] in kept:
            real(self, "intent", **kept.pop(content["key"]))
        if kind == "run" and content["key"] in kept:
            return
        real(self, kind, **content)

    with mock.patch.object(StateFile, "note", note):
        yield


@contextlib.contextmanager
def _no_charge() -> Iterator[None]:
    """The device record hears of a run only when it has ended."""
    real, kept = DeviceRecords.charge, dict[str, Any]()

    def charge(self: DeviceRecords, device: str, identifier: str, dose: Any, **facts: Any) -> None:
        kept[identifier] = dose

    def settle(self: DeviceRecords, device: str, identifier: str, dose: Any, settle: Any = DeviceRecords.settle,
               **facts: Any) -> None:
        if identifier in kept:
            real(self, device, identifier, kept.pop(identifier))
        settle(self, device, identifier, dose, **facts)

    with mock.patch.object(DeviceRecords, "charge", charge), mock.patch.object(DeviceRecords, "settle", settle):
        yield


@contextlib.contextmanager
def _no_recovery() -> Iterator[None]:
    """Nothing makes run files of the journals that a crash left."""
    with (mock.patch("benchmarks.kills.storage_paths.recover", lambda *_, **__: []),
          mock.patch("tsbench.storage.recover", lambda *_, **__: [])):
        yield


@contextlib.contextmanager
def _journal_first() -> Iterator[None]:
    """The journal is removed before the run file has its name."""
    real = disk.replace

    def replace(source: Path, target: Path) -> None:
        if target.suffix == ".nxs":
            target.with_suffix(".tsj").unlink(missing_ok=True)
        real(source, target)

    remove = disk.remove
    with (mock.patch.object(disk, "replace", replace),
          mock.patch.object(disk, "remove", lambda path, missing_ok=False: remove(path, True))):
        yield


def _torn_end_kept() -> contextlib.AbstractContextManager[object]:
    """What a crash left half written is not cut off before the next record."""
    return mock.patch.object(os, "ftruncate", lambda descriptor, size: None)


@contextlib.contextmanager
def _queue_not_kept() -> Iterator[None]:
    """The queue is written with every fourth job only."""
    real = jobs._write

    def write(file: Path, latest: int, known: Any, waiting: Sequence[int]) -> None:
        if latest % 4 == 0:
            real(file, latest, known, waiting)

    with mock.patch.object(jobs, "_write", write):
        yield


@contextlib.contextmanager
def _silent_hdf5() -> Iterator[None]:
    """What the disk refuses while a run file is written is not told."""
    with mock.patch.object(DiskFile, "raise_failure", lambda self: None), mock.patch(
            "tsbench.storage.run_file.difference", lambda path, run: ""):
        yield


@contextlib.contextmanager
def _error_swallowed() -> Iterator[None]:
    """A write that the disk refuses counts as done."""
    real = disk.write_all

    def write_all(descriptor: int, data: Any) -> None:
        with contextlib.suppress(OSError):
            real(descriptor, data)

    with mock.patch.object(disk, "write_all", write_all):
        yield


@contextlib.contextmanager
def _in_place() -> Iterator[None]:
    """An extraction is written under its own name."""
    with mock.patch("tsbench.storage.sidecar.SIDECAR_PART", ".json"):
        yield


SABOTAGES = {
    "acknowledged before it is written": Sabotage(_held_back, "points, durability process"),
    "no sync before the acknowledgement": Sabotage(_no_sync, "points", "power"),
    "no sync before the acknowledgement (campaign state)": Sabotage(_no_sync, "campaign state", "power"),
    "no sync of the run file before its name": Sabotage(_no_sync_of_files, "run file", "power"),
    "no sync of the folder": Sabotage(_no_sync_of_folders, "results", "power"),
    "no intent before the stress": Sabotage(_no_intent, "campaign", MOMENTS, 4),
    "no charge before the stress": Sabotage(_no_charge, "campaign", MOMENTS, 4),
    "no recovery of journals": Sabotage(_no_recovery, "points", MOMENTS, 3),
    "journal removed before the rename": Sabotage(_journal_first, "run file", KILL, 12),
    "torn end not cut off": Sabotage(_torn_end_kept, "device record", KILL, 60),
    "queue written late": Sabotage(_queue_not_kept, "queue of the service", MOMENTS),
    "extraction written in place": Sabotage(_in_place, "results", KILL, 60),
    "errors of HDF5 not told": Sabotage(_silent_hdf5, "run file", "ENOSPC once", 40),
    "a refused write counts as done": Sabotage(_error_swallowed, "points", "ENOSPC from there on", 8),
}


def noticed(name: str, folder: Path) -> tuple[int, int, str]:
    """Live some cases without a protection; return how many there were, how many are bad, and the first problem."""
    one = SABOTAGES[name]
    if one.how == "power":
        with one.removed():
            states, problems = losses(one.path, folder)
        return states, len(problems), problems[0] if problems else ""
    bench = Bench(folder)
    calls = len(bench.undisturbed(one.path).calls)
    bad, first, lived = 0, "", 0
    numbers = range(one.cases) if one.how == MOMENTS else range(1, calls, calls // one.cases | 1)
    if name == "journal removed before the rename":   # it matters at the last calls only
        numbers = range(calls - one.cases, calls)
    with one.removed():
        for number in numbers:
            row = bench.run(Case(one.path, one.how, number))
            lived += 1
            if not row.good:
                bad += 1
                first = first or f"{row.lost} lost; {'; '.join(row.problems)}".removeprefix("0 lost; ")
            if bad >= 2:
                break
    return lived, bad, first
