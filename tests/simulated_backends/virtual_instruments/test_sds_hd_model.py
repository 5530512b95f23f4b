"""The virtual SDS1000X HD and SDS2000X HD: replies of the programming guide, 12 bits, sequence mode."""

import struct
from typing import Any

import numpy as np
import pytest

from benchmarks.acceptance.noting import Notebook
from tsbench.simulated_backends.virtual_instruments.siglent_sds_hd.data_sheet import SDS1104XHD, SDS2204XHD

PULSES = ("*RST", "OUTP1:LOAD INF", "FUNC PULS", "FUNC:PULS:PER 5E-4", "FUNC:PULS:WIDT 1E-4", "VOLT:HIGH 1",
          "VOLT:LOW 0", "OUTP1 ON")


@pytest.fixture
def bench(table: Any) -> Any:
    return table(imperfections=False, scope="siglent_sds2204xhd")


def block(bench: Any, query: str) -> bytes:
    found = bench.ask_bytes(bench.scope, query)
    assert found[:2] == b"#9"
    return bytes(found[11:11 + int(found[2:11])])


def single(bench: Any, *settings: str) -> None:
    bench.send(bench.scope, *settings, ":TRIG:MODE SINGle")
    for _ in range(200):
        if bench.ask(bench.scope, ":TRIG:STAT?") == "Stop":
            return
        bench.bench.clock.wait(1e-3)
    raise AssertionError("the acquisition did not end")


@pytest.mark.parametrize(("message", "query", "reply"), [
    (":CHAN1:SCAL 5.000e-01", ":CHANnel1:SCALe?", "5.00E-01"), (":CHAN1:SCAL 100", ":CHAN1:SCAL?", "1.00E+01"),
    (":CHAN1:OFFS -0.2", ":CHAN1:OFFS?", "-2.00E-01"), (":CHAN1:PROB 10", ":CHAN1:PROB?", "1.00E+01"),
    (":CHAN1:PROB VALue,10", ":CHAN1:PROB?", "1.00E+01"), (":CHAN1:COUP AC", ":CHAN1:COUP?", "AC"),
    (":CHAN1:IMP FIFTy", ":CHAN1:IMP?", "FIFTy"), (":CHAN2:SWIT ON", ":CHAN2:SWIT?", "ON"),
    (":CHAN2:SWIT 1", ":CHAN2:SWIT?", "OFF"), (":CHAN1:BWL 20M", ":CHAN1:BWL?", "20M"),
    (":CHAN1:BWL ON", ":CHAN1:BWL?", "FULL"), (":CHAN1:LAB:TEXT 'TEST'", ":CHAN1:LAB:TEXT?", '"TEST"'),
    (":TIM:SCAL 1E-3", ":TIM:SCAL?", "1.00E-03"), (":TIM:SCAL 3E-3", ":TIM:SCAL?", "2.00E-03"),
    (":TIM:DEL 1E-6", ":TIM:DEL?", "1.00E-06"), (":ACQ:TYPE AVERage,16", ":ACQ:TYPE?", "AVERage,16"),
    (":ACQ:MDEP 20M", ":ACQ:MDEP?", "20M"), (":ACQ:MDEP 7M", ":ACQ:MDEP?", "200M"),
    (":ACQ:RES 10Bits", ":ACQ:RES?", ""), (":TRIG:EDGE:SLOP FALLing", ":TRIG:EDGE:SLOP?", "FALLing"),
    (":TRIG:EDGE:SOUR C2", ":TRIG:EDGE:SOUR?", "C2"), (":TRIG:EDGE:SOUR EX5", ":TRIG:EDGE:SOUR?", "EX5"),
    (":TRIG:EDGE:LEV 0.5", ":TRIG:EDGE:LEV?", "5.00E-01"), (":TRIG:EDGE:LEV 100", ":TRIG:EDGE:LEV?", "4.10E+00"),
    (":TRIG:MODE NORMal", ":TRIG:MODE?", "NORMal"), (":WAV:SOUR C2", ":WAV:SOUR?", "C2"),
    (":WAV:WIDT WORD", ":WAV:WIDT?", "WORD"), (":MEAS:ADV:P1:TYPE FREQ", ":MEAS:ADV:P1:TYPE?", "FREQ"),
    (":TRIG:STOP", ":TRIG:STAT?", "Stop"), (":FOO 1", ":FOO?", ""), (":CHAN1:SCAL 1A", ":SYST:ERR?", ""),
])
def test_settings_of_the_programming_guide(bench: Any, message: str, query: str, reply: str) -> None:
    bench.send(bench.scope, message)
    assert bench.ask(bench.scope, query) == reply


@pytest.mark.parametrize("source", [b"C\xb2", b"CHAN\xb9", b"C0_2", b"C2.0", b"C0", b"C5", b"C", b"C" + 5000 * b"2"])
@pytest.mark.parametrize("header", [":TRIG:EDGE:SOUR", ":WAV:SOUR", ":MEAS:ADV:P1:SOUR1"])
def test_a_source_that_does_not_exist_is_refused(bench: Any, header: str, source: bytes) -> None:
    """No command reads the errors of this oscilloscope, so they are listened to."""
    notebook = Notebook(bench.scope)
    bench.send(bench.scope, f"{header} C3")
    assert notebook.codes == ()
    bench.send(bench.scope, header.encode() + b" " + source)
    assert notebook.codes == (-224,)
    assert bench.ask(bench.scope, f"{header}?") == "C3"


