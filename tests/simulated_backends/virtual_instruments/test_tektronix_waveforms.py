"""What the virtual Tektronix scopes acquire: codes, preambles, frames, measurements, pictures; and their data sheet.

The messages are those of published scripts for the DPO5000, DPO7000 and the 5 Series MSO.
"""

from typing import Any

import numpy as np
import pytest

from tsbench.simulated_backends.scpi.syntax import block_payload
from tsbench.simulated_backends.virtual_instruments.tektronix_mso import data_sheet as sheets

MSO, DPO = "tektronix_mso54", "tektronix_dpo7254c"


class Scope:
    """A scope that looks at a square wave of 100 kHz between 0 and 1 V."""

    def __init__(self, table: Any, model: str, imperfections: bool = False, **options: Any) -> None:
        self.bench = table(imperfections=imperfections, scope=model, **options)
        self.bench.send(self.bench.generator, "OUTP:LOAD INF", "APPL:SQU 1e5, 1.0, 0.5")
        self.dpo = "dpo" in model
        self.tell("*RST;*CLS", "HEADer OFF", "CH1:SCAle 0.2;OFFSet 0.5", "TRIGger:A:LEVel:CH1 0.5",
                  "TRIGger:A:MODe NORMal", "HORizontal:MODe MANual")

    def tell(self, *messages: str) -> None:
        self.bench.send(self.bench.scope, *messages)

    def ask(self, message: str) -> str:
        return str(self.bench.ask(self.bench.scope, message, timeout=10.0))

    def acquire(self, rate: float = 1.25e9, points: int = 25_000) -> None:
        self.tell(f"HORizontal:MODe:SAMPLERate {rate:g}", f"HORizontal:MODe:RECOrdlength {points}",
                  f"DATa:STOP {points}", "ACQuire:STOPAfter SEQuence", "ACQuire:STATE ON")
        assert self.ask("*OPC?") == "1"

    def codes(self, kind: str) -> Any:
        payload = block_payload(self.bench.ask_bytes(self.bench.scope, "CURVe?", timeout=10.0))
        assert payload is not None
        return np.frombuffer(payload, dtype=kind)

    def volts(self, kind: str) -> Any:
        multiplier, offset, zero = (float(self.ask(f"WFMOutpre:{name}?")) for name in ("YMUlt", "YOFf", "YZEro"))
        return (self.codes(kind).astype(float) - offset) * multiplier + zero

    def events(self) -> str:
        return str(self.ask("*ESR?;:ALLEv?"))


@pytest.mark.parametrize("model", [MSO, DPO, "tektronix_mso5104b"])
@pytest.mark.parametrize(("encoding", "width", "kind"), [
    ("RIBinary", 1, "i1"), ("RIBinary", 2, ">i2"), ("SRIbinary", 2, "<i2")])
def test_every_format_tells_the_same_volts(table: Any, model: str, encoding: str, width: int, kind: str) -> None:
    scope = Scope(table, model)
    scope.tell("CH1:POSition -1", f"DATa:ENCdg {encoding}", f"WFMOutpre:BYT_Nr {width}")
    scope.acquire()
    assert scope.ask("WFMOutpre:NR_Pt?") == "25000"
    volts = scope.volts(kind)
    low, high = np.percentile(volts, [25, 75])
    assert low == pytest.approx(0.0, abs=0.01)
    assert high == pytest.approx(1.0, abs=0.015)
    increment, sample = float(scope.ask("WFMOutpre:XINcr?")), int(scope.ask("WFMOutpre:PT_Off?"))
    assert increment == pytest.approx(0.8e-9, rel=1e-6)
    assert volts[sample - 50] < 0.1   # it triggers on the rising edge
    assert volts[sample + 50] > 0.9
    assert scope.events().startswith("0;")


def test_unsigned_and_written_codes(table: Any) -> None:
    scope = Scope(table, DPO)
    scope.acquire(points=5000)
    scope.tell("DATa:ENCdg RIBinary")
    signed = scope.codes("i1").astype(int)
    scope.tell("DATa:ENCdg RPBinary")
    assert (scope.codes("u1").astype(int) - signed == 128).all()
    assert scope.ask("WFMOutpre:YOFf?") == "128.0000"
    scope.tell("DATa:ENCdg ASCIi")
    assert [int(part) for part in scope.ask("CURVe?").split(",")] == signed.tolist()
    scope.tell("DATa:STARt 101;STOP 200")
    assert [int(part) for part in scope.ask("CURVe?").split(",")] == signed[100:200].tolist()
    assert scope.ask("WFMOutpre:NR_Pt?;PT_Off?") == f"100;{2500 - 100}"


