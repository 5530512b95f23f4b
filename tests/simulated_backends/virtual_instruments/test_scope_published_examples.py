"""The examples of the maker's programmer's guides, message by message, and set-ups as they keep them.

"VISA Examples" (Python, Visual Basic, C) of the InfiniiVision programmer's guides: the capture and the analysis. They
measure the demo terminal of the scope, which is the generator here: a square wave of 1 kHz and 2.5 V.
"""

import struct
from typing import Any

import numpy as np
import pytest

from tsbench.simulated_backends.scpi.syntax import block_payload

MODELS = ("keysight_dsox1102g", "keysight_dsox2024a", "keysight_dsox3054a", "keysight_dsox3054t", "keysight_dsox4104a",
          "keysight_msox4154a", "keysight_dsox6004a")


class Example:
    """Sends as the examples do: after each message the error queue is looked at."""

    def __init__(self, bench: Any) -> None:
        self.bench = bench

    def do(self, message: str | bytes) -> None:
        self.bench.send(self.bench.scope, message)
        for _ in range(2000):
            if not self.bench.scope.exchange.will_answer:
                break
            self.bench.bench.clock.wait(2e-3)
        assert self.query(":SYSTem:ERRor?").startswith("+0,"), message

    def query(self, message: str) -> str:
        return str(self.bench.ask(self.bench.scope, message, timeout=10.0))

    def block(self, message: str) -> bytes:
        payload = block_payload(self.bench.ask_bytes(self.bench.scope, message, timeout=10.0))
        assert payload is not None, message
        return payload


def example(table: Any, model: str) -> Example:
    bench = table(imperfections=False, scope=model)
    bench.send(bench.generator, "OUTP:LOAD INF", "APPL:SQU 1e3, 2.5, 1.25")
    return Example(bench)


@pytest.mark.parametrize("model", MODELS)
def test_the_first_example_runs_unchanged(table: Any, model: str) -> None:
    scope = example(table, model)
    scope.do("*CLS")
    scope.do("*RST")
    scope.do(":AUToscale")
    scope.do(":TRIGger:MODE EDGE")
    assert scope.query(":TRIGger:MODE?") == "EDGE"
    scope.do(":TRIGger:EDGE:SOURce CHANnel1")
    assert scope.query(":TRIGger:EDGE:SOURce?") == "CHAN1"
    scope.do(":TRIGger:EDGE:LEVel 1.5")
    assert float(scope.query(":TRIGger:EDGE:LEVel?")) == 1.5
    scope.do(":TRIGger:EDGE:SLOPe POSitive")
    assert scope.query(":TRIGger:EDGE:SLOPe?") == "POS"
    setup = scope.block(":SYSTem:SETup?")
    scope.do(":CHANnel1:SCALe 0.05")
    assert float(scope.query(":CHANnel1:SCALe?")) == pytest.approx(0.05)
    scope.do(":CHANnel1:OFFSet -1.5")
    assert float(scope.query(":CHANnel1:OFFSet?")) == pytest.approx(-1.5)
    scope.do(":TIMebase:SCALe 0.0002")
    assert float(scope.query(":TIMebase:SCALe?")) == pytest.approx(2e-4)
    scope.do(":TIMebase:POSition 0.0")
    assert float(scope.query(":TIMebase:POSition?")) == 0.0
    scope.do(":ACQuire:TYPE NORMal")
    assert scope.query(":ACQuire:TYPE?") == "NORM"
    scope.do(b":SYSTem:SETup #8%08d" % len(setup) + setup)
    scope.do(":DIGitize CHANnel1")
    # the analysis
    scope.do(":MEASure:SOURce CHANnel1")
    assert scope.query(":MEASure:SOURce?") == "CHAN1,NONE"
    scope.do(":MEASure:FREQuency")
    assert float(scope.query(":MEASure:FREQuency?")) == pytest.approx(1e3, rel=1e-3)
    scope.do(":MEASure:VAMPlitude")
    probe = float(scope.query(":CHANnel1:PROBe?"))   # 10 after a reset of a 1000X
    top = 2.5 * 1e4 / 1.005e4 * probe
    assert float(scope.query(":MEASure:VAMPlitude?")) == pytest.approx(top, abs=0.06 * probe)
    scope.do(":HARDcopy:INKSaver OFF")
    assert scope.block(":DISPlay:DATA? PNG, COLor")[:8] == b"\x89PNG\r\n\x1a\n"
    scope.do(":WAVeform:POINts:MODE RAW")
    assert scope.query(":WAVeform:POINts:MODE?") == "RAW"
    scope.do(":WAVeform:POINts 10240")
    assert 5000 < int(scope.query(":WAVeform:POINts?")) <= 10240
    scope.do(":WAVeform:SOURce CHANnel1")
    assert scope.query(":WAVeform:SOURce?") == "CHAN1"
    scope.do(":WAVeform:FORMat BYTE")
    assert scope.query(":WAVeform:FORMat?") == "BYTE"
    fields = scope.query(":WAVeform:PREamble?").split(",")
    assert [int(field) for field in (*fields[:2], fields[3], fields[6])] == [0, 0, 1, 0]
    numbers = {name: float(scope.query(f":WAVeform:{name}?")) for name in (
        "XINCrement", "XORigin", "YINCrement", "YORigin", "YREFerence")}
    data = scope.block(":WAVeform:DATA?")
    values = struct.unpack(f"{len(data)}B", data)
    assert len(values) == int(fields[2])
    volts = (np.array(values) - numbers["YREFerence"]) * numbers["YINCrement"] + numbers["YORigin"]
    assert volts.max() == pytest.approx(top, abs=0.06 * probe) and volts.min() == pytest.approx(0.0, abs=0.06 * probe)
    middle = np.argmin(np.abs(numbers["XORigin"] + numbers["XINCrement"] * np.arange(len(volts))))
    if probe == 1:   # it was triggered by a rising edge; 1.5 V of 25 V are less than the hysteresis
        assert volts[middle + 20] > 1.5 > volts[middle - 20]


