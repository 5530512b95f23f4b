"""The virtual switching mainframes: commands of the manual, relays in the circuit, sneak currents by the witness."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tsbench.errors import ConfigurationError
from tsbench.simulated_backends.circuit.engine import PiecewiseLinear
from tsbench.simulated_backends.witness.log import read_witness
from tsbench.simulated_backends.world.world import World, close_world, open_world

WORLD = """
[witness]
file = "w.jsonl"
[instruments.matrix]
model = "keithley_{model}"
resource = "GPIB0::16::INSTR"
[fixture]
netlist = '''
VS in 0 0
RS in drive 1
X11 row1 col1 device
X12 row1 col2 device
X21 row2 col1 device
X22 row2 col2 device
C1 row1 0 10p
C2 row2 0 10p
C3 col1 0 10p
C4 col2 0 10p
'''
terminals = {{ {terminals} }}
devices = {{ X11 = "D11", X12 = "D12", X21 = "D21", X22 = "D22" }}
[devices]
D11 = {{ model = "resistor", parameters = {{ r = 1e4 }} }}
D12 = {{ model = "resistor", parameters = {{ r = 1e4 }} }}
D21 = {{ model = "resistor", parameters = {{ r = 1e4 }} }}
D22 = {{ model = "resistor", parameters = {{ r = 1e4 }} }}
"""
WIRED = {"707b": ("matrix.A", "matrix.B"), "3706a": ("matrix.row1", "matrix.row2")}
ALL = "print(channel.getclose('allslots'))"


def opened(folder: Path, model: str = "707b", change: tuple[str, str] = ("", "")) -> World:
    drive, ground = WIRED[model]
    terminals = f'"{drive}" = "drive", "{ground}" = "0", ' + ", ".join(
        f'"matrix.10{k}" = "{node}"' for k, node in enumerate(("row1", "row2", "col1", "col2"), start=1))
    path = folder / "a.world.toml"
    path.write_text(WORLD.format(model=model, terminals=terminals).replace(*change), "utf-8")
    return open_world(path)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    found = opened(tmp_path)
    yield found
    close_world(found)


def say(world: World, message: str) -> str:
    """Send a message, let it act, and return its reply."""
    exchange = world.instruments["matrix"].exchange
    exchange.recv(message.encode("latin-1") + b"\n", True)
    while exchange.will_answer:
        world.bench.clock.hop(world.bench.clock.now + 1.0)
    return exchange.talk(1000)[0].decode().rstrip("\n")


def triangle(world: World, volts: float) -> None:
    """Go up and down again, so slowly that the capacitances of the lines take no current."""
    now = world.bench.clock.now
    times, values = now + np.array([0.0, 5e-3, 10e-3]), np.array([0.0, volts, 0.0])
    world.bench.circuit.set_source("VS", PiecewiseLinear(times, values))
    world.clock.wait(11e-3)


def test_closing_and_opening(world: World) -> None:
    assert say(world, "*IDN?") == "KEITHLEY INSTRUMENTS INC.,MODEL 707B,SIM-MATRIX,01.20a"
    assert say(world, "print(localnode.model)") == "707B" and say(world, ALL) == "nil"
    assert say(world, "print(slot[1].idn)").startswith("7072,8x12 Semiconductor Matrix Card,")
    say(world, "channel.close('1A01, 1B03')")
    say(world, 'channel.close("1H12")')
    assert say(world, ALL) == "1A01;1B03;1H12"
    assert say(world, "print(channel.getstate('1A01:1A03'))") == "1,0,0"
    say(world, "channel.exclusiveclose('1A02:1A04')")
    assert say(world, "print(channel.getclose('slot1'))") == "1A02;1A03;1A04"
    say(world, "channel.open('1A03')")
    assert say(world, ALL) == "1A02;1A04"
    say(world, "channel.exclusiveclose('')")
    assert say(world, ALL) == "nil"
    say(world, "channel.close('1A01') reset()")
    assert say(world, ALL) == "nil" and say(world, "print(channel.getcount('1A01'))") == "2"


@pytest.mark.parametrize("channels", ["1Z01", "2A01", "1A13", "1A03:1A01", "slot9x", "", "slot\xb2", "slot0_1",
                                      "1A0\xb2", "slot"])
def test_a_channel_that_is_not_there_is_an_error_and_changes_nothing(world: World, channels: str) -> None:
    say(world, "channel.close('1A01')")
    say(world, f"channel.close('1B01,{channels}')")
    assert say(world, "print(errorqueue.next())").startswith("1.401000000e+03\tParameter 1 is invalid")
    assert say(world, ALL) == "1A01"


def test_contacts_need_their_time_and_break_before_they_make(world: World) -> None:
    say(world, "channel.close('1A01')")
    before = world.bench.clock.now
    world.instruments["matrix"].exchange.recv(b"channel.exclusiveclose('1A02')\n", True)
    world.clock.wait(5e-3)
    assert world.instruments["matrix"].matrix.closed == set()   # type: ignore[attr-defined]
    assert say(world, "print(1)") == "1.000000000e+00"   # 707B-901-01 rev. B, p. 7-89: 10 digits
    assert world.bench.clock.now - before == pytest.approx(30e-3, abs=1e-3)
    assert say(world, "print(channel.connectrule)") == "1.000000000e+00"
    say(world, "channel.connectrule = channel.MAKE_BEFORE_BREAK")
    before = world.bench.clock.now
    world.instruments["matrix"].exchange.recv(b"channel.exclusiveclose('1A01')\n", True)
    world.clock.wait(5e-3)
    assert world.instruments["matrix"].matrix.closed == {"1A01", "1A02"}   # type: ignore[attr-defined]


@pytest.mark.parametrize(("model", "cell", "ground"), [
    ("707b", "1A01,1B03", "1B02,1B04"), ("3706a", "1101,1203", "1202,1204")])
def test_sneak_currents_depend_on_the_unselected_lines(tmp_path: Path, model: str, cell: str, ground: str) -> None:
    """Floating: three cells in series. Grounded: the half-selected cell has the whole voltage, the others none."""
    world = opened(tmp_path, model)
    instants = []
    for others in ("", f",{ground}"):
        say(world, f"channel.exclusiveclose('{cell}{others}')")
        instants.append(world.bench.clock.now)
        triangle(world, 0.9)
    say(world, "channel.open('allslots')")
    close_world(world)
    log = read_witness(tmp_path / "w.jsonl")
    floating = log.sneak_currents("D11", instants[0] - 1e-6, instants[1])
    grounded = log.sneak_currents("D11", instants[1] - 1e-6)
    assert floating == pytest.approx(dict.fromkeys(("D12", "D21", "D22"), 0.3 / 1e4), rel=2e-3)
    assert grounded["D12"] == pytest.approx(0.9 / 1e4, rel=2e-3) and grounded["D22"] < 1e-7
    assert log.of_kind("relays")[0]["closed"] == cell.split(",") and log.hot_moves() == []


def test_switching_while_an_output_is_on_is_recorded(tmp_path: Path) -> None:
    world = opened(tmp_path)
    world.bench.output("meter", "", True)
    say(world, "channel.close('1A01')")
    world.bench.output("meter", "", False)
    close_world(world)
    (hot,) = read_witness(tmp_path / "w.jsonl").hot_moves()
    assert (hot["what"], hot["outputs"]) == ("relays 1A01", ["meter"])


@pytest.mark.parametrize(("options", "message"), [
    ('{ cards = { 7 = "7072" } }', "slot '7' must be a number from 1 to 6"),
    ('{ cards = { 1 = "7073" } }', "there is no card '7073'. Did you mean '7072'"),
    ("{ cards = 3 }", "must be a table"),
])
def test_cards_are_options(tmp_path: Path, options: str, message: str) -> None:
    line = 'resource = "GPIB0::16::INSTR"'
    with pytest.raises(ConfigurationError, match=message):
        opened(tmp_path, change=(line, f"{line}\noptions = {options}"))
    world = opened(tmp_path, change=(line, f'{line}\noptions = {{ cards = {{ 1 = "7072", 2 = "7174A" }} }}'))
    say(world, "channel.close('2H12')")
    assert say(world, ALL) == "2H12"
    close_world(world)


@pytest.mark.filterwarnings("ignore")
def test_the_driver_of_qcodes_for_the_3706a(tmp_path: Path) -> None:
    from qcodes.instrument_drivers.Keithley import Keithley3706A

    close_world(opened(tmp_path, "3706a"))
    driver = Keithley3706A("matrix_3706a", "GPIB0::16::INSTR", visalib=f"{tmp_path / 'a.world.toml'}@tsbench")
    try:
        assert driver.get_switch_cards()[0]["model"] == "3730" and len(driver.get_channels()) == 6 * 16
        assert "Both" in driver.get_interlock_state()[0]["state"] and driver.gpib_enabled() is True
        assert set(driver.get_available_memory().values()) == {"100.00"}
        driver.close_channel("1101")
        assert driver.get_closed_channels("1101:1106") == ["1101"]
        driver.open_channel("1101")
        driver.set_forbidden_channels("1102")
        driver.set_delay("1101", 0.25)
        assert driver.get_forbidden_channels("1101:1104") == "1102" and list(driver.get_delay("1101")) == [0.25]
        driver.write("channel.close('1102')")   # not the driver's function, which looks at it first
        assert driver.get_closed_channels("1101:1104") is None and driver.ask("errorqueue.count") == "1.000000000e+00"
    finally:
        driver.close()


def test_patterns_stand_for_channels(world: World) -> None:
    say(world, "channel.pattern.setimage('1A01:1A02', 'pair') channel.close('1B03') channel.pattern.snapshot('now')")
    assert say(world, "print(channel.pattern.getimage('pair, now'))") == "1A01,1A02;1B03"
    say(world, "channel.exclusiveclose('pair, 1C04')")
    assert say(world, ALL) == "1A01;1A02;1C04"
    assert say(world, "local all = '' for name in channel.pattern.catalog() do all = all .. name .. ' ' end print(all)"
               ) == "pair now "
    say(world, "reset() channel.pattern.delete('now') channel.pattern.setimage('1A01', '1A02')")
    assert say(world, "print(errorqueue.next())").startswith("1.401000000e+03\tParameter 2 is invalid")
    assert say(world, "print(channel.pattern.getimage('pair'))") == "1A01,1A02"
    say(world, "print(channel.pattern.getimage('now'))")
    assert say(world, "print(errorqueue.next())").startswith("1.401000000e+03\tParameter 1 is invalid")
