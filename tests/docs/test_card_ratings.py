"""The ratings of switch cards in docs/bench.md are those that the driver limits a source by."""

import re
from pathlib import Path

from tsbench.instruments.keithley_700.driver import _RATINGS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "bench.md"


def test_the_page_has_the_ratings_of_the_driver() -> None:
    section = PAGE.read_text(encoding="utf-8").partition("### Crosspoints")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (\S+) \| (\S+) V \| (\S+) A \|$", section, flags=re.MULTILINE)
    assert {card: (float(volts), float(amperes)) for card, volts, amperes in rows} == dict(_RATINGS)
