"""One error that is large beside all others decides how wide an interval is, of whatever quantity it is."""

import functools
import math
from dataclasses import replace

import numpy as np
import pytest

from tests.analysis.test_pulse import pulse
from tests.analysis.test_refractory import synthetic
from tests.analysis.test_resistances import LEVEL, OFF, device, results
from tests.analysis.test_spike_energy import CURRENT, PERIOD, PERIODS, VOLTAGE, found, true_energy
from tsbench.analysis.energy.spike_energy import PowerFacts
from tsbench.analysis.pulse.delay_results import Delay, PulseFacts, delay_result, mean_delay
from tsbench.analysis.pulse.switching_delay import switching_delay
from tsbench.analysis.refractory.refractory import recovery, recovery_results
from tsbench.analysis.relaxation.relaxation import relaxation_time
from tsbench.analysis.relaxation.results import shot_result
from tsbench.analysis.threshold.switching_results import SweepFacts
from tsbench.records import Flag, Result

UNIFORM = 1.96 / math.sqrt(3.0)   #: half of the interval by the limit of a uniform error that counts as a normal one
LIFE, FIRST, FALLEN = 200e-6, 5e-6, 2.2e-6   #: [s] of an exponential fall, [A] where it begins, [A]


def half(result: Result) -> float:
    assert result.low is not None and result.high is not None
    return 0.5 * (result.high - result.low)


def delay(by_level=None, **facts):
    """Half of the interval of a delay of 80 ns."""
    time, voltage, current, known = pulse(80e-9)
    return half(delay_result(switching_delay(time, voltage, current, replace(known, **facts), by_level=by_level), {}))


def delay_of_half_the_current(**facts):
    return delay(by_level=True, **facts)


def least_mean_delay(limit=0.0, systematic=0.0):
    """How far the lower bound of a mean is below the pulses, all of 100 ns, of which one ended before it switched."""
    fired = [Delay(100e-9, 0.0, systematic, limit=limit)] * 9
    low = mean_delay([*fired, Delay(None, 0.0, 0.0, Flag.NO_EVENT, stood=100e-9)], {}).low
    return 100e-9 - low


def relaxation(level=None, **facts):
    """Half of the interval of a relaxation time, of a current that falls as an exponential."""
    time = 1e-6 * np.arange(-200, 3000)
    fires, falls = (time >= 2e-5) & (time < 2e-4), time >= 2e-4
    current = np.where(fires, 1e-4, np.where(falls, FIRST * np.exp(-(time - 2e-4) / LIFE), 0.0))
    current = current + 1e-9 * np.random.default_rng(0).standard_normal(time.size)
    voltage = np.where((time >= 0) & (time < 2e-4), np.where(fires, 1.0, 1.4), 0.05)
    return half(shot_result(relaxation_time(
        time, voltage, current, 2e-4, level=level, start=0.0, facts=PulseFacts(**facts)), {}))


def relaxation_to_a_current(**facts):
    return relaxation(FALLEN, **facts)


def off_resistance(**facts):
    return half(results(device(LEVEL, 1000.0), SweepFacts(**facts))["off_resistance"])


def on_resistance(**facts):
    return half(results(device(LEVEL, 1000.0), SweepFacts(**facts))["on_resistance"])


def energy(**facts):
    """Uncertainty that the energies of all spikes share, as half of an interval."""
    return 1.96 * found(facts=PowerFacts(**facts)).uncertainty


def exchange():
    """Integral of the voltage over the current in one period [V A]."""
    whole = round(PERIOD / 1e-9) * (PERIODS - 2)
    mean = 0.5 * (VOLTAGE[1:] + VOLTAGE[:-1])
    return abs(float((mean * np.diff(CURRENT))[:whole].sum())) / (PERIODS - 2)


@functools.cache
def recovered():
    return recovery(synthetic(np.random.default_rng(0), 3e-3, 0.22, repeats=10))


def refractory_period(**known):
    return half(recovery_results(recovered(), {}, **known)[0])


@pytest.mark.parametrize(("quantity", "error", "alone"), [
    (delay, {"channel_skew": 40e-9}, 0.95 * 40e-9),
    (delay, {"timebase_accuracy": 0.5}, 0.95 * 0.5 * 80e-9),
    (delay_of_half_the_current, {"channel_skew": 40e-9}, 0.95 * 40e-9),
    (delay_of_half_the_current, {"timebase_accuracy": 0.5}, 0.95 * 0.5 * 80e-9),
    (delay_of_half_the_current, {"sense_delay_limit": 20e-9}, 0.95 * 10e-9),   # it is late by nothing to 20 ns
    (least_mean_delay, {"limit": 50e-9}, 0.95 * 50e-9),
    (least_mean_delay, {"systematic": 20e-9}, 1.96 * 20e-9),
    (relaxation, {"timebase_accuracy": 0.2}, UNIFORM * 0.2 * LIFE * math.log(2.0)),
    (relaxation_to_a_current, {"timebase_accuracy": 0.2}, UNIFORM * 0.2 * LIFE * math.log(FIRST / FALLEN)),
    (relaxation_to_a_current, {"current_gain": 0.2}, UNIFORM * 0.2 * LIFE),
    (off_resistance, {"voltage_gain": 0.1}, UNIFORM * 0.1 * OFF),
    (off_resistance, {"current_gain": 0.1}, UNIFORM * 0.1 * OFF),
    (on_resistance, {"voltage_gain": 0.1}, UNIFORM * 0.1 * 411.8),
    (on_resistance, {"current_gain": 0.1}, UNIFORM * 0.1 * 411.8),
    (energy, {"voltage_gain": 0.1}, 1.96 * 0.1 * true_energy()),
    (energy, {"current_gain": 0.1}, 1.96 * 0.1 * true_energy()),
    (energy, {"timebase": 0.1}, 1.96 * 0.1 * true_energy()),
    (energy, {"delay_uncertainty": 20e-9}, 1.96 * 20e-9 * exchange()),
    (energy, {"voltage_offset": 0.1}, 1.96 * 0.1 * float(CURRENT.mean()) * PERIOD),
    (energy, {"current_offset": 1e-4}, 1.96 * 1e-4 * float(VOLTAGE.mean()) * PERIOD),
    (refractory_period, {"instant": 1e-3}, 1.96 * math.sqrt(2.0 / 3.0) * 1e-3),
], ids=lambda one: next(iter(one)) if isinstance(one, dict) else "" if isinstance(one, float) else one.__name__)
def test_an_error_that_is_large_beside_all_others_is_the_width(quantity, error, alone):
    assert quantity() < 0.5 * alone
    assert 0.95 * alone <= quantity(**error) < 1.3 * alone
