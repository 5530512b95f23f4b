"""What the witness keeps from one switching to the next, and the instants of switching, on a few samples by hand."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tsbench.simulated_backends.devices.switching_levels import SwitchingLevels
from tsbench.simulated_backends.witness import spans
from tsbench.simulated_backends.witness.events import SwitchingDetector
from tsbench.simulated_backends.witness.log import WitnessLog, read_witness
from tsbench.simulated_backends.witness.overshoot import OvershootDetector
from tsbench.simulated_backends.witness.relaxation import RelaxationDetector
from tsbench.simulated_backends.witness.slopes import steepest_instant
from tsbench.simulated_backends.witness.spans import LONGEST_HISTORY, WhileOff, WhileOn, last
from tsbench.simulated_backends.witness.witness_file import WitnessFile

LEVELS = SwitchingLevels(fold=2e-5, on=1.3e-4, off=8e-5, hold=6e-4)
FILAMENT = SwitchingLevels(fold=1e-8, on=3e-6, off=3e-7, hold=1e-5)
NONE, ALL = (lambda t, made=made: made(t.shape, bool) for made in (np.zeros, np.ones))


def of(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float64)


def test_the_last_true_value() -> None:
    assert [last(np.array(given, dtype=bool)) for given in ([0, 0], [1], [1, 0, 1, 0], [1, 1, 0])] == [
        -1, 0, 2, 1]


def test_while_off_the_highest_voltage_of_one_polarity_counts() -> None:
    off = WhileOff(3.0, polarity=1)
    assert off.peak == (0.0, 0.0, 3.0)
    off.add(of(4, 5, 6), of(0.5, 0.9, 0.7), of(1e-6, 2e-6, 3e-6))
    assert (off.peak, off.polarity) == ((0.9, 2e-6, 5.0), 1)
    off.add(of(7, 8), of(0.9, 0.2), of(9e-6, 9e-6))   # as high as before: the first counts
    assert off.peak == (0.9, 2e-6, 5.0)
    off.add(of(9, 10, 11, 12), of(0.8, 0.0005, -0.4, -0.3), of(1e-6, 0, -4e-6, -5e-6))
    assert (off.peak, off.polarity) == ((0.4, -4e-6, 11.0), -1)
    off.add(of(13, 14), of(0.0009, -0.0008), of(0, 0))   # below a millivolt no polarity is seen
    assert (off.peak[0], off.polarity) == (0.4, -1)
    off.add(of(15, 16), of(0.1, 0.2), of(1e-7, 2e-7))
    assert (off.peak, off.polarity) == ((0.2, 2e-7, 16.0), 1)
    off.shift(100.0)
    assert off.peak == (0.2, 2e-7, 116.0) and off.last_rise(0.15, 200.0) == pytest.approx(115.5)


def test_the_last_rise_through_a_level() -> None:
    off = WhileOff()
    assert off.last_rise(0.5, 9.0) is None and off.edge() is None   # nothing was seen
    off.add(of(0, 1, 2, 3, 4), of(0.0, 1.0, 0.2, 0.4, 1.2), of(0, 0, 0, 0, 0))
    assert off.last_rise(0.6, 9.0) == pytest.approx(3.25) and off.last_rise(0.3, 9.0) == pytest.approx(2.5)
    assert off.last_rise(0.6, 1.5) == pytest.approx(0.6) and off.last_rise(0.2, 9.0) == pytest.approx(0.2)
    assert off.last_rise(-0.1, 9.0) is None and off.last_rise(2.0, 9.0) == 4.0   # never below; not above by the end
    assert off.last_rise(0.6, 0.0) is None


@pytest.mark.parametrize(("base", "half"), [(0.0, 10.5), (0.2, 10.5), (0.6, 1.417), (0.8, 1.3125)])
def test_an_edge_is_half_way_from_where_the_voltage_stood(base: float, half: float) -> None:
    """A rise from ``base`` to 1 V between 10 s and 11 s, and one from 0 to ``base`` between 1 s and 1.5 s.

    Where the voltage stood above half of its highest before the second rise, the first is the edge.
    """
    off = WhileOff()
    t = np.arange(0.0, 20.01, 0.01)
    off.add(t, np.interp(t, [0, 1, 1.5, 10, 11, 20], [0.0, 0.0, base, base, 1.0, 1.0]), 0 * t)
    assert off.edge() == pytest.approx(half, abs=0.02)


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("size", [7, 400])
def test_an_edge_from_the_other_polarity_is_half_way_from_there(sign: float, size: int) -> None:
    """A generator with an offset rests at -16 mV: half of a pulse of 1 V is at 0.492 V, and not at 0.5 V."""
    t = np.arange(0.0, 4.0, 0.01)
    v = sign * np.interp(t, [0.0, 1.0, 2.0, 4.0], [-0.016, -0.016, 1.0, 1.0])
    off = WhileOff()
    for first in range(0, t.size, size):
        off.add(t[first : first + size], v[first : first + size], 0 * t[first : first + size])
    assert off.edge() == pytest.approx(1.5, abs=1e-6) and off.peak[0] == 1.0


def test_a_history_that_was_made_short_before_the_polarity_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the other polarity needs of it is kept, however the samples are cut."""
    t = np.linspace(0.0, 1.2, 3001)
    corners = [0.0, 0.1, 0.3, 0.4, 0.8, 0.85, 0.9, 1.1, 1.2]
    v = np.interp(t, corners, [0.0, -1.0, -1.0, -0.2, -0.2, -0.016, -0.016, 1.0, 1.0])

    def edge(size: int) -> float | None:
        off = WhileOff()
        for first in range(0, t.size, size):
            off.add(t[first : first + size], v[first : first + size], 0 * t[first : first + size])
        return off.edge()

    whole = edge(t.size)
    monkeypatch.setattr(spans, "LONGEST_HISTORY", 500)
    for size in (5, 50, 333):
        assert edge(size) == pytest.approx(whole, abs=1e-9)


