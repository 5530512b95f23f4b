"""Append-only files of records: what is acknowledged is read back, a torn end is cut off, damage is named."""

import os
from pathlib import Path

import pytest

from tsbench.errors import StorageError, UnreadableFile
from tsbench.storage import disk
from tsbench.storage.record_file import PREAMBLE, RecordFile, read_records


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with RecordFile(tmp_path / "a.rec") as file:
        for number in range(5):
            file.append("count", {"number": number})
    return tmp_path / "a.rec"


def numbers(path: Path) -> list[int]:
    return [content["number"] for _, content in read_records(path)[0]]


def test_what_is_not_there_has_no_records(tmp_path: Path) -> None:
    assert read_records(tmp_path / "none") == ([], 0)
    (tmp_path / "empty").write_bytes(b"")
    assert read_records(tmp_path / "empty")[0] == []


def test_a_file_that_is_cut_anywhere_keeps_its_whole_records_and_goes_on(path: Path) -> None:
    """A crash may leave any beginning of the last write; the next record follows the last whole one."""
    whole = path.read_bytes()
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        before = numbers(path)
        assert before == list(range(len(before)))
        with RecordFile(path) as file:
            file.append("count", {"number": len(before)})
        assert numbers(path) == [*before, len(before)]


def test_a_viewer_reads_on_where_it_was(path: Path) -> None:
    records, offset = read_records(path)
    assert len(records) == 5 and read_records(path, offset) == ([], offset)
    with RecordFile(path) as file:
        file.append("count", {"number": 5})
    assert [content for _, content in read_records(path, offset)[0]] == [{"number": 5}]


def test_damage_before_the_end_is_no_torn_end(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(PREAMBLE) + 20] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(UnreadableFile, match=r"is damaged at byte \d+"):
        read_records(path)
    with pytest.raises(UnreadableFile):
        RecordFile(path)


@pytest.mark.parametrize(("head", "said"), [
    (b"hello world, this is text", "no file of records"), (PREAMBLE[:8] + b"\x09\0\0\0\0\0\0\0", "format 9")])
def test_another_file_is_refused(tmp_path: Path, head: bytes, said: str) -> None:
    (tmp_path / "x").write_bytes(head)
    with pytest.raises(UnreadableFile, match=said):
        read_records(tmp_path / "x")


def test_a_full_disk_loses_nothing_that_was_acknowledged(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int, data: bytes) -> None:
        os.write(descriptor, data[:7])
        raise OSError(28, "No space left on device")

    with RecordFile(path) as file:
        monkeypatch.setattr(disk, "write_all", full)
        with pytest.raises(StorageError, match="the disk is full"):
            file.append("count", {"number": 5})
        monkeypatch.undo()
        with pytest.raises(StorageError, match="closed after a failed write"):
            file.append("count", {"number": 6})
    assert numbers(path) == [0, 1, 2, 3, 4]
