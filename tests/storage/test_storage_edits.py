"""Whatever is edited in a run file, for whoever reads it, ``validate`` finds it; layout alone is no edit."""

import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from benchmarks.file_edits import EDITS, edit, missed
from tests.storage.test_storage_run_file import header, record
from tsbench.errors import UnreadableFile
from tsbench.storage import append_extraction, examine
from tsbench.storage.nexus.schema import TREE_DIGEST
from tsbench.storage.nexus.tree_digest import tree_digest
from tsbench.storage.nexus.validation import inspect


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    parameters = {**header().parameters, "pulse_width": {"value": 1e-6, "unit": "s"}}
    path = record(tmp_path_factory.mktemp("good"), parameters=parameters)
    assert inspect(path) == []
    return path


def copy_of(good: Path, folder: Path) -> Path:
    return Path(shutil.copyfile(good, folder / good.name))


def problems_of(path: Path) -> list[str]:
    try:
        return inspect(path)
    except UnreadableFile as error:
        return [str(error)]


def serial(file: Any) -> None:
    file["entry/instrument/source_meter/fabrication/serial_number"][()] = "1234"


def set_to(name: str, value: Any) -> Callable[[Any], None]:
    return lambda file: file[name].__setitem__((), value)


def unmarked(file: Any) -> None:
    for name in ("SIMULATED", "simulated"):
        del file.attrs[name]


STRANGERS = {
    "pulse_width": set_to("entry/protocol/pulse_width", 1e-3),
    "max_voltage": set_to("entry/sample/dut/limits/max_voltage", 1.0),
    "current_resistance": set_to("entry/fixture/sensing/current_resistance", 500.0),
    "units of a column": lambda file: file["entry/steps/current"].attrs.__setitem__("units", "mA"),
    "serial number": serial,
    "SIMULATED": unmarked,
    "simulated of the entry": lambda file: file["entry"].attrs.__setitem__("simulated", False),
    "a setting": set_to("entry/instrument/source_meter/settings/range", 1.0),
    "title": set_to("entry/title", "measured on metal"),
    "a value of the preview": lambda file: file["entry/waveforms/preview_000/signal"].__setitem__(3, 9.0),
    "the digest": lambda file: file.attrs.__delitem__(TREE_DIGEST),
    "the schema": lambda file: file.attrs.__setitem__("tsbench_schema", "1.0"),
}


@pytest.mark.thin(3)
@pytest.mark.parametrize("change", STRANGERS.values(), ids=STRANGERS)
def test_an_edit_of_what_others_read_is_found(good: Path, tmp_path: Path, change: Callable[[Any], None]) -> None:
    path = copy_of(good, tmp_path)
    with h5py.File(path, "r+") as file:
        change(file)
    assert inspect(path)


@pytest.mark.thorough
def test_random_edits_are_found(good: Path, tmp_path: Path) -> None:
    assert missed(good, tmp_path, seed=2, count=12) == []


@pytest.mark.thin(4)
@pytest.mark.parametrize("kind", sorted(EDITS))
def test_an_edit_of_each_kind_is_found(
    good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    path = copy_of(good, tmp_path)
    for other in set(EDITS) - {kind}:
        monkeypatch.delitem(EDITS, other)
    said = edit(path, random.Random(5))
    assert problems_of(path), said


def test_opening_a_file_for_writing_is_no_edit(good: Path, tmp_path: Path) -> None:
    path = copy_of(good, tmp_path)
    with h5py.File(path, "r+") as file:
        file["entry/steps/current"][0] = file["entry/steps/current"][0]
    assert examine(path) == ([], "")


def filled(path: Path, libver: str, **layout: Any) -> str:
    values = np.arange(12000.0).reshape(3, 4000)
    with h5py.File(path, "w", libver=libver, track_order=bool(layout)) as file:
        for name in ("b", "a") if layout else ("a", "b"):
            dataset = file.create_dataset(name, data=values, **layout)
            dataset.attrs["units"] = "V"
            dataset.attrs["none"] = h5py.Empty("f8")
        file["a"].make_scale("x")
        file["b"].dims[0].attach_scale(file["a"])
        file["again"] = file["a"]
        file["texts"] = np.array(["x", "yz"], dtype=object)
        return tree_digest(file, "")


def test_the_layout_of_a_file_is_no_part_of_its_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = filled(tmp_path / "a.h5", "earliest")
    assert filled(tmp_path / "b.h5", "latest", chunks=(2, 700), compression="gzip", shuffle=True) == plain
    monkeypatch.setattr("tsbench.storage.nexus.tree_digest.BLOCK", 1000)  # in many blocks, rows cut as well
    assert filled(tmp_path / "c.h5", "latest", chunks=(2, 700), compression="gzip") == plain


def test_a_file_of_an_older_schema_says_how_far_its_digest_goes(good: Path, tmp_path: Path) -> None:
    path = copy_of(good, tmp_path)
    with h5py.File(path, "r+") as file:
        file.attrs["tsbench_schema"] = "1.0"
        file["entry/run/schema"][()] = "1.0"
        del file.attrs[TREE_DIGEST]
    problems, note = examine(path)
    assert problems == [] and "schema 1.0" in note and "attributes" in note


def test_an_edited_sidecar_is_found(good: Path, tmp_path: Path) -> None:
    path = copy_of(good, tmp_path)
    sidecar = append_extraction(path, ())
    assert examine(sidecar) == ([], "")
    text = sidecar.read_text("utf-8")
    for old, new in (('"schema": 2', '"schema": 1'), ("tsbench", "other"), ('"results": []', '"results": [1]')):
        sidecar.write_text(text.replace(old, new, 1), "utf-8")
        assert problems_of(sidecar), old
