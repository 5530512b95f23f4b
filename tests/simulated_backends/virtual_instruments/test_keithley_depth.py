"""Interactive source meters: configuration lists, set-ups, calculations, limits, buffers, log, status, output."""

import math

import pytest

from tests.fixtures.bare_meters import BareMeter, bare_meter
from tsbench.errors import ConfigurationError

pytestmark = pytest.mark.tsbench_outputs_stay_on  # these ask the model, not a measurement


def stored(meter: BareMeter, *levels: float) -> None:
    """Store a source configuration list 'mine' with some levels."""
    meter.write(":SOUR:CONF:LIST:CRE 'mine'")
    for level in levels:
        meter.write(f":SOUR:VOLT {level}", ":SOUR:CONF:LIST:STOR 'mine'")


# --------------------------------------------------------------------------------- configuration lists


def test_a_source_list_holds_levels_ranges_limits_and_delays() -> None:
    meter = bare_meter()
    meter.write(":SOUR:VOLT:RANG 20;ILIM 1e-3;DEL 0.3;PROT PROT20")
    stored(meter, 1, 2)
    meter.write("*CLS;:SOUR:VOLT:RANG 200;ILIM 2e-3;DEL:AUTO ON;:SOUR:VOLT:PROT NONE;:SOUR:VOLT 150")
    meter.write(":SOUR:CONF:LIST:REC 'mine', 2")
    assert meter.ask(":SOUR:VOLT?;:SOUR:VOLT:RANG?;ILIM?;DEL?;PROT?") == (
        "2.000000E+00;2.000000E+01;1.000000E-03;3.000000E-01;PROT20")
    assert meter.ask(":SOUR:CONF:LIST:SIZE? 'mine'") == "2" and meter.errors() == []


def test_recalling_another_function_opens_the_output() -> None:
    meter = bare_meter()
    stored(meter, 1)
    meter.write(":SOUR:FUNC CURR;:OUTP ON", ":SOUR:CONF:LIST:REC 'mine'")
    assert meter.ask(":SOUR:FUNC?;:OUTP?;:SOUR:VOLT?") == "VOLT;0;1.000000E+00"


def test_a_measure_list_holds_function_range_aperture_filter_and_limits() -> None:
    meter = bare_meter()
    meter.write(":SENS:FUNC 'VOLT';:SENS:VOLT:NPLC 5;AVER ON;AVER:COUN 3;:CALC2:VOLT:LIM1:UPP 7;:SENS:VOLT:REL 0.5")
    meter.write(":SENS:CONF:LIST:CRE 'm'", ":SENS:CONF:LIST:STOR 'm'")
    meter.write(":SENS:VOLT:NPLC 1;AVER OFF;:CALC2:VOLT:LIM1:UPP 9;:SENS:VOLT:REL 0;:SENS:FUNC 'CURR'")
    meter.write(":SENS:CONF:LIST:REC 'm'")
    assert meter.errors() == []
    assert meter.ask(":SENS:FUNC?;:SENS:VOLT:NPLC?;AVER?;AVER:COUN?;:CALC2:VOLT:LIM1:UPP?;:SENS:VOLT:REL?") == (
        '"VOLT:DC";5.000000E+00;1;3;7.000000E+00;5.000000E-01')


def test_lists_are_made_told_replaced_and_deleted() -> None:
    meter = bare_meter()
    stored(meter, 1, 2, 3)
    meter.write(":SOUR:CONF:LIST:CRE 'other'", ":SENS:CONF:LIST:CRE 'third'")
    assert [meter.ask(":SOUR:CONF:LIST:CAT?") for _ in range(3)] == ["mine", "other", ""]
    meter.write(":SOUR:VOLT 9", ":SOUR:CONF:LIST:STOR 'mine', 2", ":SOUR:CONF:LIST:DEL 'mine', 1")
    meter.write(":SOUR:CONF:LIST:REC 'mine'")
    assert meter.ask(":SOUR:VOLT?;:SOUR:CONF:LIST:SIZE? 'mine'") == "9.000000E+00;2"
    assert "source_level = 9.0" in meter.ask(":SOUR:CONF:LIST:QUER? 'mine', 1")
    meter.write(":SOUR:CONF:LIST:DEL 'mine'", ":SOUR:CONF:LIST:SIZE? 'mine'", ":SOUR:CONF:LIST:CRE 'other'")
    meter.write(":SENS:CONF:LIST:REC 'other'", ":SOUR:CONF:LIST:REC 'other', 1", ":SOUR:CONF:LIST:STOR 'no'")
    assert meter.errors() == [-224, -224, -224, -222, -224]
    meter.write("*RST")
    assert meter.ask(":SOUR:CONF:LIST:CAT?") == ""


