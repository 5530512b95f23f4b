"""Facts on the instruments from a run's header, in the form that the extractors take.

Accuracies in ``RunHeader.instruments[name]["accuracy"]`` are data-sheet limits ± (gain |reading| + offset):
the extractors take the error as uniform within them. A waveform's own ``accuracy_gain`` and
``accuracy_offset`` are standard uncertainties already.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tsbench.analysis.threshold.switching_results import SweepFacts
from tsbench.instruments.fixture import DEVICE, has_place, node_capacitance
from tsbench.netlist import parse_netlist
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.records import Fixture, FloatArray, Run, RunHeader

#: a reading may exceed its range's full scale by this factor
_OVERRANGE = 1.05


def instrument_of(header: RunHeader, role: str) -> Mapping[str, Any]:
    """Return what the header says of the instrument that plays ``role``; empty where no instrument plays it."""
    for facts in header.instruments.values():
        roles = facts.get("roles") or ()
        if role in ((roles,) if isinstance(roles, str) else tuple(roles)):
            return facts
    return {}


def sweep_facts(run: Run, options: ExtractionOptions) -> SweepFacts:
    """Return accuracy of the source meter in the ranges of this sweep, and the path resistance."""
    header = run.header
    facts = instrument_of(header, "drive")
    channel = str((facts.get("channels") or {}).get("drive", ""))
    accuracy = _rows(_of_channel(facts.get("accuracy"), channel))
    settings = _of_channel(facts.get("settings"), channel)
    voltages, currents = run.column("voltage"), run.column("current")
    top_voltage = _largest(voltages, settings.get("source_range" if _voltage_drive(run) else "measure_range"))
    top_current = _largest(currents, settings.get("measure_range" if _voltage_drive(run) else "source_range"))
    # the voltage of a reading is read back, or what was programmed: whichever is less accurate
    volts = [
        row
        for row in (
            _row(accuracy, quantity, top_voltage) for quantity in ("measure_voltage", "source_voltage")
        )
        if row
    ]
    amps = _row(accuracy, "measure_current" if _voltage_drive(run) else "source_current", top_current) or {}
    return SweepFacts(
        voltage_gain=max((row.get("gain", 0.0) for row in volts), default=0.0),
        voltage_offset=max((row.get("offset", 0.0) for row in volts), default=0.0),
        voltage_noise=max((row.get("noise", 0.0) for row in volts), default=0.0),
        current_gain=amps.get("gain", 0.0),
        current_offset=amps.get("offset", 0.0),
        current_noise=amps.get("noise", 0.0),
        path_resistance=header.fixture.path_resistance.get("drive", 0.0),
        path_tolerance=options.path_tolerance,
        path_before_inputs=header.fixture.resistance_before_inputs("drive"),
        parallel_conductance=header.fixture.parallel_conductance,
    )


def device_current(run: Run) -> FloatArray:
    """Return the readings of the current [A] less what flows through the scope inputs at the device."""
    return run.header.fixture.device_current(run.column("device_voltage"), run.column("current"))


def level_limit(header: RunHeader, role: str, level: float, pulse: bool = False) -> float:
    """Return by how much a ``level`` [V] of the source in a role may be off [V], as its data sheet states; 0 without.

    The source is a generator, or a source meter that sources voltage. ``pulse``: the level is the top of a pulse from
    0 V, of which the data sheet of a generator may state another accuracy than of a constant level.
    """
    row = _level_accuracy(header, role, level, pulse)
    return float(row.get("gain", 0.0)) * abs(level) + float(row.get("offset", 0.0))


def level_gain(header: RunHeader, role: str, level: float) -> float:
    """Return the relative limit of the error that steps between levels [V] up to ``level`` have in common; 0 without.

    Of the source in a role, as its data sheet states it.
    """
    return float(_level_accuracy(header, role, level, pulse=False).get("gain", 0.0))


def _level_accuracy(header: RunHeader, role: str, level: float, pulse: bool) -> Mapping[str, Any]:
    facts = instrument_of(header, role)
    accuracy = facts.get("accuracy") or {}
    own = _of_channel(accuracy, str((facts.get("channels") or {}).get(role, "")))
    stated = (accuracy.get("pulse") if pulse else None) or accuracy.get("level")
    return stated or _row(_rows(own), "source_voltage", abs(level)) or {}


def path_resistance(fixture: Fixture, role: str, conditions: Mapping[str, float]) -> float:
    """Return the resistance [Ohm] between the source in a role and the device in one record; 0 where it is not known.

    ``conditions``: of the record; the load resistance among them was set for it, in place of the first one.
    """
    resistance, control = fixture.path_resistance.get(role, 0.0), conditions.get("load_resistance")
    if control is not None and "load_resistance" in fixture.control:
        resistance += control - fixture.control["load_resistance"]
    return resistance


def timebase_accuracy(header: RunHeader) -> float:
    """Return the relative limit of the scope's time base, 0 where the header does not say."""
    for facts in (instrument_of(header, "scope"), *header.instruments.values()):
        for place in (facts.get("accuracy"), facts.get("settings"), facts):
            if isinstance(place, Mapping):
                for name, value in place.items():
                    if ("timebase" in str(name) and "accuracy" in str(name)) or name == "timebase":
                        found = (
                            value.get("relative", value.get("gain")) if isinstance(value, Mapping) else value
                        )
                        if isinstance(found, int | float):
                            return float(found)
    return 0.0


