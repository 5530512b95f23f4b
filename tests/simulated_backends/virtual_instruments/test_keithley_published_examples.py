"""Examples that the maker has published for its interactive source meters run unchanged on the virtual instruments.

The commands are those of the reference manuals (2450-901-01 rev. B, 2461-901-01 rev. A, 2470-901-01 rev. A) and of
Tektronix's public collection of examples (folder Instrument_Examples/Series_2400_Graphical), in their order. After
each, the event log has no error, and the readings are those of the circuit.
"""

import numpy as np
import pytest

from tests.fixtures.bare_meters import BareBench, BareMeter, bare_meter

pytestmark = pytest.mark.tsbench_outputs_stay_on  # some of the examples end with the output on


def play(meter: BareMeter, *messages: str, errors: tuple[int, ...] = ()) -> None:
    """Send the commands of an example; the event log then has exactly ``errors``."""
    meter.write(*messages)
    assert meter.errors() == list(errors), messages


def rows(meter: BareMeter, message: str, width: int) -> np.ndarray:   # type: ignore[type-arg]
    return np.reshape(meter.numbers(message), (-1, width))


# ----------------------------------------------------------------------------- Tektronix's collection of examples


def test_leakage_current_and_insulation_resistance() -> None:
    """2450-SMU/Leakage_Current_and_Insulation_Resistance: a capacitor of 1 nF with a leakage of 1 GOhm at 20 V."""
    meter = BareBench(netlist="R1 smu 0 1g\nC1 smu 0 1n", smu="keithley_2450")["smu"]
    play(meter, "*RST", ":SOUR:FUNC VOLT", ":SOUR:VOLT 20", ":SOUR:VOLT:ILIMIT 0.01", ':SENSE:FUNC "CURR"',
         ":CURR:RANG:AUTO ON", ":SENSE:CURR:NPLC 1", ':TRIG:LOAD "DurationLoop", 60, 0.2', ":OUTP ON", ":INIT")
    while int(meter.ask(':TRAC:ACT? "defbuffer1"')) < 200:
        pass
    time, leakage = meter.numbers(':TRAC:DATA? 200, 200, "defbuffer1", REL, READ')
    assert leakage == pytest.approx(20e-9, rel=1e-3) and pytest.approx(time, rel=0.01) == 199 * 0.24
    meter.write("*WAI")
    play(meter, ":SOUR:VOLT 0", ":OUTP OFF")


def test_low_resistance() -> None:
    """2450-SMU/Measuring_Low_Resistance_Devices: 50 Ohm. The example sets no source."""
    meter = bare_meter(resistance="50")
    play(meter, "*RST", 'TRIG:LOAD "SimpleLoop", 100', 'SENS:FUNC "RES"', "SENS:RES:RANG:AUTO ON", "SENS:RES:OCOM ON",
         "SENS:RES:RSEN ON", "DISP:SCR SWIPE_GRAPh", "OUTP ON", "INIT", "*WAI")
    for part in ("1, 50", "51, 100"):
        found = rows(meter, f'TRAC:DATA? {part}, "defbuffer1", READ, REL', 2)
        assert found[:, 0] == pytest.approx(50.0, rel=1e-3) and np.all(np.diff(found[:, 1]) > 0)
    play(meter, "OUTP OFF")
    assert meter.meter.output.stage.points.level == 10e-3   # the test current of 200 Ohm


def test_low_resistance_of_the_2460() -> None:
    meter = bare_meter("keithley_2460", resistance="1.5")
    play(meter, "*RST", 'TRIG:LOAD "SimpleLoop", 100', 'SENS:FUNC "RES"', "SENS:RES:RANG:AUTO ON", "SENS:RES:OCOM ON",
         "SENS:RES:RSEN ON", "DISP:SCR SWIPE_GRAPh", "OUTP ON", "INIT", "*WAI")
    assert meter.numbers('TRAC:DATA? 51, 100, "defbuffer1", READ') == pytest.approx([1.5] * 50, rel=1e-3)
    play(meter, "OUTP OFF")


def test_a_rechargeable_battery_is_discharged() -> None:
    """2460-SMU/Rechargeable_Battery_Measurements: a cell of 1.3 V behind 0.2 Ohm, discharged to 0.9 V."""
    meter = BareBench(netlist="V1 cell 0 1.3\nR1 cell smu 0.2", smu="keithley_2460")["smu"]
    play(meter, "*RST", "OUTP:SMOD HIMP", "SENS:CURR:RSEN ON", "SOUR:FUNC VOLT", "SOUR:VOLT 0.9",
         "SOUR:VOLT:READ:BACK ON", "SOUR:VOLT:RANG 2", "SOUR:VOLT:ILIM 2.5", 'SENS:FUNC "CURR"', "SENS:CURR:RANG 4",
         "OUTP ON")
    for iteration in (1, 2, 3):
        assert meter.numbers('READ? "defbuffer1"')[0] == pytest.approx(-2.0, rel=0.02)
        data = f'TRAC:DATA? {iteration}, {iteration}, "defbuffer1"'
        assert meter.numbers(f"{data}, SOUR")[0] == pytest.approx(0.9, rel=0.01)
        assert meter.numbers(f"{data}, REL")[0] >= 0.0
    play(meter, "OUTP OFF")
    assert meter.ask("OUTP:SMOD?") == "HIMP"


