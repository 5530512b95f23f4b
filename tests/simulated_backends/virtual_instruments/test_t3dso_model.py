"""The virtual T3DSO and SDS1000X-E: replies of the programming guide, limits, records, triggers and measurements."""

import struct
from typing import Any

import numpy as np
import pytest

from tsbench.simulated_backends.virtual_instruments.lecroy_t3dso.data_sheet import SDS1202XE, T3DSO1204, T3DSO2204

PULSES = ("*RST", "OUTP1:LOAD INF", "FUNC PULS", "FUNC:PULS:PER 5E-4", "FUNC:PULS:WIDT 1E-4", "VOLT:HIGH 1",
          "VOLT:LOW 0", "OUTP1 ON")


@pytest.fixture
def bench(table: Any) -> Any:
    found = table(imperfections=False, scope="lecroy_t3dso1204")
    found.send(found.scope, "CHDR OFF")
    return found


def codes(bench: Any, channel: int = 1) -> Any:
    block = bench.ask_bytes(bench.scope, f"C{channel}:WF? DAT2")
    count = int(block[7:16])
    assert block[:7] == b"DAT2,#9"
    assert block[16 + count:] == b"\n"   # and the end of the reply: two line feeds
    return np.frombuffer(block[16:16 + count], dtype=np.int8).astype(float)


def single(bench: Any) -> None:
    bench.send(bench.scope, "ARM")
    for _ in range(200):
        if bench.ask(bench.scope, "SAST?") == "Stop":
            return
        bench.bench.clock.wait(1e-3)
    raise AssertionError("the acquisition did not end")


@pytest.mark.parametrize(("message", "query", "reply"), [
    ("C1:VDIV 500MV", "C1:VDIV?", "5.00E-01"), ("C1:VDIV 100V", "C1:VDIV?", "1.00E+01"),
    ("C1:VDIV 1UV", "C1:VDIV?", "5.00E-04"), ("C1:OFST 500V", "C1:OFST?", "2.00E+01"),
    ("C1:ATTN 100", "C1:ATTN?", "100"), ("C1:ATTN 0.1", "C1:ATTN?", "0.1"), ("C1:ATTN 3", "C1:ATTN?", "1"),
    ("C1:CPL A1M", "C1:CPL?", "A1M"), ("C1:CPL GND", "C1:CPL?", "GND"), ("C1:CPL D50", "C1:CPL?", "D1M"),
    ("BWL C1,ON", "C1:BWL?", "ON"), ("C3:TRA ON", "C3:TRA?", "ON"), ("C1:INVS ON", "C1:INVS?", "ON"),
    ("C1:SKEW 1E-7S", "C1:SKEW?", "1.00E-07S"), ("C1:UNIT A", "C1:UNIT?", "A"), ("TDIV 3US", "TDIV?", "2.00E-06"),
    ("TDIV 1000S", "TDIV?", "1.00E+02"), ("TRDL 1MS", "TRDL?", "1.00E-03"), ("MSIZ 1.4M", "MSIZ?", "1.4M"),
    ("MSIZ 70K", "MSIZ?", "140K"), ("MSIZ 5M", "MSIZ?", "14M"), ("ACQW PEAK_DETECT", "ACQW?", "PEAK_DETECT"),
    ("ACQW AVERAGE,16", "ACQW?", "AVERAGE,16"), ("AVGA 5", "AVGA?", "16"),
    ("WFSU SP,4,NP,10", "WFSU?", "SP,4,NP,10,FP,0"),
    ("TRSE EDGE,SR,C2,HT,OFF", "TRSE?", "EDGE,SR,C2,HT,OFF"),
    ("TRSE GLIT,SR,C1,HT,P2,HV,1MS,HV2,2MS", "TRSE?", "GLIT,SR,C1,HT,P2,HV,1.00E-03S,HV2,2.00E-03S"),
    ("TRSE EDGE,SR,C1,HT,TI,HV,1NS", "TRSE?", "EDGE,SR,C1,HT,TI,HV,8.00E-08S"),
    ("TRSE EDGE,SR,EX,HT,OFF", "TRSE?", "EDGE,SR,C1,HT,OFF"), ("C1:TRLV 1V", "C1:TRLV?", "1.00E+00"),
    ("C1:TRLV 100V", "C1:TRLV?", "4.50E+00"), ("C1:TRSL WINDOW", "C1:TRSL?", "WINDOW"),
    ("C1:TRCP HFREJ", "C1:TRCP?", "HFREJ"), ("DEF EQN,'C2*C4'", "DEF?", "EQN,'C2*C4'"),
    ("MTVD 2V", "MTVD?", "2.00E+00"),
    ("GRDS HALF", "GRDS?", "HALF"), ("INTS GRID,10,TRACE,20", "INTS?", "GRID,10,TRACE,20"),
    ("TRMD NORM", "TRMD?", "NORM"), ("TRMD STOP", "SAST?", "Stop"), ("STOP", "TRMD?", "STOP"),
])
def test_settings_of_the_programming_guide(bench: Any, message: str, query: str, reply: str) -> None:
    bench.send(bench.scope, message)
    assert bench.ask(bench.scope, query) == reply


