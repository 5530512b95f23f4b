"""What benchmarks.averaged_oscillation notices: circuits that are left out, and oscillations that are called stable."""

from typing import Any

import numpy as np
import pytest

from benchmarks import averaged_oscillation as benchmark
from benchmarks.averaged_oscillation import (
    _FACTS,
    _NO_FALL,
    _SMALL_PART,
    NO_NUMBER,
    UNFLAGGED,
    Swept,
    left_out,
    lines_of,
)
from benchmarks.report import Line
from tsbench.analysis.threshold import averaged_oscillation as rules
from tsbench.records import FloatArray


def row(oscillates: bool, why: str = "", **verdicts: str) -> dict[str, Any]:
    said = "OSCILLATION" if oscillates else "STABLE"
    found = dict.fromkeys(_FACTS[:4], said) | {_FACTS[4]: "NOT_EXCLUDED"}
    if not oscillates:
        found[_FACTS[3]] = "NOT_EXCLUDED"
    return {"number": 0, "device": "nbo2", "oscillates": oscillates, "with_other_load": False, "left_out": why,
            "verdicts": found | {_FACTS[int(key[1])]: value for key, value in verdicts.items()}}


GOOD = [row(True)] * 40 + [row(False)] * 40
DROPPED = {"number": 0, "device": "nbo2", "oscillates": False, "left_out": _NO_FALL}


def failing(rows: list[dict[str, Any]]) -> list[str]:
    return [line.figure for line in lines_of(rows) if not line.passed]


def test_right_verdicts_pass() -> None:
    assert failing([*GOOD, DROPPED, row(True, _SMALL_PART), row(True, _NO_FALL)]) == []


def measured(rows: list[dict[str, Any]], figure: str) -> Line:
    (line,) = (line for line in lines_of(rows) if line.figure.startswith(figure))
    return line


def test_circuits_that_are_left_out_are_counted_with_their_reason() -> None:
    rows = [*GOOD, DROPPED, DROPPED, row(True, _NO_FALL), row(True, _SMALL_PART)]
    assert measured(rows, f"circuits {_NO_FALL}: how many").measured == "3 of 84; 1"
    assert measured(rows, f"circuits {_SMALL_PART}: how many").measured == "1 of 84; 1"
    assert measured(rows, f"{_FACTS[0]}: averaged oscillations").measured.startswith("40 of 40")


@pytest.mark.parametrize("why", [_NO_FALL, _SMALL_PART])
@pytest.mark.parametrize("place", range(4))
def test_an_oscillation_that_is_left_out_must_not_be_called_stable(why: str, place: int) -> None:
    assert failing([*GOOD, row(True, why, **{f"f{place}": "STABLE"})]) == [
        f"circuits {why} that oscillate: verdicts of {_FACTS[place]}"]


@pytest.mark.parametrize("place", range(4))
def test_one_oscillation_that_is_called_stable_does_not_pass(place: int) -> None:
    assert failing([row(True, **{f"f{place}": "STABLE"}), *GOOD[1:]]) == [
        f"{_FACTS[place]}: averaged oscillations called an oscillation"]


@pytest.mark.parametrize(("shown", "passes"), [(0, False), (4, False), (8, True), (40, True)])
def test_a_sweep_with_another_aperture_has_to_show_a_fifth_of_the_oscillations(shown: int, passes: bool) -> None:
    hidden = row(True, f3="NOT_EXCLUDED")
    rows = [*[row(True)] * shown, *[hidden] * (40 - shown), *[row(False)] * 40]
    assert failing(rows) == ([] if passes else [f"{_FACTS[3]}: averaged oscillations called an oscillation"])


def test_facts_of_no_circuit_do_not_pass() -> None:
    for rows in ([], [row(True)] * 9, [row(False)] * 9):
        assert set(failing(rows)) >= {f"{fact}: {what} called an oscillation" for fact in _FACTS[:4] for what in (
            "averaged oscillations", "stable negative resistances")}


def test_equally_many_circuits_of_both_kinds_are_compared() -> None:
    rows = [*GOOD, *[row(False)] * 20]
    assert measured(rows, f"{_FACTS[1]}: stable").measured.startswith("0 of 40")
    assert measured(rows, f"{_FACTS[4]}: sweeps").measured == "100 of 100"


def test_a_smooth_fall_is_found_without_the_extractors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "falling_part", None)
    current = np.linspace(1e-5, 1e-3, 40)

    def fall(voltage: FloatArray) -> slice | None:
        return Swept(voltage, voltage, current, voltage[None], np.zeros(40), voltage).smooth_fall()

    peaked = 1.0 - np.abs(np.arange(40) - 20) / 40
    assert fall(peaked) == slice(20, 40)
    assert fall(np.arange(40.0)) is None
    assert fall(np.where(np.arange(40) > 20, 0.5, peaked)) is None   # one step makes most of it


def test_a_sweep_of_which_nothing_is_said_does_not_pass() -> None:
    assert len(failing([*GOOD, row(False, f4=UNFLAGGED)])) == 1


def test_rows_of_before_do_not_pass() -> None:
    assert len(failing([*GOOD, {"number": 0, "device": "nbo2"}])) == 1


def test_why_a_circuit_is_left_out() -> None:
    none, few, all_ = np.zeros(10, bool), np.arange(10) < 2, np.ones(10, bool)
    assert left_out(None, none) == _NO_FALL
    assert [left_out(slice(0, 10), moving) for moving in (none, few, all_)] == ["", _SMALL_PART, ""]


def test_the_verdict_without_a_further_fact_is_that_of_the_real_extraction(monkeypatch: pytest.MonkeyPatch) -> None:
    current = np.concatenate([np.linspace(1e-5, 1e-4, 15), np.linspace(1.2e-4, 1e-3, 25)])
    voltage = np.where(current <= 1e-4, 1e4 * current, 0.6 + 0.4 * (1e-4 / current) ** 0.5)
    swept = Swept(voltage, voltage, current, voltage[None], np.zeros(40), voltage)
    assert benchmark.read_alone(swept) == "NOT_EXCLUDED"
    assert rules.falling_part(voltage, current) is not None
    monkeypatch.setattr("tsbench.extraction.sweep_tables.falling_part", lambda *_: None)
    assert benchmark.read_alone(swept) == NO_NUMBER


def test_a_sweep_whose_voltage_jumps_needs_the_flag_on_its_on_state(monkeypatch: pytest.MonkeyPatch) -> None:
    up = np.linspace(0.02, 2.0, 100)
    voltage = np.where(up < 1.0, up, 0.5 + 0.01 * up)
    current = np.where(up < 1.0, up / 1e4, (up - voltage) / 1e3 + 1e-4)
    swept = Swept(up, voltage, current, voltage[None], np.zeros(100), voltage)
    assert benchmark.read_alone(swept) == "NOT_EXCLUDED"
    monkeypatch.setattr("tsbench.extraction.sweep_tables._ON_STATE", ("nothing",))
    assert benchmark.read_alone(swept) == UNFLAGGED
