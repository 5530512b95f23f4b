"""The virtual Tektronix scopes against the programmer's guides: replies, events, limits, what they switch."""

import re
from typing import Any

import pytest

from tsbench.simulated_backends.services.services import BenchServices
from tsbench.simulated_backends.virtual_instruments.instrument import Placement
from tsbench.simulated_backends.virtual_instruments.registry import instrument_class
from tsbench.simulated_backends.virtual_instruments.tektronix_mso.replies import engineering


class Circuit:
    """Writes down the resistances that it is given."""

    time = 0.0

    def __init__(self) -> None:
        self.given: dict[str, float] = {}

    def set_resistance(self, name: str, ohms: float) -> None:
        self.given[name] = ohms

    def advance(self, time: float, **_: object) -> int:
        self.time = time
        return 0


class Scope:
    """A scope with its first inputs wired (a tenfold probe on the second), without a circuit to compute."""

    def __init__(self, model: str) -> None:
        self.bench, self.circuit = BenchServices(1, imperfections=False), Circuit()
        wires = {str(number): f"n{number}" for number in (1, 2)}
        self.scope: Any = instrument_class(model)(self.bench, Placement("s", "C1", wires, {"probes": {"2": 10}}))
        self.bench.install(self.circuit)  # type: ignore[arg-type]
        self.scope.connect()
        self.tell("HEADer OFF;*CLS")

    def tell(self, message: str) -> None:
        self.scope.exchange.recv(message.encode(), True)

    def ask(self, message: str) -> str:
        self.tell(message)
        return str(self.scope.exchange.talk(1 << 20)[0].decode("latin-1").strip())

    def events(self) -> list[int]:
        """Return the numbers of the events since the last call."""
        self.ask("*ESR?")
        codes = [int(code) for code in re.findall(r'(\d+),"', self.ask("ALLEv?"))]
        return [code for code in codes if code > 1]


@pytest.fixture
def mso() -> Scope:
    return Scope("tektronix_mso54")


@pytest.fixture
def dpo() -> Scope:
    return Scope("tektronix_dpo7254c")


@pytest.fixture(params=["tektronix_mso54", "tektronix_mso64", "tektronix_mso5104b", "tektronix_dpo7254c"])
def any_scope(request: Any) -> Scope:
    return Scope(request.param)


@pytest.mark.parametrize(("value", "text"), [
    (15.625e-6, "15.6250E-6"), (1e-9, "1.0000E-9"), (18432.0, "18.4320E+3"), (1.0, "1.0000"), (0.1, "100.0000E-3"),
    (-0.25, "-250.0000E-3"), (999.99999, "1.0000E+3"), (6.25e9, "6.2500E+9"), (0.0, "0.0E+0"),
    (float("nan"), "9.91E+37")])
def test_numbers_are_written_as_engineers_do(value: float, text: str) -> None:
    assert engineering(value) == text


def test_headers_and_short_words(any_scope: Scope) -> None:
    scope = any_scope
    assert scope.ask("CH1:SCAle?") == "100.0000E-3"
    scope.tell("HEADer ON")
    assert scope.ask("CH1:SCAle?") == ":CH1:SCALE 100.0000E-3"
    assert scope.ask("ACQuire:STOPAfter?;MODe?") == ":ACQUIRE:STOPAFTER RUNSTOP;:ACQUIRE:MODE SAMPLE"
    assert scope.ask("*ESE?") == "0"   # a common query has no header
    scope.tell("VERBose 0")
    assert scope.ask("ACQ:STOPA?") == ":ACQ:STOPA RUNST"
    assert scope.ask("TRIG:A:LEV:CH2?") in (":TRIG:A:LEV:CH2 0.0E+0", ":TRIG:A:LEV:CH2 0.0000")
    scope.tell("*RST")
    assert scope.ask("HEADer?") == ":HEAD 1"   # a reset leaves headers as they are
    scope.tell("HEADer OFF;*ESE 8")
    scope.tell("FACtory")
    assert scope.ask("HEADer?") == ":HEADER 1"
    assert scope.ask("*ESE?") == "0"


