"""Stimuli of the filament experiments, and what is counted of the runs: the runs themselves are stood in for."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tsbench.errors import ConfigurationError
from tsbench.simulated_backends.devices.catalogue import device_model
from tsbench.simulated_backends.studies.filaments import experiments as module
from tsbench.simulated_backends.studies.filaments.experiments import (
    FilamentNeuron,
    FilamentPulse,
    HalfSweeps,
    fired_of_pairs,
    half_sweeps,
    peaks_of_single_pulses,
    pulse_shots,
    spike_trains,
    trials,
)
from tsbench.simulated_backends.studies.filaments.runs import Surroundings, levels, run

MODEL: Any = device_model("ag_sio2")
NEURON = FilamentNeuron(4.7e6, 330e-12, 10e3, 10e-3)
PULSE = FilamentPulse(2.0, 1e-3, 0.1, 2e-6)
BEFORE = 20e-6   #: [s] ten edges at the base


class Runs:
    """Stands for the runs: gives back what is set, and keeps what was asked for."""

    def __init__(self, *found: dict[str, list[float]]) -> None:
        self.found, self.asked = list(found), []   # type: ignore[var-annotated]

    def __call__(self, model: Any, around: Any, segments: Any, aperture: float = 0.5) -> Any:
        self.asked.append(SimpleNamespace(seed=model.seed, around=around, segments=segments, aperture=aperture))
        return SimpleNamespace(**{name: np.array(values) for name, values in self.found.pop(0).items()})


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Any:
    def stand_in(*found: dict[str, list[float]]) -> Runs:
        made = Runs(*found)
        monkeypatch.setattr(module, "run", made)
        return made

    return stand_in


# ----------------------------------------------------------------------------------------------- stimuli


def test_a_half_sweep_goes_up_by_steps_stays_one_more_and_comes_back_to_zero() -> None:
    def levels_of(stop: float, step: float) -> Any:
        return HalfSweeps(stop, step, 1e-3, 1e-5, 0.1).voltages()

    assert levels_of(0.3, 0.1) == pytest.approx([0.1, 0.2, 0.3, 0.3, 0.2, 0.1, 0.0])
    assert levels_of(-0.2, 0.1) == pytest.approx([-0.1, -0.2, -0.2, -0.1, 0.0])
    assert levels_of(0.1, 0.1) == pytest.approx([0.1, 0.1, 0.0])
    plain = HalfSweeps(0.2, 0.1, 1e-3, 1e-5, 0.1)
    assert (plain.resistance, plain.capacitance, plain.aperture) == (100.0, 100e-12, 0.5)
    for stop, step in ((0.1, 0.11), (0.1, 0.0), (0.1, -0.1), (-0.1, 0.2)):
        with pytest.raises(ConfigurationError, match="half-sweep: step"):
            levels_of(stop, step)


def test_a_pulse_is_as_wide_as_it_says_at_half_of_its_height() -> None:
    assert PULSE.segments(1e-4, 5e-4) == pytest.approx(np.array([
        (99e-6, 0.1, 0.1), (2e-6, 0.1, 2.0), (998e-6, 2.0, 2.0), (2e-6, 2.0, 0.1), (499e-6, 0.1, 0.1)]))
    assert FilamentPulse(2.0, 1e-3).segments(1e-4, 1e-4)[1] == (1e-6, 0.0, 2.0)   # an edge of 1 us, from 0 V
    for pulse, before, after in ((FilamentPulse(1.0, 1e-6), 1e-3, 1e-3), (PULSE, 2e-6, 1e-3), (PULSE, 1e-3, 2e-6),
                                 (FilamentPulse(1.0, 1e-3, edge=0.0), 1e-3, 1e-3)):
        with pytest.raises(ConfigurationError, match="must all be longer than edge"):
            pulse.segments(before, after)


def test_levels_are_constant_or_straight_lines() -> None:
    assert levels((1.0, 0.5), (2.0, 0.5, 0.7)).tolist() == [[1.0, 0.5, 0.5], [2.0, 0.5, 0.7]]


def test_a_discharge_of_the_neuron_ends_below_a_fifth_of_its_threshold() -> None:
    around = NEURON.surroundings()
    assert (around.resistance, around.capacitance, around.shunt) == (4.7e6, 330e-12, 10e3)
    assert (around.above, around.below) == pytest.approx((1e-6, 0.2e-6))   # 10 mV and 2 mV on 10 kOhm


@pytest.mark.parametrize(("name", "value"), [
    ("resistance", 0.0), ("capacitance", 0.0), ("limit", 0.0), ("above", 0.0), ("below", -1e-9), ("shunt", -1e-3)])
def test_surroundings_are_positive(name: str, value: float) -> None:
    good = {"resistance": 0.5, "capacitance": 1e-12, "shunt": 0.0, "limit": 0.5, "above": 1e-8, "below": 1e-8}
    Surroundings(**good)
    with pytest.raises(ConfigurationError, match=name):
        Surroundings(**{**good, name: value})
    with pytest.raises(ConfigurationError, match=r"below = 1\.1e-08 A must not exceed above = 1e-08 A"):
        Surroundings(**{**good, "below": 1.1e-8})
    assert Surroundings(1.0, 1e-12).limit == np.inf
    plain = Surroundings(1.0, 1e-12)
    assert (plain.shunt, plain.above, plain.below) == (0.0, 1e-8, 1e-8)   # an event is a current of 10 nA


@pytest.mark.parametrize("segments", [
    np.zeros(3), np.zeros((2, 2)), levels((1.0, np.inf)), levels((-1.0, 1.0)), levels((0.0, 1.0))])
def test_segments_have_three_finite_numbers_and_a_duration(segments: Any) -> None:
    with pytest.raises(ConfigurationError, match="segment"):
        run(MODEL, Surroundings(1e3, 1e-12), segments)


def test_a_run_without_segments_stays_where_it_began() -> None:
    states = np.array([0.25, 0.5, 0.125, 0.75])
    found = run(MODEL, Surroundings(1e3, 1e-12), np.zeros((0, 3)), states=states)
    assert found.states.tolist() == states.tolist() and found.source_current.size == found.start.size == 0
    assert run(MODEL, Surroundings(1e3, 1e-12), np.zeros((0, 3))).states.tolist() == [*MODEL.rest(), 0.0]


@pytest.mark.parametrize(("aperture", "allowed"), [(0.0, False), (1.0, True), (1.01, False), (1e-3, True)])
def test_an_aperture_is_a_part_of_a_segment(aperture: float, allowed: bool) -> None:
    around, segments = Surroundings(1e3, 1e-12), levels((1e-6, 0.1))
    if allowed:
        assert run(MODEL, around, segments, aperture).source_current.shape == (1,)
    else:
        with pytest.raises(ConfigurationError, match="aperture"):
            run(MODEL, around, segments, aperture)


# --------------------------------------------------------------------------------------------- what is seen


def test_half_sweeps_are_one_long_run_with_a_rest_before_each(runs: Any) -> None:
    sweeps = HalfSweeps(0.2, 0.1, 1e-3, 1e-5, 0.1, resistance=5.0, capacitance=2e-12, aperture=0.25)
    made = runs({"source_current": list(range(12))})
    voltage, current = half_sweeps(MODEL, sweeps, 2)
    assert voltage == pytest.approx(np.array([[0.1, 0.2, 0.2, 0.1, 0.0]] * 2))
    assert current.tolist() == [[1, 2, 3, 4, 5], [7, 8, 9, 10, 11]]   # without those of the rest
    (asked,) = made.asked
    assert asked.around == Surroundings(5.0, 2e-12, limit=1e-5) and asked.aperture == 0.25
    assert asked.segments[:6, 0].tolist() == [0.1, *[1e-3] * 5] and asked.segments.shape == (12, 3)
    assert asked.segments[6:8].tolist() == [[0.1, 0.0, 0.0], [1e-3, 0.1, 0.1]]


def test_trials_differ_by_their_path_alone(runs: Any) -> None:
    made = runs(*[{}] * 6)
    around, segments = Surroundings(1e3, 1e-12), levels((1e-3, 1.0))
    assert len(trials(MODEL, around, segments, 3)) == 3
    trials(MODEL, around, segments, 3, seed=2)
    assert [asked.seed for asked in made.asked] == [1, 2, 3, 2**25 + 1, 2**25 + 2, 2**25 + 3]
    assert all(asked.around is around and asked.segments is segments for asked in made.asked)


def test_delay_and_relaxation_are_measured_from_the_middle_of_the_edges(runs: Any) -> None:
    end = BEFORE + 1e-3
    made = runs(
        {"start": [BEFORE + 3e-4, BEFORE + 5e-4], "end": [BEFORE + 4e-4, end + 2e-4]},   # the last one counts
        {"start": [], "end": []}, {"start": [end + 1e-6], "end": [end + 1e-4]},   # not during the pulse
        {"start": [BEFORE + 1e-4], "end": [BEFORE + 2e-4]},   # off before the pulse ends
        {"start": [BEFORE + 1e-4], "end": [np.inf]})
    shots = pulse_shots(MODEL, Surroundings(1e3, 1e-12), PULSE, 5e-3, 5)
    assert shots.delay == pytest.approx([3e-4, np.nan, np.nan, 1e-4, 1e-4], nan_ok=True)
    assert shots.relaxation == pytest.approx([2e-4, np.nan, np.nan, 0.0, np.inf], nan_ok=True)
    assert shots.fired.tolist() == [True, False, False, True, True]
    assert made.asked[0].segments == pytest.approx(levels(*PULSE.segments(BEFORE, 5e-3)))


def test_peaks_are_those_of_discharges_that_began_during_the_pulse(runs: Any) -> None:
    end = BEFORE + 1e-3
    made = runs({"start": [BEFORE, end - 1e-6, end + 1e-6], "peak": [1e-5, 2e-5, 9e-5]}, {"start": [], "peak": []})
    first, second = peaks_of_single_pulses(MODEL, NEURON, PULSE, 2)
    assert first == pytest.approx([0.1, 0.2]) and second.size == 0   # on 10 kOhm
    assert made.asked[0].segments == pytest.approx(levels(*PULSE.segments(BEFORE, 2e-3)))


def test_pairs_count_the_second_pulse_after_a_first_one_that_fired(runs: Any) -> None:
    """A pulse fires when a discharge that begins between its edges reaches ``full``: 0.5 V on 10 kOhm are 50 uA."""
    gap, full, weak = 3e-3, 60e-6, 40e-6
    first, second = BEFORE, BEFORE + 1e-3 + gap
    cases = [
        ([first], [full], (1, 0)), ([first, second], [full, full], (1, 1)), ([second], [full], (0, 0)),
        ([first, second], [weak, full], (0, 0)), ([first, second], [full, weak], (1, 0)),
        ([first - 1e-6, second - 1e-6], [full, full], (1, 1)),   # on its rising edge
        ([first - 3e-6], [full], (0, 0)), ([first + 1.001e-3], [full], (0, 0)),
        ([first, second + 1.001e-3], [full, full], (1, 0)), ([first, second - 3e-6], [full, full], (1, 0)),
        ([first], [50e-6], (1, 0)),
    ]
    for start, peak, expected in cases:
        made = runs({"start": start, "peak": peak})
        assert fired_of_pairs(MODEL, NEURON, PULSE, gap, 0.5, 1) == expected, (start, peak)
    segments = made.asked[0].segments
    middles = np.cumsum(segments[:, 0])[np.flatnonzero(segments[:, 1] < segments[:, 2])] - 0.5 * PULSE.edge
    assert middles == pytest.approx([first, second])   # of the rising edges
    falls = np.cumsum(segments[:, 0])[np.flatnonzero(segments[:, 1] > segments[:, 2])] - 0.5 * PULSE.edge
    assert falls == pytest.approx([first + 1e-3, second + 1e-3])
    assert np.sum(segments[:, 0]) == pytest.approx(second + 2e-3)   # one more width at the base
    runs(*[{"start": [first, second], "peak": [full, full]}] * 2, {"start": [], "peak": []})
    assert fired_of_pairs(MODEL, NEURON, PULSE, gap, 0.5, 3) == (2, 2)


def test_spikes_under_a_constant_drive(runs: Any) -> None:
    made = runs({"peak_time": [1e-3, 2e-3], "peak": [1e-5, 3e-5]})
    ((times, peaks),) = spike_trains(MODEL, NEURON, 1.5, 0.2, 1)
    assert times.tolist() == [1e-3, 2e-3] and peaks == pytest.approx([0.1, 0.3])
    assert made.asked[0].segments.tolist() == [[1e-6, 0.0, 1.5], [0.2, 1.5, 1.5]]
    assert made.asked[0].around == NEURON.surroundings()