def test_a_long_history_keeps_the_last_rise_through_each_level() -> None:
    off, kept = WhileOff(), WhileOff()
    random = np.random.default_rng(1)
    t = np.arange(40_000.0)
    v = np.abs(np.cumsum(random.standard_normal(t.size)))
    v[0] = 0.0
    for first in range(0, t.size, 7000):
        off.add(t[first : first + 7000], v[first : first + 7000], 0 * t[first : first + 7000])
    kept._history = [(t, v)]
    for level in (0.1, 5.0, 20.0, float(v.max()) - 1.0):
        assert off.last_rise(level, math.inf) == kept.last_rise(level, math.inf)
    assert sum(part.size for part, _ in off._history) < 20_000


def test_while_on_charge_and_energy_are_integrals() -> None:
    """Straight lines between the samples; a sample that stands in front is counted once."""
    on = WhileOn(2.0)
    assert (on.since, on.charge, on.energy, on.max_current, on.max_power) == (2.0, 0.0, 0.0, 0.0, 0.0)
    t, v, i = of(0, 1, 3), of(1, 2, 1), of(1, 3, 1)
    on.add(t, v, i, i / v, 0, NONE(t), NONE(t))
    assert (on.charge, on.energy) == (pytest.approx(2.0 + 4.0), pytest.approx(3.5 + 7.0))
    assert (on.max_current, on.max_power) == (3.0, 6.0) and on.lowest == (1.0, 1.0)
    t, v, i = of(3, 4), of(-1, -4), of(-1, -2)
    on.add(t, v, i, i / v, 1, NONE(t), NONE(t))
    assert (on.charge, on.energy) == (pytest.approx(7.5), pytest.approx(15.0))
    assert (on.max_current, on.max_power, on.lowest) == (3.0, 8.0, (1.0, 1.0))