def sense_capacitance(fixture: Fixture) -> float:
    """Return the capacitance [F] across the current-sense resistor, by the netlist of the bench file."""
    node = fixture.sensing.current_node or fixture.terminals.get(fixture.sensing.current or "")
    if not node or not fixture.netlist.strip():
        return 0.0
    return node_capacitance(parse_netlist(fixture.netlist, check=False), node)


def capacitance_at_device(fixture: Fixture) -> float:
    """Return the capacitance [F] between the two terminals of the device, whose current the sensor shows as well.

    One from a terminal to ground is none of it where the sensor is at the low side.
    """
    if not fixture.netlist.strip():
        return 0.0
    netlist = parse_netlist(fixture.netlist, check=False)
    if not has_place(netlist):
        return 0.0
    ends = set(netlist.find(DEVICE).nodes)
    return sum(capacitor.value for capacitor in netlist.of_kind("C") if set(capacitor.nodes) == ends)


def named_rows(run: Run, *columns: str) -> Iterator[tuple[float, ...]]:
    """Yield the numbers of some columns, row by row, without rows in which one of them is no number.

    They say which pulse a record is of, so a row without them belongs to no record.
    """
    for row in zip(*(run.column(name).tolist() for name in columns), strict=True):
        if all(math.isfinite(one) for one in row):
            yield row


def parameter(run: Run, name: str, default: Any = None) -> Any:
    """Return the value of one of the run's parameters."""
    given = run.header.parameters.get(name)
    return given.get("value", default) if isinstance(given, Mapping) else default if given is None else given


def _of_channel(table: Any, channel: str) -> Mapping[str, Any]:
    """Return the entries of one channel ("": the first), without its name, over those that belong to no channel."""
    if not isinstance(table, Mapping):
        return {}
    found: dict[str, Any] = {}
    own: dict[str, Any] = {}
    for name, value in table.items():
        key, colon, full_scale = str(name).partition(":")
        of, _, plain = key.rpartition(".")   # "a.source_range", "2.measure_current:0.001"
        channel = channel or of
        if of in {"", channel}:
            (own if of else found)[f"{plain}{colon}{full_scale}"] = value
    return {**found, **own}


def _voltage_drive(run: Run) -> bool:
    return str(parameter(run, "drive", "voltage")) != "current"


def _largest(values: Iterable[float], fixed: Any) -> float:
    """Return the range that was fixed, or the largest magnitude read."""
    if isinstance(fixed, int | float) and fixed > 0:
        return float(fixed)
    return max((abs(value) for value in values if math.isfinite(value)), default=0.0)


def _rows(accuracy: Any) -> list[tuple[str, Mapping[str, float]]]:
    """Return (quantity, row) of the table, named "quantity:full scale"."""
    if not isinstance(accuracy, Mapping):
        return []
    return [(str(name).partition(":")[0], row) for name, row in accuracy.items() if isinstance(row, Mapping)]


def _row(
    rows: list[tuple[str, Mapping[str, float]]], quantity: str, top: float
) -> Mapping[str, float] | None:
    """Return the row of the smallest range that holds ``top``, the largest where none does."""
    mine = sorted((row for name, row in rows if name == quantity), key=lambda row: row.get("full_scale", 0.0))
    return next(
        (row for row in mine if top <= row.get("full_scale", 0.0) * _OVERRANGE), mine[-1] if mine else None
    )
