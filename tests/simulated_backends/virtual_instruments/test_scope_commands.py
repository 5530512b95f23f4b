"""Commands of the scope at their bounds, what they switch in the circuit, and what its queries answer."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from tsbench.simulated_backends.services.services import BenchServices
from tsbench.simulated_backends.virtual_instruments.instrument import Placement
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision import display
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.instrument import VirtualKeysightDSOX3054T


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
    """A scope with all four inputs wired (a tenfold probe on the second), without a circuit to compute."""

    def __init__(self) -> None:
        self.bench, self.circuit = BenchServices(1, imperfections=False), Circuit()
        wires = {str(channel): f"n{channel}" for channel in (1, 2, 3, 4)}
        self.scope: Any = VirtualKeysightDSOX3054T(self.bench, Placement("s", "S", wires, {"probes": {"2": 10}}))
        self.bench.install(self.circuit)  # type: ignore[arg-type]
        self.scope.connect()

    def ask(self, message: str | bytes) -> str:
        self.scope.exchange.recv(message if isinstance(message, bytes) else message.encode(), True)
        return str(self.scope.exchange.talk(1 << 20)[0].decode("latin-1").strip())

    def error(self) -> int:
        return int(self.ask(":SYST:ERR?").split(",")[0])


@pytest.fixture
def scope() -> Iterator[Scope]:
    yield Scope()


def test_each_wired_input_has_its_resistance_and_capacitance(scope: Scope) -> None:
    elements = {element.name: element for element in scope.scope.attachment().elements}
    assert len(elements) == 8
    for channel, divider in ((1, 1), (2, 10), (3, 1), (4, 1)):
        resistor, capacitor = elements[f"R_s_{channel}_input"], elements[f"C_s_{channel}_input"]
        assert resistor.nodes == capacitor.nodes == (f"n{channel}", "0")
        assert (resistor.kind, capacitor.kind) == ("R", "C")
        assert (resistor.value, capacitor.value) == pytest.approx((1e6 * divider, 14e-12 / divider), rel=1e-6)


def test_impedances_are_switched_by_a_command_a_setup_and_a_reset(scope: Scope) -> None:
    scope.ask(":CHAN4:IMP FIFT;:CHAN2:IMP FIFT")
    assert scope.circuit.given == {"R_s_4_input": 50.0, "R_s_2_input": 500.0}   # behind a probe of 10 to 1
    setup = scope.ask(":SYST:SET?").encode("latin-1")
    scope.ask("*RST")
    assert scope.circuit.given == {f"R_s_{k}_input": 1e7 if k == 2 else 1e6 for k in (1, 2, 3, 4)}
    scope.ask(b":SYST:SET " + setup)
    assert scope.circuit.given == {
        "R_s_1_input": 1e6, "R_s_2_input": 500.0, "R_s_3_input": 1e6, "R_s_4_input": 50.0} and scope.error() == 0
    scope.ask(b":SYST:SET #13abc")
    assert scope.error() == -161 and scope.ask(":CHAN4:IMP?") == "FIFT"
    scope.ask(":SYST:PRES")
    assert scope.ask(":CHAN4:IMP?") == "ONEM"


@pytest.mark.parametrize(("message", "question", "value"), [
    (":CHAN1:RANG 8e-3", ":CHAN1:RANG?", 8e-3), (":CHAN1:RANG 40", ":CHAN1:RANG?", 40.0),
    (":CHAN1:SCAL 1e-3", ":CHAN1:SCAL?", 1e-3), (":CHAN1:SCAL 5", ":CHAN1:SCAL?", 5.0),
    (":TIM:RANG 1e-8", ":TIM:RANG?", 1e-8), (":TIM:RANG 500", ":TIM:RANG?", 500.0),
    (":TIM:SCAL 1e-9", ":TIM:SCAL?", 1e-9), (":TIM:SCAL 50", ":TIM:SCAL?", 50.0),
    (":CHAN1:RANG 8;OFFS 1;:TRIG:LEV 7", ":TRIG:LEV?", 7.0), (":CHAN1:RANG 8;OFFS 1;:TRIG:LEV -5", ":TRIG:LEV?", -5.0),
    (":TRIG:LEV 8,EXT", ":TRIG:LEV? EXT", 8.0), (":TRIG:LEV -8,EXT", ":TRIG:LEV? EXT", -8.0),
    (":CHAN1:PROB 10;RANG 400", ":CHAN1:RANG?", 400.0), (":CHAN1:PROB 10;RANG 0.08", ":CHAN1:RANG?", 0.08),
    (":CHAN1:OFFS 50", ":CHAN1:OFFS?", 40.0), (":CHAN1:RANG 4;OFFS -11", ":CHAN1:OFFS?", -10.0),
    (":CHAN1:PROB 10;RANG 40;OFFS -111", ":CHAN1:OFFS?", -100.0),
])
def test_bounds_are_allowed(scope: Scope, message: str, question: str, value: float) -> None:
    """An offset beyond its bound is the bound, without an error."""
    scope.ask(message)
    assert scope.error() == 0 and float(scope.ask(question)) == pytest.approx(value, rel=1e-9)


@pytest.mark.parametrize(("source", "level"), [("CHAN1", 1.5), ("CHAN2", 0.0), ("EXT", 2.0)])
def test_levels_belong_to_their_source(scope: Scope, source: str, level: float) -> None:
    scope.ask(":TRIG:LEV 1.5;:TRIG:LEV 2,EXT")
    scope.ask(f":TRIG:SOUR {source}")
    assert float(scope.ask(":TRIG:LEV?")) == float(scope.ask(f":TRIG:LEV? {source}")) == level
    scope.ask("*RST")
    assert float(scope.ask(":TRIG:LEV?")) == 0.0


def test_everything_at_once(scope: Scope) -> None:
    scope.ask(":CHAN2:PROB 10;RANG 80;OFFS -5;COUP AC;INV ON;BWL ON;LAB 'gate voltage'")
    scope.ask(":TIM:RANG 2e-3;POS 1e-4;REF LEFT")
    assert scope.ask(":CHAN2?") == (
        ":CHAN2:RANG +8.000000E+01;OFFS -5.00000E+00;COUP AC;IMP ONEM;DISP 0;BWL 1;INV 1;"
        'LAB "GATE VOLTA";UNIT VOLT;PROB +1.0000E+01;PROB:SKEW +0.00E+00;STYP SING')
    assert scope.ask(":TIM?") == ":TIM:MODE MAIN;REF LEFT;MAIN:RANG +2.000000E-03;POS +1.000000E-04"


def test_what_an_acquisition_will_be(scope: Scope) -> None:
    """Settings of an input as the front end takes them; the data sheet's 20 MHz limit, 0.4 divisions of hysteresis."""
    scope.ask(":CHAN2:RANG 8;OFFS 1;PROB 10;COUP AC;INV ON;BWL ON;:TRIG:SOUR CHAN2;LEV 5;SLOP POS")
    scope.ask(":TIM:RANG 1e-3;POS 2e-4")
    plan = scope.scope.acquisition_commands.plan([1, 2], True)
    first, second = plan.channels[1], plan.channels[2]
    assert (first.node, first.bandwidth, first.divider) == ("n1", 5e8, 1.0)
    assert not first.ac_coupled and not first.inverted
    assert (second.scale, second.offset, second.probe, second.divider) == (10.0, 10.0, 10.0, 10.0)
    assert (second.bandwidth, second.ac_coupled, second.inverted) == (20e6, True, True)
    assert (second.divisions, second.levels) == (8, 199) and second.step == pytest.approx(80 / 199)
    assert (plan.pre, plan.post) == pytest.approx((0.3e-3, 0.7e-3)) and plan.automatic == 20e-3
    edge = plan.trigger
    assert (edge.node, edge.level, edge.slope) == ("n2", -5.0, "NEG")   # inverted: volts at the node
    assert edge.hysteresis == pytest.approx(0.4 * 10.0) and (edge.jitter, edge.noise) == (0.0, 0.0)
    scope.ask(":TRIG:NREJ ON;:ACQ:TYPE AVER;COUN 16")
    plan = scope.scope.acquisition_commands.plan([2], False)
    assert plan.trigger.hysteresis == pytest.approx(0.8 * 10.0) and plan.automatic is None
    assert plan.averaged and plan.records == 16 and not plan.high_resolution and not plan.peak_detect
    scope.ask(":ACQ:TYPE HRES;:ACQ:MODE SEGM;:ACQ:SEGM:COUN 7;:TRIG:HOLD 1e-3;SLOP ALT")
    plan = scope.scope.acquisition_commands.plan([2], False)
    assert plan.records == 7 and plan.high_resolution and plan.holdoff == 1e-3 and plan.rearm == 1e-6
    assert plan.trigger.slope == "EITH"
    scope.ask(":ACQ:TYPE PEAK;:TRIG:SOUR EXT;LEV 1.5;:EXT:PROB 3")
    edge = scope.scope.acquisition_commands.plan([2], False).trigger
    assert scope.scope.acquisition_commands.plan([2], False).peak_detect
    assert (edge.node, edge.level, edge.lag) == (None, 0.5, 0.0)


