"""`conform` finds what an instrument does otherwise than its twin, and nothing where both are the same."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tsbench.cli import main
from tsbench.conform import Transcript, Twin, conform, conforming
from tsbench.conform.comparing import reading_bounds, same_format
from tsbench.conform.conforming import twin_transcripts
from tsbench.conform.dialogue import DialogueStep, until
from tsbench.conform.transcript import Exchange
from tsbench.conform.twin import TWINS
from tsbench.errors import ConfigurationError, InstrumentError, LimitError, TsbenchError
from tsbench.records import Identity
from tsbench.simulated_backends.scpi.executing import Handler, execute_scpi
from tsbench.simulated_backends.virtual_instruments.keithley_2450.instrument import VirtualKeithley2450
from tsbench.simulated_backends.virtual_instruments.registry import instrument_class
from tsbench.simulated_backends.world import world
from tsbench.station.bench.bench_tables import InstrumentTable

BENCH = """
visa_library = "metal.world.toml@tsbench"
[instruments.meter]
driver = "keithley_2450"
resource = "USB0::0x05E6::0x2450::SIM7::INSTR"
"""
WORLD = """
seed = 77
[witness]
file = "witness.jsonl"
[instruments.meter]
model = "metal"
resource = "USB0::0x05E6::0x2450::SIM7::INSTR"
[fixture]
netlist = "R1 n 0 10k"
[fixture.terminals]
meter = "n"
"""
Change = Callable[[bytes], bytes]
ELEMENTS = rb"READ|TRAC:DATA"   #: questions for readings: relative time, source, current, status of the source


def field(number: int, change: Callable[[str], str]) -> Change:
    """Return what changes one of the four values of each reading."""

    def changed(reply: bytes) -> bytes:
        fields = reply.decode().split(",")
        fields[number::4] = [change(one) for one in fields[number::4]]
        return ",".join(fields).encode()

    return changed


def number(change: Callable[[float], float]) -> Callable[[str], str]:
    return lambda text: f"{change(float(text)):.6E}"


#: what metal does otherwise: (messages that it concerns, change of the reply, seconds that it takes longer)
PLANTED: dict[str, tuple[bytes, Change, float]] = {
    "fewer digits of readings": (ELEMENTS, field(2, lambda text: f"{float(text):.5E}"), 0.0),
    "a sign before settings": (rb"NPLC\?", lambda reply: b"+" + reply, 0.0),
    "three digits of the exponent": (rb"ILIM\?", lambda reply: reply.replace(b"E-", b"E-0"), 0.0),
    "a gain error of a percent": (ELEMENTS, field(2, number(lambda value: value * 1.01)), 0.0),
    "an offset of the read-back": (ELEMENTS, field(1, number(lambda value: value + 0.02)), 0.0),
    "the other sign of the current": (ELEMENTS, field(2, number(lambda value: -value)), 0.0),
    "times in milliseconds": (ELEMENTS, field(0, number(lambda value: value * 1e3)), 0.0),
    "no bit for compliance": (ELEMENTS, field(3, lambda text: str(int(float(text)) & ~32)), 0.0),
    "one reading more": (rb"TRAC:DATA", lambda reply: reply + b",0.0,0.0,0.0,0", 0.0),
    "another error code": (rb"SYST:ERR", lambda reply: reply.replace(b"-113", b"-110"), 0.0),
    "another error text": (rb"SYST:ERR", lambda reply: reply.replace(b"Undefined header", b"Unknown header"), 0.0),
    "another empty queue": (rb"SYST:ERR", lambda reply: reply.replace(b'0,"No error;0;0 0"', b'+0,"No error"'), 0.0),
    "a word for a switch": (rb"OUTP\?", lambda reply: {b"1": b"ON", b"0": b"OFF"}[reply], 0.0),
    "an output that does not switch": (rb"OUTP\?", lambda reply: b"0", 0.0),
    "a limit that is rounded up": (rb"ILIM\?", lambda reply: b"%.6E" % (float(reply) * 1.0005), 0.0),
    "a limit of its own": (rb"ILIM\?", lambda reply: b"%.6E" % (float(reply) * 1.2), 0.0),
    "the next range": (rb"CURR:RANG\?", lambda reply: b"%.6E" % (float(reply) * 10), 0.0),
    "another word of the trigger model": (rb"TRIG:STAT\?", lambda reply: reply.replace(b"IDLE", b"BUILDING"), 0.0),
    "a slower reading": (rb"READ\?", lambda reply: reply, 0.05),
    "a slower sweep": (rb"TRAC:ACT\?|INIT", lambda reply: reply, 0.6),
    "slow settings": (rb"OUTP ON", lambda reply: reply, 0.5),
    "mains of 60 Hz": (rb"SYST:LFR\?", lambda reply: b"60", 0.0),
}


@pytest.fixture
def metal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Lay a bench whose source meter answers otherwise than its twin; returns the bench file."""

    def laid(messages: bytes = b"$^", change: Change = lambda reply: reply, longer: float = 0.0) -> Path:
        concerned = re.compile(messages)

        class Metal(VirtualKeithley2450):
            def execute(self, message: bytes) -> Handler:
                reply = yield from execute_scpi(self, message)
                if not concerned.search(message):
                    return reply
                if longer:
                    yield longer
                return reply if reply is None else change(reply)

        monkeypatch.setattr(
            world, "instrument_class", lambda name: Metal if name == "metal" else instrument_class(name))
        (tmp_path / "metal.world.toml").write_text(WORLD, "utf-8")
        bench = tmp_path / "metal.bench.toml"
        bench.write_text(BENCH, "utf-8")
        return bench

    return laid


