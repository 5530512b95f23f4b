"""Two runs on one open bench: what the first has set must not refuse the second."""

from pathlib import Path

import pytest

from tsbench.protocols import PulseTrain
from tsbench.protocols.registry import protocol_named
from tsbench.station.bench.bench import Bench
from tsbench.station.runner import run_on


@pytest.mark.thin(2)
@pytest.mark.parametrize("second", ["pulse_train", "paired_pulse"])
def test_a_higher_pulse_follows_a_lower_one(nbo2_bench: Path, tmp_path: Path, second: str) -> None:
    """The level limits that the generator got for the lower one are not those of the higher one."""
    more = {"gaps": (1e-5,), "repeats": 1} if second == "paired_pulse" else {"count": 1}
    with Bench.open(nbo2_bench, "D1") as bench:
        low = run_on(bench, PulseTrain(amplitude=(0.5,), count=1), tmp_path, extract=False)
        high = run_on(bench, protocol_named(second).parse(amplitude=1.0, **more), tmp_path, extract=False)
    assert (low.status, high.status) == ("success", "success"), (low.reason, high.reason)