def test_identity_follows_the_pattern_of_the_maker(any_scope: Scope) -> None:
    maker, model, serial, firmware = any_scope.ask("*IDN?").split(",")
    assert (maker, serial) == ("TEKTRONIX", "C1")
    assert model in ("MSO54", "MSO64", "MSO5104B", "DPO7254C")
    assert firmware.startswith("CF:91.1CT FV:")


def test_the_available_sources_are_the_channels_that_are_on(mso: Scope) -> None:
    assert mso.ask("DATa:SOUrce:AVAILable?") == "CH1"


def test_the_probe_that_the_driver_of_the_maker_asks_for(any_scope: Scope) -> None:
    """tm_devices 3.7.0, tekscope.py; the maker's description of the command: N/A is a probe without a serial number."""
    assert any_scope.ask("CH1:PROBE:ID:SERNUMBER?;:CH1:PROBE:ID:TYPE?") == '"N/A";"1X"'


def test_the_kind_of_probe_of_the_4_5_and_6_series(mso: Scope) -> None:
    assert mso.ask("CH1:PROBETYPE?") == "ANALOG" and mso.events() == []


def test_events_wait_for_the_register(any_scope: Scope) -> None:
    scope = any_scope
    assert scope.ask("EVMsg?") == '0,"No events to report - queue empty"'
    scope.tell("NONSENSE 1")
    assert scope.ask("EVENT?") == "1"   # pending *ESR?
    assert scope.ask("EVMsg?") == '1,"No events to report - new events pending *ESR?"'
    assert scope.ask("*ESR?") == "32"
    assert scope.ask("EVQty?") == "1"
    assert scope.ask("EVMsg?") == '113,"Undefined header; NONSENSE"'
    assert scope.ask("EVENT?") == "0"
    scope.tell("CH1:COUPling XY")
    scope.tell("CH9:SCAle 1")
    assert scope.ask("*ESR?") == "48"
    assert scope.ask("*ESR?") == "0"   # which forgets the events that were not read
    assert scope.ask("ALLEv?") == '0,"No events to report - queue empty"'
    scope.tell("DESE 16;NONSENSE")
    assert scope.ask("*ESR?") == "0"   # command errors are masked
    assert scope.ask("*STB?") == "0"   # no bit for the queue


def test_there_is_no_scpi_error_queue(any_scope: Scope) -> None:
    any_scope.tell("SYSTem:ERRor?")
    assert any_scope.events() == [113]
    any_scope.tell("STATus:OPERation:CONDition?")
    assert any_scope.events() == [113]


@pytest.mark.parametrize(("message", "question", "got", "event"), [
    ("CH1:SCAle 20", "CH1:SCAle?", "10.0000", 222),
    ("CH1:POSition 9", "CH1:POSition?", "8.0000", 222),
    ("CH1:OFFSet 50", "CH1:OFFSet?", "10.0000", 222),
    ("ACQuire:NUMAVg 1", "ACQuire:NUMAVg?", "2", 222),
    ("CH1:SCAle 1 K", "CH1:SCAle?", "100.0000E-3", 131),
    ("CH1:COUPling 3", "CH1:COUPling?", "DC", 104),
    ("ACQuire:STOPAfter SOON", "ACQuire:STOPAfter?", "RUNSTOP", 224),
    ("CH1:SCAle", "CH1:SCAle?", "100.0000E-3", 109),
    ("CH1:SCAle 1,2", "CH1:SCAle?", "100.0000E-3", 108),
    ("DATa:SOUrce CH7", "DATa:SOUrce?", "CH1", 224),
])
def test_limits_and_mistakes(any_scope: Scope, message: str, question: str, got: str, event: int) -> None:
    any_scope.tell(message)
    assert any_scope.ask(question) == got
    assert any_scope.events() == [event]


def test_fifty_ohm_limits_the_scale_and_refuses_ac(any_scope: Scope) -> None:
    scope = any_scope
    scope.tell("CH1:SCAle 5;COUPling AC;TERmination 50")
    assert scope.ask("CH1:TERmination?;SCAle?;COUPling?") == "50.0000;1.0000;DC"
    assert scope.circuit.given["R_s_1_input"] == 50.0
    scope.tell("CH1:COUPling AC")
    assert scope.events() == [221]
    scope.tell("CH1:TERmination 1E6")
    assert scope.ask("CH1:TERmination?") == "1.0000E+6"
    assert scope.circuit.given["R_s_1_input"] == 1e6
    scope.tell("CH2:TERmination 50")
    assert scope.circuit.given["R_s_2_input"] == 500.0   # through the tenfold probe of this bench


