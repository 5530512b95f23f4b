"""A run tells which output is on while it goes on, without a message more on the wire."""

from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.fake_runs import FakeBench, Sweep
from tsbench.protocols import PROTOCOLS
from tsbench.station.bench.bench import Bench
from tsbench.station.runner import run_on
from tsbench.station.runner.output_events import outputs_told

_EXAMPLE = Path(__file__).parents[3] / "examples" / "resistor.bench.toml"


def told_by_a_sweep(out: Path) -> tuple[list[Any], list[Any]]:
    """Return the states that a short sweep tells, and all its events."""
    events: list[Any] = []
    protocol = PROTOCOLS.things()["iv_sweep"]
    with Bench.open(_EXAMPLE, "R1") as bench:
        names = [state.output for state in bench.make_safe()]
        outcome = run_on(bench, protocol(stop=0.1, step=0.05), out, events=events.append, extract=False)
        assert outcome.status == "success" and set(outcome.outputs) == set(names)
    return [event.data for event in events if event.kind == "switched"], events


def test_a_sweep_tells_its_output_on_and_off(tmp_path: Path) -> None:
    told, events = told_by_a_sweep(tmp_path)
    (driven,) = {name for states in told for name, state in states.items() if state == "on"}
    course = [state for k, state in enumerate(states[driven] for states in told)
              if k == 0 or state != told[k - 1][driven]]
    assert course[-3:] == ["commanded on", "on", "off"] and set(told[-1].values()) == {"off"}
    kinds = [event.kind for event in events]
    points = [k for k, kind in enumerate(kinds) if kind == "point"]
    on = next(k for k, event in enumerate(events) if event.kind == "switched" and event.data[driven] == "on")
    assert on < points[0]   # before the first point, not after the run
    assert max(k for k, kind in enumerate(kinds) if kind == "switched") < kinds.index("output")
    assert all(set(states.values()) <= {"on", "off", "commanded on", "commanded off"} for states in told)


def test_a_bench_without_connected_instruments_tells_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[Any] = []
    with outputs_told(FakeBench(), None):  # type: ignore[arg-type]
        pass
    run_on(FakeBench(), Sweep(), tmp_path, events=events.append, extract=False)  # type: ignore[arg-type]
    assert "switched" not in {event.kind for event in events}
