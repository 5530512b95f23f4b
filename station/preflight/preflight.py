"""Before the device is touched: what the fixture of the bench file will do with a device of the catalogue.

Uses the circuit engine, so it stands above the measuring folders and is used by the command line only.
"""

import dataclasses
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tsbench.instruments.fixture import DEVICE, parallel_capacitance, path_of
from tsbench.netlist import Netlist
from tsbench.quantities import format_quantity
from tsbench.records import FloatArray
from tsbench.simulated_backends.circuit.build import build_circuit
from tsbench.simulated_backends.circuit.engine import Constant, Observer, Segment
from tsbench.simulated_backends.devices.catalogue import CatalogueEntry, catalogue, devices_of
from tsbench.station.bench.bench_file import BenchFile

USUAL_VOLTAGE = 5.0  #: [V] up to which biases are tried where the device has no max_voltage
BIASES = 24  #: biases tried between nothing and the highest voltage allowed
CYCLES = 40.0  #: RC time constants watched at each bias
_OPEN = 1e12  #: [Ohm] of an output that is off
_SWING = 0.02  #: of the bias: a smaller late swing is a settled device


@dataclass(frozen=True)
class OscillationZone:
    """Where a source makes the device oscillate on this fixture."""

    role: str
    model: str  #: the catalogue's device that stands for the material
    load_resistance: float  #: [Ohm] in series with the device, the source's own included; infinite: not connected to it
    capacitance: float  #: [F] across the device
    biases: FloatArray  #: [V] at which it oscillates, shape (n,); empty: nowhere
    frequencies: FloatArray  #: [Hz], shape (n,)
    temperature: float | None = None  #: [K] of the device as the bench file states it; None: that of the catalogue
    subject: str = "the device has"  #: with its verb; names the devices if others of the bench have another line

    def __str__(self) -> str:
        if not math.isfinite(self.load_resistance):
            return f"{self.role} is not connected to the device in this fixture"
        load, capacitance = format_quantity(self.load_resistance, "Ohm"), format_quantity(self.capacitance, "F")
        path = (
            f"{self.role}: {self.subject} {load} in series and {capacitance} across it. With the catalogue model "
            f"{self.model}{'' if self.temperature is None else f' at {self.temperature:g} K'}")
        if not self.biases.size:
            return f"{path}, no oscillation is expected"
        low, high = (format_quantity(float(bias), "V", 3) for bias in (self.biases[0], self.biases[-1]))
        slow, fast = (format_quantity(float(end), "Hz", 3) for end in (self.frequencies.min(), self.frequencies.max()))
        return (
            f"{path}, the device oscillates from about {low} to {high} ({slow} to {fast}). Readings between these "
            "values are averages")


def predict(bench_file: Path, source_resistances: Mapping[str, float]) -> list[str]:
    """Return one line for each role that drives a device, and for each device that the catalogue does not have.

    Devices with the same catalogue entry, voltage limit and temperature share a line. The standards of the fixture
    (short, open end, known resistor) have no line.

    Parameters
    ----------
    bench_file : the bench file
    source_resistances : role -> output resistance [Ohm] of its source, as :class:`~tsbench.records.Fixture` has it

    Raises
    ------
    ConfigurationError
        The bench file or its netlist cannot be used.
    """
    bench = BenchFile.load(bench_file)
    if bench.netlist is None:
        return ["the bench file has no netlist of the fixture, so the behaviour of the device cannot be predicted"]
    lines: list[str] = []
    groups: dict[tuple[str, float, float | None], list[str]] = {}
    for identifier, table in bench.table.devices.items():
        if table.standard is not None:
            continue
        entry = entry_of(table.material)
        if entry is None:
            lines.append(_unknown(identifier, table.material))
        else:
            limit = bench.device(identifier).limits.max_voltage or USUAL_VOLTAGE
            groups.setdefault((entry.name, limit, table.temperature), []).append(identifier)
    for (name, limit, temperature), devices in groups.items():
        subject = "the device has"
        if len(groups) > 1:
            subject = (f"device {devices[0]} has" if len(devices) == 1
                       else f"each of the devices {', '.join(devices)} has")
        lines += [str(dataclasses.replace(zone, subject=subject))
                  for zone in _zones(
                      bench, bench.netlist, source_resistances, catalogue()[name], limit, temperature)]
    return list(dict.fromkeys(lines))   # a source without a way to the device has the same line for all devices


def zones_of_devices(
    bench_file: Path | str, source_resistances: Mapping[str, float], devices: Sequence[str],
) -> list[dict[str, Any]]:
    """Return where each role makes each device oscillate, as plain data; devices without a model have no entry.

    Parameters
    ----------
    bench_file, source_resistances : as for :func:`predict`
    devices : their names
    """
    bench = BenchFile.load(bench_file)
    found: list[dict[str, Any]] = []
    known: dict[tuple[str, float, float | None], list[OscillationZone]] = {}
    for device in devices:
        entry = entry_of(bench.device(device).material)
        if bench.netlist is None or entry is None:
            continue
        limit = bench.device(device).limits.max_voltage or USUAL_VOLTAGE
        temperature = bench.table.devices[device].temperature
        key = entry.name, limit, temperature
        if key not in known:
            known[key] = list(_zones(bench, bench.netlist, source_resistances, entry, limit, temperature))
        found += [{"device": device, "role": zone.role, "model": zone.model, "biases": zone.biases.tolist(),
                   "frequencies": zone.frequencies.tolist()} for zone in known[key]]
    return found


