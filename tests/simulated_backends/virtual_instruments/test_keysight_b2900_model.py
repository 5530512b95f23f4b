"""The virtual Keysight B2901A to B2912A against the SCPI Command Reference (B2910-90030), by its command strings."""

import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pyvisa

from tsbench.simulated_backends.virtual_instruments.keysight_b2900.data_sheet import CURRENT, VOLTAGE
from tsbench.simulated_backends.witness.log import outputs_left_on

pytestmark = pytest.mark.tsbench_outputs_stay_on

WORLD = """
seed = 4
[witness]
file = "witness.jsonl"
[instruments.meter]
model = "MODEL"
resource = "USB0::0x2A8D::0x9201::SIM1::INSTR"
OPTIONS
[fixture]
netlist = '''
R1 one 0 10k
C1 one 0 20p
R2 two 0 1k
C2 two 0 20p
'''
[fixture.terminals]
"meter.1" = "one"
SECOND
WIRES
"""
WIRED = """
[wires]
"meter.ext6" = "meter.ext5"
"""


class Meter:
    """One session with the virtual instrument."""

    def __init__(self, folder: Path, model: str, options: str = "", wires: str = "") -> None:
        self.folder = folder
        world = folder / "meter.world.toml"
        second = '"meter.2" = "two"' if model.endswith("2a") else ""
        text = WORLD.replace("MODEL", model).replace("OPTIONS", options).replace("SECOND", second)
        world.write_text(text.replace("WIRES", wires), "utf-8")
        self.manager = pyvisa.ResourceManager(f"{world}@tsbench")
        self.session: Any = self.manager.open_resource("USB0::0x2A8D::0x9201::SIM1::INSTR", timeout=20_000)

    def send(self, *messages: str) -> None:
        for message in messages:
            self.session.write(message)

    def ask(self, message: str) -> str:
        return str(self.session.query(message)).strip()

    def numbers(self, message: str) -> list[float]:
        return [float(part) for part in self.ask(message).split(",")]

    def errors(self) -> list[int]:
        """Return the numbers in the error queue, and empty it."""
        found = []
        while (code := int(self.ask(":SYST:ERR:CODE?"))) != 0:
            found.append(code)
        return found

    @property
    def library(self) -> Any:
        return self.manager.visalib

    def voltages(self, node: str, message: str, seconds: float) -> tuple[np.ndarray, np.ndarray]:
        """Return times [s] from a message on, and the voltage [V] of a node."""
        bench = self.library.world.bench
        seen: list[tuple[float, float]] = []
        self.send(message)
        began = bench.clock.now
        while bench.clock.now < began + seconds:
            bench.begin_message()
            bench.clock.wait(5e-6)
            seen.append((bench.clock.now - began, bench.circuit.voltage(node)))
        times, volts = zip(*seen, strict=True)
        return np.array(times), np.array(volts)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[..., Meter]]:
    meters: list[Meter] = []

    def make(model: str = "keysight_b2912a", options: str = "", wires: str = "") -> Meter:
        meters.append(Meter(tmp_path, model, options, wires))
        return meters[-1]

    yield make
    for meter in meters:
        meter.manager.close()


@pytest.fixture
def meter(opened: Callable[..., Meter]) -> Meter:
    return opened()


def on_resistor(meter: Meter, level: float = 1.0) -> None:
    """Source a voltage [V] on channel 1 (10 kOhm) with a compliance of 1 mA; ranges 2 V and 1 mA."""
    meter.send("*RST", ":SOUR:VOLT:RANG 2", ":SENS:CURR:PROT 1e-3", ":SENS:CURR:RANG 1e-3", ":SENS:CURR:NPLC 1",
               f":SOUR:VOLT {level}", ":OUTP ON")


@pytest.mark.parametrize(("query", "reply"), [
    ("*IDN?", "Keysight Technologies,B2912A,SIM1,3.4.2011.5100"), (":OUTP?", "0"), (":OUTP:OFF:MODE?", "NORM"),
    (":OUTP2:ON:AUTO?", "1"), (":FUNC:MODE?", "VOLT"), (":SOUR2:FUNC?", "DC"), (":SENS:CURR:PROT?", "+1.000000E-04"),
    (":SENS:VOLT:PROT?", "+2.000000E+00"), (":SENS:FUNC?", '"VOLT","CURR"'), (":SENS:REM?", "0"),
    (":FORM?", "ASC"), (":FORM:ELEM:SENS?", "VOLT,CURR,RES,TIME,STAT,SOUR"), (":TRIG:SOUR?", "AINT"),
    (":TRAC:POIN?", "100000"), (":TRAC:FEED:CONT?", "NEV"), (":PULS:WIDT?", "+5.000000E-05"),
    (":SYST:ERR?", '+0,"No error"'), (":SYST:TIME:TIM:COUN:RES:AUTO?", "1"),
])
def test_the_values_after_a_reset(meter: Meter, query: str, reply: str) -> None:
    meter.send("*RST")
    assert meter.ask(query) == reply


