"""Files of others: truncated, random, made to harm. One clear line each, and nothing else happens."""

import os
import random
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from tsbench.errors import UnreadableFile
from tsbench.records import Column, DeviceDescription, Fixture, Point, Result, RunHeader, Waveform
from tsbench.storage import read_foreign, read_run, record_data, safe_read, validate
from tsbench.storage.nexus.validation import inspect
from tsbench.storage.reading_children import ReadingChildren
from tsbench.storage.recorder import RunRecorder


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    header = RunHeader(
        run_id="20260101T000000000Z-iv_sweep-D1-abcdef",
        protocol="iv_sweep",
        parameters={"a": {"value": 1, "unit": "V"}},
        columns=(Column("voltage", "V"), Column("current", "A")),
        device=DeviceDescription("D1"),
        fixture=Fixture("R1 a 0 5"),
        instruments={},
        simulated=False,
        start_time="2026-01-01T00:00:00.000+00:00",
        planned_points=50,
    )
    wave = Waveform(
        "v",
        "V",
        np.arange(5000, dtype=np.int16).reshape(1, 5000),
        1e-3,
        0.1,
        0.0,
        1e-9,
        np.zeros(1),
    )
    with RunRecorder(tmp_path_factory.mktemp("good"), header) as recorder:
        for number in range(50):
            recorder.point(Point((float(number), 1e-6 * number)))
        recorder.waveform(wave)
        return recorder.finish("success", "", [Result("threshold_voltage", "V", 1.0, 0.9, 1.1, "step")])


def altered(good: Path, tmp_path: Path) -> Path:
    copy = tmp_path / good.name
    copy.write_bytes(good.read_bytes())
    return copy


def one_line(error: UnreadableFile, path: Path) -> bool:
    text = str(error)
    return "\n" not in text and text.startswith(str(path)) and error.exit_code == 2


def problems_of(path: Path) -> list[str]:
    """Return what ``validate`` says, without its child process: no file here crashes the library."""
    try:
        return inspect(path)
    except UnreadableFile as error:
        assert one_line(error, path)
        return [str(error)]


def test_a_good_file_has_no_problems(good: Path) -> None:
    assert validate(good) == []


@pytest.mark.parametrize("size", [0, 1, 8, 100, 2000, 20_000, -1, -1000])
def test_truncated_files_get_one_clear_line(good: Path, tmp_path: Path, size: int) -> None:
    path = tmp_path / "cut.nxs"
    path.write_bytes(good.read_bytes()[:size])
    with pytest.raises(UnreadableFile) as caught:
        read_run(path)
    assert one_line(caught.value, path)
    if size not in {0, 1, 8}:
        assert f"the file is cut off at byte {path.stat().st_size} of" in str(caught.value)
    assert len(problems_of(path)) >= 1


def test_the_child_says_what_is_found_in_this_process(good: Path, tmp_path: Path) -> None:
    path = altered(good, tmp_path)
    with h5py.File(path, "r+") as file:
        file["entry/sample/name"][()] = "D2"
        del file["entry/steps/current"].attrs["units"]
    problems = problems_of(path)
    assert validate(path) == problems and len(problems) > 1
    path.write_bytes(good.read_bytes()[:2000])
    assert [f"{path}: {problem}" for problem in validate(path)] == problems_of(path)