def test_a_sweep_makes_a_list_of_its_levels() -> None:
    meter = bare_meter()
    meter.write(":SOUR:SWE:VOLT:LIN 0, 1, 3")
    assert meter.ask(":SOUR:CONF:LIST:SIZE? 'VoltLinearSweepList'") == "3"
    meter.write(":SOUR:CONF:LIST:REC 'VoltLinearSweepList', 2", ":SOUR:CONF:LIST:STOR 'VoltLinearSweepList'")
    assert meter.ask(":SOUR:VOLT?") == "5.000000E-01" and meter.errors() == [-221]
    meter.write(":SOUR:LIST:CURR 1e-3,2e-3")
    assert meter.ask(":SOUR:CONF:LIST:SIZE? 'CurrCustomSweepList'") == "2"


def test_blocks_recall_forwards_and_backwards_around_the_ends() -> None:
    meter = bare_meter()
    meter.write(":SOUR:VOLT:DEL 1e-3;ILIM 1e-3")
    stored(meter, 1, 2, 3)
    for kind, levels in (("NEXT", [1, 2, 3, 1]), ("PREV", [3, 2, 1, 3])):
        meter.write(":OUTP ON", ":TRIG:LOAD 'Empty'", ":TRIG:BLOC:BUFF:CLE 1", f":TRIG:BLOC:CONF:{kind} 2, 'mine'",
                    ":TRIG:BLOC:MEAS 3", ":TRIG:BLOC:BRAN:COUN 4, 4, 2", ":INIT;*WAI")
        assert meter.numbers(":TRAC:DATA? 1, 4, 'defbuffer1', SOUR") == pytest.approx(levels, rel=1e-3), kind
    meter.write(":SENS:CONF:LIST:CRE 'm'", ":TRIG:BLOC:CONF:REC 1, 'mine', 2, 'm', 1")
    assert " 1) CONFIG_RECALL         CONFIG_LIST: mine and m  INDEX: 2 and 1" in meter.ask(":TRIG:BLOC:LIST?")
    meter.write(":TRIG:BLOC:CONF:NEXT 1, 'mine', 'mine'", ":TRIG:BLOC:CONF:NEXT 1, 'no'")
    assert meter.errors() == [-221, -224]


@pytest.mark.parametrize("language", ["SCPI", "TSP"])
def test_other_terminals_switch_the_output_off(language: str) -> None:
    rear, same = {"SCPI": (":ROUT:TERM REAR", ":ROUT:TERM FRON"), "TSP": (
        "smu.measure.terminals = smu.TERMINALS_REAR", "smu.measure.terminals = smu.TERMINALS_FRONT")}[language]
    meter = bare_meter(language=language)
    meter.write({"SCPI": ":OUTP ON", "TSP": "smu.source.output = smu.ON"}[language], same)
    assert meter.meter.output.stage.enabled
    meter.write(rear)
    assert not meter.meter.output.stage.enabled


# ----------------------------------------------------------------------------------------- stored set-ups


def test_a_set_up_is_stored_and_recalled_with_lists_lines_and_blocks() -> None:
    meter = bare_meter()
    meter.write(":SOUR:VOLT:ILIM 3e-3;:SENS:CURR:NPLC 2;:ROUT:TERM REAR")
    meter.write(":DIG:LINE1:MODE TRIG, OUT;:TRIG:DIG1:OUT:STIM NOT1")
    stored(meter, 1.5)
    meter.write(":TRIG:BLOC:NOT 1, 1", "*SAV 2", "*RST", ":OUTP ON", "*RCL 2")
    assert meter.ask(":SOUR:VOLT?;:SOUR:VOLT:ILIM?;:SENS:CURR:NPLC?;:ROUT:TERM?;:OUTP?") == (
        "1.500000E+00;3.000000E-03;2.000000E+00;REAR;0")
    assert meter.ask(":DIG:LINE1:MODE?;:TRIG:DIG1:OUT:STIM?;:SOUR:CONF:LIST:SIZE? 'mine'") == "TRIG,OUT;NOT1;1"
    assert meter.ask(":TRIG:BLOC:LIST?") == " 1) NOTIFY                NOTIFY: 1"
    meter.write("*RCL 3", "*SAV 5")
    assert meter.errors() == [-221, -222]


