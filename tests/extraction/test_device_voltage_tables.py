"""Sweeps whose only voltage is that of the device: behind a load or in compliance, it does not show the set-points."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsbench.analysis.threshold.source_levels import last_at_source, source_levels
from tsbench.extraction import FileAnalysis, analyse_files

ON, HOLD_CURRENT, BASE = 1.0, 20e-6, 0.3  #: [V], [A]; the on state has BASE and a resistance in series
R_OFF, R_ON = 1e5, 500.0  #: [Ohm]


def solved(source: float, on: bool, load: float, limit: float) -> tuple[float, float]:
    current = min((source - BASE) / (R_ON + load) if on else source / (R_OFF + load), limit)
    return (BASE + R_ON * current if on else R_OFF * current), current


def sweep(
    load: float = 0.0, limit: float = np.inf, top: float = 2.0, step: float = 0.01, noise: float = 0.0,
    levels: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return set-points, device voltages and currents of an ideal threshold switch."""
    up = np.arange(round(top / step) + 1) * step if levels is None else levels
    source, on, read = np.concatenate((up, up[-2::-1])), False, []
    for level in source:
        voltage, current = solved(level, on, load, limit)
        if (not on and voltage >= ON) or (on and current < HOLD_CURRENT):
            on = not on
            voltage, current = solved(level, on, load, limit)
        read.append((voltage, current))
    voltages, currents = np.array(read).T
    random = np.random.default_rng(1)
    return source, voltages + noise * random.standard_normal(source.size), currents


def analysed(folder: Path, voltage: np.ndarray, current: np.ndarray) -> FileAnalysis:
    path = folder / "a.csv"
    np.savetxt(path, np.column_stack((voltage, current)), delimiter=",", header="V (V),I (A)", comments="", fmt="%.9g")
    return analyse_files([path])


def of(found: FileAnalysis, quantity: str) -> dict[str, object]:
    return next(row for row in found.rows if row["quantity"] == quantity and "half_sweep" in row["conditions"])


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(("load", "limit", "noise"), [
    (2e3, np.inf, 0.0), (10e3, np.inf, 1e-4), (500.0, np.inf, 0.0), (0.0, 1e-4, 1e-5), (5e3, 2e-4, 0.0),
    (0.0, 1.29e-3, 1e-5)])   # in the last one, the voltage stands still where it was
def test_threshold_and_hold_are_found_from_the_voltage_of_the_device(tmp_path, load, limit, noise, sign) -> None:
    _, voltage, current = sweep(load, limit, 2.5, noise=noise)
    found = analysed(tmp_path, sign * voltage, sign * current)
    for quantity, true in (("threshold_voltage", ON), ("hold_voltage", BASE + R_ON * HOLD_CURRENT)):
        row = of(found, quantity)
        assert row["low"] - 1e-6 <= sign * true <= row["high"] + 1e-6 and row["high"] - row["low"] < 0.35, quantity
    assert sum("so it was read at the device" in line for line in found.lines) == 1
    assert not any(row["quantity"] == "series_resistance" for row in found.rows)
    if not np.isfinite(limit):
        row = of(found, "differential_on_resistance")
        assert row["low"] - 1e-6 <= R_ON <= row["high"] + 1e-6 and row["high"] - row["low"] < 0.1 * R_ON


def test_uneven_steps_before_the_switching_are_doubted(tmp_path) -> None:
    _, voltage, current = sweep(2e3, levels=np.append(0.0, np.geomspace(0.01, 2.5, 60)))
    found = analysed(tmp_path, voltage, current)
    assert any("the set-points are not known" in line and "level=NAME" in line for line in found.lines)
    assert all("ambiguous" in row["flags"] for row in found.rows if "half_sweep" in row["conditions"])


@settings(max_examples=60, deadline=None)
@given(load=st.floats(300.0, 2e4), step=st.floats(0.004, 0.03), noise=st.sampled_from((0.0, 1e-5, 2e-4)))
def test_levels_rise_and_fall_as_those_of_the_source(load: float, step: float, noise: float) -> None:
    source, voltage, current = sweep(load, np.inf, 3.0, step, noise)
    levels = source_levels(voltage, current)
    assert levels is not None
    share = R_OFF / (R_OFF + load)   # the voltage of the device that is off
    assert np.abs(levels - share * source).max() < 0.05 * step + 5.0 * noise


@given(st.floats(0.2, 2.0), st.integers(10, 200), st.booleans())
def test_set_points_of_a_voltage_are_left_alone(top: float, number: int, repeats: bool) -> None:
    up = np.linspace(0.0, top, number)
    voltage = np.concatenate((up, up[::-1] if repeats else up[-2::-1]))
    current = voltage * 1e-6
    current[number // 2 : -number // 4] *= 1000.0
    assert last_at_source(voltage, current) is None and source_levels(voltage, current) is None


def test_a_switching_at_a_top_that_is_held_is_not_known(tmp_path) -> None:
    up = np.linspace(0.0, 1.2, 61)
    voltage = np.concatenate((up, np.full(8, 1.2), up[::-1]))
    current = voltage * 1e-6
    current[64:90] = 1e-3 * voltage[64:90]
    found = analysed(tmp_path, voltage, current)
    assert {"no_event", "ambiguous"} == set(of(found, "threshold_voltage")["flags"])
    assert of(found, "hold_voltage")["flags"] == ["unchecked"]
    assert not any("at the device" in line for line in found.lines)
