"""Random circuits take the steps that they took when they were recorded: see ``benchmarks/recording.py``.

Another kind of processor may round the last digits differently, so the numbers at the end are compared within 1e-9.
"""

from pathlib import Path
from typing import Any

import pytest

from benchmarks.recording import NETLISTS, read, trajectory


@pytest.fixture(scope="module")
def recorded() -> Any:
    return read(Path(__file__).parents[3] / "benchmarks" / "recording.xz")


@pytest.mark.parametrize("number", range(NETLISTS))
def test_a_circuit_takes_the_recorded_steps(recorded: Any, number: int) -> None:
    before, now = (found.split() for found in (
        recorded["trajectories"][number], trajectory(recorded["circuits"][number])))
    assert int(now[0]) == int(before[0]) > 50   # the first is their number, then a digest and the unknowns at the end
    ends = [[float.fromhex(number) for number in found[2:]] for found in (now, before)]
    assert ends[0] == pytest.approx(ends[1], rel=1e-9, abs=1e-12)
