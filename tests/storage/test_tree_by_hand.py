"""What a viewer reads in a run file: times, titles, previews, words and numbers, against values by hand."""

import dataclasses
import errno
import json
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import h5py
import numpy as np
import pytest

from tests.storage.test_storage_run_file import header, waveform
from tsbench.errors import StorageError, UnreadableFile
from tsbench.records import (
    Column,
    CurrentAmplifier,
    DeviceDescription,
    DeviceLimits,
    Fixture,
    Flag,
    Point,
    Result,
    Run,
    RunEvent,
    Sensing,
)
from tsbench.storage import codec, disk, record_data, sidecar
from tsbench.storage.journal.writer import JournalWriter
from tsbench.storage.nexus import items
from tsbench.storage.nexus.hdf5_guard import reason
from tsbench.storage.nexus.header import clock_zero, loud, simulated_in_words
from tsbench.storage.nexus.reader import read_file
from tsbench.storage.nexus.waveforms import _decimated
from tsbench.storage.nexus.writer import column_name, plot_columns, write_run
from tsbench.storage.recorder import RunRecorder, unfinished


def written(path: Path, columns: Any, points: Any, waveforms: Any = (), **changes: Any) -> Any:
    """Write a run as a file and open it."""
    made = header(columns=tuple(columns), **changes)
    values = np.asarray(points, dtype=np.float64).reshape(-1, len(columns))
    results = (Result("hold_voltage", "V", 0.5, 0.4, None, "step", {"cycle": 1}, Flag.CENSORED),
               Result("hold_current", "A", None, None, None, "step", {}),
               Result("hold_voltage", "V", 0.6, None, 0.7, "step", {"cycle": 2}, Flag.NONE, 0.01, 0.02))
    write_run(Run(made, values, np.zeros(len(values), np.uint32), tuple(waveforms), (RunEvent("log", "began", 1.0),),
                  "success", "", "2026-11-24T23:00:05.000+00:00", results), path)
    return h5py.File(path)


PLAIN = (Column("point", ""), Column("bias_voltage", "V"), Column("noise", "V", "of the bias"))