def test_an_attenuation_changes_scale_and_offset(mso: Scope) -> None:
    mso.tell("CH1:SCAle 0.2;OFFSet 0.5;PROBEFunc:EXTAtten 10")
    assert mso.ask("CH1:SCAle?;OFFSet?;PRObe:GAIN?") == "2.0000;5.0000;1.0000"


@pytest.mark.parametrize(("wanted", "got"), [("FULl", "1.0000E+9"), ("20E6", "20.0000E+6"), ("100E6", "250.0000E+6"),
                                             ("1E9", "1.0000E+9")])
def test_bandwidths_are_those_of_the_filters(mso: Scope, wanted: str, got: str) -> None:
    mso.tell(f"CH1:BANdwidth {wanted}")
    assert mso.ask("CH1:BANdwidth?") == got


def test_horizontal_modes_of_the_mso(mso: Scope) -> None:
    mso.tell("HORizontal:SCAle 40E-9")
    assert mso.ask("HORizontal:SAMPLERate?;RECOrdlength?;SCAle?") == "6.2500E+9;2500;40.0000E-9"
    mso.tell("HORizontal:RECOrdlength 5000")   # only in the mode MANual
    assert mso.events() == [221]
    mso.tell("HORizontal:MODe MANual;MODe:SAMPLERate 1E9")
    mso.tell("HORizontal:MODe:RECOrdlength 10000")
    assert mso.ask("HORizontal:MODe:SAMPLERate?;RECOrdlength?;SCAle?") == "1.2500E+9;10000;800.0000E-9"
    mso.tell("HORizontal:MODe:SCAle 1.6E-6")   # the record follows
    assert mso.ask("HORizontal:RECOrdlength?;ACQDURATION?") == "20000;16.0000E-6"
    mso.tell("HORizontal:MODe:RECOrdlength 1E12")
    assert mso.events() == [222]
    assert mso.ask("HORizontal:RECOrdlength?") == "62500000"
    mso.tell("HORizontal:MODE CONStant")
    assert mso.events() == [224]


def test_horizontal_modes_of_the_dpo(dpo: Scope) -> None:
    assert dpo.ask("HORizontal:MODE?") == "AUTO"
    dpo.tell("HORizontal:MODE CONStant;MODE:SAMPLERate 5E9")
    dpo.tell("HORizontal:MODE:SCAle 1E-6")
    assert dpo.ask("HORizontal:MODE:SAMPLERate?;RECOrdlength?") == "5.0000E+9;50000"
    dpo.tell("HORizontal:MODE MANual;MODE:RECOrdlength 20000")
    dpo.tell("HORizontal:MODE:SCAle 1E-3")   # can only be read in the mode MANual
    assert dpo.events() == [221]
    assert dpo.ask("HORizontal:ACQLENGTH?;MODE:SCAle?") == "20000;400.0000E-9"
    dpo.tell("HORizontal:RECOrdlength 1000")   # a header of the 5 Series
    assert dpo.events() == [113]


def test_channels_share_the_sample_rate_of_a_dpo(dpo: Scope) -> None:
    dpo.tell("HORizontal:MODE:SCAle 10E-9")
    rates = []
    for number in (1, 2, 3):
        dpo.tell(f"SELect:CH{number} ON")
        rates.append(dpo.ask("HORizontal:MODE:SAMPLERate?"))
    assert rates == ["40.0000E+9", "20.0000E+9", "10.0000E+9"]


def test_a_waveform_that_is_not_on_has_no_reply(any_scope: Scope) -> None:
    scope = any_scope
    scope.tell("DATa:SOUrce CH2")
    for question in ("CURVe?", "WFMOutpre:XUNit?", "WFMOutpre?"):
        scope.tell(question)
        assert scope.events() == [2244]