def _unknown(identifier: str, material: str) -> str:
    several = ", ".join(entry.name for entry in devices_of(material))
    fault = (f"the catalogue has several devices of material '{material}' ({several})" if several else
             f"the catalogue has no device of material '{material}'" if material else "the bench file has no material")
    remedy = "Write the name of one of them as 'material'" if several else "Write the material"
    return (f"device {identifier}: {fault}, so tsbench cannot predict whether it oscillates. {remedy} into "
            f"[devices.{identifier}]")


def _zones(
    bench: BenchFile, netlist: Netlist, source_resistances: Mapping[str, float], entry: CatalogueEntry, limit: float,
    temperature: float | None,
) -> Iterator[OscillationZone]:
    """Yield the zone of each source of the bench."""
    for role in ("drive", "pulser", "bias"):
        node = bench.table.fixture.terminals.get(bench.table.roles.get(role, ""))
        if node is not None and role in source_resistances:
            yield oscillation_zone(netlist, role, node, source_resistances[role], entry, limit, temperature)


def oscillation_zone(
    netlist: Netlist, role: str, node: str, source_resistance: float, entry: CatalogueEntry, highest: float,
    temperature: float | None = None,
) -> OscillationZone:
    """Try DC biases up to ``highest`` [V] at ``node`` and see where a device of the catalogue keeps oscillating.

    Parameters
    ----------
    netlist : the fixture as the bench file has it, with the device's place ``XDUT``
    role : name of the source, for the report
    node : where the source sits
    source_resistance : [Ohm] of the source itself
    entry : the device
    highest : [V]
    temperature : [K] of the device; None: that of the catalogue
    """
    path = path_of(netlist, node, source_resistance)
    if not math.isfinite(path.resistance):
        return OscillationZone(role, entry.name, math.inf, 0.0, np.empty(0), np.empty(0))
    model = entry.model() if temperature is None else entry.model().at_temperature(temperature)
    capacitance = parallel_capacitance(netlist)
    span = max(CYCLES * path.resistance * capacitance, 2e-6)
    idle = [(f"idle.{other}", other, _OPEN, 0.0) for other in netlist.nodes if other not in ("0", node)]
    biases: list[float] = []
    frequencies: list[float] = []
    for bias in np.linspace(highest / BIASES, highest, BIASES):
        circuit = build_circuit(
            netlist, {DEVICE: model},
            sources=[("bias", node, "bias.r", max(source_resistance, 1e-3))], loads=idle,
        )
        circuit.set_source("bias", Constant(float(bias)))
        watch = _DeviceWatch(netlist.find(DEVICE).nodes, start=span / 2)
        circuit.add_observer(watch)
        circuit.advance(span, skip=False)
        frequency = watch.frequency(_SWING * float(bias))
        if frequency is not None:
            biases.append(float(bias))
            frequencies.append(frequency)
    return OscillationZone(
        role, entry.name, path.resistance, capacitance, np.array(biases), np.array(frequencies), temperature)


class _DeviceWatch(Observer):
    """Keeps the device voltage of the second half of the time watched."""

    def __init__(self, nodes: tuple[str, ...], start: float) -> None:
        self._nodes = nodes
        self._start = start
        self._times: list[FloatArray] = []
        self._voltages: list[FloatArray] = []

    def observe(self, segment: Segment) -> None:
        times = getattr(segment, "times", None)
        if times is None or segment.end < self._start:
            return
        times = times[times >= self._start]
        high, low = (self._of(segment, node, times) for node in self._nodes)
        self._times.append(times)
        self._voltages.append(high - low)

    @staticmethod
    def _of(segment: Segment, node: str, times: FloatArray) -> FloatArray:
        return segment.voltage(node, times) if node != "0" else np.zeros_like(times)  # type: ignore[union-attr]

    def frequency(self, least_swing: float) -> float | None:
        """Return the frequency [Hz] of a sustained oscillation, None where the voltage has settled."""
        if not self._times:
            return None
        times, voltage = np.concatenate(self._times), np.concatenate(self._voltages)
        late = voltage[times > times[-1] - (times[-1] - times[0]) / 2]
        if late.size < 3 or np.ptp(late) < least_swing:
            return None
        middle = (voltage.max() + voltage.min()) / 2
        rising = times[1:][(voltage[:-1] < middle) & (voltage[1:] >= middle)]
        if rising.size < 3:
            return None
        period = float(np.mean(np.diff(rising)))
        return 1.0 / period if math.isfinite(period) and period > 0 else None


def entry_of(material: str) -> CatalogueEntry | None:
    """Return the catalogue's device that is made of ``material``; None where there is none, or more than one.

    Two models of one substance may switch at quite different voltages, so none of them is taken by chance.

    Parameters
    ----------
    material : as for :func:`~tsbench.simulated_backends.devices.catalogue.devices_of`
    """
    found = devices_of(material)
    return found[0] if len(found) == 1 else None
