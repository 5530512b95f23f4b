"""The fuzzing benchmark: each virtual instrument has one target, and minutes that were not spent do not count."""

import fnmatch
import random
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks import fuzz
from benchmarks.acceptance.benches import registered


@pytest.fixture(autouse=True)
def guided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz, "covered", lambda target, folder: {"seeds": 900, "corpus": 901}[folder])


def test_each_virtual_instrument_has_one_target() -> None:
    found = [name for target in fuzz.TARGETS for name in fuzz.models(target)]
    assert sorted(found) == sorted(registered())


def test_each_pattern_names_an_instrument() -> None:
    for target, patterns in fuzz.TARGETS.items():
        for pattern in patterns:
            assert fnmatch.filter(registered(), pattern), (target, pattern)


def test_scpi_oscilloscopes_of_siglent_are_fuzzed_by_scpi() -> None:
    assert {"siglent_sds1104xhd", "siglent_sds2204xhd"} <= set(fuzz.models("scpi"))
    assert {"siglent_sds1202xe", "siglent_sds1204xe", "lecroy_wavesurfer3054z"} <= set(fuzz.models("lecroy"))


def test_the_dictionary_of_the_fuzzer_has_what_only_python_reads_as_a_number(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
) -> None:
    monkeypatch.setattr(fuzz, "FOLDER", tmp_path)
    fuzz.prepare("kxci")
    lines = (tmp_path / "kxci" / "words.dict").read_text("utf-8").splitlines()
    words = {re.sub(r"\\x(..)", lambda byte: chr(int(byte[1], 16)), line[1:-1]).encode("latin-1") for line in lines}
    assert {b"1_0", b"\xb2", b"\xa01", b"1e999", b"#H" + 300 * b"F", *fuzz.ODD_NUMBERS} <= words


@pytest.mark.parametrize(("seconds", "enough"), [(0.0, False), (1798.0, False), (1799.0, True), (7200.0, True)])
def test_the_minutes_of_all_calls_must_be_spent(seconds: float, enough: bool) -> None:
    assert fuzz.long_enough({"seconds": seconds}, 30.0) is enough


def test_another_process_goes_on_before_the_fuzzer_has_filled_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = list[int]()

    def child(target: str, limit: int) -> tuple[int, str, float]:
        asked.append(limit)
        said = "#30\tINITED cov: 5\nstat::number_of_executed_units: 130\nstat::peak_rss_mb: 700"
        return 0, said, limit - 20.0   # it reads the corpus for 20 s

    monkeypatch.setattr(fuzz, "one_round", child)
    state: dict[str, float] = {}
    assert fuzz.fuzz("kxci", 7.0, state) == []
    assert asked == [180, 180, 120]
    assert state == {"inputs": 300, "memory": 700, "seconds": 420.0}


def test_a_fuzzer_that_only_starts_does_not_fuzz(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz, "one_round", lambda target, limit: (0, "no corpus", 0.0))
    state: dict[str, float] = {}
    assert fuzz.fuzz("kxci", 7.0, state) == ["no input kept: no corpus"] and state["seconds"] == 0.0


@pytest.mark.parametrize(("said", "fuzzed"), [("#7\\tINITED cov: 3\\n", True), ("#7\\tpulse cov: 3\\n", False)])
def test_the_time_of_a_round_begins_behind_the_corpus(
    monkeypatch: pytest.MonkeyPatch, said: str, fuzzed: bool,
) -> None:
    script = (f"import sys, time; sys.stderr.write('{said}'); sys.stderr.flush(); time.sleep(0.3); print('end'); "
              "sys.exit(3)")
    begin = subprocess.Popen
    monkeypatch.setattr(fuzz.subprocess, "Popen", lambda command, **rest: begin([sys.executable, "-c", script], **rest))
    code, text, seconds = fuzz.one_round("kxci", 1)
    assert code == 3 and text.endswith("end\n") and (seconds > 0.0) is fuzzed


