"""The journal: torn, damaged, on a full disk, killed while it becomes a file."""

import errno
import os
import shutil
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tsbench.errors import StorageError, UnreadableFile
from tsbench.records import (
    Column,
    DeviceDescription,
    Fixture,
    Flag,
    Point,
    Result,
    RunEvent,
    RunHeader,
    Waveform,
)
from tsbench.storage import codec, disk, read_run, record_data, recover, run_file
from tsbench.storage.journal import writer
from tsbench.storage.journal.reader import follow, read_journal
from tsbench.storage.journal.writer import SUFFIX, Durability
from tsbench.storage.nexus.validation import inspect
from tsbench.storage.recorder import RunRecorder

HEADER = RunHeader(
    run_id="20260101T000000000Z-iv_sweep-D1-abcdef",
    protocol="iv_sweep",
    parameters={},
    columns=(Column("voltage", "V"), Column("current", "A")),
    device=DeviceDescription("D1"),
    fixture=Fixture(""),
    instruments={},
    simulated=False,
    start_time="2026-01-01T00:00:00.000+00:00",
)
WAVE = Waveform(
    "device_current",
    "A",
    np.arange(32, dtype=np.int16).reshape(1, 32),
    1e-6,
    0.0,
    0.0,
    1e-9,
    np.zeros(1),
)
LONG = replace(WAVE, codes=np.arange(2**20, dtype=np.int16).reshape(1, 2**20))  # in the raw file


def measure(recorder: RunRecorder, points: int = 4) -> None:
    for number in range(points):
        recorder.point(Point((float(number), 1e-6 * number), Flag.COMPLIANCE if number % 2 else Flag.NONE))
    recorder.waveform(WAVE)
    recorder.event(RunEvent("log", "hello", 1.0))


def crashed(directory: Path, points: int = 4) -> Path:
    """Leave what a killed process leaves."""
    with RunRecorder(directory, HEADER) as recorder:
        measure(recorder, points)
        return recorder.path


def boundaries(path: Path) -> list[int]:
    """Return where each record ends."""
    data, place, ends = path.read_bytes(), len(writer.PREAMBLE), []
    while place < len(data):
        place += writer.RECORD.size + struct.unpack_from("<4sII", data, place)[1]
        ends.append(place)
    return ends


def test_torn_at_every_byte_it_keeps_every_whole_record(tmp_path: Path) -> None:
    path = crashed(tmp_path)
    whole, ends = path.read_bytes(), boundaries(path)
    for length in range(len(whole) + 1):
        path.write_bytes(whole[:length])
        found = read_journal(path)
        records = sum(end <= length for end in ends)
        assert found.problems == []
        have = bool(found.header) + len(found.rows) + len(found.waveforms) + len(found.events)
        assert have == records
        last = max((end for end in ends if end <= length), default=min(length, len(writer.PREAMBLE)))
        assert found.torn_bytes == length - last


def test_a_flipped_bit_anywhere_is_told_and_costs_one_record(tmp_path: Path) -> None:
    path = crashed(tmp_path)
    whole, ends = bytearray(path.read_bytes()), boundaries(path)
    header_end, last_start = ends[0], ends[-2]
    for place in range(header_end, last_start, 3):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << (place % 8)
        path.write_bytes(damaged)
        found = read_journal(path)
        assert found.problems, f"byte {place}"
        assert len(found.rows) + len(found.waveforms) + len(found.events) == len(ends) - 2
    assert read_run(path).status == "running"


def test_recover_keeps_a_damaged_journal_as_evidence(tmp_path: Path) -> None:
    path = crashed(tmp_path)
    data = bytearray(path.read_bytes())
    data[boundaries(path)[1] + 20] ^= 255
    path.write_bytes(data)
    told: list[str] = []
    (made,) = recover(tmp_path, told.append)
    run = read_run(made)
    assert (
        run.status == "recovered"
        and len(run.points) == 3
        and "damaged" in run.reason
        and "damaged" in told[0]
    )
    assert path.with_name(path.name + ".damaged").read_bytes() == bytes(data)
    assert recover(tmp_path) == [] and read_run(made).reason == run.reason


def test_recover_finishes_a_crashed_run_once(tmp_path: Path) -> None:
    path = crashed(tmp_path / "deep" / "er")
    (made,) = recover(tmp_path)
    run = read_run(made)
    assert run.status == "recovered" and len(run.points) == 4 and len(run.waveforms) == 1
    assert run.point_flags.tolist() == [0, 1, 0, 1]
    assert run.end_time and inspect(made) == []
    assert recover(tmp_path) == [] and not path.exists()
    assert [p.name for p in made.parent.iterdir()] == [made.name]


