"""A run on each family of source meters, generators and oscilloscopes ends safe after a fault, and keeps its data.

A sample of ``python -m benchmarks.faults --drivers``: every kind of fault comes once, each on another family, at a
message that the seed chooses.
"""

import random
from collections.abc import Sequence
from typing import Any

import pytest

from benchmarks.fault_benches import of_drivers

WRITES = 8  #: of every short run at least
_SEED = 20261128


def one_of_each_family() -> list[str]:
    """Return one short run for each driver that takes part."""
    found: dict[str, str] = {}
    for run in of_drivers():
        assert run.cell is not None and run.cell.scope is not None
        for model in (run.cell.source, run.cell.scope):
            found.setdefault(model.driver, run.name)
    return sorted(set(found.values()))


RUNS = one_of_each_family()


def chosen(faults: Any, name: str) -> Sequence[tuple[str, dict[str, Any]]]:
    """Return the cases of a run: its share of the kinds of fault, at places that the seed chooses."""
    kinds: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for what, key, details in faults.cases_of(name, faults.undisturbed(name), WRITES, 1):
        kinds.setdefault(what, []).append((key, details))
    share = list(kinds)[RUNS.index(name) :: len(RUNS)]
    return [random.Random(f"{_SEED} {name} {what}").choice(kinds[what]) for what in share]


@pytest.mark.parametrize("name", RUNS)
def test_after_a_fault(faults: Any, name: str) -> None:
    for key, details in chosen(faults, name):
        _, problems, _ = faults.judged(name, key, details)
        assert not problems, key