def test_formats_follow_each_other(any_scope: Scope) -> None:
    scope = any_scope
    assert scope.ask("DATa:ENCdg?;:WFMOutpre:ENCdg?;BN_Fmt?;BYT_Or?") == "RIBINARY;BINARY;RI;MSB"
    scope.tell("DATa:ENCdg SRPbinary")
    assert scope.ask("WFMOutpre:ENCdg?;BN_Fmt?;BYT_Or?") == "BINARY;RP;LSB"
    scope.tell("WFMOutpre:BN_Fmt RI;BYT_Or LSB")
    assert scope.ask("DATa:ENCdg?") == "SRIBINARY"
    scope.tell("WFMOutpre:ENCdg ASCii")
    assert scope.ask("DATa:ENCdg?") == "ASCII"
    scope.tell("WFMOutpre:BYT_Nr 3")
    assert scope.events() == [222]
    scope.tell("DATa:STARt 0")
    assert scope.events() == [222]


def test_commands_of_the_other_series_are_unknown(mso: Scope, dpo: Scope) -> None:
    for message in ("HORizontal:MAIn:DELay:TIMe 0", "MEASUrement:IMMed:TYPe FREQuency",
                    "TRIGger:A:READY?", "HARDCopy STARt", "TRIGger:A:PULse:CLAss WIDth"):
        mso.tell(message)
        assert mso.events() == [113], message
    for message in ("DISplay:GLObal:CH1:STATE ON", "HORizontal:DELay:TIMe 0", "MEASUrement:ADDMEAS FREQUENCY",
                    "SAVe:IMAGe 'x.png'", "DATa:WIDth 2", "TRIGger:A:PULSEWidth:WHEn LESSthan"):
        dpo.tell(message)
        assert dpo.events() == [113], message


def test_trigger_levels_have_limits(mso: Scope, dpo: Scope) -> None:
    mso.tell("TRIGger:A:LEVel:CH1 5")   # 8 divisions of 100 mV
    assert mso.events() == [222]
    assert mso.ask("TRIGger:A:LEVel:CH1?") == "800.0000E-3"
    mso.tell("TRIGger:A:LEVel:CH1 TTL;:CH2:SCAle 1;:TRIGger:A:LEVel:CH2 TTL")
    assert mso.ask("TRIGger:A:LEVel:CH2?") == "1.4000"
    dpo.tell("CH1:SCAle 1;:TRIGger:A:LEVel 0.5")
    assert dpo.ask("TRIGger:A:LEVel?;LEVel:CH1?") == "500.0000E-3;500.0000E-3"
    dpo.tell("TRIGger:A SETLevel")
    assert dpo.ask("TRIGger:A:LEVel:CH1?") == "0.0000"


def test_fast_frame_has_room_for_so_many(mso: Scope) -> None:
    mso.tell("HORizontal:MODe MANual;MODe:RECOrdlength 62500;:HORizontal:FASTframe:STATE ON;COUNt 5000")
    assert mso.ask("HORizontal:FASTframe:MAXFRames?;COUNt?") == "1000;5000"
    mso.tell("ACQuire:MODe AVErage")
    assert mso.events() == [221]
    assert mso.ask("ACQuire:MODe?") == "SAMPLE"


def test_reset_and_files(mso: Scope) -> None:
    mso.tell("CH1:SCAle 1;*RST")
    assert mso.ask("CH1:SCAle?") == "100.0000E-3"
    mso.tell("FILESystem:READFile 'C:/none.png'")
    assert mso.events() == [256]
    mso.tell("SAVe:IMAGe 'C:/none.gif'")
    assert mso.events() == [224]


def test_a_channel_is_shown_by_either_header(mso: Scope) -> None:
    assert mso.ask("SELect:CH2?") == mso.ask("DISplay:GLObal:CH2:STATE?") == "0"
    mso.tell("SELect:CH2 ON")
    assert mso.ask("SELect:CH2?") == mso.ask("DISplay:GLObal:CH2:STATE?") == "1"
    mso.tell("DISplay:WAVEform OFF")
    assert mso.ask("DISplay:WAVEform?") == "0" and mso.events() == []
    mso.tell("HEADer ON")
    assert mso.ask("SELect:CH1?") == ":SELECT:CH1 1"


