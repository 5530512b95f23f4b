"""The virtual Lake Shore controllers: commands of the manual, power of the heater, devices that follow the chuck."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import pyvisa
from pymeasure.instruments.lakeshore.lakeshore3xx import LakeShore3xx

from tsbench.errors import ConfigurationError
from tsbench.simulated_backends.virtual_instruments.lakeshore_33x.loop import Loop
from tsbench.simulated_backends.virtual_instruments.lakeshore_33x.sensors import sensor_units
from tsbench.simulated_backends.witness.log import read_witness
from tsbench.simulated_backends.world.world import World, close_world, open_world

RESOURCE = "TCPIP0::10.0.0.3::7777::SOCKET"
WORLD = """
imperfections = false
[witness]
file = "w.jsonl"
[chuck]
temperature = 296
heater = "ls.1"
sensor = "ls.A"
thermal_resistance = 2
time_constant = 60
[instruments.ls]
model = "lakeshore_{model}"
resource = "{resource}"
[fixture]
netlist = "V1 d 0 0\\nXDUT d 0 device"
[devices.D1]
model = "nbo2"
[devices.D2]
model = "nbo2"
parameters = {{ t0 = 310 }}
[devices.D3]
model = "nbo2"
[devices.D3.cycles]
spread = {{ as_ = 0.01 }}
"""


def opened(folder: Path, model: str = "336", change: tuple[str, str] = ("", "")) -> World:
    path = folder / "a.world.toml"
    path.write_text(WORLD.format(model=model, resource=RESOURCE).replace(*change), "utf-8")
    return open_world(path)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    found = opened(tmp_path)
    yield found
    close_world(found)


def say(world: World, message: str) -> str:
    """Send a message and return its reply, without its end; "" where there is none."""
    exchange = world.instruments["ls"].exchange
    exchange.recv(message.encode() + b"\n", True)
    reply = exchange.talk(1000)[0].decode()
    assert not reply or reply.endswith("\r\n")
    return reply.removesuffix("\r\n")


def of_place(world: World) -> float:
    return world.bench.circuit.model_of("XDUT").parameters()["t0"]


@pytest.mark.parametrize(("message", "reply"), [
    ("*IDN?", "LSCI,MODEL336,SIM-LS/#######,2.9"),
    ("KRDG? A", "+296.000"),
    ("krdg?a", "+296.000"),
    ("KRDG? 0", "+296.000,+0.000,+0.000,+0.000"),
    ("CRDG? A", "+22.850"),
    ("RDGST? A", "000"),
    ("RDGST? B", "128"),
    ("SETP 1,300;SETP? 1", "+300.000"),
    ("RANGE 1,2;RANGE? 1", "2"),
    ("INCRV? A", "02"), ("INCRV A,21;INCRV? A", "21"), ("TLIMIT? B", "+0000"), ("TLIMIT A,450;TLIMIT? A", "+0450"),
    ("INCRV A,60;INCRV? A", "02"),
    ("RAMP 1,1,5.5;RAMP? 1", "1,+5.500"),
    ("RAMPST? 1", "0"),
    ("PID 1,40,15,10;PID? 1", "+0040.0,+0015.0,+0010.0"),
    ("OUTMODE 1,3,0,1;OUTMODE? 1", "3,0,1"),
    ("MOUT 1,22.5;MOUT? 1", "+22.50"),
    ("HTRSET 1,2,0,0.8,2;HTRSET? 1", "2,0,+0.800,2"),
    ("HTRST? 1", "0"),
    ('INNAME A,"chuck";INNAME? A', "chuck          "),
    ("RANGE 1,1;*RST;RANGE? 1;OUTMODE? 2", "0;1,2,0"),
    ("*OPC?", "1"),
    ("SRDG? B", "+0.00000"), ("INTYPE A,2,0,0,0,1;SRDG? A", "+108.900"), ("INTYPE A,0,0,0,0,1;SRDG? A", "+0.00000"),
    ("CRVHDR? 2", "DT-670         ,STANDARD C,2,+500.000,1"), ("CRVHDR? 6", "PT-100         ,STANDARD C,3,+800.000,2"),
    # the example of the manual of the 336, p. 130
    ("CRVHDR 21,DT-470,00011134,2,325.0,1;CRVHDR? 21", "DT-470         ,00011134  ,2,+325.000,1"),
    ("CRVPT 21,2,0.10191,470.000;CRVPT? 21,2;CRVPT? 21,3", "+0.10191,+470.000;+0.00000,+0.00000"),
    ("CRVPT 21,1,99.99999,470;CRVPT? 21,1", "+100.000,+470.000"),   # six digits, also of what is rounded up
    ("CRVPT 21,1,90.5,470;CRVPT 21,2,101.5,480;CRVHDR? 21", "               ,          ,2,+325.000,2"),
    ('CRVHDR 59,"mine","1",3,800,2;CRVDEL 59;CRVHDR? 59', "               ,          ,2,+325.000,1"),
    ("FILTER? A", "0,8,10"), ("FILTER A,1,10,2;FILTER? A;FILTER? B", "1,10,2;0,8,10"),
    ("DIOCUR? A", "0"), ("DIOCUR A,1;DIOCUR? A", "1"), ("TUNEST?", "0,0,0,00"),
])
def test_commands_of_the_manual(world: World, message: str, reply: str) -> None:
    assert say(world, message) == reply


@pytest.mark.parametrize(("message", "bit"), [
    ("SYST:ERR?", 0x20), ("NONSENSE 1", 0x20), ("KRDG? E", 0x10), ("SETP 5,300", 0x10), ("SETP 1", 0x20),
    ("SETP 1,300,2", 0x20), ("SETP 1,warm", 0x20), ("RANGE 1,4", 0x10), ("RANGE 3,2", 0x10), ("RAMP 1,1,101", 0x10),
    ("SRDG? E", 0x10), ("INTYPE B,4,0,0,0,1;SRDG? B", 0x10), ("CRVHDR 20,A,1,2,325,1", 0x10), ("CRVPT? 2,1", 0x10),
    ("CRVPT 21,201,1,300", 0x10), ("CRVPT 21,1,1e6,300", 0x10), ("CRVDEL 60", 0x10), ("FILTER A,1,1,2", 0x10),
    ("DIOCUR A,2", 0x10), ("EMUL 0,0", 0x20), ("HTR? 3", 0x10), ("PID 1,1001,0,0", 0x10), ("OUTMODE 1,4,1,0", 0x10),
    ("OUTMODE 2,5,1,0", 0x10), ("SETP 1,3_0_0", 0x20), ("SETP 1,nan", 0x20), ("PID 1,1_0,2,3", 0x20),
    ("RANGE 1,0_2", 0x20), ("HTRSET 1,0,1,2,0,1", 0x20),
])
def test_what_is_wrong_is_ignored_and_shows_in_the_event_register(world: World, message: str, bit: int) -> None:
    before = say(world, "SETP? 1;RANGE? 1;RAMP? 1;PID? 1")
    say(world, "*CLS")
    assert say(world, message) == ""
    assert int(say(world, "*ESR?")) == bit
    assert say(world, "SETP? 1;RANGE? 1;RAMP? 1;PID? 1") == before


@pytest.mark.thorough
def test_the_335_has_two_inputs_and_less_power(tmp_path: Path) -> None:
    world = opened(tmp_path, "335")
    assert say(world, "*IDN?").startswith("LSCI,MODEL335,")
    say(world, "*CLS;SETP 3,300")
    assert say(world, "*ESR?") == "16" and say(world, "KRDG? 0") == "+296.000,+0.000"
    say(world, "OUTMODE 1,3,0,0;MOUT 1,100;RANGE 1,3")
    world.clock.wait(1000.0)
    assert float(say(world, "KRDG? A")) == pytest.approx(296 + 2 * 75.0, abs=0.01)
    # with the type of the output, as the maker's driver lakeshore 1.10.0 (model_335.py) sends and reads it
    assert say(world, "HTRSET 2,1,2,0,1.2,2;HTRSET? 2") == "1,2,0,+1.200,2"
    assert say(world, "HTRSET 1,0,1,2,0,1;HTRSET? 1;*ESR?") == "0,1,2,+0.000,1;0"
    assert say(world, "EMUL 0,0;EMUL?;*ESR?") == "0,0;0" and say(world, "EMUL 1,0;*ESR?") == "16"
    assert say(world, "HTRSET 1,1,1,2,0,1;*ESR?") == "16" and say(world, "HTRSET 1,1,2,0,1;*ESR?") == "32"
    close_world(world)


@pytest.mark.parametrize(("kelvins", "volts", "ohms"), [
    # DT-670: catalogue of Lake Shore, standard curve (table D-2 of the manual of the 325); Pt 100: IEC 60751, table 1
    (273.15, None, 100.0), (373.15, None, 138.51), (173.15, None, 60.26), (73.15, None, 18.52),
    (298.5, 0.563128, None), (390.0, 0.349522, None), (461.5, 0.179181, None), (213.0, 0.755487, None),
])
def test_sensors_follow_their_tables(kelvins: float, volts: float | None, ohms: float | None) -> None:
    """The voltage to 0.05 K."""
    if volts is not None:
        assert sensor_units(1, kelvins) == pytest.approx(volts, abs=1.2e-4)
    if ohms is not None:
        assert sensor_units(2, kelvins) == pytest.approx(ohms, abs=6e-3)
    assert sensor_units(3, kelvins) is None


def test_the_reading_in_sensor_units_is_that_of_the_chuck(world: World) -> None:
    """At 296 K, between two points of the curve of a DT-670: 298.5 K, 0.563128 V and 279 K, 0.607845 V."""
    volts = 0.563128 + 2.5 * (0.607845 - 0.563128) / 19.5
    found = say(world, "SRDG? A")
    assert float(found) == pytest.approx(volts, abs=1.2e-4) and len(found) == len("+0.56886")
    assert say(world, "SRDG? 0") == f"{found},+0.00000,+0.00000,+0.00000"


@pytest.mark.thin(2)
@pytest.mark.parametrize(("number", "watts"), [(1, 1.0), (2, 10.0), (3, 100.0)])
def test_the_power_of_each_range_warms_with_the_time_constant(world: World, number: int, watts: float) -> None:
    say(world, f"OUTMODE 1,3,0,0;MOUT 1,50;RANGE 1,{number}")
    world.clock.wait(60.0)
    rise = 0.5 * watts * 2 * (1 - 2.718281828**-1)
    assert float(say(world, "KRDG? A")) - 296 == pytest.approx(rise, rel=0.01, abs=2e-3)
    assert say(world, "HTR? 1") == "+050.0"
    say(world, "RANGE 1,0")
    world.clock.wait(600.0)
    assert say(world, "HTR? 1") == "+000.0" and float(say(world, "KRDG? A")) == pytest.approx(296, abs=0.02)


@pytest.mark.thin(3)
@pytest.mark.parametrize(("model", "output", "watts"), [
    ("336", 1, 100), ("336", 2, 50), ("335", 1, 75), ("335", 2, 25)])
def test_the_highest_range_has_the_power_of_the_data_sheet(
    tmp_path: Path, model: str, output: int, watts: float,
) -> None:
    world = opened(tmp_path, model, ('heater = "ls.1"', f'heater = "ls.{output}"'))
    say(world, f"OUTMODE {output},3,0,0;MOUT {output},100;RANGE {output},3")
    world.clock.wait(1000.0)
    assert float(say(world, "KRDG? A")) == pytest.approx(296 + 2 * watts, abs=0.01)
    close_world(world)


def test_a_closed_loop_holds_the_set_point_and_a_ramp_has_its_rate(world: World) -> None:
    say(world, "RAMP 1,1,30;SETP 1,326;RANGE 1,3")
    world.clock.wait(30.0)
    assert say(world, "RAMPST? 1") == "1" and float(say(world, "SETP? 1")) == pytest.approx(311.0, abs=0.1)
    assert float(say(world, "KRDG? A")) == pytest.approx(311.0, abs=1.0)
    world.clock.wait(400.0)
    assert say(world, "RAMPST? 1") == "0" and float(say(world, "KRDG? A")) == pytest.approx(326.0, abs=0.01)
    assert float(say(world, "HTR? 1")) == pytest.approx(15.0, abs=0.1)   # 15 W over 2 K/W


def test_devices_follow_the_chuck_unless_they_have_a_temperature(world: World, tmp_path: Path) -> None:
    assert of_place(world) == 296
    say(world, "SETP 1,330;RANGE 1,3")
    world.clock.wait(300.0)
    assert of_place(world) == pytest.approx(330.0, abs=0.05)
    assert world.bench.circuit.device_state("XDUT")["temperature"] == pytest.approx(330.0, abs=0.05)
    world.positioner.connect("D2")
    assert of_place(world) == 310.0
    world.positioner.connect("D3")
    assert of_place(world) == pytest.approx(330.0, abs=0.05)
    say(world, "RANGE 1,0")
    world.clock.wait(600.0)
    assert of_place(world) == pytest.approx(296.0, abs=0.05)
    world.positioner.connect("D1")
    assert of_place(world) == pytest.approx(296.0, abs=0.05)
    temperatures = [r["temperature"] for r in read_witness(tmp_path / "w.jsonl").of_kind("temperature")]
    assert max(temperatures) == pytest.approx(329.0, abs=2.0) and temperatures[-1] < 300


def test_nothing_happens_on_a_chuck_that_rests(world: World) -> None:
    say(world, "SETP 1,330;RANGE 1,3")
    world.clock.wait(300.0)
    assert world.bench.clock.next_event() is None
    say(world, "SETP 1,331")
    assert world.bench.clock.next_event() is not None


def test_readings_have_noise_and_an_offset_within_the_data_sheet(tmp_path: Path) -> None:
    world = opened(tmp_path, change=("imperfections = false", ""))
    readings = [float(say(world, "KRDG? A")) for _ in range(40)]
    assert len(set(readings)) > 1 and all(abs(value - 296) < 20e-3 + 6e-3 for value in readings)
    close_world(world)


def test_the_law_of_the_loop() -> None:
    """1 K of error is P percent at once; I/1000 of it is added each second."""
    loop = Loop(100.0, gains=(20.0, 50.0, 0.0), range=3, target=301.0)
    assert loop.power(0.0, 300.0) == pytest.approx(20.0 * (1 + 0.05 * 0.1))
    for step in range(9):
        watts = loop.power(0.1 * (step + 1), 300.0)
    assert watts == pytest.approx(20.0 * (1 + 0.05))
    assert loop.power(1.0, None) == 0.0
    assert loop.power(1.1, 200.0) == 100.0 and loop.output == 100.0   # not more
    damped = Loop(100.0, gains=(20.0, 50.0, 100.0), range=3, target=301.0)
    damped.power(0.0, 300.0)
    assert damped.power(0.1, 300.01) == pytest.approx(20.0 * (0.99 + 0.05 * 0.1 * 1.99 - 5.0 * 0.1), rel=1e-6)


@pytest.mark.parametrize(("change", "message"), [
    (("temperature = 296", ""), "chuck: a chuck with a heater or a sensor needs temperature"),
    (('heater = "ls.1"', 'heater = "sl.1"'), "chuck.heater: there is no instrument 'sl'. Did you mean 'ls'"),
])
def test_what_a_world_file_says_of_its_chuck(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        opened(tmp_path, change=change)


def test_pymeasures_driver_drives_it(tmp_path: Path) -> None:
    path = tmp_path / "a.world.toml"
    path.write_text(WORLD.format(model="336", resource=RESOURCE), "utf-8")
    adapter: Any = LakeShore3xx(RESOURCE, visa_library=f"{path}@tsbench")
    assert adapter.id.startswith("LSCI,MODEL336")
    adapter.output_1.setpoint = 320
    adapter.output_1.range = "high"
    pyvisa.ResourceManager(f"{path}@tsbench").visalib.world.clock.wait(300.0)
    assert adapter.input_A.kelvin == pytest.approx(320.0, abs=0.02)
    assert adapter.output_1.output == pytest.approx(12.0, abs=0.1) and adapter.output_1.range == "high"
    adapter.output_1.range = "off"
    assert adapter.output_1.output == 0.0
    adapter.adapter.close()
    adapter.adapter.manager.close()


def test_outputs_go_off_above_the_limit_of_an_input(world: World) -> None:
    """Manual of the 335, p. 125: "all control outputs will be turned off" above the limit."""
    say(world, "OUTMODE 1,1,1,0")
    say(world, "PID 1,50,20,0")
    say(world, "SETP 1,350")
    say(world, "RANGE 1,3")
    say(world, "TLIMIT A,305")
    world.clock.wait(600.0)
    assert say(world, "RANGE? 1") == "0" and say(world, "HTR? 1") == "+000.0"
    assert float(say(world, "KRDG? A")) < 320.0