def test_a_target_that_failed_early_does_not_pass_the_row_of_its_time(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    def failed_early(target: str, minutes: float, state: dict[str, float]) -> list[str]:
        state["seconds"] = 12.0
        return ["an input"] * fuzz.MOST_FAILURES

    monkeypatch.setattr(fuzz, "FOLDER", tmp_path)
    monkeypatch.setattr(fuzz, "fuzz", failed_early)
    monkeypatch.setattr(
        fuzz, "replayed", lambda target: fuzz.Replayed(300.0, 0.0, dict.fromkeys(fuzz.models(target), 0.5)))
    assert fuzz.run(["kxci"], 30.0, False) == 1
    row = next(line for line in capsys.readouterr().out.splitlines() if "in this call" in line)
    assert "0.2 min" in row and "FAIL" in row


@pytest.mark.parametrize(("seeds", "corpus", "passes"), [(0, 0, False), (900, 900, False), (900, 901, True)])
def test_a_fuzzer_that_finds_nothing_beyond_the_seeds_does_not_pass(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: object,
    seeds: int, corpus: int, passes: bool,
) -> None:
    """A fuzzer that does not see which branches an input takes keeps no input."""
    monkeypatch.setattr(fuzz, "FOLDER", tmp_path)
    monkeypatch.setattr(fuzz, "fuzz", lambda target, minutes, state: state.update(seconds=1e4) or [])
    monkeypatch.setattr(fuzz, "covered", lambda target, folder: {"seeds": seeds, "corpus": corpus}[folder])
    monkeypatch.setattr(
        fuzz, "replayed", lambda target: fuzz.Replayed(300.0, 0.0, dict.fromkeys(fuzz.models(target), 0.5)))
    assert fuzz.run(["kxci"], 30.0, False) == (0 if passes else 1)
    row = next(line for line in capsys.readouterr().out.splitlines() if "branches of tsbench" in line)
    assert ("FAIL" not in row) is passes


@pytest.mark.tsbench_outputs_stay_on
@pytest.mark.parametrize(("target", "model", "message", "post"), [
    ("scpi", "keithley_2450", b":NONSENSE 1", "post"), ("scpi", "keysight_33522b", b":NONSENSE 1", "post"),
    ("tsp", "keithley_2636b", b"smua.nonsense = = 1", "post"), ("flex", "keysight_b1500a", b"NONSENSE 1", "post_flex"),
    ("kxci", "keithley_4200", b"NONSENSE 1", "post_kxci"), ("lecroy", "lecroy_wavesurfer3054z", b"C1:VDIV", "refuse"),
])
@pytest.mark.parametrize("on", [False, True])
def test_a_refused_message_that_changes_an_output_is_found(
    target: str, model: str, message: bytes, post: str, on: bool, setting: fuzz.Setting, tmp_path: Path,
) -> None:
    subject = fuzz.Subject(model, tmp_path, target, setting)
    subject.take(b"x" * int(on))
    subject.give(message)   # an honest instrument
    place, circuit = subject.instrument if post == "refuse" else subject.instrument.status, subject.world.bench.circuit
    refuse = getattr(place, post)

    def spoilt(error: Any) -> None:
        circuit.set_resistance("R_n0", 123.0)
        refuse(error)

    setattr(place, post, spoilt)
    with pytest.raises(AssertionError, match="changed"):
        subject.give(message)


@pytest.mark.thin(2)
@pytest.mark.tsbench_outputs_stay_on
@pytest.mark.parametrize("target", sorted(fuzz.TARGETS))
def test_odd_numbers_end_no_instrument(
    target: str, setting: fuzz.Setting, monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
) -> None:
    monkeypatch.setattr(fuzz, "FOLDER", tmp_path)
    act, draw, models = fuzz.acting(target), random.Random(1), len(fuzz.models(target))
    for number in range(2 * models + 40):
        seed = draw.choice(fuzz.SEEDS[target])
        odd = re.sub(rb"[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?",
                     lambda found: draw.choice(fuzz.ODD_NUMBERS) if draw.random() < 0.4 else found[0], seed)
        act(bytes([number % models]) + odd)


@pytest.mark.tsbench_outputs_stay_on
def test_half_of_the_inputs_find_the_output_on(setting: fuzz.Setting, tmp_path: Path) -> None:
    for target, model in (("scpi", "keithley_2450"), ("scpi", "keysight_33522b"), ("scpi", "siglent_sdg2042x"),
                          ("tsp", "keithley_2636b"), ("flex", "keysight_b1500a"), ("kxci", "keithley_4200")):
        subject = fuzz.Subject(model, tmp_path, target, setting)
        subject.take(b"")
        assert not any(subject.instrument.output_states().values()), model
        subject.take(b"x")
        assert any(subject.instrument.output_states().values()), model


def test_an_input_that_failed_in_an_earlier_call_counts_until_it_is_deleted(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
) -> None:
    def well(target: str, minutes: float, state: dict[str, float]) -> list[str]:
        state["seconds"] = 2000.0
        return []

    monkeypatch.setattr(fuzz, "FOLDER", tmp_path)
    monkeypatch.setattr(fuzz, "fuzz", well)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 0, "", ""))
    monkeypatch.setattr(
        fuzz, "replayed", lambda target: fuzz.Replayed(300.0, 0.0, dict.fromkeys(fuzz.models(target), 0.5)))
    kept = tmp_path / "kxci" / "crash-1"
    kept.parent.mkdir()
    kept.write_bytes(b"x")
    assert fuzz.run(["kxci"], 30.0, True) == 1
    assert "kept by an earlier call; alone it does not fail" in capsys.readouterr().err
    kept.unlink()
    assert fuzz.run(["kxci"], 30.0, True) == 0


