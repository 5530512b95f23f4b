"""The demo's rows: each number beside the truth, each run with its outputs off, whatever face started it."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.patience import PATIENCE
from tests.fixtures.schema_reader import read_by_the_page
from tsbench.cli import main
from tsbench.demo import AG_SIO2, NBO2, PARTS, DemoOutcome, DemoRow, Part, run_demo
from tsbench.extraction import extract
from tsbench.simulated_backends.witness.log import read_sessions
from tsbench.storage import read_run
from tsbench.storage.nexus.validation import inspect

ROOT = Path(__file__).resolve().parents[2]
BIASES = (1.8, 2.2, 2.6)
ROWS = [
    *(("D1", quantity, None) for quantity in ("threshold_voltage", "hold_voltage", "switching_delay")),
    *(("D1", "frequency", bias) for bias in BIASES),
    *(("A1", quantity, None) for quantity in AG_SIO2.claims),
]
NAMES = [f"{device} {quantity}" + ("" if bias is None else f" at {bias} V") for device, quantity, bias in ROWS]
CLAIMS = {part.device: part.claims for part in PARTS}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> DemoOutcome:
    return run_demo(tmp_path_factory.mktemp("demo"), seed=3)


def row_of(demo: DemoOutcome, device: str, quantity: str, bias: float | None = None) -> DemoRow:
    (row,) = [
        row for row in demo.rows
        if (row.row["device"], row.row["quantity"]) == (device, quantity)
        and (bias is None or row.row["conditions"]["bias"] == bias)
    ]
    return row


@pytest.mark.sabotage("resistor", "units")
@pytest.mark.parametrize(("device", "quantity", "bias"), ROWS, ids=NAMES)
def test_a_row_is_right(demo: DemoOutcome, device: str, quantity: str, bias: float | None) -> None:
    row, claim = row_of(demo, device, quantity, bias), CLAIMS[device][quantity]
    assert row.deviation is not None and abs(row.deviation) <= claim.deviation
    assert row.within
    half = (row.row["high"] - row.row["low"]) / 2
    assert 0 < half < (0.1 if device == "D1" else 2.0 * claim.half_width) * row.true


@pytest.mark.sabotage("output")
@pytest.mark.parametrize(("device", "quantity", "bias"), ROWS, ids=NAMES)
def test_the_run_of_a_row_ended_with_all_outputs_off(
    demo: DemoOutcome, device: str, quantity: str, bias: float | None
) -> None:
    row = row_of(demo, device, quantity, bias)
    part = next(part for part in PARTS if part.device == device)
    number = [name for name, _ in part.runs].index(row.row["protocol"])
    outputs = read_sessions(demo.folder / f"{part.bench}.witness.jsonl")[number].outputs()
    assert outputs and not any(outputs.values())


def test_the_static_fold_is_that_of_the_published_definition(demo: DemoOutcome) -> None:
    assert demo.static["threshold_voltage"] == pytest.approx(1.023, abs=1e-3)
    assert demo.static["hold_voltage"] == pytest.approx(0.886, abs=1e-3)
    # the ramp is slow: what the witness saw is the fold
    assert row_of(demo, "D1", "threshold_voltage").true == pytest.approx(demo.static["threshold_voltage"], rel=1e-3)


def test_files_are_whole_and_say_that_they_are_simulated(demo: DemoOutcome) -> None:
    headers = [read_run(path).header for path in demo.runs]
    assert [header.protocol for header in headers] == [name for part in PARTS for name, _ in part.runs]
    assert all(header.simulated for header in headers)
    assert all(inspect(path) == [] for path in demo.runs)
    assert len(demo.figures) >= 3 and all(path.stat().st_size > 10_000 for path in demo.figures)
    assert demo.passed and demo.missing == []


def test_the_command_prints_these_rows(
    demo: DemoOutcome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = []
    monkeypatch.setattr("tsbench.demo.run_demo", lambda out, seed, _: asked.append((out, seed)) or demo)
    assert main(["demo", "--out", str(tmp_path), "--seed", "3", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert asked == [(tmp_path, 3)]
    assert rows == [row.as_json() for row in demo.rows]
    assert {(row["device"], row["quantity"]) for row in rows} == {
        (part.device, name) for part in (NBO2, AG_SIO2) for name in part.claims}


def coarse_sweeps() -> list[Part]:
    """Return the demo's sweep of each device with 40 mV steps."""
    sweeps = [(part, *part.runs[0]) for part in PARTS]
    return [replace(part, runs=((name, {**values, "step": 0.04}),)) for part, name, values in sweeps]


