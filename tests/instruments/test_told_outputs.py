"""What is known of each output: what was commanded, and what was read back; nothing else is told."""

from typing import Any

from tsbench.instruments.guard.limits import WorstCase
from tsbench.instruments.guard.told_outputs import ToldOutputs
from tsbench.instruments.interfaces import OutputState

_WORST = WorstCase(1.0, 1e-3, 1e-3)


def outputs(*names: str) -> tuple[ToldOutputs, list[Any]]:
    made, told = ToldOutputs(), []
    made.tell = told.append
    made.reset(names)
    return made, told


def test_an_output_that_goes_on_is_commanded_before_it_is_read_back() -> None:
    made, told = outputs("meter", "generator.1")
    assert told == [{"meter": "commanded off", "generator.1": "commanded off"}]
    made.add("meter", _WORST, lambda: True)
    made.switched("meter", True, read_back=True)
    assert [states["meter"] for states in told[1:]] == ["commanded on", "on"]
    assert {states["generator.1"] for states in told} == {"commanded off"}   # it was not touched


def test_a_driver_that_reads_nothing_back_leaves_the_command() -> None:
    made, told = outputs("meter")
    made.add("meter", _WORST, lambda: True)
    made.switched("meter", True, read_back=False)
    assert told[-1] == {"meter": "commanded on"}
    made.switched("meter", False, read_back=False)
    made.remove("meter")
    assert told[-1] == {"meter": "commanded off"}
    made.add("meter", _WORST, lambda: True)
    made.switched("meter", False, read_back=True)
    made.remove("meter")
    assert told[-1] == {"meter": "off"}   # what was read back is not weakened


def test_only_changes_are_told() -> None:
    made, told = outputs("meter")
    for _ in range(3):   # every list of levels notes it
        made.add("meter", _WORST, lambda: True)
    made.switched("meter", True, read_back=True)
    made.switched("meter", True, read_back=True)
    assert len(told) == 3


def test_making_safe_is_a_command_until_it_is_read_back() -> None:
    made, told = outputs("meter", "generator.1")
    made.add("meter", _WORST, lambda: True)
    made.clear()
    assert told[-1]["meter"] == "commanded off" and made.terminals == ()
    made.read_back([OutputState("meter", True), OutputState("generator.1", False)])
    assert told[-1] == {"meter": "unknown", "generator.1": "off"}
    made.tell(dict(told[0]))
    assert made.states == {"meter": "unknown", "generator.1": "off"}   # listeners get copies
