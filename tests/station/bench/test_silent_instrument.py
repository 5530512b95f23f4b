"""One instrument falls silent for good: all other outputs are off at once, by the witness."""

import contextlib
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.patience import PATIENCE
from tests.fixtures.simulated_bench import EXAMPLES
from tsbench.errors import CommunicationError
from tsbench.instruments import MeasureSettings, SourceSettings, Timebase, Vertical
from tsbench.protocols import protocol_named
from tsbench.simulated_backends.witness.log import read_witness
from tsbench.simulated_backends.world.faults import Fault
from tsbench.station.bench.bench import Bench
from tsbench.station.runner import run_protocol

pytestmark = pytest.mark.tsbench_outputs_stay_on  # the silent instrument's own cannot be switched off

WITHIN = 1.0  #: [s] of bench time from the decision to make safe
SILENT_WITHIN = 2.0  #: [s] from the first message without a reply, as docs/faults.md promises it


def reordered(bench: Path, first: str) -> None:
    """List an instrument first in the bench file."""
    head, *tables = bench.read_text("utf-8").split("\n[")
    tables.sort(key=lambda table: not table.startswith(f"instruments.{first}]"))
    bench.write_text("\n[".join([head, *tables]), "utf-8")


def all_on(bench: Bench) -> None:
    meter = bench.source_meter()
    meter.configure_source(SourceSettings("voltage", compliance_current=1e-3, range=2.0))
    meter.set_level(1.0)
    meter.set_output(True)
    for role in ("pulser", "bias"):
        generator = bench.pulse_generator(role)
        generator.configure_level(0.5)
        generator.set_output(True)


def silence(bench: Bench, instrument: str, **how: Any) -> None:
    plan = bench.instruments.managers[bench.file.library()].visalib.world.faults
    plan.add(Fault(kind="timeout", message=plan.messages(instrument), instrument=instrument, lasting=True, **how))


def off_after(witness: Path, silent: str, decision: float) -> dict[str, float]:
    """Return when each output of the other instruments went off [s] after the decision (inf: it did not)."""
    found: dict[str, float] = {}
    for record in read_witness(witness).of_kind("output"):
        if record["instrument"] != silent:
            name = f"{record['instrument']}.{record['channel']}"
            found[name] = float("inf") if record["on"] else record["t"] - decision
    return found


@pytest.mark.thin(2)
@pytest.mark.sabotage("output")
@pytest.mark.parametrize("first", ["source_meter", "generator", "scope"])
@pytest.mark.parametrize("silent", ["source_meter", "generator", "scope"])
@pytest.mark.parametrize("reopen", [False, True])
def test_the_others_are_off_within_a_second(driver_bench: Path, silent: str, first: str, reopen: bool) -> None:
    reordered(driver_bench, first)
    bench = Bench.open(driver_bench)
    try:
        all_on(bench)
        silence(bench, silent, after=reopen)
        decision = bench.clock.now()
        states = bench.reopen_and_make_safe() if reopen else bench.make_safe()
    finally:
        bench.close()
    off = off_after(driver_bench.with_name("witness.jsonl"), silent, decision)
    assert off and max(off.values()) < WITHIN
    unknown = {state.output for state in states if state.enabled}
    assert unknown == {"source_meter": {"source_meter"}, "generator": {"generator.1", "generator.2"}, "scope": set()}[
        silent]
    assert all(silent in problem for problem in bench.problems)


@pytest.mark.sabotage("output")
@pytest.mark.parametrize("how", [{}, {"after": True}])
@pytest.mark.parametrize("act", ["vertical", "span", "triggered"])
def test_a_silent_scope_keeps_no_source_on_for_its_timeout(driver_bench: Path, act: str, how: dict[str, Any]) -> None:
    """From the first message without a reply, not from the moment at which its timeout is over."""
    asks: dict[str, Callable[[Bench], Any]] = {
        "vertical": lambda bench: bench.oscilloscope().configure_channel(1, Vertical(1.0)),
        "span": lambda bench: bench.oscilloscope().configure_timebase(Timebase(1e-5)),
        "triggered": lambda bench: bench.instruments.restarted()}
    began = 0.0
    with pytest.raises(CommunicationError, match=r"scope .* If the instrument only needs longer, set timeout_while_on"
                       ), Bench.open(driver_bench) as bench:
        all_on(bench)
        silence(bench, "scope", **how)
        began = bench.clock.now()
        asks[act](bench)
    off = off_after(driver_bench.with_name("witness.jsonl"), "scope", began)
    assert len(off) == 3 and max(off.values()) < SILENT_WITHIN


