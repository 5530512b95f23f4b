"""Averaged oscillations and stable negative resistances: ``python -m benchmarks.averaged_oscillation [--quick]``.

Devices of the catalogue with a smooth negative resistance are swept behind a load, with a capacitance across them, in
the circuit engine. A source meter averages voltage and current over its aperture. Where the voltage falls smoothly, the
circuit either oscillates there or is stable; which of both, the simulated waveform says. Then one more fact is given to
``analysis/threshold/averaged_oscillation.py``: a sweep with another load, one with another aperture, the capacitance
with the load line, or a record of a scope.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.report import INFORMATION, Line, report
from tsbench.netlist import parse_netlist
from tsbench.simulated_backends.circuit.build import build_circuit
from tsbench.simulated_backends.circuit.engine import Constant, Repetition, Segment
from tsbench.simulated_backends.devices.catalogue import catalogue
from tsbench.simulated_backends.devices.model import DeviceModel

Array = npt.NDArray[np.float64]
CALLED_BAR, FALSE_BAR = 0.95, 0.05
#: device -> load [Ohm] and highest level [V] that show the whole static curve
_DEVICES = {"nbo2": (5e3, 4.5), "tin_nbo2": (1.5e3, 3.5), "nbo2_slesazeck": (500.0, 4.5)}
_APERTURE, _SHORT = 20e-3, 200e-6  #: [s] 1 and 0.01 power-line cycles
_NOISE, _SHORT_NOISE = 20e-6, 100e-6  #: of the voltage range of a reading, relative to the highest voltage
_LEVELS, _SHORT_SWEEPS = 40, 5  #: of a sweep; sweeps with the short aperture, which take a hundredth of the time
_FACTS = ("a sweep with another load", "a scope", "the capacitance with the load line",
          "a sweep with another aperture", "no further fact")
_MOVES = 0.02  #: swing of the device voltage, relative, above which it oscillates


class Average:
    """Means of voltage and current, and the extremes of the voltage, over what it sees."""

    def __init__(self) -> None:
        self.flux = self.charge = self.duration = 0.0
        self.low, self.high = np.inf, -np.inf

    def observe(self, segment: Segment) -> None:
        repeated = isinstance(segment, Repetition)
        part, times = (segment.period, segment.count) if isinstance(segment, Repetition) else (segment, 1)
        self.flux += times * part.integral("voltage", "dut", part.start, part.end)
        self.charge += times * part.integral("current", "XDUT", part.start, part.end)
        self.duration += times * (part.end - part.start)
        if not repeated:
            seen = part.voltage("dut", part.times)
            self.low, self.high = min(self.low, float(seen.min())), max(self.high, float(seen.max()))


@dataclass(frozen=True)
class Swept:
    """A simulated way up, shape (n,): means over the aperture, and how far the voltage moves at each level."""

    level: Array
    voltage: Array
    current: Array
    short: Array  #: [V] means over the short aperture, shape (_SHORT_SWEEPS, n)
    swing: Array


def sweep(model: DeviceModel, load: float, capacitance: float, levels: Array, random: np.random.Generator) -> Swept:
    """Return the readings of a source meter at rising levels [V]."""
    text = f"VS gen 0 0\nRL gen dut {load}\nCP dut 0 {capacitance}\nXDUT dut 0 nbo2\n.end\n"
    circuit = build_circuit(parse_netlist(text), device_models={"xdut": model, "XDUT": model})
    settle = 30.0 * load * capacitance + 20e-6
    rows = []
    for level in levels:
        circuit.set_source("VS", Constant(float(level)))
        circuit.advance(circuit.time + settle * (1.0 + random.random()))
        averages = []
        for aperture in (*[_SHORT] * _SHORT_SWEEPS, _APERTURE):
            # readings of other sweeps begin at another phase of the oscillation
            circuit.advance(circuit.time + random.random() * _SHORT)
            average = Average()
            circuit.add_observer(average)
            circuit.advance(circuit.time + aperture)
            circuit.remove_observer(average)
            averages.append(average)
        *brief, whole = averages
        rows.append((whole.flux / whole.duration, whole.charge / whole.duration, brief[0].high - brief[0].low,
                     *(one.flux / one.duration for one in brief)))
    voltage, current, swing, *short = np.array(rows).T
    full = float(voltage.max())
    return Swept(levels, voltage + _NOISE * full * random.standard_normal(levels.size), current,
                 np.array(short) + _SHORT_NOISE * full * random.standard_normal((len(short), levels.size)), swing)


def scope_record(model: DeviceModel, load: float, capacitance: float, level: float) -> tuple[Array, float]:
    """Return (device voltage [V] as an 8-bit scope shows it, [s] between samples) at one level of the source."""
    text = f"VS gen 0 0\nRL gen dut {load}\nCP dut 0 {capacitance}\nXDUT dut 0 nbo2\n.end\n"
    circuit = build_circuit(parse_netlist(text), device_models={"xdut": model, "XDUT": model})
    circuit.set_source("VS", Constant(level))
    span = min(max(40.0 * load * capacitance, 50e-6), 20e-3)
    circuit.advance(span + 20e-6)
    times = circuit.time + span * np.arange(1, 2001) / 2000
    values = []
    for time in times:
        circuit.advance(float(time), skip=False)
        values.append(circuit.voltage("dut"))
    code = 2.0 * level / 256
    return np.round(np.array(values) / code) * code, span / 2000


def range_of(name: str, model: DeviceModel) -> tuple[float, float, float, float]:
    """Return (threshold [V], current there [A], lowest voltage after it [V], current there [A]) of the static curve."""
    load, last = _DEVICES[name]
    swept = sweep(model, load, 1e-15, np.linspace(0.1, last, 80), np.random.default_rng(0))
    fallen = np.maximum.accumulate(swept.voltage) - swept.voltage
    bottom = int(np.argmax(fallen))
    top = int(np.argmax(swept.voltage[: bottom + 1]))
    return swept.voltage[top], swept.current[top], swept.voltage[bottom], swept.current[bottom]


def examined(seed: int, number: int) -> dict[str, Any]:
    """Return the truth of one circuit and the verdict of each fact; without verdicts where no fall is smooth."""
    from tsbench.analysis.threshold.averaged_oscillation import (
        NO_FACT,
        LoadedSweep,
        by_capacitance,
        by_other_aperture,
        by_other_load,
        falling_part,
    )
    from tsbench.protocols.acquiring.oscillation_check import oscillation

    random = np.random.default_rng([seed, number])
    name = list(_DEVICES)[number % len(_DEVICES)]
    model = catalogue()[name].specimen(number, name)
    model = model.with_parameters({"cth": model.cth * 10.0 ** random.uniform(0.0, 2.0)})
    top, begin, bottom, end = range_of(name, model)
    load = (top / begin) * 10.0 ** random.uniform(-0.5, 0.3)
    response = model.rth * model.cth   # with which it cools at rest, as a pulse measurement shows
    capacitance = response * (end - begin) / (top - bottom) * 10.0 ** random.uniform(-2.0, 2.5)
    last = bottom + min(1.3 * end, 6.0 * begin) * load
    levels = np.linspace(0.6 * (top + begin * load), last, _LEVELS)
    row: dict[str, Any] = {"number": number, "device": name, "load": load, "capacitance": capacitance}
    one = sweep(model, load, capacitance, levels, random)
    part = falling_part(one.voltage, one.current)
    if part is None:
        return row
    moving = one.swing[part] > _MOVES * float(one.voltage.max())
    if 0 < int(moving.sum()) < 0.5 * moving.size:
        return row   # neither: a small part of the fall oscillates
    factor = float(random.choice([0.4, 2.5]))
    ends = levels[[0, -1]] + one.current[[0, -1]] * load * (factor - 1.0)
    other = sweep(model, load * factor, capacitance, np.linspace(*ends, _LEVELS), random)
    drift = _NOISE * float(one.voltage.max())
    here = LoadedSweep(one.voltage, one.current, load, drift)
    there = LoadedSweep(other.voltage, other.current, load * factor, drift)
    middle = float(levels[(part.start + part.stop) // 2])
    seen, dt = scope_record(model, load, capacitance, middle)
    code = 2.0 * middle / 256
    by_scope = oscillation(seen, dt, 0.5 * code, code).cycles > 0
    verdicts = {
        _FACTS[0]: by_other_load(here, there).verdict.name,
        _FACTS[1]: "OSCILLATION" if by_scope else "STABLE",
        _FACTS[2]: by_capacitance(here, capacitance, response * 10.0 ** random.normal(0.0, 0.1)).verdict.name,
        _FACTS[3]: by_other_aperture(one.voltage, one.short, part).verdict.name,
        _FACTS[4]: NO_FACT.verdict.name}
    elsewhere = bool((other.swing > _MOVES * float(other.voltage.max())).any())
    return {**row, "oscillates": bool(moving.any()), "with_other_load": elsewhere, "verdicts": verdicts}


def judged(number: int, seed: int, path: Path | None) -> list[dict[str, Any]]:
    """Return one row for each circuit; goes on with what ``path`` holds already."""
    rows: list[dict[str, Any]] = []
    if path is not None and path.exists():
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    for k in range(len(rows), number):
        rows.append(examined(seed, k))
        if path is not None:
            with path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(rows[-1]) + "\n")
    return rows


def lines_of(every: Sequence[dict[str, Any]]) -> list[Line]:
    """Return how many of each kind every fact calls an oscillation."""
    rows = [row for row in every if "verdicts" in row]
    lines = []
    for place, fact in enumerate(_FACTS):
        for oscillates in (True, False):
            # two sweeps differ as well if the device oscillates with the other load alone
            mine = [row["verdicts"][fact] for row in rows
                    if (row["oscillates"] or (place == 0 and row["with_other_load"])) is oscillates]
            called, stable = mine.count("OSCILLATION"), mine.count("STABLE")
            share = called / max(len(mine), 1)
            what = "averaged oscillations" if oscillates else "stable negative resistances"
            needed = place < 3 or not oscillates
            bar = f">= {100 * CALLED_BAR:g} %" if oscillates else f"<= {100 * FALSE_BAR:g} %"
            good = share >= CALLED_BAR if oscillates else share <= FALSE_BAR
            lines.append(Line(
                f"{fact}: {what} called an oscillation", f"{called} of {len(mine)} ({stable} called stable)",
                bar if needed else INFORMATION, bool(mine) and (good or not needed)))
    lines.append(Line("circuits without a smooth fall, or of which a small part oscillates: not counted",
                      f"{len(every) - len(rows)} of {len(every)}", INFORMATION, True))
    kinds = {str(row["device"]) for row in rows}
    lines.append(Line("devices with a smooth fall", ", ".join(sorted(kinds)), INFORMATION, True))
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="30 circuits")
    parser.add_argument("--number", type=int, default=480, help="of circuits")
    parser.add_argument("--rows", type=Path, help="file to which each circuit is written, and with which to go on")
    given = parser.parse_args()
    number = 30 if given.quick else given.number
    return report("averaged_oscillation", "averaged oscillations", lines_of(judged(number, 1, given.rows)))


if __name__ == "__main__":
    sys.exit(main())
