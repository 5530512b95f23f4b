"""A device that switches just before the end of a pulse has not stayed off: what it did is not known."""

import numpy as np
import pytest

from tsbench.analysis.pulse.shown import rises_at_the_end
from tsbench.analysis.pulse.switching_delay import switching_delay
from tsbench.records import Flag

DT, NOISE = 2e-9, 2e-7   #: [s], [A]


def record(before_the_end: float | None, seed: int):
    """Return a pulse of 1 us and 1.2 V on 1 MOhm, that switches to 5 kOhm so long [s] before its end; None: never."""
    random, time = np.random.default_rng(seed), DT * np.arange(-250, 750)
    shape = np.clip(time / 20e-9 + 0.5, 0.0, 1.0) - np.clip((time - 1e-6) / 20e-9 + 0.5, 0.0, 1.0)
    since = -1.0 if before_the_end is None else time - 1e-6 + before_the_end
    on = 1.0 / (1.0 + np.exp(-np.clip(since / 1.25e-9, -60.0, 60.0)))
    voltage = 1.2 * shape
    current = voltage * (1e-6 + on * 2e-4) + NOISE * random.standard_normal(time.size)
    return time, voltage + 5e-3 * random.standard_normal(time.size), current


@pytest.mark.parametrize("before_the_end", [20e-9, 30e-9])
@pytest.mark.parametrize("seed", range(5))
def test_a_pulse_that_switches_just_before_its_end_is_not_called_quiet(before_the_end, seed):
    found = switching_delay(*record(before_the_end, seed))
    assert found.value is not None or (not found.told and Flag.AMBIGUOUS in found.flags)


@pytest.mark.parametrize("seed", range(20))
def test_a_pulse_that_does_not_switch_is_quiet(seed):
    found = switching_delay(*record(None, seed))
    assert found.told and found.flags == Flag.NO_EVENT


def test_two_wild_samples_are_no_rise():
    current = np.full(400, 1e-6)
    current[390:392] = 1e-3
    assert not rises_at_the_end(current, (0, 399), NOISE)
    current[392] = 1e-3
    assert rises_at_the_end(current, (0, 399), NOISE)
