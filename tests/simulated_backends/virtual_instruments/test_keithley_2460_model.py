"""The simulated Keithley 2460 on resistors: its numbers are its own, its commands those of its sister models."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tsbench.simulated_backends.virtual_instruments.keithley_2460.data_sheet import CURRENT, VOLTAGE
from tsbench.simulated_backends.virtual_instruments.source_meter.data_sheet import RangeData
from tsbench.simulated_backends.world.world import World, close_world, open_world

pytestmark = pytest.mark.tsbench_outputs_stay_on  # these ask the model, not a measurement

WORLD = """
imperfections = {imperfections}
[instruments.smu]
model = "keithley_2460"
resource = "USB0::0x05E6::0x2460::SIM1::INSTR"
[fixture]
netlist = "R1 a 0 {resistance}"
terminals = {{ smu = "a" }}
"""


class Meter:
    """The meter of a world, asked without a transport."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.meter = world.instruments["smu"]

    def write(self, *messages: str) -> None:
        clock, exchange = self.world.bench.clock, self.meter.exchange
        for message in messages:
            exchange.recv(message.encode() + b"\n", True)
            while exchange.will_answer and not exchange.output_ready and clock.hop(clock.now + 100.0):
                pass

    def ask(self, message: str) -> str:
        self.write(message)
        return self.meter.exchange.talk(1 << 20)[0].decode().rstrip("\n")

    def numbers(self, message: str) -> list[float]:
        return [float(part) for part in self.ask(message).split(",")]


Make = Callable[..., Meter]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    worlds: list[World] = []

    def build(resistance: float, imperfections: bool = True) -> Meter:
        path = tmp_path / f"{len(worlds)}.world.toml"
        path.write_text(WORLD.format(resistance=resistance, imperfections=str(imperfections).lower()), "utf-8")
        worlds.append(open_world(path))
        return Meter(worlds[-1])

    yield build
    for world in worlds:
        close_world(world)


def row_of(table: tuple[RangeData, ...], value: float) -> RangeData:
    return next(row for row in table if abs(value) <= row.top)


def test_identity_and_first_settings(make: Make) -> None:
    meter = make(10.0)
    assert meter.ask("*IDN?").startswith("KEITHLEY INSTRUMENTS,MODEL 2460,")
    assert meter.ask("*LANG?") == "SCPI"
    assert meter.numbers(":SOUR:VOLT:ILIM?") == [105e-6] and meter.numbers(":SOUR:CURR:VLIM?") == [7.35]
    assert meter.numbers(":SOUR:VOLT:ILIM? MIN") == [1e-6] and meter.numbers(":SOUR:VOLT:ILIM? MAX") == [7.35]
    assert meter.numbers(":SOUR:CURR:VLIM? MIN") == [0.2] and meter.numbers(":SOUR:CURR:VLIM? MAX") == [105.0]
    meter.write(":SOUR:CURR:VLIM 12", "*RST")
    assert meter.numbers(":SOUR:CURR:VLIM?") == [7.35]


@pytest.mark.parametrize(("function", "asked", "chosen"), [
    ("VOLT", 5, 7), ("VOLT", 7.3, 7), ("VOLT", 7.4, 10), ("VOLT", 15, 20), ("VOLT", 25, 100), ("VOLT", 0.01, 0.2),
    ("CURR", 2, 4), ("CURR", 4.5, 5), ("CURR", 5.5, 7), ("CURR", 1e-9, 1e-6), ("CURR", 0.9, 1),
])
def test_source_ranges(make: Make, function: str, asked: float, chosen: float) -> None:
    meter = make(10.0)
    meter.write(f":SOUR:{function}:RANG {asked}")
    assert meter.numbers(f":SOUR:{function}:RANG?") == [chosen]
    meter.write(f":SENS:{function}:RANG {asked}")
    assert meter.numbers(f":SENS:{function}:RANG?") == [chosen if function == "CURR" else meter.numbers(
        ":SOUR:VOLT:RANG?")[0]]


