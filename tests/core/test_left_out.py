"""What the normal run leaves out: tests with a mark that an option asks for, and most parameters of thinned tests."""

import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILE = "tests/instruments/test_language_parsers.py"   # it has a test with the mark thin


def counts(*options: str) -> tuple[int, int]:
    """Return how many tests of a file pass and how many are skipped."""
    environment = {name: text for name, text in os.environ.items() if name != "TSBENCH_REQUIRE_ALL"}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options, FILE], cwd=ROOT, env=environment,
        capture_output=True, text=True, check=False)
    words = done.stdout.splitlines()[-1].replace(",", "").split()
    number = {what: int(count) for count, what in pairwise(words) if count.isdigit()}
    return number.get("passed", 0), number.get("skipped", 0)


@pytest.mark.thorough
def test_an_option_runs_what_the_normal_run_leaves_out() -> None:
    passed, skipped = counts()
    all_of_them, none = counts("--thorough")
    assert passed > 0 and skipped > 0
    assert (all_of_them, none) == (passed + skipped, 0)
