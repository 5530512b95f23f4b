"""What a generator plays and when: what it gives the circuit, its bursts, timers, sync and trigger lines."""

import math
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest

from tsbench.netlist import Netlist, parse_netlist
from tsbench.simulated_backends.circuit.build import build_circuit
from tsbench.simulated_backends.circuit.engine import Constant, PulseWaveform
from tsbench.simulated_backends.services.services import BenchServices
from tsbench.simulated_backends.services.trigger_lines import EdgeTrain
from tsbench.simulated_backends.virtual_instruments.generator import synthesis
from tsbench.simulated_backends.virtual_instruments.instrument import OPEN, Placement
from tsbench.simulated_backends.virtual_instruments.registry import instrument_class

LATENCY = 135e-9   #: [s] from a trigger to the first edge
BURST = ("FUNC PULS", "FUNC:PULS:WIDT 100e-6", "FREQ 1e3", "TRIG:SOUR BUS", "BURS:NCYC 3", "BURS:STAT ON", "OUTP ON")


class Solo:
    """One generator; what it gives the circuit is written down: (time, element, waveform or resistance)."""

    def __init__(self, imperfections: bool = False, wires: dict[str, str] | None = None) -> None:
        self.bench = BenchServices(1, imperfections, wires or {})
        self.generator: Any = instrument_class("keysight_33622a")(self.bench, Placement("g", "S", {"1": "a"}))
        elements = (*parse_netlist("R1 a 0 10k", ["a"]).elements, *self.generator.attachment().elements)
        circuit = build_circuit(Netlist(elements))
        self.given: list[tuple[float, str, Any]] = []

        def give(name: str, what: Any) -> None:
            self.given.append((self.bench.clock.now, name, what))

        circuit.set_source = circuit.set_resistance = give   # type: ignore[method-assign, assignment]
        circuit.advance = lambda *_, **__: 0   # type: ignore[method-assign]
        self.bench.install(circuit)
        self.generator.connect()

    def send(self, *messages: str) -> None:
        for message in messages:
            self.generator.exchange.recv(message.encode(), True)
            while self.generator.exchange.will_answer and not self.generator.exchange.output_ready:
                self.bench.clock.hop(self.bench.clock.now + 1.0)

    def ask(self, message: str) -> str:
        self.send(message)
        return str(self.generator.exchange.talk(1000)[0].decode().strip())

    def waits(self) -> bool:
        return bool(self.generator.status.operation.condition & 0x20)

    def played(self) -> list[Any]:
        """Return the waveforms that the circuit got since asked last."""
        waveforms = [what for _, name, what in self.given if name.startswith("V")]
        self.given.clear()
        return waveforms

    def starts(self) -> list[float]:
        return [train.start for train in self.played() if isinstance(train, PulseWaveform)]

    def wait(self, seconds: float) -> None:
        self.bench.clock.wait(seconds)


def test_each_wired_channel_is_a_source_behind_an_open_relay() -> None:
    source, relay = Solo().generator.attachment().elements
    assert (source.kind, source.name, source.nodes) == ("V", "V_g_1_emf", ("g_1_emf", "0"))
    assert (relay.kind, relay.name, relay.nodes, relay.value) == ("R", "R_g_1_output", ("g_1_emf", "a"), OPEN)


def test_the_relay_closes_on_what_is_played_and_opens_on_zero_volts() -> None:
    solo = Solo()
    reports: list[tuple[str, str, bool]] = []
    solo.bench.tell_witness(Mock(output=lambda name, channel, on, time: reports.append((name, channel, on))))
    solo.send("FUNC DC", "VOLT:OFFS 1", "OUTP ON")
    assert [(name, what) for _, name, what in solo.given] == [("V_g_1_emf", Constant(2.0)), ("R_g_1_output", 50.0)]
    assert solo.bench.clock.now == pytest.approx(2e-3)   # the relay
    solo.given.clear()
    solo.send("OUTP ON")   # nothing new
    assert not solo.given
    solo.send("OUTP OFF")
    assert [(name, what) for _, name, what in solo.given] == [("R_g_1_output", OPEN), ("V_g_1_emf", Constant(0.0))]
    solo.send("OUTP2 ON")   # not wired: only the witness is told
    assert len(solo.given) == 2 and reports == [("g", "1", True), ("g", "1", False), ("g", "2", True)]
    assert solo.generator.output_states() == {"1": False, "2": True}


