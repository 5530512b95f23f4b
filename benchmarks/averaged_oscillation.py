"""Averaged oscillations and stable negative resistances: ``python -m benchmarks.averaged_oscillation [--quick]``.

Devices of the catalogue with a smooth negative resistance are swept behind a load, with a capacitance across them, in
the circuit engine. A source meter averages voltage and current over its aperture. Where the voltage falls smoothly, the
circuit either oscillates there or is stable; which of both, the simulated waveform says. Then one more fact is given to
``analysis/threshold/averaged_oscillation.py``: a sweep with another load, one with another aperture, the capacitance
with the load line, or a record of a scope. Without one, ``tsbench analyse`` must say that an oscillation is not
excluded. Circuits whose sweep shows no smooth fall, or which oscillate in a small part of it, have rows of their own.
"""

import argparse
import json
import sys
import tempfile
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
_SHOWN_BAR = 0.2  #: share of the oscillations that a sweep with another aperture shows at least
#: device -> load [Ohm] and highest level [V] that show the whole static curve
_DEVICES = {"nbo2": (5e3, 4.5), "tin_nbo2": (1.5e3, 3.5), "nbo2_slesazeck": (500.0, 4.5)}
_APERTURE, _SHORT = 20e-3, 200e-6  #: [s] 1 and 0.01 power-line cycles
_NOISE, _SHORT_NOISE = 20e-6, 100e-6  #: standard deviation of a reading, divided by the highest voltage
_LEVELS, _SHORT_SWEEPS = 40, 5  #: of a sweep; sweeps with the short aperture, which take a hundredth of the time
_FACTS = ("a sweep with another load", "a scope", "the capacitance with the load line",
          "a sweep with another aperture", "no further fact")
#: why circuits have rows of their own
_NO_FALL, _SMALL_PART = "without a smooth fall", "of which a small part of the fall oscillates"
_TOO_FAST = "an oscillation whose period is much shorter than the aperture does not show in the scatter"
UNFLAGGED, NO_NUMBER = "UNFLAGGED", "NO_NUMBER"  #: numbers of which nothing is said; none at all
_BEFORE, _AFTER = ("threshold_voltage",), ("hold_voltage", "on_resistance", "differential_on_resistance")
_MAY_BE_A_MEAN = "reads the mean of an oscillation"  #: words of the remark on the numbers of the on state
_MOVES = 0.02  #: swing of the device voltage, relative, above which it oscillates
#: a smooth fall of the readings without noise: it has so many readings, is this share of the threshold at least, and
#: no step makes more than the last share of it
_FEWEST, _LEAST_FALL, _ONE_STEP = 4, 0.005, 0.7


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
    exact: Array  #: [V] the voltage without noise

    def smooth_fall(self) -> slice | None:
        """Return where the voltage falls smoothly, by the readings without noise; None: nowhere, or it jumps.

        The extractors have a search of their own, on the noisy readings. What it does not find counts as not said.
        """
        bottom = int(np.argmax(np.maximum.accumulate(self.exact) - self.exact))
        top = int(np.argmax(self.exact[: bottom + 1]))
        steps = -np.diff(self.exact[top : bottom + 1])
        if steps.size < _FEWEST - 1 or self.current[bottom] <= self.current[top]:
            return None
        fall = float(steps.sum())
        if fall < _LEAST_FALL * self.exact[top] or float(steps.max()) > _ONE_STEP * fall:
            return None
        return slice(top, bottom + 1)


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
                 np.array(short) + _SHORT_NOISE * full * random.standard_normal((len(short), levels.size)), swing,
                 voltage)


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
    """Return the truth of one circuit and the verdict of each fact.

    ``left_out`` says why a circuit is judged by rows of its own. Such a one without any oscillation has no verdicts.
    """
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
    one = sweep(model, load, capacitance, levels, random)
    part = one.smooth_fall()
    oscillating = one.swing > _MOVES * float(one.voltage.max())
    moving = oscillating if part is None else oscillating[part]
    row: dict[str, Any] = {
        "number": number, "device": name, "load": load, "capacitance": capacitance, "oscillates": bool(moving.any()),
        "left_out": left_out(part, moving)}
    if part is None and not row["oscillates"]:
        return row
    factor = float(random.choice([0.4, 2.5]))
    ends = levels[[0, -1]] + one.current[[0, -1]] * load * (factor - 1.0)
    other = sweep(model, load * factor, capacitance, np.linspace(*ends, _LEVELS), random)
    # the middle of the fall; of a circuit that is left out, of where it oscillates
    place = ((part.start + part.stop) // 2 if part is not None and not row["left_out"] else
             int(np.median(np.flatnonzero(oscillating))))
    elsewhere = bool((other.swing > _MOVES * float(other.voltage.max())).any())
    circuit = Circuit(model, load, capacitance, response * 10.0 ** random.normal(0.0, 0.1), factor)
    return {**row, "with_other_load": elsewhere, "verdicts": circuit.verdicts(one, other, float(levels[place]))}


