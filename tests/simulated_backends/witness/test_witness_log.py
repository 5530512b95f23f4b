"""What a witness log answers from its records, and when a current rises fastest."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tsbench.simulated_backends.witness.log import WitnessedRelaxation, WitnessLog
from tsbench.simulated_backends.witness.slopes import first_rise, steepest_instant


def on(time: float) -> dict[str, Any]:
    return {"kind": "on", "t": time, "device": "D1", "polarity": 1, "threshold": 1.0, "current": 1e-4, "t_half": None}


REPEAT = {"kind": "repeat", "t": 10.0, "period": 1.0, "count": 5, "events": [on(10.25), {"kind": "off", "t": 10.5}]}


def test_the_record_that_a_scope_took_next() -> None:
    """The acquisition that holds the part asked for, whatever a scope took before, later or with another time base."""
    log = WitnessLog([
        {"kind": "acquired", "t": start, "until": end, "trigger": trigger, "instrument": "scope", "records": 1}
        for start, end, trigger in (
            (0.9, 0.91, 0.9), (1.0005, 1.0025, 1.0005), (1.003, 1.043, 1.023), (2.0, 2.01, 2.0))])
    assert log.acquired(1.0, -0.02, 0.03) == pytest.approx((1.003, 1.033))
    assert log.acquired(1.1, 0.0, 0.01) == pytest.approx((2.0, 2.01))
    assert log.acquired(3.0, 0.0, 0.01) is None and log.acquired(1.0, 0.0, 0.5) is None


def test_spikes_of_single_records_and_of_repeated_ones() -> None:
    log = WitnessLog([on(2.0), on(1.0), REPEAT])
    assert log.spike_times().tolist() == [1.0, 2.0, 10.25, 11.25, 12.25, 13.25, 14.25]
    assert log.spike_times(2.0, 12.25).tolist() == [2.0, 10.25, 11.25, 12.25]
    assert log.spike_times(11.0).tolist() == [11.25, 12.25, 13.25, 14.25] and log.spike_times(20.0).size == 0
    assert log.spike_times(end=9.0).tolist() == [1.0, 2.0] and WitnessLog([]).spike_times().size == 0
    assert log.frequency(10.0, 13.0) == pytest.approx(1.0) and log.frequency(0.0, 3.0) == pytest.approx(1.0)
    assert log.frequency(1.0, 11.25) == pytest.approx(3 / 10.25)
    assert log.frequency(1.5, 3.0) is None and log.frequency(5.0, 6.0) is None


def test_a_window_of_many_millions_of_periods_is_read_at_once() -> None:
    log = WitnessLog([{**REPEAT, "count": 10**12}])
    assert log.spike_times(1e9 + 10.0, 1e9 + 12.0).tolist() == [1e9 + 10.25, 1e9 + 11.25]
    assert log.spike_times(end=12.0).tolist() == [10.25, 11.25]


def test_which_pulses_fired() -> None:
    log = WitnessLog([on(1.0), on(2.0), on(2.5)])
    fired = log.fired(np.array([0.5, 1.5, 2.25, 3.0]), np.array([1.0, 1.9, 2.75, 4.0]))
    assert fired.tolist() == [True, False, True, False]
    assert log.fired(np.empty(0), np.empty(0)).size == 0


def test_the_rest_of_a_log() -> None:
    def largest(device: str, voltage: float, current: float) -> dict[str, Any]:
        return {"kind": "maxima", "device": device, "voltage": voltage, "current": current, "power": 1.0}

    log = WitnessLog([
        {"kind": "start", "devices": {"D1": {"threshold": {"voltage": 1.0}}}},
        largest("D1", 1.0, 3e-3), largest("D2", 7.0, 0.0), largest("D1", 2.0, 1e-3),
        {"kind": "fault", "t": 1.0, "fault": "late"}, {"kind": "left_out", "t": 1.0, "until": 2.0},
        {"kind": "overshoot", "t": 1.0, "duration": 1e-6, "peak": 2e-3, "charge": 1e-9, "limit": 1e-3, "source": "m"},
    ])
    assert log.devices()["D1"]["threshold"]["voltage"] == 1.0 and not WitnessLog([]).devices()
    assert log.maxima() == {"D1": {"voltage": 2.0, "current": 3e-3, "power": 1.0},
                            "D2": {"voltage": 7.0, "current": 0.0, "power": 1.0}}
    assert len(log.faults()) == len(log.left_out()) == 1
    (overshoot,) = log.overshoots()
    assert (overshoot.peak, overshoot.limit) == (2e-3, 1e-3) and log.overshoots(2.0) == []
    assert not log.ended and WitnessLog([{"kind": "end", "t": 3.0}]).ended


def test_a_relaxation_is_interpolated_between_levels_of_conductance() -> None:
    levels = tuple((g, t, 0.1 / (1.0 / g + 1e3)) for g, t in   # the first one was passed before the edge
                   ((1e-2, 0.2), (1e-3, 2.0), (1e-4, 3.0), (1e-5, 7.0)))
    found = WitnessedRelaxation(9.0, "A1", 1.0, 5e-3, 1e-4, levels)
    assert [found.until(g) for g in (5e-3, 1e-3, 1e-4, 1e-5)] == pytest.approx([0.0, 1.0, 2.0, 6.0])
    assert found.until(math.sqrt(1e-4 * 1e-5)) == pytest.approx(4.0)
    assert found.until(5.1e-3) is None and found.until(0.9e-5) is None
    assert found.read_voltage(1e3) == pytest.approx(0.1)
    assert replace(found, levels=levels[:1]).read_voltage(1e3) is None
    assert WitnessedRelaxation(9.0, "A1", None, None, 1e-4, levels).until(1e-3) is None
    assert WitnessedRelaxation(9.0, "A1", 1.0, 5e-3, 1e-4, ()).until(1e-3) is None


def test_the_first_rise_and_whether_it_is_over() -> None:
    assert first_rise(np.empty(0), 0) == (0, -math.inf, False)
    assert first_rise(np.array([1.0, 5.0, 3.0, 0.9, 9.0]), 0) == (1, 5.0, True)   # below a fifth: it is over
    assert first_rise(np.array([1.0, 5.0, 3.0, 1.1, 9.0]), 0) == (4, 9.0, False)
    assert first_rise(np.array([1.0, 5.0, 0.5, 7.0, 0.5]), 3) == (3, 7.0, True)
    assert first_rise(np.array([-1.0, -2.0]), 0)[0] == 0


def test_the_instant_hardly_depends_on_where_the_steps_lie() -> None:
    """A peak of slopes of 10 ns at half of its height, in steps of 0.5 to 1 ns, each slope wrong by 2 %."""
    found = []
    for seed in range(50):
        random = np.random.default_rng(seed)
        times = np.concatenate([[-60.0], -60.0 + np.cumsum(random.uniform(0.5, 1.0, 120))])
        slope = np.diff(np.arctan(times / 5.0)) / np.diff(times) * (1.0 + 0.02 * random.standard_normal(120))
        found.append(steepest_instant(times, int(np.argmax(slope)), slope))
    assert np.std(found) < 0.06   # 0.33 with the three slopes around the highest


def test_the_steepest_instant_is_the_top_of_a_parabola() -> None:
    """Slopes 4 - (t - 2.2)^2 at the middles of unequal steps."""
    times = np.array([0.0, 1.0, 1.8, 2.5, 4.0, 5.0])
    middles = (times[1:] + times[:-1]) / 2
    slope = 4.0 - (middles - 2.2) ** 2
    assert int(np.argmax(slope)) == 2 and steepest_instant(times, 2, slope) == pytest.approx(2.2)
    assert steepest_instant(times, 2, 4.0 - (middles - 2.45) ** 2) == pytest.approx(2.45)
    assert steepest_instant(times, 2, 4.0 - (middles - 2.6) ** 2) == pytest.approx(2.6)   # beyond its step
    assert steepest_instant(times, 2, 4.0 - (middles - 1.7) ** 2) == pytest.approx(1.7)
    for peak in (0, 4):
        assert steepest_instant(times, peak, slope) == pytest.approx(middles[peak])   # no neighbour on one side
    assert steepest_instant(times, 2, np.ones(5)) == pytest.approx(middles[2])
    assert steepest_instant(times, 2, -slope) == pytest.approx(middles[2])
    twice = np.array([0.0, 1.0, 1.0, 2.0, 2.0, 3.0])   # samples at the same instant
    assert steepest_instant(twice, 2, np.array([1.0, 0.0, 4.0, 0.0, 1.0])) == pytest.approx(1.5)
    assert steepest_instant(np.array([0.0, 0.24, 0.27, 0.27, 0.3]), 1, np.array([-5.3, 53.5, 0.0, 0.0])) == (
        pytest.approx(0.255))   # two of the three steps have a length, which makes no parabola