def test_a_burst_starts_behind_the_latency_and_ends_after_its_cycles() -> None:
    solo = Solo()
    solo.send(*BURST)
    assert solo.played()[-1] == Constant(-0.1) and solo.waits()
    now = solo.bench.clock.now
    solo.send("*TRG")
    (burst,) = solo.played()
    assert (burst.start - now, burst.count) == (pytest.approx(LATENCY), 3) and not solo.waits()
    solo.wait(2.9e-3)
    assert "burst 1" in solo.generator.operations.pending
    solo.wait(0.2e-3)
    assert "burst 1" not in solo.generator.operations.pending and solo.waits()
    solo.send("TRIG1:DEL 0.25", "TRIG1")
    assert solo.starts() == [pytest.approx(solo.bench.clock.now + 0.25 + LATENCY)]


def test_triggers_that_are_not_taken() -> None:
    solo = Solo()
    solo.send(*BURST, "*TRG", "TRIG1")   # one runs
    assert solo.ask("SYST:ERR?").startswith("-211")
    solo.wait(0.01)
    solo.send("BURS:MODE GAT", "TRIG1")
    assert solo.ask("SYST:ERR?").startswith("-211")
    solo.send("BURS:MODE TRIG", "BURS:STAT OFF", "TRIG1")
    assert solo.ask("SYST:ERR?").startswith("-211")
    solo.send("BURS:STAT ON", "BURS:NCYC INF", "TRIG1", "TRIG1")
    assert solo.ask("SYST:ERR?").startswith("-211") and not solo.waits()
    assert not solo.generator.operations.pending   # a burst without end is no operation to wait for
    solo.send("ABOR", "TRIG1")
    assert solo.ask("SYST:ERR?").startswith("+0")
    solo.send("ABOR")
    solo.given.clear()
    solo.generator.triggers_to_miss = 1
    solo.send("*TRG")   # taken, it believes
    assert not solo.given and solo.waits() and solo.ask("SYST:ERR?").startswith("+0")


def test_both_channels_wait_for_the_bus() -> None:
    solo = Solo()
    solo.send(*BURST, "SOUR2:BURS:STAT ON", "TRIG2:SOUR BUS", "SOUR2:FREQ 1", "OUTP2 ON", "*TRG")
    assert solo.generator.operations.pending == {"burst 1", "burst 2"}
    solo.wait(0.1)
    solo.send("*TRG")   # the second is still running: the first takes it
    assert solo.ask("SYST:ERR?").startswith("+0")
    solo.send("*TRG")
    assert solo.ask("SYST:ERR?").startswith("-211")


def test_triggers_jitter_only_where_there_are_imperfections() -> None:
    solo = Solo(imperfections=True)
    solo.send(*BURST)
    late = []
    for _ in range(100):
        solo.played()
        solo.send("*TRG")
        late.append(solo.starts()[0] - solo.bench.clock.now - LATENCY)
        solo.wait(0.01)
    assert min(late) > -1e-12
    assert math.sqrt(np.mean(np.square(late))) == pytest.approx(0.5e-9, rel=0.25)


@pytest.mark.parametrize(("source", "interval"), [("IMM", 7e-3), ("TIM", 0.03)])
def test_a_burst_comes_by_itself(source: str, interval: float) -> None:
    """Internally each burst period, or each time of the timer; the first one at once."""
    solo = Solo()
    solo.send("BURS:INT:PER 7e-3", "TRIG1:TIM 0.03", *BURST, f"TRIG:SOUR {source}")
    begin = solo.bench.clock.now
    solo.wait(0.1)
    starts = solo.starts()
    assert len(starts) == 1 + math.floor(0.1 / interval)
    assert np.array(starts) - begin == pytest.approx(interval * np.arange(len(starts)), abs=1e-9)
    assert not solo.waits()
    solo.send("BURS:STAT OFF")
    solo.played()
    solo.wait(0.1)
    assert solo.played() == []


def test_a_timer_that_is_faster_than_the_burst_waits_for_its_next_turn() -> None:
    solo = Solo()
    solo.send("TRIG1:TIM 2e-3", *BURST, "TRIG:SOUR TIM")   # a burst takes 3 ms
    begin = solo.bench.clock.now
    solo.wait(11e-3)
    assert np.array(solo.starts()) - begin == pytest.approx([0.0, 4e-3, 8e-3], abs=1e-9)


