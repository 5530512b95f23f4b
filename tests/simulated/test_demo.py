"""The demo's rows: each number beside the truth, each run with its outputs off, whatever face started it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tsbench.demo import CLAIMS, RUNS, DemoOutcome, DemoRow, run_demo
from tsbench.simulated_backends.witness_log import read_sessions
from tsbench.storage import read_run, validate

BIASES = (1.8, 2.2, 2.6)
ROWS = [
    ("threshold_voltage", None), ("hold_voltage", None), ("switching_delay", None),
    *(("frequency", bias) for bias in BIASES),
]
NAMES = [quantity if bias is None else f"{quantity} at {bias} V" for quantity, bias in ROWS]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> DemoOutcome:
    return run_demo(tmp_path_factory.mktemp("demo"), seed=3)


def row_of(demo: DemoOutcome, quantity: str, bias: float | None) -> DemoRow:
    (row,) = [
        row for row in demo.rows
        if row.row["quantity"] == quantity and (bias is None or row.row["conditions"]["bias"] == bias)
    ]
    return row


@pytest.mark.sabotage("resistor", "units")
@pytest.mark.parametrize(("quantity", "bias"), ROWS, ids=NAMES)
def test_a_row_is_right(demo: DemoOutcome, quantity: str, bias: float | None) -> None:
    row = row_of(demo, quantity, bias)
    assert row.deviation is not None and abs(row.deviation) <= CLAIMS[quantity].deviation
    assert row.within
    half = (row.row["high"] - row.row["low"]) / 2
    assert 0 < half < 0.1 * row.true


@pytest.mark.sabotage("output")
@pytest.mark.parametrize(("quantity", "bias"), ROWS, ids=NAMES)
def test_the_run_of_a_row_ended_with_all_outputs_off(demo: DemoOutcome, quantity: str, bias: float | None) -> None:
    row = row_of(demo, quantity, bias)
    number = [name for name, _ in RUNS].index(row.row["protocol"])
    outputs = read_sessions(demo.folder / "nbo2.witness.jsonl")[number].outputs()
    assert outputs and not any(outputs.values())


def test_the_static_fold_is_that_of_the_published_definition(demo: DemoOutcome) -> None:
    assert demo.static["threshold_voltage"] == pytest.approx(1.023, abs=1e-3)
    assert demo.static["hold_voltage"] == pytest.approx(0.886, abs=1e-3)
    # the ramp is slow: what the witness saw is the fold
    assert row_of(demo, "threshold_voltage", None).true == pytest.approx(demo.static["threshold_voltage"], rel=1e-3)


def test_files_are_whole_and_say_that_they_are_simulated(demo: DemoOutcome) -> None:
    assert [read_run(path).header.protocol for path in demo.runs] == [name for name, _ in RUNS]
    for path in demo.runs:
        assert validate(path) == []
        assert read_run(path).header.simulated
    assert len(demo.figures) >= 3 and all(path.stat().st_size > 10_000 for path in demo.figures)
    assert demo.passed and demo.missing == []


def test_the_table_of_the_command_line_is_the_same(demo: DemoOutcome, tmp_path: Path) -> None:
    """Same seed, same numbers: noise included, from another process."""
    done = subprocess.run(
        [sys.executable, "-m", "tsbench", "demo", "--out", str(tmp_path), "--seed", "3", "--json"],
        capture_output=True, text=True, timeout=280, check=False,
    )
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    strip = [{key: value for key, value in row.items() if key != "run"} for row in rows]
    assert strip == [{key: value for key, value in row.as_json().items() if key != "run"} for row in demo.rows]
    assert {row["quantity"] for row in rows} == set(CLAIMS)
