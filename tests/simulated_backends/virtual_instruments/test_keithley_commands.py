"""Commands of the interactive source meters one by one: limits, buffers, lists, sweeps, the log, what takes time."""

from collections.abc import Callable
from typing import Any

import pytest

from tsbench.netlist import Netlist, parse_netlist
from tsbench.simulated_backends.circuit.build import build_circuit
from tsbench.simulated_backends.services.services import BenchServices
from tsbench.simulated_backends.virtual_instruments.instrument import Placement
from tsbench.simulated_backends.virtual_instruments.registry import instrument_class

pytestmark = pytest.mark.tsbench_outputs_stay_on  # these ask the model, not a measurement


class Meter:
    """One source meter without imperfections on a resistor, without a world and a transport."""

    def __init__(self, model: str = "keithley_2450", resistance: str = "10k", **options: object) -> None:
        self.bench = BenchServices(1, imperfections=False)
        self.meter: Any = instrument_class(model)(self.bench, Placement("smu", "SIM1", {"": "a"}, options))
        added = self.meter.attachment()
        elements = (*parse_netlist(f"R1 a 0 {resistance}", ["a"]).elements, *added.elements)
        circuit = build_circuit(Netlist(elements), {}, [(stage.name, stage.node) for stage in added.stages])
        for stage in added.stages:
            circuit.set_stage(stage.name, stage.stage)
        self.bench.install(circuit)
        self.meter.connect()

    def write(self, *messages: str) -> float:
        """Return the bench time [s] that the messages took."""
        clock, exchange = self.bench.clock, self.meter.exchange
        start = clock.now
        for message in messages:
            exchange.recv(message.encode(), True)
            while exchange.will_answer and not exchange.output_ready and clock.hop(clock.now + 100.0):
                pass
        return clock.now - start

    def ask(self, message: str) -> str:
        self.write(message)
        return str(self.meter.exchange.talk(1 << 20)[0].decode().rstrip("\n"))

    def numbers(self, message: str) -> list[float]:
        return [float(part) for part in self.ask(message).split(",")]

    def error(self) -> int:
        return int(self.ask(":SYST:ERR?").split(",")[0])


@pytest.mark.parametrize(("function", "level", "limit", "tripped"), [
    ("VOLT", 0.5, 1e-4, "0;0"), ("VOLT", 3.0, 1e-4, "1;0"), ("CURR", 1e-4, 3.0, "0;0"), ("CURR", 5e-4, 3.0, "0;1"),
])
def test_only_the_limit_of_the_sourced_function_trips(function: str, level: float, limit: float, tripped: str) -> None:
    meter, kind = Meter(), "VOLT:ILIM" if function == "VOLT" else "CURR:VLIM"
    meter.write(f":SOUR:FUNC {function};:SOUR:{kind} {limit};:SOUR:{function} {level};:OUTP ON")
    meter.bench.clock.wait(0.1)
    assert meter.ask(":SOUR:VOLT:ILIM:TRIP?;:SOUR:CURR:VLIM:TRIP?") == tripped
    meter.write(":OUTP OFF")
    assert meter.ask(":SOUR:VOLT:ILIM:TRIP?;:SOUR:CURR:VLIM:TRIP?") == "0;0"


def test_the_event_log_is_read_and_cleared() -> None:
    meter = Meter()
    meter.write(":NONSENSE", ":SOUR:VOLT 300")
    assert meter.ask(":SYST:ERR:COUN?") == "2"
    assert [meter.ask(":SYST:ERR:CODE?") for _ in range(3)] == ["-113", "-222", "0"]
    meter.bench.clock.wait(3661.25)
    meter.write(":NONSENSE")
    assert meter.ask(":SYST:ERR?") == '-113,"Undefined header;1;2026/01/01 13:01:01.250"'
    meter.write(":NONSENSE")
    assert int(meter.ask("*STB?")) & 4
    meter.write(":SYST:CLE")
    assert meter.ask(":SYST:ERR?") == '0,"No error;0;0 0"' and not int(meter.ask("*STB?")) & 4


def test_clearing_the_event_registers_leaves_the_log() -> None:
    meter = Meter()
    meter.write("*ESE 32", ":NONSENSE")
    assert int(meter.ask("*STB?")) & 32
    meter.write(":STAT:CLE")
    assert not int(meter.ask("*STB?")) & 32 and meter.ask("*ESR?") == "0"
    assert meter.error() == -113


