"""What the demo promises, the bench it lays out, and how it ends where a run does not end well."""

import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tsbench.demo import AG_SIO2, NBO2, run_demo
from tsbench.demo.running import lay_bench
from tsbench.errors import TsbenchError
from tsbench.records import RunEvent


def test_the_promises_of_the_deterministic_device_are_tighter_than_those_of_the_stochastic_one() -> None:
    assert {name: (claim.deviation, claim.half_width, claim.rows) for name, claim in NBO2.claims.items()} == {
        "threshold_voltage": (0.02, 0.01, 1), "hold_voltage": (0.02, 0.01, 1), "switching_delay": (0.05, 0.10, 1),
        "frequency": (0.005, 0.0025, 3)}
    assert {name: (claim.deviation, claim.half_width, claim.rows) for name, claim in AG_SIO2.claims.items()} == {
        "threshold_voltage": (0.05, 0.05, 1), "hold_voltage": (0.25, 0.25, 1), "relaxation_time": (0.30, 0.30, 1),
        "switching_delay": (0.30, 0.30, 1), "refractory_period": (0.50, 0.30, 1)}
    sweep, relaxation, pairs = AG_SIO2.runs
    assert sweep[1] == {"stop": 1.3, "compliance": 10e-6, "nplc": 0.1} and not relaxation[1]
    assert pairs[1] == {"repeats": 8} and not any(parameters for _, parameters in NBO2.runs)


def test_the_bench_is_laid_out_with_the_seed_that_was_asked_for(tmp_path: Path) -> None:
    for bench in ("nbo2", "ag_sio2"):
        path = lay_bench(tmp_path / "new", 12345, bench)
        assert path == tmp_path / "new" / f"{bench}.bench.toml" and path.is_file()
        assert tomllib.loads((tmp_path / "new" / f"{bench}.world.toml").read_text("utf-8"))["seed"] == 12345
    assert lay_bench(tmp_path / "new", 1).name == "nbo2.bench.toml"


@pytest.mark.parametrize(("ended", "message", "code"), [
    ({"status": "abort", "path": None, "reason": "interrupted", "exit_code": 130}, r"abort \(interrupted", 130),
    ({"status": "fail", "path": Path("x.nxs"), "reason": "no reply", "exit_code": 0},
     r"status fail \(no reply\)\. See x.nxs", 1),
    ({"status": "success", "path": None, "reason": "the disk is full", "exit_code": 4}, "the disk is full", 4),
])
def test_a_run_that_does_not_end_well_ends_the_demo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ended: dict[str, Any], message: str, code: int
) -> None:
    asked: list[tuple[Any, ...]] = []

    def run_protocol(*arguments: Any, events: Any) -> Any:
        asked.append(arguments)
        events(RunEvent("log", "careful", 0.0))
        return SimpleNamespace(**ended)

    monkeypatch.setattr("tsbench.station.runner.run_protocol", run_protocol)
    (tmp_path / "nbo2.witness.jsonl").write_text("of an earlier demo")
    told: list[tuple[str, str]] = []
    with pytest.raises(TsbenchError, match=message) as caught:
        run_demo(tmp_path, 7, lambda name, event: told.append((name, event.message)))
    assert caught.value.exit_code == code
    ((bench, device, protocol, out),) = asked
    assert (bench.name, device, protocol.name, out) == ("nbo2.bench.toml", "D1", "iv_sweep", tmp_path)
    assert told == [("D1 iv_sweep", "careful")] and not (tmp_path / "nbo2.witness.jsonl").exists()
