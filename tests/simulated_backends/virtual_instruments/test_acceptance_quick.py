"""The acceptance benchmark: its benches, its comparison with the list, and a few drivers of other authors."""

import json
import re
import tomllib
from dataclasses import replace
from importlib.metadata import distribution
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks.acceptance import benches, running
from benchmarks.acceptance.benches import TRANSPORTS, registered
from benchmarks.acceptance.expected import EVIDENCE, Expected, compare, idle, load, misplaced
from benchmarks.acceptance.judging import METERS, meter_accuracy
from benchmarks.acceptance.noting import Notebook
from benchmarks.acceptance.results import Outcome
from benchmarks.acceptance.running import Row, check_driver, drivers, suites, twin_of

pytestmark = [  # drivers of others, as they are
    pytest.mark.filterwarnings("ignore"), pytest.mark.tsbench_outputs_stay_on,
]
ROOT = Path(__file__).resolve().parents[3]
#: drivers that the tests' own installation has, and that take little time
QUICK = ("pymeasure.Keithley2400", "pymeasure.Keithley2450", "pymeasure.Agilent33220A", "qcodes.Keithley2450",
         "qcodes.TektronixDPO7000xx")
EXPECTED = Expected(
    "an-id", "a.Driver", ("wrong[*]",), "pymeasure", "0", "pymeasure/__init__.py", 1, "", "", ("no way",), "", "driver")


def test_every_virtual_instrument_of_a_row_is_registered() -> None:
    known = set(registered())
    for name, row in {**drivers(), **suites()}.items():
        assert set(row.twins) <= known, name


def test_every_source_meter_has_its_own_accuracy() -> None:
    families = ("keithley_24", "keithley_26", "keysight_b29", "keysight_b1500")
    meters = [name for name in registered() if name.startswith(families)]
    assert all(meter_accuracy(name) for name in meters) and len(meters) > 12
    assert meter_accuracy("keithley_2636b") == meter_accuracy("keithley_2612b") == METERS["keithley_263"]
    assert all(any(name.startswith(beginning) for name in meters) for beginning in METERS)
    with pytest.raises(KeyError, match="keithley_2999 is not known"):
        meter_accuracy("keithley_2999")


