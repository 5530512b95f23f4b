"""Pulses behind a series resistance with which the device fires several times in each pulse."""

from pathlib import Path

import pytest

from tsbench.cli import main
from tsbench.protocols import PulseTrain
from tsbench.simulated_backends.witness.log import read_witness
from tsbench.station.bench.bench import Bench
from tsbench.station.runner import run_on


@pytest.mark.thin(3)
@pytest.mark.parametrize("amplitude", [1.2, 1.3, 1.45])
def test_the_first_firing_of_each_pulse_counts(
    amplitude: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On the bench of ``tsbench init``, whose pulser has 1.4 kOhm in series."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TSBENCH_WITNESS", str(tmp_path / "witness.jsonl"))
    assert main(["init", "--simulated", "--yes"]) == 0
    with Bench.open(tmp_path / "bench.toml", "D1") as bench:
        outcome = run_on(bench, PulseTrain(amplitude=amplitude, count=4, width=2e-6), tmp_path / "runs")
    found = {result.quantity: result for result in outcome.results if "pulse" not in result.conditions}
    firings = read_witness(tmp_path / "witness.jsonl").switching_on()
    first = [one for one, before in zip(firings[1:], firings, strict=False) if one.time - before.time > 5e-6]
    assert len(firings) > 4 * len(first)
    assert found["switching_probability"].value == 1.0
    delay = found["switching_delay_mean"]
    assert all(delay.low <= one.delay <= delay.high for one in first)
