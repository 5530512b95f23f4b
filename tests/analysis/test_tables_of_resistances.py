"""Tables of resistances are refused for what they are, and a unit of another quantity is not taken for them."""

import pytest

from tsbench.analysis.tables.column_units import quantity_of
from tsbench.analysis.tables.table import parse_table
from tsbench.errors import ConfigurationError


def read(header, columns=None):
    return parse_table(f"{header}\n1,2,3\n2,3,4\n".splitlines(keepends=True), columns, source="t.csv")


@pytest.mark.parametrize("header", [
    "# resistance (ohms),time (s),res min", "cycle,R_HRS [kOhm],R_LRS [kOhm]", "Time,Resistance,Pulse",
    "n,R (\u03a9),R2 (M\u03a9)"])
def test_a_table_of_resistances_is_refused_for_what_it_is(header):
    with pytest.raises(ConfigurationError, match=r"Tables of resistances .* are not read. Sweeps need"):
        read(header)


def test_other_tables_without_voltage_and_current_are_not_called_resistances():
    with pytest.raises(ConfigurationError, match="are not clear") as raised:
        read("x,y,z")
    assert "resistance" not in str(raised.value)


def test_a_resistance_beside_voltage_and_current_changes_nothing():
    assert set(read("V (V),I (A),R (ohm)").columns) == {"voltage", "current"}


@pytest.mark.parametrize("unit", ["A", "mA"])
def test_a_unit_of_the_user_that_contradicts_the_header_is_refused(unit):
    with pytest.raises(ConfigurationError, match=r"is a resistance by its unit 'ohms', and no current"):
        read("resistance (ohms),time (s),res", {"time": "2 [s]", "current": f"1 [{unit}]"})


def test_a_user_may_correct_a_unit_of_the_same_quantity_and_a_voltage_across_a_resistor():
    table = read("V (mV),Sense (V),x", {"voltage": "V [V]", "current": "2 [V/1kOhm]"})
    assert table.columns["voltage"][0] == 1.0 and table.columns["current"][0] == 2e-3


def test_units_of_other_quantities():
    assert [quantity_of(unit) for unit in ("ohms", "kOhm", "M\u03a9", "Hz", "kHz", "nF", "V", "mA", "s", "", "S")] == [
        "resistance", "resistance", "resistance", "frequency", "frequency", "", "", "", "", "", ""]