#: the same sweeps in a process of its own
IN_ANOTHER_PROCESS = """
import json, pathlib, sys
from tests.demo.test_demo import coarse_sweeps
from tsbench.demo import run_demo
outcome = run_demo(pathlib.Path(sys.argv[1]), 3, figures=False, parts=coarse_sweeps())
print(json.dumps([row.as_json() for row in outcome.rows]))
"""


def test_another_process_measures_the_same_numbers(tmp_path: Path) -> None:
    """Same seed, same numbers, noise included: of a deterministic and of a stochastic device."""
    done = subprocess.run(
        [sys.executable, "-c", IN_ANOTHER_PROCESS, str(tmp_path / "there")], cwd=ROOT, capture_output=True, text=True,
        timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stderr
    here = run_demo(tmp_path / "here", 3, figures=False, parts=coarse_sweeps())
    assert {row.row["device"] for row in here.rows} == {part.device for part in PARTS}

    def without_its_name(row: dict[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in row.items() if key != "run"}

    assert [without_its_name(row) for row in json.loads(done.stdout)] == [
        without_its_name(json.loads(json.dumps(row.as_json()))) for row in here.rows]


@pytest.mark.parametrize(
    ("value", "low", "high", "true", "deviation", "within", "covered"),
    [
        (1.25, 1.0, 1.5, 1.0, 0.25, True, True),    # at the claim, and the interval begins at the truth
        (1.25, 0.5, 1.0, 1.0, 0.25, True, True),
        (0.75, 0.5, 0.9, 1.0, -0.25, True, False),
        (1.5, 1.1, 2.0, 1.0, 0.5, False, False),
        (1.0, None, 2.0, 1.0, 0.0, True, False),
        (1.0, 0.0, None, 1.0, 0.0, True, False),
        (None, None, None, 1.0, None, False, False),
        (1.0, 0.5, 2.0, None, None, False, False),   # the witness saw no such event
    ],
)
def test_a_row_is_judged_by_its_claim_and_its_interval(
    value: float | None, low: float | None, high: float | None, true: float | None,
    deviation: float | None, within: bool, covered: bool,
) -> None:
    row = DemoRow({"value": value, "low": low, "high": high}, true, 0.25).as_json()
    assert (row["deviation"], row["within"], row["covered"]) == (deviation, within, covered)


def test_a_demo_without_a_claimed_row_or_with_a_wrong_one_has_not_passed(tmp_path: Path) -> None:
    def outcome(*frequencies: float) -> DemoOutcome:
        facts = {"device": "D1", "quantity": "frequency", "low": None, "high": None}
        rows = tuple(DemoRow({**facts, "value": value}, 1.0, 0.1) for value in frequencies)
        return DemoOutcome((part,), rows, {}, (), (), tmp_path)

    part = replace(NBO2, claims={"frequency": NBO2.claims["frequency"]})
    assert outcome(1.0, 1.0, 1.0).passed
    assert outcome(1.0, 1.0).missing == ["D1: frequency"] and not outcome(1.0, 1.0).passed
    assert not outcome(1.0, 1.0, 2.0).missing and not outcome(1.0, 1.0, 2.0).passed


@pytest.mark.thorough
def test_a_reader_that_knows_only_the_page_of_the_schema_finds_every_number_again(demo: DemoOutcome) -> None:
    """By docs/run_file.md and h5py alone: points, records and conditions give the numbers that the file holds."""
    for path in demo.runs:
        run, rows = read_by_the_page(path)
        found = [(r.quantity, r.unit, r.value, r.low, r.high, dict(r.conditions), int(r.flags)) for r in extract(run)]
        assert rows and found == rows
