"""Simulated 33600A: pulses, bursts, triggers, arbitrary waveforms, sync, as the circuit sees them."""

from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest

from tsbench.simulated_backends.services.trigger_lines import DigitalLine, EdgeTrain

PULSES = (
    "OUTP:LOAD INF", "FUNC PULS", "FUNC:PULS:WIDT 2e-6", "FUNC:PULS:PER 10e-6", "FUNC:PULS:TRAN:BOTH 80e-9",
    "VOLT:LOW -0.5", "VOLT:HIGH 1.5",
)
BURST = (*PULSES, "TRIG:SOUR BUS", "BURS:NCYC 4", "BURS:STAT ON", "OUTP ON")


def crossings(times: Any, voltage: Any, level: float) -> tuple[Any, Any]:
    """Return the times of rising and falling crossings [s], interpolated."""
    above = voltage >= level
    edges = np.flatnonzero(above[1:] != above[:-1])
    share = (level - voltage[edges]) / (voltage[edges + 1] - voltage[edges])
    moments = times[edges] + share * (times[edges + 1] - times[edges])
    return moments[~above[edges]], moments[above[edges]]


def test_width_is_between_the_half_levels_and_edges_are_10_to_90(table: Any) -> None:
    bench = table(imperfections=False)
    bench.send(bench.generator, *PULSES, "OUTP ON")
    times, voltage = bench.voltages("a", 50e-6, 50_001)
    low, high = voltage.min(), voltage.max()
    rising, falling = crossings(times, voltage, (low + high) / 2)
    first = falling[falling > rising[0]][0]
    assert first - rising[0] == pytest.approx(2e-6, rel=2e-3)
    assert np.diff(rising) == pytest.approx(np.full(len(rising) - 1, 10e-6), rel=1e-3)
    at_10, _ = crossings(times, voltage, low + 0.1 * (high - low))
    at_90, _ = crossings(times, voltage, low + 0.9 * (high - low))
    assert at_90[0] - at_10[0] == pytest.approx(80e-9, rel=0.03)


def test_burst_plays_its_count_from_the_low_level_and_tells_when_it_is_over(table: Any) -> None:
    bench = table(imperfections=False)
    bench.send(bench.generator, *BURST)
    _, idle = bench.voltages("a", 100e-6)
    assert idle[-1] == pytest.approx(-0.5 * 10e3 / 10.15e3, rel=0.02)
    assert int(bench.ask(bench.generator, "STAT:OPER:COND?")) & 0x20
    bench.send(bench.generator, "TRIG1:DEL 400e-6", "*TRG;*OPC")
    assert not bench.generator.status.operation.condition & 0x20   # asking would let the burst pass by
    times, voltage = bench.voltages("a", 500e-6, 50_001)
    rising, _ = crossings(times, voltage, 0.5)
    assert len(rising) == 4
    assert int(bench.ask(bench.generator, "*ESR?")) & 1
    assert bench.ask(bench.generator, "*OPC?") == "1"
    assert not bench.errors(bench.generator)
    _, after = bench.voltages("a", 100e-6)
    assert np.ptp(after) < 1e-3


@pytest.mark.parametrize("count", [1, 4, 25])
def test_number_of_pulses_of_a_burst(table: Any, count: int) -> None:
    bench = table()
    bench.send(bench.generator, *BURST, f"BURS:NCYC {count}", "TRIG1:DEL 200e-6", "*TRG")
    times, voltage = bench.voltages("a", 400e-6 + count * 10e-6, 60_001)
    rising, falling = crossings(times, voltage, 0.5)
    assert len(rising) == len(falling) == count
    assert bench.ask(bench.generator, "*OPC?") == "1"


def test_operation_complete_waits_for_the_burst(table: Any) -> None:
    bench = table()
    bench.send(bench.generator, *BURST, "FUNC:PULS:PER 1e-3", "BURS:NCYC 20", "*TRG")
    before = bench.bench.clock.now
    assert bench.ask(bench.generator, "*OPC?") == "1"
    assert bench.bench.clock.now - before == pytest.approx(20e-3, rel=0.02)


def test_triggers_are_refused_where_nothing_waits(table: Any) -> None:
    bench = table()
    bench.send(bench.generator, "*TRG")
    assert bench.errors(bench.generator) == [-211]
    bench.send(bench.generator, *BURST, "FUNC:PULS:PER 1", "*TRG", "*TRG")
    assert bench.errors(bench.generator) == [-211]
    bench.send(bench.generator, "ABOR")
    assert bench.ask(bench.generator, "*OPC?") == "1"


