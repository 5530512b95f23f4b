"""The virtual Keithley 2400, 2401 and 2410 against the user's manual 2400S-900-01 rev. K, by its command strings."""

import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pyvisa

from tsbench.simulated_backends.virtual_instruments.keithley_2400.data_sheet import CURRENT_2400, VOLTAGE_2400
from tsbench.simulated_backends.witness.log import outputs_left_on

pytestmark = pytest.mark.tsbench_outputs_stay_on

WORLD = """
seed = 4
[witness]
file = "witness.jsonl"
[instruments.meter]
model = "MODEL"
resource = "GPIB0::24::INSTR"
OPTIONS
[fixture]
netlist = '''
XDUT smu 0 device
C_cable smu 0 20p
'''
[fixture.terminals]
meter = "smu"
[devices.R1]
model = "resistor"
parameters = { r = "10k" }
"""


class Meter:
    """One session with the virtual instrument."""

    def __init__(self, folder: Path, model: str, options: str) -> None:
        self.folder = folder
        world = folder / "meter.world.toml"
        world.write_text(WORLD.replace("MODEL", model).replace("OPTIONS", options), "utf-8")
        self.manager = pyvisa.ResourceManager(f"{world}@tsbench")
        self.session: Any = self.manager.open_resource("GPIB0::24::INSTR", timeout=20_000)

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
    def now(self) -> float:
        library: Any = self.manager.visalib
        return float(library.clock.now())

    @property
    def output_on(self) -> bool:
        library: Any = self.manager.visalib
        return bool(library.world.instruments["meter"].output_states()[""])


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[..., Meter]]:
    meters: list[Meter] = []

    def make(model: str = "keithley_2400", options: str = "") -> Meter:
        meters.append(Meter(tmp_path, model, options))
        return meters[-1]

    yield make
    for meter in meters:
        meter.manager.close()


@pytest.fixture
def meter(opened: Callable[..., Meter]) -> Meter:
    return opened()


def on_resistor(meter: Meter, level: float = 1.0) -> None:
    """Source a voltage [V] with a compliance of 1 mA; ranges 2 V and 1 mA."""
    meter.send("*RST", ":SOUR:VOLT:RANG 2", ":SENS:CURR:PROT 1e-3", ":SENS:CURR:RANG 1e-3",
               f":SOUR:VOLT {level}", ":OUTP ON")


@pytest.mark.parametrize(("query", "reply"), [
    (":OUTP?", "0"), (":OUTP:SMOD?", "NORM"), (":ROUT:TERM?", "FRON"), (":SENS:FUNC?", '"CURR:DC"'),
    (":SENS:FUNC:CONC?", "1"), (":SENS:CURR:RANG?", "1.050000E-04"), (":SENS:CURR:PROT?", "1.050000E-04"),
    (":SENS:VOLT:RANG?", "2.100000E+01"), (":SENS:VOLT:PROT?", "2.100000E+01"), (":SENS:RES:MODE?", "AUTO"),
    (":SENS:RES:RANG?", "2.100000E+05"), (":SOUR:FUNC?", "VOLT"), (":SOUR:VOLT:RANG?", "2.100000E+01"),
    (":SOUR:CURR:RANG?", "1.050000E-04"), (":SOUR:CLE:AUTO?", "0"), (":SOUR:SWE:POIN?", "2500"),
    (":SOUR:SWE:RANG?", "BEST"), (":SOUR:SWE:CAB?", "NEV"), (":FORM:ELEM?", "VOLT,CURR,RES,TIME,STAT"),
    (":TRAC:FEED:CONT?", "NEV"), (":TRIG:COUN?", "1"), (":ARM:SOUR?", "IMM"), (":CALC3:FORM?", "MEAN"),
    (":SYST:RSEN?", "0"), (":SYST:AZER?", "1"), (":FORM:BORD?", "NORM"), (":SENS:AVER:TCON?", "REP"),
])
def test_the_values_after_a_reset(meter: Meter, query: str, reply: str) -> None:
    meter.send("*RST")
    assert meter.ask(query) == reply