def test_a_run_that_ended_before_the_crash_keeps_its_outcome_in_words(tmp_path: Path) -> None:
    with RunRecorder(tmp_path, HEADER) as recorder:
        measure(recorder)
        recorder.end("abort", "stopped by hand")
    (made,) = recover(tmp_path)
    run = read_run(made)
    assert run.status == "recovered" and "abort before the crash (stopped by hand)" in run.reason


def test_a_journal_without_a_header_acknowledged_nothing(tmp_path: Path) -> None:
    path = crashed(tmp_path)
    path.write_bytes(path.read_bytes()[:40])
    assert recover(tmp_path) == [] and list(tmp_path.iterdir()) == []


def test_a_foreign_file_named_as_a_journal_is_left_alone(tmp_path: Path) -> None:
    foreign = tmp_path / "notes.tsj"
    foreign.write_bytes(b"dear diary " * 100)
    told: list[str] = []
    assert recover(tmp_path, told.append) == [] and "this file is not a journal of tsbench" in told[0]
    assert foreign.exists()
    with pytest.raises(UnreadableFile, match="this file is not a journal of tsbench"):
        read_run(foreign)
    with pytest.raises(UnreadableFile, match="this folder does not exist"):
        recover(tmp_path / "none")


class Killed(BaseException):
    """Stands for SIGKILL: nothing of the process runs after it."""


def die(*_: object, **__: object) -> None:
    raise Killed


@pytest.mark.thin(3)
@pytest.mark.parametrize(
    ("owner", "step"),
    [
        (run_file, "write_run"),
        (run_file, "difference"),
        (disk, "sync_file"),
        (Path, "replace"),
        (disk, "sync_directory"),
        (Path, "unlink"),
    ],
)
def test_a_consolidation_killed_at_any_step_is_finished_by_recover(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: object, step: str
) -> None:
    recorder = RunRecorder(tmp_path, HEADER)
    measure(recorder)
    with monkeypatch.context() as patch:
        patch.setattr(owner, step, die)
        with pytest.raises(Killed):
            recorder.finish("success", "", [Result("threshold_voltage", "V", 1.0, 0.9, 1.1, "step")])
    recorder.close()  # as the system does for a killed process
    recover(tmp_path)
    (made,) = tmp_path.glob("*")
    run = read_run(made)
    assert made.suffix == ".nxs" and run.status == "success"  # the journal proved that it was complete
    assert len(run.points) == 4 and len(run.waveforms) == 1 and run.results[0].value == 1.0
    assert inspect(made) == []


def test_a_half_written_part_is_overwritten(tmp_path: Path) -> None:
    path = crashed(tmp_path)
    path.with_suffix(".nxs.part").write_bytes(b"half")
    path.with_suffix(".nxs").write_bytes(b"not whole either")
    (made,) = recover(tmp_path)
    assert inspect(made) == [] and [p.name for p in tmp_path.iterdir()] == [made.name]


