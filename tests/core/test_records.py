"""What the plain data promise: numbers of stored flags, samples from codes, columns by name."""

import numpy as np
import pytest

from tsbench.records import Fixture, Flag, RunEvent, Sensing, Waveform, simulation_mark


def test_a_flag_keeps_its_number() -> None:
    """Run files hold the numbers: each is one bit, none may move."""
    order = [
        "COMPLIANCE", "OVERFLOW", "CLIPPED", "TRIGGER_MISSED", "TIMEOUT", "UNSETTLED", "OSCILLATING", "UNDER_SAMPLED",
        "NO_EVENT", "TOO_FEW", "CENSORED", "UNCHECKED", "IMPLAUSIBLE", "OPEN", "SHORT", "NO_HYSTERESIS", "AMBIGUOUS",
        "DEPENDENT",
    ]
    assert {name: Flag[name].value for name in order} == {name: 1 << bit for bit, name in enumerate(order)}
    assert [flag.name for flag in Flag] == order
    assert Flag(0) is Flag.NONE and Flag.NONE.names() == []
    assert (Flag.TIMEOUT | Flag.OPEN).names() == ["timeout", "open"]


def test_samples_and_times_of_a_waveform() -> None:
    codes = np.array([[0, 10, -10], [1, 2, 3]], dtype=np.int8)
    record = Waveform("source", "V", codes, 0.5, 2.0, -1.0, 0.25, np.zeros(2))
    assert record.values().tolist() == [[2.0, 7.0, -3.0], [2.5, 3.0, 3.5]]
    assert record.times().tolist() == [-1.0, -0.75, -0.5]


def test_a_waveform_claims_nothing_that_was_not_said() -> None:
    record = Waveform("source", "V", np.zeros((1, 1), np.int8), 1.0, 0.0, 0.0, 1.0, np.zeros(1))
    assert (record.clip_low, record.clip_high, record.bandwidth) == (None, None, None)
    assert (record.accuracy_gain, record.accuracy_offset, record.time, record.flags) == (0.0, 0.0, 0.0, Flag.NONE)


@pytest.mark.parametrize(("simulated", "mark"), [
    ({}, ""), ({"scope": False}, ""), ({"scope": True}, "SIMULATED"),
    ({"meter": False, "scope": True}, "PARTLY SIMULATED (scope)"), ({"meter": True, "scope": True}, "SIMULATED"),
])
def test_the_mark_of_a_bench_names_what_is_simulated(simulated: dict[str, bool], mark: str) -> None:
    assert simulation_mark(simulated) == mark


def test_a_fixture_of_which_only_the_netlist_is_said_adds_nothing() -> None:
    fixture = Fixture("R1 a 0 50")
    assert (fixture.parallel_capacitance, fixture.parallel_conductance) == (0.0, 0.0)
    assert not fixture.terminals and not fixture.path_resistance and not fixture.source_resistance
    assert fixture.sensing == Sensing()


def test_an_event_outside_a_run_has_no_time_on_the_benchs_clock() -> None:
    event = RunEvent("log", "recovered a.nxs")
    assert (event.time, event.data) == (0.0, {})
