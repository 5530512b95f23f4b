"""Every transcript of this folder is replayed against the virtual twin and against the driver (docs/conform.md)."""

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.replaying import (
    bench_with_twin,
    is_of_facts,
    model_of,
    plain,
    replay_on_driver,
    replay_on_twin,
    saying,
)
from tsbench.conform import Transcript
from tsbench.errors import InstrumentError
from tsbench.instruments import EdgeTrigger, SourceSettings, Vertical
from tsbench.instruments.registry import entry
from tsbench.station.bench.bench import Bench

FOLDER = Path(__file__).parent
TRANSCRIPTS = {file.name.removesuffix(".jsonl"): Transcript.read(file) for file in sorted(FOLDER.glob("*.jsonl"))}
FACTS = {name: one for name, one in TRANSCRIPTS.items() if is_of_facts(one)}
DIALOGUES = {name: one for name, one in TRANSCRIPTS.items() if not is_of_facts(one)}
FEWEST_MODELS, FEWEST_FAMILIES = 12, 8


def outputs(driver: Any) -> list[bool]:
    return [state.enabled for state in driver.output_states()]


def load(ohm: float) -> Callable[[Any], object]:
    return lambda driver: driver.terminal("1").configure_load(ohm)


def vertical(scope_range: float, offset: float) -> Callable[[Any], object]:
    def act(driver: Any) -> tuple[float, float]:
        got = driver.configure_channel(1, Vertical(scope_range, offset))
        return got.range, got.offset

    return act


def scale_of_a_record(driver: Any) -> float:
    """Return volts of a code of a record that is forced."""
    driver.configure_channel(1, Vertical(5e-2))
    driver.configure_trigger(EdgeTrigger(1, 5e-3))
    driver.arm()
    driver.force_trigger()
    while not driver.complete():
        driver.wait(1e-3)
    return float(driver.fetch([1])[1].scale)


#: (transcript, step) -> (messages of the driver that the step answers, act of the driver, what comes out)
ACTS: dict[tuple[str, str], tuple[tuple[str, ...], Callable[[Any], object], object]] = {
    ("keithley_2400.pymeasure", "wrong message"): (
        (":SYST:ERR?",), lambda driver: driver.check_errors(), "-113.*Undefined header"),
    ("keithley_2400.pymeasure", "words and switches"): ((":OUTP?",), outputs, [False]),
    ("keithley_2400.pymeasure", "limit"): (
        (":SENS:CURR:PROT?",),
        lambda driver: driver.configure_source(SourceSettings.of("voltage", 0.5)).compliance, 0.5),
    ("keithley_2450.qcodes", "functions"): ((":OUTP?",), outputs, [False]),
    ("keysight_33522b.qcodes", "output"): ((":OUTP1?",), lambda driver: outputs(driver)[0], True),
    ("keysight_33522b.qcodes", "load"): ((":OUTP1:LOAD?",), load(math.inf), None),
    ("siglent_sdg2042x.recorded", "load"): (("C1:OUTP?",), load(50.0), None),
    ("keysight_33250a.pymeasure", "load"): ((":OUTP:LOAD?",), load(math.inf), None),
    ("rigol_dg822.pymeasure", "high impedance"): ((":OUTP1:LOAD?",), load(math.inf), None),
    ("rigol_dg822.pymeasure", "load"): ((":OUTP1:LOAD?",), load(math.inf), "load"),   # it is 50 Ohm
    ("rigol_dg822.pymeasure", "output on"): ((":OUTP1?",), lambda driver: outputs(driver)[0], True),
    ("keysight_b1500a.qcodes", "error queue"): (("ERRX?",), lambda driver: driver.check_errors(), None),
    ("keysight_b1500a.qcodes", "spot reading"): (("ERRX?",), lambda driver: driver.check_errors(), None),
    ("keithley_2601b.qcodes", "output on"): (
        ("print(smua.source.output)",), lambda driver: outputs(driver)[0], True),
    ("lecroy_t3dso1204.pymeasure", "scale and offset"): (("C1:VDIV?", "C1:OFST?", "C1:CPL?"), vertical(0.4, 0.15), (
        0.4, 0.15)),
    ("lecroy_wavesurfer3054z.pymeasure", "offset"): (("C1:OFST?",), vertical(4.0, -1.0), (4.0, -1.0)),
    ("siglent_sds1104xhd.pymeasure", "channel"): ((":CHAN1:SCAL?", ":CHAN1:OFFS?"), vertical(4.0, 0.0), (4.0, 0.0)),
    ("rohde_schwarz_rto1014.qcodes", "settings"): ((":CHAN1:RANG?", ":CHAN1:OFFS?"), vertical(5.0, 0.0), (5.0, 0.0)),
    ("rohde_schwarz_rtb2004.manual", "values of 16 bits"): (
        (":CHAN1:DATA:YINC?",), scale_of_a_record, 7.812499803e-7),
    ("rigol_ds1074z.manual", "settings"): ((":CHAN1:OFFS?",), vertical(2.0, -0.01), (2.0, -0.01)),
}


def test_there_are_transcripts_of_many_models_and_families() -> None:
    assert len({model_of(one) for one in TRANSCRIPTS.values()}) >= FEWEST_MODELS
    families = {entry(one.driver).driver.partition(":")[0] for one in TRANSCRIPTS.values()}
    assert len(families) >= FEWEST_FAMILIES


@pytest.mark.parametrize("name", FACTS)
def test_facts_name_their_source(name: str) -> None:
    source = FACTS[name].facts["source"]
    found = re.search(r"\d+\.\d+\.\d+, (tests|instrument)/|page|Rev\.|example|\([0-9a-f]{8}\b", source)
    assert found, source


@pytest.mark.parametrize("name", TRANSCRIPTS)
def test_the_twin_answers_as_the_transcript_has_it(name: str) -> None:
    assert [difference.line for difference in replay_on_twin(TRANSCRIPTS[name])] == []


@pytest.mark.parametrize("name", FACTS)
def test_the_driver_takes_the_identity_for_its_own(name: str) -> None:
    transcript = FACTS[name]
    declared = entry(transcript.driver)
    language = declared.load().language
    for step in transcript.steps:
        for exchange in step.exchanges:
            if exchange.message == language.identity_question:
                identity = language.parse_identity(exchange.reply)
                assert re.fullmatch(declared.model_pattern, identity.model, re.IGNORECASE), identity
                assert identity.model in exchange.reply and identity.serial in exchange.reply


@pytest.mark.parametrize(("name", "step"), ACTS)
def test_the_driver_reads_what_the_facts_say(name: str, step: str, tmp_path: Path) -> None:
    transcript, (messages, act, expected) = FACTS[name], ACTS[name, step]
    recorded, = (one for one in transcript.steps if one.name == step)
    with Bench.open(bench_with_twin(tmp_path, transcript)) as bench:
        connection = bench.instruments.connections["it"]
        with saying(connection.transport, recorded) as sent:
            if isinstance(expected, str):
                with pytest.raises(InstrumentError, match=expected):
                    act(connection.driver)
            else:
                got = act(connection.driver)
                assert expected is None or got == pytest.approx(expected)
    assert {plain(message) for message in messages} <= sent


def test_the_driver_holds_every_dialogue_of_a_lab(tmp_path: Path) -> None:
    """One test for all: no lab has sent a dialogue yet, and a parametrised test without a case is a skip."""
    differences = {name: replay_on_driver(one, tmp_path)[0] for name, one in DIALOGUES.items()}
    assert {name: [one.line for one in found] for name, found in differences.items() if found} == {}
