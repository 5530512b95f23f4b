"""Trigger models of the interactive source meters, block by block: what each does, when, and how the list shows it."""

import pytest

from tests.fixtures.bare_meters import BareBench, BareMeter, bare_meter

pytestmark = pytest.mark.tsbench_outputs_stay_on  # these ask the model, not a measurement

FAST = ":SENS:CURR:NPLC 0.01;AZER OFF;RANG 1e-3;:SOUR:VOLT:RANG 2;DEL 0;ILIM 1e-3;:SOUR:VOLT 1"


def fast(**options: object) -> BareMeter:
    """Return a meter whose readings take 0.45 ms, with its output on."""
    meter = bare_meter(**options)
    meter.write(FAST, ":OUTP ON")
    return meter


def run(meter: BareMeter, *blocks: str) -> float:
    """Define blocks, run them to the end; return the bench time [s]."""
    meter.write(":TRIG:LOAD 'Empty'", *(f":TRIG:BLOC:{block}" for block in blocks))
    assert meter.errors() == [], blocks
    return meter.write(":INIT;*WAI")


def held(meter: BareMeter, buffer: str = "defbuffer1") -> int:
    return int(meter.ask(f":TRAC:ACT? '{buffer}'"))


LOOPS = ("BUFF:CLEAR 1", "MEAS 2", "BRAN:COUN 3, 5, 2", "DEL:CONS 4, 1", "BRAN:COUN 5, 3, 2")


def test_the_example_of_the_manual_takes_fifteen_readings() -> None:
    """Manual of the 2470, p. 12-147; the list is that of the help of ``trigger.model.getblocklist``."""
    meter = fast()
    assert run(meter, *LOOPS) == pytest.approx(3.0, abs=0.05)   # the delay comes behind each five readings
    assert held(meter) == 15 and meter.ask(":TRIG:STAT?") == "IDLE;IDLE;5"
    assert meter.ask(":TRIG:BLOC:LIST?").splitlines() == [
        " 1) BUFFER_CLEAR          BUFFER: defbuffer1",
        " 2) MEASURE               BUFFER: defbuffer1 COUNT: 1",
        " 3) BRANCH_COUNTER        VALUE: 5  BRANCH_BLOCK: 2",
        " 4) DELAY_CONSTANT        DELAY: 1.000000000",
        " 5) BRANCH_COUNTER        VALUE: 3  BRANCH_BLOCK: 2",
    ]


def test_the_state_of_a_model_from_its_first_block_to_its_end() -> None:
    meter = fast()
    assert meter.ask(":TRIG:STAT?;:TRIG:BLOC:LIST?") == "EMPTY;EMPTY;0;Empty"
    meter.write(":TRIG:BLOC:MEAS 3")
    assert meter.ask(":TRIG:STAT?") == "BUILDING;BUILDING;0"
    assert [line.split()[1] for line in meter.ask(":TRIG:BLOC:LIST?").splitlines()] == ["NOP", "NOP", "MEASURE"]
    meter.write(":TRIG:BLOC:WAIT 1, COMM", ":INIT")
    assert meter.ask(":TRIG:STAT?") == "RUNNING;RUNNING;1"
    meter.bench.clock.wait(0.2)   # more than 100 ms in the same wait block
    assert meter.ask(":TRIG:STAT?") == "WAITING;WAITING;1"
    meter.write("*TRG", "*WAI")
    assert meter.ask(":TRIG:STAT?") == "IDLE;IDLE;3" and held(meter) == 1
    meter.write(":INIT", ":ABOR")
    assert meter.ask(":TRIG:STAT?") == "ABORTED;ABORTED;1" and meter.errors() == []


def test_blocks_cannot_change_while_the_model_runs() -> None:
    meter = fast()
    meter.write(":TRIG:BLOC:WAIT 1, COMM", ":INIT", ":TRIG:BLOC:NOP 1", ":TRIG:BLOC:NOP 64", ":TRIG:BLOC:MEAS 2, 'no'")
    assert meter.errors() == [-221, -222, -224]


@pytest.mark.parametrize("delay", [0.0, 0.02])
def test_a_delay_and_a_reading_take_their_time(delay: float) -> None:
    meter = fast()
    took = run(meter, f"DEL:CONS 1, {delay}", "MEAS 2, 'defbuffer2', 10")
    assert took == pytest.approx(delay + 10 * 0.45e-3, abs=1e-4)
    assert held(meter, "defbuffer2") == 10 and held(meter) == 0