@pytest.mark.parametrize(("accepted", "reached"), [
    ({"one": 0.5, "other": 0.02}, True), ({"one": 0.5, "other": 0.005}, False), ({"one": 0.995}, False), ({}, False),
])
def test_a_parser_that_refuses_everything_or_nothing_was_not_reached(
    accepted: dict[str, float], reached: bool
) -> None:
    assert fuzz.Replayed(300.0, 0.0, accepted).reached is reached


@pytest.mark.tsbench_outputs_stay_on
def test_messages_that_an_instrument_accepts_are_counted(setting: fuzz.Setting, tmp_path: Path) -> None:
    for target, model, good in (
        ("scpi", "keithley_2450", b":OUTP?"), ("lecroy", "lecroy_wavesurfer3054z", b"C1:VDIV?"),
        ("scpi", "lakeshore_336", b"KRDG? A"), ("tsp", "keithley_2636b", b"print(1)"),
        ("flex", "keysight_b1500a", b"UNT? 0"), ("kxci", "keithley_4200", b"ID"),
    ):
        subject = fuzz.Subject(model, tmp_path, target, setting)
        subject.take(b"*IDN?\xffNONSENSE 1 1\xff\xff" + good)
        assert (subject.given, subject.accepted) == (2, 1), model


@pytest.mark.parametrize(("accepted", "code"), [(0.5, 0), (0.0, 1), (1.0, 1)])
def test_a_parser_that_was_not_reached_fails_the_benchmark(
    accepted: float, code: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
) -> None:
    monkeypatch.setattr(fuzz, "FOLDER", tmp_path)
    monkeypatch.setattr(fuzz, "fuzz", lambda target, minutes, state: state.update(seconds=2000.0) or [])
    monkeypatch.setattr(
        fuzz, "replayed", lambda target: fuzz.Replayed(300.0, 0.0, dict.fromkeys(fuzz.models(target), accepted)))
    assert fuzz.run(["kxci"], 30.0, False) == code
    assert "messages that an instrument accepts" in capsys.readouterr().out


def test_what_is_compiled_is_not_instrumented() -> None:
    found = fuzz.compiled_modules()
    for name in ("circuit.kernel.integrator", "virtual_instruments.oscilloscope.conversion", "devices.dispatch"):
        assert f"tsbench.simulated_backends.{name}" in found


def test_minutes_of_other_code_do_not_count(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = tmp_path / "state.json"
    assert fuzz.earlier(kept, "abc") == {}
    kept.write_text('{"commit": "abc", "seconds": 1860, "inputs": 9}', "utf-8")
    assert fuzz.earlier(kept, "abc") == {"seconds": 1860.0, "inputs": 9.0}
    assert capsys.readouterr().err == ""
    kept.write_text('{"seconds": 1860, "inputs": 9}', "utf-8")
    for now in ("abc", "", "abc, changed"):
        assert fuzz.earlier(kept, now) == {}
        assert "its minutes do not count" in capsys.readouterr().err