def test_controlled_columns_results_and_wiring(tmp_path: Path) -> None:
    limits = DeviceLimits(2.0, 1e-3, 1e-2, 1e-9, 1e-10)
    fixture = Fixture("R1 a 0 50", {"meter": "a"}, Sensing("s.1", None, "s.2", 50.0), {"drive": 52.0}, {"drive": 2.0},
                      8e-11)
    provenance = {"version": "7.8", "temperature": 301.5, "die": (3, -4), "clock_at_start": 90.0, "commit": "abc",
                  "bench_file": {"text": "x = 1", "name": "b.toml", "sha256": "12ab"}}
    with written(tmp_path / "r", PLAIN, [[0, 1.0, 2.0], [1, 3.0, 4.0]], device=DeviceDescription(
            "D1", "NbO2", "TiN", 1e-14, "a note", limits), fixture=fixture, provenance=provenance) as file:
        entry = file["entry"]
        environment = entry["instrument/environment"]
        assert environment["independent_controllers"].asstr()[()] == "bias_voltage"
        assert environment["measurement_sensors"].asstr()[()] == "point_column noise"
        assert environment["noise/name"].asstr()[()] == "of the bias"
        assert environment["noise/value"][...].tolist() == [2.0, 4.0]
        # without a current the last column is drawn against the first one
        assert (entry["data"].attrs["signal"], list(entry["data"].attrs["axes"])) == ("noise", ["point_column"])
        assert entry["data/noise"][...].tolist() == [2.0, 4.0]
        assert file.attrs["creator_version"] == entry["program_name"].attrs["version"] == "7.8"
        found = entry["extraction_001"]
        assert found.attrs["default"] == "results_000_hold_voltage" and found["sequence_index"][()] == 1
        voltage = found["results_000_hold_voltage"]
        assert voltage["row"][...].tolist() == [0, 2] and voltage["value"][...].tolist() == [0.5, 0.6]
        assert voltage["low"][0] == 0.4 and np.isnan(voltage["low"][1]) and np.isnan(voltage["high"][0])
        assert np.isnan(voltage["random_uncertainty"][0]) and voltage["random_uncertainty"][1] == 0.01
        assert voltage["systematic_uncertainty"][1] == 0.02
        assert voltage["systematic_uncertainty"].attrs["units"] == "V"
        assert "random_uncertainty" not in found["results_001_hold_current"]   # not told apart there
        assert voltage["flags"][...].tolist() == [int(Flag.CENSORED), 0]
        assert voltage["flags"].attrs["flag_meanings"].split()[0] == "compliance"
        assert found["results_001_hold_current/row"][...].tolist() == [1]
        assert entry["sample/temperature"][()] == 301.5 and entry["sample/dut/die"][...].tolist() == [3, -4]
        assert {name: item[()] for name, item in entry["sample/dut/limits"].items()} == {
            "max_voltage": 2.0, "max_current": 1e-3, "max_power": 1e-2, "max_charge": 1e-9, "max_energy": 1e-10}
        assert entry["sample/dut/area"][()] == 1e-14 and entry["sample/dut/notes"].asstr()[()] == "a note"
        assert entry["fixture/bench_file"].attrs["file"] == "b.toml"
        assert entry["fixture/parallel_capacitance"][()] == 8e-11
        assert entry["fixture/path_resistance/drive"][()] == 52.0
        assert entry["fixture/path_resistance/drive"].attrs["units"] == "Ohm"
        assert entry["fixture/sensing/current_resistance"].attrs["units"] == "Ohm"
        assert entry["fixture/sensing/current"].asstr()[()] == "s.2"
        assert set(entry["process/environment"]) == {"version", "commit"}
        assert entry["run/clock_at_start"][()] == 90.0
        assert entry["log/time"].attrs["start"].startswith("2026-11-24T22:58:30")
        assert [entry[f"run/{name}"][()] for name in ("points_planned", "points_acquired", "waveforms_acquired")] == [
            3, 2, 0]


def test_the_amplifier_that_senses_the_current_has_its_units(tmp_path: Path) -> None:
    amplifier = CurrentAmplifier(-1e4, 60.0, 14e6, 1.0, 20e-3)
    sensing = Sensing("s.1", None, "s.2", None, "amplifier", 0.01, "50", 20e-3, amplifier, "low")
    with written(tmp_path / "r", PLAIN, [], fixture=Fixture("R1 a 0 50", sensing=sensing)) as file:
        found = file["entry/fixture/sensing"]
        assert {name: (item[()], item.attrs["units"]) for name, item in found["amplifier"].items()} == {
            "gain": (-1e4, "V/A"), "input_resistance": (60.0, "Ohm"), "bandwidth": (14e6, "Hz"),
            "maximum_output": (1.0, "V"), "maximum_current": (20e-3, "A")}
        assert (found["maximum_current"][()], found["maximum_current"].attrs["units"]) == (20e-3, "A")
        assert (found["current_sensor"].asstr()[()], found["current_tolerance"][()]) == ("amplifier", 0.01)
    assert read_file(tmp_path / "r").header.fixture.sensing == sensing


def test_instruments_settings_and_parameters_keep_units(tmp_path: Path) -> None:
    with written(tmp_path / "r", PLAIN, []) as file:
        meter = file["entry/instrument/source_meter"]
        assert meter["idn"].asstr()[()] == "KEITHLEY,2450,SIM1,1.7" and meter["firmware"].asstr()[()] == "1.7"
        assert meter["fabrication/vendor"].asstr()[()] == "KEITHLEY"
        assert meter["fabrication/serial_number"].asstr()[()] == "SIM1"
        assert meter["roles"].asstr()[...].tolist() == ["drive"] and meter["simulated"][()]
        assert set(meter["settings"]) == {"range"} and meter["settings/range"].attrs["units"] == "A"
        protocol = file["entry/protocol"]
        assert protocol["stop"][()] == 1.5 and protocol["stop"].attrs["units"] == "V"
        assert math.isnan(protocol["range"][()]) and "missing" in protocol["range"].attrs
        assert protocol["levels"][...].tolist() == [0.1, 0.2]
        # nothing was measured: an empty plot that every viewer opens
        assert file["entry/data/value"].shape == (0,) and file["entry/data"].attrs["signal"] == "value"
        assert file["entry/data/title"].asstr()[()].startswith("SIMULATED ")