@pytest.mark.parametrize(("message", "code"), [
    (":SENS:CURR:RANGX 1", -113), (":SENS:FUNC CURR", -104), (":SOUR:VOLT 211", -222), (":SOUR:VOLT 1 V", -138),
    (":SENS:CURR:PROT 2", -222), (":SENS:CURR:NPLC 11", -222), (":SOUR:LIST:VOLT " + ",".join(["0"] * 101), -108),
    (":STAT:OPER:PTR 1", -113), (":SENS:VOLT:RANG 2", 823), (":SENS:CURR:RANG 1", 824), (":READ?", 803), (":INIT", 803),
    (":ARM:COUN 2500;:TRIG:COUN 2", -221), ("*TRG", -211), (":SOUR:VOLT:RANG 200;:SENS:CURR:PROT 1", 826),
    (":TRAC:FEED:CONT NEXT;:TRAC:POIN 10", 800), (":FETC?", -230), (":TRAC:DATA?", -230),
    (":CALC:MATH:NAME 'X';:CALC:MATH (VOLT*)", 811), (":ROUT:TERM BACK", -224),
])
def test_what_metal_refuses_is_refused(meter: Meter, message: str, code: int) -> None:
    meter.send("*RST", message)
    assert meter.errors()[:1] == [code]


def test_own_numbers_are_execution_errors_and_ten_errors_fill_the_queue(meter: Meter) -> None:
    meter.send("*CLS", ":READ?")
    assert int(meter.ask("*ESR?")) & 0x10
    assert meter.ask(":SYST:ERR?") == '+803,"Not permitted with OUTPUT off"'
    assert meter.ask(":SYST:ERR?") == '0,"No error"'
    meter.send(*[":NONSENSE"] * 12)
    assert meter.errors() == [-113] * 9 + [-350]


def test_a_limit_below_a_thousandth_of_the_fixed_range_is_refused(meter: Meter) -> None:
    meter.send("*RST", ":SENS:CURR:PROT 0.1", ":SENS:CURR:RANG 0.1", ":SENS:CURR:PROT 0.9e-4")
    assert meter.errors() == [822]
    assert meter.ask(":SENS:CURR:PROT?") == "1.000000E-01"
    meter.send(":SENS:CURR:PROT 1.1e-4")
    assert meter.errors() == []


def test_a_reading_is_within_the_accuracy_of_the_data_sheet(meter: Meter) -> None:
    on_resistor(meter)
    meter.send(":SENS:FUNC 'VOLT','CURR'")
    voltage, current = meter.numbers(":READ?")[:2]
    volts, amperes = VOLTAGE_2400[1], CURRENT_2400[3]
    assert abs(voltage - 1.0) <= volts.measure_gain + volts.measure_offset + volts.source_gain + volts.source_offset
    error = (volts.source_gain + volts.source_offset) / 10e3 + amperes.measure_gain * 1e-4 + amperes.measure_offset
    assert abs(current - 1e-4) <= error + 4 * amperes.noise
    assert meter.errors() == []


def test_functions_that_are_not_measured_are_programmed_or_not_a_number(meter: Meter) -> None:
    on_resistor(meter, 0.5)
    voltage, _, resistance, _, status = meter.numbers(":READ?")
    assert (voltage, resistance) == (0.5, 9.91e37)
    assert int(status) == 1 << 14 | 1 << 12 | 1 << 2   # voltage sourced, current measured, front terminals


def test_the_compliance_is_real_or_that_of_the_range(meter: Meter) -> None:
    on_resistor(meter, 2.0)
    meter.send(":SENS:CURR:PROT 5e-5", ":SENS:CURR:RANG 1e-4", ":SENS:CURR:PROT 5e-5", ":FORM:ELEM CURR,STAT")
    current, status = meter.numbers(":READ?")
    assert current == pytest.approx(5e-5, rel=5e-3)
    assert int(status) & (1 << 3 | 1 << 16) == 1 << 3
    assert meter.ask(":SENS:CURR:PROT:TRIP?") == "1"
    meter.send(":SENS:CURR:RANG 1e-5")
    current, status = meter.numbers(":READ?")
    assert int(status) & (1 << 3 | 1 << 16) == 1 << 16
    assert 1.0e-5 < abs(current) < 1.06e-5 or current == 9.9e37