@pytest.mark.parametrize(("message", "error"), [
    (":NONSENSE", '-113,"Undefined header"'), (":SOUR3:VOLT 1", '-114,"Header suffix out of range"'),
    (":SOUR:VOLT 211", '-222,"Data out of range"'), (":SOUR:VOLT 1 V", '-138,"Suffix not allowed"'),
    (":PULS:WIDT 4e-5", '-222,"Data out of range"'), (":TRIG:TIM 5e-6", '-222,"Data out of range"'),
    (":INIT (@3)", '-222,"Data out of range"'), (":INIT (@0_1)", '-121,"Invalid character in number"'),
    (":INIT (@1:0_2)", '-121,"Invalid character in number"'), (":INIT (@1,+)", '-121,"Invalid character in number"'),
    (":FETC? (@0_1)", '-121,"Invalid character in number"'), (":INIT 1", '-104,"Data type error"'),
    (":SENS:FUNC CURR", '-104,"Data type error"'),
    (":SOUR:VOLT:RANG 200;:SENS:CURR:PROT 1", '-221,"Settings conflict"'),
    (":TRAC:FEED:CONT NEXT;:TRAC:POIN 5", '-221,"Settings conflict"'), (":TRAC:DATA?", '-230,"Data corrupt or stale"'),
    ("*TRG", '-211,"Trigger ignored"'), (":FORM REAL,16", '-222,"Data out of range"'),
])
def test_what_metal_refuses_is_refused(meter: Meter, message: str, error: str) -> None:
    meter.send("*RST", message)
    assert meter.ask(":SYST:ERR?") == error


def test_without_a_reading_each_element_is_not_a_number(meter: Meter) -> None:
    meter.send("*RST", ":FORM:ELEM:SENS CURR,STAT")
    assert meter.ask(":FETC?") == meter.ask(":FETC:ARR? (@1)") == "+9.910000E+37,+9.910000E+37"
    assert meter.ask(":FETC:CURR?") == "+9.910000E+37" and meter.errors() == []


def test_models_differ_in_channels_range_and_timer(opened: Callable[..., Meter]) -> None:
    meter = opened("keysight_b2901a")
    meter.send(":SOUR2:VOLT 1", ":TRIG:TIM 1e-5", ":SENS:CURR:RANG 1e-8", ":TRIG:TIM 2e-5")
    assert meter.errors() == [-114, -222]
    assert meter.ask(":SENS:CURR:RANG?") == "+1.000000E-07"


def test_readings_are_within_the_accuracy_of_the_data_sheet(meter: Meter) -> None:
    on_resistor(meter)
    voltage, current, resistance, _, status, source = meter.numbers(":MEAS? (@1)")
    volts, amperes = VOLTAGE[1], CURRENT[5]
    error = volts.source_gain + volts.source_offset
    assert abs(voltage - 1.0) <= error + volts.measure_gain + volts.measure_offset
    assert abs(current - 1e-4) <= error / 10e3 + 1e-4 * amperes.measure_gain + amperes.measure_offset
    assert (resistance, status, source) == (9.91e37, 0.0, 1.0)
    meter.send(":SENS:FUNC:ALL")
    assert meter.numbers(":MEAS? (@1)")[2] == pytest.approx(10e3, rel=5e-3)


def test_compliance_and_overflow_are_in_the_status_element(meter: Meter) -> None:
    on_resistor(meter, 2.0)
    meter.send(":SENS:CURR:PROT 1e-4", ":SENS:CURR:RANG 1e-4", ":FORM:ELEM:SENS CURR,STAT")
    current, status = meter.numbers(":MEAS?")
    assert current == pytest.approx(1e-4, rel=2e-3) and int(status) & 6
    assert meter.ask(":SENS:CURR:PROT:TRIP?") == "1"


def test_protection_switches_the_output_off(meter: Meter) -> None:
    on_resistor(meter, 0.5)
    meter.send(":OUTP:PROT ON", ":SENS:CURR:PROT 1e-4", "*OPC?")
    meter.session.read()
    assert meter.ask(":OUTP?") == "1"
    meter.send(":SOUR:VOLT 2")
    meter.library.clock.wait(0.05)
    assert meter.ask(":OUTP?") == "0" and outputs_left_on(meter.folder / "witness.jsonl") == []


