"""A run through journal and run file comes back as it went in."""

import dataclasses
import datetime
import math
import os
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tsbench.errors import ConfigurationError, StorageError, UnreadableFile
from tsbench.records import (
    Column,
    DeviceDescription,
    DeviceLimits,
    Fixture,
    Flag,
    Point,
    Result,
    Run,
    RunEvent,
    RunHeader,
    Sensing,
    Waveform,
)
from tsbench.storage import (
    append_extraction,
    codec,
    extractions,
    read_extraction,
    read_foreign,
    read_run,
    record_data,
    recover,
    validate,
)
from tsbench.storage.recorder import RunRecorder
from tsbench.storage.run_id import file_part, new_run_id, parts_of

COLUMNS = (
    Column("time", "s"),
    Column("source_voltage", "V"),
    Column("voltage", "V", "at the device"),
    Column("current", "A"),
)


def header(**changes: object) -> RunHeader:
    base = RunHeader(
        run_id=new_run_id("iv_sweep", "D1"),
        protocol="iv_sweep",
        parameters={
            "stop": {"value": 1.5, "unit": "V"},
            "cycles": {"value": 2, "unit": ""},
            "levels": {"value": [0.1, 0.2], "unit": "V"},
            "load": {"value": math.inf, "unit": "Ohm"},
            "mode": {"value": "voltage", "unit": ""},
            "range": {"value": None, "unit": "A"},
        },
        columns=COLUMNS,
        device=DeviceDescription("D1", "NbO2", "TiN/NbO2/TiN", 1e-14, "µ", DeviceLimits(max_voltage=4.0)),
        fixture=Fixture(
            "R1 a b 50\nXDUT b 0 device", {"source_meter": "a"}, Sensing("scope.1", None, "scope.2", 50.0)
        ),
        instruments={
            "source_meter": {
                "driver": "keithley_2450",
                "model": "2450",
                "manufacturer": "KEITHLEY",
                "serial": "SIM1",
                "firmware": "1.7",
                "resource": "USB0::1",
                "visa_library": "",
                "roles": ["drive"],
                "simulated": True,
                "settings": {"range": 1e-3, "range_unit": "A"},
                "accuracy": [1, 2],
            }
        },
        simulated=True,
        start_time="2026-11-24T23:00:00.000+00:00",
        planned_points=3,
        provenance={"version": "0.1.0", "git": None},
    )
    return dataclasses.replace(base, **changes)


def waveform(
    channel: str = "device_voltage_high", samples: int = 100, segments: int = 2, **changes: object
) -> Waveform:
    codes = (np.arange(segments * samples).reshape(segments, samples) % 4096 - 2048).astype(np.int16)
    base = Waveform(
        channel,
        "V",
        codes,
        scale=1.25e-3,
        offset=0.125,
        t0=-1e-6,
        dt=1e-9,
        segment_times=np.arange(segments) * 1e-3,
        clip_low=-2048,
        clip_high=2047,
        bandwidth=5e8,
        conditions={"bias": 2.0, "pulse": 3},
        time=1.5,
    )
    return dataclasses.replace(base, **changes)


RESULTS = (
    Result("threshold_voltage", "V", 1.02, 1.01, 1.03, "step", {"cycle": 0, "polarity": "+"},
           random_uncertainty=2e-3, systematic_uncertainty=4e-3),
    Result("hold_voltage", "V", 0.88, 0.87, None, "step", {"cycle": 0, "polarity": "+"}, Flag.CENSORED),
    Result("threshold_voltage", "V", None, None, None, "step", {"cycle": 1, "polarity": "+"}, Flag.NO_EVENT),
)


def record(directory: Path, finish: bool = True, **changes: object) -> Path:
    with RunRecorder(directory, header(**changes)) as recorder:
        recorder.event(RunEvent("state", "running", 0.0))
        for step in range(3):
            recorder.point(Point((step * 0.1, 0.5 * step, 0.49 * step, 1e-6 * step), Flag.COMPLIANCE))
        recorder.waveform(waveform())
        recorder.waveform(waveform("device_current", 70))
        recorder.waveform(waveform(t0=-1.1e-6, conditions={"bias": 2.5, "pulse": 4}))
        recorder.event(RunEvent("log", "naïve \0 text", 2.0, {"x": [1, 2.5, None], "inf": math.inf}))
        if not finish:
            return recorder.path
        recorder.end("success")
        return recorder.finish("success", "", RESULTS)


