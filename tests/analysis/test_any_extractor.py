"""Every extractor gives the same in other units, later, with more rest, and nothing from a record of nothing."""

import math
from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fixtures.extractor_list import EXTRACTORS as FIRST
from tests.fixtures.extractor_list import Extractor, Number, Readings, number_in
from tests.fixtures.more_extractors import MORE, MORE_SETS, VERDICTS
from tsbench.protocols.acquiring.device_view import current_name
from tsbench.protocols.extracting.signals import device_record
from tsbench.records import Fixture, Flag, Sensing, Waveform

EXTRACTORS = (*FIRST, *MORE)
UNITS = st.floats(-9.0, 9.0).map(lambda power: 10.0**power)


def assert_same(found: list[Number], expected: list[Number], readings: Readings, si: Readings, share: float) -> None:
    assert [(one.name, one.flags) for one in found] == [(one.name, one.flags) for one in expected]
    for one, other in zip(found, expected, strict=True):
        for part in ("value", "low", "high"):
            here, there = number_in(one, part, readings), number_in(other, part, si)
            # an end near zero is as exact as the number is large
            size = max(abs(x) for x in (number_in(other, p, si) or 0.0 for p in ("value", "low", "high")))
            assert here == there or here == pytest.approx(there, rel=share, abs=share * size), (one, other, part)


@pytest.mark.parametrize("extractor", EXTRACTORS, ids=str)
def test_the_record_holds_what_is_extracted(extractor: Extractor) -> None:
    found = extractor.run(extractor.record())
    if extractor.name in VERDICTS:
        assert found
        return
    assert any(one.value is not None or None not in (one.low, one.high) for one in found), found


@pytest.mark.thin(3)
@pytest.mark.parametrize("extractor", EXTRACTORS, ids=str)
@settings(max_examples=4, deadline=None, derandomize=True)
@given(seconds=UNITS, volts=UNITS, amperes=UNITS)
def test_other_units_change_nothing(extractor, seconds, volts, amperes):
    si = extractor.record()
    scaled = si.in_units(seconds, volts, amperes)
    assert_same(extractor.run(scaled), extractor.run(si), scaled, si, 1e-9)


@pytest.mark.thin(3)
@pytest.mark.parametrize("extractor", EXTRACTORS, ids=str)
@settings(max_examples=3, deadline=None, derandomize=True)
@given(later=st.floats(-1e3, 1e3))
def test_a_later_record_changes_nothing(extractor, later):
    si = extractor.record()
    if extractor.name in {"frequency curve", "refractory period", "delay slope"}:
        return   # its times are intervals
    span = float(si.time[-1] - si.time[0])
    shifted = si.with_arrays((si.time + later * span, si.voltage, si.current))
    # what a sum of times loses: a double has 53 bits
    share = 1e-9 + (1.0 + abs(later)) * 2.0**-52 * si.time.size
    assert_same(extractor.run(shifted), extractor.run(si), shifted, si, 10.0 * share)


@settings(max_examples=20, deadline=None, derandomize=True)
@given(extractor=st.sampled_from([one for one in EXTRACTORS if one.rests]), before=st.integers(0, 400),
       after=st.integers(0, 400), seed=st.integers(0, 99))
def test_more_rest_changes_nothing_beyond_the_noise(extractor, before, after, seed):
    """The rest has noise of its own, which the numbers know to a share of it: within a fifth of their interval."""
    si = extractor.record()
    random = np.random.default_rng(seed)
    step = float(si.time[1] - si.time[0])
    time = si.time[0] + step * np.arange(-before, si.time.size + after)
    padded = si.with_arrays((time, *(np.concatenate((
        random.choice(values[:20], before), values, random.choice(values[-20:], after)))
        for values in (si.voltage, si.current))))
    for one, other in zip(extractor.run(padded), extractor.run(si), strict=True):
        assert one.flags == other.flags and (one.value is None) == (other.value is None)
        if other.value is not None:
            half = 0.5 * (other.high - other.low) if None not in (other.low, other.high) else 0.01 * abs(other.value)
            assert abs(one.value - other.value) <= 0.3 * half, (one, other)


@pytest.mark.parametrize("extractor", [one for one in EXTRACTORS if one.name in {"threshold and hold", "snapback",
                         "resistance and non-linearity", "telegraph noise"}], ids=str)