def test_pairs_share_memory_and_rate(bench: Any) -> None:
    bench.send(bench.scope, "TDIV 1MS")
    ask = [bench.ask(bench.scope, query) for query in ("MSIZ?", "SARA?", "SANU? C1")]
    bench.send(bench.scope, "C2:TRA ON")
    assert ask == ["14M", "1.00E+09", "1.40E+07"]
    assert [bench.ask(bench.scope, query) for query in ("MSIZ?", "SARA?", "SANU? C1")] == ["7M", "5.00E+08", "7.00E+06"]


def test_a_pulse_in_volts_and_seconds(bench: Any) -> None:
    bench.send(bench.generator, *PULSES)
    bench.send(bench.scope, "C1:VDIV 0.2V", "C1:OFST -0.5V", "C1:TRLV 0.5V", "TDIV 50US", "TRDL 1E-4S")
    single(bench)
    volts = codes(bench) * 0.2 / 25 + 0.5
    times = 1e-4 - 7 * 50e-6 + np.arange(len(volts)) / 1e9
    assert len(volts) == 700_000
    high = volts > 0.5
    rises = times[1:][high[1:] & ~high[:-1]]
    assert np.min(np.abs(rises)) < 2e-9   # the trigger
    assert volts[high].mean() == pytest.approx(1.0 * 10e3 / 10050, abs=5e-3)   # the generator has 50 Ohm
    assert volts[~high].mean() == pytest.approx(0.0, abs=5e-3)
    assert np.min(np.diff(np.unique(volts))) == pytest.approx(0.2 / 25, rel=1e-6)


def test_a_part_of_a_record(bench: Any) -> None:
    bench.send(bench.generator, *PULSES)
    bench.send(bench.scope, "C1:TRLV 0.5V", "TDIV 50US")
    single(bench)
    whole = codes(bench)
    bench.send(bench.scope, "WFSU SP,10,NP,7,FP,1000")
    assert codes(bench).tolist() == whole[1000::10][:7].tolist()
    bench.send(bench.scope, "WFSU SP,0,NP,0,FP,699990")
    assert len(codes(bench)) == 10
    assert len(codes(bench, 2)) == 0   # it was off


def test_codes_end_beyond_the_screen(bench: Any) -> None:
    bench.send(bench.generator, *PULSES)
    bench.send(bench.scope, "C1:VDIV 0.05V", "C1:OFST -0.5V", "C1:TRLV 0.5V", "TDIV 50US")
    single(bench)
    assert set(codes(bench)) >= {-128.0, 127.0}


def test_descriptor_and_data_together(bench: Any) -> None:
    bench.send(bench.generator, *PULSES)
    bench.send(bench.scope, "CHDR SHORT", "C1:VDIV 0.2V", "C1:OFST -0.5V", "C1:TRLV 0.5V", "TDIV 50US", "WFSU NP,5")
    bench.send(bench.scope, "ARM")
    bench.bench.clock.wait(2e-3)
    block = bench.ask_bytes(bench.scope, "C1:WF? ALL")
    assert block[:21] == b"C1:WF ALL,#9000000351"
    assert block[21:29] == b"WAVEDESC"
    gain, offset = struct.unpack_from("<ff", block, 21 + 156)
    assert (gain, offset) == pytest.approx((0.2 / 25, -0.5))
    assert struct.unpack_from("<f", block, 21 + 176)[0] == pytest.approx(1e-9, rel=1e-6)
    assert struct.unpack_from("<d", block, 21 + 180)[0] == pytest.approx(-350e-6)
    assert len(block) == 21 + 351 + 1
    assert bench.ask_bytes(bench.scope, "C1:WF? DESC")[:21] == b"C1:WF ALL,#9000000346"


def test_triggers_on_the_width_of_a_pulse(bench: Any) -> None:
    bench.send(bench.generator, *PULSES)
    bench.send(bench.scope, "C1:TRLV 0.5V", "TDIV 50US", "TRSE GLIT,SR,C1,HT,PS,HV,50US", "ARM")
    bench.bench.clock.wait(10e-3)
    assert bench.ask(bench.scope, "SAST?") == "Ready"
    bench.send(bench.scope, "TRSE GLIT,SR,C1,HT,PS,HV,150US", "ARM")
    bench.bench.clock.wait(10e-3)
    assert bench.ask(bench.scope, "SAST?") == "Stop"


def test_internal_state_tells_once(bench: Any) -> None:
    bench.send(bench.generator, *PULSES)
    bench.send(bench.scope, "STOP", "C1:TRLV 0.5V", "TDIV 50US")
    bench.ask(bench.scope, "INR?")
    single(bench)
    assert [bench.ask(bench.scope, "INR?") for _ in range(2)] == ["8193", "0"]


def test_force_ends_an_acquisition_that_waits(bench: Any) -> None:
    bench.send(bench.scope, "C1:TRLV 0.5V", "TDIV 50US", "ARM")
    bench.bench.clock.wait(5e-3)
    assert bench.ask(bench.scope, "SAST?") == "Ready"
    bench.send(bench.scope, "FRTR")
    bench.bench.clock.wait(2e-3)
    assert bench.ask(bench.scope, "SAST?") == "Stop"