def test_user_delays_are_those_of_the_active_functions() -> None:
    meter = fast()
    meter.write(":SOUR:VOLT:DEL:USER2 0.3;:SOUR:CURR:DEL:USER2 9;:SENS:CURR:DEL:USER5 0.05")
    assert run(meter, "DEL:DYN 1, SOUR2", "DEL:DYN 2, MEAS5") == pytest.approx(0.35, abs=1e-3)
    meter.write(":TRIG:BLOC:DEL:DYN 1, SOUR6", ":TRIG:BLOC:DEL:CONS 1, 1e-7")
    assert meter.errors() == [-224, -222]


def test_the_source_is_switched_by_its_block() -> None:
    meter = bare_meter()
    meter.write(FAST)
    run(meter, "SOUR:STAT 1, ON", "MEAS 2", "SOUR:STAT 3, OFF", "DEL:CONS 4, 0.01", "MEAS 5")
    assert meter.numbers(":TRAC:DATA? 1, 2, 'defbuffer1', READ") == pytest.approx([1e-4, 0.0], abs=2e-9)
    assert meter.ask(":OUTP?") == "0"


# --------------------------------------------------------------------------------------------- branches


@pytest.mark.parametrize(("branch", "readings"), [
    ("BRAN:LIM:CONS 2, ABOV, 0, 0.9e-4, 4, 1", 1), ("BRAN:LIM:CONS 2, ABOV, 0, 1.1e-4, 4, 1", 2),
    ("BRAN:LIM:CONS 2, BEL, 1.1e-4, 0, 4", 1), ("BRAN:LIM:CONS 2, BEL, 0.9e-4, 0, 4, 0", 2),
    ("BRAN:LIM:CONS 2, IN, 0.9e-4, 1.1e-4, 4", 1), ("BRAN:LIM:CONS 2, IN, 1.1e-4, 0.9e-4, 4", 1),   # exchanged
    ("BRAN:LIM:CONS 2, OUT, 0.9e-4, 1.1e-4, 4", 2), ("BRAN:LIM:CONS 2, OUT, 2e-4, 3e-4, 4", 1),
    ("BRAN:LIM:DYN 2, IN, 2, 4", 1), ("BRAN:LIM:DYN 2, OUT, 2, 4", 2), ("BRAN:LIM:DYN 2, ABOV, 1, 4", 2),
    ("BRAN:ALW 2, 4", 1), ("BRAN:ALW 2, 0", 1), ("NOP 2", 2), ("BRAN:ONCE 2, 4", 1), ("BRAN:ONCE:EXCL 2, 4", 2),
    ("BRAN:EVEN 2, DISP, 4", 2),
])
def test_where_a_branch_leads(branch: str, readings: int) -> None:
    """At 0.1 mA: block 3 takes a second reading unless block 2 passes it."""
    meter = fast()
    meter.write(":CALC2:CURR:LIM2:LOW 0.5e-4;UPP 1.5e-4")
    run(meter, "MEAS 1", branch, "MEAS 3", "NOP 4")
    assert held(meter) == readings


def test_a_branch_on_a_difference_waits_until_readings_settle() -> None:
    """The previous reading minus the last is less than the target as soon as two readings are equal."""
    meter = fast()
    meter.write(":SOUR:VOLT:DEL 1e-3", ":SOUR:LIST:VOLT 1, 0.5, 0.25, 0.2, 0.2, 0.2")
    run(meter, "CONF:REC 1, 'VoltCustomSweepList'", "MEAS 2", "BRAN:DELT 3, 1e-5, 6, 2",
        "CONF:NEXT 4, 'VoltCustomSweepList'", "BRAN:ALW 5, 2", "NOP 6")
    assert meter.numbers(":TRAC:DATA? 1, 4") == pytest.approx([1e-4, 5e-5, 2.5e-5, 2e-5], rel=1e-3)
    assert held(meter) == 4   # 25 uA to 20 uA is less than 10 uA