def test_a_family_of_curves_with_two_meters_that_trigger_each_other() -> None:
    """2450-SMU/Measuring_IV_Characteristics_of_FETs; here a resistor stands for the channel.

    One line of the example is wrong, ``TRIG:LINE2:OUT:LOG POS`` (for ``TRIG:DIG2``): an unknown header. So the pulse on
    line 2 stays a negative one, whose trailing edge the other meter sees.
    """
    bench = BareBench({"drain.digital1": "gate.digital1", "gate.digital2": "drain.digital2"},
                      netlist="R1 gate 0 1meg\nR2 drain 0 100", gate="keithley_2450", drain="keithley_2450")
    gate, drain = bench["gate"], bench["drain"]
    play(gate, "*RST", ':SENSE:FUNC "CURR"', ":SENSE:CURR:RANG:AUTO ON", ":SOUR:FUNC VOLT", ":SOUR:VOLT:RANG 20",
         ":SOUR:VOLT:ILIMIT 0.01", 'SOUR:CONF:LIST:CRE "stepVals"', "DIG:LINE1:MODE TRIG, OUT",
         "DIG:LINE2:MODE TRIG, IN", "TRIG:DIG1:OUT:STIM NOT1", "TRIG:DIG1:OUT:LOG POS",
         "TRIG:DIG2:IN:CLE", "TRIG:DIG2:IN:EDGE RIS")
    for level in (2, 3, 4, 5):
        play(gate, f"SOUR:VOLT {level}", 'SOUR:CONF:LIST:STORE "stepVals"')
    play(gate, 'TRIG:BLOC:CONF:RECALL 1, "stepVals"', "TRIG:BLOC:SOUR:STAT 2, ON", "TRIG:BLOC:MEAS 3",
         "TRIG:BLOC:NOT 4, 1", "TRIG:BLOC:WAIT 5, DIG2", 'TRIG:BLOC:CONF:NEXT 6, "stepVals"',
         "TRIG:BLOC:BRAN:COUN 7, 4, 3", "TRIG:BLOC:SOUR:STAT 8, OFF")
    play(drain, "*RST", ':SENSE:FUNC "CURR"', ":CURR:RANG:AUTO ON", ":SOUR:FUNC VOLT", ":SOUR:VOLT 20",
         ":SOUR:VOLT:ILIMIT 1.0", ':SOUR:CONF:LIST:CRE "sweepVals"', "DIG:LINE1:MODE TRIG, IN", "TRIG:DIG1:IN:CLE",
         "TRIG:DIG1:IN:EDGE RIS", "DIG:LINE2:MODE TRIG, OUT")
    play(drain, "TRIG:LINE2:OUT:LOG POS", "TRIG:DIG2:OUT:STIM NOT2", errors=(-113,))
    for number in range(51):
        play(drain, f"SOUR:VOLT {number / 10:0.4E}", 'SOUR:CONF:LIST:STORE "sweepVals"')
    play(drain, 'TRIG:BLOC:CONF:RECALL 1, "sweepVals"', "TRIG:BLOC:SOUR:STAT 2, ON", "TRIG:BLOC:WAIT 3, DIG1",
         "TRIG:BLOC:DEL:CONS 4, 0.01", "TRIG:BLOC:MEAS 5", 'TRIG:BLOC:CONF:NEXT 6, "sweepVals"',
         "TRIG:BLOC:BRAN:COUN 7, 51, 4", "TRIG:BLOC:NOT 8, 2", "TRIG:BLOC:BRAN:COUN 9, 4, 3",
         "TRIG:BLOC:SOUR:STAT 10, OFF", "INIT")
    play(gate, "INIT")
    while int(drain.ask(':TRAC:ACT? "defbuffer1"')) < 204:
        pass
    bench.bench.clock.wait(0.5)
    expected = np.linspace(0.0, 5.0, 51) / 100.0
    for family in range(4):
        found = drain.numbers(f':TRAC:DATA? {51 * family + 1}, {51 * family + 51}, "defbuffer1", READ')
        assert found == pytest.approx(list(expected), rel=2e-3, abs=1e-6), family
    assert gate.numbers(":TRAC:DATA? 1, 4, 'defbuffer1', SOUR") == pytest.approx([2, 3, 4, 5], rel=1e-3)
    assert gate.ask("OUTP?") == drain.ask("OUTP?") == "0" and gate.errors() == drain.errors() == []


# ----------------------------------------------------------------------------------------- reference manuals