# --------------------------------------------------------------------------------- calculations and limits


@pytest.mark.parametrize(("settings", "value", "unit"), [
    (":SENS:CURR:UNIT OHM", 10e3, "Ohm"), (":SENS:CURR:UNIT WATT", 1e-4, "W"), (":SENS:CURR:UNIT AMP", 1e-4, "A"),
    (":SENS:CURR:REL 4e-5;REL:STAT ON", 6e-5, "A"), (":SENS:CURR:REL:ACQ;:SENS:CURR:REL:STAT ON", 0.0, "A"),
    (":CALC:CURR:MATH:FORM MXB;MMF 2;MBF 1;MBUN 'Q';STAT ON", 1.0002, "Q"),
    (":CALC:CURR:MATH:FORM PERC;PERC 5e-5;STAT ON", 100.0, "%"), (":CALC1:CURR:MATH:FORM REC;STAT ON", 1e4, "1/x"),
    (":CALC:CURR:MATH:PERC:ACQ;:CALC:CURR:MATH:STAT ON", 0.0, "%"),
    (":SENS:CURR:REL 2e-5;REL:STAT ON;:CALC:CURR:MATH:FORM PERC;PERC 4e-5;STAT ON", 100.0, "%"),
    (":CALC:VOLT:MATH:FORM MXB;STAT ON;:SENS:VOLT:REL 1;REL:STAT ON", 1e-4, "A"),   # those of another function
])
def test_what_is_made_of_a_reading(settings: str, value: float, unit: str) -> None:
    """0.1 mA at 1 V; first unit, then relative offset, then math."""
    meter = bare_meter()
    meter.write(":SOUR:VOLT:ILIM 1e-3;:SOUR:VOLT 1;:OUTP ON", settings)
    found = meter.ask(":READ? 'defbuffer1', READ, UNIT").split(",")
    assert float(found[0]) == pytest.approx(value, rel=1e-4, abs=1e-6) and found[1] == unit
    assert meter.errors() == []


@pytest.mark.parametrize(("level", "first", "second", "status"), [
    (1.0, "NONE", "NONE", 8), (2.5, "HIGH", "NONE", 8 + 128), (0.4, "LOW", "NONE", 8 + 64),
    (4.0, "HIGH", "HIGH", 8 + 128 + 32), (0.1, "LOW", "LOW", 8 + 64 + 16),
])
def test_limits_mark_a_reading(level: float, first: str, second: str, status: int) -> None:
    meter = bare_meter()
    meter.write(":CALC2:CURR:LIM1:LOW 5e-5;UPP 2e-4;STAT ON;:CALC2:CURR:LIM2:LOW 2e-5;UPP 3e-4;STAT ON")
    meter.write(f":SOUR:VOLT:ILIM 1e-2;:SOUR:VOLT {level};:OUTP ON")
    assert meter.numbers(":READ? 'defbuffer1', STAT") == [status]
    assert meter.ask(":CALC2:CURR:LIM1:FAIL?;:CALC2:CURR:LIM2:FAIL?") == f"{first};{second}"


def test_a_failure_stays_until_it_is_cleared_unless_each_reading_clears_it() -> None:
    for clears, after in (("ON", "NONE"), ("OFF", "BOTH")):
        meter = bare_meter()
        meter.write(f":CALC2:CURR:LIM1:LOW 5e-5;UPP 2e-4;STAT ON;CLE:AUTO {clears};:SOUR:VOLT:ILIM 1e-2;:OUTP ON")
        for level in (3.0, 0.1, 1.0):
            meter.write(f":SOUR:VOLT {level}")
            meter.ask(":READ?")
        assert meter.ask(":CALC2:CURR:LIM1:FAIL?") == after
        meter.write(":CALC2:CURR:LIM1:CLE")
        assert meter.ask(":CALC2:CURR:LIM1:FAIL?") == "NONE"


@pytest.mark.parametrize("message", [":CALC3:CURR:LIM1:UPP 1", ":CALC:CURR:LIM1:UPP 1", ":CALC2:CURR:MATH:STAT ON"])
def test_headers_that_mix_the_two_subsystems_are_unknown(message: str) -> None:
    meter = bare_meter()
    meter.write(message)
    assert meter.errors() == [-113]