def test_the_way_down_begins_at_the_highest_voltage_while_fully_on() -> None:
    t, i = of(0, 1, 2, 3, 4), of(5, 4, 3, 2, 1)
    v = of(0.2, 1.0, 0.5, 0.4, 0.6)
    on = WhileOn()
    on.add(t, v, i, i / v, 0, NONE(t), ALL(t))
    assert on.lowest == (0.4, 2.0)   # not the 0.2 V before the top
    falling = WhileOn()
    falling.add(t, v, i, i / v, 0, NONE(t), NONE(t))
    assert falling.lowest == (0.2, 5.0)
    below = WhileOn(top=1.1)   # a top that is not reached does not begin it anew
    below.add(t, v, i, i / v, 0, NONE(t), ALL(t))
    assert below.lowest == (0.2, 5.0)
    limited = WhileOn()
    limited.add(t, v, i, i / v, 0, np.array([0, 0, 0, 1, 0], bool), ALL(t))
    assert limited.lowest == (0.6, 1.0)   # from where the limit has let go
    until_the_end = WhileOn()
    until_the_end.add(t, v, i, i / v, 0, ALL(t), ALL(t))
    assert until_the_end.lowest == (math.inf, 0.0)


def detected(levels: SwitchingLevels, t: Any, v: Any, i: Any, g: Any = None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    detector = SwitchingDetector(levels, found.append)
    detector.see(t, v, i, g=g)
    detector.finish()
    return found


def test_a_stochastic_device_switches_where_a_line_passes_half_of_the_current() -> None:
    """Samples each 10 us; it reaches 1 mA within 50 us: half of that between 0.2 mA and 0.6 mA."""
    t = 1e-5 * np.arange(12)
    i = 1e-3 * of(0, 0, 0.2, 0.6, 1, 1, 1, 1, 1, 5, 5, 5)
    on, = detected(LEVELS, t, np.ones(12), i, i)
    assert (on["t"], on["slope"]) == (pytest.approx(27.5e-6), pytest.approx(40.0))
    # the current was there before: then the conductance tells
    g = np.where(t > 3.5e-5, 1e-3, 1e-5)
    on, = detected(LEVELS, t, np.ones(12), np.full(12, 1e-3), g)
    assert (on["t"], on["slope"]) == (pytest.approx(4e-5), 0.0)
    # off: where the conductance falls through its level, with or without a current
    g = 1e-3 * of(0, 0.2, 0.6, 1, 1, 1, 1, 1, 0.09, 0.079, 0.01, 0)
    on, off = detected(LEVELS, t, np.ones(12), g, g)
    assert (off["t"], off["slope"], off["kind"]) == (pytest.approx(9e-5), 0.0, "off")


def test_the_slope_of_a_current_that_switches() -> None:
    """From 10 uA to 1 mA in 1 us, and back in 2 us."""
    t = np.linspace(0.0, 20e-6, 2001)
    i = np.interp(t, [0, 5e-6, 6e-6, 10e-6, 12e-6, 20e-6], 1e-3 * of(0.01, 0.01, 1, 1, 0.01, 0.01))
    on, off = detected(LEVELS, t, np.ones(t.size), i)
    assert (on["slope"], off["slope"]) == (pytest.approx(990.0), pytest.approx(495.0))
    assert (on["t"], off["t"]) == (pytest.approx(5.5e-6, abs=0.5e-6), pytest.approx(11e-6, abs=1e-6))


def test_a_filament_that_dissolves_behind_a_resistance_raises_its_own_voltage() -> None:
    """It is on at 0.2 V; while it dissolves its voltage rises to 0.9 V, below its threshold; then the drive ends."""
    g = of(1e-9, 1e-9, 1e-4, 1e-4, 2e-5, 1.2e-5, 6e-6, 4e-6, 1e-6, 1e-9)
    v = of(0, 1.0, 0.3, 0.2, 0.7, 0.9, 0.9, 0.05, 0.04, 0)
    on, off = detected(FILAMENT, np.arange(10.0), v, g * v, g)
    assert (on["threshold"], off["hold"], off["t"]) == (1.0, 0.2, 9.0)


def test_which_samples_hold_a_switching() -> None:
    one = np.ones(3)
    for levels, quiet in ((None, True), (LEVELS, False)):
        assert SwitchingDetector(levels, print).is_quiet(one, 1e-3 * one) is quiet
    detector = SwitchingDetector(LEVELS, lambda event: None)
    assert detector.is_quiet(one, 1.3e-4 * one) and detector.is_quiet(one, -1.3e-4 * one)
    assert not detector.is_quiet(one, of(0, 1.4e-4, 0)) and not detector.is_quiet(one, 0 * one, of(0, 0, 1.4e-4))
    assert detector.is_quiet(one, 1e-3 * one, 1.3e-4 * one)   # the states tell it where they are known
    detector.on = True
    assert detector.is_quiet(one, 8e-5 * one) and not detector.is_quiet(one, of(1, 7.9e-5, 1))
    assert detector.is_quiet(one, 0 * one, 8e-5 * one) and not detector.is_quiet(one, one, of(1, 7.9e-5, 1))
    detector._t = one   # samples that were not examined yet
    assert not detector.is_quiet(one, 1e-3 * one)


def test_an_overshoot_lasts_from_its_own_beginning() -> None:
    found: list[dict[str, Any]] = []
    detector = OvershootDetector(found.append)
    detector.set_limit("meter", 1.0, 4.0)
    detector.see(of(5, 6, 7, 8, 9, 10), of(0.5, 3, 5, 3, 0.5, 0.5))
    assert found == [{"kind": "overshoot", "t": 6.0, "duration": 3.0, "peak": 5.0, "charge": pytest.approx(6.0),
                      "limit": 1.0, "source": "meter"}]
    detector.see(of(11, 12), of(-2, -2))
    detector.shift(100.0)
    detector.see(of(113, 114), of(-2, 0))
    assert (found[1]["t"], found[1]["duration"]) == (111.0, 3.0) and detector.since is None
    detector.see(of(115, 116), of(2, 2))
    detector.shift(50.0, copies=5, charge=0.5)   # it goes on through five periods
    detector.set_limit("meter", None, 167.0)
    assert (found[2]["t"], found[2]["duration"]) == (115.0, 52.0)
    assert found[2]["charge"] == pytest.approx(1.0 + 2.5) and found[2]["limit"] == 1.0
    detector.see(of(170, 171), of(9, 9))
    assert len(found) == 3


def relaxed(t: Any, i: Any, g: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    detector = RelaxationDetector(FILAMENT, found.append)
    detector.see(t, i, g)
    detector.finish()
    return found


def test_filaments_that_form_right_after_another_are_two() -> None:
    g = of(1e-12, 1e-4, 1e-12, 1e-4, 1e-4, 1e-12, 1e-12)
    first, second = relaxed(np.arange(7.0), 1e-6 * of(0, 3, 0, 1, 1, 0, 0), g)
    assert (first["current"], second["current"]) == (pytest.approx(3e-6), pytest.approx(1e-6))
    assert 1.0 < first["t"] < 2.0 and 4.0 < second["t"] < 5.0
    assert first["t_edge"] == pytest.approx(1.5) and second["t_edge"] == pytest.approx(4.5)
    assert first["duration"] == pytest.approx(first["t"] - 1.5)


def test_the_levels_of_a_filament_reach_down_to_a_nanosiemens() -> None:
    """It falls by a factor of ten a second. Samples that come twice are looked at once."""
    t = np.linspace(0.0, 10.0, 1001)
    g = np.where(t < 1.0, 1e-12, 1e-3 * 10.0 ** (1.0 - t))
    found: list[dict[str, Any]] = []
    detector = RelaxationDetector(FILAMENT, found.append)
    for first in (0, 0, 300, 250, 500):
        detector.see(t[first:], g[first:], g[first:])
    detector.finish()
    (record,) = found
    assert len(record["levels"]) == 61 and record["levels"][-1] == [
        pytest.approx(1e-9, rel=1e-6), pytest.approx(7.0, abs=0.01), pytest.approx(1e-9, rel=0.02)]
    assert record["t"] == pytest.approx(1.0 + math.log10(1e-3 / FILAMENT.off), abs=0.2)


def test_a_current_that_comes_back_has_no_edge() -> None:
    g = of(1e-12, 1e-4, 1e-4, 1e-4, 1e-5, 1e-12)
    (found,) = relaxed(np.arange(6.0), of(0, 1, 0.1, 1, 0.9, 0.8), g)
    assert found["t_edge"] is None and found["duration"] is None
    (found,) = relaxed(np.arange(6.0), of(0, 1, 0.1, 1, 0.1, 0.1), g)
    assert found["t_edge"] == pytest.approx(3.0 + 0.5 / 0.9)
    assert found["g_edge"] == pytest.approx(1e-4 - 0.5 / 0.9 * 0.9e-4)
    assert relaxed(np.arange(3.0), of(0, 1, 1), of(1e-12, 2.9e-6, 1e-12)) == []   # it was never on
    assert relaxed(np.arange(3.0), of(0, 1, 1), of(1e-12, 1e-4, 1e-4)) == []   # it has not dissolved
    assert relaxed(of(0), of(1), of(1e-4)) == []


def test_the_steepest_of_the_first_three_slopes() -> None:
    times = of(0, 1, 2, 3)
    middles = of(0.5, 1.5, 2.5)
    assert steepest_instant(times, 1, 4.0 - (middles - 1.7) ** 2) == pytest.approx(1.7)


def off_event(time: float) -> dict[str, Any]:
    return {"kind": "off", "t": time, "polarity": 1, "hold": 0.4, "current": 1e-4, "duration": 0.1, "charge": 1e-9,
            "energy": 1e-10, "max_current": 1e-3, "max_power": 1e-3}


def on_event(time: float) -> dict[str, Any]:
    return {"kind": "on", "t": time, "polarity": 1, "threshold": 0.8, "current": 1e-4, "t_half": time}


def test_events_of_skipped_periods_in_a_window() -> None:
    repeat = {"kind": "repeat", "t": 10.0, "period": 1.0, "count": 4, "device": "D", "events": [off_event(10.5)]}
    log = WitnessLog([{**off_event(9.0), "device": "D"}, repeat])

    def seen(*window: float) -> list[float]:
        return [event.time for event in log.switching_off(*window)]

    assert seen() == [9.0, 10.5, 11.5, 12.5, 13.5] and seen(10.5, 11.5) == [10.5, 11.5]
    assert seen(10.6) == [11.5, 12.5, 13.5] and seen(0.0, 11.4) == [9.0, 10.5] and seen(14.0) == []
    assert seen(13.5, 99.0) == [13.5] and seen(0.0, 9.5) == [9.0]
    assert {event.device for event in log.switching_off()} == {"D"}


@pytest.mark.parametrize("window", [(), (10.5, 11.5), (10.6,), (0.0, 11.4), (14.0,), (0.0, 9.5), (10.6, 11.4)])
def test_the_outermost_events_of_a_window(window: tuple[float, ...]) -> None:
    repeat = {"kind": "repeat", "t": 10.0, "period": 1.0, "count": 4, "device": "D",
              "events": [off_event(10.5), on_event(10.2)]}
    log = WitnessLog([{**off_event(9.0), "device": "D"}, {**on_event(8.0), "device": "D"}, repeat])
    all_on, all_off = log.switching_on(*window), log.switching_off(*window)
    assert log.first_switching_on(*window) == (all_on[0] if all_on else None)
    assert log.last_switching_off(*window) == (all_off[-1] if all_off else None)


def test_the_outermost_of_a_billion_periods() -> None:
    log = WitnessLog([{"kind": "repeat", "t": 0.0, "period": 1e-6, "count": 10**9, "device": "D",
                       "events": [off_event(0.5e-6), on_event(0.2e-6)]}])
    first, last = log.first_switching_on(500.0, 700.0), log.last_switching_off(500.0, 700.0)
    assert first is not None and last is not None
    assert first.time == pytest.approx(500.0 + 0.2e-6, abs=1e-7)
    assert last.time == pytest.approx(700.0 - 0.5e-6, abs=1e-7)


def test_a_witness_without_a_file_writes_nothing(tmp_path: Path) -> None:
    nothing = WitnessFile(None)
    nothing.write({"kind": "end"})
    nothing.close()
    file = WitnessFile(tmp_path / "new" / "w")
    file.write({"kind": "end", "t": np.float64(1.5)})
    file.close()
    file.write({"kind": "end"})   # closed
    file.close()
    assert [dict(record) for record in read_witness(tmp_path / "new" / "w").records] == [
        {"w": file.session, "kind": "end", "t": 1.5}]


def test_a_growing_oscillation_below_the_fold_belongs_to_the_switching_off() -> None:
    """A VO2 device loses its stability at the fold of its on state, and its last swings go below the fold."""
    on = WhileOn(hold=6e-4)
    on.add(of(0, 1, 2, 3), of(1.0, 0.5, 0.3, 0.21), of(1, 1, 1, 1), of(2e-3, 1e-3, 8e-4, 6e-4), 0, NONE(of(0, 1, 2, 3)),
           ALL(of(0, 1, 2, 3)))
    assert on.lowest[0] == 0.21
    swings = of(0.22, 0.2, 0.23, 0.18)
    on.add(of(4, 5, 6, 7), swings, of(1, 1, 1, 1), of(5e-4, 7e-4, 4e-4, 8e-4), 0, NONE(swings), NONE(swings))
    assert on.lowest[0] == 0.21
    # what is seen first below the fold never was on: there the lowest voltage counts
    late = WhileOn(hold=6e-4)
    late.add(of(0, 1), of(0.3, 0.2), of(1, 1), of(5e-4, 4e-4), 0, NONE(of(0, 1)), NONE(of(0, 1)))
    assert late.lowest[0] == 0.2


def test_another_way_up_begins_the_way_down_once_more() -> None:
    on, two = WhileOn(hold=6e-4), of(0, 1)
    on.add(two, of(1.0, 0.2), of(1, 1), of(2e-3, 5e-4), 0, NONE(two), ALL(two))
    on.add(two + 2, of(1.1, 0.25), of(1, 1), of(2e-3, 7e-4), 0, NONE(two), ALL(two))
    assert on.lowest[0] == 0.25


@pytest.mark.parametrize("peak", [1.0, 2.0])
def test_an_edge_is_where_it_was_however_long_the_voltage_stays_lower_afterwards(peak: float) -> None:
    """More samples than are remembered come after the peak, at levels below half of it, with noise that repeats."""
    span, random = WhileOff(), np.random.default_rng(3)
    edge = np.linspace(1.0, 1.001, 200)
    blocks = [(np.linspace(0.0, 1.0, 100), np.full(100, 0.1)), (edge, 0.1 + (peak - 0.1) * (edge - 1.0) / 1e-3)]
    for k in range(12):
        t = np.linspace(1.1 + k, 2.0 + k, LONGEST_HISTORY // 4)
        blocks.append((t, 0.3 * peak + 0.01 * random.standard_normal(t.size)))
    for t, v in blocks:
        span.add(t, v, np.zeros(t.size))
    assert span.edge() == pytest.approx(1.0 + 1e-3 * (0.5 * (0.1 + peak) - 0.1) / (peak - 0.1), abs=1e-5)


def test_polarities_are_those_of_a_plain_search() -> None:
    random = np.random.default_rng(7)
    for _ in range(300):
        v = random.choice([-2.0, -1.0, -5e-4, 0.0, 1e-3, 1.0, 2.0], random.integers(1, 9))
        signs = [(k, math.copysign(1, one)) for k, one in enumerate(v) if abs(one) > spans.SMALLEST_VOLTAGE]
        first, latest = (signs[0][1], signs[-1][1]) if signs else (0, 0)
        start = max([k + 1 for k, sign in signs if sign != latest], default=0)
        assert spans._polarities(v) == (first, latest, start)


def test_the_highest_voltage_is_that_of_the_last_way_up() -> None:
    """A device behind a load jumps to a high voltage as it switches off: that belongs to no later threshold."""
    off = WhileOff(3.0, polarity=1)
    off.add(of(4, 5, 6), of(0.91, 0.5, 0.05), of(1e-6, 1e-6, 1e-6))
    assert off.peak == (0.91, 1e-6, 4.0)   # gone back, and not up again: it may switch on by that voltage still
    off.add(of(7, 8, 9), of(0.0, 0.05, 0.5), of(0, 0, 2e-6))
    assert off.peak == (0.5, 2e-6, 9.0)
    off.add(of(10, 11, 12), of(0.84, 0.2, 0.83), of(3e-6, 1e-6, 3e-6))   # not back at a tenth
    assert off.peak == (0.84, 3e-6, 10.0)
