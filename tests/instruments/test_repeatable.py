"""Which questions may be asked again after a lost reply."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsbench.instruments.keithley_interactive import data_sheet as keithley_interactive_data
from tsbench.instruments.keysight_33500 import data_sheet as keysight_33500_data
from tsbench.instruments.keysight_infiniivision import data_sheet as infiniivision_data
from tsbench.instruments.languages.repeatable import COMMON, may_be_repeated
from tsbench.instruments.tektronix_mso import data_sheet as tektronix_data

EVERY = (
    *keithley_interactive_data.REPEATABLE, *keysight_33500_data.REPEATABLE, *infiniivision_data.REPEATABLE,
    *tektronix_data.REPEATABLE,
)
#: questions that empty a queue, clear a register or take a reading, of these and of other instruments
ONCE = (
    ":SYST:ERR?", "SYST:ERR:NEXT?", ":SYSTem:ERRor:ALL?", ":SYST:EVEN:NEXT?", ":SYST:ERR:CODE?", "ALLEV?", "EVENT?",
    "EVMsg?", "*ESR?;:ALLE?", "BUSY?",
    "ERRX?", "ERR?", "RMD?", "READ?", ":READ?", ':READ? "defbuffer1",REL', ":MEAS?", "MEASure:CURRent?",
    ":FETC?", "*ESR?", "*TST?", "*TRG", ":AER?", ":TER?", "TER?", ":OPER?", ":OPER:EVEN?", ":STAT:OPER?",
    ":STAT:QUES:EVEN?", ":STAT:QUE?", "*RST", ":OUTP ON", ":INIT", "print(smua.measure.i())", "*IDN?;*ESR?",
    "*STB?;:READ?", ":SOUR:VOLT?;LEV 3", ":SOUR:VOLT?;CURR?", ':OUTP?;:READ? "a;b"', "", ";", '"', ":OUTP?;",
)


@pytest.mark.parametrize("question", ONCE)
@pytest.mark.parametrize("spelling", [str, str.lower, str.upper])
def test_what_changes_something_is_never_repeated(question: str, spelling: type[str]) -> None:
    assert not may_be_repeated(spelling(question), EVERY)


@pytest.mark.parametrize(
    "question",
    [
        "*IDN?", "*ese?;*stb?", "*ESE?;:OUTP?", ":OUTP?", "outp1:stat?", ":OUTPut:STATe?", ":SOUR1:CURR:LEV?",
        ":SOUR:VOLT:ILIM?", ":sens:curr:dc:rang:upp?", ":TRAC:ACT? \"defbuffer1\"", ":TRAC:DATA? 1,2,'a;b',READ",
        ":TRACe:ACTual:END?", ":SOUR2:VOLT:OFFS?", ":SOUR1:VOLT:LIM:HIGH?", ":WAV:SEGM:TTAG?", ":CHAN4:RANG?",
        ":OPER:COND?", ":TRIG:EDGE:LEV?",
    ],
)
def test_what_only_reads_may_be_repeated(question: str) -> None:
    assert may_be_repeated(question, EVERY)


@given(st.text(st.sampled_from("*:;?\"'abEVNTRDresu \t1"), max_size=20))
def test_only_what_is_listed_may_be_repeated(message: str) -> None:
    """Whatever it looks like: the only listed questions here are common ones."""
    if may_be_repeated(message, COMMON):
        assert all(unit.strip().split()[0].upper() in COMMON for unit in message.split(";"))


@given(st.sampled_from(EVERY), st.data())
def test_long_short_and_any_case_are_one_question(notation: str, data: st.DataObject) -> None:
    """Every spelling that the notation allows is found; one letter more is another question."""
    header = "".join(_spelled(notation, data))
    assert may_be_repeated(header, EVERY)
    assert not may_be_repeated(header.replace("?", "X?"), (notation,))


def _spelled(notation: str, data: st.DataObject) -> list[str]:
    """Return one spelling of a header in the notation of the manuals."""
    import re

    text = re.sub(r"\{([^}]*)\}", lambda found: _pick(data, found[1].split("|")), notation)
    text = re.sub(r"\[([^]]*)\]", lambda found: _pick(data, ["", found[1]]), text)
    text = text.replace("<n>", _pick(data, ["", "1", "2"]))
    words = re.split(r"([a-z]+)", text)
    return [_pick(data, [word, ""]) if word.islower() else _pick(data, [word, word.lower()]) for word in words]


def _pick(data: st.DataObject, choices: list[str]) -> str:
    return data.draw(st.sampled_from(choices))


@pytest.mark.parametrize("question", [
    ":WFMO:XIN?;:WFMO:XZE?;:WFMO:PT_O?;:WFMO:YMU?;:WFMO:YOF?;:WFMO:YZE?;:WFMO:NR_P?", ":CURV?", ":TRIG:STATE?",
    ":HOR:FAST:TIMES:ALL:CH1? 1,10", ":CH3:SCA?", ":HOR:MAI:DEL:TIM?", ":ACQ:NUMFRAMESACQ?", ":HOR:MODE:SAMPLER?",
])
def test_what_the_tektronix_driver_asks_while_it_reads_may_be_repeated(question: str) -> None:
    assert may_be_repeated(question, tektronix_data.REPEATABLE)
