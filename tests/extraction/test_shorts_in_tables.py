"""Tables of devices that conduct from the edge of a pulse on, or all the time: no number says they do not switch."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tsbench.extraction import analyse_files


def pulses(conductance_before: list[float], after: float = 1e-3, amplitude: float = 1.5) -> tuple[np.ndarray, ...]:
    """(time, voltage, current) of pulses of 100 us with edges of 2.5 us, that switch 20 us after the edge, if at all.

    ``conductance_before`` [S] is that before the device switches, ``after`` that from then on.
    """
    time = np.arange(0.0, len(conductance_before) * 1e-3, 0.5e-6)
    start = (np.floor(time / 1e-3) + 0.25) * 1e-3
    voltage = amplitude * np.clip((time - start) / 2.5e-6 + 0.5, 0, 1) * np.clip((start + 100e-6 - time) / 2.5e-6, 0, 1)
    before = np.array(conductance_before)[np.floor(time / 1e-3).astype(int)]
    current = voltage * np.where(time < start + 20e-6, before, after)
    return time, voltage, current + 1e-6 * np.random.default_rng(1).standard_normal(time.size)


def analysed(folder: Path, header: str, *columns: np.ndarray) -> Any:
    path = folder / "table.csv"
    np.savetxt(path, np.column_stack(columns), delimiter=",", header=header, comments="", fmt="%.9g")
    return analyse_files([path])


def of(found: Any, quantity: str) -> list[dict[str, Any]]:
    return [row for row in found.rows if row["quantity"] == quantity]


def test_a_device_that_is_on_from_the_edge_on_is_not_one_that_does_not_switch(tmp_path: Path) -> None:
    found = analysed(tmp_path, "Time (s),V (V),I (A)", *pulses([1e-3] * 5))
    (share,) = of(found, "switching_probability")
    assert share["value"] is None and share["high"] is None and "ambiguous" in share["flags"]
    assert all("ambiguous" in row["flags"] for row in of(found, "switching_delay"))
    assert any("1.0 kOhm from the edge on" in line for line in found.lines)


def test_the_interval_holds_both_outcomes_of_such_pulses_beside_clear_ones(tmp_path: Path) -> None:
    found = analysed(tmp_path, "Time (s),V (V),I (A)", *pulses([1e-6, 1e-3, 1e-6, 1e-3, 1e-6, 1e-6]))
    (share,) = of(found, "switching_probability")
    assert share["value"] == 1.0 and "4 of 4" in share["method"] and "ambiguous" in share["flags"]
    assert "whether 2 of 6 pulses fired is not known" in share["method"]
    assert share["low"] == pytest.approx(0.30, abs=0.01) and share["high"] == 1.0   # 4 of 6, and 6 of 6


@pytest.mark.parametrize("off", [0.0, 1e-7])
def test_a_device_that_stays_off_does_not_switch(tmp_path: Path, off: float) -> None:
    found = analysed(tmp_path, "Time (s),V (V),I (A)", *pulses([off] * 5, after=off))
    (share,) = of(found, "switching_probability")
    assert share["value"] == 0.0 and share["flags"] == []


def test_a_short_is_called_so_in_pulses_and_in_sweeps(tmp_path: Path) -> None:
    found = analysed(tmp_path, "Time (s),V (V),I (A)", *pulses([0.2] * 3, after=0.2, amplitude=0.1))
    (share,) = of(found, "switching_probability")
    assert share["value"] is None and "short" in share["flags"] and any("looks short" in line for line in found.lines)
    voltage = np.r_[np.linspace(0, 1, 101), np.linspace(1, 0, 101)[1:]]
    noise = 1 + 0.01 * np.random.default_rng(0).standard_normal(voltage.size)
    swept = analysed(tmp_path, "V (V),I (A)", voltage, voltage / 5.0 * noise)
    (threshold,) = of(swept, "threshold_voltage")
    assert threshold["value"] is None and "short" in threshold["flags"]
    assert any("looks short" in line for line in swept.lines)