def test_measure_switches_the_output_on_and_reads_once(meter: Meter) -> None:
    meter.send("*RST", ":SOUR:VOLT 1", ":SENS:CURR:PROT 1e-3")
    assert meter.numbers(":MEAS:CURR?")[1] == pytest.approx(1e-4, rel=1e-2)
    assert meter.ask(":OUTP?") == "1" and meter.ask(":CONF?") == '"CURR:DC"'


def test_automatic_output_off_switches_for_each_reading(meter: Meter) -> None:
    meter.send("*RST", ":SOUR:VOLT 1", ":SENS:CURR:PROT 1e-3", ":SOUR:CLE:AUTO ON", ":FORM:ELEM CURR")
    assert meter.numbers(":READ?")[0] == pytest.approx(1e-4, rel=1e-2)
    assert meter.ask(":OUTP?") == "0"


def test_automatic_ohms_takes_the_source_and_gives_it_back(meter: Meter) -> None:
    meter.send("*RST", ":SOUR:VOLT 1", ":SENS:FUNC 'RES'", ":OUTP ON", ":FORM:ELEM RES")
    assert meter.ask(":SOUR:FUNC?") == "CURR"
    assert meter.numbers(":READ?")[0] == pytest.approx(10e3, rel=2e-3)
    assert meter.ask(":SENS:RES:RANG?") == "2.100000E+04"
    meter.send(":SENS:RES:MODE MAN")
    assert meter.ask(":SOUR:FUNC?") == "VOLT" and meter.errors() == []


def staircase(meter: Meter) -> None:
    on_resistor(meter, 0.0)
    meter.send(":SOUR:VOLT:STAR 0.5", ":SOUR:VOLT:STOP 2", ":SOUR:VOLT:STEP 0.5", ":SOUR:VOLT:MODE SWE",
               ":SOUR:DEL 0.1", ":TRIG:COUN 4", ":FORM:ELEM VOLT,CURR", ":SENS:FUNC 'VOLT'")


def test_a_staircase_with_step_and_points(meter: Meter) -> None:
    staircase(meter)
    assert meter.ask(":SOUR:SWE:POIN?") == "4"
    before = meter.now
    values = meter.numbers(":READ?")
    assert values[::2] == pytest.approx([0.5, 1.0, 1.5, 2.0], abs=3e-3)
    assert values[1::2] == pytest.approx([0.5e-4, 1e-4, 1.5e-4, 2e-4], rel=1e-2)
    assert meter.now - before > 0.4   # four delays
    meter.send(":SOUR:SWE:SPAC LOG", ":SOUR:SWE:DIR DOWN")
    assert meter.numbers(":READ?")[::2] == pytest.approx([2.0, 2.0 / 4 ** (1 / 3), 2.0 / 4 ** (2 / 3), 0.5], abs=3e-3)
    assert meter.errors() == []


def test_a_list_of_chunks_and_a_sweep_that_ends_in_compliance(meter: Meter) -> None:
    staircase(meter)
    meter.send(":SOUR:LIST:VOLT 0.5,1", ":SOUR:LIST:VOLT:APP 1.5,2", ":SOUR:VOLT:MODE LIST", ":SENS:CURR:PROT 1.2e-4",
               ":SOUR:SWE:CAB LATE")
    assert meter.ask(":SOUR:LIST:VOLT:POIN?") == "4"
    assert len(meter.numbers(":READ?")) == 6   # the third reading is in compliance
    meter.send(":SOUR:SWE:CAB EARL")
    assert len(meter.numbers(":READ?")) == 4


