"""A run through journal and run file comes back as it went in."""

import dataclasses
import math
from pathlib import Path

import numpy as np

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
from tsbench.storage import codec, read_foreign, read_run, validate
from tsbench.storage.recorder import RunRecorder
from tsbench.storage.run_id import new_run_id

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
    Result("threshold_voltage", "V", 1.02, 1.01, 1.03, "step", {"cycle": 0, "polarity": "+"}),
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
    return codec.run_digest(one) == codec.run_digest(other)


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
