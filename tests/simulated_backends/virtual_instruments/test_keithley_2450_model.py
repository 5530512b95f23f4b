"""The simulated Keithley 2450 on a resistor and on a switching device."""

import string
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsbench.simulated_backends.virtual_instruments.keithley_2450 import data_sheet as ranges
from tsbench.simulated_backends.virtual_instruments.keithley_2450.instrument import VirtualKeithley2450
from tsbench.simulated_backends.witness.log import WitnessLog, read_witness
from tsbench.simulated_backends.world.world import World, close_world, open_world

pytestmark = pytest.mark.tsbench_outputs_stay_on  # these ask the models, not a measurement

RESISTOR = """
seed = {seed}
imperfections = {imperfections}
[witness]
file = "witness.jsonl"
[instruments.smu]
model = "keithley_2450"
resource = "USB0::0x05E6::0x2450::SIM1::INSTR"
[fixture]
netlist = "{netlist}"
terminals = {{ smu = "a" }}
[devices.D]
model = "{model}"
"""


class Bench:
    """A world with one 2450, asked without a transport."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.world: World = open_world(path)
        self.clock = self.world.bench.clock
        instrument = self.world.instruments["smu"]
        assert isinstance(instrument, VirtualKeithley2450)
        self.meter = instrument

    def write(self, *messages: str) -> None:
        for message in messages:
            self.meter.exchange.recv(message.encode() + b"\n", True)
            self.finish()

    def finish(self) -> None:
        exchange = self.meter.exchange
        while exchange.will_answer and not exchange.output_ready and self.clock.hop(self.clock.now + 100.0):
            pass

    def ask(self, message: str) -> str:
        self.write(message)
        return self.meter.exchange.talk(1 << 24)[0].decode().rstrip("\n")

    def numbers(self, message: str) -> list[float]:
        return [float(part) for part in self.ask(message).split(",")]

    def no_errors(self) -> None:
        assert self.ask(":SYST:ERR?") == '0,"No error;0;0 0"'

    def close(self) -> WitnessLog:
        close_world(self.world)
        return read_witness(self.path.with_name("witness.jsonl"))


Make = Callable[..., Bench]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    monkeypatch.delenv("TSBENCH_WITNESS", raising=False)
    made: list[Bench] = []

    def build(
        netlist: str = "XD a 0 device", model: str = "resistor", seed: int = 1, imperfections: bool = True
    ) -> Bench:
        folder = tmp_path / str(len(made))
        folder.mkdir()
        path = folder / "world.toml"
        path.write_text(
            RESISTOR.format(
                seed=seed, imperfections=str(imperfections).lower(), netlist=netlist, model=model
            ),
            "utf-8",
        )
        made.append(Bench(path))
        return made[-1]

    yield build
    for bench in made:
        close_world(bench.world)


def within(table: tuple[ranges.RangeData, ...], value: float, gain: str, offset: str) -> float:
    """Return the data-sheet uncertainty of ``value`` in the lowest range that holds it."""
    row = next(row for row in table if abs(value) <= row.top)
    return float(getattr(row, gain) * abs(value) + getattr(row, offset))


# ----------------------------------------------------------------------------------------------- readings


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_current_is_voltage_over_resistance_within_the_accuracy(make: Make, seed: int) -> None:
    bench = make(seed=seed)
    bench.write(":SOUR:VOLT:ILIM 0.1", ":OUTP ON")
    for level in (0.01, -0.1, 1.0, -7.0, 20.0, 100.0):
        bench.write(f":SOUR:VOLT {level}")
        (current, source) = bench.numbers(":READ? 'defbuffer1',READ,SOUR")
        true = bench.world.bench.circuit.current("XD")
        allowed = within(ranges.VOLTAGE, level, "source_gain", "source_offset")
        assert abs(true * 10e3 - level) <= 1.01 * allowed + 1e-5 * abs(level)  # relay and output resistance
        assert abs(current - true) <= within(ranges.CURRENT, true, "measure_gain", "measure_offset") * 1.05
        assert (
            abs(source - true * 10e3)
            <= within(ranges.VOLTAGE, level, "measure_gain", "measure_offset") * 1.05
        )
    bench.no_errors()


def test_without_imperfections_readings_are_exact(make: Make) -> None:
    bench = make(imperfections=False)
    bench.write(":SOUR:VOLT 1.5;:SOUR:VOLT:ILIM 1e-3;:OUTP ON")
    assert bench.numbers(":READ?")[0] == pytest.approx(1.5 / 10_000.1, rel=1e-6)


def test_without_imperfections_a_remainder_of_the_integration_is_zero(make: Make) -> None:
    """A capacitance that has discharged leaves 1e-20 and less, which no instrument shows."""
    bench = make(imperfections=False, netlist="XD a 0 device\\nC1 a 0 1n")
    bench.write(":SOUR:VOLT 1;:SOUR:VOLT:ILIM 1e-3;:SOUR:VOLT:READ:BACK ON;:OUTP ON")
    assert bench.numbers(":READ? 'defbuffer1',READ,SOUR") == pytest.approx([1e-4, 1.0], rel=1e-4)
    bench.write(":SOUR:VOLT 0")
    left = [one for _ in range(3) for one in bench.numbers(":READ? 'defbuffer1',READ,SOUR")]
    assert all(one == 0.0 or abs(one) >= 1e-15 for one in left) and 0.0 in left
    assert any(0.0 < abs(one) < 1e-15 for one in (bench.world.bench.circuit.current("XD"),))


def test_the_same_seed_reads_the_same_and_another_one_does_not(make: Make) -> None:
    def read(seed: int) -> str:
        bench = make(seed=seed)
        bench.write(":SOUR:VOLT 1;:SENS:COUN 5;:OUTP ON")
        bench.ask(":READ?")
        return bench.ask(":TRAC:DATA? 1,5")

    assert read(5) == read(5)
    assert read(5) != read(6)


def test_noise_falls_with_the_aperture(make: Make) -> None:
    def spread(nplc: float) -> float:
        bench = make()
        bench.write(
            f":SOUR:VOLT 0.5;:SENS:CURR:NPLC {nplc};RANG 1e-3;AZER OFF;:SENS:COUN 200;:OUTP ON", ":READ?"
        )
        bench.meter.exchange.talk(1000)
        return float(np.std(bench.numbers(":TRAC:DATA? 1,200")))

    assert spread(0.01) > 4 * spread(1.0)


def test_a_reading_takes_delay_aperture_and_zero(make: Make) -> None:
    bench = make()
    bench.write(":SOUR:VOLT:DEL 0.5;:SENS:CURR:NPLC 2;RANG 1e-3;:OUTP ON")
    bench.ask(":READ?")
    for zero, expected in (("OFF", 0.54), ("ON", 0.58)):
        bench.write(f":SENS:CURR:AZER {zero}")
        start = bench.clock.now
        bench.write(":SOUR:VOLT 1")
        bench.ask(":READ?")
        assert bench.clock.now - start == pytest.approx(expected, abs=0.01)


def test_the_limit_is_reached_flagged_and_not_clipped(make: Make) -> None:
    bench = make()
    bench.write(":SOUR:VOLT:ILIM 1e-4;:SENS:CURR:RANG 1e-3;:OUTP ON")
    tripped, statuses = [], []
    for level in (0.5, 0.9, 1.5, 3.0):
        bench.write(f":SOUR:VOLT {level}")
        current, source, status = bench.numbers(":READ? 'defbuffer1',READ,SOUR,SOURSTAT")
        tripped.append(bench.ask(":SOUR:VOLT:ILIM:TRIP?"))
        statuses.append(int(status) & 32)
    assert tripped == ["0", "0", "1", "1"]
    assert statuses == [0, 0, 32, 32]
    assert current == pytest.approx(1e-4, rel=1e-2)
    assert source == pytest.approx(1.0, rel=1e-2)  # what stands at the terminals, not what was asked for
    assert bench.ask(":SOUR:VOLT?") == "3.000000E+00"


def test_beyond_the_range_is_an_overflow_not_a_number(make: Make) -> None:
    bench = make()
    bench.write(":SOUR:VOLT:ILIM 0.01;:SENS:CURR:RANG 1e-3;:SOUR:VOLT 20;:OUTP ON")
    bench.write(":SENS:CURR:RANG:AUTO ON")
    assert bench.numbers(":READ?")[0] == pytest.approx(2e-3, rel=1e-3)
    bench.write(":SENS:FUNC 'RES'")
    assert bench.numbers(":READ?")[0] == pytest.approx(10e3, rel=1e-3)
    bench.write(":SENS:FUNC 'CURR';:SENS:CURR:RANG 1e-4")  # the fixed range limits, as it does in metal
    value, status = bench.numbers(":READ? 'defbuffer1',READ,SOURSTAT")
    assert value == 9.9e37 or (value == pytest.approx(1.05e-4, rel=1e-3) and int(status) & 32)


def test_autorange_goes_up_and_down(make: Make) -> None:
    bench = make()
    bench.write(":SOUR:VOLT:ILIM 0.1;:OUTP ON")
    found = []
    for level in (50.0, 0.02, 5.0):
        bench.write(f":SOUR:VOLT {level}")
        assert bench.numbers(":READ?")[0] == pytest.approx(level / 10e3, rel=0.02)
        found.append(float(bench.ask(":SENS:CURR:RANG?")))
    assert found == [1e-2, 1e-5, 1e-3]


def test_current_source_with_voltage_limit(make: Make) -> None:
    bench = make()
    bench.write(":SOUR:FUNC CURR;:SOUR:CURR:VLIM 3;:SENS:FUNC 'VOLT';:SOUR:CURR 1e-4;:OUTP ON")
    voltage, source, status = bench.numbers(":READ? 'defbuffer1',READ,SOUR,SOURSTAT")
    assert voltage == pytest.approx(1.0, rel=2e-3)
    assert source == pytest.approx(1e-4, rel=2e-3)
    assert int(status) & 32 == 0
    bench.write(":SOUR:CURR 5e-4")
    voltage, source, status = bench.numbers(":READ? 'defbuffer1',READ,SOUR,SOURSTAT")
    assert voltage == pytest.approx(3.0, rel=1e-2)
    assert source == pytest.approx(3e-4, rel=1e-2)
    assert int(status) & 32
    assert bench.ask(":SOUR:CURR:VLIM:TRIP?;:SOUR:VOLT:ILIM:TRIP?") == "1;0"


def test_filters_average(make: Make) -> None:
    bench = make()
    bench.write(
        ":SOUR:VOLT 1;:SENS:CURR:AVER:COUN 20;TCON REP;:SENS:CURR:AVER ON;:SENS:CURR:NPLC 0.01;:OUTP ON"
    )
    start = bench.clock.now
    assert bench.numbers(":READ?")[0] == pytest.approx(1e-4, rel=1e-3)
    assert bench.clock.now - start > 20 * 0.2e-3
    bench.write(":SENS:CURR:AVER:TCON MOV")
    assert bench.numbers(":READ?")[0] == pytest.approx(1e-4, rel=1e-3)


def test_data_formats_and_precision(make: Make) -> None:
    bench = make()
    bench.write(":SOUR:VOLT 1;:OUTP ON")
    bench.ask(":READ?")
    text = bench.numbers(":FETC? 'defbuffer1',READ,SOUR")
    for form, code, size in (("REAL", "<f8", 8), ("SRE", "<f4", 4)):
        bench.write(f":FORM {form}", ":TRAC:DATA? 1,1,'defbuffer1',READ,SOUR")
        raw = bench.meter.exchange.talk(1000)[0]
        assert raw[:2] == b"#0"
        assert np.frombuffer(raw[2 : 2 + 2 * size], code) == pytest.approx(text, rel=1e-6)
    bench.write(":FORM:BORD NORM", ":TRAC:DATA? 1,1,'defbuffer1',READ")
    assert np.frombuffer(bench.meter.exchange.talk(1000)[0][2:6], ">f4")[0] == pytest.approx(text[0], rel=1e-6)
    bench.write(":FORM ASC;:FORM:ASC:PREC 3")
    assert len(bench.ask(":FETC?")) == len("1.00E-04")


# ------------------------------------------------------------------------------------------------- sweeps


def test_a_linear_sweep_runs_beside_the_messages(make: Make) -> None:
    bench = make()
    bench.write(
        ":SOUR:VOLT:RANG 2;:SENS:CURR:RANG 1e-3",
        ":SOUR:SWE:VOLT:LIN 0, 1, 11, 0.01, 1, FIX, OFF, OFF, 'defbuffer1'",
        ":INIT",
    )
    assert bench.ask(":TRIG:STAT?").startswith("RUNNING;RUNNING;")
    seen = {int(bench.ask(":TRAC:ACT?"))}
    while bench.ask(":TRIG:STAT?").startswith("RUNNING"):
        seen.add(int(bench.ask(":TRAC:ACT?")))
    assert seen >= set(range(2, 11))
    assert bench.ask(":TRIG:STAT?").startswith("IDLE;IDLE;")
    rows = np.reshape(bench.numbers(":TRAC:DATA? 1,11,'defbuffer1',SOUR,READ,REL"), (11, 3))
    assert rows[:, 0] == pytest.approx(np.linspace(0, 1, 11), abs=1e-3)
    assert rows[:, 1] == pytest.approx(np.linspace(0, 1e-4, 11), abs=2e-7)
    assert np.diff(rows[:, 2]) == pytest.approx(0.05, abs=0.003)
    bench.no_errors()


def test_a_list_sweep_waits_with_wai_and_clears_its_buffer(make: Make) -> None:
    bench = make()
    bench.write(":SOUR:LIST:VOLT 0.1,0.2,0.3", ":SOUR:LIST:VOLT:APP 0.4,-0.5")
    assert bench.ask(":SOUR:LIST:VOLT:POIN?") == "5"
    for _ in range(2):
        bench.write(":SOUR:SWE:VOLT:LIST 1, 0, 1, OFF, 'defbuffer1'", ":INIT")
        assert bench.ask("*WAI;:TRAC:ACT?") == "5"
    assert bench.numbers(":TRAC:DATA? 1,5,'defbuffer1',SOUR") == pytest.approx(
        [0.1, 0.2, 0.3, 0.4, -0.5], abs=1e-3
    )
    assert bench.ask(":SOUR:VOLT?") == "-5.000000E-01"
    bench.no_errors()


def test_log_step_and_dual_sweeps(make: Make) -> None:
    bench = make()
    bench.write(":SOUR:SWE:VOLT:LOG 0.01, 1, 3, 0, 1, BEST, OFF, ON", ":INIT;*WAI")
    assert bench.numbers(":TRAC:DATA? 1,6,'defbuffer1',SOUR") == pytest.approx(
        [0.01, 0.1, 1, 1, 0.1, 0.01], abs=1e-3
    )
    bench.write(":SOUR:SWE:VOLT:LIN:STEP 0, 1, 0.25, 0", ":INIT;*WAI")
    assert bench.ask(":TRAC:ACT?") == "5"


def test_fail_abort_ends_a_sweep_in_the_limit(make: Make) -> None:
    bench = make()
    bench.write(":SOUR:VOLT:ILIM 5e-5", ":SOUR:SWE:VOLT:LIN 0, 1, 11, 0, 1, BEST, ON", ":INIT;*WAI")
    assert 6 <= int(bench.ask(":TRAC:ACT?")) <= 7
    assert bench.ask(":TRIG:STAT?").startswith("ABORTED")


def test_abort_and_device_clear_during_a_sweep(make: Make) -> None:
    bench = make()
    bench.write(":SOUR:SWE:VOLT:LIN 0, 1, 101, 0.1, 1, BEST, OFF", ":INIT")
    bench.clock.wait(1.0)
    bench.meter.exchange.device_clear()
    assert bench.ask(":TRIG:STAT?").startswith(
        "RUNNING"
    )  # a device clear ends messages, not the trigger model
    bench.write(":ABOR")
    count = bench.ask(":TRAC:ACT?")
    bench.clock.wait(5.0)
    assert bench.ask(":TRAC:ACT?") == count
    assert bench.ask("*OPC?;:OUTP?") == "1;1"
    bench.write(":INIT", ":OUTP OFF")
    assert bench.ask(":TRIG:STAT?").startswith("ABORTED")


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (":INIT", -200),
        (":SOUR:VOLT 300", -222),
        (":SOUR:VOLT:ILIM 2", -222),
        (":SOUR:VOLT:RANG 2;:SOUR:VOLT 3", -222),
        (":SENS:CURR:NPLC 50", -222),
        (":SOUR:SWE:CURR:LIN 0,1e-3,11", -221),
        (":SOUR:SWE:VOLT:LIST 1", -221),
        (":TRAC:DATA? 2,1", -222),
        (":TRAC:CLE 'nobody'", -224),
        (":TRAC:MAKE 'x', 3", -222),
        (":TRAC:DEL 'defbuffer1'", -224),
        (":SENS:FUNC 'POW'", -224),
        (":STAT:MEAS:ENAB 512", -113),
        (":TRAC:FEED SENSE", -113),
        (":SOUR:VOLT", -109),
        (":SOUR:VOLT 1,2", -108),
        (":FETC?", -230),
        (":TRIG:LOAD 'Nonsense'", -224),
        (":SOUR:VOLT 5;:SOUR:VOLT:RANG 2", -221),
        ("*LANG TSP", 0),
        ("*LANG SCPI2400", -200),
        ("*LANG SCPI", 0),
        (":DISP:CLE", 0),
        (":DISP:USER1:TEXT 'wafer 3'", 0),
        (":SYST:BEEP 440, 0.1", 0),
        (":SYST:BEEP 10, 0.1", -222),
    ],
)
def test_what_the_instrument_refuses(make: Make, message: str, code: int) -> None:
    bench = make()
    bench.write(message)
    assert bench.ask(":SYST:ERR?").startswith(f"{code},")


NAMES = st.text(string.ascii_letters + string.digits + "'\";,: #()", min_size=0, max_size=12).map("b".__add__)


def test_a_buffer_may_have_any_name_in_either_quotes(make: Make) -> None:
    """A quote of the same kind inside a string is written twice (IEEE 488.2, 7.7.5)."""
    bench = make()

    @settings(max_examples=30, deadline=None, derandomize=True)
    @given(name=NAMES, quote=st.sampled_from("'\""))
    def holds(name: str, quote: str) -> None:
        other = "'" if quote == '"' else '"'
        one, two = (mark + name.replace(mark, mark * 2) + mark for mark in (quote, other))
        bench.write(f":TRAC:MAKE {one}, 20", f":TRAC:TRIG {two}")
        assert bench.ask(f":TRAC:ACT? {one}") == "1"
        assert float(bench.ask(f":TRAC:DATA? 1, 1, {two}, READ")) == pytest.approx(0.0, abs=1e-6)
        bench.write(f":TRAC:DEL {one}")
        assert bench.ask(":SYST:ERR?").startswith("0,")

    holds()


def test_readings_that_a_buffer_does_not_hold_are_told_as_no_number(make: Make) -> None:
    """A sweep that its limit has ended leaves fewer readings than were planned; QCoDeS asks for all of them."""
    bench = make()
    bench.write(":SOUR:VOLT:ILIM 2e-5", ":SOUR:SWE:VOLT:LIN 0, 1, 5, 0", ":INIT", "*WAI")
    told = bench.numbers(":TRAC:DATA? 1, 5, 'defbuffer1'")
    held = int(bench.ask(":TRAC:ACT?"))
    assert 0 < held < 5
    assert all(value == 9.91e37 for value in told[held:]) and all(value < 1e-3 for value in told[:held])
    assert bench.ask(":SYST:ERR?").startswith("-222,")


# ------------------------------------------------------------------------------------------------ outputs


@pytest.mark.parametrize(
    ("state", "volts"), [("NORM", 0.0), ("ZERO", 0.0), ("HIMP", 0.9090909), ("GUAR", 0.2)]
)
def test_output_off_states(make: Make, state: str, volts: float) -> None:
    """GUAR: 0 A, with a limit of 10 % of the range of 2 V (reference manual 2450-901-01 rev. B, p. 6-32)."""
    bench = make("R1 b a 1k\\nV1 b 0 1\\nXD a 0 device")
    bench.write(f":OUTP:VOLT:SMOD {state};:SOUR:VOLT:ILIM 0.01;:SOUR:VOLT 2;:OUTP ON")
    bench.clock.wait(0.01)
    assert bench.world.bench.circuit.voltage("a") == pytest.approx(2.0, abs=1e-3)
    bench.write(":OUTP OFF")
    bench.clock.wait(0.01)
    assert bench.world.bench.circuit.voltage("a") == pytest.approx(volts, abs=0.01)
    log = bench.close()
    assert log.outputs() == {"smu": False}
    assert [record["on"] for record in log.of_kind("output")][-2:] == [True, False]


def test_switching_off_is_not_undone_by_a_device_clear_or_the_end(make: Make) -> None:
    bench = make()
    bench.write(":SOUR:VOLT 1;:OUTP ON")
    bench.meter.exchange.recv(b":OUTP OFF\n", True)
    bench.meter.exchange.device_clear()
    log = bench.close()
    assert log.outputs() == {"smu": False}


def test_a_change_of_function_opens_the_output_and_reset_does_too(make: Make) -> None:
    bench = make()
    bench.write(":SOUR:VOLT 1;:OUTP ON", ":SOUR:FUNC CURR")
    assert bench.ask(":OUTP?") == "0"
    bench.write(":OUTP ON", ":SENS:CURR:RANG 1e-3", "*RST")
    assert (
        bench.ask(":OUTP?;:SOUR:FUNC?;:SENS:FUNC?;:SENS:CURR:RANG:AUTO?;:SOUR:VOLT:ILIM?")
        == '0;VOLT;"CURR:DC";1;1.050000E-04'
    )


def test_the_output_slews_and_settles(make: Make) -> None:
    bench = make(imperfections=False)
    bench.write(":SOUR:VOLT:RANG 20;:SOUR:VOLT:ILIM 0.1;:OUTP ON")
    bench.clock.wait(0.1)
    bench.write(":SOUR:VOLT 10")
    circuit = bench.world.bench.circuit
    start = circuit.time
    levels = []
    for t in (10e-6, 100e-6, 200e-6):
        bench.clock.advance_to(start + t)
        levels.append(bench.world.bench.circuit.voltage("a"))
    assert 0.5 < levels[0] < 3.0
    assert levels[2] == pytest.approx(10.0, rel=2e-3)  # to 0.1 % in 200 us


def test_a_change_of_source_range_pushes_the_output(make: Make) -> None:
    bench = make()
    bench.write(":SOUR:VOLT:ILIM 1e-3;:OUTP ON;:SOUR:VOLT 0.15")
    bench.clock.wait(0.1)
    bench.write(":SOUR:VOLT 0.25")  # from the 200 mV to the 2 V range
    bench.clock.wait(0.1)
    log = bench.close()
    assert 0.3 < log.maxima()["D"]["voltage"] < 0.55


# ------------------------------------------------------------------------------ on a switching device


NBO2 = "R1 a d 2\\nC1 d 0 {c}\\nXD d 0 device"


def sweep(bench: Bench, top: float, limit: float, points: int = 121) -> np.ndarray[Any, Any]:
    bench.write(
        f"*RST;:SOUR:VOLT:RANG 2;DEL 0;:SOUR:VOLT:ILIM {limit};:SENS:CURR:RANG {10 * limit};NPLC 0.1;AZER OFF"
    )
    bench.write(f":SOUR:SWE:VOLT:LIN 0,{top},{points},1e-3,1,FIX,OFF,ON", ":INIT;*WAI")
    count = int(bench.ask(":TRAC:ACT?"))
    return np.reshape(bench.numbers(f":TRAC:DATA? 1,{count},'defbuffer1',SOUR,READ,SOURSTAT"), (count, 3))


def test_a_sweep_switches_the_device_where_the_witness_says(make: Make) -> None:
    bench = make(NBO2.format(c="80p"), "nbo2")
    rows = sweep(bench, 1.2, 1e-3, 241)
    log = bench.close()
    (on,) = log.switching_on()
    (off,) = log.switching_off()
    fold = log.devices()["D"]["threshold"]["voltage"]
    hold = log.devices()["D"]["hold"]["voltage"]
    assert on.threshold == pytest.approx(fold, abs=2e-3)
    assert off.hold == pytest.approx(hold, abs=2e-3)
    limited = (rows[:, 2].astype(int) & 32) > 0
    assert limited.any()
    assert not limited[: np.argmax(limited)].any()
    first = int(np.argmax(rows[:, 1] > 5e-4))
    assert rows[first - 1, 0] <= on.threshold + 2e-3
    assert rows[first, 1] == pytest.approx(1e-3, rel=5e-3)


@pytest.mark.thorough
def test_overshoot_lasts_longer_with_more_cable(make: Make) -> None:
    durations = []
    for capacitance in ("30p", "300p", "3n"):
        bench = make(NBO2.format(c=capacitance), "nbo2")
        rows = sweep(bench, 1.1, 2e-4)
        overshoots = bench.close().overshoots()
        assert overshoots
        assert (rows[:, 2].astype(int) & 32).any()
        assert np.nanmax(np.abs(rows[:, 1])) < 1.0  # flagged, and no number that is not one
        assert all(o.limit == pytest.approx(2e-4, rel=1e-2) for o in overshoots)
        durations.append(overshoots[0].duration)
    assert durations[0] < durations[1] < durations[2]


def test_a_long_sweep_costs_few_steps(make: Make) -> None:
    bench = make(NBO2.format(c="80p"), "nbo2")
    sweep(bench, 0.1, 1e-3, 5)
    before = bench.world.bench.circuit.steps
    rows = sweep(bench, 1.2, 1e-3, 300)
    assert len(rows) == 600
    assert bench.world.bench.circuit.steps - before < 40_000   # 13,107


@pytest.mark.parametrize(
    ("messages", "limit"),
    [
        (":SOUR:VOLT:ILIM 0.5e-6;:SENS:CURR:RANG 1", 1.05e-3),
        (":SENS:CURR:RANG 1;:SOUR:VOLT:ILIM 0.5e-6", 1.05e-3),
        (":SOUR:VOLT:ILIM 1e-3;:SENS:CURR:RANG 1", 1.05e-3),  # "more than" 0.1 %
        (":SOUR:VOLT:ILIM 1.01e-3;:SENS:CURR:RANG 1", 1.01e-3),
        (":SOUR:VOLT:ILIM 0.5e-6;:SENS:CURR:RANG:AUTO ON", 0.5e-6),
        (":SOUR:VOLT:ILIM 0.5e-6;:SENS:FUNC 'VOLT';:SENS:CURR:RANG 1", 0.5e-6),
        (":SOUR:VOLT:ILIM 0.5e-6;:SENS:FUNC 'VOLT';:SENS:CURR:RANG 1;:SENS:FUNC 'CURR'", 1.05e-3),
        (":SOUR:VOLT:ILIM 0.5;:SOUR:VOLT:RANG 200", 0.105),
        (":SOUR:VOLT:ILIM 0.5;:SOUR:VOLT 50", 0.105),
        (":SOUR:VOLT:RANG 200;:SOUR:VOLT:ILIM 0.5", 105e-6),  # not taken: the one before stays
    ],
)
def test_a_range_moves_a_limit_that_does_not_suit_it(make: Make, messages: str, limit: float) -> None:
    """Reference manual rev. B, p. 2-100 and 6-71."""
    bench = make()
    bench.write(messages)
    assert bench.numbers(":SOUR:VOLT:ILIM?")[0] == pytest.approx(limit, rel=1e-6)
    assert bench.ask(":SYST:ERR?").startswith("0,")


def test_the_voltage_limit_of_a_current_source_follows_the_same_rules(make: Make) -> None:
    bench = make()
    bench.write(":SOUR:FUNC CURR;:SENS:FUNC 'VOLT';:SOUR:CURR:VLIM 0.1;:SENS:VOLT:RANG 200")
    assert bench.numbers(":SOUR:CURR:VLIM?")[0] == pytest.approx(0.21)
    bench.write(":SENS:VOLT:RANG:AUTO ON;:SOUR:CURR:VLIM 100;:SOUR:CURR 0.5")
    assert bench.numbers(":SOUR:CURR:VLIM?")[0] == pytest.approx(21.0)


@pytest.mark.parametrize(("part", "limiting"), [(0.9, False), (0.97, False), (0.99, False), (1.01, True), (1.2, True)])
def test_only_a_current_at_its_limit_is_limited(make: Make, part: float, limiting: bool) -> None:
    """Two per cent below the limit nothing is in compliance; the bound is much sharper than ten times its 0.5 %."""
    bench = make(imperfections=False)
    current = bench.numbers(":SOUR:VOLT 1;:OUTP ON;:READ?")[0]
    bench.write(f":SOUR:VOLT:ILIM {current / part};:SENS:CURR:RANG 1e-4")
    bench.clock.wait(0.1)
    reading, status = bench.numbers(":READ? 'defbuffer1',READ,SOURSTAT")
    assert reading == pytest.approx(min(current, current / part), rel=1e-3)
    assert bool(int(status) & 32) is limiting
    assert bench.ask(":SOUR:VOLT:ILIM:TRIP?") == str(int(limiting))
