"""A limit that something else changes during a run is found, and the run is no success."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks.fault_benches import short_run
from tsbench.instruments import LimitQuestions, SourceSettings
from tsbench.protocols import protocol_named
from tsbench.records import RunEvent
from tsbench.station.bench.bench import Bench
from tsbench.station.bench.limits_kept import moved_limits
from tsbench.station.runner import Control, run_on
from tsbench.storage import read_run

#: source meter -> what another program would send to set a limit
CHANGES = {
    "keithley_2400": ":SENS:CURR:PROT {}",
    "keithley_2450": ":SOUR:VOLT:ILIM {}",
    "keithley_2600": "smua.source.limiti = {}",
    "keysight_b2901a": ":SENS1:CURR:PROT {}",
}


@pytest.mark.thin(12)
@pytest.mark.parametrize(("limit", "said"), [
    ("2e-3", ("is 2 mA at the end", "may have had more than planned")),
    ("0.5e-3", ("is 500 uA at the end", "readings may have been limited")),
    ("1.001e-3", ("is 1.001 mA at the end",)), ("", ())])
@pytest.mark.parametrize("driver", CHANGES)
def test_a_limit_that_was_changed_during_a_run(driver: str, limit: str, said: tuple[str, ...], tmp_path: Path) -> None:
    run = short_run(f"{driver}+keysight_infiniivision iv_sweep")
    with Bench.open(run.lay(tmp_path), run.device) as bench:
        left = [CHANGES[driver].format(limit)] if limit else []

        def at_the_first_point(event: RunEvent) -> None:
            if event.kind == "point" and left:
                bench.instruments.connections["source"].transport.write(left.pop())

        protocol = protocol_named(run.protocol).parse(dict(run.parameters))
        outcome = run_on(bench, protocol, tmp_path / "runs", events=at_the_first_point)
    assert not left and outcome.safe and outcome.path is not None
    stored = read_run(outcome.path)
    assert len(stored.points) > 5, "what was measured is kept"
    if limit:
        assert outcome.status == stored.status == "fail"
        assert "but was 1 mA when tsbench last read it" in outcome.line and all(part in outcome.line for part in said)
        unit = {"keithley_2600": " unit a: ", "keysight_b2901a": " channel 1: "}.get(driver, "): ")
        assert outcome.line.startswith("source (K") and unit in outcome.line
    else:
        assert outcome.status == "success"


def test_a_run_that_was_stopped_tells_a_changed_limit_too(tmp_path: Path) -> None:
    run, control = short_run("keithley_2450+keysight_infiniivision iv_sweep"), Control()
    with Bench.open(run.lay(tmp_path), run.device) as bench:

        def at_the_first_point(event: RunEvent) -> None:
            if event.kind == "point" and control.stopped is None:
                bench.instruments.connections["source"].transport.write(CHANGES["keithley_2450"].format("2e-3"))
                control.stop("enough")

        protocol = protocol_named(run.protocol).parse(dict(run.parameters))
        outcome = run_on(bench, protocol, tmp_path / "runs", events=at_the_first_point, control=control)
    assert outcome.status == "fail" and "is 2 mA at the end" in outcome.line and "enough" in outcome.line


def test_each_channel_in_a_role_is_asked() -> None:
    now = {"1": 1e-3, "2": 5e-3}
    meters = {
        channel: SimpleNamespace(
            source=SourceSettings("voltage", compliance_current=1e-3), label=f"box channel {channel}",
            limit_questions=LimitQuestions(now.__getitem__, {"voltage": channel}))
        for channel in now}
    instruments: Any = SimpleNamespace(
        connections={"box": SimpleNamespace(label="box", terminal=meters.__getitem__)},
        file=SimpleNamespace(channels_of=lambda name: {"source_meter": "1", "gate": "2", "monitor": "1"}))
    (line,) = moved_limits(instruments)
    assert line.startswith("box channel 2: its compliance current is 5 mA")
    now["2"] = 1e-3
    assert moved_limits(instruments) == []
