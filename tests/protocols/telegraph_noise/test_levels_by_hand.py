"""Telegraph noise of readings that are made of numbers: what the levels are off by, and fast jumps."""

import math

import numpy as np
import pytest

from tests.fixtures.made_runs import run
from tsbench.analysis.statistics import NORMAL_95
from tsbench.analysis.telegraph.telegraph import two_levels
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.telegraph_noise.extraction import BiasRecord, _BiasErrors, _results, telegraph_results
from tsbench.records import Flag, FloatArray, Result

LOW, HIGH = 1e-5, 1.2e-5  #: [A]
STEP = 1e-3  #: [s] between two readings


def jumping(stay: float, count: int = 600, noise: float = 1e-12) -> FloatArray:
    """Return currents [A] of a process without memory that stays for ``stay`` readings on average."""
    random = np.random.default_rng(1)
    states = np.cumsum(random.random(count) < 1.0 / stay) % 2
    return np.where(states == 1, HIGH, LOW) + noise * random.standard_normal(count)


def results(current: FloatArray, gain: float = 0.0, source: float = 0.0) -> dict[str, Result]:
    record = BiasRecord(0.1, STEP * np.arange(current.size), current, np.zeros(current.size), two_levels(current),
                        Flag.NONE)
    return {row.quantity: row for row in _results(record, _BiasErrors(gain, 0.0, source), current.size)}


@pytest.mark.parametrize("given", ["gain", "source"])
def test_the_amplitude_holds_the_errors_that_scale_the_current(given: str) -> None:
    exact, found = (results(jumping(20.0), **{given: error})["telegraph_amplitude"] for error in (0.0, 0.01))
    half = NORMAL_95 * 0.01 * (HIGH - LOW)
    assert exact.high - exact.low < 0.01 * half
    assert found.value - found.low == pytest.approx(half, rel=1e-2)
    assert found.high - found.value == pytest.approx(half, rel=1e-2)


@pytest.mark.parametrize(("stay", "flag"), [(20.0, Flag.NONE), (2.5, Flag.UNDER_SAMPLED)])
def test_levels_that_last_for_few_readings_have_the_flag_of_their_times(stay: float, flag: Flag) -> None:
    """Readings that hold a jump are averages, and pull the levels together."""
    rows = results(jumping(stay))
    assert rows["mean_time_low"].flags & Flag.UNDER_SAMPLED == flag
    for name in ("telegraph_amplitude", "telegraph_relative_amplitude"):
        assert rows[name].value is not None and rows[name].flags == flag


@pytest.mark.parametrize("power", [1, 5])
def test_an_amplitude_that_grows_with_a_power_of_the_voltage_is_as_many_times_less_certain(power: int) -> None:
    """The source is off by 2e-4 of 0.1 V and 0.3 mV; the power comes from the amplitude at 0.11 V."""
    columns = ("index", "time", "record", "set_point", "voltage", "current", "device_voltage")
    points = [(k, STEP * k, number, bias, bias, one, bias) for number, bias in enumerate((0.1, 0.11))
              for k, one in enumerate(jumping(20.0) * (bias / 0.1) ** power)]
    rows = telegraph_results(run("telegraph_noise", columns, points, parameters={"samples": {"value": 600}}),
                             ExtractionOptions())
    found = next(row for row in rows if row.quantity == "telegraph_amplitude" and row.conditions["bias"] == 0.1)
    relative = NORMAL_95 * power * 3.2e-3 / math.sqrt(3.0)
    assert (found.high - found.low) / (2.0 * found.value) == pytest.approx(relative, rel=0.05)
