"""The most that a device sees of a plan, simulated on a twin of the bench with devices of the catalogue.

It uses the drivers, the protocols and the virtual instruments, so it stands in a process of its own: who measures
imports no simulation.
"""

import contextlib
import math
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tsbench.errors import TsbenchError
from tsbench.plugins import in_words
from tsbench.protocols import Protocol, protocol_named
from tsbench.records import FloatArray, Point, RunEvent, Waveform
from tsbench.simulated_backends.circuit.engine import Gap, Repetition, Segment, Trajectory
from tsbench.simulated_backends.devices.catalogue import devices_of
from tsbench.simulated_backends.world.world import open_world
from tsbench.station.bench.bench import Bench
from tsbench.station.bench.bench_file import BenchFile
from tsbench.station.bench.shown_magnitudes import UNITS, Magnitude, ShownMagnitudes
from tsbench.station.preflight.preflight import entry_of
from tsbench.station.preflight.twin import TwinFiles, netlist_with, twin_files

_PARTS = np.linspace(0.0, 1.0, 5)[:-1]  #: of a step, at which it is looked at
_CLOSE = 33  #: instants between two samples around the highest one


@dataclass(frozen=True)
class PlannedRun:
    """One run of a plan: a protocol by its name, its parameters in SI units, and what is set at the fixture."""

    protocol: str
    parameters: Mapping[str, Any]
    values: Mapping[str, float] = field(default_factory=dict)  #: of the fixture: quantity -> [Ohm or F]


@dataclass
class Simulated:
    """What the simulated devices saw of one run."""

    model: str  #: of the catalogue; "" where none was taken
    peaks: list[dict[str, float]] = field(default_factory=list)  #: of each device: quantity -> highest magnitude
    readings: list[dict[str, float]] = field(default_factory=list)  #: of each device: reading -> highest magnitude [SI]
    reason: str = ""  #: why the run was not simulated as a whole; "" where it was


class PeakObserver:
    """Keeps the highest magnitudes at the device. It sees the circuit only, not the witness.

    Parameters
    ----------
    element : name of the device in the circuit
    nodes : its two nodes
    """

    def __init__(self, element: str, nodes: tuple[str, ...]) -> None:
        self._element, self._nodes = element, nodes
        self.left_out = ""
        self.peaks = dict.fromkeys(UNITS, 0.0)

    def begin(self) -> None:
        """Forget what was seen."""
        self.left_out, self.peaks = "", dict.fromkeys(UNITS, 0.0)

    def observe(self, segment: Segment) -> None:
        """Take one segment of the circuit's course; repeated periods are copies of one that was seen."""
        if isinstance(segment, Gap):
            self.left_out = self.left_out or segment.reason
        elif not isinstance(segment, Repetition):
            self._see(segment)

    def _see(self, trajectory: Trajectory) -> None:
        edges = np.asarray(trajectory.times)
        times = np.append((edges[:-1, None] + np.diff(edges)[:, None] * _PARTS).ravel(), edges[-1])
        seen = self._values(trajectory, times)
        for name, values in seen.items():
            top = int(values.argmax())
            highest = float(values[top])
            near = float(max(values[max(top - 1, 0)], values[min(top + 1, values.size - 1)]))
            if highest + (highest - near) > self.peaks[name] and 0 < top < times.size - 1:
                close = np.linspace(times[top - 1], times[top + 1], _CLOSE)
                highest = max(highest, float(self._values(trajectory, close)[name].max()))
            self.peaks[name] = max(self.peaks[name], highest)

    def _values(self, trajectory: Trajectory, times: FloatArray) -> dict[str, FloatArray]:
        first, second = self._nodes
        voltage = trajectory.voltage(first, times) - (trajectory.voltage(second, times) if second != "0" else 0.0)
        current = trajectory.current(self._element, times)
        return {"voltage": np.abs(voltage), "current": np.abs(current), "power": np.abs(voltage * current)}


class _LargestReadings:
    """Takes what a protocol acquires, and keeps the largest magnitudes at the device that the readings show."""

    def __init__(self, shown: ShownMagnitudes) -> None:
        self._shown = shown
        self.found: dict[str, float] = {}

    def point(self, point: Point) -> None:
        """Take a point."""
        self._keep(self._shown.of_point(point))

    def waveform(self, waveform: Waveform) -> None:
        """Take a waveform."""
        self._keep(self._shown.of_waveform(waveform))

    def _keep(self, magnitudes: Mapping[str, Magnitude]) -> None:
        self.found |= {name: max(one.value, self.found.get(name, 0.0)) for name, one in magnitudes.items()}

    def event(self, event: RunEvent) -> None:
        """Take an event."""


