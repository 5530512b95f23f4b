"""docs/world.md names each key of a world file with its unit and default, and no other key, and each jack."""

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from tests.docs.test_bench_page import rows, tables, unit_of
from tsbench.instruments.registry import DRIVERS
from tsbench.records import Identity
from tsbench.simulated_backends.virtual_instruments.registry import VIRTUAL_INSTRUMENTS
from tsbench.simulated_backends.world import world_file
from tsbench.simulated_backends.world.faults import Fault
from tsbench.simulated_backends.world.world_file import WorldFile

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "world.md").read_text("utf-8")
#: heading on the page -> the table whose keys stand there; docs/faults.md has those of a fault
SECTIONS: dict[str, type[BaseModel]] = {
    "`[witness]`": world_file.WitnessTable,
    "`[instruments.NAME]`": world_file.WorldInstrument,
    "`[instruments.NAME.serial_port]`": world_file.WorldSerialPort,
    "`[fixture]`": world_file.WorldFixture,
    "`[switch]`": world_file.SwitchTable,
    "`[amplifiers.NAME]`": world_file.WorldAmplifier,
    "`[devices.NAME]`": world_file.WorldDevice,
    "`[chuck]`": world_file.ChuckTable,
    "`[positioner]`": world_file.PositionerTable,
    "Wafers": world_file.WaferTable,
    "Cycles and wear": world_file.CyclesTable,
    "Telegraph noise": world_file.TelegraphTable,
    "Flicker noise": world_file.FlickerTable,
}
TOP = "Keys at the top of the file"
WITHOUT_DRIVER = {"keysight_dsox1102g": "oscilloscope"}  #: virtual instrument that no driver of ours drives -> its kind


def require_row(name: str, cells: list[str], table: type[BaseModel]) -> None:
    """Require unit and default of a key on the page."""
    field = table.model_fields[name]
    said = re.match(r"quantity in (\S+)", cells[0])
    assert (said[1] if said else "") == unit_of(field), name
    if field.is_required():
        assert cells[1] == "required", name
    elif isinstance(field.default, bool):
        assert cells[1] == str(field.default).lower(), name
    elif isinstance(field.default, int | float):
        assert float(cells[1]) == field.default, name
    elif field.default is None:
        assert re.match(r"none$|the ", cells[1]), name
    else:
        assert cells[1] == "empty", name


def test_every_table_has_a_section() -> None:
    assert {*SECTIONS.values(), WorldFile, Fault} == tables(WorldFile)


def test_the_top_of_the_file_has_its_keys_and_tables() -> None:
    named = {re.match(r"[\[`]*(\w+)", key)[1] for key in rows("Tables", PAGE)}  # type: ignore[index]
    assert {*rows(TOP, PAGE), *named} == set(WorldFile.model_fields)
    for name, cells in rows(TOP, PAGE).items():
        require_row(name, cells, WorldFile)


@pytest.mark.parametrize("heading", SECTIONS)
def test_the_page_has_the_keys_of_the_table(heading: str) -> None:
    described = rows(heading, PAGE)
    assert list(described) == list(SECTIONS[heading].model_fields)
    for name, cells in described.items():
        require_row(name, cells, SECTIONS[heading])


def test_the_page_has_the_jacks_of_the_virtual_instruments() -> None:
    """As their shared code names them."""
    found: dict[str, set[str]] = {"output": set(), "input": set()}
    for path in (ROOT / "simulated_backends" / "virtual_instruments").rglob("*.py"):
        for call, jack in re.findall(r'\.(line|wired_to)\(f"\{[\w.]+\}\.(\w+)"\)', path.read_text("utf-8")):
            found["output" if call == "line" else "input"].add(jack)
    described: dict[str, set[str]] = {"output": set(), "input": set()}
    for jack, direction in re.findall(r"^\| `NAME\.(\w+)` \| (\w+) \|", PAGE, re.M):
        described[direction].add(jack)
    assert described == found


def test_the_page_has_the_numbered_jacks_of_the_virtual_instruments() -> None:
    found: set[str] = set()
    for path in (ROOT / "simulated_backends").rglob("*.py"):
        text = path.read_text("utf-8")
        if re.search(r"bench\.(line|wired_to)\(", text):
            found |= set(re.findall(r'f"\{[\w.]+\}\.([a-z]+)\{', text))
    assert found == set(re.findall(r"^\| `NAME\.([a-z]+)1` to `NAME", PAGE, re.M)) >= {"digio", "digital"}


def test_the_page_has_our_models_by_the_kind_of_their_driver() -> None:
    found: dict[str, set[str]] = {}
    for name, offer in VIRTUAL_INSTRUMENTS.offers().items():
        if offer.distribution.startswith("tsbench "):
            virtual = offer.thing.load()
            identity = Identity(virtual.manufacturer, virtual.model, "SIM1", virtual.firmware)
            kinds = [one.kind for one in DRIVERS.things().values() if one.drives(identity)]
            kind = kinds[0] if kinds else WITHOUT_DRIVER[name]
            found.setdefault(kind, set()).add(name)
    table = re.search(r"^\| kind \| models \|\n(.*?)\n\n", PAGE, re.M | re.S)
    assert table is not None
    rows = re.findall(r"^\| ([a-z ]+) \| (.*) \|$", table[1], re.M)
    assert {kind: set(re.findall(r"`(\w+)`", models)) for kind, models in rows} == found
