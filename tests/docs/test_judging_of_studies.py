"""What benchmarks.study notices: numbers that are all doubted, bounds, copies, verdicts that are not decided."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from benchmarks.report import INFORMATION, Line
from benchmarks.study import oscillating, picture
from benchmarks.study.materials import MATERIALS
from benchmarks.study.page import judged, tables
from benchmarks.study.rows import Count, Row
from tsbench.records import Flag


def number(truth: float | None = 1.0, low: float | None = 0.9, high: float | None = 1.1, flags: Flag = Flag.NONE,
           **more: Any) -> Row:
    value = None if low is None or high is None else 0.5 * (low + high)
    return Row(**{"step": "delay", "quantity": "switching_delay_mean", "conditions": {}, "unit": "s", "value": value,
                  "low": low, "high": high, "truth": truth, "flags": flags, **more})


def verdict(value: float | None, truth: float | None = 1.0) -> Row:
    return Row("neuron", "refractory", {}, "", value, None, None, truth)


def named(rows: list[Row | Count], **exceptions: tuple[float, str]) -> dict[str, Line]:
    return {line.figure: line for line in judged(rows, exceptions)}


ENOUGH = "delay: numbers, with an interval and without a flag of doubt"


def test_good_numbers_pass() -> None:
    rows = [number() for _ in range(9)] + [number(5.0, flags=Flag.AMBIGUOUS)]
    found = named([*rows, *[verdict(1.0)] * 3, Count("I-V sweeps", "single hold voltages", 95, 98, 1, 1, 1)])
    assert all(line.passed for line in found.values())
    assert found[ENOUGH].measured == "9 of 10"


def test_a_step_whose_numbers_are_all_doubted_does_not_pass() -> None:
    found = named([number(5.0, flags=Flag.AMBIGUOUS)] * 9)
    assert not found[ENOUGH].passed and found[ENOUGH].measured == "0 of 9"
    wrong = found["delay: numbers with a flag of doubt that do not contain the truth"]
    assert wrong.measured == "9 of 9: switching delay mean"
    excused = named([number(5.0, flags=Flag.AMBIGUOUS)] * 9, delay=(0.0, "it is a short pulse"))
    line = excused[f"{ENOUGH} (exception: it is a short pulse)"]
    assert line.passed and line.bar == INFORMATION
    few = [number()] * 3 + [number(5.0, flags=Flag.AMBIGUOUS)] * 3
    assert all(line.passed for line in named(few, delay=(0.5, "a reason")).values())
    assert not all(line.passed for line in named(few, delay=(0.6, "a reason")).values())


def test_numbers_of_which_no_truth_is_known_or_none_is_given_do_not_pass() -> None:
    assert not named([number(None)] * 9)[ENOUGH].passed
    assert not named([number(1.0, None, None)] * 2 + [number()] * 7)[ENOUGH].passed


@pytest.mark.parametrize("count", [Count("I-V sweeps", "x", 0, 0, 0, 0, 2000), Count("I-V sweeps", "x", 0, 0, 2000),
                                   Count("I-V sweeps", "x", 0, 0, 0)])
def test_many_numbers_that_are_all_doubted_or_missing_do_not_pass(count: Count) -> None:
    assert not all(line.passed for line in judged([count]))


@pytest.mark.parametrize(("low", "high", "held"), [(0.5, None, True), (None, 2.0, True), (1.5, None, False)])
def test_a_bound_counts_as_a_bound(low: float | None, high: float | None, held: bool) -> None:
    row = number(1.0, low, high, Flag.CENSORED)
    assert row.inside is None and row.holds is held
    found = named([row])
    assert not found[ENOUGH].passed and "delay: intervals that contain the truth" not in found
    assert found["delay: bounds that hold, where only one end is known"].passed is held
    assert ("| bound |" if held else "| **no** |") in "\n".join(tables([row]))


def test_the_error_of_a_threshold_counts_once() -> None:
    rows = [number()] * 6 + [number(5.0, quantity="overvoltage", copied=k > 0) for k in range(6)]
    assert named(rows)["delay: intervals that contain the truth"].measured == "6 of 7"


def test_verdicts_that_are_not_decided_are_counted_and_too_many_fail() -> None:
    found = named([verdict(None), verdict(None), verdict(1.0), verdict(1.0)])
    assert not found["neuron: verdicts that are not decided"].passed
    assert found["neuron: decided verdicts that agree with the circuit without noise"].measured == "2 of 2"
    assert not named([verdict(None)] * 3)["neuron: decided verdicts that agree with the circuit without noise"].passed
    assert named([verdict(None)] + [verdict(1.0)] * 2)["neuron: verdicts that are not decided"].measured == "1 of 3"
    assert not named([verdict(0.0)] * 3)["neuron: decided verdicts that agree with the circuit without noise"].passed


def test_exceptions_have_a_reason_and_are_of_steps_that_exist() -> None:
    steps = {"relaxation", "delay", "hold", "I-V sweeps", "single hold voltages", "neuron", "neuron, verdicts"}
    for material in MATERIALS.values():
        assert set(material.exceptions) <= steps
        assert all(0.0 <= share < 0.8 and len(reason) > 20 for share, reason in material.exceptions.values())


def truth_of(sizes: dict[float, float], quiet: float) -> dict[str, float | None]:
    """Return the verdicts of a circuit with these spikes [A] by amplitude [V], and a response without a spike."""
    some = {1.0: 1.0}
    return oscillating._Truth(sizes, {0.5: quiet}, {}, some, 0.0, some, some, 0.7, 1e-6).verdicts()


def test_the_true_verdict_is_that_of_the_definition(monkeypatch: pytest.MonkeyPatch) -> None:
    """A constant of the extractor that is wrong must not change the truth."""
    monkeypatch.setattr("tsbench.analysis.neuron.functions.GRADED", 50.0)
    assert not hasattr(oscillating, "GRADED")
    assert truth_of({1.0: 1e-3, 1.5: 1.01e-3, 2.0: 1.02e-3}, 1e-4)["all_or_nothing"] == 1.0
    assert truth_of({1.0: 1e-3, 1.5: 1.5e-3, 2.0: 2e-3}, 1e-4)["all_or_nothing"] == 0.0
    assert truth_of({1.0: 1e-3, 1.5: 1.01e-3, 2.0: 1.02e-3}, 7e-4)["all_or_nothing"] == 0.0


def energies(*values: float) -> list[Row]:
    row = number(step="oscillation", quantity="spike_energy", unit="J")
    return [replace(row, value=value, low=0.8 * value, high=1.2 * value, truth=value,
                    conditions={"bias": 1.0 + 0.1 * k, "load_resistance": 1e5}) for k, value in enumerate(values)]


@pytest.mark.parametrize(("values", "scale"), [
    ((3e-9, 4e-9, 5e-9), "linear"), ((3e-9, 4e-9, 90e-9), "log"), ((-6e-9, 4e-9, 90e-9), "symlog")])
def test_values_of_more_than_a_decade_have_a_logarithmic_axis(values: tuple[float, ...], scale: str) -> None:
    axes = Figure().add_subplot()
    picture._map(axes, energies(*values), "spike_energy", "J")
    assert axes.get_yscale() == scale
    low, high = axes.get_ylim()
    assert low < min(values) and max(values) < high
    places = axes.transAxes.inverted().transform(axes.transData.transform([(1.0, value) for value in values]))[:, 1]
    assert np.ptp(places[:2]) > 0.03 and places.max() < 0.75   # they differ, and the legend has room


def test_no_cross_stands_without_a_number() -> None:
    axes = Figure().add_subplot()
    rows = [number(1.0 + k, *ends, quantity="hold_voltage", conditions={"compliance": 1e-6 * k})
            for k, ends in enumerate([(0.9, 1.1), (None, None), (None, 4.0)])]
    picture._against(axes, rows, "hold_voltage", "compliance", "A", "hold voltage", "V")
    crosses = [line for line in axes.lines if line.get_marker() == "x"]
    assert len(crosses) == 2 and [text.get_text() for text in axes.texts] == ["1 of 3 without a number"]
