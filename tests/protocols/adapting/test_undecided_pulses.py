"""Pulses of which it is not known whether they fired: the interval holds both outcomes, and the flag says so."""

import pytest

from tests.fixtures.made_runs import run
from tsbench.protocols.adapting.extraction import JudgedPulse
from tsbench.protocols.firing_probability.extraction import Counted, _results
from tsbench.records import Flag, Result


def pulse(fired: bool | None, **how: bool) -> JudgedPulse:
    return JudgedPulse(1.0, fired, how.get("missed", False), False, how.get("at_once", False),
                       how.get("unreadable", False))


def probability(*more: JudgedPulse) -> Result:
    pulses = ([pulse(True), pulse(False)] * 20)[:40]
    made = run("firing_probability", ("pulse",), [], parameters={
        name: {"value": value, "unit": ""} for name, value in {
            "interval": 0.4, "budget": 200, "width": 1e-6, "base": 0.1}.items()})
    return _results(made, Counted(1.0, (*pulses, *more)), 40 + len(more))[0]


@pytest.mark.parametrize("kind", ["at_once", "unreadable"])
def test_an_interval_holds_both_outcomes_of_undecided_pulses(kind: str) -> None:
    clear, doubted = probability(), probability(*[pulse(None, **{kind: True})] * 20)
    assert Flag.AMBIGUOUS in doubted.flags and doubted.value == clear.value
    assert doubted.low < 20 / 60 < 40 / 60 < doubted.high
    assert clear.low > 20 / 60 and clear.high < 40 / 60 and "both outcomes" in doubted.method


def test_what_the_scope_missed_is_no_doubt() -> None:
    """Which pulses these are does not depend on the device."""
    clear, fewer = probability(), probability(*[pulse(None, missed=True)] * 20)
    assert (clear.low, clear.high, clear.flags) == (fewer.low, fewer.high, fewer.flags)
    assert "20 missed by the scope" in fewer.method
