"""The virtual probers: PyMeasure's Velox and the maker's SENTIO package drive them, and the devices follow."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymeasure.instruments.formfactor.velox import Velox

from tsbench.errors import ConfigurationError
from tsbench.simulated_backends.witness.log import read_witness
from tsbench.simulated_backends.world.world import World, close_world, open_world

WORLD = """
[witness]
file = "w.jsonl"
[positioner]
travel_time = "0.8 s"
[instruments.prober]
model = "{model}"
resource = "GPIB0::28::INSTR"
[fixture]
netlist = "V1 d 0 0\\nXDUT d 0 device"
[wafers.W1]
model = "nbo2"
seed = 5
columns = 5
rows = 5
devices_per_die = 2
"""
DIES = 21


def opened(folder: Path, model: str, change: tuple[str, str] = ("", "")) -> World:
    path = folder / "a.world.toml"
    path.write_text(WORLD.format(model=model).replace(*change), "utf-8")
    return open_world(path)


@pytest.fixture
def sentio(tmp_path: Path) -> Iterator[World]:
    world = opened(tmp_path, "mpi_sentio")
    yield world
    close_world(world)


@pytest.fixture
def velox(tmp_path: Path) -> Iterator[World]:
    world = opened(tmp_path, "formfactor_velox")
    yield world
    close_world(world)


def say(world: World, message: str) -> str:
    exchange = world.instruments["prober"].exchange
    exchange.recv(message.encode() + b"\n", True)
    while not exchange.output_ready and exchange.will_answer:
        world.bench.clock.hop(world.bench.clock.now + 10)
    return exchange.talk(1000)[0].decode().rstrip("\n")


@pytest.mark.parametrize(("message", "reply"), [
    ("*RCS 1", ""), ("*IDN?", "MPI Corporation,SENTIO,SIM-PROBER,26.2.0"),
    ("status:get_version", "0,0,Version: 26.2.0"),
    ("map:get_num_dies Present", f"0,0,{DIES}"), ("map:subsite:get_num", "0,0,2"), ("map:get_num_cols", "0,0,5"),
    ("map:step_first_die", "0,0,-1,-2,0"), ("map:step_die 0, 1, 1", "0,0,0,1,1"), ("map:step_die 1, 2", "1024,0,1,2,0"),
    ("map:step_die_seq 1, 1", "0,0,0,-2,1"), ("map:path:get_die 0", "0,0,-1,-2"), ("map:die:get_status 9, 9", "0,0,3"),
    ("move_chuck_contact", "0,0,0.00"), ("move_chuck_separation ", "0,0,-250.00"), ("get_chuck_z C", "0,0,-250.00"),
    ("map:step_die 9, 9, 0", "8,0,Die 9,9 or its subsite 0 does not exist"),
    ("map:step_die a, 1", "6,0,Invalid parameter: a"), ("map:step_die 0_0, 1", "6,0,Invalid parameter: 0_0"),
    ("move_chuck_xy H, nan, 0", "6,0,Invalid parameter: nan"),
    ("map:step_die 1", "7,0,Invalid number of parameters: map:step_die"),
    ("status:get_access_level", "0,0,Engineer"), ("move_chuck_xy H, 1000, -500", "0,0,1000.00,-500.00"),
    ("chuck:move_xy Home,1100,1000", "0,0,1100.00,1000.00,Home"), ("chuck:get_xy Home", "0,0,0.00,0.00,Home"),
    ("move_chuck_xy U, 0, 0", "6,0,Invalid xy reference: U"),
    ("move_chuck_xy H, 1e9, 0", "8,0,Argument out of bounds: 1e9,0"),
    ("fly_to_the_moon", "3,0,Command handler not found: fly_to_the_moon"),
])
def test_sentio_commands(sentio: World, message: str, reply: str) -> None:
    assert say(sentio, message) == reply


def test_the_device_is_connected_while_the_needles_touch_it(sentio: World) -> None:
    assert sentio.positioner.connected() is None and sentio.bench.circuit.model_of("XDUT").mechanism == "resistor"
    say(sentio, "map:step_die 0, 1, 1")
    assert sentio.positioner.connected() is None
    say(sentio, "move_chuck_contact")
    assert sentio.positioner.connected() == "W1_x0y1_2"
    assert sentio.bench.circuit.model_of("XDUT") == sentio.devices["W1_x0y1_2"].model
    before = sentio.bench.clock.now
    say(sentio, "map:step_next_die")   # down, sideways, up again
    assert sentio.positioner.connected() == "W1_x1y1_2" and sentio.bench.clock.now - before >= 0.8 + 2 * 0.2
    say(sentio, "set_stepping_contact_mode StepToSeparation")
    say(sentio, "map:step_next_die 0")
    assert sentio.positioner.connected() is None
    say(sentio, "move_chuck_contact")
    say(sentio, "set_stepping_contact_mode LockContact")
    assert say(sentio, "map:step_next_die").startswith("38,0,")
    assert sentio.positioner.connected() == "W1_x2y1_1"


@pytest.mark.parametrize(("model", "contact", "to_site", "beside", "right"), [
    ("mpi_sentio", "move_chuck_contact", "move_chuck_xy H, 1100, 1000", "move_chuck_xy R, 30, 0",
     "move_chuck_xy Current, -30, 0"),
    ("formfactor_velox", "MoveChuckContact", "MoveChuck 1100 1000 H Y 100", "MoveChuck 30 0 R Y 100",
     "MoveChuck -30 0 R Y 100"),
])
def test_a_move_in_micrometers_meets_a_device_or_none(
    tmp_path: Path, model: str, contact: str, to_site: str, beside: str, right: str,
) -> None:
    world = opened(tmp_path, model)
    say(world, contact)
    assert world.positioner.connected() == "W1_x0y0_1"
    before = world.bench.clock.now
    say(world, to_site)   # down, sideways, up again
    assert world.positioner.connected() == "W1_x1y1_2" and world.bench.clock.now - before >= 0.8 + 2 * 0.2
    say(world, beside)
    assert world.positioner.connected() is None
    say(world, right)
    assert world.positioner.connected() == "W1_x1y1_2"
    close_world(world)


@pytest.mark.parametrize(("model", "step"), [
    ("mpi_sentio", "map:step_first_die"), ("formfactor_velox", "StepFirstDie")])
def test_moving_while_an_output_is_on_is_recorded(tmp_path: Path, model: str, step: str) -> None:
    world = opened(tmp_path, model)
    say(world, step)
    world.bench.output("meter", "", True)
    say(world, step.replace("First", "Next").replace("first", "next"))
    world.bench.output("meter", "", False)
    close_world(world)
    (hot,) = read_witness(tmp_path / "w.jsonl").hot_moves()
    assert hot["instrument"] == "prober" and hot["outputs"] == ["meter"] and "die 0 -2" in hot["what"]


@pytest.mark.parametrize(("message", "reply"), [
    ("*IDN?", "FormFactor,Velox,SIM-PROBER,3.3.1"), ("StepFirstDie", "0: -1 -2 0 2"),
    ("StepNextDie 1 2 1", "0: 1 2 1 2"),
    ("MoveChuckContact 50", "0: "), ("ReadChuckStatus", "0: 15 16 0 0 None 1 S 0 0 0 0"),
    ("ReadMapPosition", "0: 0 0 0.0 0.0 0 2 11 21"), ("IsAppRegistered WaferMap", "0: 1"),
    ("MoveChuckContact 0", "12: Velocity 0 is out of range"),
    ("StepNextDie 9 9", "701: Die 9 9 0 is not in the wafer map"),
    ("MoveChuck 1000 -500 H Y 100", "0: "), ("MoveChuck 1 1 Q Y 100", "11: Wrong argument Q"),
    ("MoveChuck 1_0 1 H Y 100", "11: Wrong argument 1_0"), ("MoveChuck nan 1 H Y 100", "11: Wrong argument nan"),
    ("MoveChuck 1 1 H J 100", "11: Wrong argument J"), ("MoveChuck 1e9 0", "12: Position 1e+09 0 is out of range"),
    ("ReadProberStatus", "0: 0 0 R 0"), ("ReadChuckIndex Y", "0: 1000.0 1000.0"),
    ("Nonsense", "10: Unknown command Nonsense"), ("StepNextDie 1", "11: Wrong number of arguments"),
    ("StepNextDie one two", "11: Wrong argument one"), ("\x1e", "10: Unknown command"),
])
def test_velox_commands(velox: World, message: str, reply: str) -> None:
    assert say(velox, message) == reply


def test_velox_moves_by_the_width_along_x_and_by_the_height_along_y(velox: World) -> None:
    assert say(velox, "SetChuckIndex 500 2000") == "0: "
    assert say(velox, "MoveChuckIndex 3 -1") == "0: "
    assert say(velox, "ReadChuckPosition").startswith("0: 1500.0 -2000.0 ")
    assert say(velox, "MoveChuckIndex 1 1 R") == "0: "
    assert say(velox, "ReadChuckPosition").startswith("0: 2000.0 0.0 ")


@pytest.mark.parametrize("velocity", ["0", "-1", "101"])
@pytest.mark.parametrize("move", ["MoveChuckIndex 1 1 H", "MoveChuck 1000 1000 H Y"])
def test_velox_has_a_highest_velocity_and_one_above_zero(velox: World, move: str, velocity: str) -> None:
    assert say(velox, f"{move} {velocity}") == f"12: Velocity {velocity} is out of range"
    assert say(velox, "ReadChuckPosition").startswith("0: 0.0 0.0 ")
    assert say(velox, f"{move} 100") == "0: "


@pytest.mark.parametrize("number", ["0_1", "1.0", "1e0"])
@pytest.mark.parametrize(("model", "message", "reply"), [
    ("formfactor_velox", "GetDieDataAsColRow {}", "11: Wrong argument {}"),
    ("formfactor_velox", "StepNextDie {} 1", "11: Wrong argument {}"),
    ("formfactor_velox", "StepNextDie 1 1 {}", "11: Wrong argument {}"),
    ("formfactor_velox", "MoveChuckIndex {} 1", "11: Wrong argument {}"),
    ("formfactor_velox", "MoveChuckIndex 1 {}", "11: Wrong argument {}"),
    ("mpi_sentio", "map:step_die_seq {}", "6,0,Invalid parameter: {}"),
    ("mpi_sentio", "map:step_die_seq 1, {}", "6,0,Invalid parameter: {}"),
    ("mpi_sentio", "map:path:get_die {}", "6,0,Invalid parameter: {}"),
    ("mpi_sentio", "map:subsite:step {}", "6,0,Invalid parameter: {}"),
    ("mpi_sentio", "map:die:get_status 1, {}", "6,0,Invalid parameter: {}"),
])
def test_numbers_of_dies_are_digits(tmp_path: Path, model: str, message: str, reply: str, number: str) -> None:
    world = opened(tmp_path, model)
    assert say(world, message.format(number)) == reply.format(number)
    assert not say(world, message.format("1")).startswith(reply[:2])
    close_world(world)


def test_pymeasures_velox_walks_over_the_wafer(tmp_path: Path) -> None:
    path = tmp_path / "a.world.toml"
    path.write_text(WORLD.format(model="formfactor_velox"), "utf-8")
    prober: Any = Velox("GPIB0::28::INSTR", visa_library=f"{path}@tsbench")
    assert prober.wafermap.enabled and prober.version == "3.3.1" and prober.chuck.index == [1000.0, 1000.0]
    world = prober.adapter.manager.visalib.world
    dies, found = [], prober.wafermap.step_first_die()
    while not prober.wafermap.end_reached:
        prober.chuck.move_contact()
        dies.append((*found[:2], world.positioner.connected()))
        prober.chuck.move_separation()
        found = prober.wafermap.step_next_die()
    assert len(dies) == DIES and all(name == f"W1_x{x}y{y}_1" for x, y, name in dies)
    prober.chuck.move(1100, 1000)
    prober.chuck.move_contact()
    assert world.positioner.connected() == "W1_x1y1_2"
    prober.chuck.index = 500, 500
    assert prober.chuck.index == [500.0, 500.0]
    with pytest.raises(ConnectionError, match="10: Unknown command"):
        prober.ask("Nonsense")
    prober.adapter.close()
    prober.adapter.manager.close()


def test_the_makers_package_walks_over_the_wafer(sentio: World) -> None:
    package = pytest.importorskip("sentio_prober_control.Sentio.ProberSentio")
    base = pytest.importorskip("sentio_prober_control.Communication.CommunicatorBase")
    enumerations = pytest.importorskip("sentio_prober_control.Sentio.Enumerations")

    class InProcess(base.CommunicatorBase):   # type: ignore[misc, name-defined]
        reply = ""

        def send(self, message: str) -> None:
            self.reply = say(sentio, message)

        def read_line(self) -> str:
            return self.reply

    prober = package.SentioProber(InProcess())
    assert prober.status.get_machine_status()[0] and prober.map.get_num_dies(enumerations.DieNumber.Present) == DIES
    found, dies = prober.map.step_first_die(), []
    while True:
        assert prober.move_chuck_contact() == 0.0
        dies.append((found, sentio.positioner.connected()))
        prober.move_chuck_separation()
        if prober.map.end_of_route():
            break
        found = prober.map.step_next_die()
    assert len(dies) == DIES and all(name == f"W1_x{x}y{y}_1" for (x, y, _), name in dies)
    with pytest.raises(Exception, match="End of route") as error:
        prober.map.step_next_die()
    assert error.value.error() == 11
    home = enumerations.XyReference.Home
    assert prober.move_chuck_xy(home, 1100, 1000) == (1100.0, 1000.0)
    assert prober.chuck.move_xy(home, 0, 1000) == (0.0, 1000.0, home) == prober.chuck.get_xy(home)
    assert prober.status.get_access_level() is enumerations.AccessLevel.Engineer


@pytest.mark.parametrize(("change", "message"), [
    (("[wafers.W1]", '[wafers.W2]\nmodel = "nbo2"\nseed = 1\n[wafers.W1]'), "prober: the world has 2 wafers"),
    (('"GPIB0::28::INSTR"', '"GPIB0::28::INSTR"\noptions = { wafer = "W" }'), "no wafer 'W'. Did you mean 'W1'"),
])
def test_which_wafer_is_on_the_chuck(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        opened(tmp_path, "mpi_sentio", change)