def test_preambles_have_the_fields_of_the_makers(table: Any) -> None:
    mso = Scope(table, MSO)
    mso.tell("CH1:SCAle 0.1;OFFSet 2E-3", "TRIGger:A:LEVel:CH1 0.1", "DATa:STARt 1;ENCdg RPBinary;WIDth 2",
             "WFMOutpre:BYT_Or LSB", "VERBose OFF")
    mso.acquire(rate=6.25e9, points=5000)
    assert mso.ask("WFMOutpre?") == (
        '2;16;BIN;RP;INT;LSB;"Ch1, DC coupling, 100.0mV/div, 80.00ns/div, 5000 points, Sample mode";5000;Y;LIN;"s";'
        '160.0E-12;0.0E+0;2500;"V";15.6250E-6;0.0E+0;2.0000E-3;TIME;ANALOG;0.0E+0;0.0E+0;0.0E+0;1')
    assert mso.ask("DATa?") == "SRP;CH1;1;5000;1;1000000;2"
    mso.tell("HEADer ON")
    assert mso.ask("DATa?") == ":DAT:ENC SRP;SOU CH1;STAR 1;STOP 5000;FRAMESTAR 1;FRAMESTOP 1000000;WID 2"
    assert mso.ask("WFMOutpre?").startswith(":WFMO:BYT_N 2;BIT_N 16;ENC BIN;BN_F RP;ASC_F INT;")
    dpo = Scope(table, DPO)
    dpo.tell("CH1:SCAle 0.1;OFFSet 0;POSition 2.88", "TRIGger:A:LEVel:CH1 0.1", "WFMOutpre:BYT_Nr 2", "VERBose OFF")
    dpo.acquire(rate=1e9, points=10_000)
    assert dpo.ask("WFMOutpre?") == (
        '2;16;BIN;RI;MSB;"Ch1, DC coupling, 100.0mV/div, 1.000us/div, 10000 points, Sample mode";10000;Y;"s";1.0000E-9;'
        '0.0000;5000;"V";15.6250E-6;18.4320E+3;0.0000;1')
    assert dpo.ask("DATa?") == "RIB;CH1;1;10000;1;100000"


def test_the_words_of_a_preamble_are_those_of_instruments(table: Any) -> None:
    """The reply that a public program notes of a 4/5/6 Series MSO, with the settings that its own text names."""
    scope = Scope(table, MSO)
    scope.tell("CH1:SCAle 0.5", "DATa:ENCdg SRIbinary;WIDth 2")
    scope.acquire(rate=125e6, points=1250)
    reply = scope.ask("WFMOutpre?")
    assert reply.startswith('2;16;BINARY;RI;INTEGER;LSB;"Ch1, DC coupling, 500.0mV/div, 1.000us/div, 1250 points, '
                            'Sample mode";1250;Y;LINEAR;"s";8.0E-9;')
    assert reply.split(";")[15] == "78.1250E-6"
    assert reply.endswith(";TIME;ANALOG;0.0E+0;0.0E+0;0.0E+0;1")
    assert scope.ask("WFMOutpre:ASC_Fmt?;XINcr?") == "INTEGER;8.0E-9"


@pytest.mark.parametrize(("scale", "text"), [
    ("0.1", "100.0mV/div"), ("0.02", "20.00mV/div"), ("0.005", "5.000mV/div"), ("1", "1.000V/div"),
    ("0.99996", "1000mV/div"),
])
@pytest.mark.parametrize("model", [MSO, DPO])
def test_the_name_of_a_waveform_has_four_digits_and_no_point_behind_them(
    table: Any, model: str, scale: str, text: str,
) -> None:
    scope = Scope(table, model)
    scope.tell(f"CH1:SCAle {scale};OFFSet 0", "TRIGger:A:MODe AUTO")
    scope.acquire(rate=312.5e6 if model == MSO else 500e6, points=1000)
    assert scope.ask("WFMOutpre:WFId?").split(", ")[2] == text
    assert scope.ask("WFMOutpre:XINcr?") == ("3.2000E-9" if model == MSO else "2.0000E-9")