def test_it_does_not_answer_while_it_sweeps_but_serial_polls_are_heard(meter: Meter) -> None:
    staircase(meter)
    meter.send("*CLS", "*SRE 1", ":STAT:MEAS:ENAB 512", ":TRAC:POIN 4", ":TRAC:FEED SENS", ":TRAC:FEED:CONT NEXT")
    before = meter.now
    meter.send(":INIT", "*IDN?")
    assert meter.session.read_stb() & 0x50 == 0   # nothing available: the question waits
    meter.session.timeout = 100
    with pytest.raises(pyvisa.errors.VisaIOError):
        meter.session.read()
    meter.session.timeout = 20_000
    assert meter.session.read().startswith("KEITHLEY INSTRUMENTS INC.,MODEL 2400")
    assert meter.now - before > 0.4
    assert meter.session.read_stb() & 0x41 == 0x41   # the buffer is full, and service is requested
    assert int(meter.ask(":STAT:MEAS?")) & 512
    assert meter.numbers(":TRAC:DATA?")[::2] == pytest.approx([0.5, 1.0, 1.5, 2.0], abs=3e-3)
    means = meter.numbers(":CALC3:FORM MEAN;:CALC3:DATA?")
    assert means == pytest.approx([1.25, 1.25e-4], rel=1e-2)


def test_a_service_request_comes_when_the_buffer_is_full(meter: Meter) -> None:
    staircase(meter)
    meter.send("*CLS", "*SRE 1", ":STAT:MEAS:ENAB 512", ":TRAC:POIN 4", ":TRAC:FEED:CONT NEXT")
    meter.session.enable_event(pyvisa.constants.EventType.service_request, pyvisa.constants.EventMechanism.queue)
    meter.send(":INIT")
    meter.session.wait_on_event(pyvisa.constants.EventType.service_request, 5000)
    assert meter.session.read_stb() & 1


@pytest.mark.parametrize("end", [":ABOR", "clear"])
def test_a_sweep_can_be_ended(meter: Meter, end: str) -> None:
    staircase(meter)
    meter.send(":SOUR:DEL 10")
    before = meter.now
    meter.send(":INIT")
    meter.session.clear() if end == "clear" else meter.send(end)
    assert meter.ask(":OUTP?") == "1"
    assert meter.now - before < 0.2
    assert not int(meter.ask(":STAT:OPER:COND?")) & 8 and int(meter.ask(":STAT:OPER:COND?")) & 1024


@pytest.mark.parametrize(("end", "output"), [(":ABOR", "1"), ("*RST", "0"), ("SYST:PRES", "0")])
def test_what_ends_a_run_also_ends_one_that_has_not_begun(meter: Meter, end: str, output: str) -> None:
    """It came while the output was being switched on, so that it waited behind the run that it should end."""
    meter.send("*RST", ":ARM:COUN INF", ":OUTP ON", ":INIT", end)
    assert meter.ask(":OUTP?") == output
    assert int(meter.ask(":STAT:OPER:COND?")) & 1024


def test_abort_behind_a_waiting_message_waits_too(meter: Meter) -> None:
    staircase(meter)
    before = meter.now
    meter.send(":INIT", "*WAI", ":ABOR")
    assert meter.ask("*IDN?")
    assert meter.now - before > 0.4


def test_bus_triggers_and_the_timer_pace_the_arm_layer(meter: Meter) -> None:
    on_resistor(meter)
    meter.send(":ARM:SOUR BUS", ":ARM:COUN 2", ":INIT")
    assert meter.session.read_stb() == 0
    meter.send("*TRG")
    meter.session.assert_trigger()
    assert len(meter.numbers(":FETC?")) == 10
    meter.send(":ARM:SOUR TIM", ":ARM:TIM 0.5", ":ARM:COUN 3", ":FORM:ELEM TIME")
    times = meter.numbers(":READ?")
    assert times[2] - times[0] == pytest.approx(1.0, abs=0.02)


