"""The table of imperfections: it is complete, up to date, and the tests that it names are there."""

import ast
import dataclasses
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from benchmarks.imperfections import sabotage
from benchmarks.imperfections.kinds import GENERATOR, LIMITS, OSCILLOSCOPE, SOURCE_METER, Kind
from benchmarks.imperfections.others import entries
from benchmarks.imperfections.page import PAGE, contents
from benchmarks.imperfections.sabotages import SABOTAGES
from benchmarks.imperfections.sheets import GENERATORS, OSCILLOSCOPES, SOURCE_METERS
from benchmarks.imperfections.table import rows
from tsbench.simulated_backends.virtual_instruments.generator.data_sheet import GeneratorSources
from tsbench.simulated_backends.virtual_instruments.oscilloscope.data_sheet import ScopeSources
from tsbench.simulated_backends.virtual_instruments.source_meter.data_sheet import FastConverter, SourceMeterSources

ROOT = Path(__file__).parents[3]
KINDS = [(SOURCE_METERS, SOURCE_METER, SourceMeterSources), (GENERATORS, GENERATOR, GeneratorSources),
         (OSCILLOSCOPES, OSCILLOSCOPE, ScopeSources)]


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == contents(), "run python -m benchmarks.imperfections"


@pytest.mark.parametrize(("families", "kinds", "sources"), KINDS)
def test_each_number_of_a_data_sheet_is_a_limit_or_an_imperfection(
    families: Mapping[str, Mapping[str, Any]], kinds: Sequence[Kind], sources: type,
) -> None:
    known = LIMITS.union(*(kind.fields for kind in kinds))
    for models in families.values():
        for sheet in models.values():
            fields = {field.name for field in dataclasses.fields(sheet)}
            if hasattr(sheet, "ranges"):
                row = sheet.ranges["CURR"][0]
                fields |= {field.name for part in (row, FastConverter) for field in dataclasses.fields(part)}
            assert fields <= known, fields - known
    assert [kind.name for kind in kinds] == [field.name for field in dataclasses.fields(sources)]


@pytest.mark.parametrize("code", [1, 2, 5])
def test_sabotage_shows_nothing_where_the_tests_do_not_pass_unspoilt(
    code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", ["sabotage"])
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], code, "1 failed\n", ""))
    assert sabotage.main() == 1
    assert capsys.readouterr().err == f"pytest ended with exit code {code}: 1 failed\n"


@pytest.mark.parametrize(("cases", "said"), [
    ([], "no test ran on a sabotaged instrument"), ([sabotage.NOTHING], "nothing was spoilt on any instrument"),
    (["blind"], "one: blind, and the list does not have it"), ([sabotage.SEEN, sabotage.NOTHING], ""),
])
def test_sabotage_that_spoilt_nothing_or_was_not_seen_ends_with_1(
    cases: list[str], said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:
    found = [{"test": "test_it", "sabotage": "noise half", "of": "test_imperfections_of_it.py::a", "on": [name],
              "found": case} for name, case in zip(("one", "two"), cases, strict=False)]
    monkeypatch.setattr(sys, "argv", ["sabotage", "--only", "it"])
    monkeypatch.setattr(sabotage, "run", lambda *_: found)
    assert sabotage.main() == int(bool(said))
    assert said in capsys.readouterr().out


def test_each_imperfection_has_a_source_or_says_that_there_is_none() -> None:
    for row in rows():
        assert row.number and str(row.source)
        assert row.source.found or not row.source.missing, row
    for _, (title, sources, numbers) in entries():
        assert list(sources) and set(sources) == set(numbers), title


def test_each_imperfection_has_a_test_that_is_there() -> None:
    there: dict[str, set[str]] = {}
    for row in rows():
        assert row.tests, row
        for test in row.tests:
            name, _, function = test.partition("::")
            if name not in there:
                tree = ast.parse((ROOT / name).read_text("utf-8"))
                there[name] = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
            assert function in there[name], test


def test_each_test_of_an_imperfection_has_a_sabotage_that_it_must_see() -> None:
    named = {test.partition("::")[2] for row in rows() for test in row.tests}
    assert {name.strip() for name in SABOTAGES} == named


def test_families_of_a_kind_are_in_the_table() -> None:
    """A folder with a data sheet has rows; those without numbers of their own share another folder's."""
    package = ROOT / "simulated_backends" / "virtual_instruments"
    folders = {path.parent.name for path in package.glob("*/*sheet.py")}
    assert folders - {row.folder for row in rows()} == {
        "source_meter", "generator", "oscilloscope", "keithley_interactive"}