class FullDisk:
    """``os.write`` on a disk with ``room`` bytes left; takes part of the last write, as a real one does."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.write = os.write

    def __call__(self, descriptor: int, data: bytes) -> int:
        if self.room <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        taken = self.write(descriptor, bytes(data)[: self.room])
        self.room -= taken
        return taken


@pytest.mark.parametrize("room", [0, 1, 11, 30, 200])
def test_a_full_disk_loses_nothing_acknowledged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    acknowledged = 0
    with RunRecorder(tmp_path, HEADER) as recorder:
        with monkeypatch.context() as patch:
            patch.setattr(disk.os, "write", FullDisk(room))
            with pytest.raises(StorageError, match="disk is full"):
                for number in range(100):
                    recorder.point(Point((float(number), 0.0)))
                    acknowledged += 1
        assert len(read_journal(recorder.path).rows) == acknowledged
        recorder.point(Point((-1.0, 0.0)))  # space was made: nothing torn stands in the way
        path = recorder.finish("fail", "disk full")
    run = read_run(path)
    assert run.column("voltage").tolist() == [*map(float, range(acknowledged)), -1.0]


def test_short_writes_are_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    with monkeypatch.context() as patch:
        patch.setattr(disk.os, "write", lambda descriptor, data: write(descriptor, bytes(data)[:7]))
        path = crashed(tmp_path)
    assert len(read_journal(path).rows) == 4 and read_journal(path).problems == []


def test_nothing_is_acknowledged_after_a_failed_sync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with RunRecorder(tmp_path, HEADER) as recorder:
        monkeypatch.setattr(disk, "sync_data", fail)
        with pytest.raises(StorageError, match="cannot be written"):
            recorder.waveform(WAVE)
        with pytest.raises(StorageError, match="closed after a failed write"):
            recorder.point(Point((0.0, 0.0)))


def test_too_little_space_is_told_before_the_run(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"this run needs .* MB"):
        RunRecorder(tmp_path, HEADER, planned_bytes=2**60)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("interval", "syncs"), [(2e-3, 10), (1e-4, 1)])
def test_points_a_millisecond_apart_are_synced_each_and_faster_ones_grouped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, interval: float, syncs: int
) -> None:
    calls: list[int] = []
    now = [0.0]
    journal = writer.JournalWriter(tmp_path / "a.tsj", codec.plain(HEADER), clock=lambda: now[0])
    monkeypatch.setattr(disk, "sync_data", calls.append)
    for number in range(10):
        now[0] += interval + 1e-9
        journal.point(Point((float(number), 0.0)))
    assert len(calls) == (syncs if interval > 1e-3 else 1)
    assert len(read_journal(journal.path).rows) == 10  # a killed process loses none of either
    now[0] += 1.0
    journal.settle()
    journal.close()


def test_a_viewer_follows_a_growing_journal(tmp_path: Path) -> None:
    with RunRecorder(tmp_path, HEADER) as recorder:
        first, place = follow(recorder.path)
        assert [kind for kind, _ in first] == ["header"]
        recorder.point(Point((1.0, 2.0)))
        recorder.waveform(WAVE)
        then, place = follow(recorder.path, place)
        assert [kind for kind, _ in then] == ["point", "waveform"]
        np.testing.assert_array_equal(then[1][1]["codes"], WAVE.codes)
        assert follow(recorder.path, place) == ([], place)


@pytest.mark.parametrize(("samples", "apart"), [(2**19 - 1, False), (2**19, True)])
def test_an_array_of_a_mebibyte_lies_in_a_file_of_its_own(tmp_path: Path, samples: int, apart: bool) -> None:
    wave = replace(WAVE, codes=np.arange(samples, dtype=np.int16).reshape(1, -1))   # of two bytes each
    with RunRecorder(tmp_path, HEADER) as recorder:
        recorder.waveform(wave)
        recorder.waveform(WAVE)
    raw = recorder.path.with_suffix(".raw")
    assert raw.exists() is apart and (not apart or raw.stat().st_size == 2**20)
    kinds = follow(recorder.path)[0]
    np.testing.assert_array_equal(kinds[1][1]["codes"], wave.codes)
    np.testing.assert_array_equal(kinds[2][1]["codes"], WAVE.codes)


def test_a_record_is_no_longer_than_readers_of_this_format_take() -> None:
    """256 MiB: a reader takes a record that claims more for damage."""
    class Packed(bytes):
        claimed = 2**28

        def __len__(self) -> int:
            return self.claimed

    def pack(_: object) -> bytes:
        return Packed(b"short")

    assert struct.unpack_from("<4sI", writer.frame("point", 0, None, pack)) == (b"TSR:", 2**28)
    Packed.claimed += 1
    with pytest.raises(StorageError, match="one point has 268 MB, but a journal allows at most 268 MB"):
        writer.frame("point", 0, None, pack)


def test_a_missing_raw_file_is_told(tmp_path: Path) -> None:
    large = Waveform("v", "V", np.zeros((1, 600_000), np.int16), 1.0, 0.0, 0.0, 1.0, np.zeros(1))
    with RunRecorder(tmp_path, HEADER) as recorder:
        recorder.waveform(large)
        recorder.point(Point((1.0, 2.0)))
    recorder.path.with_suffix(".raw").unlink()
    found = read_journal(recorder.path)
    assert len(found.rows) == 1 and ".raw" in found.problems[0]


content = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 2**40)
    | st.floats()
    | st.text(max_size=6)
    | st.binary(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["device", "fixture", "columns", "flags", "codes", "x"]), inner, max_size=4
        )
    ),
    max_leaves=8,
)
kinds = st.sampled_from(["header", "point", "waveform", "event", "instruments", "end", "finish", "later", 7])


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    records=st.lists(st.tuples(kinds, content), max_size=4), tail=st.binary(max_size=40), first=st.booleans()
)
def test_whatever_stands_in_a_journal_reading_it_ends_in_one_of_our_errors(
    tmp_path_factory: pytest.TempPathFactory, records: list[tuple[str, object]], tail: bytes, first: bool
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.tsj"
    whole = [("header", codec.plain(HEADER)), *records] if first else records
    frames = [writer.frame(kind, number, item) for number, (kind, item) in enumerate(whole)]
    path.write_bytes(writer.PREAMBLE + b"".join(frames) + tail)
    try:
        run = read_run(path)
        record_data.run_digest(run)
    except UnreadableFile as error:
        assert "\n" not in str(error)


def deleted(path: Path) -> None:
    shutil.rmtree(path.parent)


def renamed(path: Path) -> None:
    path.parent.rename(path.parent.with_name("elsewhere"))


def removed(path: Path) -> None:
    path.unlink()


def replaced(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(path.read_bytes())
    other.replace(path)


@pytest.mark.thin(3)
@pytest.mark.parametrize("durability", ["power", "process"])
@pytest.mark.parametrize("harm", [deleted, renamed, removed, replaced])
def test_a_journal_that_loses_its_name_acknowledges_nothing_more_and_gets_one_again(
    tmp_path: Path, durability: Durability, harm: Callable[[Path], None]
) -> None:
    acknowledged = 0
    with RunRecorder(tmp_path / "out", HEADER, durability=durability) as recorder:
        recorder.waveform(LONG)
        for _ in range(4):
            recorder.point(Point((float(acknowledged), 0.0)))
            acknowledged += 1
        harm(recorder.path)
        for _ in range(2):  # the next at the latest, and it stays so
            with pytest.raises(StorageError, match=r"disappeared during the run|closed after a failed write"):
                recorder.point(Point((float(acknowledged), 0.0)))
        assert str(recorder.path.parent) in recorder.rescue() and recorder.rescue() == ""
        path = recorder.finish("fail", "its folder was deleted")
    run = read_run(path)
    assert inspect(path) == [] and len(run.waveforms) == 1 and run.waveforms[0].codes.shape == LONG.codes.shape
    assert run.column("voltage").tolist()[:acknowledged] == [*map(float, range(acknowledged))]
    left = [p.name for p in path.parent.iterdir() if p.suffix in {SUFFIX, ".raw", ".lock"}]
    assert set(left) <= ({HEADER.run_id + SUFFIX, HEADER.run_id + ".raw"} if harm in {replaced, removed} else set())


def test_a_raw_file_that_is_gone_is_noticed_and_put_back(tmp_path: Path) -> None:
    with RunRecorder(tmp_path, HEADER) as recorder:
        recorder.waveform(LONG)
        recorder.path.with_suffix(".raw").unlink()
        with pytest.raises(StorageError, match="disappeared during the run"):
            recorder.point(Point((1.0, 0.0)))
        recorder.rescue()
        path = recorder.finish("fail", "")
    assert inspect(path) == [] and len(read_run(path).waveforms) == 1


def test_a_journal_that_another_program_cuts_short_is_noticed(tmp_path: Path) -> None:
    with RunRecorder(tmp_path, HEADER) as recorder:
        recorder.point(Point((0.0, 0.0)))
        os.truncate(recorder.path, 50)
        with pytest.raises(StorageError, match=r"another program has changed the journal. It has .* bytes, but"):
            recorder.point(Point((1.0, 0.0)))
        with pytest.raises(StorageError, match="closed after a failed write"):
            recorder.point(Point((1.0, 0.0)))


def test_a_drive_that_is_gone_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with RunRecorder(tmp_path, HEADER) as recorder:

        def gone(*_: Any, **__: Any) -> None:
            raise OSError(errno.ESTALE, "Stale file handle")

        with monkeypatch.context() as patch:
            patch.setattr(os, "stat", gone)
            with pytest.raises(StorageError, match="cannot be reached, Stale file handle"):
                recorder.point(Point((1.0, 0.0)))


def test_a_recorder_counts_what_it_stored_and_discards_only_what_is_empty(tmp_path: Path) -> None:
    with RunRecorder(tmp_path / "full", HEADER) as recorder:
        measure(recorder, points=3)
        assert recorder.counts == {"point": 3, "waveform": 1, "event": 1}
        with pytest.raises(StorageError, match="contains data and is not deleted"):
            recorder.discard()
    refused = RunRecorder(tmp_path / "refused", HEADER)
    assert refused.counts == {"point": 0, "waveform": 0, "event": 0}
    refused.event(RunEvent("log", "the plan is refused", 0.0))
    refused.discard()
    assert not list((tmp_path / "refused").glob("*.tsj"))