def test_the_first_waveform_is_drawn_and_its_preview_has_volts(tmp_path: Path) -> None:
    waves = [waveform("source"), waveform("device_current", 70, 0), waveform("source", offset=0.25)]
    with written(tmp_path / "r", PLAIN, [[0, 1, 2]], waves) as file:
        entry = file["entry"]
        assert entry["data"].attrs["signal"] == "source"
        assert entry["data/source"][...] == pytest.approx(waves[0].values()[0], rel=1e-6)
        assert entry["data/time"][...] == pytest.approx(waves[0].times())
        previews = [entry[f"waveforms/{name}"] for name in sorted(entry["waveforms"]) if name.startswith("preview")]
        assert [one.attrs["decimation"] for one in previews] == [1, 1, 1] and previews[1]["signal"].shape == (0,)
        assert previews[2]["signal"][0] == pytest.approx(0.25 - 2048 * 1.25e-3)
        blocks = [entry[f"waveforms/{name}"] for name in sorted(entry["waveforms"]) if name.startswith("block")]
        assert [one["acquisitions/order"][...].tolist() for one in blocks] == [[0], [1], [2]]
        assert [one["signal"].shape for one in blocks] == [(2, 100), (0, 70), (2, 100)]
        assert blocks[2]["signal_offset"][()] == pytest.approx(200.0) and blocks[0]["bandwidth"][()] == 5e8


def test_a_preview_shows_the_lowest_and_highest_of_each_stretch() -> None:
    codes = np.array([0, 5, 1, -7, 2, 3, 9, 4, 6, 8], dtype=np.int16)
    assert _decimated(codes, length=10)[2] == 1
    positions, places, step = _decimated(codes, length=4)   # of five each
    assert step == 5 and codes[positions].tolist() == [-7, 5, 3, 9] and places.tolist() == [0.0, 2.5, 5.0, 7.5]
    positions, _, _ = _decimated(codes, falling=True, length=4)
    assert codes[positions].tolist() == [5, -7, 9, 3]   # the lowest value first
    positions, places, step = _decimated(codes[:9], length=4)   # what is left over at the end is not shown
    assert step == 5 and codes[positions].tolist() == [-7, 5] and places.tolist() == [0.0, 2.5]


def test_which_columns_are_drawn() -> None:
    current, source, device, other = (
        Column("current", "A"), Column("source_voltage", "V"), Column("device_voltage", "V"), Column("voltage", "V"))
    assert plot_columns([source, current]) == (current, source)
    assert plot_columns([source, other, current]) == (current, other)
    assert plot_columns([other, current, device]) == (current, device)
    for none in ([current], [source], [Column("voltage", "A"), current], [Column("current", "V"), source]):
        assert plot_columns(none) is None
    assert [column_name(Column(name, "V")) for name in ("flags", "point", "x")] == ["flags_column", "point_column", "x"]


def test_what_a_run_says_of_its_instruments() -> None:
    one = {"simulated": True}
    for instruments, simulated, words, title in (
            ({"a": one}, True, "SIMULATED DATA: no real device was measured", "SIMULATED "),
            ({}, True, "SIMULATED DATA: no real device was measured", "SIMULATED "),
            ({"a": one, "b": {}}, True, "PARTLY SIMULATED DATA: simulated a; real b", "PARTLY SIMULATED "),
            ({"a": one}, False, "", "")):
        made = header(instruments=instruments, simulated=simulated)
        assert (simulated_in_words(made), loud(made)) == (words, title)
    at = dataclasses.replace(header(), provenance={"clock_at_start": 61.5})
    assert clock_zero(at) == "2026-11-24T22:58:58.500+00:00"
    assert clock_zero(header()) == "" and clock_zero(dataclasses.replace(at, start_time="")) == ""