@pytest.mark.thin(6)
@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("model", registered())
def test_every_virtual_instrument_opens_and_identifies_itself(
    model: str, transport: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TSBENCH_WITNESS", "")
    (reply,) = benches.opens(model, transport, tmp_path)
    assert reply
    assert "SIM00001" in reply or len(reply.split(",")) > 1


@pytest.mark.thin(4)
@pytest.mark.parametrize("name", QUICK)
def test_failures_of_a_driver_are_those_of_the_list(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "FOLDER", tmp_path)
    monkeypatch.setenv("TSBENCH_WITNESS", "")
    driver = drivers()[name]
    twin = twin_of(driver.twins)
    assert twin is not None
    row = Row(name, driver.package, distribution(driver.package).version, "in process", twin,
              tuple(check_driver(driver, twin, "in process")))
    entries = [entry for entry in load() if entry.driver == name]
    if row.installed in {entry.version for entry in entries} or not entries:
        found = compare([row], entries)
        assert found.equal, found
        assert not idle([row], entries)
        assert not misplaced(entries)
    else:   # a version that the list does not know may have mended defects, but it shows no failure of ours
        assert not compare([row], [replace(entry, version=row.installed) for entry in entries]).unexpected
    assert sum(outcome.passed for outcome in row.outcomes) >= 4


def row_of(*outcomes: Outcome) -> Row:
    return Row("a.Driver", "pymeasure", "0", "socket", "a_model", outcomes)


@pytest.mark.parametrize(("outcome", "wrong"), [
    (Outcome("right", True), ""),
    (Outcome("right", False, "broken"), "unexpected"),
    (Outcome("wrong[1-a]", False, "no way"), ""),
    (Outcome("wrong[1-a]", False, "something else"), "other"),
    (Outcome("wrong[1-a]", False, "there is no way"), "other"),
    (Outcome("wrong[1-a]", False, "no way out"), "other"),
    (Outcome("wrong[1-a]", True), "lenient"),
])
def test_a_case_is_compared_with_the_list(outcome: Outcome, wrong: str) -> None:
    found = compare([row_of(outcome)], [EXPECTED])
    assert found.equal is not bool(wrong)
    kinds = {kind for kind in ("unexpected", "other", "lenient") if getattr(found, kind)}
    assert kinds == ({wrong} if wrong else set())


def shown_by(name: str, case: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Row:
    """Run one case of a driver in process."""
    monkeypatch.setattr(running, "FOLDER", folder)
    monkeypatch.setenv("TSBENCH_WITNESS", "")
    driver = drivers()[name]
    (outcome,) = check_driver(driver, driver.twins[0], "in process", [case])
    return Row(name, driver.package, "", "in process", driver.twins[0], (outcome,))


@pytest.mark.parametrize("planted", ["another error", "one error more", "another value"])
def test_another_failure_of_the_same_case_is_not_taken_for_the_expected_one(
    planted: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, case = "pymeasure.Keithley2450", "integration_time_is_limited_by_the_class"
    check = drivers()[name].cases[case]

    def sabotaged(meter: Any, bench: Any) -> None:
        if planted == "one error more":
            bench.world.instruments["tested"].post_error(-113)
            bench.errors()   # nobody can find it in the queue any more
        elif planted == "another error":
            nonsense = property(lambda _: 1, lambda it, _: it.write(":NONSENSE 1"))
            monkeypatch.setattr(type(meter), "current_nplc", nonsense)
        else:
            write = meter.write
            monkeypatch.setattr(meter, "write", lambda message, **more: write(message.replace("50", "0"), **more))
        check(meter, bench)

    found = compare([shown_by(name, case, tmp_path, monkeypatch)], load())
    assert len(found.expected) == 1, found
    driver = drivers()[name]
    monkeypatch.setitem(driver.cases, case, sabotaged)
    found = compare([shown_by(name, case, tmp_path, monkeypatch)], load())
    assert len(found.other) == 1 and "fails in another way" in found.other[0], found


def test_an_error_that_no_case_looks_for_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name, case = "pymeasure.Keithley2450", "identifies_itself"
    assert shown_by(name, case, tmp_path, monkeypatch).outcomes[0].passed
    monkeypatch.setitem(drivers()[name].cases, case, lambda meter, _: meter.write(":SENS:CURR:NPLC 50"))
    (outcome,) = shown_by(name, case, tmp_path, monkeypatch).outcomes
    assert outcome.shown == (
        "AssertionError: errors that the instrument noted: (-222,), not () | "
        "the instrument noted -222 at ':SENS:CURR:NPLC 50'; last message ':SENS:CURR:NPLC 50'")


def test_marks_of_a_text_stand_only_for_what_differs_between_two_runs() -> None:
    entry = replace(EXPECTED, shows=("'X' is not in <set>; Parameter: <session>.shape",))
    assert entry.tells("hislip", "'X' is not in {'b', 'a'}; Parameter: tested_hislip.shape")
    assert not entry.tells("hislip", "'X' is not in {'b', 'a'}; Parameter: tested_hislip.shapes")
    assert not entry.tells("hislip", "'X' is not in {'b', 'a'}; Parameter: tested_hislip.width, .shape")
    assert not entry.tells("hislip", "'Y' is not in {'b', 'a'}; Parameter: tested_hislip.shape")


def test_every_text_of_the_list_tells_what_the_instrument_noted() -> None:
    for entry in load():
        suite = entry.driver.startswith("suite.")
        assert suite or all(" | the instrument noted " in text for text in entry.shows + entry.in_process), entry.id


def test_the_notebook_keeps_errors_that_were_read_and_the_message_that_made_them() -> None:
    status = SimpleNamespace(post=lambda error: None)
    instrument = SimpleNamespace(status=status, exchange=SimpleNamespace(execute=lambda message: None))
    notebook = Notebook(instrument)
    assert notebook.summary() == "the instrument noted nothing; no message came"
    instrument.exchange.execute(b"A" * 200)
    status.post(SimpleNamespace(code=-113))
    notebook.waiting = True
    instrument.exchange.execute(b"*IDN?")
    status.post(SimpleNamespace(code=-310, text="System error"))
    assert notebook.codes == (-113, -310)
    cut = "'" + "A" * 100 + "...'"
    assert notebook.summary() == (
        f"the instrument noted -113 at {cut}; -310 (System error) at {cut}; last message {cut}")


def test_an_entry_that_covers_no_case_and_a_line_that_has_moved_are_told() -> None:
    assert idle([row_of(Outcome("right", True))], [EXPECTED])
    assert not idle([row_of(Outcome("wrong[2]", False, "no way"))], [EXPECTED])
    assert misplaced([EXPECTED])


def test_every_entry_of_the_list_names_a_row_a_line_and_a_manual() -> None:
    names = {*drivers(), *suites()}
    for entry in load():
        assert entry.driver in names, entry.id
        assert entry.source and entry.symptom and entry.shows and len(entry.manual) > 20, entry.id


def test_every_entry_says_what_kind_of_statement_makes_hardware_fail() -> None:
    for entry in load():
        assert entry.evidence in EVIDENCE, entry.id
        place = re.search(r"\bp\. \d|IEEE 488\.2-1992, \d", entry.manual)
        assert place or entry.evidence != "page", f"{entry.id}: its statement has no page"


def test_an_entry_that_needs_a_later_version_of_another_package_is_not_in_force_without_it() -> None:
    now, later = replace(EXPECTED, needs="pytest 1"), replace(EXPECTED, needs="pytest 999")
    failed = row_of(Outcome("wrong[1-a]", False, "no way"))
    assert now.in_force and compare([failed], [now]).equal
    assert not later.in_force and compare([failed], [later]).unexpected
    assert compare([row_of(Outcome("wrong[1-a]", True))], [later]).equal and not idle([failed], [later])


def test_a_row_is_kept_as_one_line() -> None:
    row = row_of(Outcome("right", True), Outcome("wrong[1-a]", False, "two\nlines"))
    assert "\n" not in row.as_json()
    assert Row.of_kept(json.loads(row.as_json())) == row


def test_versions_of_the_list_are_those_of_the_extra() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    lines = [line.partition(";")[0] for line in extras["acceptance"]]   # without the marker of a system
    pinned = dict(line.split("==") for line in lines if "==" in line)
    for entry in load():
        assert pinned.get(entry.package, entry.version) == entry.version, entry.id