def test_an_instrument_like_its_twin_shows_no_difference(metal: Callable[..., Path], tmp_path: Path) -> None:
    told: list[str] = []
    finding, = conform(metal(), {"meter": 10e3}, told.append)
    assert finding.differences == () and not finding.problem
    assert told[0] == "meter: Keithley 2450" and told[-1] == "meter: its twin, 12 of 12"
    steps = {step.name: step for step in finding.transcript.steps}
    assert {"reset", "meter: sweep", "meter: reading in compliance", "wrong message *ESE 999"} <= set(steps)
    assert all(not step.failure for step in steps.values())
    assert any(exchange.reply.startswith("-222") for exchange in steps["wrong message *ESE 999"].exchanges)
    file = tmp_path / "meter.jsonl"
    finding.transcript.write(file)
    again = Transcript.read(file)
    assert [[(one.message, one.reply) for one in step.exchanges] for step in again.steps] == [
        [(one.message, one.reply) for one in step.exchanges] for step in finding.transcript.steps]


@pytest.fixture(scope="module")
def twins() -> list[Twin]:
    """The twin speaks once for all that is planted."""
    table = InstrumentTable(driver="keithley_2450", resource="USB0::0x05E6::0x2450::SIM7::INSTR")
    return twin_transcripts("meter", table, "keithley_2450", {"meter": 10e3}, lambda line: None)


KINDS = {"fewer digits of readings": {"format"}, "a gain error of a percent": {"value"}, "a slower reading": {"time"},
         "an output that does not switch": {"failure"}, "another error text": {"reply"}, "a sign before settings": {
             "format"}, "another error code": {"value"}, "the next range": {"failure"}}


