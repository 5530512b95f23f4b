"""Pulses in a record by their samples, and what kind of record it is, from records that are made."""

from typing import Any

import numpy as np
import pytest

from tsbench.analysis.pulse.pulses_in_record import find_pulses, jumps
from tsbench.analysis.tables.record_kind import record_kind

TIME = np.arange(1000) * 1e-6


def rectangles(*pulses: tuple[int, int, float], base: float = 0.1, noise: float = 0.0, edge: int = 0) -> Any:
    """Return a voltage [V] of pulses (first sample, number of samples, level [V]); edges of so many samples."""
    voltage = np.full(TIME.size, base)
    for first, count, level in pulses:
        voltage[first : first + count] = level
        for k in range(edge):
            share = (k + 0.5) / edge
            voltage[first + k] = voltage[first + count - 1 - k] = base + share * (level - base)
    return voltage + noise * np.random.default_rng(3).normal(size=TIME.size)


def found(voltage: Any, current: Any = None) -> Any:
    return find_pulses(TIME, voltage, 1e-6 * voltage if current is None else current)


@pytest.mark.parametrize("noise", [0.0, 0.005])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_each_pulse_by_its_samples(noise: float, sign: float) -> None:
    voltage = sign * rectangles((100, 50, 1.1), (300, 100, 2.1), (600, 30, -1.9), noise=noise)
    record = found(voltage)
    assert record.base == pytest.approx(sign * 0.1, abs=3 * noise + 1e-12) and record.rectangular
    assert [(span.first, span.last) for span in record.pulses] == [(100, 149), (300, 399), (600, 629)]
    assert [(span.begin, span.end) for span in record.pulses] == [(0, 300), (150, 600), (400, 1000)]
    # noise moves the middle of an edge of one sample by its share of the height
    assert [span.width for span in record.pulses] == pytest.approx([50e-6, 100e-6, 30e-6], abs=3 * noise * 1e-6 + 1e-12)
    assert [sign * span.amplitude for span in record.pulses] == pytest.approx([1.1, 2.1, -1.9], abs=4 * noise + 1e-9)
    assert jumps(record, voltage) and record_kind(TIME, voltage, 1e-6 * voltage) == "pulses"


def test_two_sides_of_the_base_are_two_pulses() -> None:
    record = found(rectangles((200, 50, 1.1), (250, 50, -0.9)))
    assert [(span.first, span.last, span.amplitude) for span in record.pulses] == [
        (200, 249, pytest.approx(1.1)), (250, 299, pytest.approx(-0.9))]


def test_a_pulse_lasts_while_the_current_flows() -> None:
    """The device switches behind a resistance: the voltage falls almost to the base, the current stays."""
    voltage = rectangles((300, 20, 1.1), (320, 80, 0.15))
    current = np.where((np.arange(TIME.size) >= 320) & (np.arange(TIME.size) < 400), 1e-3, 1e-9)
    (span,) = found(voltage, current).pulses
    assert (span.first, span.last) == (300, 399) and span.amplitude == pytest.approx(1.1)
    assert span.width == pytest.approx(100e-6)


def test_what_is_no_pulse() -> None:
    assert found(np.full(TIME.size, 0.5)).pulses == ()
    quiet = found(rectangles(noise=0.01))
    assert quiet.pulses == () and not quiet.rectangular and not jumps(quiet, rectangles(noise=0.01))
    assert find_pulses(TIME[:7], TIME[:7], TIME[:7]).pulses == ()
    # one sample is a wild reading; less than a third of the highest is not seen
    assert [span.first for span in found(rectangles((100, 1, 1.1), (300, 50, 1.1), (600, 50, 0.3))).pulses] == [300]


def test_the_base_is_the_lower_of_the_levels_at_the_ends() -> None:
    voltage = rectangles((300, 100, 1.1), (900, 100, 1.1))
    record = found(voltage)
    assert record.base == pytest.approx(0.1) and record.pulses[-1].last == 999
    assert found(voltage[::-1]).base == pytest.approx(0.1)


@pytest.mark.parametrize(("edge", "sharp"), [(2, True), (5, True), (20, True), (30, False), (45, False)])
def test_a_rectangle_has_short_edges(edge: int, sharp: bool) -> None:
    voltage = rectangles((200, 100, 1.1), (500, 100, 1.1), edge=edge)
    assert found(voltage).rectangular is sharp
    few = rectangles(*[(100 * k + 50, 8, 1.1) for k in range(9)])
    assert not found(few).rectangular and not jumps(found(few), few)   # too few samples to tell


def test_levels_that_are_held_are_told_from_ramps() -> None:
    two = rectangles((200, 60, 1.1), (260, 60, 0.8))   # it switches within the pulse
    assert jumps(found(two), two)
    top = rectangles((200, 300, 1.1))
    top[203:497] = np.linspace(0.5, 2.0, 294)
    assert not jumps(found(top), top)
    between = rectangles((200, 60, 1.1), (800, 60, 1.1))
    between[300:700] += np.linspace(0.0, 0.12, 400)
    assert found(between).rectangular and not jumps(found(between), between)


def test_what_a_table_holds() -> None:
    def kind(voltage: Any, time: Any = TIME) -> str | None:
        return record_kind(time, np.asarray(voltage), 1e-6 * np.asarray(voltage))

    ramp = np.concatenate([np.linspace(0, 1, 500), np.linspace(1, 0, 500)])
    assert kind(ramp) == "sweep" and kind(np.tile(ramp[::10], 10)) == "sweep"
    assert kind(ramp, TIME[::-1]) == "sweep" and kind(ramp[:1], TIME[:1]) == "sweep"
    assert kind(np.zeros(1000)) == "spikes" and kind(1.0 + 0.01 * np.sin(TIME * 1e5)) == "spikes"
    assert kind(1.0 + 0.3 * np.sin(TIME * 2 * np.pi * 2e4)) == "spikes"   # it stays above zero
    assert kind(np.sin(TIME * 2 * np.pi * 1e4)) == "sweep"   # turns back at zero, on both sides


def test_a_current_that_flows_without_voltage_does_not_make_a_pulse_longer() -> None:
    """A device is read by other means after the pulse: its current decays while the voltage is at its base."""
    random = np.random.default_rng(4)
    voltage = rectangles((100, 50, 0.5), base=-4e-3, noise=1e-4)
    current = np.where(TIME < 100e-6, 0.0, 1e-4)
    current[TIME > 600e-6] = 0.0
    (span,) = found(voltage, current + 1e-9 * random.normal(size=TIME.size)).pulses
    assert (span.first, span.last) == (100, 149)
    # also at a read level, where the current after the pulse has the sign of the voltage, and is clipped
    voltage = rectangles((100, 50, 0.5), base=20e-3, noise=1e-4)
    (span,) = found(voltage, np.clip(np.where((TIME > 120e-6) & (TIME < 400e-6), 20e-6, 1e-9), 0.0, 11e-6)).pulses
    assert (span.first, span.last) == (100, 149)
    # a switched device behind a resistance: its voltage falls because its current rises
    voltage = rectangles((100, 50, 0.5), base=0.0, noise=1e-4)
    voltage[110:150] = 1e-3
    (span,) = found(voltage, np.where((TIME >= 110e-6) & (TIME < 150e-6), 1e-4, 0.0)).pulses
    assert (span.first, span.last) == (100, 149)