def test_trigger_latency_jitters(table: Any) -> None:
    bench = table()
    bench.send(bench.generator, *BURST, "BURS:NCYC 1")
    starts = []
    for _ in range(12):
        bench.send(bench.generator, "*TRG")
        edge = bench.generator.channels.sync_line.next_edge(bench.bench.clock.now - 1e-6)
        starts.append(edge - bench.bench.clock.now)
        bench.ask(bench.generator, "*OPC?")
    assert np.min(starts) >= 135e-9
    assert 0 < np.std(starts) < 2e-9


def test_internal_period_repeats_the_burst(table: Any) -> None:
    bench = table()
    bench.send(bench.generator, *PULSES, "BURS:NCYC 2", "BURS:INT:PER 100e-6", "BURS:STAT ON", "OUTP ON")
    bench.bench.clock.wait(1.003e-3)
    times, voltage = bench.voltages("a", 300e-6, 60_001)
    rising, _ = crossings(times, voltage, 0.5)
    assert len(rising) == 6
    assert rising[2] - rising[0] == pytest.approx(100e-6, rel=1e-3)


def test_burst_longer_than_its_period_stretches_the_period(table: Any) -> None:
    bench = table()
    bench.send(bench.generator, *PULSES, "BURS:NCYC 50", "BURS:INT:PER 100e-6", "BURS:STAT ON")
    assert bench.errors(bench.generator) == [-221]
    assert bench.number(bench.generator, "BURS:INT:PER?") >= 500e-6


def test_endless_burst_ends_with_abort(table: Any) -> None:
    bench = table()
    bench.send(bench.generator, *BURST, "BURS:NCYC INF", "*TRG")
    assert bench.number(bench.generator, "BURS:NCYC?") == pytest.approx(9.9e37)
    _, voltage = bench.voltages("a", 100e-6)
    assert np.ptp(voltage) > 1.9
    bench.send(bench.generator, "ABOR")
    _, voltage = bench.voltages("a", 100e-6)
    assert np.ptp(voltage[1000:]) < 1e-3


def test_output_off_is_an_open_relay(table: Any) -> None:
    bench = table()
    reports: list[tuple[str, str, bool]] = []
    bench.bench.tell_witness(Mock(output=lambda name, channel, on, time: reports.append((name, channel, on))))
    bench.send(bench.generator, *PULSES, "OUTP ON", "OUTP OFF")
    _, voltage = bench.voltages("a", 100e-6)
    assert np.max(np.abs(voltage)) < 1e-6
    assert bench.ask(bench.generator, "OUTP1?") == "0"
    bench.send(bench.generator, "OUTP ON", "*RST")
    bench.bench.clock.wait(1e-3)
    assert reports == [("generator", "1", on) for on in (True, False, True, False)]


def test_inverted_output_idles_high(table: Any) -> None:
    bench = table(imperfections=False)
    bench.send(bench.generator, *BURST, "OUTP:POL INV")
    _, voltage = bench.voltages("a", 10e-6)
    assert voltage[-1] == pytest.approx(1.5 * 10e3 / 10.15e3, rel=0.02)


@pytest.mark.parametrize("order", ["NORM", "SWAP"])
def test_binary_and_text_waveforms_are_the_same(table: Any, order: str) -> None:
    bench = table()
    codes = np.round(32767 * np.sin(np.arange(64) / 10)).astype(int)
    payload = codes.astype(">i2" if order == "NORM" else "<i2").tobytes()
    header = b"DATA:ARB:DAC block,#3" + str(len(payload)).encode() + payload
    bench.send(bench.generator, f"FORM:BORD {order}", header,
               "DATA:ARB:DAC text, " + ", ".join(map(str, codes)),
               "DATA:ARB floats, " + ", ".join(f"{code / 32767:.9f}" for code in codes))
    assert not bench.errors(bench.generator)
    stored = bench.generator.store.channels[1].arbs
    assert np.array_equal(stored["BLOCK"], codes)
    assert np.array_equal(stored["TEXT"], codes)
    assert np.array_equal(stored["FLOATS"], codes)
    assert '"BLOCK"' in bench.ask(bench.generator, "DATA:VOL:CAT?")
    bench.send(bench.generator, "DATA:ARB:DAC text, " + ",".join(["0"] * 40), "FUNC:ARB nothing")
    assert bench.errors(bench.generator) == [786, 785]
    bench.send(bench.generator, "DATA:ARB short, 0, 1", "DATA:ARB loud, " + ",".join(["2"] * 40),
               "DATA:VOL:CLE")
    assert bench.errors(bench.generator) == [-109, -222]
    assert bench.generator.store.channels[1].arbs == {}