def same(one: Run, other: Run) -> bool:
    return record_data.run_digest(one) == record_data.run_digest(other)


@pytest.mark.thorough
def test_round_trip(tmp_path: Path) -> None:
    path = record(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    run = read_run(path)
    assert run.status == "success" and len(run.points) == 3 and len(run.waveforms) == 3
    assert run.header == dataclasses.replace(header(run_id=run.header.run_id))
    assert run.results == RESULTS
    assert run.waveforms[0].channel == "device_voltage_high" and run.waveforms[2].conditions == {
        "bias": 2.5,
        "pulse": 4,
    }
    np.testing.assert_array_equal(run.waveforms[1].codes, waveform("device_current", 70).codes)
    np.testing.assert_array_equal(run.column("current"), [0, 1e-6, 2e-6])
    assert run.point_flags.tolist() == [1, 1, 1]
    assert run.events[1].data == {"x": [1, 2.5, None], "inf": math.inf}
    assert validate(path) == []
    assert same(read_foreign(path), run)


def test_viewers_find_current_against_voltage_in_values(tmp_path: Path) -> None:
    with h5py.File(record(tmp_path)) as file:
        place = file[file.attrs["default"]]
        plot = place[place.attrs["default"]]
        assert plot.attrs["NX_class"] == "NXdata"
        assert (plot.attrs["signal"], list(plot.attrs["axes"])) == ("current", ["voltage"])
        assert plot["current"].dtype == np.float64 and plot["current"].attrs["units"] == "A"


def test_a_simulated_run_says_so_loudly(tmp_path: Path) -> None:
    with h5py.File(record(tmp_path)) as file:
        assert "SIMULATED" in file.attrs and file.attrs["simulated"] and file["entry"].attrs["simulated"]
        assert file["entry/title"].asstr()[()].startswith("SIMULATED")
    with h5py.File(record(tmp_path, simulated=False)) as file:
        assert "SIMULATED" not in file.attrs and not file["entry/run/simulated"][()]


def test_both_scale_formulas_give_the_same_values(tmp_path: Path) -> None:
    with h5py.File(record(tmp_path)) as file:
        block = file["entry/waveforms/block_000"]
        codes = block["signal"][...].astype(float)
        cf = codes * block["signal"].attrs["scale_factor"] + block["signal"].attrs["add_offset"]
        nexus = (codes + block["signal_offset"][()]) * block["signal_scaling_factor"][()]
        np.testing.assert_allclose(cf, nexus, rtol=1e-12)
        assert block["signal"].dtype == np.int16 and block["signal"].fletcher32
        np.testing.assert_allclose(cf[:2], waveform().values())


def test_a_change_of_range_rate_or_length_makes_a_new_block(tmp_path: Path) -> None:
    changes = ({}, {"t0": 1e-6}, {"scale": 2e-3}, {"dt": 2e-9}, {"samples": 50}, {"channel": "source"}, {})
    with RunRecorder(tmp_path, header()) as recorder:
        for change in changes:
            recorder.waveform(waveform(**change))
        path = recorder.finish("success")
    with h5py.File(path) as file:
        assert sum(name.startswith("block_") for name in file["entry/waveforms"]) == 5
    back = read_run(path).waveforms
    assert [(w.channel, w.scale, w.dt, w.t0, w.codes.shape[1]) for w in back] == [
        (w.channel, w.scale, w.dt, w.t0, w.codes.shape[1]) for w in (waveform(**change) for change in changes)
    ]


@pytest.mark.thorough
def test_blocks_above_a_megabyte_go_through_the_raw_file(tmp_path: Path) -> None:
    large = waveform(samples=300_000)
    with RunRecorder(tmp_path, header(planned_points=0)) as recorder:
        recorder.waveform(large)
        recorder.waveform(waveform())
        recorder.waveform(large)
        raw = recorder.path.with_suffix(".raw")
        assert raw.stat().st_size == 2 * large.codes.nbytes
        assert recorder.path.stat().st_size < 20_000
        path = recorder.finish("success")
    assert not raw.exists()
    back = read_run(path)
    np.testing.assert_array_equal(back.waveforms[0].codes, large.codes)
    np.testing.assert_array_equal(back.waveforms[1].codes, waveform().codes)
    assert validate(path) == []


def test_a_run_of_nothing_is_a_valid_file(tmp_path: Path) -> None:
    with RunRecorder(tmp_path, header()) as recorder:
        path = recorder.finish("fail", "the bench was dark")
    run = read_run(path)
    assert (run.status, run.reason, run.points.shape) == ("fail", "the bench was dark", (0, 4))
    assert validate(path) == []


finite = st.floats(allow_nan=False)
names = st.text(min_size=1, max_size=8)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=5,
)