def simulated_peaks(
    bench_file: Path | str, device: str, models: Mapping[str, str], runs: Sequence[PlannedRun],
    patience: float = 60.0,
) -> list[Simulated]:
    """Return what simulated devices see of each run, the runs one after the other on each device.

    Parameters
    ----------
    bench_file : the bench file
    device : whose material is looked up in the catalogue
    models : name of the instrument -> its model
    runs : the runs, in the order in which the device sees them
    patience : [s] of processor time for all of them; what was not simulated by then is said

    Returns
    -------
    list of Simulated
        One for each run.
    """
    bench = BenchFile.load(bench_file)
    described = bench.device(device)
    entry = entry_of(described.material)
    if entry is None:
        named = ", ".join(one.name for one in devices_of(described.material))
        reason = (f"the catalogue has several models of the material '{described.material}': {named}" if named else
                  f"the catalogue has no model of the material '{described.material}'")
        return [Simulated("", reason=reason) for _ in runs]
    found = [Simulated(entry.name) for _ in runs]
    until = time.process_time() + patience
    for values in {tuple(sorted(one.values.items())): one.values for one in runs}.values():
        mine = [number for number, one in enumerate(runs) if one.values == values]
        try:
            files = twin_files(bench, models, netlist_with(bench, values), entry,
                               bench.table.devices[device].temperature)
            _simulate(files, [runs[number] for number in mine], [found[number] for number in mine], until)
        except TsbenchError as error:
            for number in mine:
                found[number].reason = found[number].reason or in_words(error)
    return found


def _simulate(files: TwinFiles, runs: Sequence[PlannedRun], found: Sequence[Simulated], until: float) -> None:
    protocols = [protocol_named(one.protocol).parse(dict(one.parameters)) for one in runs]
    with tempfile.TemporaryDirectory(prefix="tsbench_twin_") as name:
        folder = Path(name)
        (folder / "twin.world.toml").write_text(files.world, "utf-8")
        (folder / "twin.bench.toml").write_text(files.bench, "utf-8")
        with _opened(folder) as (bench, observer, now):
            for device in files.devices:
                bench.positioner.connect(device)
                for protocol, one in zip(protocols, found, strict=True):
                    if one.reason:
                        continue
                    observer.begin()
                    recorder = _LargestReadings(ShownMagnitudes(protocol.table(), bench.fixture.sensing))
                    reason = _perform(bench, protocol, recorder, until)
                    now()
                    one.reason = reason or (f"a part was not simulated ({observer.left_out})"
                                            if observer.left_out else "")
                    one.peaks.append(dict(observer.peaks))
                    # beyond the measuring range of the twin: any value is possible
                    one.readings.append({name: value for name, value in recorder.found.items() if math.isfinite(value)})


@contextlib.contextmanager
def _opened(folder: Path) -> Iterator[tuple[Bench, PeakObserver, Any]]:
    """Open a twin; yields its bench, what watches the device, and what integrates the circuit up to now."""
    bench = Bench.open(folder / "twin.bench.toml")
    try:
        world = open_world(folder / "twin.world.toml")   # the one that the bench has open
        place = world.place or ""
        observer = PeakObserver(place, world.places.nodes[place])
        world.bench.sync()
        world.bench.lagging_circuit.add_observer(observer)
        yield bench, observer, world.bench.sync
    finally:
        bench.close()


def _perform(bench: Bench, protocol: Protocol, recorder: _LargestReadings, until: float) -> str:
    """Acquire with a protocol on a twin; returns why it did not come to its end."""
    steps = None
    try:
        bench.preparation.prepare(protocol.roles)
        steps = protocol.run(bench, recorder)
        for _ in steps:
            if time.process_time() > until:
                return "the simulation takes too long"
    except Exception as error:  # noqa: BLE001  a protocol of another author may raise anything
        return f"the simulated run failed ({in_words(error)})"
    finally:
        close = getattr(steps, "close", None)
        if close is not None:
            with contextlib.suppress(Exception):
                close()
        bench.make_safe()
    return ""
