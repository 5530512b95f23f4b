"""Measuring the demo's devices and putting every number beside the truth."""

import json
import re
import shutil
from collections.abc import Callable, Sequence
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from tsbench.demo.outcome import DemoOutcome, DemoRow
from tsbench.demo.parts import PARTS, Part
from tsbench.demo.truth import true_value
from tsbench.errors import TsbenchError
from tsbench.records import Result, Run, RunEvent

if TYPE_CHECKING:
    from tsbench.simulated_backends.witness.log import WitnessLog

Progress = Callable[[str, RunEvent], None]


def run_demo(
    out: Path, seed: int = 1, progress: Progress | None = None, figures: bool = True, parts: Sequence[Part] = PARTS
) -> DemoOutcome:
    """Measure the demo devices and put every number beside the truth.

    Parameters
    ----------
    out : folder for run files, figures, the table and the witness; made if missing
    seed : seed of instrument noise, calibration errors and of the stochastic device's path
    progress : called with "device protocol" and each event of its run
    figures : whether to draw PNG figures
    parts : which devices

    Raises
    ------
    TsbenchError
        A run did not end well; what it acquired is on disk and the message names it.
    """
    from tsbench.extraction import draw_figures
    from tsbench.protocols import protocol_named
    from tsbench.simulated_backends.witness.log import read_witness
    from tsbench.station.runner import run_protocol
    from tsbench.storage import read_run

    rows: list[DemoRow] = []
    paths: list[Path] = []
    pictures: list[Path] = []
    static: dict[str, float] = {}
    for part in parts:
        bench = lay_bench(out, seed, part.bench)
        witness_file = out / f"{part.bench}.witness.jsonl"
        witness_file.unlink(missing_ok=True)
        for name, parameters in part.runs:

            def listen(event: RunEvent, name: str = f"{part.device} {name}") -> None:
                if progress:
                    progress(name, event)

            protocol = protocol_named(name).parse(dict(parameters))
            outcome = run_protocol(bench, part.device, protocol, out, events=listen)
            if outcome.status != "success" or outcome.path is None:
                ended = TsbenchError(
                    f"demo: {name} ended with status {outcome.status} ({outcome.reason}). See {outcome.path or out}")
                ended.exit_code = outcome.exit_code or 1  # 130 where it was interrupted and is safe
                raise ended
            paths.append(outcome.path)
            run = read_run(outcome.path)
            witness = read_witness(witness_file)
            rows += _beside_truth(part, outcome.results, run, witness)
            known = witness.devices()[part.device]
            folds = [fold for fold in ("threshold", "hold") if fold in known]
            static.update({f"{fold}_voltage": known[fold]["voltage"] for fold in folds})
            if figures:
                lines: list[str] = []
                pictures += draw_figures(run, out, problem=lines.append)
                for line in lines:
                    listen(RunEvent("warning", line))
    done = DemoOutcome(tuple(parts), tuple(rows), static, tuple(paths), tuple(pictures), out)
    (out / "demo.json").write_text(json.dumps([row.as_json() for row in rows], indent=1), encoding="utf-8")
    return done


def lay_bench(out: Path, seed: int, bench: str = "nbo2") -> Path:
    """Copy a built-in bench and its world to ``out``, the world with ``seed``; return the bench file."""
    out.mkdir(parents=True, exist_ok=True)
    built_in = resources.files("tsbench.examples")
    for name in (f"{bench}.bench.toml", f"{bench}.world.toml"):
        with resources.as_file(built_in.joinpath(name)) as source:
            shutil.copyfile(source, out / name)
    world = out / f"{bench}.world.toml"
    text, count = re.subn(r"(?m)^seed = \d+$", f"seed = {seed}", world.read_text(encoding="utf-8"))
    if count != 1:
        raise TsbenchError(f"demo: {world} has no line 'seed = …'")
    world.write_text(text, encoding="utf-8")
    return out / f"{bench}.bench.toml"


def _beside_truth(part: Part, results: tuple[Result, ...], run: Run, witness: "WitnessLog") -> list[DemoRow]:
    rows: list[DemoRow] = []
    for name, claim in part.claims.items():
        for result in results:
            if result.quantity == claim.extracted:
                row = {**result.row(part.device, run.header.protocol, run.header.run_id), "quantity": name}
                rows.append(DemoRow(row, true_value(name, result, run, witness), claim.deviation))
    return rows
