"""The main job in one go, on the built-in simulated bench: I-V sweep, pulse train, oscillation on an NbO2 device.

This is one of the few rooms that put the truth beside a measurement: the measurement comes from the run files, the
truth from the witness file that the simulated bench wrote on its own.
"""

import json
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tsbench.errors import TsbenchError
from tsbench.records import Result, Run, RunEvent

if TYPE_CHECKING:
    from tsbench.simulated_backends.witness_log import WitnessLog

DEVICE = "D1"
BENCH = "nbo2"
#: the demo's runs: protocol, parameters beside its defaults
RUNS: tuple[tuple[str, Mapping[str, Any]], ...] = (("iv_sweep", {}), ("pulse_train", {}), ("oscillation", {}))


@dataclass(frozen=True)
class Claim:
    """What the demo promises of one quantity."""

    extracted: str  #: quantity of the result row
    deviation: float  #: relative deviation from the truth that is still right
    rows: int  #: how many rows of it the demo has


CLAIMS = {
    "threshold_voltage": Claim("threshold_voltage", 0.02, 1),
    "hold_voltage": Claim("hold_voltage", 0.02, 1),
    "switching_delay": Claim("switching_delay_mean", 0.05, 1),
    "frequency": Claim("frequency", 0.005, 3),
}

Progress = Callable[[str, RunEvent], None]


@dataclass(frozen=True)
class DemoRow:
    """One measured number beside the device's true value."""

    row: Mapping[str, Any]  #: the result row, as ``--json`` prints it
    true: float | None  #: None: the witness saw no such event
    claim: float  #: relative deviation that is still right

    @property
    def deviation(self) -> float | None:
        """Relative deviation of the measured value from the truth."""
        if self.true is None or self.row["value"] is None:
            return None
        return float(self.row["value"]) / self.true - 1.0

    @property
    def within(self) -> bool:
        """Whether the value is within the claim of the truth."""
        return self.deviation is not None and abs(self.deviation) <= self.claim

    @property
    def covered(self) -> bool:
        """Whether the 95 % interval holds the truth."""
        low, high = self.row["low"], self.row["high"]
        return self.true is not None and low is not None and high is not None and low <= self.true <= high

    def as_json(self) -> dict[str, Any]:
        """Return the result row with the truth beside it."""
        return {
            **self.row, "true": self.true, "deviation": self.deviation, "within": self.within, "covered": self.covered,
        }


@dataclass(frozen=True)
class DemoOutcome:
    """What the demo left: the table and the files."""

    rows: tuple[DemoRow, ...]
    static: Mapping[str, float]  #: fold and hold voltage [V] of the static curve, for comparison
    runs: tuple[Path, ...]
    figures: tuple[Path, ...]
    folder: Path

    @property
    def missing(self) -> list[str]:
        """Claims for which there are too few rows."""
        counts = {name: sum(row.row["quantity"] == name for row in self.rows) for name in CLAIMS}
        return [name for name, claim in CLAIMS.items() if counts[name] < claim.rows]

    @property
    def passed(self) -> bool:
        """Whether every claim was measured and is right."""
        return not self.missing and all(row.within for row in self.rows)


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
        A run did not end well; what it acquired is on disk and the message names it.
    """
    from tsbench.extraction import draw_figures
    from tsbench.protocols import protocol_named
    from tsbench.runner import Control, run_protocol
    from tsbench.simulated_backends.witness_log import read_witness
    from tsbench.storage import read_run

    bench = lay_bench(out, seed)
    witness_file = out / f"{BENCH}.witness.jsonl"
    witness_file.unlink(missing_ok=True)
    rows: list[DemoRow] = []
    paths: list[Path] = []
    pictures: list[Path] = []
    static: dict[str, float] = {}
    for name, parameters in RUNS:

        def listen(event: RunEvent, name: str = name) -> None:
            if progress:
                progress(name, event)

        protocol = protocol_named(name).parse(dict(parameters))
        outcome = run_protocol(bench, DEVICE, protocol, out, events=listen, control=Control())
        if outcome.status != "success" or outcome.path is None:
            ended = TsbenchError(
                f"demo: {name} ended with status {outcome.status}: {outcome.reason}; see {outcome.path or out}")
            ended.exit_code = outcome.exit_code or 1  # 130 where it was interrupted and is safe
            raise ended
        paths.append(outcome.path)
        run = read_run(outcome.path)
        witness = read_witness(witness_file)
        rows += _beside_truth(outcome.results, run, witness)
        known = witness.devices()[DEVICE]
        static = {f"{fold}_voltage": known[fold]["voltage"] for fold in ("threshold", "hold") if fold in known}
        if figures:
            pictures += draw_figures(run, out)
    done = DemoOutcome(tuple(rows), static, tuple(paths), tuple(pictures), out)
    (out / "demo.json").write_text(json.dumps([row.as_json() for row in rows], indent=1), encoding="utf-8")
    return done


def lay_bench(out: Path, seed: int) -> Path:
    """Copy the built-in bench and its world to ``out``, the world with ``seed``; return the bench file."""
    out.mkdir(parents=True, exist_ok=True)
    built_in = resources.files("tsbench.examples")
    for name in (f"{BENCH}.bench.toml", f"{BENCH}.world.toml"):
        with resources.as_file(built_in.joinpath(name)) as source:
            shutil.copyfile(source, out / name)
    world = out / f"{BENCH}.world.toml"
    text, count = re.subn(r"(?m)^seed = \d+$", f"seed = {seed}", world.read_text(encoding="utf-8"))
    if count != 1:
        raise TsbenchError(f"demo: no line 'seed = …' in {world}")
    world.write_text(text, encoding="utf-8")
    return out / f"{BENCH}.bench.toml"


def _beside_truth(results: tuple[Result, ...], run: Run, witness: "WitnessLog") -> list[DemoRow]:
    rows: list[DemoRow] = []
    for name, claim in CLAIMS.items():
        for result in results:
            if result.quantity == claim.extracted:
                row = {**result.row(DEVICE, run.header.protocol, run.header.run_id), "quantity": name}
                rows.append(DemoRow(row, _truth(name, result, run, witness), claim.deviation))
    return rows


def _truth(quantity: str, result: Result, run: Run, witness: "WitnessLog") -> float | None:
    """Return what the witness says of the very events that ``result`` was extracted from."""
    if quantity == "threshold_voltage":
        mine = [event.threshold for event in witness.switching_on() if _same_polarity(event.polarity, result)]
        return mine[_cycle(result)] if len(mine) > _cycle(result) else None
    if quantity == "hold_voltage":
        mine = [event.hold for event in witness.switching_off() if _same_polarity(event.polarity, result)]
        return mine[_cycle(result)] if len(mine) > _cycle(result) else None
    if quantity == "switching_delay":
        # probe pulses come first, then the recorded ones, in order
        pulses = int(result.conditions["pulses"])
        delays = [event.delay for event in witness.switching_on() if event.delay is not None][-pulses:]
        return sum(delays) / len(delays) if len(delays) == pulses else None
    record = next(w for w in run.waveforms if w.conditions.get("bias") == result.conditions["bias"])
    span = record.dt * record.codes.shape[1]
    return witness.frequency(record.time - span, record.time + span)


def _same_polarity(polarity: int, result: Result) -> bool:
    return bool((polarity > 0) == (result.conditions.get("polarity", "+") == "+"))


def _cycle(result: Result) -> int:
    return int(result.conditions.get("cycle", 1)) - 1