def test_the_example_of_segmented_memory(table: Any) -> None:
    scope = example(table, "keysight_dsox3054t")
    for message in (":CHANnel1:RANGe 4;OFFSet 1", ":TIMebase:RANGe 100e-6", ":TRIGger:LEVel 1.0",
                    ":ACQuire:MODE SEGMented", ":ACQuire:SEGMented:COUNt 25", ":DIGitize CHANnel1",
                    ":MEASure:PWIDth CHANnel1", ":MEASure:VTOP CHANnel1", ":ACQuire:SEGMented:ANALyze"):
        scope.do(message)
    assert scope.query(":ACQuire:MODE?;:WAVeform:SEGMented:COUNt?") == "SEGM;+25"
    tags = []
    for index in range(1, 26):
        scope.do(f":ACQuire:SEGMented:INDex {index}")
        tags.append(float(scope.query(":WAVeform:SEGMented:TTAG?")))
    assert tags == pytest.approx(1e-3 * np.arange(25), abs=1e-8)
    assert scope.block(":WAVeform:SEGMented:XLISt? TTAG").count(b",") == 24
    results = scope.query(":MEASure:RESults?").split(",")
    assert results[7] == "Top(1)" and int(float(results[13])) >= 25


def test_set_ups_are_kept_in_memories_and_files_and_learnt(table: Any) -> None:
    scope = example(table, "keysight_dsox3054t")
    scope.do(":CHANnel1:SCALe 0.2;:TIMebase:SCALe 1e-5;:CHANnel2:LABel 'GATE'")
    learnt = scope.bench.ask_bytes(scope.bench.scope, "*LRN?")
    assert learnt.startswith(b":SYST:SET #8")
    for store, reset, recall in (("*SAV 3", "*RST", "*RCL 3"), (":SAVE:SETup 4", "*RST", ":RECall:SETup 4"),
                                 (':SAVE:SETup "here.scp"', "*RST", ':RECall:SETup "here"'),
                                 (":SAVE:SETup:STARt", "*RST", ":RECall:SETup:STARt")):
        scope.do(store)
        scope.do(reset)
        assert float(scope.query(":CHANnel1:SCALe?")) == 5.0
        scope.do(recall)
        assert float(scope.query(":CHANnel1:SCALe?")) == pytest.approx(0.2)
        assert scope.query(":CHANnel2:LABel?") == '"GATE"'
    scope.do("*RST")
    scope.do(learnt)
    assert float(scope.query(":TIMebase:SCALe?")) == pytest.approx(1e-5)
    bench = scope.bench
    bench.send(bench.scope, "*RCL 7", "*RCL 10", ':RECall:SETup "nowhere"')
    assert bench.errors(bench.scope) == [-230, -222, -256]


