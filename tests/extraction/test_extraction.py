"""Runs to results: what the extraction takes from points, waveforms and the header."""

from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from tsbench.errors import ConfigurationError, TsbenchError
from tsbench.extraction import ExtractionOptions, draw_figures, extract
from tsbench.protocols import IVSweep
from tsbench.protocols.extracting.facts import sweep_facts, timebase_accuracy
from tsbench.protocols.extracting.signals import device_records
from tsbench.records import Column, DeviceDescription, Fixture, Flag, Run, RunHeader, Sensing, Waveform

SWEEP = (
    "index",
    "time",
    "cycle",
    "direction",
    "polarity",
    "set_point",
    "voltage",
    "current",
    "device_voltage",
)
ACCURACY = {
    "measure_current:0.001": {"full_scale": 1e-3, "gain": 2e-4, "offset": 6e-8, "noise": 5e-9},
    "measure_current:0.01": {"full_scale": 1e-2, "gain": 2e-4, "offset": 6e-7, "noise": 5e-8},
    "measure_voltage:2": {"full_scale": 2.0, "gain": 1.2e-4, "offset": 3e-4, "noise": 1e-5},
    "source_voltage:2": {"full_scale": 2.0, "gain": 2e-4, "offset": 3e-4, "noise": 1e-5},
    "source_voltage:20": {"full_scale": 20.0, "gain": 2e-4, "offset": 2e-3, "noise": 1e-4},
}


def header(protocol: str, columns: tuple[str, ...], parameters: dict | None = None) -> RunHeader:
    return RunHeader(
        run_id="r1",
        protocol=protocol,
        parameters=parameters or {},
        columns=tuple(Column(name, "") for name in columns),
        device=DeviceDescription("D1"),
        fixture=Fixture(
            "", sensing=Sensing("scope.1", "scope.2", "scope.2", 50.0), path_resistance={"drive": 52.0}
        ),
        instruments={
            "meter": {
                "roles": ["drive"],
                "accuracy": ACCURACY,
                "settings": {"measure_range": 1e-3, "source_range": 2.0},
            },
            "scope": {"roles": ["scope"], "accuracy": {"timebase": {"relative": 1.6e-6}}},
        },
        simulated=False,
        start_time="2030-01-01T00:00:00+00:00",
    )


def run(
    protocol: str, columns: tuple[str, ...], points=None, waveforms=(), parameters=None, flags=None
) -> Run:
    points = np.empty((0, len(columns))) if points is None else np.asarray(points, dtype=np.float64)
    flags = np.zeros(len(points), np.uint32) if flags is None else flags
    return Run(header(protocol, columns, parameters), points, flags, tuple(waveforms), (), "success")


def sweep(threshold: float = 1.0, hold: float = 0.5, resistor: bool = False, **more) -> Run:
    up = np.arange(0, 1.3, 0.004)
    points, on = [], False
    for k, (level, direction) in enumerate([(v, 1) for v in up] + [(v, -1) for v in up[::-1]]):
        device = level / (1 + 52 * 5e-5)
        on = not resistor and (device >= threshold if not on else level / (1 + 52e-3) > hold)
        current = min(level / (52 + 1 / 1e-3), 1e-3) if on else device * 5e-5
        device = current / 1e-3 if on else device
        points.append((k, 0.02 * k, 1, direction, 1, level, device + 52 * current, current, device))
    return run("iv_sweep", SWEEP, points, **more)


def waveform(
    channel: str, values: np.ndarray, full: float, dt: float, conditions: dict, t0: float = 0.0, **more
) -> Waveform:
    scale = full / 256
    codes = np.clip(np.round(np.atleast_2d(values) / scale) + 20, 0, 255).astype(np.uint8)
    return Waveform(
        channel,
        "V",
        codes,
        scale,
        -20 * scale,
        t0,
        dt,
        1e-3 * np.arange(len(codes)),
        0,
        255,
        conditions=conditions,
        **more,
    )