def test_items_of_any_kind(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "x", "w") as file:
        for name, value in (("n", 2.5), ("t", True), ("w", "words"), ("l", [1, 2.5]), ("m", [1, "a"]), ("e", []),
                            ("d", {"a": 1}), ("n", 3), ("a_offset", 1)):
            items.anything(file, name, value, "V")
        assert items.anything(file, "none", None) is None and "none" not in file
        assert file["n"][()] == 2.5 and file["n"].attrs["units"] == "V" and file["n_2"][()] == 3
        assert file["a_offset_value"][()] == 1 and file["l"][...].tolist() == [1.0, 2.5]
        for name, text in (("m", '[1,"a"]'), ("e", "[]"), ("d", '{"a":1}')):
            assert file[name].asstr()[()] == text and file[name].attrs["type"] == "application/json"
        made = items.empty(file, "big", (7, 5, 200_000), "<i2", "V")
        assert made.chunks == (1, 1, 65536) and made.fletcher32 and made.shuffle and made.compression == "gzip"
        assert items.empty(file, "small", (9, 400, 100), "<i2", "V").chunks == (1, 400, 100)
        assert items.empty(file, "rows", (9, 4000, 100), "<i2", "V").chunks == (1, 655, 100)
        assert items.empty(file, "one", (70_000,), "<i2", "V").chunks == (65536,)
        assert items.empty(file, "none", (0, 5), "<i2", "V").chunks is None


def test_a_message_of_the_library_is_one_line() -> None:
    assert reason(OSError("one\ntwo")) == "one" and reason(ValueError()) == "ValueError"
    assert reason(OSError(199 * "x")) == 199 * "x" and reason(OSError(200 * "x")) == f"{200 * 'x'}…"
    assert reason(OSError("truncated file: eof = 96, sblock->base_addr = 0, stored_eof = 2048")).endswith(
        "at byte 96 of 2048")


def test_extension_codes_of_the_journal_stay() -> None:
    """Journals on disks hold them."""
    assert (codec.ARRAY, codec.RAW_BLOCK) == (1, 2)
    with pytest.raises(UnreadableFile):
        codec.unpack(codec.pack({"a": 1})[:-1])