def test_a_long_arbitrary_burst_is_continued_where_a_part_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(synthesis, "CHUNK_POINTS", 64)   # two cycles of 32 points
    solo = Solo()
    points = ",".join(["0", "32767"] * 16)
    solo.send(f"DATA:ARB:DAC w, {points}", "FUNC:ARB w", "FUNC ARB", "FUNC:ARB:SRAT 32e3", "TRIG:SOUR BUS",
              "BURS:NCYC 5", "BURS:STAT ON", "OUTP ON", "*TRG")
    begin = solo.bench.clock.now + LATENCY
    solo.wait(10e-3)
    parts = solo.played()[-3:]
    assert [part.times[0] - begin for part in parts] == pytest.approx([0.0, 2e-3, 4e-3], abs=1e-9)
    assert [part.times[-1] - part.times[0] for part in parts] == pytest.approx([2e-3, 2e-3, 1e-3])
    solo.send("*TRG")
    solo.wait(1e-3)
    solo.send("ABOR")
    solo.played()
    solo.wait(10e-3)
    assert solo.played() == []   # nothing is left of the burst that was ended
    solo.send("*TRG", "OUTP OFF")
    solo.played()
    solo.wait(10e-3)
    assert solo.played() == []


# ------------------------------------------------------------------------------------- sync and trigger


def edges(solo: Solo, line: str, begin: float, count: int) -> list[float]:
    """Return the next edges of an output line, rising and falling by turns, after ``begin`` [s]."""
    found, now = [], begin - 1e-9
    for k in range(count):
        edge = solo.bench.line(line).next_edge(now, "negative" if k % 2 else "positive")
        if edge is None:
            break
        found.append(edge - begin)
        now = edge
    return found


def test_the_sync_line_shows_the_cycles_of_its_channel() -> None:
    solo = Solo()
    solo.send("FUNC SQU", "FREQ 1e3", "SOUR2:FREQ 100", "OUTP ON")
    begin = solo.bench.clock.now - 2e-3   # the relay took 2 ms
    assert edges(solo, "g.sync", begin, 4) == pytest.approx([0.0, 0.5e-3, 1e-3, 1.5e-3])
    solo.send("OUTP2 ON")
    assert edges(solo, "g.sync", begin, 4)[:2] == pytest.approx([0.0, 0.5e-3])
    solo.send("OUTP2:SYNC:SOUR CH2")
    assert solo.ask("OUTP1:SYNC:SOUR?") == "CH2"   # there is one line
    solo.send("OUTP1:SYNC:SOUR CH1")
    assert solo.ask("OUTP2:SYNC:SOUR?") == "CH1"
    solo.send("OUTP1:SYNC:SOUR CH2")
    begin = solo.bench.clock.now
    assert edges(solo, "g.sync", begin, 4) == pytest.approx([0.0, 5e-3, 10e-3, 15e-3])
    solo.send("OUTP2:SYNC OFF")
    assert edges(solo, "g.sync", begin, 4) == []
    solo.send("OUTP2:SYNC ON", "SOUR2:FUNC DC")
    assert edges(solo, "g.sync", solo.bench.clock.now, 4) == []   # DC has no cycles


def test_a_burst_is_one_pulse_on_the_sync_line() -> None:
    solo = Solo()
    solo.send(*BURST, "*TRG")
    begin = solo.bench.clock.now + LATENCY
    assert edges(solo, "g.sync", begin, 4) == pytest.approx([0.0, 3e-3], abs=1e-8)
    assert edges(solo, "g.trigger", begin, 4) == []
    solo.send("ABOR", "BURS:NCYC INF", "OUTP:TRIG ON", "*TRG")
    begin = solo.bench.clock.now + LATENCY
    assert edges(solo, "g.sync", begin, 4) == pytest.approx([0.0, 0.5e-3, 1e-3, 1.5e-3], abs=1e-8)
    assert edges(solo, "g.trigger", begin, 4) == pytest.approx([0.0, 1e-6], abs=1e-8)
    solo.send("ABOR")
    assert edges(solo, "g.sync", solo.bench.clock.now + 1e-8, 4) == []