def test_automatic_set_up_and_measurements(bench: Any) -> None:
    bench.send(bench.generator, *PULSES)
    bench.send(bench.scope, "ASET")
    bench.bench.clock.wait(2.5)
    assert bench.ask(bench.scope, "SAST?") == "Trig'd"
    assert float(bench.ask(bench.scope, "C1:PAVA? PER").split(",")[1]) == pytest.approx(500e-6, rel=5e-3)
    assert float(bench.ask(bench.scope, "C1:PAVA? PWID").split(",")[1]) == pytest.approx(100e-6, rel=5e-3)
    assert float(bench.ask(bench.scope, "C1:PAVA? PKPK").split(",")[1]) == pytest.approx(0.995, rel=0.03)
    assert bench.ask(bench.scope, "C2:PAVA? FREQ") == "FREQ,****"
    assert len(bench.ask(bench.scope, "C1:PAVA? ALL").split(",")) == 46


def test_the_screen_is_a_bitmap_of_16_bits(bench: Any) -> None:
    picture = bench.ask_bytes(bench.scope, "SCDP")
    assert (picture[:2], len(picture)) == (b"BM", 66 + 800 * 480 * 2)
    assert struct.unpack_from("<H", picture, 28)[0] == 16


def test_inputs_of_50_ohm_load_the_generator(table: Any) -> None:
    bench = table(imperfections=False, scope="lecroy_t3dso2204")
    bench.send(bench.generator, "*RST", "OUTP1:LOAD INF", "FUNC DC", "VOLT:OFFS 1", "OUTP1 ON")
    before = float(bench.voltages("a", 1e-3)[1][-1])
    bench.send(bench.scope, "C1:CPL D50")
    assert bench.ask(bench.scope, "C1:CPL?") == "C1:CPL D50"
    assert float(bench.voltages("a", 1e-3)[1][-1]) == pytest.approx(before / 2, rel=0.01)


def test_two_channels_have_an_external_trigger(table: Any) -> None:
    bench = table(imperfections=False, scope="siglent_sds1202xe")
    bench.send(bench.scope, "CHDR OFF", "TRSE EDGE,SR,EX/5,HT,OFF", "EX/5:TRLV 1V", "TDIV 50US", "C3:VDIV 2V")
    assert bench.ask(bench.scope, "TRSE?") == "EDGE,SR,EX,HT,OFF"
    assert bench.ask(bench.scope, "EX/5:TRLV?") == "1.00E+00"
    assert bench.ask(bench.scope, "C3:VDIV?") == ""
    bench.send(bench.generator, *PULSES)
    single(bench)   # by the sync output


def test_a_restart_brings_the_headers_back(bench: Any) -> None:
    assert bench.ask(bench.scope, "CHDR?") == "OFF"
    bench.scope.power_cycle()
    assert bench.ask(bench.scope, "CHDR?") == "CHDR SHORT"


def test_numbers_of_the_data_sheets() -> None:
    assert (T3DSO1204.channels, T3DSO1204.bandwidth, T3DSO1204.max_sample_rate, T3DSO1204.memory) == (
        4, 200e6, 1e9, 14_000_000)
    assert (T3DSO1204.gain_accuracy, T3DSO1204.timebase_accuracy, T3DSO1204.input_capacitance) == (0.03, 25e-6, 15e-12)
    assert (SDS1202XE.channels, SDS1202XE.input_capacitance, SDS1202XE.external) == (2, 18e-12, True)
    assert (T3DSO2204.max_sample_rate, T3DSO2204.memory, T3DSO2204.impedances["50"]) == (2e9, 140_000_000, 50.0)


def test_noise_and_bandwidth(table: Any) -> None:
    bench = table(scope="lecroy_t3dso1204")
    bench.send(bench.scope, "CHDR OFF", "C1:VDIV 0.1V", "TDIV 5US", "STOP", "ARM", "FRTR")
    bench.bench.clock.wait(1e-3)
    assert 0.3 < codes(bench).std() < 25 * 0.03   # 0.02 divisions and half a step of the converter
    ideal = table(imperfections=False, scope="lecroy_t3dso1204")
    ideal.send(ideal.generator, "*RST", "OUTP1:LOAD INF", "FUNC SIN", "FREQ 40E6", "VOLT 1", "OUTP1 ON")
    ideal.send(ideal.scope, "CHDR OFF", "C1:VDIV 0.2V", "TDIV 100NS", "ARM")
    ideal.bench.clock.wait(1e-3)
    full = codes(ideal).std()
    ideal.send(ideal.scope, "BWL C1,ON", "ARM", "FRTR")
    ideal.bench.clock.wait(1e-3)
    expected = 2.0 ** (-0.5 * (40 / 20) ** 2) / 2.0 ** (-0.5 * (40 / 200) ** 2)   # Gaussian filters
    assert codes(ideal)[100:].std() / full == pytest.approx(expected, rel=0.05)
