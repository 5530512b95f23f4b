"""The list of wrong numbers that the tests of imperfections do not notice: a run is right if it gives this list."""

import sys
from pathlib import Path

import pytest

from benchmarks.imperfections import sabotage
from benchmarks.imperfections.known import (
    BLIND,
    NOTHING,
    SEEN,
    Case,
    Known,
    differences,
    fewest_cases,
    load,
    not_noticed,
)
from benchmarks.imperfections.sabotages import SABOTAGES, WORDS

ENTRY = Known("test_it", "noise", ("half",), "it is too small", ("one",), ("other",))
ONE, OTHER, NEW = (Case("test_it", "noise", "half", name) for name in ("one", "other", "new"))


@pytest.mark.parametrize(("results", "said"), [
    ({ONE: BLIND}, ""),
    ({ONE: BLIND, OTHER: BLIND, NEW: SEEN}, ""),
    ({}, ""),   # with --only, other tests may have run
    ({ONE: SEEN}, "`test_it`, noise half, one: seen, but the list says that it is not noticed"),
    ({ONE: NOTHING}, "`test_it`, noise half, one: nothing to spoil, but the list says that it is not noticed"),
    ({ONE: BLIND, NEW: BLIND}, "`test_it`, noise half, new: blind, and the list does not have it"),
    ({ONE: "error KeyError: 'a'"}, "`test_it`, noise half, one: error KeyError: 'a', and the list does not have it"),
    ({ONE: BLIND, OTHER: SEEN}, "`test_it`, noise half, other: seen, but the list says that it is not noticed"),
])
def test_what_is_not_noticed_is_compared_with_the_list(results: dict[Case, str], said: str) -> None:
    assert differences(results, [ENTRY], whole=False, everything=False) == ([said] if said else [])


@pytest.mark.parametrize(("results", "everything", "missing"), [
    ({ONE: BLIND}, False, []), ({ONE: BLIND}, True, [OTHER]), ({}, False, [ONE]),
])
def test_a_whole_run_has_all_cases_of_the_list(
    results: dict[Case, str], everything: bool, missing: list[Case],
) -> None:
    assert differences(results, [ENTRY], whole=True, everything=everything) == [
        f"{case}: it is in the list, but did not run" for case in missing]


def test_cases_that_vanish_are_missed() -> None:
    results = {ONE: BLIND, NEW: SEEN, OTHER: NOTHING}
    assert differences(results, [ENTRY], whole=True, everything=False, fewest=2) == [
        f"{OTHER}: nothing to spoil, but the list says that it is not noticed"]
    assert "2 wrong numbers were tried, fewer than 3" in differences(results, [ENTRY], True, False, fewest=3)
    assert fewest_cases() > 3000


def test_the_page_has_the_list_and_says_how_long_it_is() -> None:
    """A case that is added to the list is added to the page, where a reader sees it."""
    page = (Path(__file__).parents[3] / "docs/evidence/imperfections.md").read_text("utf-8")
    entries = load()
    lines = not_noticed({case: BLIND for entry in entries for case in entry.expected()}, entries)
    assert [line.removeprefix("* ") for line in page.splitlines() if line.startswith("* `test_")] == lines
    count, every = sum(len(entry.expected(everything=False)) for entry in entries), fewest_cases()
    assert f"{every - count:,} of {every:,} wrong numbers were noticed, and the other {count} are" in page


def test_an_absent_number_is_noticed_by_each_test_but_one() -> None:
    """A test that does not notice a number that is absent or twice as large says nothing about it."""
    large = [entry.number for entry in load() if set(entry.wrong) & {"absent", "half", "double"}]
    assert large == ["slew_rate"]


def test_the_reasons_of_what_ran_are_told() -> None:
    assert not_noticed({ONE: BLIND, NEW: SEEN}, [ENTRY]) == ["`test_it`, noise half (one): it is too small"]
    assert not_noticed({ONE: SEEN}, [ENTRY]) == []


def test_the_list_names_sabotages_that_are_made_and_gives_reasons() -> None:
    for entry in load():
        _, numbers = SABOTAGES[entry.test]
        assert entry.number in {" and ".join(names) for names in numbers}, entry
        assert set(entry.wrong) <= set(WORDS.values()) and entry.reason and entry.expected(), entry


def test_a_case_that_stands_twice_in_the_list_is_refused(tmp_path: Path) -> None:
    text = '[[known]]\ntest = "t"\nnumber = "n"\nwrong = ["half"]\ncases = ["a"]\nreason = "r"\n'
    (tmp_path / "known.toml").write_text(2 * text, "utf-8")
    with pytest.raises(ValueError, match="`t`, n half, a stands there twice"):
        load(tmp_path / "known.toml")


def test_the_exit_code_is_0_if_the_list_is_right_and_the_heading_has_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:
    known = next(entry for entry in load() if entry.number == "overrange")
    found = [{"test": known.test, "sabotage": f"overrange {wrong}", "of": "test_imperfections_of_source_meters.py::a",
              "on": [name], "found": BLIND} for wrong in known.wrong for name in known.cases]
    monkeypatch.setattr(sys, "argv", ["sabotage", "--only", "a_fixed_range or other"])
    monkeypatch.setattr(sabotage, "run", lambda *_: found)
    assert sabotage.main() == 0
    said = capsys.readouterr().out
    assert "`python -m benchmarks.imperfections.sabotage --only 'a_fixed_range or other'`" in said
    assert known.reason in said and "Not as" not in said
    monkeypatch.setattr(sabotage, "run", lambda *_: [found[0], found[1] | {"found": SEEN}])
    assert sabotage.main() == 1
    assert "Not as benchmarks/imperfections/known.toml says" in capsys.readouterr().out
