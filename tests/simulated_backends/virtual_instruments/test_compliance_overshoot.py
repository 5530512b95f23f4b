"""Compliance at switching: an overshoot whose length the cable sets, and a reading that is flagged, not clipped."""

from pathlib import Path

import pytest

from tsbench.protocols import IVSweep
from tsbench.records import Flag
from tsbench.simulated_backends.witness.log import read_witness
from tsbench.station.runner import run_protocol
from tsbench.storage import read_run

CABLES = ("20p", "1n", "10n")


def test_the_overshoot_of_a_sweep_lasts_longer_with_more_cable(nbo2_bench: Path, tmp_path: Path) -> None:
    world = nbo2_bench.with_name("nbo2.world.toml")
    text = world.read_text("utf-8")
    assert "C_cable  smu   0    20p" in text
    sweep = IVSweep.parse({"start": "0.9 V", "stop": "1.1 V", "step": "10 mV", "nplc": 0.1, "check_oscillation": False})
    durations, charges = [], []
    for cable in CABLES:
        world.write_text(text.replace("C_cable  smu   0    20p", f"C_cable  smu   0    {cable}"), "utf-8")
        outcome = run_protocol(nbo2_bench, "D1", sweep, tmp_path / cable)
        assert outcome.status == "success" and outcome.path is not None
        (overshoot, *_) = read_witness(tmp_path / "nbo2.witness.jsonl").overshoots()
        assert overshoot.peak > 1.05 * overshoot.limit
        durations.append(overshoot.duration)
        charges.append(overshoot.charge)

        run = read_run(outcome.path)
        current, flags = run.column("current"), run.point_flags
        limiting = flags & Flag.COMPLIANCE != 0
        # every reading in compliance is flagged, no other; the number is what the meter read, noise and all
        assert limiting.any() and (limiting == (current > 0.995e-3)).all()
        assert current[limiting] == pytest.approx(1e-3, rel=2e-3)
        assert len(set(current[limiting])) > 1
    print("overshoot lasts", [f"{duration * 1e6:.2f} us" for duration in durations], "for", CABLES)
    assert durations == sorted(durations) and durations[-1] > 1.3 * durations[0]
    assert charges == sorted(charges)
