"""The table of a simulated netlist: its times are the ends of the steps and a grid, each of them once."""

import io
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tsbench.errors import TsbenchError
from tsbench.simulated_backends.circuit.trajectory import RecordedTrajectory
from tsbench.simulated_backends.studies.simulate import table_recorder
from tsbench.simulated_backends.studies.simulate.result import SimulationResult, Timing
from tsbench.simulated_backends.studies.simulate.table_recorder import TableRecorder


class Piece(RecordedTrajectory):
    """A segment whose node k has the voltage k t, and whose element R carries 10 t."""

    def __init__(self, *times: float) -> None:
        self.__dict__.update(times=np.array(times), start=times[0], end=times[-1])

    def voltage(self, node: str, times: Any) -> Any:
        return float(node) * times

    def current(self, element: str, times: Any) -> Any:
        assert element == "R"
        return 10.0 * times


def recorder(start: float = 0.0, progress: Any = None) -> TableRecorder:
    tran: Any = SimpleNamespace(step=1.0, start=start, stop=10.0)
    return TableRecorder(["v(2)", "v(3,1)", "i(R)"], tran, progress)


def test_times_are_those_of_the_steps_and_of_the_grid() -> None:
    table = recorder()
    table.observe(Piece(0.0, 0.4, 1.0 + 1e-9, 2.5))   # a step that only rounding tells from a grid point
    table.observe(Piece(2.5, 2.5 + 1e-9, 3.25, 4.0))
    times, columns = table.table()
    assert times == pytest.approx([0.0, 0.4, 1.0, 2.0, 2.5, 3.0, 3.25, 4.0], abs=2e-9)
    assert columns["v(2)"] == pytest.approx(2 * times)
    assert columns["v(3,1)"] == pytest.approx(3 * times - times)
    assert columns["i(R)"] == pytest.approx(10 * times)


def test_a_table_begins_at_its_start() -> None:
    table = recorder(start=2.25)
    table.observe(Piece(0.0, 1.5, 2.0))
    assert table._rows == 0
    table.observe(Piece(2.0, 2.25, 3.5))
    assert table.table()[0] == pytest.approx([2.25, 3.0, 3.5])


def test_progress_is_told_in_steps_and_never_beyond_the_whole() -> None:
    told: list[float] = []
    table = recorder(progress=told.append)
    for end in (0.0, 0.04, 0.05, 0.09, 5.0, 12.0):   # the run is 10 s: one in 200 is 0.05 s
        table.observe(Piece(end, end))
    assert told == pytest.approx([0.0, 0.005, 0.5, 1.0])


def test_a_table_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_recorder, "LARGEST_TABLE", 12)
    table = recorder()
    table.observe(Piece(0.0, 0.5, 1.0))   # three rows of four numbers
    with pytest.raises(TsbenchError, match=r"at 1\.5 s, the table already has 4 rows of 4 numbers"):
        table.observe(Piece(1.0, 1.5))


def test_a_result_as_text_and_as_arrays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tsbench.simulated_backends.studies.simulate.result._ROWS", 2)   # three blocks
    times = np.arange(5.0) / 3
    result = SimulationResult(times, {"v(a)": 2 * times, "v(a,b)": -times}, 7, (), 3, 1e-6, Timing(0.0, 0.0, 0.0, 0.0))
    text = io.StringIO()
    result.write_csv(text)
    header, *rows = text.getvalue().splitlines()
    assert header == 'time,v(a),"v(a,b)"' and rows[1] == "0.333333333333,0.666666666667,-0.333333333333"
    assert np.array([[float(cell) for cell in row.split(",")] for row in rows]) == pytest.approx(
        np.column_stack((times, 2 * times, -times)), rel=1e-11)
    result.write_npz(tmp_path / "found")   # the name as it is
    with np.load(tmp_path / "found") as kept:
        assert sorted(kept) == ["rtol", "seed", "steps", "time", "v(a)", "v(a,b)"]
        assert (int(kept["seed"]), int(kept["steps"]), float(kept["rtol"])) == (3, 7, 1e-6)
        assert kept["v(a)"] == pytest.approx(2 * times) and math.isclose(kept["time"][1], 1 / 3)
