"""Goes through the standards of a bench: open end, short, known resistor."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from tsbench.errors import (
    CommunicationError,
    ConfigurationError,
    InstrumentError,
    InstrumentInUse,
    LimitError,
    WrongInstrument,
    sentences,
)
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
    return _exchanged(_told_why(found), file.table.roles)


def _measure_standard(
    bench: Bench, table: DeviceTable, found: list[FixtureValue], interrupts: EndsAtOnce,
) -> None:
    """Measure with the standard that is connected, and add the values to ``found``."""
    with protected(bench, "fixture check", interrupts) as watch:
        for role, kind in _driving(bench):
            paths = [one.value for one in found if one.quantity == "path_resistance" and one.role == role]
            known = paths[0] if paths and math.isfinite(paths[0]) else None
            with watch.resting():   # the operator may be asked to select the route
                bench.preparation.route([role])
            bench.preparation.arrange(bench.preparation.pending(None))   # boxes and gates as in the netlist
            bench.preparation.prepare([role])
            try:
                for values in _steps(bench, role, kind, table, known, found, interrupts):
                    found += values
            except (CommunicationError, WrongInstrument, InstrumentInUse):
                raise
            except (InstrumentError, LimitError) as error:   # the other roles may tell why
                found.append(_refused(bench.device.identifier, role, found, str(error)))
            bench.make_safe()
            interrupts.look()


def _steps(
    bench: Bench, role: str, kind: str, table: DeviceTable, known: float | None, found: list[FixtureValue],
    interrupts: EndsAtOnce,
) -> Iterator[list[FixtureValue]]:
    """Yield the values of each step with the standard that is connected; ``found`` has those of the steps before."""
    yield _of_standard(bench, role, kind, table, known)
    if kind == "source meter" and table.standard != "open" and not _compared(found, role):
        yield by_source_meter.current_factor(bench, role, table.resistance or 0.0)
    if kind == "source meter" and table.resistance is not None:
        yield by_source_meter.voltage_factor(bench, role, table.resistance)
    if role == by_edges.ROLE and kind == "pulse generator" and table.standard != "open":
        yield by_edges.skew(bench, interrupts.look) if table.resistance is None else (
            by_edges.sense_capacitance(bench, table.resistance, [
                one for one in found if one.quantity == CHANNEL_SKEW], interrupts.look))


def _refused(standard: str, role: str, found: list[FixtureValue], why: str) -> FixtureValue:
    """Return that a step ended, because an instrument or a guard refused a setting that the bench file leads to."""
    wrong = any(not one.agrees for one in found if one.role == role)
    likely = ("A value of this role is not as expected (see above). Correct this first" if wrong else
              f"The signal is probably not what the bench file leads to. Check that {standard} is connected. Check the "
              f"cables of the role '{role}' and of the scope, and the values of the netlist")
    return FixtureValue("check", role, math.nan, math.nan, math.nan, "", condition=f"with {standard}", refused=True,
                        remedy=sentences(why, likely))


def _exchanged(found: list[FixtureValue], roles: Mapping[str, str]) -> list[FixtureValue]:
    """Return the values; where two paths have the resistances of each other, both values say so."""
    wrong = [one for one in found if one.quantity == "path_resistance" and not one.agrees]
    told = []
    for one in found:
        like = next((other for other in wrong if one in wrong and replace(one, expected=other.expected).agrees
                     and replace(other, expected=one.expected).agrees), None)
        told.append(one if like is None else replace(one, remedy=(
            f"this is expected of the role '{like.role}'. Check whether the cables at {roles[one.role]} and "
            f"{roles[like.role]} are exchanged. If not, {one.remedy}")))
    return told


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
