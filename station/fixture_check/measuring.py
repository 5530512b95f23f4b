"""Goes through the standards of a bench: open end, short, known resistor."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from math import isfinite
from pathlib import Path

from tsbench.errors import ConfigurationError
from tsbench.station.bench.bench import Bench
from tsbench.station.bench.bench_file import BenchFile
from tsbench.station.bench.bench_tables import DeviceTable
from tsbench.station.fixture_check import by_edges, by_generator, by_source_meter
from tsbench.station.fixture_check.values import CHANNEL_SKEW, CURRENT_FACTOR, FixtureValue
from tsbench.station.protection.control import EndsAtOnce
from tsbench.station.protection.protecting import protected

_HOW = (
    "no device of the bench file is a standard, so the fixture cannot be measured. Add for example [devices.SHORT] "
    'with standard = "short", [devices.OPEN] with standard = "open", and [devices.R10K] with standard = "resistor" '
    'and resistance = "10 kOhm"')


def measure_fixture(path: Path, tell: Callable[[str], None] = lambda line: None) -> list[FixtureValue]:
    """Measure the fixture with each standard that the bench file names; all outputs are off between two standards.

    Parameters
    ----------
    path : the bench file
    tell : called with one line for each standard: its name

    Raises
    ------
    ConfigurationError
        The bench file names no standard.
    TsbenchError
        As :meth:`Bench.open`.
    """
    file = BenchFile.load(path)
    standards = {name: table for name, table in file.table.devices.items() if table.standard is not None}
    if not standards:
        raise ConfigurationError(f"{path}: {_HOW}")
    found: list[FixtureValue] = []
    order = ("short", "open", "resistor")   # the capacitance needs the resistance in front of it
    with EndsAtOnce("the fixture check").installed() as interrupts:
        for name, table in sorted(standards.items(), key=lambda item: order.index(str(item[1].standard))):
            with Bench.open(path, name) as bench:
                tell(f"{name} ({table.standard})")
                _measure_standard(bench, table, found, interrupts)
            interrupts.look()
    return _told_why(found)


def _measure_standard(
    bench: Bench, table: DeviceTable, found: list[FixtureValue], interrupts: EndsAtOnce,
) -> None:
    """Measure with the standard that is connected, and add the values to ``found``."""
    with protected(bench, "fixture check", interrupts) as watch:
        for role, kind in _driving(bench):
            paths = [one.value for one in found if one.quantity == "path_resistance" and one.role == role]
            known = paths[0] if paths and isfinite(paths[0]) else None
            with watch.resting():   # the operator may be asked to select the route
                bench.preparation.route([role])
            bench.preparation.arrange(bench.preparation.pending(None))   # boxes and gates as in the netlist
            bench.preparation.prepare([role])
            found += _of_standard(bench, role, kind, table, known)
            if kind == "source meter" and table.standard != "open" and not _compared(found, role):
                found += by_source_meter.current_factor(bench, role, table.resistance or 0.0)
            if kind == "source meter" and table.resistance is not None:
                found += by_source_meter.voltage_factor(bench, role, table.resistance)
            if role == by_edges.ROLE and kind == "pulse generator" and table.standard != "open":
                found += by_edges.skew(bench, interrupts.look) if table.resistance is None else (
                    by_edges.sense_capacitance(bench, table.resistance, [
                        one for one in found if one.quantity == CHANNEL_SKEW], interrupts.look))
            bench.make_safe()
            interrupts.look()


def _compared(found: list[FixtureValue], role: str) -> bool:
    """Whether the current of a role was compared with that of the scope already."""
    return any(one.quantity == CURRENT_FACTOR and one.role == role for one in found)


def _told_why(found: list[FixtureValue]) -> list[FixtureValue]:
    """Return the values; where the sensor of the current is wrong, what was measured with it says so."""
    if all(one.agrees for one in found if one.quantity == CURRENT_FACTOR):
        return found
    meters = {one.role for one in found if one.quantity == CURRENT_FACTOR}
    by_sensor = ("path_resistance", "parallel_capacitance")   # the capacitance follows from the resistance and a rise
    return [one if one.quantity not in by_sensor or one.role in meters or one.agrees else replace(
        one, remedy=f"this was measured with the current sensor, which is wrong by the {CURRENT_FACTOR}. Correct the "
                    "sensor first, and measure again") for one in found]


def _driving(bench: Bench) -> Iterator[tuple[str, str]]:
    """Yield role and kind of each source that reaches the device."""
    for role, terminal in bench.file.table.roles.items():
        for kind in ("source meter", "pulse generator"):
            if kind in bench.wiring.kinds(terminal) and terminal not in bench.file.gates():
                yield role, kind


def _of_standard(
    bench: Bench, role: str, kind: str, table: DeviceTable, path_resistance: float | None,
) -> list[FixtureValue]:
    if kind == "source meter":
        if table.resistance is not None:
            return by_source_meter.known_resistor(bench, role, table.resistance)
        return (by_source_meter.short if table.standard == "short" else by_source_meter.open_end)(bench, role)
    if table.standard == "short":
        return by_generator.short(bench, role)
    return by_generator.open_end(bench, role, path_resistance) if table.standard == "open" else []
