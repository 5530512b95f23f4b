"""Runs to results: what the extraction takes from points, waveforms and the header."""

from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from tests.fixtures.made_runs import SWEEP, pulses, run, sawtooth, sweep
from tsbench.errors import ConfigurationError, TsbenchError
from tsbench.extraction import draw_figures, extract
from tsbench.protocols import IVSweep
from tsbench.records import Flag, Run


def test_a_sweep_gives_threshold_and_hold():
    results = {result.quantity: result for result in extract(sweep())}
    assert results["threshold_voltage"].low <= 1.0 <= results["threshold_voltage"].high
    assert results["hold_voltage"].low <= 0.5 <= results["hold_voltage"].high
    assert results["threshold_voltage"].conditions == {"cycle": 1, "polarity": "+"}
    assert results["threshold_voltage"].unit == "V"


def test_a_resistor_and_an_empty_run_give_no_event_or_nothing():
    for result in extract(sweep(resistor=True)):
        known = result.quantity == "off_resistance"   # also of a device that does not switch
        assert (result.value is not None) is known
        assert (Flag.NO_EVENT in result.flags) is not known
    (empty,) = extract(run("iv_sweep", SWEEP))
    assert (empty.quantity, empty.value, empty.flags) == ("threshold_voltage", None, Flag.NO_EVENT | Flag.TOO_FEW)


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

    line = Broken.extract.__func__.__code__.co_firstlineno + 3
    with pytest.raises(TsbenchError, match=r"^run r1: the extraction of protocol 'broken' failed \(KeyError: "
                                           rf"'no such column' \(test_extraction.py, line {line}\)\)$"):
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


@pytest.mark.thin(4)
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
            ["r1_bias_1.png", "r1_bias_2.png", "r1_load_line.png", "r1_frequency.png"],
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




def test_the_slope_of_a_frequency_curve_contains_the_gain_of_the_source() -> None:
    waves = [wave for bias in (1.0, 1.5, 2.0, 2.5) for wave in sawtooth(bias, 1e6 * bias)]
    measured = run("oscillation", ("index",), waveforms=waves)
    widths = []
    for gain in (0.0, 0.05):
        source = {"roles": ["bias"], "accuracy": {"level": {"gain": gain, "offset": 0.01}}}
        known = replace(measured, header=replace(
            measured.header, instruments={**measured.header.instruments, "generator": source}))
        slope = {result.quantity: result for result in extract(known)}["frequency_slope"]
        widths.append((slope.high - slope.low) / slope.value)
    assert widths[1] > 2 * 0.05 > 10 * widths[0]