@pytest.mark.parametrize(("function", "level", "most"), [
    ("VOLT", 7.35, 7.35), ("VOLT", 8, 5.25), ("VOLT", 15, 4.2), ("VOLT", 105, 1.05),
    ("CURR", 1.05, 105), ("CURR", 3, 21), ("CURR", 5.25, 10.5), ("CURR", 7.35, 7.35),
])
def test_the_operating_boundaries(make: Make, function: str, level: float, most: float) -> None:
    """A limit that the source range does not allow is moved to the highest that it allows."""
    meter = make(1e6)
    limit = f":SOUR:{function}:{'ILIM' if function == 'VOLT' else 'VLIM'}"
    meter.write(f":SOUR:FUNC {function}", f"{limit} {7.35 if function == 'VOLT' else 105}")
    meter.write(f":SOUR:{function} {level}")
    assert meter.numbers(f"{limit}?") == [pytest.approx(most)]
    meter.write(f"{limit} {most * 1.02}")
    assert meter.numbers(f"{limit}?") == [pytest.approx(most)]


@pytest.mark.parametrize("message", [
    ":SOUR:VOLT 106", ":SOUR:CURR 7.4", ":SOUR:VOLT:ILIM 7.4", ":SOUR:CURR:VLIM 106", ":SOUR:VOLT:ILIM 0.5e-6",
])
def test_beyond_the_instrument_is_an_error(make: Make, message: str) -> None:
    meter = make(10.0)
    meter.write(message)
    assert meter.ask(":SYST:ERR?").startswith("-222,")


def test_protections_are_those_of_the_model(make: Make) -> None:
    meter = make(10.0)
    meter.write(":SOUR:VOLT:PROT PROT80")
    assert meter.ask(":SOUR:VOLT:PROT?") == "PROT80"
    meter.write(":SOUR:VOLT:PROT PROT180")
    assert meter.ask(":SYST:ERR?").startswith("-224,")
    assert meter.ask(":SOUR:VOLT:PROT?") == "PROT80"


@pytest.mark.parametrize(("resistance", "level"), [(1.0, 7.0), (2.0, 9.0), (5.0, 19.0), (100.0, 100.0), (10e3, 0.1)])
def test_voltage_and_current_within_the_accuracy(make: Make, resistance: float, level: float) -> None:
    meter = make(resistance)
    limit = 1.02 * max(level / resistance, 1e-3)
    meter.write(":SOUR:VOLT:ILIM 1.05", f":SOUR:VOLT {level}", f":SOUR:VOLT:ILIM {limit}")
    meter.write(f":SENS:CURR:RANG {level / resistance}", ":OUTP ON")
    volts, amperes, status = meter.numbers(":READ? 'defbuffer1',SOUR,READ,SOURSTAT")
    true = meter.world.bench.circuit.current("R1")
    volt, ampere = row_of(VOLTAGE, level), row_of(CURRENT, true)
    # relay and output resistance take 2 mOhm of the circuit
    assert abs(true * resistance - level) <= volt.source_gain * level + volt.source_offset + 2.1e-3 * true
    assert abs(amperes - true) <= ampere.measure_gain * true + ampere.measure_offset + 5 * ampere.noise
    assert abs(volts - true * resistance) <= volt.measure_gain * level + volt.measure_offset + 5 * volt.noise
    assert not int(status) & 32


def test_the_limit_holds_at_amperes(make: Make) -> None:
    meter = make(1.0, imperfections=False)
    meter.write(":SOUR:VOLT:ILIM 3", ":SOUR:VOLT 7", ":OUTP ON")
    volts, amperes, status = meter.numbers(":READ? 'defbuffer1',SOUR,READ,SOURSTAT")
    assert amperes == pytest.approx(3.0, rel=1e-3) and volts == pytest.approx(3.0, rel=2e-3)
    assert int(status) & 32


def test_seven_amperes_of_a_current_source(make: Make) -> None:
    meter = make(0.5, imperfections=False)
    meter.write(":SOUR:FUNC CURR", ":SENS:FUNC 'VOLT'", ":SOUR:CURR 7", ":OUTP ON")
    amperes, volts, status = meter.numbers(":READ? 'defbuffer1',SOUR,READ,SOURSTAT")
    assert amperes == pytest.approx(7.0, rel=1e-3) and volts == pytest.approx(3.5, rel=1e-3)
    assert not int(status) & 32


def test_four_wire_sensing_shows_in_the_status(make: Make) -> None:
    meter = make(10.0)
    meter.write(":SENS:CURR:RSEN ON", ":SOUR:VOLT 1", ":OUTP ON")
    assert int(meter.numbers(":READ? 'defbuffer1',SOURSTAT")[0]) & 64


def test_the_ranges_of_resistance(make: Make) -> None:
    meter = make(10.0)
    meter.write(":SENS:RES:RANG 1.5")
    assert meter.ask(":SYST:ERR?").startswith("0,")
