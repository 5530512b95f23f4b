"""Measuring one run of a study, once: a run that is there is read, and its numbers are extracted anew."""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.study.benches import lay
from benchmarks.study.materials import Material, Oscillator
from tsbench.records import Result, Run
from tsbench.simulated_backends.witness.log import WitnessLog, read_witness

EXTRACT_AGAIN = "TSBENCH_STUDY_EXTRACT"  #: environment: protocols whose stored numbers are not used, with commas


@dataclass(frozen=True)
class Measured:
    """A run that was read back, the numbers of today's extraction, and what the simulated bench saw during it."""

    path: Path
    run: Run
    results: Sequence[Result]
    witness: WitnessLog

    def of(self, quantity: str) -> list[Result]:
        """Return the results of one quantity, in order."""
        return [result for result in self.results if result.quantity == quantity]


@dataclass(frozen=True)
class Bench:
    """Which bench a run is measured on: the specimen, and the oscillator (None: the bench of sweeps and pulses)."""

    device: int = 1
    oscillator: Oscillator | None = None
    boxed: bool = False


def perform(
    material: Material, protocol: str, parameters: Mapping[str, Any], folder: Path, bench: Bench | None = None
) -> Measured:
    """Measure one protocol on one device; a run of the same bench and parameters in ``folder`` is read instead.

    The numbers are those that the run has, or, of the protocols in :data:`EXTRACT_AGAIN`, those of today's extraction.

    Raises
    ------
    TsbenchError
        The bench refuses the run.
    RuntimeError
        The run did not end well.
    """
    from tsbench.extraction.runs import extract
    from tsbench.protocols import protocol_named
    from tsbench.station.runner import run_protocol
    from tsbench.storage import read_run

    bench = bench or Bench()
    place = folder / f"being-measured-{protocol}-D{bench.device}"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    file = lay(material, place, bench.device, bench.device, bench.oscillator, bench.boxed)
    asked = [file.read_text("utf-8"), (place / "study.world.toml").read_text("utf-8"),
             json.dumps(dict(parameters), sort_keys=True)]
    name = f"{protocol}-D{bench.device}-{hashlib.sha256(''.join(asked).encode()).hexdigest()[:8]}"
    run_file, seen = folder / f"{name}.nxs", folder / f"{name}.witness.jsonl"
    if not run_file.exists():
        outcome = run_protocol(file, f"D{bench.device}", protocol_named(protocol).parse(dict(parameters)), place,
                               watchdog=False, durability="process")
        if outcome.status != "success" or outcome.path is None:
            raise RuntimeError(f"{material.name}, {protocol}, D{bench.device}: {outcome.status}: {outcome.reason}")
        shutil.move(place / "witness.jsonl", seen)
        shutil.move(outcome.path, run_file)
    shutil.rmtree(place)
    run = read_run(run_file)
    again = protocol in os.environ.get(EXTRACT_AGAIN, "").split(",")
    return Measured(run_file, run, extract(run) if again else run.results, read_witness(seen))
