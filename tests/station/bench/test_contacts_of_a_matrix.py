"""The contacts of a switch matrix in the path: a level, a compliance and a plan that are too much for them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tsbench.errors import LimitError
from tsbench.instruments import SourceSettings
from tsbench.instruments.guard.contacts import contact_refusal
from tsbench.instruments.interfaces import ContactLimits
from tsbench.protocols import protocol_named
from tsbench.station.bench.bench import Bench
from tsbench.station.runner.planning import checked_plan

WORLD = """
[instruments.meter]
model = "keithley_2410"
resource = "GPIB0::24::INSTR"
[instruments.matrix]
model = "keithley_707b"
resource = "GPIB0::16::INSTR"
{cards}
[fixture]
netlist = "R_meter smu a 1\\nXDUT dut 0 device"
[fixture.terminals]
meter = "smu"
"matrix.A" = "a"
"matrix.101" = "dut"
[devices.D1]
model = "resistor"
parameters = {{ r = 10e3 }}
"""
BENCH = """
visa_library = "c.world.toml@tsbench"
[instruments.meter]
driver = "keithley_2410"
resource = "GPIB0::24::INSTR"
[instruments.matrix]
driver = "keithley_707b"
resource = "GPIB0::16::INSTR"
[roles]
drive = "meter"
[fixture]
netlist = "R_meter smu dut 1\\nXDUT dut 0 device"
[fixture.terminals]
meter = "smu"
[fixture.high_voltage]
rating = "1 kV"
interlock = "the lid of the box"
{tables}
[devices.D1]
"""
POSITIONER = '[positioner]\nkind = "matrix"\ninstrument = "matrix"\n[positioner.devices]\nD1 = ["1A01"]\n'
ROUTING = ('[fixture.routing]\nkind = "matrix"\ninstrument = "matrix"\n[fixture.routing.states]\n'
           'dc = { roles = ["drive"], crosspoints = ["1A01"] }\n')
VOLTS = r"the voltage at the contacts of .*card 7072 in slot 1 .*may reach 250 V, but the card is made for 200 V"


def opened(folder: Path, tables: str = POSITIONER, cards: str = "") -> Bench:
    (folder / "c.world.toml").write_text(WORLD.format(cards=cards), "utf-8")
    (folder / "c.bench.toml").write_text(BENCH.format(tables=tables), "utf-8")
    return Bench.open(folder / "c.bench.toml", "D1")


@pytest.fixture(params=[POSITIONER, ROUTING])
def bench(tmp_path: Path, request: Any) -> Iterator[Bench]:
    with opened(tmp_path, request.param) as found:
        yield found


def test_a_level_above_the_voltage_of_the_card_is_refused(bench: Bench) -> None:
    meter = bench.source_meter()
    meter.configure_source(SourceSettings("voltage", compliance_current=1e-3, range=1000.0))
    meter.set_level(150.0)
    with pytest.raises(LimitError, match=VOLTS):
        meter.set_level(-250.0)
    with pytest.raises(LimitError, match=VOLTS):
        meter.configure_source(SourceSettings("current", compliance_voltage=250.0))


def test_a_plan_above_the_limits_of_the_card_is_refused(bench: Bench) -> None:
    sweep = protocol_named("iv_sweep")
    assert checked_plan(bench, sweep(stop=150.0, points=5, compliance=1e-3)).steps
    with pytest.raises(LimitError, match=VOLTS):
        checked_plan(bench, sweep(stop=250.0, points=5, compliance=1e-3))


def test_a_compliance_above_the_current_of_the_card_is_refused(bench: Bench) -> None:
    """1.02 A: through a shorted device a level of 2 V brings all of it."""
    refused = r"the current at the contacts of .*card 7072 in slot 1 .*may reach 1.02 A, but the card is made for 1 A"
    meter = bench.source_meter()
    meter.configure_source(SourceSettings("voltage", compliance_current=1.02, range=20.0))
    meter.set_level(0.5)
    with pytest.raises(LimitError, match=refused):
        meter.set_level(2.0)
    with pytest.raises(LimitError, match=refused):
        checked_plan(bench, protocol_named("iv_sweep")(stop=2.0, points=5, compliance=1.02))


def test_the_card_that_is_in_the_slot_decides(tmp_path: Path) -> None:
    with opened(tmp_path, cards='options = { cards = { 1 = "7174A" } }') as bench:
        meter = bench.source_meter()
        meter.configure_source(SourceSettings("voltage", compliance_current=1.02, range=20.0))
        meter.set_level(2.0)   # its contacts carry 2 A


def test_a_bench_without_a_matrix_in_the_path_is_not_compared(tmp_path: Path) -> None:
    with opened(tmp_path, tables="") as bench:
        meter = bench.source_meter()
        meter.configure_source(SourceSettings("voltage", compliance_current=1e-3, range=1000.0))
        meter.set_level(250.0)


@pytest.mark.parametrize(("voltage", "current", "said"), [
    (200.0, 1.0, ""), (-200.0, -1.0, ""), (201.0, 0.0, "may reach 201 V, but the card is made for 200 V"),
    (-201.0, 0.0, "201 V"), (0.0, -1.01, "may reach 1.01 A, but the card is made for 1 A"),
])
def test_what_contacts_withstand(voltage: float, current: float, said: str) -> None:
    found = contact_refusal((ContactLimits("the card", 200.0, 1.0),), voltage, current)
    assert said in found and bool(said) == bool(found)
    strong = ContactLimits("a strong card", 300.0, 2.0)
    for several in ((strong, ContactLimits("the card", 200.0, 1.0)), (ContactLimits("the card", 200.0, 1.0), strong)):
        assert contact_refusal(several, voltage, current) == found


def test_each_card_in_the_path_decides(tmp_path: Path) -> None:
    """The way to the device goes through two cards; the one in slot 2 is the weaker one."""
    cards = 'options = { cards = { 1 = "7174A", 2 = "7072" } }'
    with opened(tmp_path, POSITIONER.replace('["1A01"]', '["1A01", "2A01"]'), cards) as bench:
        meter = bench.source_meter()
        meter.configure_source(SourceSettings("voltage", compliance_current=1.02, range=20.0))
        with pytest.raises(LimitError, match=r"card 7072 in slot 2 .*may reach 1\.02 A"):
            meter.set_level(2.0)