@pytest.mark.parametrize(("mode", "volts"), [("NORM", 0.0), ("ZERO", 0.0), ("HIZ", 0.0)])
def test_off_states(meter: Meter, mode: str, volts: float) -> None:
    on_resistor(meter)
    meter.send(f":OUTP:OFF:MODE {mode}", ":OUTP OFF")
    assert meter.ask(":OUTP?") == "0"
    assert meter.library.world.bench.circuit.voltage("one") == pytest.approx(volts, abs=1e-3)


def test_a_staircase_up_and_down_on_two_channels(meter: Meter) -> None:
    meter.send("*RST", ":FORM:ELEM:SENS VOLT,CURR")
    for c in (1, 2):
        meter.send(f":SOUR{c}:VOLT:MODE SWE", f":SOUR{c}:VOLT:STAR 0", f":SOUR{c}:VOLT:STOP 1",
                   f":SOUR{c}:VOLT:STEP 0.5", f":SOUR{c}:SWE:STA DOUB", f":TRIG{c}:COUN 6", f":SENS{c}:CURR:PROT 2e-3")
    values = np.array(meter.numbers(":READ:ARR? (@1,2)")).reshape(6, 2, 2)
    assert values[:, 0, 0] == pytest.approx([0, 0.5, 1, 1, 0.5, 0], abs=2e-3)
    assert values[:, 1, 1] == pytest.approx([0, 0.5e-3, 1e-3, 1e-3, 0.5e-3, 0], abs=4e-6)
    assert meter.errors() == []


def test_one_element_of_the_channels_of_a_list(meter: Meter) -> None:
    """As the samples of the programming guide read a sweep: FETCh at once behind INITiate, with a channel list."""
    meter.send("*RST", ":SOUR:VOLT:MODE SWE", ":SOUR:VOLT:STAR 0", ":SOUR:VOLT:STOP 1", ":SOUR:VOLT:POIN 5",
               ":SENS:FUNC 'CURR'", ":SENS:CURR:PROT 1e-3", ":TRIG:SOUR AINT", ":TRIG:COUN 5", ":OUTP ON", ":INIT (@1)")
    currents = meter.numbers(":FETC:ARR:CURR? (@1)")
    np.testing.assert_allclose(currents, np.linspace(0.0, 1e-4, 5), atol=2e-7)
    assert meter.numbers(":FETC:CURR? (@1)") == currents[-1:]
    np.testing.assert_allclose(meter.numbers(":FETC:ARR:SOUR? (@1)"), np.linspace(0.0, 1.0, 5), atol=1e-6)
    np.testing.assert_allclose(meter.numbers(":READ:ARR:CURR? (@1)"), currents, atol=2e-7)
    assert meter.numbers(":READ:CURR? (@1)") == pytest.approx([1e-4], rel=2e-3)
    meter.send(":SOUR:VOLT:MODE FIX", ":SOUR:VOLT 0.5", ":SOUR2:VOLT 0.02", ":OUTP2 ON")
    assert meter.numbers(":MEAS:CURR? (@1,2)") == pytest.approx([5e-5, 2e-5], rel=1e-2)
    assert meter.errors() == []


def test_pulses_have_their_width_and_a_reading_at_the_top(meter: Meter) -> None:
    meter.send("*RST", ":SOUR2:VOLT:RANG 2", ":SENS2:CURR:PROT 10e-3", ":SENS2:CURR:RANG 10e-3",
               ":SENS2:CURR:APER 20e-6", ":SOUR2:FUNC PULS", ":SOUR2:PULS:WIDT 500e-6", ":SOUR2:VOLT:MODE LIST",
               ":SOUR2:LIST:VOLT 1,2", ":TRIG2:SOUR TIM", ":TRIG2:TIM 2e-3", ":TRIG2:COUN 2", ":TRIG2:ACQ:DEL 400e-6",
               ":FORM:ELEM:SENS VOLT,TIME", ":OUTP2 ON", "*OPC?")
    meter.session.read()
    times, volts = meter.voltages("two", ":INIT (@2)", 4e-3)
    for level, start in ((1.0, 0.0), (2.0, 2e-3)):
        window = (times > start - 1e-4) & (times < start + 1.9e-3)
        assert np.count_nonzero(volts[window] > level / 2) * 5e-6 == pytest.approx(500e-6, abs=30e-6)
        assert volts[window].max() == pytest.approx(level, rel=0.02)
    values = meter.numbers(":FETC:ARR? (@2)")
    assert values[::2] == pytest.approx([1.0, 2.0], rel=5e-3)
    assert values[3] - values[1] == pytest.approx(2e-3, abs=2e-6)


