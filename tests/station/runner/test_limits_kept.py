"""A limit that something else changes during a run is found, and the run is no success."""

from pathlib import Path

import pytest

from benchmarks.fault_benches import short_run
from tsbench.protocols import protocol_named
from tsbench.records import RunEvent
from tsbench.station.bench.bench import Bench
from tsbench.station.runner import run_on
from tsbench.storage import read_run

#: source meter -> what another program would send
CHANGES = {
    "keithley_2400": ":SENS:CURR:PROT 2e-3",
    "keithley_2450": ":SOUR:VOLT:ILIM 2e-3",
    "keithley_2600": "smua.source.limiti = 2e-3",
    "keysight_b2901a": ":SENS1:CURR:PROT 2e-3",
}


@pytest.mark.parametrize("changed", [True, False])
@pytest.mark.parametrize("driver", CHANGES)
def test_a_limit_that_was_changed_during_a_run(driver: str, changed: bool, tmp_path: Path) -> None:
    run = short_run(f"{driver}+keysight_infiniivision iv_sweep")
    with Bench.open(run.lay(tmp_path), run.device) as bench:
        left = [CHANGES[driver]] if changed else []

        def at_the_first_point(event: RunEvent) -> None:
            if event.kind == "point" and left:
                bench.instruments.connections["source"].transport.write(left.pop())

        protocol = protocol_named(run.protocol).parse(dict(run.parameters))
        outcome = run_on(bench, protocol, tmp_path / "runs", events=at_the_first_point)
    assert not left and outcome.safe and outcome.path is not None
    stored = read_run(outcome.path)
    assert len(stored.points) > 5, "what was measured is kept"
    if changed:
        assert outcome.status == stored.status == "fail"
        assert "compliance current is 2 mA at the end of the run, but tsbench had set 1 mA" in outcome.line
        assert "source (K" in outcome.line and "check it" in outcome.line
    else:
        assert outcome.status == "success"