def test_a_trigger_on_an_input_that_is_not_wired_sees_ground() -> None:
    bench = BenchServices(1)
    scope: Any = VirtualKeysightDSOX3054T(bench, Placement("s", "S", {}))
    edge = scope.trigger_commands.settings()
    assert edge.node == "0" and edge.jitter == 5e-12
    assert edge.noise == pytest.approx(np.hypot(0.2e-3, 0.025 * 5.0))   # 5 V a division
    scope.exchange.recv(b":TRIG:SOUR EXT", True)
    assert scope.trigger_commands.settings().jitter == 5e-12


def test_both_channels_of_a_pair_share_memory(scope: Scope) -> None:
    for shown, points in (
            ((1,), 2_000_000), ((2,), 2_000_000), ((4,), 2_000_000), ((1, 3), 2_000_000), ((2, 4), 2_000_000),
            ((1, 2), 2_000_000), ((3, 4), 2_000_000)):
        for channel in (1, 2, 3, 4):
            scope.ask(f":CHAN{channel}:DISP {int(channel in shown)}")
        assert int(scope.ask(":ACQ:POIN?")) == points, shown
        scope.ask(":TIM:RANG 1e-6")
        paired = shown in {(1, 2), (3, 4)}
        assert float(scope.ask(":ACQ:SRAT?")) == (2.5e9 if paired else 5e9), shown
        scope.ask(":TIM:RANG 1e-3")


