"""The budget of a device on a served bench, over campaigns whose process is killed; the benchmark in small."""

import argparse
import math
from pathlib import Path

import pytest

from benchmarks.campaign_budget import UNITS, one_device
from benchmarks.kept_rows import add_options, add_rows, rows_before, rows_in


@pytest.mark.soak
@pytest.mark.parametrize("number", range(len(UNITS)))
def test_the_device_never_sees_more_than_its_record_says_and_its_budget_allows(tmp_path: Path, number: int) -> None:
    rows = list(one_device(5, number, tmp_path, count=3))
    assert sum(len(row["kills"]) for row in rows) > 0 and all(row["said"].startswith("done") for row in rows)
    for row in rows:
        assert all(row["seen"][name] <= row["used"][name] for name in UNITS)
        assert all(row["used"][name] <= bound * (1 + 1e-9) for name, bound in row["budget"].items())


def test_rows_of_a_benchmark_that_was_killed_are_gone_on_with(tmp_path: Path) -> None:
    parser = argparse.ArgumentParser()
    add_options(parser, 100, tmp_path / "rows.jsonl", "less")
    path = tmp_path / "rows.jsonl"
    path.write_text('{"a": 1}\n{"a": 2', "utf-8")   # killed while it wrote
    assert rows_before(parser.parse_args(["--kept"])) == rows_before(parser.parse_args(["--resume"])) == [{"a": 1}]
    add_rows(path, [{"a": math.inf}])
    assert rows_in(path) == [{"a": 1}, {"a": None}]
    assert rows_before(parser.parse_args([])) == [] and not path.exists()