@pytest.mark.parametrize(("model", "rate", "step"), [
    (MSO, 3.125e9, 16), (MSO, 6.25e9, 256), ("tektronix_mso64", 12.5e9, 16), (DPO, 1e9, 256)])
def test_resolution_depends_on_the_sample_rate(table: Any, model: str, rate: float, step: int) -> None:
    """12 bits up to half the highest sample rate, 8 bits at it: the other bits of a word are zero."""
    scope = Scope(table, model, imperfections=True)
    scope.tell("DATa:ENCdg SRIbinary", "WFMOutpre:BYT_Nr 2")
    scope.acquire(rate=rate, points=5000)
    codes = scope.codes("<i2").astype(int)
    assert (codes % step == 0).all()
    assert len(np.unique(codes % (2 * step))) == 2


def test_high_resolution_has_less_noise(table: Any) -> None:
    noise = {}
    for mode in ("SAMple", "HIRes"):
        scope = Scope(table, MSO, imperfections=True)
        scope.tell(f"ACQuire:MODe {mode}", "DATa:ENCdg SRIbinary", "WFMOutpre:BYT_Nr 2")
        scope.acquire(rate=25e6, points=1000)
        volts = scope.volts("<i2")
        noise[mode] = np.std(volts[520:580])
    assert noise["HIRes"] < noise["SAMple"] / 5


def test_beyond_the_screen_is_clipped_and_what_is_missing_has_a_code_of_its_own(table: Any) -> None:
    scope = Scope(table, DPO)
    scope.tell("CH1:SCAle 0.05;OFFSet 0", "TRIGger:A:LEVel:CH1 0.2", "DATa:ENCdg RIBinary")
    scope.acquire(points=5000)
    codes = scope.codes("i1")
    assert codes.max() == 127
    assert (codes == 127).sum() > 1000
    scope.tell("TRIGger:A:LEVel:CH1 0.39", "CH1:OFFSet -0.5", "SELect:CH2 ON", "DATa:SOUrce CH2")
    assert set(scope.codes("i1")) == {-128}   # it was off when the record was taken


@pytest.mark.parametrize("model", [MSO, DPO])
def test_frames_come_in_one_block_with_time_stamps(table: Any, model: str) -> None:
    scope = Scope(table, model)
    scope.tell("HORizontal:FASTframe:STATE ON;COUNt 5", "DATa:ENCdg SRIbinary", "WFMOutpre:BYT_Nr 1")
    scope.acquire(points=2000)
    assert scope.ask("ACQuire:NUMFRAMESACQuired?;STATE?;:TRIGger:STATE?") == "5;0;SAVE"
    assert scope.codes("i1").shape == (10_000,)
    assert scope.ask("WFMOutpre:NR_Pt?") == "2000"
    scope.tell("DATa:FRAMESTARt 2;FRAMESTOP 3")
    assert scope.codes("i1").shape == (4000,)
    if scope.dpo:
        stamps = scope.ask("HORizontal:FASTframe:TIMEStamp:ALL:CH1? 1,5")
        parts = [float(part[-15:].replace(" ", "")) * 1e-12 for part in stamps.strip('"').split(",")]
    else:
        stamps = scope.ask("HORizontal:FASTframe:TIMEStamp:ALL?")
        parts = [float(part[-12:]) * 1e-12 for part in stamps.strip('"').split(",")]
    assert np.diff(parts) == pytest.approx([10e-6] * 4, abs=1e-10)   # one a period of the square wave


def test_frames_wait_for_the_re_arming(table: Any) -> None:
    """A trigger within the record and the re-arm time is not taken."""
    scope = Scope(table, DPO)
    scope.bench.send(scope.bench.generator, "APPL:SQU 5e5, 1.0, 0.5")   # every 2 us; a record lasts 1.6 us
    scope.tell("HORizontal:FASTframe:STATE ON;COUNt 4")
    scope.acquire(points=2000)
    stamps = scope.ask("HORizontal:FASTframe:TIMEStamp:ALL:CH1? 1,4")
    parts = [float(part[-15:].replace(" ", "")) * 1e-12 for part in stamps.strip('"').split(",")]
    assert np.diff(parts) == pytest.approx([6e-6] * 3, abs=1e-9)   # 1.6 us + 3.5 us: the third edge after