@pytest.mark.parametrize(("wanted", "mode", "points"), [
    ("1000", "NORM", 1000), ("1000", "RAW", 1000), ("1999999", "RAW", 1_000_000), ("MAX", "NORM", 62_500),
    ("MAX", "MAX", 2_000_000), ("3000000", "RAW", 2_000_000), ("100", "RAW", 100), ("100000", "NORM", 62_500)])
def test_how_many_points_are_transferred(scope: Scope, wanted: str, mode: str, points: int) -> None:
    """Every n-th sample of two million; at most 62,500 in the mode NORMal."""
    scope.ask(f":WAV:POIN:MODE {mode};:WAV:POIN {wanted}")
    assert int(scope.ask(":WAV:POIN?")) == min(points, 62_500)   # while it runs
    scope.ask(f":WAV:POIN {wanted};POIN:MODE {mode}")
    scope.scope.control.abandon()
    assert math.ceil(2_000_000 / scope.scope.waveform_commands._stride()) == points
    assert int(scope.ask(":WAV:POIN?")) == 0   # nothing was acquired
    assert int(scope.ask(":WAV:POIN? MAX")) == int(scope.ask(":ACQ:POIN?")) == 2_000_000


def test_fewer_than_a_hundred_points_are_refused_and_a_mode_is_a_number_of_points(scope: Scope) -> None:
    scope.ask(":WAV:POIN 99")
    assert scope.error() == -222 and int(scope.ask(":WAV:POIN?")) == 62_500
    scope.ask(":WAV:POIN RAW")
    assert scope.ask(":WAV:POIN:MODE?") == "RAW" and scope.error() == 0