def pulses(fires: bool = True, amplitude: float = 1.2) -> list[Waveform]:
    time = np.arange(-100e-9, 600e-9, 0.5e-9)
    edge = np.clip((time + 2.5e-9) / 5e-9, 0, 1) - np.clip((time - 500e-9) / 5e-9, 0, 1)
    state = 1 / (1 + np.exp(-np.clip((time - 60e-9) / 2e-9, -50, 50))) * fires
    current = edge * (5e-5 + 1.5e-3 * state)
    high = edge * amplitude * (1 - 0.1 * state) + 50 * current
    stack = [high] * 3, [50 * current] * 3
    conditions = {"amplitude": amplitude, "pulse_width": 5e-7}
    return [
        waveform("device_voltage_high", np.array(stack[0]), 2.0, 0.5e-9, conditions, -100e-9),
        waveform("device_voltage_low", np.array(stack[1]), 0.15, 0.5e-9, conditions, -100e-9),
    ]


def sawtooth(bias: float, frequency: float) -> list[Waveform]:
    time = 1e-8 * np.arange(4000)
    voltage = 0.4 + 0.6 * ((time * frequency) % 1.0) if frequency else np.full(time.size, 0.7)
    return [
        waveform("device_voltage_high", voltage, 1.2, 1e-8, {"bias": bias}, time=bias),
        waveform("device_voltage_low", 0 * voltage, 0.1, 1e-8, {"bias": bias}, time=bias),
    ]


def test_a_sweep_gives_threshold_and_hold():
    results = {result.quantity: result for result in extract(sweep())}
    assert results["threshold_voltage"].low <= 1.0 <= results["threshold_voltage"].high
    assert results["hold_voltage"].low <= 0.5 <= results["hold_voltage"].high
    assert results["threshold_voltage"].conditions == {"cycle": 1, "polarity": "+"}
    assert results["threshold_voltage"].unit == "V"


def test_systematic_parts_come_from_the_ranges_in_use():
    facts = sweep_facts(sweep(), ExtractionOptions())
    assert facts.voltage_gain == 2e-4
    assert facts.voltage_offset == 3e-4
    assert facts.current_noise == 5e-9
    assert facts.path_resistance == 52.0
    assert timebase_accuracy(sweep().header) == 1.6e-6


def test_a_resistor_and_an_empty_run_give_no_event_or_nothing():
    for result in extract(sweep(resistor=True)):
        assert result.value is None
        assert Flag.NO_EVENT in result.flags
    assert extract(run("iv_sweep", SWEEP)) == ()


def test_a_run_of_a_protocol_that_is_not_installed_is_refused():
    measured = run("something_else", ("index",))
    for ask in (extract, lambda run: draw_figures(run, Path())):
        with pytest.raises(ConfigurationError, match=r"run r1: protocol 'something_else' is not installed"):
            ask(measured)


def test_an_extraction_that_fails_is_one_line():
    class Broken(IVSweep):
        name: ClassVar[str] = "broken"

        @classmethod
        def extract(cls, run, options):
            yield from ()
            raise KeyError("no such\ncolumn")

    with pytest.raises(TsbenchError, match=r"^run r1: extraction of protocol 'broken' failed: KeyError: .*column'$"):
        extract(run("broken", ("index",)), protocol=Broken)


def test_a_subclass_under_another_name_has_the_results_of_its_base():
    class Mine(IVSweep):
        name: ClassVar[str] = "mine"

    measured = sweep()
    mine = replace(measured, header=replace(measured.header, protocol="mine"))
    assert extract(mine, protocol=Mine) == extract(measured) != ()


def test_flags_of_the_readings_reach_the_results():
    measured = sweep()
    flagged = Run(
        measured.header,
        measured.points,
        np.full(len(measured.points), int(Flag.OSCILLATING), np.uint32),
        (),
        (),
        "success",
    )
    assert all(
        Flag.OSCILLATING in result.flags for result in extract(flagged) if result.quantity.endswith("voltage")
    )


def test_pulses_give_delays_their_mean_and_the_probability():
    results = extract(
        run("pulse_train", ("index",), waveforms=[*pulses(), *pulses(fires=False, amplitude=0.8)])
    )
    single = [result for result in results if result.quantity == "switching_delay"]
    assert [result.conditions["pulse"] for result in single] == [0, 1, 2, 0, 1, 2]
    assert single[0].low <= 60e-9 - 50 * 20e-12 <= single[0].high  # the sense resistor's delay taken off
    assert all(result.value is None and Flag.NO_EVENT in result.flags for result in single[3:])
    (mean, none) = [result for result in results if result.quantity == "switching_delay_mean"]
    assert mean.value == pytest.approx(59e-9, rel=0.02)
    assert none.value is None
    assert [result.value for result in results if result.quantity == "switching_probability"] == [1.0, 0.0]


