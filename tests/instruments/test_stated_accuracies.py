"""Each driver states the accuracy that the data sheet of its virtual instrument has.

The extraction computes intervals from ``driver.accuracy()`` and from the accuracy of each waveform. A wrong number
there makes intervals too narrow, and the measurements on a virtual bench do not fail for it. Therefore this module
opens each virtual instrument with its driver. It compares the numbers that reach the run file with the data sheet of
the virtual instrument: they are the same within 1e-9.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks.acceptance.benches import registered
from tsbench.instruments import EdgeTrigger, Timebase, Vertical
from tsbench.instruments.interfaces import Accuracy
from tsbench.instruments.keithley_4200 import pulse_sheet
from tsbench.instruments.registry import DRIVERS, driver_of
from tsbench.instruments.source_meters.records import accuracy_tables
from tsbench.protocols.extracting.facts import level_limit
from tsbench.records import Identity
from tsbench.simulated_backends.virtual_instruments.generator.data_sheet import INFINITE_LOAD, GeneratorDataSheet
from tsbench.simulated_backends.virtual_instruments.generator.levels import OutputLevels
from tsbench.simulated_backends.virtual_instruments.generator.synthesis import OutputErrors, Shape, real_levels
from tsbench.simulated_backends.virtual_instruments.keithley_4200 import data_sheet as of_4200
from tsbench.simulated_backends.virtual_instruments.keithley_4200 import pulse_sheet as of_4225
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a import data_sheet as of_b1500a
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a import waveform_sheet as of_b1530a
from tsbench.simulated_backends.virtual_instruments.oscilloscope.data_sheet import ScopeDataSheet
from tsbench.simulated_backends.virtual_instruments.registry import instrument_class
from tsbench.simulated_backends.virtual_instruments.source_meter.data_sheet import RangeData, SourceMeterDataSheet
from tsbench.station.bench.bench import Bench

SOURCE_METER, GENERATOR, SCOPE, PULSES = "source meter", "pulse generator", "oscilloscope", "pulse measure unit"
DECADE_BOX = "decade box"
#: kinds without an accuracy. The data sheet of a virtual temperature controller has none that could be compared
OTHER_KINDS = ("prober", "switch matrix", "temperature controller")
SAME = 1e-9  #: relative
FILES = """
[instruments.unit]
{what}
resource = "GPIB0::17::INSTR"
{options}
[fixture]
netlist = '''
R1 a 0 1k
R2 a 0 1k
'''
"""


@dataclass(frozen=True)
class Mainframe:
    """How a mainframe is opened with one module of each model, and where the data sheets of its terminals are."""

    world: str  #: options of the world file
    bench: tuple[str, ...]  #: options of the bench file: each is one case
    sheets: Callable[[Any], Mapping[str, SourceMeterDataSheet]]  #: terminal -> data sheet
    models: int  #: of source meter modules


def sheets_of_b1500a(driver: Any) -> Mapping[str, SourceMeterDataSheet]:
    return {str(slot): of_b1500a.SOURCE_MODULES[model].sheet
            for slot, model in driver.slots.items() if model in of_b1500a.SOURCE_MODULES}


def sheets_of_4200(driver: Any) -> Mapping[str, SourceMeterDataSheet]:
    known = {(model.option.startswith("HP"), model.option.endswith("PA")): model.sheet
             for model in of_4200.SOURCE_MODELS.values()}
    return {one.name: known[one.unit.high_power, one.unit.preamplifier] for one in driver.units.values()}


_WGFMU = 'wgfmu_library = "wgfmu.dll"\nhigh_resolution = '
MAINFRAMES: Mapping[str, Mainframe] = {
    "keysight_b1500a": Mainframe(
        'slots = { 1 = "B1517A", 2 = "B1511B", 4 = "B1510A", 5 = "B1530A" }', (f"{_WGFMU}false", f"{_WGFMU}true"),
        sheets_of_b1500a, len(of_b1500a.SOURCE_MODULES)),
    "keithley_4200": Mainframe(
        'smus = { 1 = "4200-SMU", 2 = "4200-SMU+4200-PA", 3 = "4210-SMU", 4 = "4210-SMU+4200-PA" }', ("",),
        sheets_of_4200, len(of_4200.SOURCE_MODELS)),
}


@dataclass(frozen=True)
class Case:
    """A virtual instrument, its driver, and the options of the bench file."""

    twin: str
    driver: str
    options: str = ""

    @property
    def sheet(self) -> Any:
        """Return the data sheet of the virtual instrument."""
        return getattr(instrument_class(self.twin), "data_sheet", None)


def driver_name(twin: str) -> str | None:
    """Return the driver of a virtual instrument; None where no driver knows the model."""
    virtual = instrument_class(twin)
    return driver_of(Identity(virtual.manufacturer, virtual.model, "SIM1", virtual.firmware))


def cases(kind: str) -> list[Any]:
    """Return the virtual instruments that a driver of a kind drives."""
    found = []
    for twin in registered():
        driver = driver_name(twin)
        if driver is not None and kind in DRIVERS.things()[driver].kinds:
            every = MAINFRAMES[twin].bench if twin in MAINFRAMES else ("",)
            found += [pytest.param(Case(twin, driver, options), id=twin + "-high_resolution" * options.endswith("true"))
                      for options in every]
    return found


def opened(folder: Path, case: Case) -> Bench:
    """Open a bench with the virtual instrument as its only instrument."""
    mainframe = MAINFRAMES.get(case.twin)
    options = "[instruments.unit.options]\n"
    (folder / "unit.world.toml").write_text("seed = 1" + FILES.format(
        what=f'model = "{case.twin}"', options=options + mainframe.world if mainframe else ""), "utf-8")
    path = folder / "unit.bench.toml"
    path.write_text('visa_library = "unit.world.toml@tsbench"' + FILES.format(
        what=f'driver = "{case.driver}"', options=options + case.options if case.options else ""), "utf-8")
    return Bench.open(path)


def require_same(driver: str, quantity: str, stated: float, sheet: float) -> None:
    """Fail where a driver states another number than the data sheet of its virtual instrument."""
    assert stated == pytest.approx(sheet, rel=SAME, abs=0.0), (
        f"{driver} states {stated!r} as {quantity}, but the data sheet of its virtual instrument has {sheet!r}. "
        "Compare both with the sources that the two data sheets name, and correct the wrong one")


# ---------------------------------------------------------------------------------------------- which take part


def test_each_driver_that_states_an_accuracy_takes_part() -> None:
    """A driver without a virtual instrument cannot be compared with anything."""
    compared = {driver_name(twin) for twin in registered()}
    for name, declared in DRIVERS.things().items():
        if not declared.driver.startswith("tsbench."):
            continue
        unknown = set(declared.kinds) - {SOURCE_METER, GENERATOR, SCOPE, PULSES, DECADE_BOX, *OTHER_KINDS}
        assert not unknown, f"driver {name}: no test here compares the accuracy of a {unknown}. Add one"
        assert set(declared.kinds) <= set(OTHER_KINDS) or name in compared, (
            f"driver {name}: there is no virtual instrument whose data sheet can be compared with it. Add the virtual "
            "instrument")


@pytest.mark.parametrize(("kind", "sheet"), [
    (SOURCE_METER, SourceMeterDataSheet), (GENERATOR, GeneratorDataSheet), (SCOPE, ScopeDataSheet)])
def test_each_virtual_instrument_has_a_data_sheet(kind: str, sheet: type) -> None:
    for case in (parameter.values[0] for parameter in cases(kind)):
        assert isinstance(case.sheet, sheet) or case.twin in MAINFRAMES, (
            f"{case.twin} has no attribute data_sheet. Add it to MAINFRAMES with the data sheets of its terminals")


# ---------------------------------------------------------------------------------------------- source meters

#: virtual instrument -> ranges that its driver does not use
NOT_USED: Mapping[str, tuple[str, ...]] = {
    "keithley_2461": ("measure_current:10", "source_current:10"),   # the range of 10 A is for pulses
    "keithley_2636b": ("source_current:1e-10",),   # the range of 100 pA is for readings
}


def rows_of_sheet(
    sheet: SourceMeterDataSheet, fast: bool,
) -> Iterator[tuple[str, RangeData, tuple[float, float, float]]]:
    """Yield the quantity, the range, and gain, offset and noise of each row that a driver should state."""
    for quantity, name in (("CURR", "current"), ("VOLT", "voltage")):
        for row in sheet.ranges[quantity]:
            read = row.fast if fast and row.fast is not None else None
            noise = row.noise if read is None else read.noise
            yield f"measure_{name}", row, (
                (row.measure_gain, row.measure_offset, noise) if read is None else (read.gain, read.offset, noise))
            yield f"source_{name}", row, (row.source_gain, row.source_offset, noise)


def of_channel(table: Mapping[str, Mapping[str, float]], channel: str) -> dict[str, Mapping[str, float]]:
    """Return the rows of one terminal, as the extraction finds them: those with its name, or without any."""
    return {key.removeprefix(f"{channel}."): row for key, row in table.items()
            if key.startswith(f"{channel}.") or "." not in key.partition(":")[0]}


@pytest.mark.parametrize("case", cases(SOURCE_METER))
def test_ranges_of_a_source_meter(case: Case, tmp_path: Path) -> None:
    """Full scale, gain, offset and noise of each range, of readings and of levels."""
    with opened(tmp_path, case) as bench:
        driver: Any = bench.instruments.connections["unit"].driver
        table, mainframe = driver.accuracy(), MAINFRAMES.get(case.twin)
        channels = [name.partition(".")[2] for name in driver.output_names]
        sheets = mainframe.sheets(driver) if mainframe else dict.fromkeys(channels, case.sheet)
        assert sheets and (mainframe is None or len({sheet.name for sheet in sheets.values()}) == mainframe.models)
        for channel, sheet in sheets.items():
            stated = of_channel(table, channel)
            assert stated == accuracy_tables(driver.terminal(channel).capabilities)   # what the checks of a run use
            found = {f"{quantity}:{row.full_scale:g}": numbers for quantity, row, numbers in rows_of_sheet(
                sheet, fast=not case.options.endswith("true"))}
            assert sorted(stated) == sorted(found.keys() - set(NOT_USED.get(case.twin, ()))), (
                f"{case.driver} and the data sheet of {case.twin} have other ranges. Correct one, or extend NOT_USED")
            for key, row in stated.items():
                (gain, offset, noise), where = found[key], f"{key} {channel} {sheet.name}"
                require_same(case.driver, f"{where} gain", row["gain"], gain)
                require_same(case.driver, f"{where} offset", row["offset"], offset)
                if row["noise"] or key.startswith("measure"):
                    require_same(case.driver, f"{where} noise", row["noise"], noise)


# ---------------------------------------------------------------------------------------------- generators

LEVELS = (0.0, 0.05, 0.5, 1.0, 2.5)  #: [V]


def limit_of(sheet: GeneratorDataSheet, function: str, level: float) -> float:
    """Return how far a constant level ("DC"), or the top of a pulse from 0 V ("PULS"), may be from ``level`` [V].

    All errors of the virtual generator are as large as its data sheet allows.
    """
    offset = level if function == "DC" else level / 2
    shape = Shape(function, OutputLevels(level, offset, INFINITE_LOAD))
    return real_levels(shape, OutputErrors.stated(sheet, 1.0, 1.0))[1] - real_levels(shape, OutputErrors())[1]


@pytest.mark.parametrize("case", cases(GENERATOR))
def test_levels_and_time_base_of_a_generator(case: Case, tmp_path: Path) -> None:
    with opened(tmp_path, case) as bench:
        driver: Any = bench.instruments.connections["unit"].driver
        table, sheet = driver.accuracy(), case.sheet
        for name in driver.output_names:
            caps = driver.terminal(name.partition(".")[2]).capabilities
            assert table["timebase"]["relative"] == caps.timebase_accuracy
            for key, row in (("level", caps.level_accuracy), ("pulse", caps.pulse_accuracy or caps.level_accuracy)):
                assert (table[key]["gain"], table[key]["offset"]) == (row.gain, row.offset)
        header: Any = SimpleNamespace(instruments={"unit": {"roles": ["pulser"], "accuracy": table}})
        for level in LEVELS:
            for function in ("DC", "PULS"):
                stated = level_limit(header, "pulser", level, pulse=function == "PULS")
                require_same(case.driver, f"{function} limit of {level:g} V", stated, limit_of(sheet, function, level))
        require_same(case.driver, "timebase", table["timebase"]["relative"], sheet.timebase_accuracy)


def test_a_run_file_without_an_accuracy_of_pulses_has_that_of_levels() -> None:
    """Run files of earlier versions have no entry "pulse", and source meters have none."""
    header: Any = SimpleNamespace(instruments={"unit": {"roles": ["pulser"], "accuracy": {
        "level": {"gain": 0.01, "offset": 2e-3}}}})
    assert level_limit(header, "pulser", 2.0, pulse=True) == pytest.approx(22e-3)


# ---------------------------------------------------------------------------------------------- oscilloscopes

#: scale [V a division], offset [V], attenuation of the probe
SETTINGS = ((0.02, 0.0, 1.0), (0.1, 0.3, 1.0), (1.0, -1.0, 1.0), (2.0, 3.0, 10.0))


@pytest.mark.thin(2)
@pytest.mark.parametrize("case", cases(SCOPE))
def test_records_of_an_oscilloscope(case: Case, tmp_path: Path) -> None:
    """Gain and offset of a record are standard uncertainties of limits within which each error is uniform."""
    sheet = case.sheet
    with opened(tmp_path, case) as bench:
        scope: Any = bench.instruments.connections["unit"].driver
        table, caps = scope.accuracy(), scope.capabilities
        assert (table["gain"]["full_scale"], table["offset"]["full_scale"], table["timebase"]["relative"]) == (
            caps.gain_accuracy, caps.offset_accuracy, caps.timebase_accuracy)
        require_same(case.driver, "gain", caps.gain_accuracy, sheet.gain_accuracy)
        require_same(case.driver, "offset", caps.offset_accuracy, sheet.offset_divisions / sheet.divisions)
        require_same(case.driver, "timebase", caps.timebase_accuracy, sheet.timebase_accuracy)
        scope.configure_timebase(Timebase(4e-6, points=1000))
        for scale, offset, probe in SETTINGS:
            set_up = scope.configure_channel(1, Vertical(scale * sheet.divisions, offset, probe_attenuation=probe))
            assert (set_up.range, set_up.offset) == pytest.approx((scale * sheet.divisions, offset))
            scope.configure_trigger(EdgeTrigger(1, offset))
            scope.arm()
            scope.force_trigger()
            while not scope.complete():
                bench.clock.wait(1e-3)
            record, at = scope.fetch([1])[1], f"at {scale:g} V a division, {offset:g} V, probe {probe:g}"
            require_same(case.driver, f"gain {at}", record.accuracy_gain * math.sqrt(3), sheet.gain_accuracy)
            limit = math.hypot(
                sheet.offset_divisions * scale, sheet.offset_accuracy * probe, sheet.offset_gain_accuracy * offset)
            require_same(case.driver, f"offset {at}", record.accuracy_offset * math.sqrt(3), limit)


# ---------------------------------------------------------------------------------------------- pulse measure units


def rows_of_4225() -> tuple[Mapping[float, tuple[float, float]], Mapping[float, tuple[float, float, float]]]:
    """Return the accuracy of forced levels by voltage range, and of currents by range, each in its lowest range."""
    currents = {row.full_scale: (row.gain, row.offset, row.noise)
                for volts in sorted(of_4225.CURRENT_RANGES, reverse=True) for row in of_4225.CURRENT_RANGES[volts]}
    return {full: (of_4225.LEVEL_GAIN, offset) for full, offset in of_4225.LEVEL_OFFSETS.items()}, currents


def rows_of_b1530a() -> tuple[Mapping[float, tuple[float, float]], Mapping[float, tuple[float, float, float]]]:
    """Return the same of a B1530A."""
    levels = {high: (of_b1530a.FORCE_GAIN, of_b1530a.FORCE_OFFSET) for _, high in of_b1530a.FORCE_RANGES.values()
              if high > 0.0}
    return levels, {
        row.full_scale: (of_b1530a.CURRENT_GAIN, of_b1530a.CURRENT_OFFSET * row.full_scale, row.noise)
        for row in of_b1530a.CURRENT_RANGES.values()}


def require_same_row(driver: str, row: Accuracy, numbers: tuple[float, float, float]) -> None:
    """Fail where gain, offset or noise of a current range differs from that of the data sheet."""
    gain, offset, noise = numbers
    for name, stated, sheet in (("gain", row.gain, gain), ("offset", row.offset, offset), ("noise", row.noise, noise)):
        require_same(driver, f"{name} in {row.full_scale:g} A", stated, sheet)


#: virtual instrument -> rows of its pulse measure unit
PULSE_ROWS = {"keithley_4200": rows_of_4225, "keysight_b1500a": rows_of_b1530a}


@pytest.mark.parametrize("case", cases(PULSES))
def test_ranges_of_a_pulse_measure_unit(case: Case, tmp_path: Path) -> None:
    assert case.twin in PULSE_ROWS, f"PULSE_ROWS has no rows of {case.twin}. Add the rows of its data sheet"
    levels, currents = PULSE_ROWS[case.twin]()
    declared = DRIVERS.things()[case.driver]
    with opened(tmp_path, case) as bench:
        driver: Any = bench.instruments.connections["unit"].driver
        channels = [name.partition(".")[2] for name in driver.output_names]
        found = [driver.terminal(channel).capabilities for channel in channels if PULSES in declared.kinds_of(channel)]
    assert found
    for caps in found:
        assert [row.full_scale for row in caps.voltage_accuracy] == sorted(levels)
        assert [one.high for one in caps.voltage_ranges] == sorted(levels)
        for row in caps.voltage_accuracy:
            gain, offset = levels[row.full_scale]
            require_same(case.driver, f"level gain in {row.full_scale:g} V", row.gain, gain)
            require_same(case.driver, f"level offset in {row.full_scale:g} V", row.offset, offset)
        assert [one.accuracy.full_scale for one in caps.current_ranges] == sorted(currents)
        for row in (one.accuracy for one in caps.current_ranges):
            require_same_row(case.driver, row, currents[row.full_scale])


@pytest.mark.parametrize("volts", pulse_sheet.VOLTS)
def test_current_ranges_of_a_4225_beside_each_voltage_range(volts: float) -> None:
    """Some are less accurate in the range of 40 V."""
    assert pulse_sheet.CURRENTS[volts] == tuple(row.full_scale for row in of_4225.CURRENT_RANGES[volts])
    for sheet in of_4225.CURRENT_RANGES[volts]:
        row = pulse_sheet.current_range(volts, sheet.full_scale).accuracy
        require_same_row("keithley_4200", row, (sheet.gain, sheet.offset, sheet.noise))


# ---------------------------------------------------------------------------------------------- decade boxes


@pytest.mark.parametrize("case", cases(DECADE_BOX))
def test_value_of_a_decade_box(case: Case, tmp_path: Path) -> None:
    with opened(tmp_path, case) as bench:
        driver: Any = bench.instruments.connections["unit"].driver
        for quantity, row in driver.accuracy().items():
            require_same(case.driver, quantity, row["relative"], case.sheet.accuracy)
