"""docs/evidence/README.md: each page of evidence has a row with its question and the date of its figures."""

import pytest

from benchmarks.evidence_pages import EVIDENCE, SECTIONS, dates, index, question


def test_each_page_has_one_row() -> None:
    placed = [name for names in SECTIONS.values() for name in names]
    assert sorted(placed) == sorted(page.stem for page in EVIDENCE.glob("*.md") if page.stem != "README")


def test_the_index_is_that_of_the_pages() -> None:
    written = (EVIDENCE / "README.md").read_text("utf-8")
    assert written == index(), "a page changed: run python -m benchmarks.evidence_pages"


def test_question_and_dates_of_a_page() -> None:
    text = ("# A\n\n*Reference: is it\nso? `python -m benchmarks.a` writes the table.*\n\nNot so on 2026-01-01.\n\n"
            "`python -m benchmarks.a`, 2026-11-29, Python 3\n\n`python -m benchmarks.b`, 2026-11-26, Python 3\n")
    assert question(text) == "Is it so?" and dates(text) == "2026-11-26 to 2026-11-29"
    assert dates("*Reference: is it so?* On 2026-11-25, it was.") == "2026-11-25"


def test_a_page_without_question_or_date() -> None:
    with pytest.raises(LookupError, match="question"):
        question("# A\n\n*Reference.* This page has figures.")
    with pytest.raises(LookupError, match="date"):
        dates("# A\n\n*Reference: is it so?*")