@pytest.mark.parametrize("question", [
    ":WAV:SEGM:TTAG?", ":WAV:PRE?", ":WAV:DATA?", ":WAV:XINC?", ":WAV:YREF?"])
def test_without_an_acquisition_there_is_nothing_to_read(scope: Scope, question: str) -> None:
    scope.ask(":CHAN1:DISP 0;:STOP")
    assert scope.ask(question) == "" and scope.error() in {-230, -221}


# ------------------------------------------------------------------------------------- what was acquired


def acquired(table: Any, *messages: str) -> Any:
    bench = table(imperfections=False)
    bench.send(bench.generator, "OUTP:LOAD INF", "FUNC DC", "VOLT:OFFS 1", "OUTP ON")
    bench.send(bench.scope, ":CHAN1:RANG 4;:TIM:RANG 1e-6", *messages, ":DIG CHAN1")
    assert bench.ask(bench.scope, "*OPC?") == "1"
    return bench


def test_a_record_is_rendered_once_for_each_way_to_read_it(table: Any) -> None:
    bench = acquired(table)
    first = bench.scope.waveform_commands.codes()
    assert bench.scope.waveform_commands.codes() is first
    bench.send(bench.scope, ":WAV:POIN 500")
    other = bench.scope.waveform_commands.codes()
    assert other is not first and len(other) == 500
    bench.send(bench.scope, ":DIG CHAN1")
    assert bench.ask(bench.scope, "*OPC?") == "1"
    assert bench.scope.waveform_commands.codes() is not other


def test_preamble_of_each_form_and_kind(table: Any) -> None:
    bench = acquired(table, ":CHAN1:OFFS 0.5", ":WAV:POIN 1000")
    step = 4 / 199   # [V] of a code
    expected = {"BYTE": ("+0", step, "+128"), "WORD": ("+1", step / 256, "+32768"), "ASC": ("+4", step / 256, "+32768")}
    for form, (number, increment, reference) in expected.items():
        bench.send(bench.scope, f":WAV:FORM {form}")
        fields = bench.ask(bench.scope, ":WAV:PRE?").split(",")
        assert (fields[0], fields[1], fields[2], fields[3], fields[6], fields[9]) == (
            number, "+0", "+1000", "+1", "+0", reference)
        assert [float(fields[k]) for k in (4, 5, 7, 8)] == pytest.approx([1e-9, -0.5e-6, increment, 0.5], rel=1e-6)
        for k, word in enumerate(("XINC", "XOR", "XREF", "YINC", "YOR", "YREF"), start=4):
            assert bench.ask(bench.scope, f":WAV:{word}?") == fields[k]
    bench.send(bench.scope, ":WAV:UNS OFF")
    for form in ("BYTE", "WORD", "ASC"):
        bench.send(bench.scope, f":WAV:FORM {form}")
        assert bench.ask(bench.scope, ":WAV:YREF?") == "+0"
    assert bench.ask(bench.scope, ":WAV:TYPE?;COUN?;:WAV:SEGM:COUN?;TTAG?") == "NORM;+1;+1;+0.000000000000E+00"


@pytest.mark.parametrize(("kind", "number"), [("HRES", "+3"), ("PEAK", "+1"), ("AVER", "+2")])
def test_kinds_of_an_acquisition(table: Any, kind: str, number: str) -> None:
    bench = acquired(table, f":ACQ:TYPE {kind};COUN 4")
    averaged = kind == "AVER"
    fields = bench.ask(bench.scope, ":WAV:PRE?").split(",")
    assert (fields[1], fields[3]) == (number, "+4" if averaged else "+1")
    assert bench.ask(bench.scope, ":WAV:TYPE?;COUN?") == ("AVER;+4" if averaged else "NORM;+1")
    assert bench.ask(bench.scope, ":WAV:SEGM:COUN?") == ("+0" if averaged else "+1")
    times, volts, _ = bench.waveform(points=1000)
    assert len(times) == 1000 and volts == pytest.approx(np.full(1000, 1e4 / 1.015e4), abs=4 / 199)


