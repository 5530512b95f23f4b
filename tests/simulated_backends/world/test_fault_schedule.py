"""The fault schedule: what it takes, what it refuses, and when a fault is due."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tsbench.errors import ConfigurationError
from tsbench.simulated_backends.world.faults import ENVIRONMENT, Fault, FaultPlan, faults_from_environment, garbled
from tsbench.station.bench.steady_clock import SteadyClock


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({}, "needs either 'message'"),
        ({"message": 1, "time": 2.0}, "needs either 'message'"),
        ({"message": -1}, "greater than or equal"),
        ({"message": 1, "kind": "earthquake"}, "connection_lost"),
        ({"message": 1, "kind": "timeout", "seconds": 1}, "does not take 'seconds'. It takes after"),
        ({"message": 1, "kind": "device_open", "resistance": 5}, "It takes no further keys"),
        ({"message": 1, "kind": "trigger_missed"}, "needs the key 'instrument'"),
        ({"message": 1, "kind": "clock_jump"}, "needs the key 'seconds'"),
        ({"message": 1, "kind": "contact_lost", "seconds": -1}, "must not be negative"),
        ({"message": 1, "kind": "garbled", "how": "sung"}, "flip"),
    ],
)
def test_a_wrong_fault_is_refused(fields: dict[str, object], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        Fault.model_validate(fields)


def test_quantities_and_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    faults = [{"message": 3}, {"kind": "device_short", "time": "2 ms", "resistance": "3 Ohm"}]
    monkeypatch.setenv(ENVIRONMENT, json.dumps(faults))
    lost, short = faults_from_environment()
    assert lost == Fault(kind="connection_lost", message=3)
    assert (short.time, short.resistance) == (2e-3, 3.0)
    monkeypatch.setenv(ENVIRONMENT, '{"kind": "late"}')
    with pytest.raises(ConfigurationError, match=f"{ENVIRONMENT}: .*needs either 'message'") as caught:
        faults_from_environment()
    assert "\n" not in str(caught.value)


def test_a_fault_of_a_reply_waits_for_a_read_and_each_happens_once() -> None:
    acted: list[Fault] = []
    plan = FaultPlan((Fault(kind="garbled", message=1), Fault(kind="device_open", message=1)), act=acted.append)
    assert plan.next_message("meter", reading=True) is None and not acted
    assert plan.next_message("meter") is None
    assert [fault.kind for fault in acted] == ["device_open"]
    hit = plan.next_message("scope", reading=True)
    assert hit is not None and hit.kind == "garbled"
    assert plan.garbles(hit, b"1.5\n", "scope") != b"1.5\n"
    assert plan.next_message("scope", reading=True) is None and plan.pending == ()
    assert list(plan.trail) == [("meter", True), ("meter", False), ("scope", True), ("scope", True)]


def test_a_reply_that_stays_as_it_is_was_not_garbled() -> None:
    """The next one is: an empty reply cannot be cut, and a word has no digits."""
    told: list[tuple[str, int]] = []
    for how, unchanged, reply in (("truncate", b"\r\n", b"1234\r\n"), ("digits", b"ACK\n", b"12\n")):
        plan = FaultPlan((Fault(kind="garbled", message=1, how=how),),
                         tell=lambda fault, instrument, message: told.append((instrument, message)))
        assert plan.next_message("meter") is None
        hit = plan.next_message("meter", reading=True)
        assert hit is not None and plan.garbles(hit, unchanged, "meter") == unchanged and not plan.happened
        assert plan.next_message("meter") is None
        assert plan.next_message("meter", reading=True) is hit
        assert plan.garbles(hit, reply, "meter") == garbled(reply, how) and plan.pending == ()
    assert told == [("meter", 3)] * 2


def test_a_lasting_fault_goes_on_and_is_told_once() -> None:
    told: list[int] = []
    plan = FaultPlan(
        (Fault(kind="timeout", message=1, instrument="scope", lasting=True),), tell=lambda *_: told.append(plan.total)
    )
    assert plan.next_message("scope") is None
    assert all(plan.next_message("scope") is not None for _ in range(3))
    assert plan.next_message("meter") is None
    assert told == [1] and len(plan.happened) == 1


def test_an_instrument_counts_its_own_messages_and_time_is_time() -> None:
    now = [0.0]
    plan = FaultPlan(
        (Fault(kind="timeout", message=1, instrument="scope"), Fault(time=5.0)), now=lambda: now[0]
    )
    assert plan.next_message("meter") is None
    assert plan.next_message("scope") is None
    hit = plan.next_message("scope")
    assert hit is not None and hit.kind == "timeout"
    now[0] = 5.0
    hit = plan.next_message("meter")
    assert hit is not None and hit.kind == "connection_lost"


def test_garbled_replies_differ_and_are_never_a_whole_other_number() -> None:
    reply = b"+1.234500E-04\n"
    assert garbled(reply, "flip")[:1] == b"\xab" and garbled(reply, "flip")[-1:] == b"\n"
    assert garbled(reply, "truncate") == b"+1.2345"
    assert garbled(reply, "extra").startswith(reply) and len(garbled(reply, "extra")) > len(reply)
    assert garbled(reply, "digits") == b"+8.765499E-95\n"


class Jumping:
    """A clock that somebody sets."""

    def __init__(self) -> None:
        self.time = 100.0

    def now(self) -> float:
        return self.time

    def wait(self, seconds: float) -> None:
        self.time += seconds


def test_a_clock_set_back_is_straightened_and_told() -> None:
    clock, told = Jumping(), list[str]()
    steady = SteadyClock(clock, told.append)
    steady.wait(1.0)
    assert steady.now() == 101.0
    clock.time -= 3600.0
    assert steady.now() == 101.0 and len(told) == 1 and "3600 s" in told[0]
    steady.wait(2.0)
    assert steady.now() == 103.0 and len(told) == 1


@given(st.lists(st.tuples(st.floats(-1e4, 1e4), st.floats(0.0, 10.0)), max_size=12))
def test_a_clock_that_is_set_at_any_time_goes_on_afterwards(acts: list[tuple[float, float]]) -> None:
    """After every step back time goes on, by as much as has passed; a step ahead looks like time that has passed."""
    clock, told = Jumping(), list[str]()
    steady = SteadyClock(clock, told.append)
    for step, wait in acts:
        before = steady.now()
        clock.time += step
        assert steady.now() == pytest.approx(before + max(step, 0.0), abs=1e-5)
        at = steady.now()
        steady.wait(wait)
        assert steady.now() == pytest.approx(at + wait, abs=1e-5)
    assert len(told) == sum(step < -1e-6 for step, _ in acts)
