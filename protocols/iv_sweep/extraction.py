"""A sweep to numbers: threshold and hold of each half-sweep, and the level from which the device oscillates."""

import numpy as np

from tsbench.analysis.threshold.half_sweeps import IVPoints
from tsbench.analysis.threshold.snapback import snapback
from tsbench.analysis.threshold.switching_results import Switching
from tsbench.analysis.threshold.threshold import switching
from tsbench.protocols.extracting.facts import parameter, sweep_facts
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.iv_sweep.oscillation_onset import oscillation_onset
from tsbench.records import Result, Run


def sweep_points(run: Run) -> IVPoints:
    """Return the readings of a sweep, the drop along the wires taken off the voltage."""
    names = {column.name for column in run.header.columns}
    resistance = run.header.fixture.path_resistance.get("drive", 0.0)
    voltage = (
        run.column("device_voltage")
        if "device_voltage" in names
        else (run.column("voltage") - resistance * run.column("current"))
    )
    return IVPoints(
        voltage=voltage,
        current=run.column("current"),
        level=run.column("set_point"),
        flags=run.point_flags,
        cycle=run.column("cycle").astype(np.int64),
        polarity=run.column("polarity").astype(np.int64),
    )


def sweep_switching(run: Run, options: ExtractionOptions | None = None) -> tuple[Switching, ...]:
    """Return threshold and hold of each half-sweep of a sweep, with what a figure needs."""
    options = options or ExtractionOptions()
    if len(run.points) == 0:
        return ()
    facts = sweep_facts(run, options)
    if parameter(run, "drive", "voltage") == "current":
        return snapback(sweep_points(run), facts)
    return switching(sweep_points(run), facts, options.rule)


def thresholds(run: Run, options: ExtractionOptions) -> list[Result]:
    """Return threshold and hold of each half-sweep, and the onset of an oscillation that the scope saw."""
    found = [result for event in sweep_switching(run, options) for result in event.results()]
    return found + oscillation_onset(run)
