"""docs/bench.md names each key of a bench file with its unit and default, and no other key."""

import inspect
import re
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from tsbench.instruments.driver import _GIVEN
from tsbench.instruments.languages.message_instrument import MessageInstrument
from tsbench.instruments.registry import DRIVERS
from tsbench.quantities import Unit
from tsbench.station.bench import bench_tables
from tsbench.station.bench.bench_tables import BenchTable

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "bench.md").read_text("utf-8")
#: heading on the page -> the table whose keys stand there; the limits stand below [device], which has one key
SECTIONS = {
    "Keys at the top of the file": (bench_tables.BenchTable,),
    "`[instruments.NAME]`": (bench_tables.InstrumentTable,),
    "`[instruments.NAME.link]`": (bench_tables.LinkTable,),
    "`[fixture]`": (bench_tables.FixtureTable,),
    "`[fixture.high_voltage]`": (bench_tables.HighVoltageTable,),
    "`[fixture.probes.TERMINAL]`": (bench_tables.ProbeTable,),
    "`[fixture.measured]`": (bench_tables.MeasuredTable,),
    "`[fixture.sensing]`": (bench_tables.SensingTable,),
    "`[fixture.sensing.amplifier]`": (bench_tables.AmplifierTable,),
    "`[fixture.routing]`": (bench_tables.RoutingTable,),
    "`[fixture.routing.states.STATE]`": (bench_tables.RouteTable,),
    "`[fixture.control.QUANTITY]`": (bench_tables.ControlTable,),
    "`[devices.ID]`": (bench_tables.DeviceTable,),
    "Limits of the devices": (bench_tables.CommonDeviceTable, bench_tables.LimitsTable),
    "Budgets of the devices": (bench_tables.BudgetTable,),
    "`[positioner]`": (bench_tables.PositioningTable,),
    "`[temperature]`": (bench_tables.TemperatureTable,),
    "`[watchdog]`": (bench_tables.WatchdogTable,),
    "`[mcp]`": (bench_tables.McpTable,),
}
UNITS_OF_NUMBERS = {"area": "m^2", "baud_rate": "bit/s"}  #: a plain number in the model


def rows(heading: str, page: str = PAGE) -> dict[str, list[str]]:
    """Return the rows of the tables of keys below a heading: key -> the other cells."""
    found = re.search(rf"^##+ {re.escape(heading)}\n(.*?)(?=^##|\Z)", page, re.M | re.S)
    assert found is not None, heading
    keys: dict[str, list[str]] = {}
    inside = False
    for line in found[1].splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if cells[0] in ("key", "table"):
            inside = True
        elif not line.startswith("|"):
            inside = False
        elif inside and not cells[0].startswith("---"):
            assert cells[0].strip("`") not in keys
            keys[cells[0].strip("`")] = cells[1:]
    return keys


def fields(heading: str) -> dict[str, FieldInfo]:
    return {name: field for table in SECTIONS[heading] for name, field in table.model_fields.items()}


def unit_of(field: FieldInfo) -> str:
    """Return the SI unit of a quantity; "" for what is none."""
    marks = [*field.metadata]
    for kind in get_args(field.annotation):  # Seconds | None
        marks += getattr(kind, "__metadata__", ())
    return next((mark.symbol for mark in marks if isinstance(mark, Unit)), "")


def tables(model: type[BaseModel]) -> set[type[BaseModel]]:
    """Return a table and all tables inside it."""
    found = {model}
    pending = [field.annotation for field in model.model_fields.values()]
    while pending:
        annotation = pending.pop()
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            found |= tables(annotation)
        else:
            pending += get_args(annotation)
    return found


def options_of(driver: type) -> dict[str, object]:
    """Return the options of a driver and their defaults, also those that it hands to the class above it."""
    found = {}
    for kind in driver.__mro__:
        arguments = inspect.signature(kind.__init__).parameters.values() if "__init__" in vars(kind) else ()
        options = [one for one in arguments if one.kind is one.POSITIONAL_OR_KEYWORD and one.name not in _GIVEN]
        found.update({one.name: str(one.default).lower() for one in options})
        if kind is MessageInstrument:
            break
    return found


def test_every_table_has_a_section() -> None:
    assert {table for described in SECTIONS.values() for table in described} == tables(BenchTable)


@pytest.mark.parametrize("heading", SECTIONS)
def test_the_page_has_the_keys_of_the_table(heading: str) -> None:
    assert sorted(rows(heading)) == sorted(fields(heading))


@pytest.mark.parametrize("heading", SECTIONS)
def test_the_page_has_units_and_defaults(heading: str) -> None:
    for name, cells in rows(heading).items():
        field = fields(heading)[name]
        unit = unit_of(field) or UNITS_OF_NUMBERS.get(name, "")
        said = re.match(r"(?:quantity|number) in (\S+)", cells[0])
        assert (said[1] if said else "") == unit, name
        if len(cells) < 3:  # a table with a section of its own
            continue
        if field.is_required():
            assert cells[1] == "required", name
        elif isinstance(field.default, bool):
            assert cells[1] == str(field.default).lower(), name
        elif isinstance(field.default, float):
            assert float(cells[1]) == field.default, name
        else:
            assert re.match(r"none$|empty$|the ", cells[1]), name


def test_the_page_has_the_options_of_our_drivers() -> None:
    found = re.search(r"^\| driver \| option .*?\n\n", PAGE, re.M | re.S)
    assert found is not None
    described: dict[str, dict[str, object]] = {}
    for line in found[0].strip().splitlines()[2:]:
        drivers, option, _, default, _ = (cell.strip() for cell in line.strip("|").split("|"))
        for driver in re.findall(r"`(\w+)`", drivers):
            described.setdefault(driver, {})[option.strip("`")] = default.strip("`").lower()
    ours = [declared for declared in DRIVERS.things().values() if declared.driver.startswith("tsbench.")]
    options = {declared.name: options_of(declared.load()) for declared in ours}
    assert described == {name: found for name, found in options.items() if found}   # a driver may have none
