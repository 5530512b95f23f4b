"""Triggered sweeps and lists, gated bursts, counted triggers and service requests of the 33500B/33600A."""

from typing import Any

import numpy as np
import pytest

from tests.simulated_backends.virtual_instruments.test_generator_examples import crossings
from tsbench.simulated_backends.services.trigger_lines import EdgeTrain
from tsbench.simulated_backends.virtual_instruments.generator.signals import Signal

LOAD = "R1 a 0 50\nC1 a 0 1p\nR2 b 0 50\n"
WAITS = 0x20


class Wired:
    """A generator whose trigger input is a line that the test moves."""

    def __init__(self, table: Any, *messages: str) -> None:
        self.bench = table(imperfections=False, netlist=LOAD)
        self.line = self.bench.bench.line("test.out")
        self.bench.bench._wires["generator.external"] = "test.out"
        self.bench.generator.playback.listen()
        self.bench.send(self.bench.generator, *messages)
        assert not self.bench.errors(self.bench.generator)

    def pulses(self, after: float, width: float, period: float, count: int) -> None:
        self.line.add(EdgeTrain(self.bench.bench.clock.now + after, width, period, count))

    def look(self, seconds: float) -> tuple[Any, Any]:
        times, volts = self.bench.voltages("a", seconds, 200_001)
        return times, volts

    def waits(self) -> bool:
        return bool(int(self.bench.ask(self.bench.generator, "STAT:OPER:COND?")) & WAITS)


def frequencies(times: Any, volts: Any) -> tuple[Any, Any]:
    rises = crossings(times, volts)
    return (rises[1:] + rises[:-1]) / 2, 1 / np.diff(rises)


def test_a_sweep_waits_at_its_start_frequency_for_the_bus(table: Any) -> None:
    wired = Wired(table, "FREQ:STAR 2e3;STOP 10e3", "SWE:TIME 20e-3", "VOLT 2", "TRIG:SOUR BUS", "SWE:STAT ON",
                  "OUTP ON")
    assert wired.waits()
    _, frequency = frequencies(*wired.look(5e-3))
    assert frequency == pytest.approx(2e3, rel=2e-3)
    wired.bench.send(wired.bench.generator, "*CLS", "*TRG;*OPC")
    assert not wired.waits() and not int(wired.bench.ask(wired.bench.generator, "*ESR?")) & 1
    middle, frequency = frequencies(*wired.look(40e-3))
    late = middle > 25e-3
    assert frequency.max() == pytest.approx(10e3, rel=0.05) and frequency[late] == pytest.approx(2e3, rel=2e-3)
    assert np.all(np.diff(frequency[middle < 15e-3]) > 0)
    assert int(wired.bench.ask(wired.bench.generator, "*ESR?")) & 1 and wired.waits()


def test_the_phase_goes_on_where_a_sweep_begins(table: Any) -> None:
    wired = Wired(table, "FREQ:STAR 1e3;STOP 3e3", "SWE:TIME 5e-3", "VOLT 2", "TRIG:SOUR EXT", "SWE:STAT ON", "OUTP ON")
    wired.pulses(2.3e-3, 1e-4, 1.0, 1)
    times, volts = wired.look(10e-3)
    assert np.abs(np.diff(volts)).max() < 2 * np.pi * 3.2e3 * (times[1] - times[0])


def test_a_list_goes_on_with_each_edge_at_the_trigger_input(table: Any) -> None:
    wired = Wired(table, "LIST:FREQ 1e3,5e3,2e3", "VOLT 2", "TRIG:SOUR EXT", "TRIG:SLOP NEG", "FREQ:MODE LIST",
                  "OUTP ON")
    wired.pulses(10e-3, 1e-3, 10e-3, 2)
    middle, frequency = frequencies(*wired.look(40e-3))
    for first, last, expected in ((0, 10e-3, 1e3), (12e-3, 20e-3, 5e3), (22e-3, 40e-3, 2e3)):
        assert frequency[(middle > first) & (middle < last)] == pytest.approx(expected, rel=5e-3)