def test_a_pulse_with_twelve_bits(bench: Any) -> None:
    bench.send(bench.generator, *PULSES)
    single(bench, ":CHAN1:SCAL 0.2", ":CHAN1:OFFS -0.5", ":TRIG:EDGE:LEV 0.5", ":TIM:SCAL 5E-5", ":TIM:DEL 1E-4",
           ":ACQ:MDEP 2M", ":WAV:WIDT WORD")
    assert bench.ask(bench.scope, ":ACQ:POIN?") == "1.00E+06"
    codes = np.frombuffer(block(bench, ":WAV:DATA?"), dtype="<i2").astype(float)
    volts = codes / 7680 * 0.2 + 0.5
    high = volts > 0.5
    assert volts[high].mean() == pytest.approx(10e3 / 10050, abs=1e-3)
    assert volts[~high].mean() == pytest.approx(0.0, abs=1e-3)
    assert not np.any(codes % 16)   # 12 bits in the upper part of 16
    times = 1e-4 - 5 * 5e-5 + np.arange(len(codes)) / 2e9
    assert np.min(np.abs(times[1:][high[1:] & ~high[:-1]])) < 1e-9
    bench.send(bench.scope, ":WAV:WIDT BYTE", ":WAV:STAR 1000", ":WAV:INT 10", ":WAV:POIN 7")
    assert np.frombuffer(block(bench, ":WAV:DATA?"), np.int8).tolist() == (codes[1000::10][:7] // 256).tolist()


def test_descriptor(bench: Any) -> None:
    bench.send(bench.generator, *PULSES)
    single(bench, ":CHAN1:PROB 10", ":CHAN1:SCAL 2", ":CHAN1:OFFS -5", ":TRIG:EDGE:LEV 5", ":TIM:SCAL 5E-5")
    found = block(bench, ":WAV:PRE?")
    assert len(found) == 346
    assert struct.unpack_from("<fff", found, 0x9c) == pytest.approx((0.2, -0.5, 7680.0))
    assert struct.unpack_from("<f", found, 0xb0)[0] == pytest.approx(0.5e-9, rel=1e-6)
    assert struct.unpack_from("<h", found, 0x144)[0] == 16   # 50 us in the list that begins with 200 ps
    assert struct.unpack_from("<f", found, 0x148)[0] == pytest.approx(10.0)


def test_sequence_mode(bench: Any) -> None:
    bench.send(bench.generator, *PULSES)
    single(bench, ":CHAN1:SCAL 0.2", ":CHAN1:OFFS -0.5", ":TRIG:EDGE:LEV 0.5", ":TIM:SCAL 1E-5", ":ACQ:SEQ ON",
           ":ACQ:SEQ:COUN 4", ":WAV:SEQ 0,1", ":WAV:WIDT WORD")
    found = block(bench, ":WAV:PRE?")
    assert struct.unpack_from("<ii", found, 0x90) == (4, 4)
    seconds = [struct.unpack_from("<d", found, 346 + 16 * number)[0] for number in range(4)]
    assert np.diff(seconds) == pytest.approx([500e-6] * 3, abs=1e-9)
    points = struct.unpack_from("<i", found, 0x74)[0]
    codes = np.frombuffer(block(bench, ":WAV:DATA?"), "<i2").reshape(4, points)
    assert codes[:, points // 2 + 100].min() > 2 * 7680   # after the trigger: 0.99 V are 2.4 divisions up
    bench.send(bench.scope, ":ACQ:TYPE AVERage,16")
    assert bench.ask(bench.scope, ":ACQ:TYPE?") == "NORMal"


def test_automatic_set_up_and_measurement(bench: Any) -> None:
    bench.send(bench.generator, *PULSES)
    bench.send(bench.scope, ":AUT")
    bench.bench.clock.wait(2.5)
    assert bench.ask(bench.scope, ":TRIG:STAT?") == "Trig'd"
    bench.send(bench.scope, ":MEAS:ADV:P1 ON", ":MEAS:ADV:P1:TYPE FREQ")
    assert float(bench.ask(bench.scope, ":MEAS:ADV:P1:VAL?")) == pytest.approx(2000, rel=0.01)
    assert bench.ask(bench.scope, ":MEAS:ADV:P1:STAT? CURRent") == "OFF"
    assert float(bench.ask(bench.scope, ":MEAS:SIMP:VAL? PWID")) == pytest.approx(1e-4, rel=0.01)
    assert bench.ask_bytes(bench.scope, ":PRIN? PNG").startswith(b"\x89PNG")


def test_numbers_of_the_data_sheets() -> None:
    assert (SDS2204XHD.resolution_bits, SDS2204XHD.gain_accuracy, SDS2204XHD.timebase_accuracy) == (12, 0.005, 1e-6)
    assert (SDS2204XHD.max_sample_rate, SDS2204XHD.memory, SDS2204XHD.levels) == (2e9, 200_000_000, 8 * 30)
    assert (SDS1104XHD.bandwidth, SDS1104XHD.timebase_accuracy) == (100e6, 25e-6)
    assert "FIFT" not in SDS1104XHD.impedances