@pytest.mark.parametrize("header", ["TRIG", "TRIGG", "TRIGGE", "TRIGGER"])
def test_a_word_may_have_any_length_from_its_capitals_on(any_scope: Scope, header: str) -> None:
    """The programmer's guides, "Abbreviating"; an example of theirs is ACQ:NUMA."""
    any_scope.tell(f"{header}:A:EDGE:SOUR CH2;SLOP FALL")
    any_scope.tell("ACQ:NUMA 4;MOD AVER;:HORIZ:FASTF:COUN 3;:CH1:SCAL 0.2;:DATA:SOUR CH2;ENCD SRIB")
    assert any_scope.events() == []
    assert any_scope.ask("TRIGger:A:EDGE:SOUrce?;SLOpe?") == "CH2;FALL"
    assert any_scope.ask("ACQuire:NUMAVg?;MODe?;:DATa:SOUrce?;ENCdg?") == "4;AVERAGE;CH2;SRIBINARY"
    assert any_scope.ask("CH1:SCA?") == any_scope.ask("CH1:SCALE?") == "200.0000E-3"
    assert any_scope.ask("HORizontal:FASTframe:COUNt?") == "3"
    for wrong in ("TRI:A:MODE AUTO", "ACQ:NUM 4", "TRIGGERS:A:MODE AUTO"):
        any_scope.tell(wrong)
        assert any_scope.events() == [113]
    any_scope.tell("ACQ:MODE AV")
    assert any_scope.events() == [224]


def test_an_abbreviated_program_acquires_what_it_switched_on(mso: Scope) -> None:
    mso.tell("disp:glob:ch1:state 0;:disp:globa:ch2:state 1;:horiz:mode manu;:horiz:mode:record 2000")
    assert mso.events() == []
    assert mso.ask("DATa:SOUrce:AVAILable?;:HORizontal:RECOrdlength?") == "CH2;2000"


@pytest.mark.parametrize("word", ["AUX", "AUXI", "aux", "AuxiL", "AUXILIAR", "AUXILIARY"])
@pytest.mark.parametrize("model", ["tektronix_mso44", "tektronix_mso64", "tektronix_mso5104b", "tektronix_dpo7254c"])
def test_the_auxiliary_input_has_any_length_of_its_word(model: str, word: str) -> None:
    scope = Scope(model)
    scope.tell(f"TRIGger:A:EDGE:SOUrce {word}")
    assert scope.events() == [] and scope.ask("TRIGger:A:EDGE:SOUrce?") == "AUXILIARY"


@pytest.mark.parametrize(("model", "word"), [
    ("tektronix_mso54", "AUX"), ("tektronix_mso54", "AUXI"), ("tektronix_mso64", "AU"), ("tektronix_mso64", "AUXX"),
    ("tektronix_dpo7254c", "AUXILIARYS"),
])
def test_an_auxiliary_input_that_is_not_there_is_refused(model: str, word: str) -> None:
    scope = Scope(model)
    scope.tell(f"TRIGger:A:EDGE:SOUrce {word}")
    assert scope.events() == [224] and scope.ask("TRIGger:A:EDGE:SOUrce?") == "CH1"


@pytest.mark.parametrize(("seconds", "text"), [
    (8e-9, "8.0E-9"), (160e-12, "160.0E-12"), (100.4e-12, "100.4000E-12"), (3.2e-9, "3.2000E-9"), (1e-6, "1.0E-6"),
    (1.01e-6, "1.0100E-6"), (999.9e-9, "999.9000E-9"),
])
def test_only_a_whole_interval_is_written_short(mso: Scope, seconds: float, text: str) -> None:
    assert mso.scope.waveform_commands.time_text(seconds) == text


@pytest.mark.parametrize("channel", ["CH" + 5000 * "1", "CH5000000000", "CH\xb2", "CH0"])
def test_a_channel_that_does_not_exist_is_refused(mso: Scope, channel: str) -> None:
    for header in ("DATA:SOUR", "TRIG:A:EDGE:SOUR"):
        mso.tell(f"{header} {channel}")
        assert mso.events() == [224]