def test_a_counter_is_asked_and_begins_anew() -> None:
    meter = fast()
    meter.write(":TRIG:BLOC:MEAS 1", ":TRIG:BLOC:BRAN:COUN 2, 3, 1", ":TRIG:BLOC:WAIT 3, COMM", ":INIT")
    meter.bench.clock.wait(0.1)
    assert meter.ask(":TRIG:BLOC:BRAN:COUN:COUN? 2") == "3"
    meter.write(":ABOR", ":TRIG:BLOC:BRAN:COUN:COUN? 1")
    assert meter.errors() == [-221]
    run(meter, "MEAS 1", "BRAN:COUN 2, 3, 1", "BRAN:COUN:RES 3, 2", "BRAN:ONCE 4, 1")
    assert held(meter) == 3 + 3 + 3   # three were there, and both passes take three


# ----------------------------------------------------------------------------------------------- events


def test_an_event_before_the_wait_block_counts_unless_it_is_to_be_forgotten() -> None:
    for clear, waits in (("", False), (", NEV", False), (", ENT", True)):
        meter = fast()
        meter.write(":TRIG:BLOC:DEL:CONS 1, 0.1", f":TRIG:BLOC:WAIT 2, COMM{clear}", ":INIT", "*TRG")
        meter.bench.clock.wait(0.5)
        assert (meter.ask(":TRIG:STAT?").split(";")[0] == "WAITING") == waits, clear


@pytest.mark.parametrize(("logic", "waits"), [("OR", False), ("AND", True)])
def test_a_wait_block_needs_one_or_all_of_its_events(logic: str, waits: bool) -> None:
    meter = fast()
    meter.write(f":TRIG:BLOC:WAIT 1, COMM, NEV, {logic}, NOT1, DIG3", ":INIT", "*TRG")
    meter.bench.clock.wait(0.5)
    assert (meter.ask(":TRIG:STAT?").split(";")[0] == "WAITING") == waits


@pytest.mark.parametrize(("message", "code"), [
    ("1, NONE", -224), ("1, DIG7", -224), ("1, DIG", -224), ("1, COMM1", -224), ("1, COMM, MAYBE", -224),
    ("1, COMM, OR", -224), ("1, DIG" + 5000 * "1", -224), ("1, DISPlay, OR, DIGio1", 0),
    ("1, TIMer4, ENTer, AND, BLENder2, LAN8", 0),
    ("1, COMM, AND, NOT1, NOT2, NOT3", -224), ("1, 5", -104),
])
def test_names_of_events_in_a_wait_block(message: str, code: int) -> None:
    meter = bare_meter()
    meter.write(f":TRIG:BLOC:WAIT {message}")
    assert meter.errors() == ([code] if code else [])


def test_a_timer_that_a_notify_block_starts_paces_the_readings() -> None:
    meter = fast()
    meter.write(":TRIG:TIM1:DEL 0.05;COUN 3;STAR:STIM NOT1;:TRIG:TIM1:STAT ON")
    run(meter, "NOT 1, 1", "WAIT 2, TIM1", "MEAS 3", "BRAN:COUN 4, 3, 2")
    times = meter.numbers(":TRAC:DATA? 1, 3, 'defbuffer1', REL")
    assert times == pytest.approx([0.0, 0.05, 0.1], abs=1e-4)


def test_a_timer_without_a_stimulus_starts_when_it_is_enabled() -> None:
    meter = fast()
    meter.write(":TRIG:BLOC:WAIT 1, TIM2", ":TRIG:BLOC:MEAS 2", ":INIT", ":TRIG:TIM2:DEL 0.2;STAT ON")
    start = meter.bench.clock.now
    meter.write("*WAI")
    assert meter.bench.clock.now - start == pytest.approx(0.2, abs=1e-2)
    meter.write(":TRIG:TIM2:DEL 1e-6")
    assert meter.errors() == [-222] and meter.ask(":TRIG:TIM2:STAR:OVER?") == "0"


@pytest.mark.parametrize(("mode", "events", "passes"), [
    ("OR", ["NOT 1, 1"], True), ("AND", ["NOT 1, 1"], False), ("AND", ["NOT 1, 1", "NOT 2, 2"], True)])
def test_a_blender_makes_one_event_of_several(mode: str, events: list[str], passes: bool) -> None:
    meter = fast()
    meter.write(f":TRIG:BLEN1:MODE {mode};STIM1 NOT1;STIM2 NOT2")
    number = len(events) + 1
    meter.write(*(f":TRIG:BLOC:{event}" for event in events), f":TRIG:BLOC:WAIT {number}, BLEN1", ":INIT")
    meter.bench.clock.wait(0.3)
    assert (meter.ask(":TRIG:STAT?").split(";")[0] == "IDLE") == passes