def test_resistance_is_measured_with_the_current_of_its_range_if_no_source_is_set() -> None:
    for ohms, current in ((10.0, 100e-3), (1.5e3, 1e-3), (1e6, 1e-6)):
        meter = bare_meter(resistance=f"{ohms:g}")
        meter.write(":SENS:FUNC 'RES';:OUTP ON")
        found = meter.numbers(":READ? 'defbuffer1', READ, SOUR")
        assert found == [pytest.approx(ohms, rel=1e-3), pytest.approx(current, rel=1e-3)]


# --------------------------------------------------------------------------------------------------- buffers


def test_a_buffer_fills_once_or_continuously() -> None:
    meter = bare_meter()
    meter.write(":TRAC:MAKE 'mine', 10;:SENS:COUN 12;:OUTP ON")
    assert meter.ask(":TRAC:FILL:MODE? 'mine';:TRAC:FILL:MODE?") == "ONCE;CONT"
    meter.write(":TRAC:TRIG 'mine'")
    assert meter.ask(":TRAC:ACT? 'mine'") == "10" and meter.errors() == []
    first = meter.meter.buffers["mine"].readings[0].time
    meter.write(":SENS:COUN 1;:TRAC:TRIG 'mine'")
    assert meter.meter.buffers["mine"].readings[0].time == first   # what comes later is discarded
    meter.write(":TRAC:FILL:MODE CONT, 'mine'", ":SENS:COUN 12;:TRAC:TRIG 'mine'")
    assert meter.ask(":TRAC:ACT? 'mine';:TRAC:STAT:SPAN? 'mine'") == "10;1.200000E+01"
    assert meter.meter.buffers["mine"].readings[0].time > first


def test_statistics_count_from_the_last_clear() -> None:
    meter = bare_meter()
    meter.write(":SOUR:VOLT:ILIM 1e-2;:OUTP ON")
    for level in (5, 1, 2, 3):
        meter.write(f":SOUR:VOLT {level}")
        meter.ask(":READ?")
        if level == 5:
            meter.write(":TRAC:STAT:CLE")
    found = [meter.numbers(f":TRAC:STAT:{which}?")[0] for which in ("AVER", "MAX", "MIN", "STDD", "PK2P", "SPAN")]
    assert found == pytest.approx([2e-4, 3e-4, 1e-4, 1e-4, 2e-4, 3.0], rel=1e-3)
    assert meter.ask(":TRAC:ACT?") == "4"


def test_a_program_writes_into_a_writable_buffer() -> None:
    meter = bare_meter()
    meter.write(":TRAC:MAKE 'w', 10, WRIT", ":TRAC:MAKE 'f', 10, FULLWRIT", ":TRAC:WRIT:FORM 'w', WATT, 6")
    meter.write(":TRAC:WRIT:READ 'w', 1.5", ":TRAC:WRIT:READ 'w', 2.5, 1767268810, 0.25", ":TRAC:WRIT:READ 'f', 1, 7")
    assert meter.ask(":TRAC:DATA? 1, 2, 'w', READ, UNIT") == "1.500000E+00,WATT,2.500000E+00,WATT"
    assert meter.ask(":TRAC:DATA? 2, 2, 'w', SEC, FRAC") == "1767268810,0.250000000"
    assert meter.numbers(":TRAC:DATA? 1, 1, 'f', READ, EXTR") == [1.0, 7.0]
    meter.write(":TRAC:WRIT:READ 'defbuffer1', 1", ":TRAC:WRIT:READ 'f', 1", ":TRAC:TRIG 'w'")
    meter.write(":TRAC:MAKE 'x', 10, ODD")
    assert meter.errors() == [-221, -109, -221, -224]


# ----------------------------------------------------------------------------------------- log, status, clock