def left_out(part: slice | None, moving: npt.NDArray[np.bool_]) -> str:
    """Return why a circuit has rows of its own; "": it is one of those that the facts are to tell apart."""
    if part is None:
        return _NO_FALL
    return _SMALL_PART if 0 < int(moving.sum()) < 0.5 * moving.size else ""


@dataclass(frozen=True)
class Circuit:
    """What is known of a circuit beside its sweep."""

    model: DeviceModel
    load: float  #: [Ohm]
    capacitance: float  #: [F]
    response: float  #: [s] as a measurement gives it
    factor: float  #: of the other load

    def verdicts(self, one: Swept, other: Swept, level: float) -> dict[str, str]:
        """Return the verdict of each fact; the scope looks at one ``level`` [V] of the source."""
        from tsbench.analysis.threshold.averaged_oscillation import (
            LoadedSweep,
            by_capacitance,
            by_other_aperture,
            by_other_load,
            falling_part,
        )
        from tsbench.protocols.acquiring.oscillation_check import oscillation

        drift = _NOISE * float(one.voltage.max())
        here = LoadedSweep(one.voltage, one.current, self.load, drift)
        there = LoadedSweep(other.voltage, other.current, self.load * self.factor, drift)
        seen, dt = scope_record(self.model, self.load, self.capacitance, level)
        code = 2.0 * level / 256
        found = {
            _FACTS[0]: by_other_load(here, there).verdict.name,
            _FACTS[1]: "OSCILLATION" if oscillation(seen, dt, 0.5 * code, code).cycles > 0 else "STABLE",
            _FACTS[2]: by_capacitance(here, self.capacitance, self.response).verdict.name,
            _FACTS[4]: read_alone(one)}
        part = falling_part(one.voltage, one.current)
        found[_FACTS[3]] = by_other_aperture(one.voltage, one.short, part).verdict.name if part else "NOT_EXCLUDED"
        return found


