"""The true refractory period that the demo shows is that of the device in the catalogue."""

import tomllib

import pytest

from benchmarks.stochastic import TRUTH, half_recovery, parameters_digest


def test_the_kept_truth_holds_for_the_present_device_and_follows_from_its_counts() -> None:
    kept = tomllib.loads(TRUTH.read_text("utf-8"))["refractory_period"]
    assert kept["holds_for"] == parameters_digest(), "run python -m benchmarks.stochastic --write"
    counts = [(float(gap), int(fired), int(again)) for gap, fired, again in kept["counts"]]
    assert half_recovery(counts) == pytest.approx(kept["value"], rel=1e-3)
    assert sum(fired for _, fired, _ in counts) >= 10_000