def test_a_reset_leaves_the_lights_and_the_access() -> None:
    meter = Meter()
    meter.write(":DISP:LIGH:STAT OFF;:SYST:ACC LOCK;:SENS:COUN 7;:ROUT:TERM REAR", "*RST")
    assert meter.ask(":DISP:LIGH:STAT?;:SYST:ACC?;:SENS:COUN?;:ROUT:TERM?") == '"OFF";LOCK;1;FRON'


def test_a_line_frequency_of_60_hertz() -> None:
    meter = Meter(line_frequency=60)
    assert meter.ask(":SYST:LFR?") == "60"
    meter.write("*RST")
    assert meter.ask(":SYST:LFR?") == "60"
    # two apertures of 5 power-line cycles
    assert meter.write(":SENS:CURR:NPLC 5;:SENS:AZER:ONCE") == pytest.approx(10 / 60)


def test_terminals_and_wires_are_told_with_each_reading() -> None:
    meter = Meter()
    meter.write(":OUTP ON")
    assert meter.numbers(":READ? 'defbuffer1',STAT,SOURSTAT") == [8, 8 + 128]
    meter.write(":ROUT:TERM REAR;:OUTP ON;:SENS:CURR:RSEN ON;:SOUR:VOLT:READ:BACK OFF")
    assert meter.numbers(":READ? 'defbuffer1',STAT,SOURSTAT,SOUR") == [0, 64 + 128, 0.0]


@pytest.mark.parametrize(("function", "value"), [("VOLT", 1.0), ("CURR", 1e-4), ("RES", 10e3)])
def test_measure_chooses_the_function_and_switches_the_output_on(function: str, value: float) -> None:
    meter = Meter()
    meter.write(":SOUR:VOLT:ILIM 1e-3;:SOUR:VOLT 1")
    assert meter.numbers(f":MEAS:{function}?")[0] == pytest.approx(value, rel=1e-4)
    assert meter.ask(":OUTP?") == "1" and function in meter.ask(":SENS:FUNC?")


def test_times_of_output_and_delay() -> None:
    meter = Meter()
    assert meter.write(":SENS:CURR:NPLC 0.01;AZER OFF;RANG 1e-3;:OUTP ON") == pytest.approx(2e-3, abs=1e-9)
    assert meter.write(":OUTP ON") == 0.0
    meter.write(":SOUR:VOLT:DEL 0.25")
    assert meter.ask(":SOUR:VOLT:DEL:AUTO?;:SOUR:CURR:DEL:AUTO?") == "0;1"
    meter.write(":SOUR:VOLT 0.01")
    assert meter.write(":READ?") == pytest.approx(0.25 + 0.2e-3 + 250e-6, abs=1e-6)   # delay, aperture, the rest
    meter.meter.exchange.talk(100)
    assert meter.write(":OUTP OFF") == pytest.approx(0.5e-3, abs=1e-9)   # the relay
    assert meter.write(":OUTP OFF") == 0.0


# ---------------------------------------------------------------------------------------------- buffers


def test_buffers_are_made_filled_resized_and_deleted() -> None:
    meter = Meter()
    meter.write(":TRAC:MAKE 'mine', 10;:SENS:COUN 12;:OUTP ON")
    assert meter.ask(":TRAC:POIN? 'mine';:TRAC:ACT? 'mine';:TRAC:ACT:STAR? 'mine'") == "10;0;0"
    meter.write(":TRAC:TRIG 'mine'")
    assert meter.ask(":TRAC:ACT? 'mine';:TRAC:ACT:STAR? 'mine'") == "10;1"   # the first two were pushed out
    meter.write(":TRAC:POIN 20, 'mine'")
    assert meter.ask(":TRAC:POIN? 'mine';:TRAC:ACT? 'mine'") == "20;0"
    meter.write(":SENS:COUN 1;:TRAC:TRIG 'mine';:TRAC:CLE 'mine'")
    assert meter.ask(":TRAC:ACT? 'mine'") == "0" and meter.error() == 0
    meter.write(":TRAC:MAKE 'mine', 10")
    assert meter.error() == 1115
    meter.write(":TRAC:DEL 'mine'", ":TRAC:DEL 'mine'", ":TRAC:STAT:CLE 'mine'", ":TRAC:STAT:CLE")
    assert [meter.error() for _ in range(3)] == [-224, -224, 0]


@pytest.mark.parametrize(("precision", "text"), [
    ("0", "1.500000E+00"), ("1", "2E+00"), ("2", "1.5E+00"), ("7", "1.500000E+00"), ("10", "1.500000000E+00")])