@pytest.mark.parametrize(("polarity", "first"), [("NORM", 10e-3), ("INV", 0.0)])
def test_a_gate_opens_and_closes_a_burst_of_whole_cycles(table: Any, polarity: str, first: float) -> None:
    wired = Wired(table, "FUNC PULS", "FREQ 1e3", "FUNC:PULS:WIDT 3e-4", "VOLT:HIGH 1;LOW 0", "BURS:MODE GAT",
                  f"BURS:GATE:POL {polarity}", "BURS:STAT ON", "OUTP ON")
    wired.pulses(10e-3, 4.2e-3, 20e-3, 1)
    rises = crossings(*wired.look(16e-3), 0.5)
    inside = rises[(rises >= first - 1e-4) & (rises < first + (5.2e-3 if polarity == "NORM" else 11e-3))]
    if polarity == "NORM":
        assert len(rises) == 5 and inside[0] == pytest.approx(10e-3, abs=1e-6)   # the fifth is completed
        assert wired.bench.voltages("a", 1e-3, 11)[1].max() < 0.01
    else:
        assert len(inside) >= 9 and not np.any((rises > 12e-3) & (rises < 14e-3))


def test_counted_triggers_end_with_the_count(table: Any) -> None:
    wired = Wired(table, "FUNC PULS", "FUNC:PULS:WIDT 2e-5", "FREQ 1e4", "VOLT:HIGH 1;LOW 0", "TRIG:SOUR EXT",
                  "TRIG:COUN 2", "BURS:STAT ON", "OUTP ON", "INIT:CONT OFF")
    assert not wired.waits()
    wired.pulses(1e-3, 1e-4, 2e-3, 2)
    assert wired.look(6e-3)[1].max() < 0.01
    wired.bench.send(wired.bench.generator, "INIT")
    assert wired.waits()
    wired.pulses(1e-3, 1e-4, 2e-3, 4)
    assert len(crossings(*wired.look(10e-3), 0.5)) == 2 and not wired.waits()
    wired.bench.send(wired.bench.generator, "TRIG1", "INIT:CONT ON", "INIT", "INIT:CONT?")
    assert wired.bench.generator.exchange.talk(10)[0] == b"1\n"
    assert wired.bench.errors(wired.bench.generator) == [-211, -213]


def test_a_timer_begins_each_sweep(table: Any) -> None:
    wired = Wired(table, "FREQ:STAR 2e3;STOP 8e3", "SWE:TIME 5e-3", "VOLT 2", "TRIG:TIM 20e-3", "TRIG:SOUR TIM",
                  "OUTP ON")
    wired.bench.bench.begin_message()
    wired.bench.generator.exchange.recv(b"SWE:STAT ON", True)
    middle, frequency = frequencies(*wired.look(60e-3))
    fast = middle[frequency > 5e3]
    assert [np.any((fast > k * 20e-3) & (fast < k * 20e-3 + 5.1e-3)) for k in range(3)] == [True] * 3
    assert np.all(np.mod(fast, 20e-3) < 5.1e-3)


def test_the_sync_signal_shows_sweep_and_marker(table: Any) -> None:
    bench = table(imperfections=False, netlist=LOAD)
    g = bench.generator
    bench.send(g, "FREQ:STAR 1e3;STOP 5e3", "SWE:TIME 10e-3", "MARK:FREQ 2e3", "SWE:STAT ON", "OUTP ON")
    line = bench.bench.line("generator.sync")
    now = bench.bench.clock.now
    rise, fall = line.next_edge(now, "positive"), line.next_edge(now + 1e-2, "negative")
    assert line.next_edge(rise, "positive") - rise == pytest.approx(10e-3)
    assert (fall - rise) % 10e-3 == pytest.approx(5e-3, abs=1e-6)
    bench.send(g, "OUTP:SYNC:MODE MARK")
    now = bench.bench.clock.now
    rise = line.next_edge(now, "positive")
    assert line.next_edge(rise, "negative") - rise == pytest.approx(2.5e-3, abs=1e-6)
    bench.send(g, "OUTP:SYNC:POL INV")
    rise = line.next_edge(bench.bench.clock.now, "positive")
    assert line.next_edge(rise, "negative") - rise == pytest.approx(7.5e-3, abs=1e-6)


