"""Run a netlist by its own ``.tran`` and ``.save`` cards: the circuit engine alone."""

import csv
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import numpy as np

from tsbench.errors import ConfigurationError, nearest
from tsbench.netlist import GROUND, Netlist, Transient, parse_netlist
from tsbench.simulated_backends.circuit.build import build_circuit
from tsbench.simulated_backends.circuit.circuit import Circuit
from tsbench.simulated_backends.circuit.engine import FloatArray, Segment
from tsbench.simulated_backends.circuit.trajectory import RecordedTrajectory
from tsbench.simulated_backends.devices.catalogue import device_model

Progress = Callable[[float], None]  #: called with the fraction done, 0..1
DEVICES_LIB = "devices.lib"


@dataclass(frozen=True)
class SimulationResult:
    """Times [s] and one array per saved quantity, in the order of the netlist; V for v(…), A for i(…)."""

    times: FloatArray
    columns: Mapping[str, FloatArray]
    steps: int  #: accepted by the integrator
    messages: tuple[str, ...]  #: what was regularised or not used

    def write_csv(self, stream: TextIO) -> None:
        """Write a header (``time,v(out),…``) and one row per time."""
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["time", *self.columns])
        writer.writerows(
            [f"{value:.12g}" for value in row] for row in zip(self.times, *self.columns.values(), strict=True))


def simulate(
    netlist: str | Path, devices: Mapping[str, str] | None = None, progress: Progress | None = None,
    rtol: float = 1e-6, temperature: float | None = None,
) -> SimulationResult:
    """Integrate a netlist over its own ``.tran`` and return what its ``.save`` cards name.

    Parameters
    ----------
    netlist : str or Path
        SPICE text, or a path to a file. Subcircuits of an included ``devices.lib`` come from the catalogue.
    devices : mapping
        Other models for devices, by element name: ``{"XDUT": "resistor"}``.
    progress : callable
        Called with the fraction done.
    rtol : float
        Relative tolerance of the integrator.
    temperature : float, optional
        Of the surroundings (a chuck) of all devices [K], but for those with a ``t0`` in the netlist; goes before a
        ``.temp`` card.

    Returns
    -------
    SimulationResult at the steps the integrator took and on the grid of ``.tran``'s step.

    Raises
    ------
    ConfigurationError
        The netlist cannot be read or used; one line that names the element or node.
    """
    parsed = parse_netlist(netlist_text(netlist))
    if parsed.transient is None:
        raise ConfigurationError("netlist has no .tran card; add for example '.tran 1n 20u uic'")
    tran = parsed.transient
    notes = tuple(f"not used: {card}" for card in parsed.ignored) + _foreign_includes(parsed)
    models = {name: device_model(model) for name, model in (devices or {}).items()}
    for name in models:
        if parsed.find(name).kind != "X":
            raise ConfigurationError(f"netlist: '{name}' is not a device")
    circuit = build_circuit(
        parsed, models, rtol=rtol, largest_step=tran.maximum or math.inf, temperature=temperature)
    if temperature is not None and parsed.temperature not in (None, temperature):
        notes += (f"not used: the netlist's temperature, {parsed.temperature:g} K; {temperature:g} K is asked for",)
    if temperature is not None or parsed.temperature is not None:
        notes += tuple(
            f"{element.name}: its model has no temperature" for element in parsed.of_kind("X")
            if not circuit.model_of(element.name).feels_temperature)
    if not tran.use_initial_conditions:
        circuit.settle()
    names = _saved(parsed, circuit)
    recorder = _Recorder(names, tran)
    circuit.add_observer(recorder)
    first = circuit.steps
    for k in range(1, 101):
        circuit.advance(tran.stop * k / 100, skip=False)
        if progress is not None:
            progress(k / 100)
    times, columns = recorder.result()
    return SimulationResult(times, columns, circuit.steps - first, notes + tuple(circuit.messages))


def netlist_text(netlist: str | Path) -> str:
    """Return SPICE text as it is, or that of the file at a path; ConfigurationError if it cannot be read."""
    if isinstance(netlist, str) and "\n" in netlist:
        return netlist
    path = Path(netlist)
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigurationError(f"netlist file '{path}' does not exist") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"netlist file '{path}' cannot be read: {error}") from None


def _foreign_includes(netlist: Netlist) -> tuple[str, ...]:
    """Return a note for every include but ``devices.lib``, which the catalogue stands in for."""
    return tuple(
        f"not used: .include {name}" for name in netlist.includes
        if Path(name.replace("\\", "/")).name.lower() != DEVICES_LIB)


def _saved(netlist: Netlist, circuit: Circuit) -> list[str]:
    nodes = [*circuit.nodes, GROUND]
    elements = [e.name.lower() for e in netlist.elements]
    names: list[str] = []
    for name in netlist.saved or ("all",):
        if name == "all":
            names += [f"v({n})" for n in circuit.nodes]
            continue
        for part in name[2:-1].split(","):
            known = nodes if name[0] == "v" else elements
            if part not in known:
                what = "node" if name[0] == "v" else "element"
                raise ConfigurationError(f"netlist saves {name}, but there is no {what} '{part}'{nearest(part, known)}")
        names.append(name)
    return list(dict.fromkeys(names))


class _Recorder:
    """Collects the saved quantities at every step and grid point from ``.tran``'s start on."""

    def __init__(self, names: list[str], tran: Transient) -> None:
        self.names, self.tran = names, tran
        self.times: list[FloatArray] = []
        self.values: list[list[FloatArray]] = []

    def observe(self, segment: Segment) -> None:
        assert isinstance(segment, RecordedTrajectory)
        start, end = max(segment.start, self.tran.start), segment.end
        if end < start:
            return
        first, last = math.ceil(start / self.tran.step - 1e-9), math.floor(end / self.tran.step + 1e-9)
        grid = np.arange(first, last + 1) * self.tran.step
        times = np.union1d(segment.times, grid)
        times = times[(times >= start) & (times <= end)]
        # a grid point that only rounding tells apart from a step is one point
        keep = np.append(True, np.diff(times) > 1e-6 * self.tran.step)
        times = times[keep]
        if self.times and times.size and times[0] <= self.times[-1][-1]:
            times = times[1:]
        if times.size:
            self.times.append(times)
            self.values.append([_read(segment, name, times) for name in self.names])

    def result(self) -> tuple[FloatArray, dict[str, FloatArray]]:
        """Return all times and columns."""
        columns = {name: np.concatenate([v[k] for v in self.values]) for k, name in enumerate(self.names)}
        return np.concatenate(self.times), columns


def _read(segment: RecordedTrajectory, name: str, times: FloatArray) -> FloatArray:
    inner = name[2:-1]
    if name.startswith("i("):
        return segment.current(inner, times)
    first, _, second = inner.partition(",")
    values = segment.voltage(first, times)
    return values - segment.voltage(second, times) if second else values