def test_the_precision_is_the_number_of_digits(precision: str, text: str) -> None:
    meter = Meter()
    meter.write(f":SOUR:VOLT:READ:BACK OFF;:SOUR:VOLT 1.5;:FORM:ASC:PREC {precision};:OUTP ON")
    assert meter.ask(":READ? 'defbuffer1', SOUR") == text


def test_statistics_of_a_buffer() -> None:
    meter = Meter()
    meter.write(":SOUR:LIST:VOLT 1,2,3", ":SOUR:VOLT:ILIM 1e-2;:SOUR:SWE:VOLT:LIST 1, 0", ":INIT;*WAI")
    expected = {"AVER": 2e-4, "MAX": 3e-4, "MIN": 1e-4, "STDD": 1e-4, "PK2P": 2e-4}
    for which, value in expected.items():
        assert meter.numbers(f":TRAC:STAT:{which}?") == [pytest.approx(value, rel=1e-3)], which


def test_what_a_buffer_does_not_hold_has_an_error_only_there() -> None:
    meter = Meter()
    meter.write(":SENS:COUN 2;:OUTP ON;:TRAC:TRIG")
    assert len(meter.numbers(":TRAC:DATA? 1,2")) == 2 and meter.error() == 0
    assert meter.numbers(":TRAC:DATA? 2,3")[1] == 9.91e37 and meter.error() == -222
    meter.write(":TRAC:DATA? 0,1")
    assert meter.error() == -222


# ------------------------------------------------------------------------------------------------ lists


def test_a_list_has_up_to_2500_levels_100_in_a_message() -> None:
    meter = Meter()
    hundred = ",".join(["0.1"] * 100)
    meter.write(f":SOUR:LIST:VOLT {hundred},0.1")
    assert meter.error() == -108 and meter.ask(":SOUR:LIST:VOLT:POIN?") == "0"
    meter.write(f":SOUR:LIST:VOLT {hundred}", *[f":SOUR:LIST:VOLT:APP {hundred}"] * 24)
    assert meter.error() == 0 and meter.ask(":SOUR:LIST:VOLT:POIN?;:SOUR:LIST:CURR:POIN?") == "2500;0"
    meter.write(":SOUR:LIST:VOLT:APP 0.1")
    assert meter.error() == -223 and meter.ask(":SOUR:LIST:VOLT:POIN?") == "2500"
    meter.write(":SOUR:LIST:VOLT 1,-2")
    assert meter.ask(":SOUR:LIST:VOLT?") == "1.000000E+00,-2.000000E+00"


def swept(meter: Meter, message: str) -> list[float]:
    """Load a sweep, run it, return the levels of its readings."""
    meter.write(message, ":INIT;*WAI")
    assert meter.error() == 0, message
    return meter.numbers(f":TRAC:DATA? 1,{meter.ask(':TRAC:ACT?')},'defbuffer1',SOUR")


@pytest.mark.parametrize(("message", "levels"), [
    ("LIST 2", [2.0, 3.0]), ("LIST 1, 0.01, 2", [1.0, 2.0, 3.0] * 2), ("LIST 3, 0.01, 1", [3.0]),
    ("LIN 0, 1, 3", [0.0, 0.5, 1.0]), ("LIN 1, 0, 2, 0.01, 2", [1.0, 0.0] * 2),
    ("LIN 0, 1, 2, 0.01, 1, BEST, OFF, ON", [0.0, 1.0, 1.0, 0.0]),
    ("LIN:STEP 0, 0.3, 0.1", [0.0, 0.1, 0.2, 0.3]), ("LIN:STEP 0, 0.35, 0.1", [0.0, 0.1, 0.2, 0.3]),
    ("LIN:STEP 1, 0, -0.5", [1.0, 0.5, 0.0]), ("LOG 0.01, 1, 3", [0.01, 0.1, 1.0]),
    ("LOG -1, -0.01, 3", [-1.0, -0.1, -0.01]),
])
def test_levels_of_the_sweeps(message: str, levels: list[float]) -> None:
    meter = Meter()
    meter.write(":SOUR:VOLT:ILIM 1e-2;:SENS:CURR:NPLC 0.01;RANG 1e-3;:SOUR:LIST:VOLT 1,2,3")
    assert swept(meter, f":SOUR:SWE:VOLT:{message}") == pytest.approx(levels, abs=1e-4)
    assert meter.ask(":OUTP?;:TRIG:STAT?").startswith("0;IDLE;IDLE;")   # the last block switches the output off