def test_a_finished_sweep_requests_service(table: Any) -> None:
    bench = table(imperfections=False, netlist=LOAD)
    g = bench.generator
    bench.send(g, "FREQ:STAR 1e3;STOP 2e3", "SWE:TIME 5e-3", "TRIG:SOUR BUS", "SWE:STAT ON", "OUTP ON", "*CLS",
               "*ESE 1", "*SRE 32", "*TRG", "*OPC")
    assert not g.exchange.serial_poll() & 0x40
    bench.bench.clock.wait(10e-3)
    assert g.exchange.serial_poll() & 0x40 and not g.exchange.serial_poll() & 0x40


def test_coupled_and_tracked_channels(table: Any) -> None:
    bench = table(imperfections=False)
    g = bench.generator
    bench.send(g, "FREQ:COUP:MODE OFFS", "FREQ:COUP:OFFS 500", "FREQ:COUP ON", "SOUR1:FREQ 2e3")
    assert bench.number(g, "SOUR2:FREQ?") == 2500.0
    bench.send(g, "SOUR2:FREQ 1e3", "FREQ:COUP:MODE RAT", "FREQ:COUP:RAT 4", "SOUR1:FREQ 3e3")
    assert bench.number(g, "SOUR2:FREQ?") == 12e3
    bench.send(g, "FREQ:COUP OFF", "SOUR1:VOLT:COUP ON", "SOUR2:VOLT 1.5")
    assert bench.number(g, "SOUR1:VOLT?") == 1.5 and bench.ask(g, "SOUR2:VOLT:COUP?") == "1"
    bench.send(g, "SOUR1:VOLT:COUP OFF", "SOUR1:TRAC INV", "SOUR1:FREQ 7e3")
    assert bench.number(g, "SOUR2:FREQ?") == 7e3 and bench.ask(g, "OUTP2:POL?") == "INV"
    assert not bench.errors(g)


def test_the_reference_clock_is_missed(table: Any) -> None:
    bench = table()
    g = bench.generator
    bench.send(g, "ROSC:SOUR EXT")
    assert bench.errors(g) == [580] and int(bench.ask(g, "STAT:QUES:COND?")) & 0x10
    bench.send(g, "ROSC:SOUR INT")
    assert not int(bench.ask(g, "STAT:QUES:COND?")) & 0x10 and bench.ask(g, "ROSC:SOUR:CURR?") == "INT"


def test_what_is_not_computed_is_not_laid_out_either(table: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fast sweep that is left running must not occupy the bench: 100 000 stretches in a second."""
    bench = table(imperfections=False, netlist=LOAD)
    calls: list[float] = []
    right = Signal.lay_out
    monkeypatch.setattr(Signal, "lay_out", lambda self, first, last: calls.append(first) or right(self, first, last))
    bench.bench.work_per_message = 20_000
    bench.send(bench.generator, "FREQ:STAR 50e6;STOP 100e6", "SWE:STAT ON", "OUTP ON")
    calls.clear()
    bench.bench.begin_message()
    bench.bench.clock.wait(1.0)
    bench.bench.sync()
    assert len(calls) < 100
    bench.send(bench.generator, "SWE:STAT OFF", "FREQ 1e3", "*CLS")
    times, volts = bench.voltages("a", 2e-3)
    assert len(crossings(times, volts)) == 2 and not bench.errors(bench.generator)