def test_points_of_a_run_are_synced_with_the_next_after_a_millisecond(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, synced = [100.0], []
    monkeypatch.setattr(disk, "sync_data", lambda descriptor: synced.append(now[0]))
    journal = JournalWriter(tmp_path / "a.tsj", {}, clock=lambda: now[0])
    synced.clear()
    for later, syncs in ((0.5e-3, 0), (0.4e-3, 0), (0.2e-3, 1), (0.9e-3, 1), (0.2e-3, 2)):
        now[0] += later
        journal.point(SimpleNamespace(flags=Flag.NONE, values=(1.0,)))  # type: ignore[arg-type]
        assert len(synced) == syncs, now
    journal.settle()
    assert len(synced) == 2   # nothing is left
    journal.close()
    assert journal.rescue() is None and journal.path.exists()
    fast = JournalWriter(tmp_path / "b.tsj", {}, "process", clock=lambda: now[0])
    synced.clear()
    now[0] += 1.0
    fast.point(SimpleNamespace(flags=Flag.NONE, values=(1.0,)))  # type: ignore[arg-type]
    assert synced == []
    fast.close()


def test_a_torn_record_that_cannot_be_cut_off_ends_the_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = JournalWriter(tmp_path / "a.tsj", {})

    def full(descriptor: int, data: bytes) -> None:
        raise OSError(errno.ENOSPC, "full")

    def stuck(descriptor: int, end: int) -> None:
        raise OSError(errno.EIO, "no")

    with monkeypatch.context() as patched:
        patched.setattr(disk, "write_all", full)
        with pytest.raises(StorageError, match="the disk is full"):
            journal.event(RunEvent("log", "x"))
        journal_goes_on = not journal._failed
        patched.setattr("os.ftruncate", stuck)
        with pytest.raises(StorageError, match="the disk is full"):
            journal.event(RunEvent("log", "x"))
    assert journal_goes_on   # once the disk has room again
    with pytest.raises(StorageError, match="closed after a failed write"):
        journal.event(RunEvent("log", "x"))
    journal.close()


@pytest.mark.parametrize("flags", [1, None, 1 << 40, Flag(1 << 40)])
def test_flags_are_those_that_every_reader_knows(flags: Any) -> None:
    record_data.require_storable(Point((1.0,), Flag.COMPLIANCE | Flag.AMBIGUOUS))
    with pytest.raises(ValueError, match=r"is not a tsbench\.records\.Flag"):
        record_data.require_storable(Point((1.0,), flags))


def test_a_sidecar_is_for_people_too(tmp_path: Path) -> None:
    run = tmp_path / "r.nxs"
    run.write_bytes(b"a run")
    text = sidecar.append_extraction(run, []).read_text("utf-8")
    assert text.startswith('{\n "') and json.loads(text)["results"] == []


def test_a_listener_is_told_the_number_of_each_item_of_its_kind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a run needs is three times what its plan says, and 16 MiB for all else."""
    told: list[tuple[str, int]] = []
    free = [3 * 1000 + 16 * 2**20 - 1]
    monkeypatch.setattr(disk, "free_bytes", lambda directory: free[0])
    with pytest.raises(StorageError, match=r"this run needs 16\.8 MB"):
        RunRecorder(tmp_path, header(columns=PLAIN), planned_bytes=1000)
    free[0] += 1
    with RunRecorder(tmp_path, header(columns=PLAIN), planned_bytes=1000,
                     listener=lambda kind, index, item, crc: told.append((kind, index))) as recorder:
        for _ in range(2):
            recorder.point(Point((0.0, 1.0, 2.0)))
            recorder.waveform(waveform())
            recorder.event(RunEvent("log", "x"))
        with pytest.raises(ValueError, match="2 values, but the run has 3 columns"):
            recorder.point(Point((0.0, 1.0)))
        assert recorder.size() == recorder.path.stat().st_size > 0
        assert unfinished(tmp_path, tmp_path / "another") == []   # it goes on
    assert told == [(kind, number) for number in (0, 1) for kind in ("point", "waveform", "event")]
    assert unfinished(tmp_path, tmp_path / "another") == [recorder.path] and unfinished(tmp_path, recorder.path) == []


@pytest.mark.parametrize(("number", "held"), [(5, True), (32, True), (33, True), (2, False), (None, False)])
def test_a_file_that_another_program_holds_is_tried_again_for_three_seconds(
    monkeypatch: pytest.MonkeyPatch, number: int | None, held: bool
) -> None:
    """On Windows, by its error numbers: access denied, a sharing and a lock violation."""
    slept: list[float] = []
    tries: list[int] = []
    monkeypatch.setattr(disk.time, "sleep", slept.append)

    def act(until: int = 99) -> None:
        tries.append(1)
        if len(tries) < until:
            error = PermissionError("held")
            error.winerror = number  # type: ignore[attr-defined]
            raise error

    with pytest.raises(PermissionError):
        disk._while_held(act)
    assert len(tries) == (9 if held else 1) and sum(slept) == pytest.approx(3.18 if held else 0.0)
    if held:
        tries.clear()
        disk._while_held(lambda: act(3))
        assert len(tries) == 3


def test_a_file_that_is_not_there_is_removed_only_where_that_is_said(tmp_path: Path) -> None:
    disk.remove(tmp_path / "none", missing_ok=True)
    with pytest.raises(FileNotFoundError):
        disk.remove(tmp_path / "none")
    (tmp_path / "a").write_bytes(b"x")
    disk.replace(tmp_path / "a", tmp_path / "b")
    disk.remove(tmp_path / "b")
    assert list(tmp_path.iterdir()) == []