def test_events_of_the_buffer_and_of_the_model_set_bits_that_request_service() -> None:
    meter = bare_meter()
    meter.write(":TRAC:MAKE 'mine', 10;:STAT:OPER:MAP 0, 4917, 4916;:STAT:QUES:MAP 3, 2731, 2728")
    meter.write(":STAT:OPER:ENAB 1;*SRE 128")
    meter.write(":OUTP ON;:SENS:COUN 9;:TRAC:TRIG 'mine'")
    assert meter.ask(":STAT:OPER:COND?;*STB?") == "0;0"
    meter.write(":SENS:COUN 1;:TRAC:TRIG 'mine'")
    assert meter.meter.exchange.serial_poll() & 0x40
    assert meter.ask(":STAT:OPER:COND?") == "1"
    meter.write(":TRAC:CLE 'mine'")
    assert meter.ask(":STAT:OPER:COND?;:STAT:OPER?;:STAT:OPER?") == "0;1;0"
    meter.write(":TRIG:BLOC:WAIT 1, COMM", ":INIT")
    assert meter.ask(":STAT:QUES:COND?") == "8"
    meter.write(":ABOR")
    assert meter.ask(":STAT:QUES:COND?;:STAT:OPER:MAP? 0;:STAT:OPER:MAP? 1") == "0;4917,4916;0,0"


def test_the_event_log_has_errors_warnings_and_information() -> None:
    meter = bare_meter()
    meter.write(":SYST:EVEN:POST 'one'", ":NONSENSE", ":SYST:EVEN:POST 'three', WARN")
    assert meter.ask(":SYST:EVEN:COUN?;:SYST:EVEN:COUN? 1;:SYST:EVEN:COUN? 6;:SYST:ERR:COUN?") == "3;1;2;1"
    assert [meter.ask(":SYST:EVEN:NEXT?").split(";")[1] for _ in range(4)] == ["4", "1", "2", "0"]
    meter.write(":SYST:EVEN:POST 'x'", ":SYST:CLE", ":TRAC:SAVE '/usb1/x.csv'")
    assert meter.ask(":SYST:EVEN:COUN? 6") == "0" and meter.errors() == [-241]


def test_the_clock_is_told_in_seconds_and_in_words() -> None:
    meter = bare_meter()
    meter.bench.clock.wait(3600.0)
    assert meter.ask(":SYST:TIME?;:SYST:TIME? 1") == "1767272400;Thu Jan 01 13:00:00 2026"


# ---------------------------------------------------------------------------------------------- the output


def test_the_protection_holds_the_output_back() -> None:
    meter = bare_meter()
    meter.write(":SOUR:VOLT:ILIM 1e-2;PROT PROT2;:SOUR:VOLT 5;:OUTP ON")
    assert meter.numbers(":READ? 'defbuffer1', SOUR")[0] == pytest.approx(2.0, rel=1e-3)
    assert meter.ask(":SOUR:VOLT:PROT:TRIP?;:SOUR:VOLT:PROT?") == "1;PROT2"
    meter.write(":SOUR:VOLT:PROT NONE")
    assert meter.numbers(":READ? 'defbuffer1', SOUR")[0] == pytest.approx(5.0, rel=1e-3)
    assert meter.ask(":SOUR:VOLT:PROT:TRIP?;:SOUR:VOLT:PROT?") == "0;NONE"
    meter.write(":SOUR:FUNC CURR;:SENS:FUNC 'VOLT';:SOUR:CURR:VLIM 20;PROT PROT5;:SOUR:CURR 1e-3;:OUTP ON")
    assert meter.numbers(":READ?")[0] == pytest.approx(5.0, rel=1e-2)   # 10 V without it
    assert meter.ask(":SOUR:CURR:PROT:TRIP?") == "1" and meter.errors() == []


def test_an_open_interlock_allows_21_volts() -> None:
    meter = bare_meter(interlock=False)
    assert meter.ask(":OUTP:INT:TRIP?") == "0"
    meter.write(":SOUR:VOLT 30;:OUTP ON", ":MEAS?", ":SOUR:VOLT 21;:OUTP ON")
    assert meter.errors() == [-221, -221] and meter.ask(":OUTP?") == "1"
    assert bare_meter().ask(":OUTP:INT:TRIP?") == "1"
    with pytest.raises(ConfigurationError, match="interlock = 'shut' must be true or false"):
        bare_meter(interlock="shut")


def test_the_off_state_of_the_active_function() -> None:
    meter = bare_meter()
    meter.write(":SOUR:FUNC CURR;:OUTP:SMOD ZERO")
    assert meter.ask(":OUTP:SMOD?;:OUTP:CURR:SMOD?;:OUTP:VOLT:SMOD?") == "ZERO;ZERO;NORM"