def test_signed_words_in_either_order(table: Any) -> None:
    bench = acquired(table, ":WAV:FORM WORD;POIN 100")
    found = {}
    for unsigned in (1, 0):
        for order, code in (("MSBF", ">"), ("LSBF", "<")):
            bench.send(bench.scope, f":WAV:UNS {unsigned};BYT {order}")
            data = bench.ask_bytes(bench.scope, ":WAV:DATA?")
            assert data[:10] == b"#800000200"
            found[unsigned, order] = np.frombuffer(data[10:], f"{code}{'u' if unsigned else 'i'}2").astype(int)
    plain = found[1, "MSBF"]
    assert np.array_equal(plain, found[1, "LSBF"]) and (plain > 128 * 256).all()
    assert np.array_equal(plain - 128 * 256, found[0, "MSBF"]) and np.array_equal(found[0, "LSBF"], found[0, "MSBF"])


def test_the_picture_has_about_as_many_points_as_the_screen(table: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[dict[int, Any]] = []
    monkeypatch.setattr(display, "draw_screen", lambda traces, *_: drawn.append(traces) or b"")
    bench = acquired(table)
    bench.ask_bytes(bench.scope, ":DISP:DATA? PNG")
    (trace,) = drawn[0].values()
    assert list(drawn[0]) == [1] and 640 <= len(trace) < 1280
    assert trace == pytest.approx(np.full(len(trace), 1e4 / 1.015e4 / 4), abs=1 / 199)   # a quarter of the height


def test_a_digitize_shows_the_channels_it_names(table: Any) -> None:
    bench = table(imperfections=False)
    bench.send(bench.scope, ":TIM:RANG 1e-6", ":CHAN1:DISP 1;:CHAN3:DISP 1", ":DIG CHAN2,CHAN4")
    assert bench.ask(bench.scope, "*OPC?") == "1"
    assert [bench.ask(bench.scope, f":CHAN{k}:DISP?") for k in (1, 2, 3, 4)] == ["0", "1", "0", "1"]
    bench.send(bench.scope, ":WAV:SOUR CHAN1;DATA?")
    assert bench.errors(bench.scope) == [-230]   # it was not acquired
    bench.send(bench.scope, ":DIG")   # what is shown
    assert bench.ask(bench.scope, "*OPC?") == "1"
    assert sorted(bench.scope.control.finished.plan.channels) == [1, 2, 4]   # the source of a waveform is shown


# ------------------------------------------------------------------------------------------- run control


def test_a_scope_that_was_just_switched_on_runs_and_stop_keeps_what_it_shows(table: Any) -> None:
    bench = table(imperfections=False)
    bench.send(bench.generator, "OUTP:LOAD INF", "FUNC DC", "VOLT:OFFS 1", "OUTP ON")
    bench.send(bench.scope, ":CHAN1:RANG 4;:TIM:RANG 1e-6", ":STOP")
    assert int(bench.ask(bench.scope, ":OPER:COND?")) == 0
    before = bench.bench.clock.now
    _, volts, _ = bench.waveform(points=100)
    assert volts == pytest.approx(np.full(100, 1e4 / 1.015e4), abs=4 / 199)
    assert bench.scope.control.finished.records[0].trigger < before


def test_a_free_run_without_a_trigger_shows_nothing_after_three_screens_and_a_second(table: Any) -> None:
    bench = table(imperfections=False)
    bench.send(bench.scope, ":TIM:RANG 0.5;:TRIG:SWE NORM;SOUR CHAN1;LEV 1")
    before = bench.bench.clock.now
    assert bench.ask(bench.scope, ":WAV:DATA?", timeout=10.0) == ""
    assert bench.bench.clock.now - before == pytest.approx(1.0 + 3 * 0.5, abs=0.02)
    assert bench.errors(bench.scope) == [-230]


def test_running_in_normal_sweep_acquires_again_and_again(table: Any) -> None:
    bench = table(imperfections=False)
    bench.send(bench.generator, "OUTP:LOAD INF", "FUNC SQU", "FREQ 1e3", "VOLT 1", "OUTP ON")
    bench.send(bench.scope, ":CHAN1:RANG 4;:TIM:RANG 1e-4;:TRIG:SWE NORM;LEV 0.2", ":RUN")
    control, seen = bench.scope.control, []
    for _ in range(4):
        bench.bench.clock.wait(1e-3)
        bench.ask(bench.scope, ":OPER?")
        seen.append(control.finished.records[0].trigger)
    assert np.diff(seen) == pytest.approx(np.round(np.diff(seen) / 1e-3) * 1e-3, abs=1e-8) and (np.diff(seen) > 0).all()
    assert int(bench.ask(bench.scope, ":OPER:COND?")) & 8 and int(bench.ask(bench.scope, ":TER?")) == 1
    bench.send(bench.scope, ":STOP")
    assert control.acquisition is None and control.finished.records[0].trigger >= seen[-1]
    assert not bench.bench.recorders


def test_asking_whether_it_is_armed_lets_time_pass_until_it_is(table: Any) -> None:
    bench = table(imperfections=False)
    bench.send(bench.scope, ":TIM:RANG 0.1;:TRIG:SWE NORM;SOUR CHAN1;LEV 1", ":SING")   # 50 ms before the trigger
    clock, begin, answers = bench.bench.clock, bench.bench.clock.now, []
    while not answers or answers[-1] == 0:
        answers.append(int(bench.ask(bench.scope, ":AER?")))
    assert len(answers) < 100   # a message takes 0.1 ms
    assert clock.now - begin == pytest.approx(0.05, abs=5e-3)
    before = clock.now
    assert int(bench.ask(bench.scope, ":AER?")) == 0 and clock.now - before < 2e-4   # its event was read
    assert int(bench.ask(bench.scope, ":TER?")) == 0 and clock.now - before > 1e-3   # it waits for its trigger
    bench.send(bench.scope, ":STOP")
    before = clock.now
    assert bench.ask(bench.scope, ":AER?;:TER?;:OPER:COND?") == "+0;+0;+0" and clock.now - before < 2e-4


def test_a_reset_forgets_what_was_acquired_and_runs(table: Any) -> None:
    bench = acquired(table, ":SING")
    assert bench.scope.control.finished is not None
    bench.send(bench.scope, "*RST")
    control = bench.scope.control
    assert control.finished is None and control.running and control.continuous and control.acquisition is None
    bench.send(bench.scope, ":SING", "*RST")
    assert control.acquisition is None and int(bench.ask(bench.scope, ":OPER:COND?")) == 8


def test_stop_keeps_the_segments_that_are_there_but_no_half_of_an_average(table: Any) -> None:
    for mode, begin, kept in (
            (":ACQ:MODE SEGM;SEGM:COUN 100", ":SING", True), (":ACQ:TYPE AVER;COUN 100", ":RUN", False)):
        bench = table(imperfections=False)
        bench.send(bench.generator, "OUTP:LOAD INF", "FUNC SQU", "FREQ 1e3", "VOLT 1", "OUTP ON")
        bench.send(bench.scope, ":CHAN1:RANG 4;:TIM:RANG 1e-4;:TRIG:SWE NORM;LEV 0.2", mode, begin)
        bench.bench.clock.wait(5e-3)
        bench.send(bench.scope, ":STOP")
        segments = int(bench.ask(bench.scope, ":WAV:SEGM:COUN?"))
        assert (4 <= segments <= 6) if kept else segments == 0


def test_a_single_acquisition_is_no_average(table: Any) -> None:
    bench = table(imperfections=False)
    bench.send(bench.generator, "OUTP:LOAD INF", "FUNC SQU", "FREQ 1e3", "VOLT 1", "OUTP ON")
    bench.send(bench.scope, ":CHAN1:RANG 4;:TIM:RANG 1e-4;:TRIG:SWE NORM;LEV 0.2;:ACQ:TYPE AVER;COUN 100")
    bench.arm()
    assert bench.finish()
    assert bench.ask(bench.scope, ":WAV:TYPE?;COUN?;SEGM:COUN?") == "NORM;+1;+1"
    assert len(bench.waveform()[0]) == int(bench.ask(bench.scope, ":ACQ:POIN?")) == 500_000
