"""The replay of transcripts notices a twin, a driver and a transcript that do not agree."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.replaying import plain, replay_on_driver, replay_on_twin, saying
from tests.transcripts.test_replay import FACTS
from tsbench.conform import Exchange, Transcript, TranscriptStep
from tsbench.conform.conforming import converse
from tsbench.conform.twin import write_twin
from tsbench.instruments.keithley_interactive.driver import InteractiveSourceMeter
from tsbench.instruments.rigol_oscilloscopes.driver import RigolOscilloscope
from tsbench.simulated_backends.scpi.executing import Handler, execute_scpi
from tsbench.simulated_backends.virtual_instruments.keithley_2400.instrument import VirtualKeithley2400
from tsbench.simulated_backends.virtual_instruments.keithley_2450.instrument import VirtualKeithley2450
from tsbench.station.bench.bench import Bench

Said = Callable[[str, str, dict[str, float]], Transcript]


@pytest.fixture
def lab(tmp_path: Path) -> Said:
    """Return what holds the dialogue of conform with a twin that takes the place of a lab's instrument."""

    def said(driver: str, model: str, resistors: dict[str, float]) -> Transcript:
        folder = tmp_path / "lab"
        folder.mkdir()
        with Bench.open(write_twin(folder, "meter", driver, {}, model, resistors, 77)) as bench:
            converse(bench, "meter", resistors).write(folder / "meter.transcript.jsonl")
        return Transcript.read(folder / "meter.transcript.jsonl")

    return said


@pytest.mark.thin(4)
@pytest.mark.parametrize(("driver", "model", "resistors"), [
    ("keithley_2450", "keithley_2450", {"meter": 10e3}), ("keysight_33600", "keysight_33622a", {"meter.1": 10e3}),
    ("rigol_ds1000z", "rigol_ds1074z", {}), ("keithley_4200", "keithley_4200", {"meter.smu1": 10e3}),
])
def test_a_dialogue_agrees_with_twin_and_driver(
    driver: str, model: str, resistors: dict[str, float], lab: Said, tmp_path: Path,
) -> None:
    transcript = lab(driver, model, resistors)
    assert [one.line for one in replay_on_twin(transcript)] == []
    differences, skipped = replay_on_driver(transcript, tmp_path)
    assert [one.line for one in differences] == []
    assert skipped in ([], ["meter: forced record"])   # the bytes of a long record are not in a transcript


def changed(transcript: Transcript, message: str, reply: str) -> Transcript:
    """Return a transcript with another reply to a message, wherever it is."""

    def other(exchange: Exchange) -> Exchange:
        return dataclasses.replace(exchange, reply=reply) if exchange.message == message else exchange

    return dataclasses.replace(transcript, steps=tuple(
        dataclasses.replace(step, exchanges=tuple(map(other, step.exchanges))) for step in transcript.steps))


@pytest.mark.thorough
def test_a_lab_with_another_reply_is_noticed_by_both(lab: Said, tmp_path: Path) -> None:
    transcript = changed(lab("keithley_2450", "keithley_2450", {"meter": 10e3}), ":SYST:LFR?", "sixty")
    assert "reply" in {one.what for one in replay_on_twin(transcript)}
    transcript = changed(transcript, ":SYST:LFR?", "50")
    assert replay_on_driver(changed(transcript, ":OUTP?", "2"), tmp_path)[0] != []


def test_a_spoiled_twin_is_noticed(lab: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    """By facts: another word, and another error text. By a dialogue: fewer digits."""
    transcript = lab("keithley_2450", "keithley_2450", {})

    def execute(self: VirtualKeithley2400, message: bytes) -> Handler:
        reply = yield from execute_scpi(self, message)
        return reply if reply is None else reply.replace(b"HIMP", b"HIMPEDANCE").replace(b"Undefined header", b"What?")

    monkeypatch.setattr(VirtualKeithley2400, "execute", execute)
    found = {(one.step, one.what) for one in replay_on_twin(FACTS["keithley_2400.pymeasure"])}
    assert found == {("words and switches", "reply"), ("wrong message", "reply")}
    assert replay_on_twin(transcript) == []

    def shorter(self: VirtualKeithley2450, message: bytes) -> Handler:
        reply = yield from execute_scpi(self, message)
        return reply if reply is None or b"ILIM?" not in message else b"%.3E" % float(reply)

    monkeypatch.setattr(VirtualKeithley2450, "execute", shorter)
    assert {one.what for one in replay_on_twin(transcript)} == {"format"}


@pytest.mark.parametrize("spoiled", [
    lambda self, *given: self.write(":STOP"), lambda self, *given: None,
], ids=["sends another message", "sends nothing"])
def test_a_spoiled_driver_is_noticed(
    spoiled: Callable[..., Any], lab: Said, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    transcript = lab("rigol_ds1000z", "rigol_ds1074z", {})
    monkeypatch.setattr(RigolOscilloscope, "disable_channel", spoiled)
    differences, _ = replay_on_driver(transcript, tmp_path)
    assert [(one.step, one.what) for one in differences] == [("meter: channel off", "course")]


def test_a_driver_that_reads_otherwise_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.transcripts import test_replay

    monkeypatch.setattr(InteractiveSourceMeter, "ask_switch", lambda self, question: self.ask(question) != "1")
    with pytest.raises(AssertionError):
        test_replay.test_the_driver_reads_what_the_facts_say("keithley_2450.qcodes", "functions", tmp_path)


@pytest.mark.parametrize(("message", "short"), [
    (":SOURce1:VOLTage:LEVel 1", "SOUR:VOLT:LEV 1"), ("OUTPut?", "OUTP?"), (":CHANnel2:OFFSet?", "CHAN2:OFFS?"),
    ("*IDN?", "*IDN?"), ("print(smua.source.output)", "PRINT(SMUA.SOURCE.OUTPUT)"), (":SENSE:CURRENT:PROTECTION?",
                                                                                  "SENS:CURR:PROT?"),
])
def test_messages_are_compared_in_their_short_form(message: str, short: str) -> None:
    assert plain(message) == short


def test_a_message_that_is_not_sent_leaves_its_reply_aside() -> None:
    class Quiet:
        _last = "*OPC?"

        def read(self) -> str:
            return "1"

    quiet: Any = Quiet()
    with saying(quiet, TranscriptStep("some", (Exchange(":OUTP?", "0", 0.0),))) as sent:
        assert quiet.read() == "1"
    assert sent == set()
