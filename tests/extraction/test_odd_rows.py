"""Rows of tables that are not what they look like: a message says what is odd."""

from pathlib import Path

import numpy as np
import pytest

from tsbench.errors import TsbenchError
from tsbench.extraction import analyse_files


@pytest.mark.parametrize("text", ['V (V),I (A)\n"1,000.0",1\n"1,001.0",2\n', "V (V);I (A)\n1.000,5;1\n1.001,5;2\n"])
def test_thousands_separators_are_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "table.csv"
    path.write_text(text)
    with pytest.raises(TsbenchError, match="thousands separators"):
        found = analyse_files([path])
        raise TsbenchError(" ".join(found.problems))


def swept(order: np.ndarray | None, folder: Path) -> list[str]:
    voltage = np.r_[np.linspace(0, 1.5, 151), np.linspace(1.5, 0, 151)[1:]]
    on = np.r_[voltage[:151] > 0.9, voltage[151:] > 0.4]
    rows = np.column_stack([voltage, voltage * np.where(on, 1e-3, 1e-6)])
    path = folder / "sweep.csv"
    np.savetxt(path, rows if order is None else rows[order], delimiter=",", header="V (V),I (A)", comments="")
    found = analyse_files([path])
    return [line for line in found.lines if "order of measurement" in line] + [
        row["quantity"] for row in found.rows if row["quantity"] == "threshold_voltage" and "ambiguous" in row["flags"]]


def test_rows_in_random_order_are_told(tmp_path: Path) -> None:
    assert "order of measurement" in swept(np.random.default_rng(1).permutation(301), tmp_path)[0]
    assert not swept(None, tmp_path)


def _sweep(cycles: int) -> list[str]:
    """Return rows of sweeps to 1.4 V and back that switch at 1 V and at 0.5 V."""
    up = [0.02 * k for k in range(71)]
    rows = []
    for _ in range(cycles):
        rows += [f"{v:.3f},{v / (1e5 if v < 1.0 else 2e3):.6e}" for v in up]
        rows += [f"{v:.3f},{v / (2e3 if v > 0.5 else 1e5):.6e}" for v in reversed(up)]
    return rows


def test_a_last_line_that_is_cut_off_is_left_out(tmp_path: Path) -> None:
    """A current of 2.396e-06 A that ends after "2.396" was read as 2.4 A."""
    rows = _sweep(1)
    path = tmp_path / "t.csv"
    path.write_text("\n".join(["V (V),I (A)", *rows[:-1], "0.000,2.396"]), "utf-8")
    found = analyse_files([path])
    assert any("the last line ('0.000,2.396') has no end" in line for line in found.lines)
    assert any("Largest: 1.40 V, 700 uA" in line for line in [*found.lines, *found.understood])
    path.write_text("\n".join(["V (V),I (A)", *rows]), "utf-8")
    assert not any("the last line" in line for line in analyse_files([path]).lines)


def test_the_minus_sign_of_typesetting_is_a_minus(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("\n".join(["V (V),I (A)", *_sweep(1)]).replace("-", "\u2212") + "\n", "utf-8")
    (row,) = [row for row in analyse_files([path]).rows if row["quantity"] == "threshold_voltage"]
    assert row["value"] == pytest.approx(0.99)


def test_a_sweep_that_ends_on_its_way_up_may_have_switched(tmp_path: Path) -> None:
    """It counted as one that does not switch."""
    path = tmp_path / "t.csv"
    path.write_text("\n".join(["V (V),I (A)", *_sweep(3)[:-100]]) + "\n", "utf-8")
    found = analyse_files([path])
    assert any("2 of 3 half-sweeps switch, 0 do not, and of 1 it is not known" in line for line in found.lines)
    assert any("the last half-sweep ends at 820.0 mV on the way up" in line for line in found.lines)
    last = [row for row in found.rows if row["quantity"] == "threshold_voltage"][-1]
    assert last["value"] is None and last["flags"] == ["ambiguous"]
