"""Files made to fill memory or time: one clear line, and neither is spent."""

import struct
import zlib
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from tests.storage.test_storage_run_file import header, record, waveform
from tsbench.errors import UnreadableFile
from tsbench.storage import codec, read_foreign, validate
from tsbench.storage.journal.reader import RawBlocks, read_journal
from tsbench.storage.journal.writer import LENGTH, MARK, PREAMBLE, RECORD, frame
from tsbench.storage.nexus.validation import inspect
from tsbench.storage.recorder import RunRecorder
from tsbench.storage.safe_read import bound


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return record(tmp_path_factory.mktemp("good"))


def zeros(file: Any) -> None:
    """A megabyte that unpacks to 1.5 GB."""
    made = file["entry"].create_dataset(
        "more", shape=(24 * 2**20, 64), dtype="u1", chunks=(2**20, 16), compression="gzip")
    chunk = zlib.compress(bytes(2**24), 9)
    for row in range(0, made.shape[0], 2**20):
        for column in range(0, 64, 16):
            made.id.write_direct_chunk((row, column), chunk)


def long_title(file: Any) -> None:
    del file["entry/title"]
    file["entry"].create_dataset("title", shape=(), dtype="S900000000")


def heavy_texts(file: Any) -> None:
    file["entry"].create_dataset("more", data=["x" * (70 * 2**20)] * 2, dtype=h5py.string_dtype())


@pytest.mark.thin(3)
@pytest.mark.parametrize(
    ("harm", "expected"),
    [(zeros, "would contain 1.6 GB of data"), (long_title, "values of 900 MB each"), (heavy_texts, "MB of text and ")],
)
def test_a_run_file_that_would_fill_the_memory_is_refused(
    good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, harm: Any, expected: str
) -> None:
    path = tmp_path / "bomb.nxs"
    path.write_bytes(good.read_bytes())
    with h5py.File(path, "r+") as file:
        harm(file)
    (problem,) = validate(path)
    assert expected in problem
    with pytest.raises(UnreadableFile, match=expected):
        read_foreign(path)

    def read(*_: object) -> None:
        raise AssertionError("data were read")

    monkeypatch.setattr(h5py.Dataset, "__getitem__", read)
    with pytest.raises(UnreadableFile, match=expected):
        inspect(path, bound(path))


def test_a_quiet_record_is_read_though_it_packs_well(tmp_path: Path) -> None:
    with RunRecorder(tmp_path, header(planned_points=0)) as recorder:
        recorder.waveform(waveform(codes=np.zeros((2, 2**20), dtype=np.int16)))
        path = recorder.finish("success")
    assert path.stat().st_size < 2**17 and validate(path) == []
    assert read_foreign(path).waveforms[0].codes.shape == (2, 2**20)


class CountedFile:
    """Counts what is read of a file."""

    def __init__(self, file: Any) -> None:
        self.file = file
        self.total = 0

    def read(self, size: int = -1) -> bytes:
        content: bytes = self.file.read(size)
        self.total += len(content)
        return content

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)

    def __enter__(self) -> "CountedFile":
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()


def test_marks_of_records_cost_no_more_than_the_journal_is_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, counted = tmp_path / "marks.tsj", []

    def opened(name: Path) -> CountedFile:
        file = name.open("rb")
        file.read(len(PREAMBLE))
        counted.append(CountedFile(file))
        return counted[-1]

    monkeypatch.setattr("tsbench.storage.journal.reader.open_journal", opened)
    for length in (2**18, 2**20):  # each mark claims a quarter of the file
        path.write_bytes(PREAMBLE + RECORD.pack(MARK, length // 4, 0) * (length // RECORD.size))
        journal = read_journal(path)
        assert counted[-1].total < 20 * length + 2**22 and len(journal.problems) < 200
        assert "did not search all of this part" in journal.problems[-1]


def test_a_whole_record_is_found_behind_false_marks(tmp_path: Path) -> None:
    path = tmp_path / "some.tsj"
    whole = frame("header", 0, codec.plain(header()))
    path.write_bytes(PREAMBLE + RECORD.pack(MARK, 50, 0) * 20 + whole + RECORD.pack(MARK, 10**6, 0))
    journal = read_journal(path)
    assert journal.header is not None and journal.torn_bytes == RECORD.size


def test_a_journal_of_empty_records_names_some_problems(tmp_path: Path) -> None:
    path = tmp_path / "empty.tsj"
    path.write_bytes(PREAMBLE + RECORD.pack(MARK, 0, zlib.crc32(LENGTH.pack(0))) * 5000)
    journal = read_journal(path)
    assert len(journal.problems) < 200 and journal.problems[-1] == "the journal has more problems than these"


def test_a_block_of_the_raw_file_is_read_once(tmp_path: Path) -> None:
    path = tmp_path / "run.tsj"
    content = bytes(1000)
    path.with_suffix(".raw").write_bytes(content)
    with RawBlocks(path) as blocks:
        assert blocks.read(0, 1000, zlib.crc32(content)) == content
        with pytest.raises(ValueError, match="refers to more bytes than the waveform file"):
            blocks.read(0, 1000, zlib.crc32(content))


def test_deep_and_long_messagepack_and_json_end_in_our_error() -> None:
    for body in (b"\x91" * 10**6, b"\xdd" + struct.pack(">I", 2**31), b"\xdf" + struct.pack(">I", 2**31)):
        with pytest.raises(UnreadableFile):
            codec.unpack(body)
    for text in ("[" * 10**6, "9" * 5000, '{"a":' * 10**5):
        with pytest.raises(UnreadableFile):
            codec.from_json(text)


def test_what_is_no_regular_file_is_said_so(tmp_path: Path) -> None:
    for path in (Path("/dev/zero"), tmp_path, tmp_path / "none.json", tmp_path / "no\0name"):
        (problem,) = validate(path)
        assert problem.endswith(("this file does not exist", "this is a directory, not a file"))
