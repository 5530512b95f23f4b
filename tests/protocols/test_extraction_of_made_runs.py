"""What each protocol takes from the points, events and records of a run that is made of numbers."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.fixtures.made_runs import SWEEP, pulses, run, sawtooth, waveform
from tsbench.analysis.pulse.firing import Firing
from tsbench.analysis.pulse.firing_share import firing_share
from tsbench.protocols import ExtractionOptions
from tsbench.protocols.adapting.extraction import JudgedPulse
from tsbench.protocols.firing_probability.extraction import Counted, _results
from tsbench.protocols.iv_sweep.extraction import oscillation_onset
from tsbench.protocols.oscillation.extraction import frequencies, frequency_curve, oscillation_records, stands
from tsbench.protocols.paired_pulse.extraction import Pair, pulse_pairs, recoveries, refractory
from tsbench.protocols.pulse_train.protocol import PulseTrain
from tsbench.protocols.relaxation.extraction import relaxation, relaxations
from tsbench.records import Flag, Result, RunEvent

OPTIONS = ExtractionOptions()


def looked(level: float, at: float, levels: Any, flags: Any = (), drive: str = "voltage") -> list[Result]:
    """Return the onset of a sweep of these set-points, one a second; the scope saw one oscillation."""
    points = [[float(k)] * len(SWEEP) for k in range(len(levels))]
    for point, value in zip(points, levels, strict=True):
        point[SWEEP.index("set_point")] = value
    states = np.zeros(len(levels), np.uint32)
    for k, flag in flags:
        states[k] = int(flag)
    measured = run("iv_sweep", SWEEP, points, parameters={"drive": {"value": drive}}, flags=states)
    event = RunEvent("log", "it oscillates", at, {"set_point": level, "frequency": 1e6})
    return oscillation_onset(replace(measured, events=(RunEvent("log", "other", 0.0), event)))


def test_the_onset_of_an_oscillation_is_between_two_set_points() -> None:
    (onset,) = looked(2.0, 2.5, [1.0, 1.5, 2.0, 2.5])   # its own reading was quiet: it tells nothing
    assert (onset.value, onset.low, onset.high) == (None, None, 2.0)
    (onset,) = looked(2.0, 1.5, [1.0, 1.5, 2.0, 2.5])
    assert (onset.value, onset.low, onset.high, onset.unit) == (1.75, 1.5, 2.0, "V")
    assert onset.flags == Flag.UNDER_SAMPLED and onset.conditions == {"polarity": "+"}
    (onset,) = looked(-2.0, 1.5, [-1.0, -1.99, -2.0], drive="current")
    assert (onset.low, onset.high, onset.unit, onset.flags) == (-2.0, -1.99, "A", Flag.NONE)
    assert onset.value == pytest.approx(-1.995) and onset.conditions == {"polarity": "-"}


def test_the_lower_end_of_an_onset_is_the_last_level_that_was_seen_quiet() -> None:
    (onset,) = looked(2.0, 1.5, [1.0, 1.5, 2.0], [(1, Flag.UNCHECKED)])   # nobody looked at 1.5 V
    assert (onset.low, onset.high) == (1.0, 2.0)
    (onset,) = looked(2.0, 3.5, [0.5, 1.5, 1.0, 1.25, 2.0])   # it began at a lower level again
    assert (onset.low, onset.high) == (1.25, 2.0)


def test_without_a_quiet_look_before_only_the_upper_bound_is_known() -> None:
    (onset,) = looked(2.0, 1.5, [1.0, 1.5, 2.0], [(0, Flag.OSCILLATING), (1, Flag.UNCHECKED)])
    assert (onset.value, onset.low, onset.high, onset.flags) == (None, None, 2.0, Flag.CENSORED)
    (onset,) = looked(-2.0, 0.0, [-2.0])
    assert (onset.value, onset.low, onset.high) == (None, -2.0, None)
    (onset,) = looked(2.0, 1.5, [-1.0, -1.5, 2.0])   # the other polarity tells nothing
    assert onset.low is None
    assert oscillation_onset(run("iv_sweep", SWEEP)) == []


def test_each_polarity_has_its_own_onset() -> None:
    levels = [0.5, 1.0, 0.5, -0.5, -1.0, -1.5]
    points = [[float(k)] * len(SWEEP) for k in range(len(levels))]
    for point, value in zip(points, levels, strict=True):
        point[SWEEP.index("set_point")] = value
    measured = run("iv_sweep", SWEEP, points, flags=np.zeros(len(levels), np.uint32))
    events = tuple(RunEvent("log", "it oscillates", at, {"set_point": level, "frequency": 1e6})
                   for at, level in ((0.5, 1.0), (3.5, -1.0), (4.5, -1.5)))
    found = oscillation_onset(replace(measured, events=events))
    assert [(one.conditions["polarity"], one.low, one.high) for one in found] == [("+", 0.5, 1.0), ("-", -1.0, -0.5)]


def test_frequencies_in_order_of_bias() -> None:
    records = [*sawtooth(3.0, 2.3e6), *sawtooth(1.0, 0.0), *sawtooth(2.0, 1.1e6)]
    measured = run("oscillation", ("index",), waveforms=records)
    results = frequencies(measured)
    shown = [row for row in results if row.quantity in {"frequency", "inter_spike_interval_jitter"}]
    assert [row.conditions["bias"] for row in shown] == [3.0, 3.0, 1.0, 2.0, 2.0]   # a jitter where it oscillates
    assert not any(row.conditions["bias"] == 1.0 for row in results if row.quantity != "frequency")
    biases, curve = frequency_curve([*results, Result("frequency", "Hz", 1.0, None, None, "", {})])
    assert biases.tolist() == [1.0, 2.0, 3.0] and [row.quantity for row in curve] == ["frequency"] * 3
    assert curve[0].value is None and [row.value for row in curve[1:]] == pytest.approx([1.1e6, 2.3e6], rel=1e-3)
    assert len(list(stands(measured))) == 3
    _, spikes, _ = next(oscillation_records(measured))
    assert spikes.times.size > 80


def test_a_clipped_record_says_so() -> None:
    low = waveform("device_voltage_low", np.zeros(4000), 0.1, 1e-8, {"bias": 1.0})
    high = waveform("device_voltage_high", 0.4 + 3.0 * ((1e-2 * np.arange(4000)) % 1.0), 1.2, 1e-8, {"bias": 1.0})
    (_, _, found), *_ = oscillation_records(run("oscillation", ("index",), waveforms=[high, low]))
    (_, _, whole), *_ = oscillation_records(run("oscillation", ("index",), waveforms=sawtooth(1.0, 1e6)))
    assert Flag.CLIPPED in found.flags and Flag.CLIPPED not in whole.flags


def test_a_pair_counts_only_where_both_pulses_were_seen() -> None:
    fired, quiet = (SimpleNamespace(firing=firing) for firing in (Firing.FIRED, Firing.QUIET))
    pairs: Any = [Pair(2.0, 1e-3, fired, quiet), Pair(1.0, 1e-3, fired, fired), Pair(1.0, 1e-2, fired, None),
                  Pair(1.0, 1e-2, None, fired)]
    counted = [(pair.counted().first, pair.counted().second) for pair in pairs]
    assert counted == [(Firing.FIRED, Firing.QUIET), (Firing.FIRED, Firing.FIRED), (None, None), (None, None)]
    found = recoveries(pairs)
    assert list(found) == [1.0, 2.0] and found[2.0].fired.sum() == 0 and found[1.0].fired.sum() == 1


def paired(gap: float = 1e-3) -> Any:
    """Return a run of two pairs at 1.2 V: both pulses of the first fire, of the second only the first."""
    shots = []
    for pair in (0, 1):
        for pulse in (1, 2):
            for record in pulses(fires=pulse == 1 or pair == 0):
                conditions = {**record.conditions, "pair": pair, "pulse": pulse, "gap": gap}
                shots.append(replace(
                    record, codes=record.codes[:1], segment_times=record.segment_times[:1], conditions=conditions))
    columns = ("pair", "time", "amplitude", "width", "gap")
    points = [(pair, 0.1 * pair, 1.2, 5e-7, gap) for pair in (0, 1)]
    return run("paired_pulse", columns, points, shots)


def test_pairs_give_outcomes_and_the_mean_delay_of_first_pulses() -> None:
    measured = paired()
    first, second = pulse_pairs(measured)
    assert (first.amplitude, first.gap) == (1.2, 1e-3)
    assert first.first is not None and first.first.firing is Firing.FIRED
    assert first.second is not None and first.second.firing is Firing.FIRED
    assert second.second is not None and second.second.firing is not Firing.FIRED
    rows = refractory(measured, OPTIONS)
    (delay,) = [row for row in rows if row.quantity == "switching_delay_mean"]
    assert delay.value == pytest.approx(59e-9, rel=0.03)
    assert {"amplitude": 1.2, "pulse_width": 5e-7, "of": "first pulses"}.items() <= delay.conditions.items()
    missed = replace(measured, waveforms=tuple(
        replace(w, flags=Flag.TRIGGER_MISSED) if w.conditions["pulse"] == 2 else w for w in measured.waveforms))
    assert [pair.second for pair in pulse_pairs(missed)] == [None, None]


def test_each_pulse_has_a_relaxation_and_each_amplitude_its_statistics() -> None:
    shots = [replace(record, conditions={**record.conditions, "shot": shot})
             for shot, fires in enumerate((True, True, False)) for record in pulses(fires)]
    measured = run("relaxation", ("index",), waveforms=shots)
    found = list(relaxations(measured))
    assert [relaxed.fired for _, relaxed in found] == [True, True, False]
    rows = relaxation(measured, OPTIONS)
    assert [row.quantity for row in rows[:3]] == ["relaxation_time"] * 3
    assert [row.conditions["shot"] for row in rows[:3]] == [0, 1, 2]
    (share,) = [row for row in rows if row.quantity == "firing_probability"]
    assert share.value == pytest.approx(2 / 3) and "shot" not in share.conditions
    missed = replace(measured, waveforms=tuple(replace(w, flags=Flag.TRIGGER_MISSED) for w in measured.waveforms))
    (row,) = relaxation(missed, OPTIONS)
    assert row.value is None and row.flags == Flag.TRIGGER_MISSED | Flag.NO_EVENT


def test_a_train_tells_how_many_pulses_it_took() -> None:
    def train(number: int, *fires: bool) -> list[Any]:
        parts = [pulses(fire) for fire in fires]
        records = []
        for channel in (0, 1):
            codes = np.concatenate([part[channel].codes[:1] for part in parts])
            records.append(replace(
                parts[0][channel], codes=codes, segment_times=5e-5 * np.arange(len(fires)),
                conditions={**parts[0][channel].conditions, "train": number}))
        return records

    parameters = {"period": {"value": 5e-5}, "count": {"value": 3}, "width": {"value": 5e-7}, "gaps": {"value": ()}}
    measured = run("pulse_train", ("index",), parameters=parameters, waveforms=[
        *train(0, False, True, True), *train(1, True, True, True), *train(2, False, False, False)])
    rows = PulseTrain.extract(measured, OPTIONS)
    each = {row.conditions["train"]: row for row in rows
            if row.quantity.startswith("pulse") and "train" in row.conditions}
    assert [each[number].value for number in (0, 1)] == [2, 1]
    assert each[2].value is None and all(row.conditions["period"] == 5e-5 for row in each.values())


def above_base(*kinds: str) -> list[Result]:
    """Return the results of pulses of 1.2 V above a base of 0.2 V; "late" is behind the edge, "at once" on it."""
    time = np.arange(-100e-6, 500e-6, 1e-6)
    across = 0.2 + 1.2 * (np.clip((time + 2.5e-6) / 5e-6, 0, 1) - np.clip((time - 400e-6) / 5e-6, 0, 1))
    on = {"late": 1 / (1 + np.exp(-np.clip((time - 40e-6) / 2e-6, -50, 50))), "at once": 1.0 * (time > 1.5e-6),
          "on": np.ones(time.size)}
    current = np.array([across * (2e-6 + 2e-3 * on[kind] * (time < 450e-6)) for kind in kinds])
    current += 1e-5 * np.random.default_rng(2).standard_normal(current.shape)
    conditions = {"amplitude": 1.2, "pulse_width": 4e-4}
    measured = run("pulse_train", ("index",), (), [
        waveform("device_voltage_high", across + 50 * current, 2.0, 1e-6, conditions, -100e-6),
        waveform("device_voltage_low", 50 * current, 0.2, 1e-6, conditions, -100e-6)],
        parameters={"base": {"value": 0.2}, "rise_time": {"value": 1e-8}})
    return [row for row in PulseTrain.extract(measured, OPTIONS) if row.quantity == "switching_probability"]


def test_above_a_base_level_it_is_known_which_pulses_found_the_device_on() -> None:
    (found,) = above_base("at once", "on", "on", "on", "on")
    assert found.value == 0.0 and Flag.AMBIGUOUS in found.flags and "1 of 5" in found.method
    (found,) = above_base("late", "late", "late", "late", "at once", "at once", "on")
    assert found.value == 0.8 and found.flags == Flag.AMBIGUOUS and "2 of 7" in found.method


def of_search(*outcomes: bool | None) -> list[Result]:
    """Return the firing probabilities of a search with these outcomes; None where the outcome is not known."""
    pulses = tuple(JudgedPulse(1.2, fired, False, at_once=fired is None) for fired in outcomes)
    settings = {"interval": 0.2, "budget": 200, "width": 1e-6, "base": 0.0}
    made = run("firing_probability", ("index",), parameters={
        name: {"value": value} for name, value in settings.items()})
    return _results(made, Counted(1.2, pulses), len(outcomes))


def test_the_same_outcomes_depend_alike_in_a_search_and_in_a_train() -> None:
    """Of 120 pulses, each in 5 of 8 cases like the one before: some show it, some may depend, some do not."""
    seen = []
    for seed in range(30):
        same = np.random.default_rng(seed).random(120) < 5 / 8
        fired = (np.cumsum(~same) % 2 == 0).tolist()
        share, (main, *after) = firing_share(fired), of_search(*fired)
        seen.append(share.flags)
        assert main.flags & ~Flag.TOO_FEW == share.flags and len(after) == (2 if share.flags else 0), seed
        assert main.low == pytest.approx(share.low, abs=0.01) and main.high == pytest.approx(share.high, abs=0.01)
        assert ("depend on each other" in main.method) == bool(share.flags)
    assert {Flag.NONE, Flag.AMBIGUOUS, Flag.DEPENDENT} == set(seen)


def test_few_pulses_after_one_that_fired_tell_nothing_of_a_dependence() -> None:
    main, after_fired, after_quiet = of_search(*[False] * 10, True, *[False] * 14)
    assert Flag.AMBIGUOUS in main.flags and "cannot be told" in main.method
    assert after_fired.high is not None and after_fired.high > 0.7 and after_quiet.high is not None
    assert after_quiet.high < 0.25


def test_some_pulses_of_a_search_that_tell_nothing_widen_every_row() -> None:
    (whole,) = of_search(*[True] * 30)
    assert whole.flags == Flag.NONE and whole.low is not None and whole.low > 0.8
    (found,) = of_search(*[True] * 30, None, None)
    assert found.value == whole.value and found.low is not None and found.low < whole.low and "in 2 of" in found.method
    assert found.flags == Flag.AMBIGUOUS | Flag.TOO_FEW   # with both outcomes, it is not as narrow as was asked
    main, fired, quiet = of_search(*[False] * 16, None, None)
    for row in (main, quiet):
        assert row.high is not None and row.high > 0.3 and Flag.AMBIGUOUS in row.flags
        assert "from the edge on: the interval contains both" in row.method
    assert fired.value is None