def test_trigger_states(table: Any) -> None:
    scope = Scope(table, DPO)
    scope.tell("TRIGger:A:LEVel:CH1 1.4", "HORizontal:MODe:RECOrdlength 5000", "ACQuire:STOPAfter SEQuence")
    assert scope.ask("TRIGger:STATE?") in {"ARMED", "READY", "SAVE"}
    scope.tell("ACQuire:STATE RUN")
    for _ in range(5):
        state = scope.ask("TRIGger:STATE?")
    assert state == "READY"
    assert scope.ask("TRIGger:A:READY?;:BUSY?;:ACQuire:STATE?") == "1;1;1"
    scope.tell("TRIGger FORCe")
    for _ in range(20):
        if scope.ask("TRIGger:STATE?") == "SAVE":
            break
    assert scope.ask("BUSY?;:ACQuire:NUMACq?;STATE?") == "0;1;0"
    scope.tell("TRIGger FORCe")   # is ignored unless it waits
    assert scope.ask("ACQuire:STATE?") == "0"


def test_pulse_width_triggers(table: Any) -> None:
    for model, messages in (
            (DPO, ("TRIGger:A:TYPe PULse;PULse:CLAss WIDth;PULse:WIDth:WHEn WIThin",
                   "TRIGger:A:PULse:WIDth:LOWLimit {low};HIGHLimit {high}")),
            (MSO, ("TRIGger:A:TYPe WIDth;PULSEWidth:WHEn WIThin",
                   "TRIGger:A:PULSEWidth:LOWLimit {low};HIGHLimit {high}"))):
        for low, high, seen in ((4e-6, 6e-6, True), (6e-6, 8e-6, False)):   # the pulses last 5 us
            scope = Scope(table, model)
            scope.tell(*(message.format(low=low, high=high) for message in messages), "ACQuire:STOPAfter SEQuence",
                       "ACQuire:STATE ON")
            for _ in range(20):
                state = scope.ask("TRIGger:STATE?")
            assert (state == "SAVE") is seen, (model, low)


def test_immediate_measurements_of_a_dpo(table: Any) -> None:
    scope = Scope(table, DPO)
    scope.acquire(points=50_000)   # four periods
    scope.tell("MEASUrement:IMMed:SOUrce1 CH1")
    for kind, wanted, bound, unit in (
            ("FREQuency", 1e5, 10, "Hz"), ("PERIod", 1e-5, 1e-9, "s"), ("AMPlitude", 1.0, 0.02, "V"),
            ("PK2Pk", 1.0, 0.03, "V"), ("MEAN", 0.5, 0.02, "V"), ("PDUty", 50.0, 0.1, "%"), ("HIGH", 1.0, 0.02, "V"),
            ("PWIdth", 5e-6, 2e-9, "s"), ("RMS", 0.707, 0.02, "V")):
        scope.tell(f"MEASUrement:IMMed:TYPe {kind}")
        assert float(scope.ask("MEASUrement:IMMed:VALue?")) == pytest.approx(wanted, abs=bound), kind
        assert scope.ask("MEASUrement:IMMed:UNIts?") == f'"{unit}"'
    scope.tell("MEASUrement:IMMed:TYPe EYEHeight")
    assert scope.ask("MEASUrement:IMMed:VALue?") == "9.91E+37"
    scope.tell("MEASUrement:MEAS1:TYPe FREQuency;STATE ON")
    scope.acquire(points=50_000)
    assert float(scope.ask("MEASUrement:MEAS1:VALue?")) == pytest.approx(1e5, rel=1e-4)
    assert scope.ask("MEASUrement:MEAS1:COUNt?;UNIts?") == '1;"Hz"'
    scope.tell("MEASUrement:IMMed:SOUrce1 CH3;TYPe MEAN")
    assert scope.ask("MEASUrement:IMMed:VALue?") == "9.91E+37"
    assert '2225,"Measurement error, No waveform to measure; "' in scope.events()