@st.composite
def waveforms(draw: st.DrawFn) -> Waveform:
    kind = draw(st.sampled_from([np.int8, np.uint8, np.int16]))
    segments, samples = draw(st.integers(0, 3)), draw(st.integers(0, 5))
    info = np.iinfo(kind)
    flat = draw(
        st.lists(st.integers(info.min, info.max), min_size=segments * samples, max_size=segments * samples)
    )
    return Waveform(
        channel=draw(st.sampled_from(["a", "b", "naïve"])),
        unit="V",
        codes=np.array(flat, kind).reshape(segments, samples),
        scale=draw(st.sampled_from([1e-3, 0.25])),
        offset=draw(st.floats(-1, 1)),
        t0=draw(st.floats(-1, 1)),
        dt=1e-9,
        segment_times=np.array(draw(st.lists(finite, min_size=segments, max_size=segments)), dtype=float),
        clip_low=draw(st.none() | st.integers(-128, 0)),
        clip_high=None,
        bandwidth=draw(st.none() | st.just(1e8)),
        conditions=draw(st.dictionaries(names, st.floats(allow_nan=False) | st.integers(0, 9), max_size=2)),
        time=draw(finite),
        flags=Flag(draw(st.integers(0, 4095))),
    )


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    rows=st.lists(st.tuples(*[st.floats(allow_nan=True)] * 4, st.integers(0, 4095)), max_size=5),
    waves=st.lists(waveforms(), max_size=4),
    data=st.dictionaries(names, values, max_size=3),
    message=st.text(max_size=20),
    numbers=st.lists(st.none() | finite, max_size=4),
)
def test_whatever_was_recorded_comes_back(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[float, ...]],
    waves: list[Waveform],
    data: dict[str, object],
    message: str,
    numbers: list[float | None],
) -> None:
    results = [Result("threshold_voltage", "V", n, n, None, message, {"data": data}) for n in numbers]
    with RunRecorder(tmp_path_factory.mktemp("run"), header(), durability="process") as recorder:
        for *row, flags in rows:
            recorder.point(Point(tuple(row), Flag(flags)))
        for wave in waves:
            recorder.waveform(wave)
        recorder.event(RunEvent("log", message, 1.0, data))
        before = recorder.snapshot()
        path = recorder.finish("success", message, results)
    run = read_run(path)
    assert len(run.points) == len(rows) and len(run.results) == len(results)
    np.testing.assert_array_equal(run.points, np.array([row[:4] for row in rows], dtype=float).reshape(-1, 4))
    for one, other in zip(run.waveforms, waves, strict=True):
        assert one.codes.dtype == other.codes.dtype
        np.testing.assert_array_equal(one.codes, other.codes)
        assert (one.scale, one.offset, one.t0, one.flags) == (
            other.scale,
            other.offset,
            other.t0,
            other.flags,
        )
    as_before = dataclasses.replace(run, status="running", reason="", end_time="", results=())
    assert same(as_before, before)


def test_json_keeps_every_float() -> None:
    value = {"a": [math.inf, -math.inf, 1e-300, 0.1 + 0.2], "b": None, "c": "µ"}
    assert codec.from_json(codec.to_json(value)) == value
    assert math.isnan(codec.from_json(codec.to_json(math.nan)))