def test_binary_readings(meter: Meter) -> None:
    on_resistor(meter)
    meter.send(":FORM:ELEM VOLT,CURR", ":FORM:DATA REAL,32", ":FORM:BORD SWAP", ":TRIG:COUN 3")
    meter.send(":READ?")
    reply = meter.session.read_raw()
    assert reply[:2] == b"#0" and reply[-1:] == b"\n" and len(reply) == 2 + 24 + 1
    assert struct.unpack("<6f", reply[2:-1])[1] == pytest.approx(1e-4, rel=1e-2)
    meter.send(":FORM:SREG HEX")
    assert meter.ask(":STAT:OPER:COND?") == "#H400"


def test_limits_null_and_expressions(meter: Meter) -> None:
    on_resistor(meter)
    meter.send(":SENS:FUNC 'VOLT'", ":CALC:MATH:NAME 'POWER'", ":CALC:STAT ON", ":CALC2:FEED CURR",
               ":CALC2:LIM2:LOW 2e-4", ":CALC2:LIM2:UPP 1", ":CALC2:LIM2:STAT ON", ":READ?")
    meter.session.read()
    assert meter.numbers(":CALC:DATA?")[0] == pytest.approx(1e-4, rel=1e-2)
    assert meter.ask(":CALC2:LIM2:FAIL?") == "1"
    assert int(meter.ask(":STAT:MEAS?")) & 2
    meter.send(":CALC2:NULL:ACQ", ":CALC2:NULL:STAT ON", ":READ?")
    meter.session.read()
    assert abs(meter.numbers(":CALC2:DATA?")[0]) < 1e-7


def test_the_source_memory_sweeps_whole_set_ups(meter: Meter) -> None:
    on_resistor(meter)
    meter.send(":SOUR:MEM:SAVE 1", ":SOUR:FUNC CURR", ":SENS:FUNC:OFF 'CURR'", ":SENS:FUNC 'VOLT'", ":SOUR:CURR 2e-4",
               ":SENS:VOLT:PROT 5", ":SOUR:MEM:SAVE 2", ":SOUR:FUNC MEM", ":SOUR:MEM:POIN 2", ":TRIG:COUN 2",
               ":FORM:ELEM VOLT,CURR", ":OUTP ON")
    assert meter.numbers(":READ?") == pytest.approx([1.0, 1e-4, 2.0, 2e-4], rel=1e-2)
    assert meter.errors() == []


def test_the_terminals_switch_the_output_off(meter: Meter) -> None:
    on_resistor(meter)
    meter.send(":ROUT:TERM REAR")
    assert meter.ask(":OUTP?") == "0" and not meter.output_on


def test_the_2401_has_21_volts_and_front_terminals(opened: Callable[..., Meter]) -> None:
    meter = opened("keithley_2401")
    meter.send(":SOUR:VOLT 22", ":ROUT:TERM REAR", ":SOUR:VOLT 21")
    assert meter.errors() == [-222, -224]
    assert ",MODEL 2401," in meter.ask("*IDN?")


def test_the_2410_has_1100_volts_guard_and_an_output_enable(opened: Callable[..., Meter]) -> None:
    meter = opened("keithley_2410", "options = { interlock = false }")
    meter.send("*RST", ":SENS:CURR:PROT 1e-3", ":SOUR:VOLT 1100", ":SENS:CURR:PROT 0.022")
    assert meter.errors() == [826]
    assert meter.ask(":OUTP:SMOD?") == "GUAR" and meter.ask(":OUTP:ENAB:TRIP?") == "0"
    meter.send(":SOUR:VOLT 1", ":OUTP:ENAB ON", ":OUTP ON")
    assert meter.errors() == [802] and not meter.output_on
    meter.send(":OUTP:ENAB OFF", ":OUTP ON")
    assert meter.errors() == [] and meter.output_on


def test_the_witness_hears_of_the_output(meter: Meter) -> None:
    on_resistor(meter)
    assert outputs_left_on(meter.folder / "witness.jsonl") == ["meter"]
    meter.send(":OUTP OFF", "*OPC?")
    meter.session.read()
    assert outputs_left_on(meter.folder / "witness.jsonl") == []