def test_arbitrary_waveform_steps_at_its_rate_and_idles_at_its_first_point(table: Any) -> None:
    bench = table(imperfections=False)
    codes = [-32767] * 10 + [32767] * 20 + [0] * 10
    bench.send(bench.generator, "OUTP:LOAD INF", "DATA:ARB:DAC steps, " + ",".join(map(str, codes)),
               "FUNC:ARB steps", "FUNC ARB", "FUNC:ARB:SRAT 1e6", "FUNC:ARB:FILT OFF", "VOLT 2",
               "VOLT:OFFS 1", "TRIG:SOUR BUS", "BURS:STAT ON", "OUTP ON", "TRIG1:DEL 150e-6", "*TRG")
    times, voltage = bench.voltages("a", 300e-6, 60_001)
    assert not bench.errors(bench.generator)
    assert voltage[0] == pytest.approx(0.0, abs=1e-3)
    assert voltage[-1] == pytest.approx(0.0, abs=1e-3)
    rising, falling = crossings(times, voltage, 1.5)
    assert len(rising) == 1
    assert falling[0] - rising[0] == pytest.approx(20e-6, rel=1e-3)
    assert np.max(voltage) == pytest.approx(2.0 * 10e3 / 10.15e3, rel=0.02)


def test_long_continuous_waveform_goes_on(table: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from tsbench.simulated_backends.virtual_instruments.generator import synthesis

    monkeypatch.setattr(synthesis, "CHUNK_POINTS", 320)   # laid out at once: ten passes of 32 us
    bench = table(imperfections=False)
    bench.send(bench.generator, "DATA:ARB:DAC saw, " + ",".join(["0", "32767"] * 16), "FUNC:ARB saw",
               "FUNC ARB", "FUNC:ARB:SRAT 1e6", "FUNC:ARB:FILT OFF", "VOLT 1", "OUTP ON")
    bench.bench.clock.wait(1e-3)
    times, voltage = bench.voltages("a", 640e-6, 64_001)
    rising, _ = crossings(times, voltage, 0.5)
    assert np.diff(rising) == pytest.approx(2e-6, rel=1e-2)
    assert len(rising) in (319, 320, 321)


def test_sine_burst_and_apply(table: Any) -> None:
    bench = table(imperfections=False)
    bench.send(bench.generator, "APPL:SIN 1e5, 2.0, 0.5")
    assert bench.ask(bench.generator, "OUTP1?") == "1"
    _, voltage = bench.voltages("a", 100e-6)
    assert np.ptp(voltage) == pytest.approx(4.0 * 10e3 / 10.15e3, rel=0.02)   # 50 Ohm set, 10 kOhm there
    bench.send(bench.generator, "TRIG:SOUR BUS", "BURS:NCYC 3", "BURS:STAT ON", "TRIG1:DEL 120e-6", "*TRG")
    times, voltage = bench.voltages("a", 300e-6, 30_001)
    rising, _ = crossings(times, voltage, 1.5)
    assert len(rising) == 3


@pytest.mark.parametrize(("said", "question", "set_to"), [
    ("APPL:SIN 1e9", "FREQ?", 120e6), ("APPL:SQU 0", "FREQ?", 1e-6), ("APPL:RAMP 1e7", "FREQ?", 800e3),
    ("APPL:ARB 0", "FUNC:ARB:SRAT?", 1e-6)])
def test_apply_keeps_to_the_limits_of_frequency(table: Any, said: str, question: str, set_to: float) -> None:
    bench = table(imperfections=False)
    bench.send(bench.generator, said)
    assert float(bench.ask(bench.generator, question)) == pytest.approx(set_to)
    assert bench.ask(bench.generator, "SYST:ERR?").startswith("-222")


def test_edges_of_a_line() -> None:
    line = DigitalLine()
    line.add(EdgeTrain(1.0, 0.25, 1.0, 3))
    assert [line.next_edge(t) for t in (0.0, 1.0, 2.5, 3.0)] == [1.0, 2.0, 3.0, None]
    assert line.next_edge(1.0, "negative") == pytest.approx(1.25)
    line.cut(2.5)
    assert line.next_edge(2.0) is None
    line.add(EdgeTrain(10.0, 0.1, 1.0, 0))
    assert line.next_edge(1e6) == pytest.approx(1e6 + 1)
    line.enabled = False
    assert line.next_edge(0.0) is None