def test_readings_go_on_until_an_event_comes() -> None:
    meter = fast()
    meter.write(
        ":TRIG:BLOC:BUFF:CLE 1", ":TRIG:BLOC:MDIG 2, 'defbuffer1', INF", ":TRIG:BLOC:WAIT 3, COMM",
        ":TRIG:BLOC:MDIG 4, 'defbuffer1', STOP", ":INIT")
    meter.bench.clock.wait(0.1)
    meter.write("*TRG", "*WAI")
    count = held(meter)
    assert count == pytest.approx(0.1 / 0.45e-3, rel=0.05)
    meter.bench.clock.wait(1.0)
    assert held(meter) == count


def test_the_limit_of_the_source_is_an_event() -> None:
    meter = fast()
    meter.write(":SOUR:VOLT:ILIM 5e-5")
    run(meter, "MEAS 1", "BRAN:EVEN 2, SLIM, 4", "MEAS 3", "NOP 4")
    assert held(meter) == 1


def test_a_log_block_writes_its_message_and_may_end_the_model() -> None:
    meter = fast()
    run(meter, "LOG:EVEN 1, INFO2, 'Trigger model complete.'", "LOG:EVEN 2, ERR1, 'wrong'",
        "LOG:EVEN 3, WARN_ABOR, 'end'", "MEAS 4")
    assert meter.ask(":TRIG:STAT?") == "ABORTED;ABORTED;3" and held(meter) == 0
    assert meter.ask(":SYST:EVEN:COUN?;:SYST:EVEN:COUN? 1") == "3;1"
    assert "TM #1 block #1 logged: Trigger model complete.;4;" in meter.ask(":SYST:EVEN:NEXT?")
    assert "wrong;1;" in meter.ask(":SYST:EVEN:NEXT?") and "end;2;" in meter.ask(":SYST:EVEN:NEXT?")
    assert meter.ask(":SYST:EVEN:NEXT?") == '0,"No error;0;0 0"'


def test_a_buffer_that_is_deleted_fails_the_model() -> None:
    meter = fast()
    meter.write(":TRAC:MAKE 'mine', 20", ":TRIG:BLOC:MEAS 1, 'mine'", ":TRAC:DEL 'mine'", ":INIT;*WAI")
    assert meter.ask(":TRIG:STAT?").startswith("FAILED;FAILED;") and meter.errors() == [-224]


def test_a_loop_that_takes_no_time_does_not_stop_the_bench() -> None:
    meter = fast()
    meter.write(":TRIG:BLOC:BRAN:ALW 1, 1", ":INIT")
    meter.bench.clock.wait(0.1)
    assert meter.ask(":TRIG:STAT?").startswith("RUNNING")
    meter.write(":ABOR")


# ---------------------------------------------------------------------------------------------- lines


def pair(**wires: str) -> BareBench:
    return BareBench({key.replace("_", "."): value.replace("_", ".") for key, value in wires.items()},
                     gate="keithley_2450", drain="keithley_2450")


@pytest.mark.parametrize(("logic", "edge", "after"), [
    ("NEG", "FALL", 1e-6), ("NEG", "RIS", 0.1), ("POS", "RIS", 1e-6), ("POS", "FALL", 0.1), ("NEG", "EITH", 1e-6)])
def test_one_meter_triggers_another(logic: str, edge: str, after: float) -> None:
    """A pulse of 0.1 s: the other meter sees its leading or its trailing edge."""
    bench = pair(drain_digital2="gate_digital1")
    gate, drain = bench["gate"], bench["drain"]
    gate.write(FAST, f":DIG:LINE1:MODE TRIG, OUT;:TRIG:DIG1:OUT:LOG {logic};PULS 0.1;STIM NOT3")
    drain.write(FAST, f":OUTP ON;:DIG:LINE2:MODE TRIG, IN;:TRIG:DIG2:IN:EDGE {edge};CLE")
    drain.write(":TRIG:BLOC:WAIT 1, DIG2", ":TRIG:BLOC:MEAS 2", ":INIT")
    bench.bench.clock.wait(0.5)
    assert drain.ask(":TRIG:STAT?").startswith("WAITING")
    gate.write(":TRIG:BLOC:NOT 1, 3")
    sent = bench.bench.clock.now
    gate.write(":INIT")
    drain.write("*WAI")
    start = drain.meter.buffers["defbuffer1"].readings[0].time
    assert start - sent == pytest.approx(after, abs=2e-6)
    assert gate.errors() == drain.errors() == []


