"""The main job in one go, on the built-in simulated bench: I-V sweep, pulse train, oscillation on an NbO2 device.

This is one of the few rooms that put the truth beside a measurement: the measurement comes from the run files, the
truth from the witness file that the simulated bench wrote on its own.
"""

import json
import math
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from tsbench.errors import TsbenchError
from tsbench.records import Result, RunEvent

DEVICE = "D1"
#: the demo's runs: protocol, parameters beside its defaults
RUNS: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("iv_sweep", {}),
    ("pulse_train", {}),
    ("oscillation", {}),
)
#: the demo's claims: quantity -> relative deviation from the truth that is still right
CLAIMS = {"threshold_voltage": 0.02, "hold_voltage": 0.02, "switching_delay": 0.05, "frequency": 0.005}

Progress = Callable[[str, RunEvent], None]


@dataclass(frozen=True)
class DemoRow:
    """One measured number beside the device's true value."""

    row: Mapping[str, Any]  #: the result row, as ``--json`` prints it
    true: float | None
    within: bool  #: within the demo's claim of the truth
    covered: bool  #: the 95 % interval holds the truth

    def as_json(self) -> dict[str, Any]:
        """Return the result row with ``true`` added."""
        return {**self.row, "true": self.true, "deviation": self.deviation, "within": self.within, "covered": self.covered}

    @property
    def deviation(self) -> float | None:
        """Relative deviation of the measured value from the truth."""
        if self.true in (None, 0.0) or self.row["value"] is None:
            return None
        return float(self.row["value"]) / float(self.true or 1.0) - 1.0


@dataclass(frozen=True)
class DemoOutcome:
    """What the demo left: the table, the files, and what it did not do."""

    rows: tuple[DemoRow, ...]
    runs: tuple[Path, ...]
    figures: tuple[Path, ...]
    folder: Path

    @property
    def passed(self) -> bool:
        """Whether every claim was measured and right."""
        measured = {str(row.row["quantity"]) for row in self.rows}
        return measured >= set(CLAIMS) and all(row.within for row in self.rows)


def run_demo(out: Path, seed: int = 1, progress: Progress | None = None, figures: bool = True) -> DemoOutcome:
    """Measure the demo device and put every number beside the truth.

    Parameters
    ----------
    out : folder for run files, figures, the table and the witness; made if missing
    seed : seed of instrument noise and calibration errors
    progress : called with the protocol's name and each event of its run
    figures : whether to draw PNG figures

    Raises
    ------
    TsbenchError
        A run did not end well; it is on disk and the message names it.
    """
    from tsbench.protocols import protocol_named
    from tsbench.runner import Control, run_protocol
    from tsbench.simulated_backends.witness import read_witness
    from tsbench.storage import read_run

    bench = lay_bench(out, seed)
    witness_file = out / "nbo2.witness.jsonl"
    witness_file.unlink(missing_ok=True)
    rows: list[DemoRow] = []
    paths: list[Path] = []
    pictures: list[Path] = []
    for name, parameters in RUNS:
        seen = _switchings(witness_file)
        outcome = run_protocol(
            bench, DEVICE, protocol_named(name).parse(dict(parameters)), out,
            events=lambda event, name=name: progress(name, event) if progress else None,  # type: ignore[misc]
            control=Control(),
        )
        if outcome.status != "success" or outcome.path is None:
            raise TsbenchError(f"demo: {name} ended with status {outcome.status}: {outcome.reason}; see {outcome.path or out}")
        paths.append(outcome.path)
        run = read_run(outcome.path)
        witness = read_witness(witness_file)
        for result in outcome.results:
            if result.quantity in CLAIMS and "statistic" not in result.conditions:
                rows.append(_beside_truth(result, name, run, witness, seen))
        if figures:
            from tsbench.extraction import draw_figures

            pictures.extend(draw_figures(run, out))
    outcome_of_demo = DemoOutcome(tuple(rows), tuple(paths), tuple(pictures), out)
    (out / "demo.json").write_text(json.dumps([row.as_json() for row in rows], indent=1))
    return outcome_of_demo