@pytest.mark.parametrize(("message", "code"), [
    ("LIN:STEP 0, 1, 0", -222), ("LIN:STEP 0, 1, -0.1", -222), ("LIN:STEP 1, 0, 0.1", -222), ("LOG -1, 1, 3", -222),
    ("LOG 0, 1, 3", -222), ("LIN 0, 210, 3", 0), ("LIN 0, 211, 3", -222), ("LIN 0, 2.1, 3, 0, 1, FIX", 0),
    ("LIN 0, -2.2, 3, 0, 1, FIX", -222), ("LIN 0, 1, 1", -222), ("LIN 0, 1, 1000001", -222),
    ("LIN 0, 1, 3, 0, 0", 0), ("LIN 0, 1, 3, -2", -222), ("LIN 0, 1, 3, -0.5", -222),
    ("LIN 0, 1, 3, 1e4", 0), ("LIN 0, 1, 3, 1.1e4", -222),
    ("LIN 0, 1, 3, 0, 1, BEST, ON, OFF, 'no'", -224), ("LIST 4", -221), ("LIST 0", -222), ("LIST 2501", -222),
    ("LIST 1, 0, 1, ON, 'no'", -224),
])
def test_what_a_sweep_may_ask(message: str, code: int) -> None:
    meter = Meter()
    meter.write(":SOUR:LIST:VOLT 1,1.5,2;:SOUR:VOLT:RANG 2", f":SOUR:SWE:VOLT:{message}")
    assert meter.error() == code
    assert meter.ask(":TRIG:STAT?").split(";")[0] == ("IDLE" if code == 0 else "EMPTY")


@pytest.mark.parametrize(("range_type", "automatic", "full_scale"), [
    ("AUTO", "1", 20.0), ("BEST", "0", 20.0), ("FIX", "0", 200.0)])
def test_the_source_range_of_a_sweep(range_type: str, automatic: str, full_scale: float) -> None:
    """Best fixed: the lowest range that holds all levels. Fixed: the present one."""
    meter = Meter()
    meter.write(":SOUR:VOLT:RANG 200")
    swept(meter, f":SOUR:SWE:VOLT:LIN 0, -3, 2, 0, 1, {range_type}")
    assert meter.ask(":SOUR:VOLT:RANG:AUTO?") == automatic
    assert meter.meter.output.source_range().full_scale == full_scale
    assert meter.numbers(":SOUR:VOLT?") == [-3.0]


@pytest.mark.parametrize(("fixed", "automatic"), [(":SOUR:VOLT:RANG:AUTO ON", "1"), (":SOUR:VOLT:RANG 20", "0")])
def test_a_list_sweep_keeps_the_kind_of_range(fixed: str, automatic: str) -> None:
    meter = Meter()
    meter.write(f"{fixed};:SOUR:LIST:VOLT 1,2")
    swept(meter, ":SOUR:SWE:VOLT:LIST 1, 0")
    assert meter.ask(":SOUR:VOLT:RANG:AUTO?") == automatic


@pytest.mark.parametrize(("fail_abort", "readings", "state"), [
    ("ON", "2", "ABORTED;ABORTED;10"), ("OFF", "4", "IDLE;IDLE;8")])
def test_a_sweep_that_meets_its_limit(fail_abort: str, readings: str, state: str) -> None:
    """The last block switches the output off: 8 without a delay, or 10 behind a limit that ends the sweep."""
    meter = Meter()
    sweep = f":SOUR:SWE:VOLT:LIN 1, 4, 4, 0, 1, BEST, {fail_abort}"
    meter.write(":SOUR:VOLT:ILIM 1.5e-4", sweep, ":INIT;*WAI")
    assert meter.ask(":TRAC:ACT?;:TRIG:STAT?;:OUTP?") == f"{readings};{state};0"
    meter.write(":SOUR:VOLT:ILIM 1e-2", ":INIT;*WAI")   # the limit of the list that the sweep command has made
    assert meter.ask(":TRAC:ACT?") == readings
    meter.write(":SOUR:VOLT:ILIM 1e-2", sweep, ":INIT;*WAI")
    assert meter.ask(":TRAC:ACT?;:OUTP?") == "4;0"


def test_the_delay_of_a_sweep_is_that_of_each_level() -> None:
    meter = Meter()
    meter.write(":SOUR:VOLT:RANG 2;:SENS:CURR:NPLC 0.01;RANG 1e-3;AZER OFF;:OUTP ON")
    for delay in (0.0, 0.1):
        meter.write(f":SOUR:SWE:VOLT:LIN 0, 1, 5, {delay}, 1, FIX")
        # behind the automatic source delay of 1 ms (manual of the 2470, p. 12-89); the last block opens the relay
        assert meter.write(":INIT;*WAI") == pytest.approx(5 * (1e-3 + delay + 0.2e-3 + 250e-6), abs=5e-3)


