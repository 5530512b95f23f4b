"""What a world file means where it says nothing, and values at exactly their bounds."""

import math
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tsbench.simulated_backends.life.cycle_statistics import CycleStatistics
from tsbench.simulated_backends.life.fluctuations import Flicker
from tsbench.simulated_backends.life.wafer import Wafer
from tsbench.simulated_backends.world.faults import Fault, FaultPlan, garbled
from tsbench.simulated_backends.world.positioner import SimulatedPositioner
from tsbench.simulated_backends.world.world import close_world, open_world
from tsbench.simulated_backends.world.world_file import CyclesTable, FlickerTable, WaferTable, WorldFile

LEAST: dict[str, Any] = {"fixture": {"netlist": "R1 a 0 1k"}}


def test_a_world_that_says_nothing_more() -> None:
    """Instruments have their imperfections, a positioner takes a second, nothing is faulty."""
    file = WorldFile.model_validate(LEAST)
    assert (file.seed, file.rtol, file.imperfections, file.steps_per_message) == (0, 1e-6, True, 5_000_000)
    assert file.positioner.travel_time == 1.0 and file.chuck.temperature is None and file.witness is None
    assert file.fixture.place is None and file.faults == ()


def test_tables_of_a_device_mean_what_its_life_means() -> None:
    """One set of defaults: a key that a world leaves out is the one that the life of a device leaves out."""
    assert CycleStatistics(**CyclesTable().model_dump(exclude={"correlation"})) == CycleStatistics()
    assert CycleStatistics().used == 0.0
    assert CycleStatistics().endurance == CycleStatistics().critical_current == math.inf
    table = FlickerTable(kind="flicker", parameter="rth", spread=0.1)
    assert Flicker(**table.model_dump(exclude={"kind"})) == Flicker("rth", 0.1)
    wafer = WaferTable(model="nbo2", seed=1)
    assert Wafer("W", **wafer.model_dump(exclude={"correlation", "cycles", "noise"})) == Wafer("W", "nbo2", 1)


@pytest.mark.parametrize(("key", "allowed", "refused"), [
    ("rtol", [1e-10, 1e-2], [0.9e-10, 1.1e-2]), ("seed", [0, 7], [-1]), ("steps_per_message", [1], [0]),
    ("calibration_errors", [[1, -1], [100.0, 0]], [[101, 0], [0, -101], [1]]),
    ("positioner", [{"travel_time": 0}], [{"travel_time": -1e-3}]),
    ("chuck", [{"temperature": 1e-3}], [{"temperature": 0}]),
    ("instruments", [{"a": {"model": "m", "resource": "r", "bus_latency": 0}}],
     [{"a": {"model": "m", "resource": "r", "bus_latency": -1e-6}}]),
    ("faults", [[{"message": 0}], [{"time": 0}], [{"message": 1, "bytes": 0}],
                [{"message": 1, "kind": "contact_lost", "seconds": 0}]],
     [[{"time": -1}], [{"message": 1, "bytes": -1}], [{"message": 1, "kind": "device_short", "resistance": 0}],
      [{"message": 1, "kind": "clock_jump", "seconds": 0}]]),
])
def test_bounds(key: str, allowed: list[Any], refused: list[Any]) -> None:
    for value in allowed:
        WorldFile.model_validate({**LEAST, key: value})
    for value in refused:
        with pytest.raises(ValidationError):
            WorldFile.model_validate({**LEAST, key: value})


def test_a_fault_that_says_nothing_more() -> None:
    fault = Fault(message=3)
    assert not (fault.after or fault.lasting or fault.everything or fault.silent) and fault.how == "flip"
    assert fault.facts() == {"fault": "connection_lost", "message": 3}
    assert Fault(kind="device_open", time=2.0).facts() == {"fault": "device_open", "due": 2.0}
    facts: list[dict[str, Any]] = [{"bytes": 0}, {"kind": "late"}, {"kind": "garbled"}, {"kind": "timeout"}, {}]
    assert [Fault(message=0, **fact).needs_reply for fact in facts] == [True, True, True, False, False]


def test_messages_are_counted_by_instrument_and_a_planned_fault_happens_once() -> None:
    acted: list[Fault] = []
    plan = FaultPlan(act=acted.append)
    for instrument in ("meter", "scope", "meter"):
        plan.next_message(instrument)
    assert (plan.messages(), plan.messages("meter"), plan.messages("scope"), plan.messages("generator")) == (3, 2, 1, 0)
    late = Fault(kind="device_open", message=0)   # its message has passed
    plan.add(late)
    plan.happen(late)
    plan.happen(late)
    plan.happen(Fault(kind="device_open", message=9))   # not planned
    assert acted == plan.happened == [late] and plan.pending == ()
    of_scope = Fault(kind="timeout", time=0.0, instrument="scope")
    plan.add(of_scope)
    assert plan.next_message("meter") is None and plan.next_message("scope") is of_scope


