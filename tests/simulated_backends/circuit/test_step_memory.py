"""The memory of steps in which a limit cycle is looked for."""

import numpy as np

from tsbench.simulated_backends.circuit.trajectory import LONGEST_MEMORY, StepMemory, Steps


def run_of(first: int, count: int) -> Steps:
    number = np.arange(first, first + count, dtype=float)
    return Steps(number, np.ones(count), *(number[:, None] * np.array([1.0, 10.0]) + k for k in range(4)))


def test_runs_come_back_as_one() -> None:
    memory, whole, number = StepMemory(), run_of(0, 5000), 0
    for count in (1, 700, 3, 1500, 96, 2700):
        memory.add(run_of(number, count), 0.0, moving=False)
        number += count
    assert memory and not memory.full
    for most in (10, 4096, LONGEST_MEMORY):
        for kept, made in zip(memory.steps(most).arrays(), whole.part(-most).arrays(), strict=True):
            np.testing.assert_array_equal(kept, made)


def test_what_was_handed_out_stays_as_it_was() -> None:
    memory = StepMemory()
    for number in range(0, 60, 10):
        memory.add(run_of(number, 10), 0.0, moving=False)
    before = memory.steps()
    copies = [a.copy() for a in before.arrays()]
    for number in range(60, 400, 10):
        memory.add(run_of(number, 10), 0.0, moving=False)
    memory.clear()
    memory.add(run_of(7, 30), 0.0, moving=False)
    for kept, copy in zip(before.arrays(), copies, strict=True):
        np.testing.assert_array_equal(kept, copy)


def test_the_oldest_are_dropped_and_a_change_forgets_all() -> None:
    memory = StepMemory()
    for number in range(0, LONGEST_MEMORY + 30000, 10000):
        memory.add(run_of(number, 10000), 0.0, moving=False)
    assert memory.full and memory.steps().starts.size == LONGEST_MEMORY
    assert memory.steps().starts[-1] == number + 9999
    memory.add(run_of(500000, 10), 500004.0, moving=False)   # a breakpoint within the run
    assert memory.steps().starts[0] == 500004.0 and memory.steps().starts.size == 6
    memory.add(run_of(600000, 10), 0.0, moving=True)
    assert not memory