@pytest.mark.parametrize(
    "name", ["../evil", "a\\b", "", "a/../b", "con:1", "x\n", "/abs", ".hidden", "a" * 100]
)
def test_unsafe_device_names_are_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match="device name"):
        new_run_id("iv_sweep", name)


def test_run_identifiers_sort_by_time() -> None:
    first = datetime.datetime(2026, 1, 2, 3, 4, 5, 6000, datetime.UTC)
    one = new_run_id("pulse_train", "W3/D12", first)
    other = new_run_id("iv_sweep", "D1", first + datetime.timedelta(milliseconds=1))
    assert one < other and one.startswith("20260102T030405006Z-pulse_train-W3-D12-")


@pytest.mark.parametrize("device", ["D1", "W3/D12", "my device", "a-b-3fa9c1"])
def test_the_parts_of_a_run_identifier(device: str) -> None:
    moment = datetime.datetime(2026, 11, 24, 23, 17, 21, 123_000, datetime.UTC)
    name = f"iv_sweep-{file_part(device)}"
    assert parts_of(new_run_id("iv_sweep", device, moment)) == (moment, name)
    for other in ("20260231T231721123Z-iv_sweep-D1-3fa9c1", "20261124T231721123Z-iv_sweep-D1", "notes-3fa9c1", ""):
        assert parts_of(other) is None, other


def test_a_run_identifier_cannot_leave_its_directory(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="run identifier"):
        RunRecorder(tmp_path, header(run_id="../x"))


def test_importing_storage_costs_no_hdf5() -> None:
    code = "import sys, tsbench.storage; sys.exit('h5py' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_later_extractions_go_beside_the_file(tmp_path: Path) -> None:
    path = record(tmp_path)
    content = path.read_bytes()
    first, second = append_extraction(path, RESULTS), append_extraction(path, RESULTS[:1], {"rule": "jump"})
    assert [p.name for p in extractions(path)] == [first.name, second.name]
    assert first.name == f"{path.stem}.extraction-002.json"
    assert read_extraction(first) == RESULTS and path.read_bytes() == content
    path.write_bytes(content + b"x")
    with pytest.raises(UnreadableFile, match="made from another version of"):
        read_extraction(first)
    second.write_text("[1]")
    with pytest.raises(UnreadableFile, match="not an extraction"):
        read_extraction(second)


def test_a_second_writer_and_recover_leave_a_running_run_alone(tmp_path: Path) -> None:
    with RunRecorder(tmp_path, header()) as recorder:
        recorder.point(Point((0.0, 1.0, 1.0, 1e-6)))
        with pytest.raises(StorageError, match=f"being written by process {os.getpid()}"):
            RunRecorder(tmp_path, recorder.header)
        told: list[str] = []
        assert recover(tmp_path, told.append) == [] and "being written" in told[0]
        assert read_run(recorder.path).status == "running"
        recorder.point(Point((0.0, 1.0, 1.0, 1e-6)))
        assert len(read_run(recorder.finish("success")).points) == 2


def test_without_current_and_voltage_columns_the_first_waveform_is_what_viewers_show(tmp_path: Path) -> None:
    columns = (Column("index", ""), Column("flags", "V", "two names that are taken"))
    with RunRecorder(tmp_path, header(columns=columns)) as recorder:
        for number in range(3):
            recorder.point(Point((float(number), 1.0)))
        recorder.waveform(waveform(samples=10_000))
        path = recorder.finish("success")
    with h5py.File(path) as file:
        plot = file["entry/data"]
        signal, (axis,) = plot.attrs["signal"], plot.attrs["axes"]
        assert (signal, axis) == ("device_voltage_high", "time")
        values = waveform(samples=10_000).values()[0]
        assert plot[signal].dtype == np.float32 and len(plot[signal]) <= 4000
        assert plot[signal][...].max() == np.float32(values.max())
        assert plot[signal].attrs["units"] == "V" and plot[axis].attrs["units"] == "s"
    assert read_run(path).column("index").tolist() == [0.0, 1.0, 2.0] and validate(path) == []
