"""The virtual decade boxes: what they reply, and the resistance and capacitance between their terminals."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tsbench.simulated_backends.circuit.engine import Constant
from tsbench.simulated_backends.witness.log import read_witness
from tsbench.simulated_backends.world.world import World, close_world, open_world

WORLD = """
[witness]
file = "w.jsonl"
[instruments.load]
model = "meatest_m632"
resource = "GPIB0::2::INSTR"
[instruments.tank]
model = "meatest_m525"
resource = "GPIB0::3::INSTR"
[fixture]
netlist = "VS in 0 0\\nRS mid 0 1k\\nCP mid 0 1p"
terminals = { "load.high" = "in", "load.low" = "mid", "tank.high" = "mid" }
"""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    path = tmp_path / "a.world.toml"
    path.write_text(WORLD, "utf-8")
    found = open_world(path)
    yield found
    close_world(found)


def say(world: World, name: str, message: str) -> str:
    exchange = world.instruments[name].exchange
    exchange.recv(message.encode() + b"\n", True)
    world.clock.wait(0.02)
    return exchange.talk(1000)[0].decode().rstrip("\n")


def test_identity_and_errors(world: World) -> None:
    assert say(world, "load", "*IDN?") == "MEATEST,M632,SIM-LOAD,1.00"
    assert say(world, "load", "SYST:ERR?") == "0, No Error"
    for message, code in (
            ("RES 0.5", -222), ("RES 2e6", -222), ("RES 5 F", -131), ("CAP 1e-9", -113), ("OUTP 1,2", -108),
    ):
        say(world, "load", message)
        assert say(world, "load", "SYST:ERR?").startswith(f"{code},")
    assert say(world, "load", "RES?") == "1.000000E+02"


def test_the_resistance_is_between_its_terminals_only_while_they_are_on(world: World) -> None:
    circuit = world.bench.circuit
    circuit.set_source("VS", Constant(1.0))
    say(world, "load", ":RES 3000")
    assert world.bench.circuit.voltage("mid") == pytest.approx(0.0, abs=1e-6)
    assert say(world, "load", ":OUTP ON;:OUTP?") == "1"
    assert world.bench.circuit.voltage("mid") == pytest.approx(0.25, rel=1e-3)
    say(world, "load", "SOUR:RES 1000")
    assert world.bench.circuit.voltage("mid") == pytest.approx(0.5, rel=1e-3)
    assert say(world, "load", "RES?") == "1.000000E+03"
    say(world, "load", "*RST")
    assert world.bench.circuit.voltage("mid") == pytest.approx(0.0, abs=1e-6) and say(world, "load", "OUTP?") == "0"


def test_the_capacitance_sets_the_time_constant(world: World) -> None:
    say(world, "load", "RES 1000;:OUTP ON")
    say(world, "tank", "CAP 2e-6;:OUTP ON")
    world.bench.circuit.set_source("VS", Constant(1.0))
    world.clock.wait(1e-3)   # 500 Ohm, 2 uF
    assert world.bench.circuit.voltage("mid") == pytest.approx(0.5 * (1 - 2.718281828**-1), rel=0.01)
    assert say(world, "tank", "CAP?") == "2.000000E-06"


def test_switching_under_voltage_is_recorded(world: World, tmp_path: Path) -> None:
    say(world, "load", "OUTP ON")
    world.bench.output("meter", "", True)
    say(world, "load", "RES 2000")
    world.bench.output("meter", "", False)
    log = read_witness(tmp_path / "w.jsonl")
    (hot,) = log.hot_moves()
    assert hot["instrument"] == "load" and log.of_kind("relays")[-1]["closed"] == ["2.000000E+03"]