@pytest.mark.parametrize(("slope", "offset"), [("POS", 0.0), ("NEG", 0.4e-3)])
def test_an_external_trigger_starts_a_burst_at_each_edge_that_finds_it_waiting(slope: str, offset: float) -> None:
    """Edges each 2 ms; a burst takes 3 ms."""
    solo = Solo(wires={"g.external": "other.sync"})
    solo.send(*BURST, "TRIG:SOUR EXT", f"TRIG:SLOP {slope}")
    begin = solo.bench.clock.now
    solo.played()
    solo.bench.line("other.sync").add(EdgeTrain(begin + 1e-3, 0.4e-3, 2e-3, 5))
    solo.wait(0.02)
    starts = np.array(solo.starts()) - begin - LATENCY
    assert starts == pytest.approx([1e-3 + offset, 5e-3 + offset, 9e-3 + offset], abs=1e-9)
    solo.send("TRIG:SOUR BUS")
    solo.bench.line("other.sync").add(EdgeTrain(solo.bench.clock.now + 1e-3, 0.4e-3, 2e-3, 5))
    solo.wait(0.02)
    assert solo.starts() == []


def test_both_channels_have_the_time_base_of_one_oscillator() -> None:
    solo = Solo(imperfections=True)
    first, second = (solo.generator.channels.errors[channel] for channel in (1, 2))
    assert first.timebase == second.timebase != 0.0 and first.offset != second.offset
    solo.send(*BURST, "*TRG")
    (burst,) = solo.played()[-1:]
    assert burst.period == pytest.approx(1e-3 * (1 + first.timebase), rel=1e-12)
    begin = burst.start
    assert edges(solo, "g.sync", begin, 2)[1] == pytest.approx(3e-3 * (1 + first.timebase), rel=1e-9)
    assert solo.generator.channels.nominal_period(1) == 1e-3


def test_a_common_phase_begins_now() -> None:
    solo = Solo()
    solo.send("FUNC SQU", "FREQ 1e3", "OUTP ON")
    solo.wait(0.3e-3)
    solo.played()
    solo.send("PHAS:SYNC")
    assert solo.starts() == [solo.bench.clock.now]
    solo.send("TRIG:SOUR BUS", "BURS:STAT ON")
    solo.played()
    solo.send("PHAS:SYNC")
    assert solo.starts() == []   # a burst begins with its trigger


def test_a_reset_ends_bursts_and_opens_the_outputs() -> None:
    solo = Solo()
    solo.send("VOLT 2", "FREQ 5e3", *BURST, "*TRG", "*RST")
    assert solo.generator.output_states() == {"1": False, "2": False} and not solo.generator.operations.pending
    assert (solo.ask("VOLT?"), solo.ask("FREQ?")) == ("+1.00000000000000E-01", "+1.00000000000000E+03")
    assert not solo.waits()


# ---------------------------------------------------------------------------------------------- waveforms in memory


def errors(solo: Solo) -> list[int]:
    found = [int(solo.ask("SYST:ERR?").split(",")[0])]
    while found[-1]:
        found.append(int(solo.ask("SYST:ERR?").split(",")[0]))
    return found[:-1]


def test_the_waveform_that_is_there_after_switching_on() -> None:
    """1 - exp(-n/80) over 400 points, from -1 to almost 1."""
    solo = Solo()
    name = "INT:\\BUILTIN\\EXP_RISE.ARB"
    solo.send(f'FUNC:ARB "{name}"', "FUNC ARB", "FUNC:ARB:SRAT 1e6", "VOLT 2", "OUTP:LOAD INF", "OUTP ON")
    assert errors(solo) == [] and solo.ask("FUNC:ARB?") == f'"{name}"'
    assert solo.ask("FUNC:ARB:POIN?") == solo.ask(f'DATA:ATTR:POIN? "{name.lower()}"') == "+400"
    solo.send("DATA:ATTR:POIN? nothing")
    assert errors(solo) == [785]
    codes = solo.generator.memory_commands.codes_of(1, name) / 32767.0
    assert codes == pytest.approx(1.0 - 2.0 * np.exp(-np.arange(400) / 80.0), abs=2e-5)