def test_state_and_serial_number(table: Any) -> None:
    scope = example(table, "keysight_dsox3054t")
    assert scope.query(":SERial?") == "SIM2"
    assert scope.query(":RSTate?") == "RUN"
    scope.do(":TRIGger:SWEep NORMal;:TRIGger:LEVel 9;:CHANnel1:RANGe 40;:TRIGger:LEVel 9")
    scope.do(":SINGle")
    assert scope.query(":RSTate?") == "SING"
    scope.do(":STOP")
    assert scope.query(":RSTate?;:STATus? CHANnel1") == "STOP;1"
    scope.do(":BLANk CHANnel1")
    scope.do(":VIEW FUNCtion1")
    assert scope.query(":STATus? CHANnel1;:STATus? FUNCtion1;:CHANnel1:DISPlay?") == "0;1;0"
    assert scope.query(":OPEE?;:HWERegister:CONDition?;:MTERegister?") == "+0;+0;+0"


def test_pictures_of_the_screen(table: Any) -> None:
    scope = example(table, "keysight_dsox3054t")
    scope.do(":AUToscale")
    sizes = {form: len(scope.block(f":DISPlay:DATA? {form}")) for form in ("BMP", "BMP8bit")}
    assert sizes == {"BMP": 54 + 800 * 480 * 3, "BMP8bit": 54 + 1024 + 800 * 480}
    assert scope.block(":DISPlay:DATA? BMP8bit, GRAYscale")[:2] == b"BM"


def test_a_two_channel_model_has_no_third_channel(table: Any) -> None:
    bench = table(imperfections=False, scope="keysight_dsox1102g")
    bench.send(bench.scope, ":CHAN3:DISP ON", ":DIG CHAN3", ":MEAS:FREQ? CHAN3", ":TRIG:SOUR CHAN4")
    assert bench.errors(bench.scope) == [-114, -224, -224, -224]
    assert bench.ask(bench.scope, ":CHAN1:PROB?;RANG?") == "+1.00000000E+01;+4.00000000E+01"
    assert bench.scope.terminals == ("1", "2")


@pytest.mark.parametrize(("shape", "low", "high", "period"), [
    ("APPL:SQU 1e3, 2.5, 1.25", 0.0, 2.5, 1e-3), ("APPL:SIN 50e3, 0.4, -0.1", -0.3, 0.1, 20e-6)])
def test_autoscale_shows_two_periods_or_more_of_all_of_a_signal(
    table: Any, shape: str, low: float, high: float, period: float,
) -> None:
    scope = example(table, "keysight_dsox3054t")
    scope.bench.send(scope.bench.generator, shape)
    scope.do(":TIMebase:POSition 1;:TRIGger:SOURce CHANnel3;:TRIGger:SWEep NORMal")
    scope.do(":AUToscale")
    span, offset = (float(scope.query(f":CHANnel1:{word}?")) for word in ("RANGe", "OFFSet"))
    assert offset - span / 2 < low < high < offset + span / 2 and span < 3 * (high - low)
    assert 2 * period <= float(scope.query(":TIMebase:RANGe?")) <= 10 * period
    assert scope.query(":TRIGger:SOURce?;SWEep?;:TIMebase:POSition?") == "CHAN1;AUTO;+0.000000000000E+00"
    assert float(scope.query(":MEASure:FREQuency?")) == pytest.approx(1 / period, rel=1e-2)