def read_alone(one: Swept) -> str:
    """Return what ``tsbench analyse`` says of a table with one sweep: by the flags of its rows and its remarks.

    NOT_EXCLUDED or OSCILLATION: each number has the flag for this; of a sweep whose voltage jumps, each number of the
    on state. UNFLAGGED: a number lacks the flag, or there is no remark. NO_NUMBER: nothing has a number.
    """
    from tsbench.analysis.threshold.averaged_oscillation import Averaged
    from tsbench.extraction import analyse_files

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sweep.csv"
        np.savetxt(path, np.column_stack([one.voltage, one.current]), delimiter=",", fmt="%.12g",
                   header="voltage [V],current [A]", comments="")
        analysis = analyse_files([path], kind="sweep")
    before, after = ([row["flags"] for row in analysis.rows if row["quantity"] in names and row["value"] is not None]
                     for names in (_BEFORE, _AFTER))
    if before + after and all("oscillating" in one for one in before + after):
        return Averaged.OSCILLATION.name
    # where the voltage jumps, the device does switch: only what follows may be a mean
    smooth = any(Averaged.NOT_EXCLUDED.value in remark for remark in analysis.lines)
    said = smooth or any(_MAY_BE_A_MEAN in remark for remark in analysis.lines)
    doubted = all("unchecked" in one for one in (before + after if smooth else after))
    return Averaged.NOT_EXCLUDED.name if said and doubted else UNFLAGGED if before + after else NO_NUMBER


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
    """Return how many of each kind every fact calls an oscillation, and what became of the other circuits."""
    rows = [row for row in every if "verdicts" in row and not row.get("left_out")]
    lines = []
    for fact in _FACTS[:4]:
        kinds = {truth: [row["verdicts"][fact] for row in rows if _oscillates(row, fact) is truth]
                 for truth in (True, False)}
        fewest = min(map(len, kinds.values()))   # equally many of both, the first ones
        for oscillates, verdicts in kinds.items():
            mine = verdicts[:fewest]
            called, stable = mine.count("OSCILLATION"), mine.count("STABLE")
            what = "averaged oscillations" if oscillates else "stable negative resistances"
            bar, good = _required(fact, oscillates, called / max(len(mine), 1), stable)
            lines.append(Line(f"{fact}: {what} called an oscillation",
                              f"{called} of {len(mine)} ({stable} called stable)", bar, bool(mine) and good))
    alone = [row["verdicts"][_FACTS[4]] for row in rows]
    said = alone.count("NOT_EXCLUDED") + alone.count("OSCILLATION")
    lines.append(Line(f"{_FACTS[4]}: sweeps of which tsbench analyse says that an oscillation is not excluded",
                      f"{said} of {len(alone)}", "all", bool(alone) and said == len(alone)))
    for why in (_NO_FALL, _SMALL_PART):
        lines += _of_left_out(why, every)
    unknown = sum("verdicts" not in row and "left_out" not in row for row in every)
    if unknown:
        lines.append(Line("circuits of an older version of this benchmark, of which it is not known why they are left "
                          "out", f"{unknown} of {len(every)}", "0", False))
    devices = ", ".join(sorted({str(row["device"]) for row in rows}))
    lines.append(Line("devices with a smooth fall", devices, INFORMATION, True))
    return lines


def _oscillates(row: dict[str, Any], fact: str) -> bool:
    """Return the truth; two sweeps differ as well if the device oscillates with the other load alone."""
    return bool(row["oscillates"] or (fact == _FACTS[0] and row["with_other_load"]))


def _required(fact: str, oscillates: bool, share: float, stable: int) -> tuple[str, bool]:
    """Return what a row of a fact requires, and whether it is so."""
    if not oscillates:
        return f"<= {100 * FALSE_BAR:g} %", share <= FALSE_BAR
    if fact == _FACTS[3]:
        return (f">= {100 * _SHOWN_BAR:g} %, 0 called stable; no larger share, because {_TOO_FAST}",
                share >= _SHOWN_BAR and stable == 0)
    return f">= {100 * CALLED_BAR:g} %, 0 called stable", share >= CALLED_BAR and stable == 0


def _of_left_out(why: str, every: Sequence[dict[str, Any]]) -> list[Line]:
    """Return the rows of the circuits that are left out for one reason: how many, and the verdicts of those that move.

    A circuit that oscillates anywhere must not be called stable, whatever the extraction makes of its sweep.
    """
    mine = [row for row in every if row.get("left_out") == why]
    moving = [row for row in mine if "verdicts" in row]
    lines = [Line(f"circuits {why}: how many; of these, how many oscillate at a level", f"{len(mine)} of {len(every)}; "
                  f"{sum(row['oscillates'] for row in mine)}", INFORMATION, True)]
    for fact in _FACTS:
        said = [row["verdicts"][fact] for row in moving if fact in row["verdicts"]]
        if said:
            counts = ", ".join(f"{said.count(name)} {name.lower().replace('_', ' ')}" for name in sorted(set(said)))
            lines.append(Line(f"circuits {why} that oscillate: verdicts of {fact}", counts, "0 stable, 0 unflagged",
                              not {"STABLE", UNFLAGGED} & set(said)))
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