def test_a_timer_samples_evenly_while_messages_are_answered(meter: Meter) -> None:
    on_resistor(meter)
    meter.send(":TRIG:ACQ:SOUR TIM", ":TRIG:ACQ:TIM 1e-3", ":TRIG:ACQ:COUN 200",
               ":SENS:CURR:NPLC 0.01", ":TRAC:POIN 200", ":TRAC:FEED SENS", ":TRAC:FEED:CONT NEXT",
               ":FORM:ELEM:SENS CURR,TIME", ":INIT:ACQ (@1)")
    stored = int(meter.ask(":TRAC:POIN:ACT?"))
    assert stored < 200 and not int(meter.ask(":STAT:OPER:COND?")) & 16
    assert meter.ask("*OPC?") == "1"
    values = meter.numbers(":TRAC:DATA?")
    assert np.diff(values[1::2]) == pytest.approx(1e-3, abs=2e-6)
    assert int(meter.ask(":STAT:MEAS:COND?")) & 16 and meter.ask(":TRAC:FEED:CONT?") == "NEV"
    assert len(meter.numbers(":TRAC:DATA? 190,5")) == 10 and len(meter.numbers(":TRAC:DATA? CURR")) == 2


def test_bus_triggers_and_abort(meter: Meter) -> None:
    on_resistor(meter)
    meter.send(":ARM:SOUR BUS", ":INIT (@1)")
    assert int(meter.ask(":STAT:OPER:COND?")) & (8 | 64) == 8 | 64
    meter.send("*TRG")
    assert meter.ask("*OPC?") == "1" and len(meter.numbers(":FETC?")) == 6
    meter.send(":INIT (@1)", ":INIT (@1)", ":ABOR (@1)")
    assert meter.errors() == [-213] and meter.ask("*OPC?") == "1"


def test_binary_readings(meter: Meter) -> None:
    on_resistor(meter)
    meter.send(":FORM REAL,64", ":FORM:BORD SWAP", ":FORM:ELEM:SENS VOLT,CURR,RES", ":MEAS? (@1)")
    reply = meter.session.read_raw()
    assert reply[:4] == b"#224" and len(reply) == 4 + 24 + 1
    voltage, current, resistance = struct.unpack("<3d", reply[4:-1])
    assert voltage == pytest.approx(1.0, abs=2e-3) and current == pytest.approx(1e-4, rel=1e-2)
    assert np.isnan(resistance)


def test_an_open_interlock_keeps_high_voltages_off(opened: Callable[..., Meter]) -> None:
    meter = opened("keysight_b2902a", "options = { interlock = false }")
    assert meter.ask(":SYST:INT:TRIP?") == "1"
    meter.send(":SOUR:VOLT 50", ":OUTP ON", ":INIT (@1)", ":SOUR:VOLT 5", ":OUTP ON")
    assert meter.errors() == [-221, -221] and meter.ask(":OUTP?") == "1"


def test_a_pin_starts_the_other_channel(opened: Callable[..., Meter]) -> None:
    meter = opened("keysight_b2902a", wires=WIRED)
    meter.send(":SOUR:DIG:EXT5:FUNC TOUT", ":SOUR:DIG:EXT6:FUNC TINP", ":SENS1:TOUT:SIGN EXT5", ":SENS1:TOUT ON",
               ":TRIG1:COUN 3", ":ARM2:SOUR EXT6", ":SENS1:CURR:NPLC 1", ":SENS2:CURR:NPLC 0.01", ":OUTP1 ON",
               ":OUTP2 ON", ":FORM:ELEM:SENS TIME", ":INIT (@2)")
    assert int(meter.ask(":STAT:OPER:COND?")) & 1 << 9
    meter.send(":INIT (@1)")
    assert meter.ask("*OPC?") == "1"
    assert len(meter.numbers(":FETC:ARR? (@1)")) == 3 and len(meter.numbers(":FETC:ARR? (@2)")) == 1
    first, second = meter.numbers(":FETC:ARR? (@1)"), meter.numbers(":FETC:ARR? (@2)")
    assert first[0] + 0.02 < second[0] < first[1] + 0.02 and meter.ask(":SENS1:TOUT:SIGN?") == "EXT5"
    meter.send(":SENS1:TOUT OFF", ":TRIG1:ACQ:TOUT:SIGN EXT5", ":TRIG1:TOUT ON", ":INIT (@2)", ":INIT (@1)")
    assert meter.ask(":TRIG1:TOUT?") == "1" and meter.ask("*OPC?") == "1"
    assert meter.numbers(":FETC:ARR? (@2)")[0] < meter.numbers(":FETC:ARR? (@1)")[1]
    assert meter.ask(":TRIG1:ACQ:TOUT:SIGN?") == "EXT5" and meter.errors() == []