@pytest.mark.thin(2)
@pytest.mark.parametrize("suffix", [".nxs", ".h5", ".tsj", ".txt"])
def test_random_bytes_get_one_clear_line(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"random{suffix}"
    path.write_bytes(random.Random(1).randbytes(4096))
    with pytest.raises(UnreadableFile) as caught:
        read_foreign(path)
    assert one_line(caught.value, path)


def test_what_is_no_file_gets_one_clear_line(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.nxs"):
        for read in (read_run, read_foreign):
            with pytest.raises(UnreadableFile) as caught:
                read(path)
            assert one_line(caught.value, path)


def test_another_hdf5_file_is_not_ours(tmp_path: Path) -> None:
    path = tmp_path / "other.h5"
    with h5py.File(path, "w") as file:
        file["x"] = [1, 2, 3]
    with pytest.raises(UnreadableFile, match="not a run file of tsbench"):
        read_foreign(path)


def link_outside(file: Any, path: Path) -> str:
    (path.parent / "secret.h5").write_bytes(b"secret")
    file["entry/leak"] = h5py.ExternalLink("secret.h5", "/x")
    return "link to another file"


def store_outside(file: Any, path: Path) -> str:
    (path.parent / "secret").write_bytes(b"secret!!")
    file["entry"].create_dataset(
        "leak", shape=(8,), dtype="u1", external=[(str(path.parent / "secret"), 0, 8)]
    )
    return "has its data in another file"


def virtual(file: Any, path: Path) -> str:
    layout = h5py.VirtualLayout(shape=(3,), dtype="f8")
    layout[:] = h5py.VirtualSource("other.h5", "x", shape=(3,))
    file["entry"].create_virtual_dataset("leak", layout)
    return "virtual dataset"


def huge(file: Any, path: Path) -> str:
    file["entry"].create_dataset("bomb", shape=(10**12,), dtype="f8", chunks=(65536,))
    return "with this item, the file would contain "


def huge_chunk(file: Any, path: Path) -> str:
    file["entry"].create_dataset("bomb", shape=(2**28,), dtype="f4", chunks=(2**28,), compression="gzip")
    return "chunks of"


def soft_link(file: Any, path: Path) -> str:
    file["entry/soft"] = h5py.SoftLink("/entry")
    return "soft link"


def plug_in(file: Any, path: Path) -> str:
    file["entry"].create_dataset("x", data=np.zeros(100), chunks=(100,), compression="lzf")
    return "HDF5 filter"


@pytest.mark.parametrize("harm", [link_outside, store_outside, virtual, huge, huge_chunk, soft_link, plug_in])
def test_files_made_to_harm_are_refused(good: Path, tmp_path: Path, harm: Any) -> None:
    path = altered(good, tmp_path)
    with h5py.File(path, "r+") as file:
        expected = harm(file, path)
    with pytest.raises(UnreadableFile, match=expected) as caught:
        read_foreign(path)
    assert one_line(caught.value, path)
    assert any(expected in problem for problem in problems_of(path))


def test_a_link_cycle_ends(good: Path, tmp_path: Path) -> None:
    path = altered(good, tmp_path)
    with h5py.File(path, "r+") as file:
        file["entry/again"] = file["entry"]
    assert read_foreign(path).status == "success"


def damage(good: Path, tmp_path: Path, what: Any) -> list[str]:
    path = altered(good, tmp_path)
    with h5py.File(path, "r+") as file:
        what(file)
    return problems_of(path)


@pytest.mark.thin(2)
@pytest.mark.parametrize(
    ("what", "expected"),
    [
        (lambda f: f["entry/steps/current"].__setitem__(3, 7.0), "SHA-256"),
        (lambda f: f["entry/waveforms/block_000/signal"].__setitem__((0, 7), 1), "SHA-256"),
        (lambda f: f["entry/waveforms/block_000/signal"].attrs.__setitem__("scale_factor", 2e-3), "other values than"),
        (lambda f: f["entry/steps/current"].attrs.__delitem__("units"), "'units' is missing"),
        (lambda f: f["entry/sample/name"].__setitem__((), "D2"), "differs from entry/run/header"),
        (lambda f: f["entry/run/status"].__setitem__((), "great"), "must be one of"),
        (lambda f: f["entry"].__delitem__("fixture"), "entry/fixture/netlist is missing"),
        (lambda f: f["entry"].attrs.__delitem__("default"), "no plot"),
        (lambda f: f["entry/protocol"].attrs.__setitem__("json", "{}"), "the parameters in entry/protocol do not "
                                                                        "match their SHA-256"),
        (lambda f: f["entry/run/reason"].__setitem__((), "another"), "SHA-256"),
    ],
)
def test_an_altered_file_is_told(good: Path, tmp_path: Path, what: Any, expected: str) -> None:
    problems = damage(good, tmp_path, what)
    assert any(expected in problem for problem in problems), problems


def test_a_flipped_bit_in_data_or_text_is_never_silent(good: Path, tmp_path: Path) -> None:
    """Wherever a byte changes, what is read is either what was written or an error."""
    content, generator = good.read_bytes(), random.Random(3)
    expected, paths = record_data.run_digest(read_run(good)), []
    for number in range(20):  # a third of a small file is room that nothing uses
        damaged = bytearray(content)
        damaged[generator.randrange(len(damaged))] ^= 1 << generator.randrange(8)
        paths.append(tmp_path / f"flip{number}.nxs")
        paths[-1].write_bytes(damaged)
    told = 0
    with ReadingChildren(2) as children:  # a damaged file may crash the library
        for path, answer in children.runs(paths):
            if isinstance(answer, UnreadableFile):
                told += 1
                assert one_line(answer, path)
            else:
                assert record_data.run_digest(answer) == expected
    assert told > 0


def test_a_crash_of_the_library_is_one_clear_line(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = subprocess.run
    crash = f"import os, signal; os.kill(os.getpid(), {int(signal.SIGTERM)})"

    def crashing(_: list[str], **options: Any) -> Any:
        return run([sys.executable, "-c", crash], **options)

    monkeypatch.setattr(safe_read.subprocess, "run", crashing)
    with pytest.raises(UnreadableFile, match="the HDF5 library crashed") as caught:
        read_foreign(good)
    assert one_line(caught.value, good)
    assert "crashed" in validate(good)[0]


@pytest.mark.skipif(os.name == "nt", reason="POSIX bounds the child's memory")
def test_the_child_is_bounded(good: Path) -> None:
    code = (
        "import resource, sys; from tsbench.storage import safe_read; safe_read.limit(2**20); "
        "sys.exit(resource.getrlimit(resource.RLIMIT_AS)[0] > 2**33)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
