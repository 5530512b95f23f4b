"""The budget of a device on a served bench, over campaigns whose process is killed; the benchmark in small."""

from pathlib import Path

import pytest

from benchmarks.campaign_budget import UNITS, one_device


@pytest.mark.soak
@pytest.mark.parametrize("number", range(len(UNITS)))
def test_the_device_never_sees_more_than_its_record_says_and_its_budget_allows(tmp_path: Path, number: int) -> None:
    rows = list(one_device(5, number, tmp_path, count=3))
    assert sum(len(row["kills"]) for row in rows) > 0 and all(row["said"].startswith("done") for row in rows)
    for row in rows:
        assert all(row["seen"][name] <= row["used"][name] for name in UNITS)
        assert all(row["used"][name] <= bound * (1 + 1e-9) for name, bound in row["budget"].items())