def test_a_simple_loop_reads_at_the_present_level() -> None:
    meter = Meter()
    meter.write(":TRAC:MAKE 'mine', 10;:SOUR:VOLT 1;:OUTP ON", ":TRIG:LOAD 'SimpleLoop', 3, 0.5, 'mine'")
    assert meter.write(":INIT;*WAI") == pytest.approx(1.5, abs=0.2)
    assert meter.ask(":TRAC:ACT? 'mine';:TRAC:ACT?;:TRIG:STAT?") == "3;0;IDLE;IDLE;4"
    meter.write(":TRIG:LOAD 'Empty'")
    assert meter.ask(":TRIG:STAT?") == "EMPTY;EMPTY;0"
    meter.write(":TRIG:LOAD 'SimpleLoop', 0", ":TRIG:LOAD 'SimpleLoop', 1, 0, 'no'", ":INIT")
    assert [meter.error() for _ in range(4)] == [-222, -224, -200, 0]
    meter.write(":OUTP OFF", ":TRIG:LOAD 'SimpleLoop'", ":INIT;*WAI")
    assert meter.ask(":OUTP?;:TRAC:ACT?") == "0;1"   # a loop does not switch the output on


REFUSED: dict[str, int] = {
    ":INIT": -213, ":READ?": -221, ":SOUR:FUNC CURR": -221, ":TRIG:LOAD 'Empty'": -221, ":TRAC:TRIG": -221}


@pytest.mark.parametrize("message", REFUSED)
def test_what_waits_for_the_end_of_a_sweep(message: str) -> None:
    meter = Meter()
    meter.write(":SOUR:SWE:VOLT:LIN 0, 1, 5, 0.1", ":INIT", message)
    assert meter.error() == REFUSED[message] and meter.ask(":TRIG:STAT?").startswith("RUNNING")


def test_a_sweep_ends_with_the_output() -> None:
    meter = Meter()
    meter.write(":SOUR:SWE:VOLT:LIN 0, 1, 5, 0.1", ":INIT")
    meter.bench.clock.wait(0.2)
    meter.write(":OUTP OFF")
    assert meter.ask(":TRIG:STAT?").startswith("ABORTED;ABORTED;")
    assert meter.ask("*OPC?;:OUTP?") == "1;0"


MEASURE: dict[str, Callable[[Meter], str]] = {
    "a new function": lambda meter: meter.ask(":SENS:FUNC 'VOLT:dc';:SENS:FUNC?"),
    "in other quotes": lambda meter: meter.ask(':SENS:FUNC "volt:DC";:SENS:FUNC?'),
}


@pytest.mark.parametrize("spelling", MEASURE)
def test_spellings_of_a_measuring_function(spelling: str) -> None:
    assert MEASURE[spelling](Meter()) == '"VOLT:DC"'


@pytest.mark.parametrize(("asked", "chosen"), [
    ("VOLT:RANG 0.02", 0.02), ("CURR:RANG 0", 1e-8), ("CURR:RANG -2e-3", 1e-2), ("CURR:RANG 1.05e-3", 1e-3),
])
def test_a_measuring_range_is_the_lowest_that_holds_the_value(asked: str, chosen: float) -> None:
    meter = Meter()
    function = asked[:4]
    meter.write(f":SOUR:FUNC {'CURR' if function == 'VOLT' else 'VOLT'}", f":SENS:{asked}")
    assert meter.meter.settings.sense_range[function] == chosen
    assert meter.ask(f":SENS:{function}:RANG:AUTO?") == "0"
    meter.write(":SENS:RES:RANG 210.1e6")
    assert meter.error() == -222
    for ohms, row in ((21.0, 20.0), (21.1, 200.0), (-1e3, 2e3)):
        meter.write(f":SENS:RES:RANG {ohms}")
        assert meter.meter.settings.sense_range["RES"] == row


def test_a_source_range_below_the_level_is_refused() -> None:
    meter = Meter()
    meter.write(":SOUR:VOLT 2.1", ":SOUR:VOLT:RANG 2")
    assert meter.error() == 0 and meter.numbers(":SOUR:VOLT:RANG?") == [2.0]
    meter.write(":SOUR:VOLT:RANG 20;:SOUR:VOLT -2.2;:SOUR:VOLT:RANG 2")
    assert meter.error() == -221 and meter.numbers(":SOUR:VOLT:RANG?") == [20.0]
