"""Every kind of fault once, in a run and on the wire; ``python -m benchmarks.faults`` does it at every message."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pyvisa
from pyvisa.constants import StatusCode

from tsbench.protocols import protocol_named
from tsbench.records import Flag, Run
from tsbench.simulated_backends.witness.log import read_witness
from tsbench.simulated_backends.world import world
from tsbench.simulated_backends.world.faults import Fault
from tsbench.simulated_backends.world.world import world_of
from tsbench.station.runner import RunOutcome, run_protocol
from tsbench.storage import read_run

PROTOCOLS = ("iv_sweep", "pulse_train", "oscillation", "paired_pulse", "relaxation")


_clean: dict[str, tuple[Any, int]] = {}


def clean(faults: Any, name: str, folder: Path) -> tuple[Any, int]:
    """Return an undisturbed run, which must be safe as well, and how often it wrote to the disk."""
    if name not in _clean:
        disk = faults.FullDisk(at=-2, once=True)
        case = faults.run_case(folder / "clean", name, full=disk)
        assert case.good and case.outcome.status == "success", (case.problems, case.left_on)
        _clean[name] = case, disk.writes
    return _clean[name]


KINDS = (
    "no answer, message lost", "no answer, message received", "connection lost in the reply",
    "reply at the end of the timeout", "reply 1 ms after the timeout", "garbled: flip", "garbled: truncate",
    "garbled: extra", "garbled: digits", "contact lost", "contact lost for 2 ms", "device open", "device short",
    "device stuck on", "clock set back 1 h", "clock set ahead 1 h", "power cycle", "power cycle, connection kept",
    "trigger missed", "disk full", "disk full for one write",
)


@pytest.mark.thin(21)
@pytest.mark.sabotage("output")
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_ends_safe_and_keeps_what_was_acknowledged(faults: Any, tmp_path: Path, kind: str) -> None:
    number = KINDS.index(kind)
    name = PROTOCOLS[number % 5]
    if kind == "trigger missed":
        name = "pulse_train"
    run, writes = clean(faults, name, tmp_path)
    cases = [case for case in faults.cases_of(name, run, writes, 1) if case[0] == kind]
    what, key, details = cases[round((0.62 if kind == "trigger missed" else 0.75) * len(cases))]
    _, problems, line = faults.judged(name, key, details)
    assert problems == [], (what, key)
    assert line and "\n" not in line  # or that what was recorded did not change


SPOILT = [("output", "left on"), ("data", "acknowledged"), ("line", "no line says")]


@pytest.mark.parametrize(("spoilt", "found"), SPOILT)
def test_the_check_itself_can_fail(faults: Any, tmp_path: Path, spoilt: str, found: str) -> None:
    run, _ = clean(faults, "iv_sweep", tmp_path)
    details = {"fault": {"message": run.messages - 42, "kind": "connection_lost"}}  # points recorded, output on
    _, problems, _ = faults.judged("iv_sweep", "iv_sweep/spoilt", details, sabotage=spoilt)
    world.left_on.clear()  # as was meant
    assert any(found in problem for problem in problems), problems


def test_the_check_finds_what_changed_in_silence(faults: Any, tmp_path: Path) -> None:
    from benchmarks.fault_check import changed, lost, unclear

    run, _ = clean(faults, "paired_pulse", tmp_path)
    whole = run.run
    assert changed(whole, whole) == "" and lost(whole, []) != []
    halved = tuple(replace(wave, scale=wave.scale / 2) for wave in whole.waveforms)
    assert "waveform 0" in changed(replace(whole, waveforms=halved), whole)
    assert "0 points" in changed(replace(whole, points=whole.points[:0]), whole)
    for line in ("scope (DSOX): connection lost. Check the cable", "source: the reading was taken again, because "
                 "the reply is garbled", "source (2450): its outputs are off, over a new connection"):
        assert unclear(line, "x") == ""
    for line in ("two\nlines. Check the scope", "it failed. Check it", "scope: failed", "KeyError: 3. Check scope"):
        assert unclear(line, "x")


@pytest.mark.thin(2)
@pytest.mark.parametrize("instrument", ["source_meter", "generator", "scope"])
@pytest.mark.parametrize("when", [7, 20, -1])
def test_an_instrument_that_forgot_its_settings_is_found_out(
    faults: Any, tmp_path: Path, instrument: str, when: int
) -> None:
    """Its session and identity are as before; it restarts while the bench is opened, set up, or switched off."""
    run, _ = clean(faults, "pulse_train", tmp_path)
    of_it = sum(name == instrument for name, _ in run.trail)
    fault = {"kind": "power_cycle", "silent": True, "instrument": instrument, "message": when % of_it}
    case = faults.run_case(tmp_path / "cycled", "pulse_train", fault=fault, thorough=False)
    assert case.good and case.outcome.status == "fail", case
    assert f"{instrument} (Ke" in case.line and "switched off and on" in case.line and "\n" not in case.line


@pytest.mark.thin(6)
@pytest.mark.parametrize("name", ["pulse_train", "paired_pulse", "relaxation", "oscillation"])
@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("contact_lost", "not in contact"), ("device_open", "not in contact"),
        ("device_stuck_on", "resistance was .* kOhm at"),
        ("device_short", "looks short|scope missed"),
    ],
)
def test_a_spoilt_device_is_told_by_what_the_scope_sees(
    faults: Any, tmp_path: Path, name: str, kind: str, words: str
) -> None:
    case = faults.run_case(tmp_path / "spoilt", name, fault={"kind": kind, "message": 60}, thorough=False)
    assert case.good and case.outcome.status == "success", case.problems
    assert re.search(words, case.line), case.line


def test_a_sweep_whose_device_does_not_come_back_is_told(faults: Any, tmp_path: Path) -> None:
    fault = {"kind": "device_stuck_on", "message": 150}
    case = faults.run_case(tmp_path / "stuck", "iv_sweep", fault=fault, thorough=False)
    assert "did not return to the off state" in case.line or "like a resistor" in case.line


def test_a_second_pulse_is_never_taken_for_the_first(faults: Any, tmp_path: Path) -> None:
    """The scope misses the first trigger and takes the second: what follows is no pulse that did not fire."""
    run, _ = clean(faults, "paired_pulse", tmp_path)
    scope = sum(name == "scope" for name, _ in run.trail)
    told = []
    for message in range(scope - 75, scope - 55, 3):   # of the pair that is measured, and of the probe before it
        fault = {"kind": "trigger_missed", "instrument": "scope", "message": message}
        case = faults.run_case(tmp_path / "missed", "paired_pulse", fault=fault, thorough=False)
        if not case.missed:
            told.append(case.line)
            assert Flag.TRIGGER_MISSED in Flag(int(case.run.point_flags[0]))
    assert told and all("scope missed a trigger in 1 of 1 pairs" in line for line in told)


# --------------------------------------------------------------------------------- what a run makes of a fault


def measured(
    bench: Path, name: str, fault: Fault | None, monkeypatch: pytest.MonkeyPatch, **parameters: Any
) -> tuple[RunOutcome, Run]:
    """Return a run on the demo bench, on which ``fault`` happened."""
    monkeypatch.setenv("TSBENCH_FAULTS", fault.model_dump_json(exclude_unset=True) if fault else "")
    monkeypatch.setenv("TSBENCH_WITNESS", str(bench.parent / "witness.jsonl"))
    outcome = run_protocol(bench, "D1", protocol_named(name).parse(parameters), bench.parent / "runs")
    assert outcome.path is not None and outcome.safe
    if fault is not None:
        assert [found["fault"] for found in read_witness(bench.parent / "witness.jsonl").faults()] == [fault.kind]
    return outcome, read_run(outcome.path)


SWEEP: dict[str, Any] = {"stop": 1.2, "step": 0.3, "approach_rate": 100, "check_every": 100}


def lines(run: Run, kind: str) -> list[str]:
    """Return the messages of one kind of event."""
    return [event.message for event in run.events if event.kind == kind]


@pytest.mark.thorough
def test_a_question_asked_again_leaves_the_same_numbers(nbo2_bench: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A late reply is never taken for the answer to the next question."""
    _, before = measured(nbo2_bench, "iv_sweep", None, monkeypatch, **SWEEP)
    first = 153
    for kind, how in (("timeout", None), ("late", None), ("garbled", "extra")):
        fault = {"kind": kind} if how is None else {"kind": kind, "how": how}
        for message in range(first, 172):  # until it hits a question to the source meter that only reads
            outcome, run = measured(nbo2_bench, "iv_sweep", Fault(message=message, **fault), monkeypatch, **SWEEP)
            hit = lines(run, "retry")
            if outcome.status == "success" and hit and "source_meter" in hit[0]:
                first = message   # the same question for the other kinds
                break
        assert len(hit) == 1 and "was sent again" in hit[0] and "source_meter" in hit[0]
        for column in ("set_point", "voltage", "current"):
            assert np.allclose(run.column(column), before.column(column), rtol=1e-3, atol=1e-7)


