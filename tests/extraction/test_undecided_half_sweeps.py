"""How many half-sweeps of a table switch, and of how many it is not known: by readings beyond the range, and flags."""

from pathlib import Path

import numpy as np
import pytest

from tsbench.analysis.tables.table import Table, parse_table
from tsbench.analysis.threshold.switching_rule import WITHIN_A_STEP, Jump
from tsbench.extraction.sweep_tables import _is_doubtful, _is_hidden, _is_unknown, analyse_sweeps
from tsbench.records import Flag, FloatArray, Result

UP = np.linspace(0.0, 1.5, 151)
VOLTAGE = np.concatenate([UP, UP[-2::-1]])


def resistor() -> FloatArray:
    """Return the current [A] of 1 MOhm."""
    return 1e-6 * VOLTAGE


def beyond() -> FloatArray:
    """Return the current [A] of a device that leaves the range of the meter at one voltage, on both ways alike."""
    return np.where(VOLTAGE < 0.805, 1e-6 * VOLTAGE, np.inf)


def table(*currents: FloatArray) -> Table:
    """Return a table of some cycles."""
    rows = [f"{cycle},{volts:.6g},{amperes:.6g}" for cycle, current in enumerate(currents)
            for volts, amperes in zip(VOLTAGE, current, strict=True)]
    return parse_table(["cycle,V (V),I (A)", *rows], source="t.csv")


def analysed(*currents: FloatArray) -> tuple[dict[str, Result], list[str]]:
    found = analyse_sweeps(table(*currents), Path("t.csv"), Jump(), None)
    return {one.quantity: one for one in found.results}, list(found.lines)


@pytest.mark.parametrize(("currents", "unknown"), [
    ((resistor(), resistor()), 0), ((resistor(), beyond()), 1), ((beyond(), beyond()), 2)],
    ids=["none", "one", "both"])
def test_a_mean_without_values_is_doubted_where_some_half_sweeps_tell_nothing(
    currents: tuple[FloatArray, ...], unknown: int,
) -> None:
    found, lines = analysed(*currents)
    doubt = Flag.AMBIGUOUS if unknown else Flag.NONE
    for quantity in ("threshold_voltage_mean", "hold_voltage_mean"):
        assert found[quantity].flags == Flag.NO_EVENT | doubt and found[quantity].value is None
    assert found["half_sweeps_switching"].flags == doubt
    last = f", and of {unknown} it is not known" if unknown else ""
    assert any(line.startswith(f"0 of 2 half-sweeps switch, {2 - unknown} do not{last} ") for line in lines)
    assert any(f"in {unknown} half-sweep" in line and "beyond the range of the meter" in line for line in lines) is (
        unknown > 0)


def result(value: float | None, flags: Flag, method: str = "") -> Result:
    return Result("threshold_voltage", "V", value, None, None, method, {}, flags)


@pytest.mark.parametrize(("value", "flags", "hidden"), [
    (None, Flag.OVERFLOW, True), (None, Flag.OVERFLOW | Flag.AMBIGUOUS, True), (0.8, Flag.OVERFLOW, False),
    (None, Flag.NONE, False), (None, Flag.NO_EVENT, False),
    (None, Flag.OVERFLOW | Flag.CENSORED, False)])   # a bound is known, so the device switched
def test_readings_beyond_the_range_hide_an_event_without_a_value_and_a_bound(
    value: float | None, flags: Flag, hidden: bool,
) -> None:
    assert _is_hidden(result(value, flags)) is hidden
    if hidden:
        assert _is_unknown(result(value, flags))


UNKNOWN: list[tuple[float | None, Flag, bool]] = [
    (None, Flag.TOO_FEW, True), (0.8, Flag.TOO_FEW, False), (None, Flag.AMBIGUOUS, True), (0.8, Flag.AMBIGUOUS, False),
    (None, Flag.NO_EVENT, False), (None, Flag.NO_EVENT | Flag.AMBIGUOUS, False), (None, Flag.CENSORED, False),
    (None, Flag.CENSORED | Flag.AMBIGUOUS, False), (None, Flag.NONE, False), (0.8, Flag.NONE, False),
    (None, Flag.TOO_FEW | Flag.NO_EVENT, True)]


@pytest.mark.parametrize(("value", "flags", "unknown"), UNKNOWN)
def test_an_event_is_unknown_where_no_value_no_bound_and_no_denial_is_there(
    value: float | None, flags: Flag, unknown: bool,
) -> None:
    assert _is_unknown(result(value, flags)) is unknown


@pytest.mark.parametrize("flags", [Flag.NO_EVENT, Flag.NO_EVENT | Flag.AMBIGUOUS])
def test_a_step_that_is_too_wide_leaves_unknown_what_the_flags_deny(flags: Flag) -> None:
    wide, narrow = (result(None, flags, method) for method in (f"by jump. {WITHIN_A_STEP}", "by jump"))
    assert _is_doubtful(wide) and _is_unknown(wide) and not _is_hidden(wide)
    assert not _is_doubtful(narrow) and not _is_unknown(narrow)