def test_levels_of_digital_lines() -> None:
    bench = pair(drain_digital3="gate_digital3", drain_digital4="gate_digital4")
    gate, drain = bench["gate"], bench["drain"]
    assert gate.ask(":DIG:LINE3:MODE?;:DIG:LINE3:STAT?;:DIG:READ?") == "DIG,IN;1;63"   # a free input floats high
    gate.write(":DIG:LINE3:MODE DIG, OUT;:DIG:LINE4:MODE DIG, OUT;:DIG:LINE4:STAT 1")
    bench.bench.clock.wait(1e-3)
    assert drain.ask(":DIG:LINE3:STAT?;:DIG:LINE4:STAT?;:DIG:READ?") == "0;1;59"
    gate.write(":DIG:LINE3:STAT 1;:DIG:LINE4:STAT 0")
    bench.bench.clock.wait(1e-3)
    assert drain.ask(":DIG:READ?") == "55"
    gate.write("*RST")
    bench.bench.clock.wait(1e-3)
    assert drain.ask(":DIG:READ?") == "63" and gate.ask(":DIG:LINE3:MODE?") == "DIG,IN"
    gate.write(":DIG:WRIT 63", ":DIG:LINE1:STAT 1", ":DIG:LINE1:MODE SYNC, IN")
    gate.write(":DIG:LINE1:MODE TRIG, IN", ":DIG:READ?")
    assert gate.errors() == [-221] * 4


def test_a_digital_block_writes_the_lines_of_its_mask() -> None:
    meter = fast()
    meter.write(*(f":DIG:LINE{line}:MODE DIG, OUT" for line in (1, 2, 3)))
    run(meter, "DIG:IO 1, 7, 5")
    assert [meter.ask(f":DIG:LINE{line}:STAT?") for line in (1, 2, 3)] == ["1", "0", "1"]


def test_edges_that_are_not_taken_are_overruns() -> None:
    bench = pair(drain_digital1="gate_digital1")
    gate, drain = bench["gate"], bench["drain"]
    gate.write(":DIG:LINE1:MODE TRIG, OUT;:TRIG:DIG1:OUT:STIM COMM")
    drain.write(":DIG:LINE1:MODE TRIG, IN", ":TRIG:BLOC:WAIT 1, DIG1, NEV, AND, COMM", ":INIT")
    for _ in range(2):
        gate.write("*TRG")
        bench.bench.clock.wait(0.01)
    assert drain.ask(":TRIG:DIG1:IN:OVER?") == "1"
    drain.write(":TRIG:DIG1:IN:CLE")
    assert drain.ask(":TRIG:DIG1:IN:OVER?") == "0"


# ------------------------------------------------------------------------------------------- templates


def test_the_duration_loop_switches_the_output_on_and_lasts_as_long_as_it_says() -> None:
    meter = bare_meter()
    meter.write(FAST, ":TRIG:LOAD 'DurationLoop', 10, 0.01")
    assert meter.write(":INIT;*WAI") == pytest.approx(10.0, abs=0.02)
    assert held(meter) == pytest.approx(10.0 / 0.01045, abs=2) and meter.ask(":OUTP?") == "1"


def test_a_configuration_list_is_run_through() -> None:
    meter = bare_meter()
    meter.write(FAST, ":SOUR:CONF:LIST:CRE 'levels'", ":SENS:CONF:LIST:CRE 'ranges'")
    for level in (0.1, 0.5, 1.0):
        meter.write(f":SOUR:VOLT {level}", ":SOUR:CONF:LIST:STOR 'levels'")
    meter.write(":SENS:CONF:LIST:STOR 'ranges'", ":TRIG:LOAD 'ConfigList', 'ranges', 'levels', 0.01", ":INIT;*WAI")
    assert meter.errors() == [] and meter.numbers(":TRAC:DATA? 1, 3") == pytest.approx([1e-5, 5e-5, 1e-4], rel=1e-3)