@pytest.mark.thin(2)
@pytest.mark.parametrize(("kind", "flag"), [("contact_lost", Flag.OPEN), ("device_short", Flag.SHORT)])
def test_an_open_and_a_short_device_are_told_in_words(
    nbo2_bench: Path, monkeypatch: pytest.MonkeyPatch, kind: Any, flag: Flag
) -> None:
    outcome, run = measured(nbo2_bench, "iv_sweep", Fault(kind=kind, time=1e-3), monkeypatch, **SWEEP)
    assert outcome.status == "success" and outcome.results
    assert all(flag in result.flags and result.value is None for result in outcome.results)
    (line,) = lines(run, "warning")
    assert f"looks {flag.names()[0]}" in line


def test_a_device_that_stays_on_has_no_threshold(nbo2_bench: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fault = Fault(kind="device_stuck_on", time=1e-3)
    outcome, _ = measured(nbo2_bench, "iv_sweep", fault, monkeypatch, **SWEEP)
    found = [result for result in outcome.results if result.quantity != "off_resistance"]   # that of the resistor it is
    assert found and all(result.value is None and Flag.NO_EVENT in result.flags for result in found)


def test_a_clock_set_back_holds_up_nothing_and_is_told(nbo2_bench: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fault = Fault(kind="clock_jump", message=160, seconds=-3600)
    outcome, run = measured(nbo2_bench, "iv_sweep", fault, monkeypatch, **SWEEP)
    assert outcome.status == "success" and "was set back by 3" in lines(run, "retry")[0]
    assert np.all(np.diff(run.column("time")) > -1e-9)


@pytest.mark.thin(2)
@pytest.mark.parametrize("instrument", ["scope", "generator"])
def test_a_missed_trigger_is_sent_again(
    nbo2_bench: Path, monkeypatch: pytest.MonkeyPatch, instrument: str
) -> None:
    fault = Fault(kind="trigger_missed", message=30, instrument=instrument)
    outcome, run = measured(nbo2_bench, "pulse_train", fault, monkeypatch, count=2, amplitude=[1.2])
    assert outcome.status == "success" and run.waveforms
    assert any("did not see" in line or "missed" in line for line in lines(run, "warning"))


# ------------------------------------------------------------------------------------------------ on the wire


@pytest.fixture
def meter(driver_bench: Path) -> Any:
    """A session to a simulated source meter; ``plan`` of its world is at ``meter.plan``."""
    manager = pyvisa.ResourceManager(f"{driver_bench.with_name('driver.world.toml')}@tsbench")
    opened: Any = manager.open_resource("USB0::0x05E6::0x2450::SIM00011::INSTR", timeout=500)
    opened.plan = world_of(manager.visalib).faults
    yield opened
    manager.close()


def hit(meter: Any, **fields: Any) -> None:
    """Let a fault happen at the next message."""
    meter.plan.add(Fault(message=meter.plan.total, **fields))


def test_a_late_reply_is_there_for_the_next_read_unless_it_is_cleared(meter: Any) -> None:
    for cleared in (False, True):
        hit(meter, kind="late")
        with pytest.raises(pyvisa.VisaIOError) as caught:
            meter.query("*IDN?")
        assert caught.value.error_code == StatusCode.error_timeout
        if cleared:
            meter.clear()
        assert ("2450" in meter.query(":OUTP?")) is not cleared
        meter.clear()
    hit(meter, kind="late", seconds=1e-2)  # on its way while the clear is
    with pytest.raises(pyvisa.VisaIOError):
        meter.query("*IDN?")
    meter.clear()
    assert meter.query(":OUTP?") == "0\n"
    while "2450" not in meter.query(":OUTP?"):
        pass


def test_no_answer_takes_as_long_as_the_timeout(meter: Any) -> None:
    clock = meter.visalib.clock
    before = clock.now()
    hit(meter, kind="timeout", after=True)
    with pytest.raises(pyvisa.VisaIOError) as caught:
        meter.write(":SOUR:VOLT 1")
    assert caught.value.error_code == StatusCode.error_timeout and clock.now() - before >= 0.5
    assert float(meter.query(":SOUR:VOLT?")) == 1.0  # it had got there
    hit(meter, kind="timeout")
    with pytest.raises(pyvisa.VisaIOError):
        meter.write(":SOUR:VOLT 2")
    assert float(meter.query(":SOUR:VOLT?")) == 1.0


def test_a_garbled_reply_is_garbled_once(meter: Any) -> None:
    whole = meter.query("*IDN?")
    hit(meter, kind="garbled", how="truncate")
    assert meter.query("*IDN?") == whole[: len(whole) // 2]
    hit(meter, kind="garbled", how="flip")
    meter.write("*IDN?")
    assert meter.read_raw()[:1] == b"\xcb"
    assert meter.query("*IDN?") == whole


def test_a_connection_lost_within_a_reply(meter: Any) -> None:
    hit(meter, bytes=4)
    meter.write("*IDN?")
    assert meter.read_bytes(3) == b"KEI"
    with pytest.raises(pyvisa.VisaIOError) as caught:
        meter.read_bytes(2)
    assert caught.value.error_code == StatusCode.error_connection_lost
    with pytest.raises(pyvisa.VisaIOError):
        meter.query("*IDN?")


def test_a_power_cycle_opens_the_output_and_forgets_the_settings(meter: Any) -> None:
    meter.write(":SOUR:VOLT 1;:OUTP ON")
    hit(meter, kind="power_cycle", instrument="source_meter", silent=True)
    meter.plan.add(Fault(kind="power_cycle", message=0, instrument="source_meter", silent=True))
    assert meter.query(":OUTP?").strip() == "0" and float(meter.query(":SOUR:VOLT?")) == 0.0
    meter.plan.add(Fault(kind="power_cycle", message=0, instrument="source_meter"))
    with pytest.raises(pyvisa.VisaIOError) as caught:
        meter.query("*IDN?")
    assert caught.value.error_code == StatusCode.error_connection_lost
    meter.visalib.clock.wait(1e-2)  # the relay opens


def test_contact_that_comes_back(nbo2_bench: Path) -> None:
    manager = pyvisa.ResourceManager(f"{nbo2_bench.with_name('nbo2.world.toml')}@tsbench")
    try:
        meter: Any = manager.open_resource("USB0::0x05E6::0x2450::SIM00001::INSTR")
        world = world_of(manager.visalib)
        meter.write(":SOUR:VOLT:ILIM 1E-3;:SOUR:VOLT 0.5;:OUTP ON")
        connected = float(meter.query(":READ?"))
        world.faults.add(Fault(kind="contact_lost", message=0, seconds=1.0))
        assert abs(float(meter.query(":READ?"))) < 0.2 * connected  # offset of the range
        manager.visalib.clock.wait(1.0)
        assert float(meter.query(":READ?")) == pytest.approx(connected, rel=0.02)
        world.faults.add(Fault(kind="device_short", message=0))
        assert float(meter.query(":READ?")) == pytest.approx(1e-3, rel=0.02)
        assert [record["fault"] for record in read_witness(world.witness_path() or "").faults()] == [
            "contact_lost", "device_short",
        ]
        meter.write(":OUTP OFF")
        manager.visalib.clock.wait(1e-2)  # the relay opens
    finally:
        manager.close()


def test_faults_at_an_instant_and_faults_that_cannot_be(nbo2_bench: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = f"{nbo2_bench.with_name('nbo2.world.toml')}@tsbench"
    monkeypatch.setenv("TSBENCH_FAULTS", '{"kind": "device_open", "time": "20 ms"}')
    manager = pyvisa.ResourceManager(library)
    manager.visalib.clock.wait(0.05)
    (record,) = read_witness(world_of(manager.visalib).witness_path() or "").faults()
    assert record["t"] == pytest.approx(0.02, abs=1e-6)
    manager.close()
    for fault, why in (
        ('{"kind": "trigger_missed", "message": 1, "instrument": "source_meter"}', "has no trigger"),
        ('{"kind": "timeout", "message": 1, "instrument": "scoop"}', "Did you mean 'scope'"),
    ):
        monkeypatch.setenv("TSBENCH_FAULTS", fault)
        with pytest.raises(Exception, match=why):
            pyvisa.ResourceManager(library)