def run_of_oscillation(folder: Path, faults: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run an oscillation of the example bench; returns its outcome and when [s] outputs were switched."""
    monkeypatch.setenv("TSBENCH_WITNESS", str(folder / "witness.jsonl"))
    monkeypatch.setenv("TSBENCH_FAULTS", json.dumps(faults) if faults else "")
    protocol = protocol_named("oscillation").parse({"bias": [2.0], "record_span": 2e-6})
    outcome = run_protocol(EXAMPLES / "nbo2.bench.toml", "D1", protocol, folder / "runs", extract=False)
    return outcome, read_witness(folder / "witness.jsonl").of_kind("output")


@pytest.mark.sabotage("output")
@pytest.mark.parametrize("how", [{}, {"after": True}])
def test_a_reading_of_a_silent_source_meter_keeps_no_generator_on(driver_bench: Path, how: dict[str, Any]) -> None:
    """A lost reading is followed by several questions, each of which has its own timeout."""
    began = 0.0
    with pytest.raises(CommunicationError, match="source_meter"), Bench.open(driver_bench) as bench:
        all_on(bench)
        meter = bench.source_meter()
        meter.configure_measure(MeasureSettings("current", range=1e-3))
        meter.measure()
        silence(bench, "source_meter", **how)
        began = bench.clock.now()
        meter.measure()
    off = off_after(driver_bench.with_name("witness.jsonl"), "source_meter", began)
    assert len(off) == 2 and max(off.values()) < SILENT_WITHIN


@pytest.mark.sabotage("output")
def test_a_run_whose_scope_falls_silent_does_not_leave_its_bias_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, switched = run_of_oscillation(tmp_path / "clean", [], monkeypatch)
    began = next(record["t"] for record in switched if record["on"])
    fault = {"kind": "timeout", "lasting": True, "instrument": "scope", "time": began}
    outcome, switched = run_of_oscillation(tmp_path / "silent", [fault], monkeypatch)
    assert outcome.status == "fail" and outcome.safe and "scope" in outcome.reason
    on, *off = (record for record in switched if record["t"] >= began)
    assert on["on"] and off and not any(record["on"] for record in off)
    assert off[0]["t"] - began < SILENT_WITHIN


@pytest.mark.thorough
@pytest.mark.sabotage("output")
def test_a_scope_that_restarts_does_not_leave_the_bias_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It answers at once, but the record for which the run waits never comes."""
    _, switched = run_of_oscillation(tmp_path / "clean", [], monkeypatch)
    began = next(record["t"] for record in switched if record["on"])
    ended = next(record["t"] for record in switched if record["t"] > began and not record["on"])
    for number, share in enumerate((0.0, 0.25, 0.5, 0.75)):
        at = began + share * (ended - began)
        fault = {"kind": "power_cycle", "silent": True, "instrument": "scope", "time": at}
        outcome, switched = run_of_oscillation(tmp_path / str(number), [fault], monkeypatch)
        assert outcome.status == "fail" and outcome.safe and "scope" in outcome.reason
        off = next(record["t"] for record in switched if record["t"] > at and not record["on"])
        assert off - at < SILENT_WITHIN


@pytest.mark.sabotage("output")
def test_leaving_the_bench_is_as_quick(driver_bench: Path) -> None:
    reordered(driver_bench, "generator")
    decision = 0.0
    with pytest.raises(CommunicationError, match="generator"), Bench.open(driver_bench) as bench:
        all_on(bench)
        silence(bench, "generator")
        decision = bench.clock.now()
    off = off_after(driver_bench.with_name("witness.jsonl"), "generator", decision)
    assert off and max(off.values()) < WITHIN


@pytest.mark.sabotage("output")
def test_an_instrument_that_cannot_be_opened_leaves_no_other_one_on(
    driver_bench: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a crash left on is switched off by the next opening, although another instrument is silent or gone."""
    reordered(driver_bench, "generator")
    with monkeypatch.context() as crash:
        crash.setattr(Bench, "close", lambda self: None)
        left = Bench.open(driver_bench)
        all_on(left)
    silence(left, "generator")
    with pytest.raises(CommunicationError, match="generator"):
        Bench.open(driver_bench)
    off = off_after(driver_bench.with_name("witness.jsonl"), "generator", 0.0)
    assert off and all(time < float("inf") for time in off.values())
    left.close()


def test_libraries_that_allow_it_are_reached_at_once(driver_bench: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clear that hangs until the source meter is off: one after the other, it would hang for ever."""
    with Bench.open(driver_bench) as bench:
        all_on(bench)
        library = bench.instruments.managers[bench.file.library()].visalib
        monkeypatch.setattr(type(library), "one_call_at_a_time", False)
        meter, generator = (bench.instruments.connections[name].driver for name in ("source_meter", "generator"))
        switched_off, safe_state = threading.Event(), meter.safe_state

        def note() -> None:
            safe_state()
            switched_off.set()

        waited: list[bool] = []
        monkeypatch.setattr(meter, "safe_state", note)
        monkeypatch.setattr(generator, "clear", lambda: waited.append(switched_off.wait(PATIENCE)))
        monkeypatch.setattr("tsbench.station.bench.at_once.SOURCES", ("pulse generator",))  # the worst order
        assert not any(state.enabled for state in bench.make_safe())
        assert waited == [True]


def test_silent_instruments_are_read_back_last(driver_bench: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, float] = {}
    with pytest.raises(CommunicationError, match="source_meter"), Bench.open(driver_bench) as bench:
        all_on(bench)
        silence(bench, "source_meter")
        for name in ("generator", "scope"):
            driver = bench.instruments.connections[name].driver

            def noted(name: str = name, ask: Any = driver.output_states) -> Any:
                asked.setdefault(name, bench.clock.now())
                return ask()

            monkeypatch.setattr(driver, "output_states", noted)
        decision = bench.clock.now()
        bench.make_safe()
    assert len(asked) == 2 and max(asked.values()) - decision < WITHIN


def test_an_output_that_stays_on_is_told(driver_bench: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Bench.open(driver_bench) as bench:
        all_on(bench)
        with monkeypatch.context() as broken:
            broken.setattr(bench.instruments.connections["source_meter"].driver, "safe_state", lambda: None)
            states = {state.output: state.enabled for state in bench.make_safe()}
            assert states == {"source_meter": True, "generator.1": False, "generator.2": False}
            assert "these outputs are still on: source_meter. Switch them off at the panel" in bench.problems[0]


@pytest.mark.parametrize("reopen", [False, True])
def test_connections_are_opened_anew_only_where_asked(
    driver_bench: Path, monkeypatch: pytest.MonkeyPatch, reopen: bool
) -> None:
    from tsbench.instruments.links.transport import Transport

    opened: list[str] = []
    usual = Transport.reopen
    monkeypatch.setattr(Transport, "reopen", lambda self: (opened.append(self.name), usual(self))[1])
    with Bench.open(driver_bench) as bench:
        bench.reopen_and_make_safe() if reopen else bench.make_safe()
        assert opened == (["source_meter", "generator", "scope"] if reopen else [])


@pytest.mark.parametrize("step", ["switch_off", "read_back"])
def test_ctrl_c_between_two_instruments_keeps_none_on(
    driver_bench: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    from tsbench.station.bench.connection import Connection

    usual, interrupts = getattr(Connection, step), [KeyboardInterrupt()]

    def interrupted(self: Connection, *arguments: Any) -> Any:
        if self.name == "generator" and interrupts:
            raise interrupts.pop()
        return usual(self, *arguments)

    with Bench.open(driver_bench) as bench:
        all_on(bench)
        monkeypatch.setattr(Connection, step, interrupted)
        assert not any(state.enabled for state in bench.make_safe())
        off = off_after(driver_bench.with_name("witness.jsonl"), "", 0.0)
        assert len(off) == 3 and max(off.values()) < float("inf")


def timeouts(bench: Bench) -> list[float]:
    return [bench.instruments.connections[name].transport.timeout for name in ("source_meter", "generator", "scope")]


def source_on(bench: Bench) -> Any:
    meter = bench.source_meter()
    meter.configure_source(SourceSettings("voltage", compliance_current=1e-3, range=2.0))
    meter.set_output(True)
    return meter


def test_while_an_output_is_on_every_instrument_has_less_time(driver_bench: Path) -> None:
    with Bench.open(driver_bench) as bench:
        assert timeouts(bench) == [3.0, 3.0, 3.0]
        meter = source_on(bench)
        assert timeouts(bench) == [1.0, 1.0, 1.0]   # its own output stays on while it is silent
        meter.set_output(False)
        assert timeouts(bench) == [3.0, 3.0, 3.0]
        generator = bench.pulse_generator("pulser")
        generator.configure_level(0.5)
        generator.set_output(True)
        assert timeouts(bench) == [1.0, 1.0, 1.0]
        bench.make_safe()
        assert timeouts(bench) == [3.0, 3.0, 3.0]


def test_only_a_long_reading_may_take_its_time(driver_bench: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Bench.open(driver_bench) as bench:
        meter, during = source_on(bench), list[list[float]]()
        usual = bench.instruments.connections["source_meter"].driver.measure
        monkeypatch.setattr(bench.instruments.connections["source_meter"].driver, "measure",
                            lambda: (during.append(timeouts(bench)), usual())[1])
        for nplc, scale, longest in ((1.0, 1e-3, 1.0), (10.0, 1e-3, 1.0), (10.0, None, 3.0)):   # at 50 Hz
            meter.configure_measure(MeasureSettings("current", range=scale, nplc=nplc))
            meter.measure()
            assert during.pop() == [longest, 1.0, 1.0]
            assert timeouts(bench) == [1.0, 1.0, 1.0]


def only_on(bench: Bench, instrument: str) -> Callable[[], Any]:
    """Switch only the output of ``instrument`` on; returns a call that sends it messages."""
    if instrument == "source_meter":
        meter = source_on(bench)
        return lambda: meter.set_level(0.5)
    generator = bench.pulse_generator("pulser")
    generator.configure_level(0.5)
    generator.set_output(True)
    return lambda: generator.configure_level(0.3)


@pytest.mark.sabotage("output")
@pytest.mark.parametrize("instrument", ["source_meter", "generator"])
@pytest.mark.parametrize("number", range(3))
@pytest.mark.parametrize("fault", [{"kind": "timeout"}, {"kind": "timeout", "after": True}, {"kind": "late"}])
def test_one_lost_message_does_not_leave_the_own_output_on(
    driver_bench: Path, instrument: str, number: int, fault: dict[str, Any]
) -> None:
    """The instrument whose only output is on misses one message and is well again: its own output is off in time."""
    with contextlib.suppress(CommunicationError), Bench.open(driver_bench) as bench:
        act = only_on(bench, instrument)
        plan = bench.instruments.managers[bench.file.library()].visalib.world.faults
        plan.add(Fault(instrument=instrument, message=plan.messages(instrument) + number, **fault))
        act()   # where its message is repeated, leaving the bench ends it
    witness = read_witness(driver_bench.with_name("witness.jsonl"))
    (began,) = (record["t"] for record in witness.of_kind("fault"))
    (off,) = (time for output, time in off_after(driver_bench.with_name("witness.jsonl"), "", began).items()
              if output.startswith(instrument) and time > 0)
    assert off < SILENT_WITHIN


@pytest.mark.sabotage("output")
def test_a_query_that_is_never_answered_does_not_leave_an_output_on(
    driver_bench: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is repeated, and the instrument answers in between who it is: the patience does not begin anew each time."""
    began = 0.0
    with pytest.raises(CommunicationError, match="source_meter"), Bench.open(driver_bench) as bench:
        source_on(bench)
        library = bench.instruments.managers[bench.file.library()].visalib
        transport = bench.instruments.connections["source_meter"].transport
        plan = library.world.faults
        write = transport.write

        def spoilt(message: str) -> None:
            if message.startswith(":OUTP?"):
                plan.add(Fault(kind="timeout", message=plan.messages("source_meter"), instrument="source_meter"))
            write(message)

        monkeypatch.setattr(transport, "write", spoilt)
        began = bench.clock.now()
        try:
            bench.instruments.connections["source_meter"].driver.output_states()
        finally:
            monkeypatch.undo()
    off = off_after(driver_bench.with_name("witness.jsonl"), "", began)
    assert len(off) == 1 and max(off.values()) < SILENT_WITHIN