def test_a_list_sweep() -> None:
    """2450-901-01 rev. B, p. 6-78."""
    meter = bare_meter()
    play(meter, "*RST", 'SENS:FUNC "CURR"', "SENS:CURR:RANG:AUTO ON", "SENS:CURR:RSEN OFF", "SOUR:FUNC VOLT",
         "SOUR:VOLT:RANG 20", "SOUR:VOLT:ILIM 1", "SOUR:LIST:VOLT 1, 5, 1, 5, 1, 5", "SOUR:SWE:VOLT:LIST 1, 0.2",
         "INIT", "*WAI")
    found = rows(meter, 'TRAC:DATA? 1, 6, "defbuffer1", SOUR, READ', 2)
    assert found[:, 0] == pytest.approx([1, 5] * 3, rel=1e-3)
    assert found[:, 1] == pytest.approx([1e-4, 5e-4] * 3, rel=1e-3)


def test_readings_into_a_buffer_of_the_user() -> None:
    """2450-901-01 rev. B, p. 6-124."""
    meter = bare_meter()
    play(meter, "OUTP ON", 'TRACe:MAKE "MyBuffer", 100', *['TRACe:TRIG "MyBuffer"'] * 5)
    times = meter.numbers('TRACe:DATA? 1,5, "MyBuffer", rel')
    assert times[0] == 0.0 and np.all(np.diff(times) > 0) and meter.errors() == []


def test_a_duration_loop() -> None:
    """2450-901-01 rev. B, p. 6-163."""
    meter = bare_meter()
    play(meter, "*RST", "SOUR:FUNC VOLT", "SOUR:VOLT 5", 'SENS:FUNC "CURR"', "SOUR:VOLT:ILIM 1e-2",
         "TRIG:LOAD:LOOP:DUR 10, 0.01", "INIT", "*WAI")
    count = int(meter.ask("TRAC:ACT?"))
    assert count == pytest.approx(10 / 0.05, rel=0.05)
    assert meter.numbers(f"TRAC:DATA? {count}, {count}") == pytest.approx([5e-4], rel=1e-3)


def test_two_loops() -> None:
    """2470-901-01 rev. A, p. 12-147."""
    meter = bare_meter()
    play(meter, "OUTP ON", 'TRIG:LOAD "EMPTY"', "TRIG:BLOC:BUFF:CLEAR 1", "TRIG:BLOC:MEAS 2",
         "TRIG:BLOC:BRAN:COUN 3, 5, 2", "TRIG:BLOC:DEL:CONS 4, 1", "TRIG:BLOC:BRAN:COUN 5, 3, 2", "INIT", "*WAI")
    assert meter.ask("TRAC:ACT?") == "15"


def test_a_limit_test() -> None:
    """2470-901-01 rev. A, p. 12-19: 0.1 V fails the low limit."""
    meter = bare_meter()
    play(meter, ":SENS:FUNC 'VOLT'", ":SOUR:FUNC CURR;:SOUR:CURR 1e-5", ":OUTP ON", ":CALC2:VOLT:LIM1:CLE:AUTO OFF",
         ":CALC2:VOLT:LIM1:AUD FAIL", ":CALC2:VOLT:LIM1:LOW 0.25", ":CALC2:VOLT:LIM1:UPP 2.5",
         ":CALC2:VOLT:LIMIT1:STAT ON")
    assert meter.numbers(":READ?") == pytest.approx([0.1], rel=1e-3)
    assert meter.ask(":CALC2:VOLT:LIMIT1:FAIL?") == "LOW"
    play(meter, ":CALC2:VOLT:LIM1:CLE")
    assert meter.ask(":CALC2:VOLT:LIMIT1:FAIL?") == "NONE"


@pytest.mark.parametrize("messages", [
    (":DIG:LINE3:MODE TRIG, IN", ":DIG:LINE5:MODE TRIG, IN", ":TRIG:BLEN1:MODE OR", ":TRIG:BLEN1:STIM1 DIG3",
     ":TRIG:BLEN1:STIM2 DIG5"),
    (":TRIG:BLOC:NOT 5, 2", ":TRIG:BLOC:BRAN:EVEN 6, NOTIFY2, 2"),
    (":TRIG:BLOC:BRAN:EVEN 6, DISP, 2",),
    (":TRIG:DIG2:OUT:STIMulus TIM3",),
    (":DIG:LINE4:MODE TRIG, OUT", ":TRIG:DIG4:OUT:LOG NEG"),
    ("TRIG:TIM1:STAR:SEC 60", "TRIG:TIM1:START:FRAC 0.5", "TRIG:TIM1:STAT ON"),
    ("TRIG:TIM3:STAR:GEN ON",), ("TRIG:TIM1:CLEar",),
    (":SENSe:RESistance:RANGe:AUTO:ULIMit 20",), (":SOURce:VOLTage:RANGe 3",), ("SOUR:CURR:RANG:AUTO ON",),
    (":STATus:OPERation:MAP 0, 4917, 4918",), (":STAT:QUES:MAP 0, 4916, 4917",),
])
def test_short_examples_of_single_commands(messages: tuple[str, ...]) -> None:
    play(bare_meter(), *messages)
