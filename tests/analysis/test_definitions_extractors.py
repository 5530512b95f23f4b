"""The extractors held to docs/definitions.md: made-up readings whose answers are known (no simulated bench is used)."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tsbench.analysis.oscillation.frequency import oscillation
from tsbench.analysis.oscillation.spikes import spike_times
from tsbench.analysis.pulse.switching_delay import switching_delay
from tsbench.analysis.relaxation.relaxation import relaxation_time
from tsbench.analysis.threshold.half_sweeps import IVPoints
from tsbench.analysis.threshold.snapback import snapback
from tsbench.analysis.threshold.switching_results import SweepFacts, Switching
from tsbench.analysis.threshold.threshold import switching
from tsbench.records import Flag

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "definitions.md").read_text("utf-8")


def staircase(peak: float, step: float, sign: int = 1) -> Any:
    """Return set-points [V] from 0 to ``peak`` and back."""
    up = step * np.arange(round(peak / step) + 1)
    return sign * np.concatenate([up, up[-2::-1]])


def extracted(voltage: Any, current: Any, level: Any = None, flags: Any = None, resistance: float = 0.0) -> Switching:
    """Return threshold and hold of one half-sweep, behind a resistance [Ohm] that the voltages are free of."""
    facts = SweepFacts(current_noise=1e-9, path_resistance=resistance, path_tolerance=0.0)
    found, = switching(IVPoints(voltage, current, level=level, flags=flags), facts)
    return found


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(("threshold", "hold"), [(1.003, 0.397), (1.204, 0.083), (0.706, 0.652)])
def test_threshold_and_hold_voltage_of_a_staircase(threshold: float, hold: float, sign: int) -> None:
    v = staircase(1.5, 0.01, sign)
    up = np.arange(v.size) <= v.size // 2
    on = np.where(up, abs(v) > threshold, abs(v) > hold)
    noise = 1e-9 * np.random.default_rng(3).standard_normal(v.size)
    found = extracted(v, v * np.where(on, 1e-3, 1e-5) + noise)
    for result, true in ((found.threshold_voltage, sign * threshold), (found.hold_voltage, sign * hold)):
        assert result.low is not None
        assert result.high is not None
        assert result.low <= true <= result.high
        assert result.high - result.low < 0.025


def test_hold_does_not_count_readings_in_compliance() -> None:
    """Limited to 0.1 mA the voltage of the device that is on is 0.1 V; the limit lets go below that."""
    level = staircase(1.5, 0.01)
    up = np.arange(level.size) <= level.size // 2
    on = np.where(up, level > 1.003, level > 0.047)
    limited = on & (level * 1e-3 > 1e-4)
    voltage = np.where(limited, 0.1, level)
    flags = np.where(limited, int(Flag.COMPLIANCE), 0).astype(np.uint32)
    hold = extracted(voltage, np.where(on, np.minimum(1e-4, 1e-3 * level), 1e-5 * level), level, flags).hold_voltage
    assert hold.low is not None
    assert hold.high is not None
    assert hold.low <= 0.047 <= hold.high
    assert hold.high < 0.07


def test_hold_is_the_lowest_where_the_voltage_rises_again_before_the_device_is_off() -> None:
    """Behind a resistance the device follows its curve from its hold point at 0.8 V up to 0.95 V, and is off there."""
    down = np.concatenate([np.linspace(1.1, 0.8, 61), np.linspace(0.803, 0.95, 50)])
    i_down = np.concatenate([np.linspace(10e-3, 6e-3, 61), np.linspace(5.9e-3, 1.2e-3, 50)])
    off = np.linspace(0.94, 0, 95)
    up = np.linspace(0, 1.0, 101)
    voltage = np.concatenate([up, down[::-1][-61:], down, off])
    current = np.concatenate([1e-5 * up, i_down[:61][::-1], i_down, 1e-5 * off])
    level = np.concatenate([up + 50 * 1e-5 * up, np.linspace(1.3, 1.6, 61), down + 50 * i_down, off + 50 * 1e-5 * off])
    hold = extracted(voltage, current, level, resistance=50.0).hold_voltage
    assert hold.low is not None
    assert hold.high is not None
    assert hold.low <= 0.8 <= hold.high
    assert hold.high - hold.low < 0.05


def test_delay_runs_from_half_of_the_edge_to_the_steepest_rise() -> None:
    t = np.arange(-2e-6, 12e-6, 2e-9)
    rng = np.random.default_rng(4)
    v = np.interp(t, [-2e-6, 0, 0.2e-6, 10e-6, 10.2e-6, 12e-6], [0, 0, 1, 1, 0, 0])   # half at 0.1 us
    i = v * (1e-5 + 1e-3 / (1 + np.exp(-np.clip((t - 4e-6) / 30e-9, -60, 60))))
    delay = switching_delay(t, v + 2e-3 * rng.standard_normal(t.size), i + 2e-6 * rng.standard_normal(t.size))
    assert delay.value == pytest.approx(3.9e-6, abs=0.03e-6)


def test_relaxation_runs_from_half_of_the_edge_to_where_the_current_stays_below() -> None:
    t = np.arange(-2e-3, 40e-3, 5e-6)
    v = np.interp(t, [-2e-3, 0, 5e-6, 5e-3, 5.005e-3, 40e-3], [0.1, 0.1, 1, 1, 0.1, 0.1])
    g = np.where(t < 1e-3, 1e-9, 1e-4 * np.exp(-np.clip(t - 5e-3, 0, None) / 4e-3))
    i = g * v + 1e-8 * np.random.default_rng(5).standard_normal(t.size)
    found = relaxation_time(t, v, i, 5e-3, level=2e-6)   # 1e-5 A at first: ln 5 of 4 ms
    assert found.value == pytest.approx(4e-3 * np.log(5), rel=0.03)


def test_frequency_is_the_inverse_mean_interval() -> None:
    rng = np.random.default_rng(6)
    instants = np.cumsum(rng.uniform(0.8e-6, 1.2e-6, 41))
    t = np.arange(0, instants[-1] + 1e-6, 5e-9)
    v = np.exp(-(((t[:, None] - instants) / 60e-9) ** 2)).sum(axis=1) + 0.005 * rng.standard_normal(t.size)
    found = oscillation(spike_times(t, v))
    assert found.frequency == pytest.approx(40 / (instants[-1] - instants[0]), rel=2e-3)


@pytest.mark.parametrize("sign", [1, -1])
def test_snapback_is_from_the_threshold_to_the_lowest_voltage_after_it_on_the_way_up(sign: int) -> None:
    """Lower voltages before the threshold, and on the way down, do not count, nor does where it is back at the peak."""
    amperes = staircase(1e-3, 1e-5)
    up = np.arange(amperes.size) <= amperes.size // 2
    on_state = np.where(up, 0.15 + 800.0 * np.abs(amperes - 8e-4), 0.08 + 200.0 * amperes)
    volts = np.where(amperes > np.where(up, 6.05e-4, 2.05e-4), on_state, 1e3 * amperes)
    found, = snapback(IVPoints(sign * volts, sign * amperes, sign * amperes))
    result = found.snapback_voltage
    assert result.value == pytest.approx(sign * (0.60 - 0.15))
    assert min(abs(result.low), abs(result.high)) < 0.605 - 0.15 < max(abs(result.low), abs(result.high))
    resistor, = snapback(IVPoints(1e3 * amperes, amperes, amperes))
    assert resistor.snapback_voltage.value is None


def test_the_page_defines_each_quantity_once_and_is_linked() -> None:
    names = re.findall(r"^\| ([a-z -]+) \| ", PAGE, re.M)[1:]
    assert len(names) == len(set(names))
    wanted = {"threshold voltage", "threshold current", "hold voltage", "hold current", "snapback", "switching delay",
              "relaxation time", "refractory period", "frequency", "inter-spike interval", "firing", "jitter",
              "energy per spike", "linear range", "frequency slope", "oscillation end"}
    assert wanted <= set(names)
    for document in ("docs/extraction.md", "docs/world.md", "README.md"):
        assert "definitions.md" in (ROOT / document).read_text("utf-8"), document
    for test in re.findall(r"`(tests/[\w/]+\.py)`", PAGE):
        assert (ROOT / test).exists()


def test_neither_side_imports_the_other() -> None:
    sides = {"simulated_backends": "tsbench.analysis", "analysis": "tsbench.simulated_backends"}
    for folder, other in sides.items():
        for path in (ROOT / folder).rglob("*.py"):
            assert not re.search(rf"^\s*(from|import) {re.escape(other)}", path.read_text("utf-8"), re.M), path
