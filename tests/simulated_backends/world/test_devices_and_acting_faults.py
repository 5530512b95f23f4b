"""Which path each device of a world takes, what may be connected, and what a fault of the bench acts on."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tsbench.errors import ConfigurationError
from tsbench.simulated_backends.devices.catalogue import catalogue, device_model
from tsbench.simulated_backends.world.acting_faults import SHORT, BenchFaults
from tsbench.simulated_backends.world.devices import devices_of
from tsbench.simulated_backends.world.faults import Fault
from tsbench.simulated_backends.world.positioner import OPEN
from tsbench.simulated_backends.world.world_file import WorldFile

PATH = Path("a.world.toml")
NOISE = [{"kind": "flicker", "parameter": "r", "spread": 0.1}]


def devices(**facts: Any) -> dict[str, Any]:
    return devices_of(WorldFile.model_validate({"fixture": {"netlist": "R1 a 0 1k"}, **facts}), PATH)


def parameters(**facts: Any) -> dict[str, float]:
    return dict(devices(**facts)["D"].model.parameters())


def test_a_device_has_its_model_and_its_parameters() -> None:
    given = parameters(devices={"D": {"model": "resistor", "parameters": {"R": "2.2k"}}})
    assert given["r"] == pytest.approx(2200.0)
    (device,) = devices(devices={"D": {"model": "resistor"}}).values()
    assert device.history is None and device.model.parameters() == device_model("resistor").parameters()
    with pytest.raises(ConfigurationError, match=r"a.world.toml: devices.D.parameters.r: "):
        parameters(devices={"D": {"model": "resistor", "parameters": {"r": "many"}}})
    for mega in ("1M", "2.2MOhm"):   # as a netlist reads it, these are milliohms
        with pytest.raises(ConfigurationError, match=r"parameters.r: '.*' is ambiguous, because a netlist reads M as"):
            parameters(devices={"D": {"model": "resistor", "parameters": {"r": mega}}})
    assert parameters(devices={"D": {"model": "resistor", "parameters": {"r": "1Meg"}}})["r"] == 1e6
    with pytest.raises(ConfigurationError, match=r"a.world.toml: devices.D.noise.0: "):
        parameters(devices={"D": {"model": "resistor", "noise": [
            {"kind": "flicker", "parameter": "r", "spread": 0.1, "lowest_frequency": 10.0,
             "highest_frequency": 1.0}]}})


def test_a_device_of_its_own_seed_is_that_specimen() -> None:
    found = [parameters(devices={"D": {"model": "nbo2", **seed}}) for seed in ({}, {"seed": 0}, {"seed": 5})]
    specimens = [catalogue()["nbo2"].specimen(seed, "D").parameters() for seed in (0, 5)]
    for given, expected in zip(found, (device_model("nbo2").parameters(), *specimens), strict=True):
        assert {name: value for name, value in given.items() if name != "seed"} == {
            name: value for name, value in expected.items() if name != "seed"}
    assert found[1] != found[2] != found[0] != found[1]


def test_a_random_path_follows_from_the_world_and_the_device() -> None:
    """Each seed gives another path, no seed is seed 0, and a path that is given stays."""
    def path(world: int, **table: Any) -> float:
        return parameters(seed=world, devices={"D": {"model": "ag_sio2", **table}})["seed"]

    assert path(1) == path(1) != path(2)
    assert path(1, seed=3) == path(1, seed=3) not in {path(1), path(2, seed=3), path(1, seed=4)}
    assert path(1) == path(1, seed=0)
    assert path(1, parameters={"seed": 7}) == path(2, parameters={"SEED": 7}) == 7


def test_the_chuck_warms_a_device_unless_its_temperature_is_given() -> None:
    plain = parameters(devices={"D": {"model": "nbo2"}})["t0"]
    warm = {"chuck": {"temperature": 350.0}}
    assert parameters(devices={"D": {"model": "nbo2"}}, **warm)["t0"] == pytest.approx(350.0) != plain
    assert parameters(devices={"D": {"model": "nbo2", "parameters": {"T0": 310}}}, **warm)["t0"] == 310.0


def test_the_life_of_a_device_follows_from_world_name_and_seed() -> None:
    def life(world: int, name: str = "D", **table: Any) -> Any:
        found = devices(seed=world, devices={name: {"model": "resistor", "noise": NOISE, **table}})[name].history
        return found.next_change   # of its noise, drawn

    assert life(1) == life(1) == life(1, seed=0)
    lives = [life(1), life(2), life(1, name="E"), life(1, seed=2)]
    assert all(lives.count(one) == 1 for one in lives)


@pytest.mark.parametrize(("world", "table", "expected"), [
    (1, {}, [4079653820, 1293321919, 1622864589, 1690408411]),
    (7, {"seed": 5}, [3774248017, 3800107021, 1561212394, 390627186]),
])
def test_a_life_begins_with_the_same_numbers_for_ever(
    world: int, table: dict[str, Any], expected: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A world that is opened again in ten years must show the same events."""
    begun: list[list[int]] = []
    monkeypatch.setattr(
        "tsbench.simulated_backends.world.devices.DeviceHistory", lambda *facts: begun.append(facts[-1]))
    devices(seed=world, devices={"D1": {"model": "resistor", "noise": NOISE, **table}})
    assert begun == [expected]