def test_commands_without_the_optional_word() -> None:
    meter = bare_meter()
    meter.write(":FUNC 'VOLT';:VOLT:NPLC 2;:SENS1:VOLT:RSEN ON;:COUN 3")
    assert meter.ask(":SENS:FUNC?;:SENS:VOLT:NPLC?;RSEN?;:SENS:COUN?") == '"VOLT:DC";2.000000E+00;1;3'
    assert math.isfinite(meter.numbers(":READ?")[0]) and meter.errors() == []


def test_a_limit_that_does_not_suit_the_source_range_is_a_warning() -> None:
    """2450-901-01 rev. B, p. 2-100: it is not changed; p. 6-71: a new range changes it."""
    meter = bare_meter()
    assert meter.ask(":SYST:EVEN:COUN?") == "0", "nothing moves at power on"
    meter.write(":SOUR:VOLT:RANG 200", ":SOUR:VOLT:ILIM 0.05", ":SOUR:VOLT:ILIM 0.5")
    assert float(meter.ask(":SOUR:VOLT:ILIM?")) == 0.05
    assert meter.ask(":SYST:EVEN:NEXT? 2").startswith(
        '-221,"Settings conflict; source limit 0.5 A is above 0.105 A of the source range, limit not changed;2;')
    meter.write(":SOUR:VOLT:RANG 20", ":SOUR:VOLT:ILIM 0.5")
    assert float(meter.ask(":SOUR:VOLT:ILIM?")) == 0.5 and meter.ask(":SYST:EVEN:COUN?") == "0"
    meter.write(":SOUR:VOLT:RANG 200")
    assert float(meter.ask(":SOUR:VOLT:ILIM?")) == pytest.approx(0.105)
    assert meter.ask(":SYST:EVEN:NEXT? 2").startswith('-221,"Settings conflict; source limit changed to 0.105 A;2;')
    assert meter.ask(":SYST:ERR?").startswith("0,"), "a warning is no error"


def test_a_branch_to_a_block_that_does_not_exist_is_not_started() -> None:
    meter = bare_meter()
    meter.write(":TRIG:BLOC:BUFF:CLE 1", ":TRIG:BLOC:BRAN:COUN 2, 5, 9", ":INIT")
    assert meter.ask(":SYST:ERR?").startswith(
        '-221,"Settings conflict; trigger block 2 branches to block 9, not defined')
    assert meter.ask(":TRIG:STAT?").startswith("BUILDING")
    meter.write(":TRIG:BLOC:BRAN:ALW 2, 0", ":INIT", "*WAI")   # 0 is the end
    assert meter.ask(":SYST:ERR?").startswith("0,") and meter.ask(":TRIG:STAT?").startswith("IDLE")


def test_the_end_of_a_trigger_model_is_an_event_of_its_own() -> None:
    """2461-901-01 rev. A, p. C-10: 2728 aborted, 2730 failed, 2731 starts, 2732 completed."""
    meter = bare_meter()
    meter.write(":STAT:OPER:MAP 0, 2731, 2728", ":STAT:OPER:MAP 1, 2731, 2732", ":TRIG:BLOC:DEL:CONS 1, 10", ":INIT")
    assert meter.ask(":STAT:OPER:COND?") == "3"
    meter.write(":ABOR")
    assert meter.ask(":STAT:OPER:COND?") == "2"
    meter.write(":TRIG:BLOC:DEL:CONS 1, 0.1", ":INIT", "*WAI")
    assert meter.ask(":STAT:OPER:COND?") == "1"


def test_names_of_buffers() -> None:
    meter = bare_meter()
    meter.write(':TRAC:MAKE "mine", 10', ':TRAC:MAKE "mine", 10')
    assert meter.ask(":SYST:ERR?").startswith('1115,"Parameter error: TRACe:MAKE cannot take an existing')
    for name in ("", "1b", "a.b", "a_b", "a" * 32):   # 2470-901-01 rev. A, p. 6-5
        meter.write(f':TRAC:MAKE "{name}", 10')
        assert meter.ask(":SYST:ERR?").startswith("-224,"), name


def test_an_overvoltage_protection_that_no_float_holds_does_not_switch_it_off() -> None:
    meter = bare_meter()
    meter.write(":SOUR:VOLT:PROT PROT20", ":SOUR:VOLT:PROT PROT" + 400 * "9")
    assert meter.errors() == [-224]
    assert meter.ask(":SOUR:VOLT:PROT?") == "PROT20"
