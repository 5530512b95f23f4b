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