def test_cells_without_a_number_at_the_end_change_nothing(extractor: Extractor) -> None:
    """As columns of unequal length have them."""
    si = extractor.record()
    padded = si.with_arrays(np.concatenate((values, np.full(7, math.nan))) for values in (
        si.time, si.voltage, si.current))
    assert_same(extractor.run(padded), extractor.run(si), padded, si, 1e-12)


BAD = {
    "flat": lambda n: (np.arange(float(n)), np.full(n, 0.3), np.full(n, 1e-6)),
    "zero": lambda n: (np.arange(float(n)), np.zeros(n), np.zeros(n)),
    "empty": lambda n: (np.empty(0), np.empty(0), np.empty(0)),
    "without a number": lambda n: (np.arange(float(n)), np.full(n, math.nan), np.full(n, math.nan)),
    "of nothing but NaN": lambda n: (np.full(n, math.nan), np.full(n, math.nan), np.full(n, math.nan)),
    "of one sample": lambda n: (np.zeros(1), np.array([0.5]), np.array([1e-3])),
    "saturated": lambda n: (np.arange(float(n)), np.full(n, 1.27), np.full(n, 1.27e-3)),
    "of overflows": lambda n: (np.arange(float(n)), np.full(n, 9.9e37), np.full(n, 9.9e37)),
}


#: equal numbers are numbers, and no record of a signal
SETS = {"mean and median", "frequency curve", "refractory period", *MORE_SETS}
#: they give what they find for each half-sweep or bias
BY_PART = {"threshold and hold", "snapback", "resistances of a sweep", "series resistance",
           "resistances under current drive", "frequency curve"}
CASES = [(extractor, kind) for extractor in EXTRACTORS for kind in BAD
         if extractor.name not in SETS or kind in {"empty", "of nothing but NaN", "of one sample"}]


@pytest.mark.parametrize(("extractor", "kind"), CASES, ids=str)
@pytest.mark.parametrize("size", [5, 400])
def test_a_record_with_nothing_in_it_gives_a_flag_and_no_number(extractor: Extractor, kind: str, size: int) -> None:
    found = extractor.run(Readings(*BAD[kind](size)))
    # one for each half-sweep or bias, of which there is none: the row of the run says so
    # (tests/protocols/test_records_that_tell_nothing.py), and a table is refused (tests/analysis/test_table.py)
    assert found or (extractor.name in BY_PART and kind not in {"flat", "zero", "saturated"})
    for one in found:
        assert one.flags is not Flag.NONE, one
        assert one.value is None and (one.low is None or one.high is None), one


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_order_of_the_channels_changes_nothing(order: tuple[int, ...]) -> None:
    codes = np.random.default_rng(0).integers(-100, 100, (3, 1, 50)).astype(np.int8)
    waveforms = [
        Waveform(channel, "V", codes[k], 0.01 * (k + 1), 0.1 * k, 0.0, 1e-9, np.zeros(1), clip_high=99)
        for k, channel in enumerate(("device_voltage_high", "device_voltage_low", "current"))]
    sensing = Sensing("scope.1", "scope.2", "scope.3", 50.0)
    fixture = Fixture("", {}, sensing, {}, {}, 0.0)
    name = current_name(sensing)
    waveforms[2] = replace(waveforms[2], channel=name)
    first, other = (device_record({waveforms[k].channel: waveforms[k] for k in places}, fixture)
                    for places in ((0, 1, 2), order))
    assert np.array_equal(first.voltage, other.voltage) and np.array_equal(first.current, other.current)
    assert (first.flags, first.clipped, first.voltage_window) == (other.flags, other.clipped, other.voltage_window)


@pytest.mark.thin(4)
@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_order_of_the_columns_of_a_table_changes_nothing(order: tuple[int, ...], tmp_path) -> None:
    """Of a sweep, of spikes and of a pulse, each with all three columns where it has them."""
    from tsbench.extraction import analyse_files

    by_name = {one.name: one for one in EXTRACTORS}
    names, kinds = ("time (s)", "voltage (V)", "current (A)"), {
        "threshold and hold": "sweep", "frequency and jitter": "spikes", "switching delay": "pulses"}
    for name, kind in kinds.items():
        record = by_name[name].record()
        columns = (record.time, record.voltage, record.current)
        rows = []
        for places in ((0, 1, 2), order):
            path = tmp_path / f"{kind}.csv"
            np.savetxt(path, np.column_stack([columns[k] for k in places]), "%.12g", ",", comments="",
                       header=",".join(names[k] for k in places))
            rows.append(analyse_files([path], kind=kind).rows)
        assert rows[0] == rows[1] and any(row["value"] is not None for row in rows[0]), name