@pytest.mark.parametrize(("reply", "how", "expected"), [
    (b"1", "truncate", b"1"), (b"12345\n", "truncate", b"123"), (b"1\n", "extra", b"1\n\x1b?0\n"),
    (b"0123456789+-,/:;0123456789", "digits", b"9876543210+-,/:;9876543289"),
    (b"1111111\n", "flip", b"\xb111\xb111\xb1\n"),
])
def test_a_reply_arrives_changed(reply: bytes, how: Any, expected: bytes) -> None:
    assert garbled(reply, how) == expected


WORLD = """
seed = 1
[instruments.meter]
model = "keithley_2450"
resource = "RESOURCE"
[fixture]
netlist = '''
R1 smu low 1k
XDUT low 0 device
'''
[fixture.terminals]
meter = "smu"
[devices.D1]
model = "resistor"
[devices.D2]
model = "resistor"
"""


@pytest.fixture
def world(tmp_path: Path) -> Any:
    path = tmp_path / "world.toml"
    path.write_text(WORLD.replace("RESOURCE", "USB0::0x05E6::0x2450::SN7::INSTR"), "utf-8")
    opened = open_world(path)
    yield opened
    close_world(opened)


@pytest.mark.parametrize(("resource", "more", "serial"), [
    ("USB0::0x05E6::0x2450::SN7::INSTR", "", "SN7"), ("TCPIP0::lab::inst0::INSTR", "", "SIM-METER"),
    ("USB0::0x05E6::0x2450::SN7::INSTR", 'serial = "MY1"', "MY1"),
])
def test_the_serial_number_of_an_instrument(resource: str, more: str, serial: str, tmp_path: Path) -> None:
    path = tmp_path / "world.toml"
    path.write_text(WORLD.replace('"RESOURCE"', f'"{resource}"\n{more}'), "utf-8")
    opened = open_world(path)
    instrument = opened.instrument_at(resource)
    assert instrument is opened.instruments["meter"] and opened.instrument_at("TCPIP0::other::INSTR") is None
    instrument.exchange.recv(b"*IDN?\n", True)
    assert serial in instrument.exchange.talk(1000)[0].decode().split(",")[2]
    close_world(opened)


def test_the_positioner_travels_and_contact_is_lost_and_found(world: Any) -> None:
    placed: list[tuple[Any, float]] = []
    positioner = SimulatedPositioner(
        world.bench, world.place, world.devices, 1.0, lambda name, model, time: placed.append((model, time)))
    one, two = (device.model for device in world.devices.values())
    nothing = one.with_parameters({"r": 1e10})
    positioner.lose_contact(nothing, 1.0)   # nothing is connected: nothing is lost
    positioner.spoil(nothing)
    positioner.connect("D1")
    positioner.connect("D1")   # is there already: no travel
    assert placed == [(one, 0.0)] and world.clock.now() == 0.0
    positioner.connect("D2")   # in the air at once, there a second later
    assert positioner.connected() == "D2" and [time for _, time in placed[1:]] == [0.0, 1.0]
    assert placed[1][0].parameters()["r"] == 1e10 and placed[2][0] == two
    positioner.lose_contact(nothing, 2.0)
    positioner.lose_contact(nothing, 1.0)   # lost already
    world.clock.wait(1.9)
    assert placed[3:] == [(nothing, 1.0)]
    world.clock.wait(0.2)
    assert placed[4:] == [(two, 3.0)]
    positioner.lose_contact(nothing, 1.0)
    positioner.connect("D1")   # the other one is not found again
    world.clock.wait(5.0)
    assert placed[-1][0] == one and positioner.connected() == "D1"
    positioner.spoil(nothing)
    positioner.connect("D2")
    positioner.connect("D1")
    assert placed[-1][0] == nothing   # for good


def test_a_device_has_rested_for_as_long_as_it_was_away(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """From when the probes are lifted until they are down again: a second to the other device and one back."""
    rests: list[tuple[float, dict[str, float]]] = []

    def remember(model: Any, state: Any, seconds: float) -> Any:
        rests.append((seconds, dict(state)))
        return state

    monkeypatch.setattr("tsbench.simulated_backends.world.positioner.rested", remember)
    positioner = SimulatedPositioner(world.bench, world.place, world.devices, 1.0, lambda name, model, time: None)
    positioner.connect("D1")
    world.clock.wait(7.0)
    positioner.connect("D2")
    assert rests == []   # the second one is new
    world.clock.wait(0.5)
    positioner.connect("D1")
    assert [seconds for seconds, _ in rests] == pytest.approx([1.0 + 0.5 + 1.0])
    world.clock.wait(3.0)
    positioner.connect("D2")
    assert [seconds for seconds, _ in rests[1:]] == pytest.approx([1.0 + 3.0 + 1.0])
