"""A world with several devices in its circuit: a crossbar, each cell with its own life, and what the witness says."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tsbench.errors import ConfigurationError
from tsbench.simulated_backends.circuit.engine import Constant
from tsbench.simulated_backends.witness.log import WitnessLog, read_witness
from tsbench.simulated_backends.world.world import World, close_world, open_world

#: rows and columns of a 2x2 crossbar; a column that is not selected floats
CROSSBAR = """
VS in 0 0
RL in row1 {load}
CP row1 0 100p
X11 row1 col1 device
X12 row1 col2 device
X21 row2 col1 device
X22 row2 col2 device
RC1 col1 0 1
RR2 row2 0 1e12
RC2 col2 0 1e12
"""
CELLS = ("X11", "X12", "X21", "X22")


def world_text(model: str, load: str = "1", tables: str = "", fixture: str = "", cells: tuple[str, ...] = CELLS) -> str:
    places = ", ".join(f'{cell} = "{cell.replace("X", "D")}"' for cell in cells)
    devices = "\n".join(f'[devices.{cell.replace("X", "D")}]\n{model}\n' for cell in cells)
    return (f'[witness]\nfile = "w.jsonl"\n[fixture]\nnetlist = """{CROSSBAR.format(load=load)}"""\n'
            f"devices = {{ {places} }}\n{fixture}\n{devices}\n{tables}")


@contextmanager
def opened(folder: Path, text: str) -> Iterator[World]:
    path = folder / "a.world.toml"
    path.write_text(text, "utf-8")
    world = open_world(path)
    try:
        yield world
    finally:
        close_world(world)


def drive(world: World, volts: float, seconds: float) -> None:
    world.bench.circuit.set_source("VS", Constant(volts))
    world.clock.wait(seconds)
    world.bench.sync()


def test_sneak_currents_are_those_of_the_resistor_network(tmp_path: Path) -> None:
    """The three other cells are in series, beside the selected one: a third of the voltage each."""
    with opened(tmp_path, world_text('model = "resistor"\nparameters = { r = 1e4 }')) as world:
        drive(world, 0.9, 1e-3)
        drive(world, 0.0, 1e-6)
    log = read_witness(tmp_path / "w.jsonl")
    assert log.sneak_currents("D11") == pytest.approx(dict.fromkeys(("D12", "D21", "D22"), 0.3 / 1e4), rel=1e-3)
    assert log.maxima()["D11"]["current"] == pytest.approx(0.9 / 1e4, rel=1e-3)
    energies = {exposure.device: exposure.energy for exposure in log.exposures()}
    assert energies["D11"] == pytest.approx(0.9**2 / 1e4 * 1e-3, rel=0.01)
    assert energies["D22"] == pytest.approx(0.3**2 / 1e4 * 1e-3, rel=0.01)
    assert [record["place"] for record in log.of_kind("device")] == list(CELLS)


def test_exposures_are_told_apart_by_changes_of_relays(tmp_path: Path) -> None:
    with opened(tmp_path, world_text('model = "resistor"\nparameters = { r = 1e4 }')) as world:
        drive(world, 0.9, 1e-3)
        drive(world, 0.0, 1e-3)
        world.bench.relays("matrix", ["1A01"])
        drive(world, 0.3, 1e-3)
    log = read_witness(tmp_path / "w.jsonl")
    assert log.of_kind("relays")[0]["closed"] == ["1A01"]
    first, second = (log.sneak_currents("D11", start, end)["D22"] for start, end in ((0.0, 2e-3), (2e-3, np.inf)))
    assert (first, second) == pytest.approx((0.3 / 1e4, 0.1 / 1e4), rel=1e-3)


def test_each_cell_switches_and_lives_by_itself(tmp_path: Path) -> None:
    """Only the selected cell oscillates; its cycles change it, the others stay as they were."""
    cycles = "".join(f"[devices.D{n}.cycles]\nspread = {{ as_ = 0.03 }}\n" for n in ("11", "12", "21", "22"))
    with opened(tmp_path, world_text('model = "nbo2"', "5k", cycles)) as world:
        before = {name: device.now for name, device in world.devices.items()}
        drive(world, 3.0, 20e-6)
        drive(world, 0.0, 20e-6)
        histories = {name: device.history for name, device in world.devices.items()}
        assert histories["D11"] is not None and histories["D11"].cycles > 5
        assert world.devices["D11"].now != before["D11"]
        for name in ("D12", "D21", "D22"):
            assert histories[name].cycles == 0 and world.devices[name].now == before[name]   # type: ignore[union-attr]
        assert world.positioner.devices() == [] and world.positioner.connected() is None
    log = read_witness(tmp_path / "w.jsonl")
    assert {event.device for event in log.switching_on()} == {"D11"}
    assert len(log.switching_on()) >= histories["D11"].cycles


def test_a_cell_that_wears_out_is_told_by_its_name(tmp_path: Path) -> None:
    cycles = "[devices.D11.cycles]\nendurance = 4\nendurance_shape = 30\n"
    with opened(tmp_path, world_text('model = "nbo2"', "5k", cycles)) as world:
        drive(world, 3.0, 20e-6)
    (changed,) = read_witness(tmp_path / "w.jsonl").of_kind("changed")
    assert (changed["device"], changed["state"]) == ("D11", "worn")


def test_skipped_periods_count_in_the_exposure(tmp_path: Path) -> None:
    """The energy of a second of a skipped oscillation is a thousand times that of a millisecond."""
    energies = []
    for seconds in (1e-3, 1.0):
        folder = tmp_path / str(seconds)
        folder.mkdir()
        with opened(folder, world_text('model = "nbo2"', "5k")) as world:
            drive(world, 3.0, seconds)
            drive(world, 0.0, 1e-6)
        log = read_witness(folder / "w.jsonl")
        energies.append({exposure.device: exposure.energy for exposure in log.exposures()})
    for name in ("D11", "D22"):
        assert energies[1][name] == pytest.approx(1e3 * energies[0][name], rel=0.05)


def test_a_device_that_stays_beside_one_that_moves(tmp_path: Path) -> None:
    more = '[devices.D22]\nmodel = "resistor"\n[devices.D23]\nmodel = "resistor"\nparameters = { r = 2e4 }\n'
    text = world_text('model = "resistor"\nparameters = { r = 1e4 }', tables=more, cells=CELLS[:3])
    with opened(tmp_path, text) as world:
        assert world.place == "X22" and list(world.positioner.devices()) == ["D22", "D23"]
        assert world.positioner.connected() == "D22"
        world.positioner.connect("D23")
        assert world.bench.circuit.model_of("X22").parameters()["r"] == 2e4   # type: ignore[attr-defined]
    records = WitnessLog(read_witness(tmp_path / "w.jsonl").records).of_kind("device")
    assert [(record["place"], record["device"]) for record in records][:4] == [
        ("X11", "D11"), ("X12", "D12"), ("X21", "D21"), ("X22", "D22")]


@pytest.mark.parametrize(("change", "message"), [
    (('X22 = "D22"', 'X23 = "D22"'), "fixture.devices: 'X23': the netlist has no X element of this name. Did you mean"),
    (('X22 = "D22"', 'X22 = "D23"'), "fixture.devices: 'X22': there is no device 'D23'. Did you mean 'D22'"),
    (('X22 = "D22"', 'X22 = "D21"'), "fixture.devices: 'X22': device 'D21' is already in another place"),
    ((', X22 = "D22"', ""), None),
    ((', X21 = "D21", X22 = "D22"', ""), r"the netlist has 2 X elements \(X21, X22\). Set place"),
    (("devices = {", 'place = "X11"\ndevices = {'), "fixture.place: 'X11' is also in fixture.devices"),
    ((', X21 = "D21", X22 = "D22" }', ' }\nplace = "X21"'), "fixture.devices: no device is in X22"),
])
def test_what_a_world_file_says_of_places(tmp_path: Path, change: Any, message: str | None) -> None:
    text = world_text('model = "resistor"').replace(*change)
    if message is None:
        with opened(tmp_path, text) as world:
            assert world.place == "X22" and world.positioner.connected() == "D22"
        return
    with pytest.raises(ConfigurationError, match=message), opened(tmp_path, text):
        pass


def test_a_place_needs_a_device(tmp_path: Path) -> None:
    text = world_text('model = "resistor"', cells=CELLS[:3])
    with pytest.raises(ConfigurationError, match="has a place X22 for a device, but the file has no"), opened(
            tmp_path, text):
        pass