@pytest.mark.thin(12)
@pytest.mark.parametrize("planted", PLANTED)
def test_what_an_instrument_does_otherwise_is_found(
    planted: str, metal: Callable[..., Path], twins: list[Twin], monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tsbench.conform.conforming.twin_transcripts", lambda *_: twins)
    finding, = conform(metal(*PLANTED[planted]), {"meter": 10e3})
    assert finding.differences
    assert KINDS.get(planted, set()) <= {difference.what for difference in finding.differences}


def test_without_a_resistor_no_output_goes_on(metal: Callable[..., Path]) -> None:
    bench = metal()
    finding, = conform(bench)
    assert finding.differences == ()
    sent = [exchange.message for step in finding.transcript.steps for exchange in step.exchanges]
    assert not any(re.search(r"OUTP ON|INIT|READ\?", message) for message in sent)
    witnessed = [json.loads(line) for line in (bench.parent / "witness.jsonl").read_text("utf-8").splitlines()]
    assert not any(line["kind"] == "output" and line["on"] for line in witnessed)


@pytest.mark.thorough
def test_the_command_writes_report_and_transcript(
    metal: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    bench, out = metal(*PLANTED["another error code"]), tmp_path / "found"
    assert main(["conform", str(bench), "--resistor", "meter=10k", "--yes", "--out", str(out)]) == 1
    said = capsys.readouterr().out
    assert "meter: KEITHLEY INSTRUMENTS, MODEL 2450" in said and "the instrument has '-110'" in said
    assert (out / "report.txt").read_text("utf-8") in said
    assert Transcript.read(out / "meter.transcript.jsonl").driver == "keithley_2450"
    assert main(["conform", str(bench), "--out", str(out), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found[0]["instrument"] == "meter" and found[0]["differences"][0]["step"].startswith("wrong message")


@pytest.mark.thorough
def test_an_error_at_a_later_instrument_keeps_what_was_compared(
    metal: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:
    bench, out, done = metal(), tmp_path / "found", conforming._conform_one

    def one(bench: Any, name: str, *rest: Any) -> Any:
        if name == "other":
            raise TsbenchError("other: about 100 kOhm between terminal and ground, not 22.00 kOhm")
        return done(bench, name, *rest)

    monkeypatch.setattr(conforming, "_conform_one", one)
    another = '[instruments.other]\n{}\nresource = "USB0::0x05E6::0x2450::SIM8::INSTR"\n'
    bench.write_text(BENCH + another.format('driver = "keithley_2450"'), "utf-8")
    (bench.parent / "metal.world.toml").write_text(WORLD + another.format('model = "metal"'), "utf-8")
    assert main(["conform", str(bench), "--out", str(out)]) == 1
    said = capsys.readouterr().err
    assert "not 22.00 kOhm" in said and "with what was compared before" in said
    text = (out / "report.txt").read_text("utf-8")
    assert "meter: KEITHLEY" in text and text.endswith("ended here: other: about 100 kOhm between terminal and ground, "
                                                       "not 22.00 kOhm\n")
    assert Transcript.read(out / "meter.transcript.jsonl").steps


@pytest.mark.parametrize(("given", "said"), [
    (["--tolerance", "1"], "a part between 0 and 10 %"), (["--tolerance", "x%"], "a part between 0 and 10 %"),
    (["--resistor", "meter=10k", "--resistor", "meter=20k"], "two resistances for meter: 10000 Ohm and 20000 Ohm"),
    (["--resistor", "meter"], "write the terminal and the resistance"), (["--resistor", "meter=1"], "between 100 Ohm"),
    (["--resistor", "meter=10k"], "the outputs will drive resistors (10000 Ohm at meter). Confirm this with --yes"),
])
def test_what_is_connected_must_be_stated(
    given: list[str], said: str, metal: Callable[..., Path], capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["conform", str(metal()), *given]) == 2
    assert said in capsys.readouterr().err


def test_an_instrument_without_a_twin_still_leaves_its_transcript(
    metal: Callable[..., Path], monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tsbench.conform.conforming.twin_of", lambda identity: None)
    finding, = conform(metal())
    assert finding.problem == "tsbench has no virtual instrument for Keithley 2450" and finding.transcript.steps


@pytest.mark.parametrize(("model", "name"), [
    ("MODEL 2450", "keithley_2450"), ("model 2460", "keithley_2460"), ("DSO-X 3054T", "keysight_dsox3054t"),
    ("33622A", "keysight_33622a"), ("2999", None),
])
def test_a_twin_is_found_by_the_model(model: str, name: str | None) -> None:
    from tsbench.conform.twin import twin_of

    assert twin_of(Identity("maker", model, "1", "1")) == name


def test_the_marks_before_a_number_are_compared_apart_from_it() -> None:
    from tsbench.conform import Exchange, TranscriptStep, compare

    def spoken(*replies: str) -> list[Transcript]:
        return [Transcript("d", "i", (TranscriptStep("read", (Exchange("XE", reply, 0.1),)),)) for reply in replies]

    twins = [Twin(one) for one in spoken("NAI+1.00E-06", "NAI+1.01E-06", "NAI+0.99E-06")]
    assert compare(spoken("NAI+1.02E-06")[0], twins) == []
    assert [one.what for one in compare(spoken("CAI+1.02E-06")[0], twins)] == ["reply"]
    assert [one.what for one in compare(spoken("NAI+2.00E-06")[0], twins)] == ["value"]


def test_a_reading_may_lie_between_those_of_the_corners() -> None:
    """Errors of 1 % of gain and of 1 mV of offset, and a noise of 10 uV: 1 V may be off by 11 mV and little more."""
    noise = np.random.default_rng(5).normal(0.0, 1e-5, len(TWINS))
    numbers = np.array([1.0 + 0.01 * one.gain + 0.001 * one.offset for one in TWINS]) + noise
    middle, allowed = reading_bounds(numbers, TWINS)
    assert middle == pytest.approx(1.0, abs=3e-5) and 0.011 < allowed < 0.0118


def test_an_unforeseen_reply_ends_one_step_only() -> None:
    transport = SimpleNamespace(resource="it", serial_poll=lambda: 0, clear=lambda: None)
    recorder = conforming.ActRecorder(lambda: 0.0, "")
    step = conforming._taken(DialogueStep("load", lambda: float("x")), recorder, transport, "")
    assert step.failure == "the driver cannot use a reply (ValueError: could not convert string to float: 'x')"


@pytest.mark.parametrize(("one", "other", "alike"), [
    ("1.50E-09", "2.50E-10", True), ("1.50E-9", "2.50E-10", True), ("1.50E-9", "2.50E-09", False),
    ("1.50E-9", "1.50", False), ("1.50E-9", "1.5E-9", False), ("1.5E-010", "1.5E-10", False), ("12", "7", True),
    ("+1.5", "1.5", False), ("-1.5", "+2.5", True), ("1.5E+0", "1.5E+10", True),
    ("+000.0", "+112.5", True), ("+000.0", "+0.0", False), ("0.5", "12.5", True),
])
def test_the_form_of_two_numbers_is_compared(one: str, other: str, alike: bool) -> None:
    assert same_format(one, other) == same_format(other, one) == alike


@pytest.mark.parametrize("text", [
    "", "{}", "[1]", "no json", '{"tsbench_transcript": 9, "driver": "x", "identity": "y"}'])
def test_what_is_no_transcript_is_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / "some.jsonl"
    file.write_text(text, "utf-8")
    with pytest.raises(ConfigurationError, match="transcript"):
        Transcript.read(file)
    with pytest.raises(ConfigurationError, match="is not a transcript"):
        Transcript.read(tmp_path / "missing.jsonl")


def test_a_failure_is_the_same_at_another_address() -> None:
    def refuse() -> None:
        raise LimitError("meter (Keithley 2400, GPIB0::24::INSTR): the range is too high")

    transport = SimpleNamespace(resource="GPIB0::24::INSTR", serial_poll=lambda: 0)
    step = conforming._taken(DialogueStep("range", refuse), conforming.ActRecorder(lambda: 0.0, ""), transport, "")
    assert step.failure == "meter (Keithley 2400, ADDRESS): the range is too high"


def test_a_step_does_not_read_an_instrument_that_is_still_busy() -> None:
    waited: list[float] = []
    with pytest.raises(InstrumentError, match="the instrument was still busy after 30 s"):
        until(lambda: False, waited.append)
    assert sum(waited) == pytest.approx(30.0)
    until(lambda: len(waited) > 1, waited.append)


@pytest.mark.parametrize(("connected", "said"), [
    ("6700", "meter: resistance at a few millivolts: about 6.7 kOhm between terminal and ground, not 10.00 kOhm: is a "
     "device still connected?"),
    ("11e3", "about 11 kOhm"), ("50", "less than "), ("1e12", "Check whether the resistor is connected"),
])
def test_what_is_not_the_resistor_sees_a_few_millivolts_only(
    connected: str, said: str, metal: Callable[..., Path], capsys: pytest.CaptureFixture[str],
) -> None:
    """A device once saw 1.0 V and 1.2 mA before the comparison said that the resistance was wrong."""
    bench = metal()
    (bench.parent / "metal.world.toml").write_text(
        WORLD.replace("R1 n 0 10k", "XDUT n 0 device") + f'[devices.D1]\nmodel = "resistor"\nparameters = {{ r = '
        f'{connected} }}\n', "utf-8")
    assert main(["conform", str(bench), "--resistor", "meter=10k", "--yes", "--out", str(bench.parent / "out")]) == 1
    assert said in capsys.readouterr().err
    witnessed = [json.loads(line) for line in (bench.parent / "witness.jsonl").read_text("utf-8").splitlines()]
    switched = [line["on"] for line in witnessed if line["kind"] == "output"]
    assert switched.count(True) == 1 and not switched[-1]
    assert 0.0 < max(line["voltage"] for line in witnessed if line["kind"] == "maxima") < 7e-3


def test_the_serial_number_is_no_difference_and_is_in_no_transcript() -> None:
    """An Infiniium tells it in its preamble, and that of the twin is another."""
    said = Exchange(":WAV:PRE?", '2,0,"DSOS104A:MY55160101",1000', 0.1)
    assert conforming._without("MY55160101", said).reply == '2,0,"DSOS104A:SERIAL",1000'
    assert conforming._without("10", said) == said   # stands in other numbers