def wafer(world: int = 1, **more: Any) -> dict[str, Any]:
    return devices(seed=world, wafers={"W": {
        "model": "nbo2", "seed": 4, "rows": 4, "columns": 5, "devices_per_die": 1, "shorts": 0.3, **more}})


def test_devices_of_a_wafer_are_the_same_in_every_world_on_another_path() -> None:
    cycles = {"spread": {"rth": 0.1}}
    first, second = wafer(cycles=cycles), wafer(2, cycles=cycles)
    assert list(first) == list(second)
    for one, other in zip(first.values(), second.values(), strict=True):
        given, same = one.model.parameters(), other.model.parameters()
        assert {k: v for k, v in given.items() if k != "seed"} == {k: v for k, v in same.items() if k != "seed"}
    lives = [device.history is not None for device in first.values()]
    good = [device.model.mechanism == device_model("nbo2").mechanism for device in first.values()]
    assert lives == good and 0 < sum(good) < len(good)   # a shorted one has no life
    (found, *_), (another, *_) = (
        [device.history.model.parameters()["rth"] for device in world.values() if device.history] for world in (
            first, second))
    assert found != another
    assert found != next(iter(first.values())).model.parameters()["rth"]   # each cycle has its own
    assert all(device.history is None for device in wafer().values())
    warm = devices(chuck={"temperature": 350.0}, wafers={"W": {"model": "nbo2", "seed": 4, "rows": 2, "columns": 2}})
    assert next(iter(warm.values())).model.parameters()["t0"] == pytest.approx(350.0)


def test_only_a_device_with_two_nodes_is_connected() -> None:
    gated = next(name for name, entry in catalogue().items() if len(device_model(name).terminals) != 2)
    with pytest.raises(ConfigurationError, match=r"a.world.toml: D has the model .* Only a device with two nodes"):
        parameters(devices={"D": {"model": gated}})


class Stand:
    """Notes what is done to the device, to the instruments and to the connections of a bench."""

    def __init__(self) -> None:
        self.done: list[Any] = []
        meter = SimpleNamespace(has_trigger=False, triggers_to_miss=0, power_cycle=lambda: self.done.append("power"))
        self.instruments: Any = {"meter": meter, "scope": SimpleNamespace(has_trigger=True, triggers_to_miss=0)}
        self.clock: Any = SimpleNamespace(jumped=0.5)
        positioner: Any = SimpleNamespace(
            lose_contact=lambda model, seconds: self.done.append(("lost", model.parameters()["r"], seconds)),
            spoil=lambda model: self.done.append(("spoilt", model.parameters()["r"])), on_resistance=lambda: 123.0)
        self.faults = BenchFaults(
            self.instruments, positioner, self.clock, lambda name: self.done.append(("cut", name)))


def test_what_each_fault_of_the_bench_does() -> None:
    bench = Stand()
    for fault in (
        Fault(kind="contact_lost", time=0.0, seconds=2.0), Fault(kind="device_open", time=0.0),
        Fault(kind="device_short", time=0.0), Fault(kind="device_short", time=0.0, resistance=5.0),
        Fault(kind="device_stuck_on", time=0.0), Fault(kind="device_stuck_on", time=0.0, resistance=50.0),
        Fault(kind="power_cycle", time=0.0, instrument="meter"),
        Fault(kind="power_cycle", time=0.0, instrument="meter", silent=True),
    ):
        bench.faults.act(fault)
    assert bench.done == [
        ("lost", OPEN, 2.0), ("spoilt", OPEN), ("spoilt", 1.0), ("spoilt", 5.0), ("spoilt", 123.0), ("spoilt", 50.0),
        "power", ("cut", "meter"), "power"]
    assert SHORT == 1.0 and bench.clock.jumped == 0.5
    for seconds in (3.0, -1.0):
        bench.faults.act(Fault(kind="clock_jump", time=0.0, seconds=seconds))
    for _ in range(2):
        bench.faults.act(Fault(kind="trigger_missed", time=0.0, instrument="scope"))
    assert bench.clock.jumped == 2.5
    assert [bench.instruments[name].triggers_to_miss for name in ("meter", "scope")] == [0, 2]


@pytest.mark.parametrize(("fault", "has_device", "why"), [
    (Fault(kind="power_cycle", time=0.0, instrument="metre"), True,
     r"faults.1 \(power_cycle\): there is no instrument 'metre'"),
    (Fault(kind="device_open", time=0.0), False, r"faults.1 \(device_open\): this bench has no device"),
    (Fault(kind="contact_lost", time=0.0, seconds=1.0), False, "this bench has no device"),
    (Fault(kind="trigger_missed", time=0.0, instrument="meter"), True, "meter has no trigger"),
])
def test_a_fault_that_cannot_happen_on_this_bench(fault: Fault, has_device: bool, why: str) -> None:
    possible = Fault(kind="clock_jump", time=0.0, seconds=1.0)
    Stand().faults.check([possible, Fault(kind="trigger_missed", time=0.0, instrument="scope")], PATH, False)
    with pytest.raises(ConfigurationError, match=why):
        Stand().faults.check([possible, fault], PATH, has_device)


def test_a_fault_of_the_device_can_happen_where_there_is_one() -> None:
    Stand().faults.check([Fault(kind="device_open", time=0.0)], PATH, True)