def test_measurements_of_an_mso_are_added(table: Any) -> None:
    scope = Scope(table, MSO)
    scope.acquire(points=50_000)   # it runs after a reset: the first sequence begins anew
    scope.tell("MEASUrement:DELETEALL", "MEASUrement:ADDMEAS FREQUENCY", "MEASUrement:ADDMEAS AMPLITUDE",
               "MEASUrement:MEAS2:SOUrce1 CH1")
    assert scope.ask("MEASUrement:LIST?") == "MEAS1,MEAS2"
    for _ in range(3):
        scope.acquire(points=50_000)
    assert float(scope.ask("MEASUrement:MEAS1:RESUlts:CURRentacq:MEAN?")) == pytest.approx(1e5, rel=1e-4)
    assert float(scope.ask("MEASUrement:MEAS2:RESUlts:ALLAcqs:MEAN?")) == pytest.approx(1.0, abs=0.02)
    assert scope.ask("MEASUrement:MEAS1:RESUlts:ALLAcqs:POPUlation?") == "3"
    scope.tell('MEASUrement:DELete "MEAS1"')
    assert scope.ask("MEASUrement:LIST?") == "MEAS2"


@pytest.mark.parametrize(("model", "messages"), [
    (MSO, ('SAVe:IMAGe "C:/screen.png"',)),
    (DPO, ('HARDCopy:PORT FILE;FILEName "C:/screen.png"', "HARDCopy STARt"))])
def test_a_picture_is_read_as_a_file(table: Any, model: str, messages: tuple[str, ...]) -> None:
    scope = Scope(table, model)
    scope.acquire(points=5000)
    scope.tell(*messages)
    assert scope.ask("*OPC?") == "1"
    picture = scope.bench.ask_bytes(scope.bench.scope, 'FILESystem:READFile "C:/screen.png"', timeout=10.0)
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    assert picture.endswith(b"IEND\xaeB`\x82")
    scope.tell('FILESystem:DELEte "C:/screen.png"', 'FILESystem:READFile "C:/screen.png"')
    assert "256," in scope.events()


@pytest.mark.parametrize("model", [MSO, DPO])
def test_noise_and_errors_are_those_of_the_data_sheet(table: Any, model: str) -> None:
    scope = Scope(table, model, imperfections=True)
    sheet = scope.bench.scope.data_sheet
    scope.tell("CH1:SCAle 0.05;OFFSet 0", "TRIGger:A:LEVel:CH1 0", "DATa:ENCdg SRIbinary", "WFMOutpre:BYT_Nr 2")
    scope.bench.send(scope.bench.generator, "OUTP OFF")
    scope.tell("TRIGger:A:MODe AUTO")
    scope.acquire(rate=2.5e9, points=20_000)
    volts = scope.volts("<i2")
    step = 0.05 / sheets.LEVELS / (16 if model == MSO else 1)
    expected = np.hypot(sheet.noise(0.05), step / np.sqrt(12))
    assert np.std(volts) == pytest.approx(expected, rel=0.25)
    bound = sheet.offset_divisions * 0.05 + sheet.offset_accuracy
    assert abs(np.mean(volts)) <= bound * 1.05


@pytest.mark.parametrize(("limit", "rise"), [("FULl", None), ("20E6", 0.34 / 20e6)])
def test_edges_are_as_slow_as_the_bandwidth(table: Any, limit: str, rise: float | None) -> None:
    scope = Scope(table, MSO)
    scope.tell(f"CH1:BANdwidth {limit}", "DATa:ENCdg SRIbinary", "WFMOutpre:BYT_Nr 2")
    scope.acquire(rate=3.125e9, points=5000)
    volts, interval = scope.volts("<i2"), float(scope.ask("WFMOutpre:XINcr?"))
    edge = volts[2200:2800]
    low, high = np.median(edge[:100]), np.median(edge[-100:])
    ten, ninety = (int(np.argmax(edge > low + part * (high - low))) for part in (0.1, 0.9))
    measured = (ninety - ten) * interval
    source = 4e-9   # of the generator's square wave
    assert measured == pytest.approx(np.hypot(source, rise or 0.34e-9), rel=0.25)