def test_waveforms_share_the_memory_of_their_channel() -> None:
    solo = Solo()
    most, points = solo.generator.data_sheet.max_arb_points, ",".join(["0"] * 40)
    memory = solo.generator.store
    memory.channels[1].arbs["LARGE"] = np.zeros(most - 79, dtype=np.int16)
    solo.send(f"DATA:ARB first,{points}")
    assert errors(solo) == [] and solo.ask("DATA:VOL:FREE?") == "39"
    solo.send(f"DATA:ARB second,{points}")
    assert errors(solo) == [781]
    solo.send(f"SOUR2:DATA:ARB second,{points}")
    assert errors(solo) == [] and solo.ask("SOUR2:DATA:VOL:FREE?") == str(most - 40)
    solo.send(f"DATA:ARB third,{points[2:]}")   # as much as there is left
    assert errors(solo) == [] and solo.ask("DATA:VOL:FREE?") == "0"
    assert solo.ask("DATA:VOL:CAT?").count('"') == 8
    solo.send("DATA:VOL:CLE")
    assert solo.ask("DATA:VOL:FREE?") == str(most) and solo.ask("DATA:VOL:CAT?").count('"') == 2


def test_what_apply_leaves_out_has_its_default() -> None:   # operating guide, APPLy subsystem
    solo = Solo()
    solo.send("OUTP:LOAD INF", "FREQ 2e3", "VOLT 3", "VOLT:OFFS 0.5", "TRIG:SOUR BUS", "BURS:STAT ON", "APPL:SQU")
    assert [float(solo.ask(f"{name}?")) for name in ("FREQ", "VOLT", "VOLT:OFFS", "BURS:STAT", "OUTP")] == [
        1e3, 0.2, 0.0, 0.0, 1.0]   # 100 mVpp into 50 Ohm
    assert solo.ask("FUNC?") == "SQU" and solo.ask("TRIG:SOUR?") == "IMM"
    solo.send("APPL:ARB 5e5,1,0.25")
    assert [float(solo.ask(f"{name}?")) for name in ("FUNC:ARB:SRAT", "VOLT", "VOLT:OFFS")] == [5e5, 1.0, 0.25]
    solo.send("APPL:DC 7e3,2,-1")
    assert [float(solo.ask(f"{name}?")) for name in ("FREQ", "VOLT", "VOLT:OFFS")] == [1e3, 1.0, -1.0]
    solo.send("APPL:SIN 4e3")
    assert [float(solo.ask(f"{name}?")) for name in ("FREQ", "VOLT", "VOLT:OFFS")] == [4e3, 0.2, 0.0]
    assert errors(solo) == []


def test_a_burst_without_end_needs_a_trigger_that_comes_once() -> None:
    solo = Solo()
    solo.send("TRIG:SOUR TIM", "BURS:NCYC INF")
    assert solo.ask("TRIG:SOUR?") == "BUS" and float(solo.ask("BURS:NCYC?")) == 9.9e37 and errors(solo) == [-221]
    solo.send("TRIG:SOUR EXT")
    assert float(solo.ask("BURS:NCYC?")) == 9.9e37 and errors(solo) == []
    solo.send("TRIG:SOUR IMM")
    assert float(solo.ask("BURS:NCYC?")) == 1.0 and errors(solo) == [-221]
    solo.send("BURS:NCYC 1e9")
    assert float(solo.ask("BURS:NCYC?")) == 1e8 and solo.ask("TRIG:SOUR?") == "IMM" and errors(solo) == [-222]
    solo.send("BURS:NCYC 9.9E37")
    assert float(solo.ask("BURS:NCYC?")) == 1e8 and errors(solo) == [-222]


def test_decibels_need_a_finite_load() -> None:
    solo = Solo()
    solo.send("OUTP:LOAD 10e3", "VOLT:UNIT DBM")
    assert solo.ask("VOLT:UNIT?") == "DBM" and errors(solo) == []
    solo.send("OUTP:LOAD INF")
    assert solo.ask("VOLT:UNIT?") == "VPP" and errors(solo) == [-221]
    solo.send("VOLT:UNIT DBM")
    assert solo.ask("VOLT:UNIT?") == "VPP" and errors(solo) == [-221]


@pytest.mark.parametrize(("data", "code"), [
    ("", 0), ("1,-1", 0), ("1.0001", -222), ("-1.2", -222), ("#18" + "?" * 8, -161), (":DAC 32767,-32767", 0),
    (":DAC 32768", -222), (":DAC -32768", -222)])
def test_points_beyond_full_scale_are_refused(data: str, code: int) -> None:
    solo, zeros = Solo(), ",".join(["0"] * 40)
    kind, _, points = data.rpartition(" ")
    solo.send(f"DATA:ARB{kind} mine,{zeros}" + (f",{points}" if points else ""))
    assert errors(solo) == ([code] if code else [])
    assert ("MINE" in solo.ask("DATA:VOL:CAT?")) is (code == 0)