def test_a_logic_trigger_answers_each_edge() -> None:
    bench = pair(drain_digital1="gate_digital1", gate_digital2="drain_digital2")
    gate, drain = bench["gate"], bench["drain"]
    drain.write(FAST, ":OUTP ON", ":TRIG:LOAD 'LogicTrigger', 1, 2, 3, ENT, 0.01", ":INIT")
    gate.write(":DIG:LINE1:MODE TRIG, OUT;:DIG:LINE2:MODE TRIG, IN;:TRIG:DIG1:OUT:STIM NOT1")
    gate.write(":TRIG:BLOC:NOT 1, 1", ":TRIG:BLOC:WAIT 2, DIG2", ":TRIG:BLOC:BRAN:COUN 3, 3, 1", ":INIT")
    bench.bench.clock.wait(1.0)
    assert gate.ask(":TRIG:STAT?") == "IDLE;IDLE;3" and drain.ask(":TRIG:STAT?;:TRAC:ACT?") == "IDLE;IDLE;5;3"
    assert gate.errors() == drain.errors() == []


def test_a_loop_until_an_event_keeps_the_part_of_the_buffer_behind_it() -> None:
    meter = fast()
    meter.write(":TRAC:MAKE 'mine', 100;:TRAC:FILL:MODE CONT, 'mine'")
    meter.write(":TRIG:LOAD 'LoopUntilEvent', COMM, 75, ENT, 0, 'mine'", ":INIT")
    meter.bench.clock.wait(0.2)
    event = meter.bench.clock.now
    meter.write("*TRG", "*WAI")
    times = [reading.time for reading in meter.meter.buffers["mine"].readings]
    assert len(times) == 100 and sum(time > event for time in times) == pytest.approx(25, abs=1)


@pytest.mark.parametrize(("kind", "pattern"), [("GradeBinning", 2), ("SortBinning", 1)])
def test_components_go_into_bins(kind: str, pattern: int) -> None:
    """At 0.1 mA: limit 1 passes, limit 2 fails. Grading stops at the first failure, sorting at the first pass."""
    bench = pair(drain_digital5="gate_digital1")
    gate, drain = bench["gate"], bench["drain"]
    gate.write(":DIG:LINE1:MODE TRIG, OUT;:TRIG:DIG1:OUT:STIM NOT1", ":TRIG:BLOC:NOT 1, 1")
    drain.write(FAST, ":OUTP ON")
    drain.write(f":TRIG:LOAD '{kind}', 1, 5, 0.01, 0, 2e-4, 0.5e-4, 1, 15, 4e-4, 3e-4, 2")
    drain.write(":INIT")
    gate.write(":INIT")
    drain.write("*WAI")
    assert drain.errors() == [] and held(drain) == 1
    assert sum(int(drain.ask(f":DIG:LINE{line}:STAT?")) << (line - 1) for line in (1, 2, 3, 4)) == pattern


def test_templates_of_the_manual_of_2013() -> None:
    meter = bare_meter()
    meter.write(FAST, ":TRIG:LOAD:LOOP:DUR 1, 0.01", ":INIT;*WAI")
    assert held(meter) == pytest.approx(96, abs=2)
    meter.write(":TRIG:LOAD:LOOP:SIMP 7", ":INIT;*WAI")
    assert held(meter) == 7
    meter.write(":TRIG:LOAD:EMPT", ":TRIG:LOAD:TRIG:EXT 1, 2, 3")
    assert meter.ask(":TRIG:STAT?").startswith("IDLE") and meter.errors() == []


@pytest.mark.parametrize(("message", "code"), [
    ("'Empty', 1", -108), ("'SimpleLoop', 3, 1e5", -222), ("'DurationLoop'", -109), ("'DurationLoop', 0", -222),
    ("'LogicTrigger', 1, 1, 3", -221), ("'LogicTrigger', 1, 7, 3", -222), ("'ConfigList', 'no', 'no'", -224),
    ("'GradeBinning', 1, 4", -222), ("'LoopUntilEvent', COMM, 101", -222), ("'SimpleLoop', 1, 0, 'no'", -224),
])
def test_what_a_template_refuses(message: str, code: int) -> None:
    meter = bare_meter()
    meter.write(f":TRIG:LOAD {message}")
    assert meter.errors() == [code]