@pytest.mark.parametrize("capacitor", ["C_low low 0 100p", "C_low 0 LOW 100p"])
def test_capacitance_across_the_sense_resistor_comes_from_the_netlist(capacitor):
    plain = run("pulse_train", ("amplitude",), np.array([[1.2]]), waveforms=pulses())
    fixture = replace(
        plain.header.fixture, netlist=f"R1 dut low 1k\nR_shunt low 0 50\n{capacitor}\nXDUT dut low device\n",
        terminals={**plain.header.fixture.terminals, plain.header.fixture.sensing.current: "low"},
    )
    wired = replace(plain, header=replace(plain.header, fixture=fixture))
    one, other = (
        next(result for result in extract(each) if result.quantity == "switching_delay") for each in (plain, wired)
    )
    assert one.value - other.value == pytest.approx(50 * 100e-12, rel=1e-6)
    assert other.high - other.low > one.high - one.low


def test_device_voltage_is_the_difference_and_current_the_low_side():
    (record,) = device_records(run("pulse_train", ("index",), waveforms=pulses()))
    assert record.voltage.shape == (3, 1400)
    assert record.voltage[0].max() == pytest.approx(1.2, abs=0.02)
    assert record.current[0].max() == pytest.approx(1.55e-3, rel=0.02)
    assert record.clipped == (False, False, False)


def test_clipped_segments_are_said_one_by_one():
    high, low = pulses()
    high.codes[1, 700] = 255
    single = [
        result
        for result in extract(run("pulse_train", ("index",), waveforms=[high, low]))
        if "pulse" in result.conditions
    ]
    assert [Flag.CLIPPED in result.flags for result in single] == [False, True, False]


def test_oscillations_give_a_frequency_per_bias():
    waveforms = [*sawtooth(1.0, 0.0), *sawtooth(2.0, 1.1e6), *sawtooth(3.0, 2.3e6)]
    results = [
        result
        for result in extract(run("oscillation", ("index",), waveforms=waveforms))
        if result.quantity == "frequency"
    ]
    assert [result.conditions["bias"] for result in results] == [1.0, 2.0, 3.0]
    assert results[0].value is None
    assert Flag.NO_EVENT in results[0].flags
    assert results[1].value == pytest.approx(1.1e6, rel=1e-3)
    assert results[2].value == pytest.approx(2.3e6, rel=1e-3)


@pytest.mark.parametrize(
    ("protocol", "measured", "names"),
    [
        ("iv_sweep", sweep(), ["r1_iv.png"]),
        ("iv_sweep", sweep(resistor=True), ["r1_iv.png"]),
        (
            "pulse_train",
            run("pulse_train", ("index",), waveforms=[*pulses(), *pulses(False, 0.8)]),
            ["r1_pulse_1.png", "r1_pulse_2.png"],
        ),
        (
            "oscillation",
            run("oscillation", ("index",), waveforms=[*sawtooth(1.0, 0.0), *sawtooth(2.0, 1.1e6)]),
            ["r1_bias_1.png", "r1_bias_2.png", "r1_frequency.png"],
        ),
    ],
)
def test_figures_are_drawn(tmp_path, protocol, measured, names):
    paths = draw_figures(measured, tmp_path)
    assert [path.name for path in paths] == names
    assert all(path.read_bytes().startswith(b"\x89PNG") and path.stat().st_size > 10_000 for path in paths)


def test_a_train_of_which_the_scope_saw_nothing_gives_a_row_that_says_so():
    columns = ("index", "time", "amplitude", "width", "gap")
    points = [(k, 5e-5 * k, amplitude, 1e-6, 0.0) for amplitude in (1.1, 1.3) for k in range(3)]
    flags = np.full(6, int(Flag.TRIGGER_MISSED), np.uint32)
    rows = extract(run("pulse_train", columns, points, flags=flags))
    assert [row.conditions["amplitude"] for row in rows] == [1.1, 1.3]
    assert all(row.value is None and Flag.TRIGGER_MISSED in row.flags and Flag.NO_EVENT in row.flags for row in rows)


def test_channels_of_two_acquisitions_are_not_one_record():
    high, low = pulses()
    later = replace(low, time=high.time + 1.0)
    assert len(list(device_records(run("pulse_train", ("index",), waveforms=[high, low])))) == 1
    assert len(list(device_records(run("pulse_train", ("index",), waveforms=[high, later])))) == 2
