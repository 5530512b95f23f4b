"""Columns that the user names: the others are still guessed, and each question shows an option that answers it."""

import re

import pytest

from tsbench.analysis.tables.table import parse_columns, parse_table
from tsbench.errors import ConfigurationError


def read(text, columns=None):
    return parse_table(text.splitlines(keepends=True), columns and parse_columns(columns), source="t.csv")


def question(header, columns=None):
    with pytest.raises(ConfigurationError) as asked:
        read(header + "\n" + rows(header), columns)
    return str(asked.value)


def rows(header):
    count = header.count(",") + 1
    return "".join(",".join(f"{k}.{column}" for column in range(count)) + "\n" for k in range(1, 5))


def places(header, columns):
    """Return role -> number of the column, by the first row."""
    return {role: round(10 * (values[0] - 1)) + 1
            for role, values in read(header + "\n" + rows(header), columns).columns.items()}


def test_the_question_about_one_role_is_answered_with_that_role():
    header = "V1 (V),V2 (V),I (A)"
    assert question(header).endswith("Choose one with --columns voltage=NAME")
    assert places(header, "voltage=V1") == {"voltage": 1, "current": 3}
    assert places(header, "voltage=2 [V]") == {"voltage": 2, "current": 3}
    assert places("t (s),V1,V2,I", "voltage=V2") == {"time": 1, "voltage": 3, "current": 4}
    assert places("pulse_v,meas_v,i_0,i_1,i_2", "current=4") == {"voltage": 2, "current": 4}


def test_two_roles_that_the_user_names_are_all_that_is_used():
    assert places("t (s),V,I", "voltage=V,current=I") == {"voltage": 2, "current": 3}
    assert places("t (s),V,I", "time=t,voltage=V") == {"time": 1, "voltage": 2}


def test_the_current_of_the_named_terminal_is_taken():
    header = "AV,AI,BV,BI"
    assert "the terminals A, B each have a voltage and a current" in question(header)
    assert places(header, "voltage=BV") == {"voltage": 3, "current": 4}
    assert places(header, "current=AI") == {"voltage": 1, "current": 2}


@pytest.mark.parametrize(("header", "columns", "found"), [
    ("V1,V2,I1,I2", None, {"voltage": 1, "current": 3}),
    ("V1,V2,I1,I2", "voltage=V2 [mV]", None),
    ("V,I,V,I", None, {"voltage": 1, "current": 2}),
    (",Time (sec),Voltage Set,Current Measure,Voltage Set,Current Measure", None, {"voltage": 3, "current": 4}),
    (",Time (sec),Voltage Set,Current Measure,Voltage Set,Current Measure", "level=3",
     {"level": 3, "voltage": 5, "current": 4}),
    (",Time (min),GPIB::3 Voltage Set,GPIB::3 Current Measure", None, {"voltage": 3, "current": 4}),
])
def test_the_option_of_a_question_works(header, columns, found):
    said = question(header, columns)
    option = re.search(r"--columns (?:'([^']+)'|(\S+))", said)
    text = option[1] or option[2]
    if found is None:   # one role is open, and the user knows which column it is
        assert text == "voltage=V2 [mV],current=NAME"
        text, found = text.replace("NAME", "I2"), {"current": 4}
    assert found.items() <= places(header, text).items()


def test_several_devices_side_by_side_are_a_pair_of_ranges():
    assert question("V,I,V,I,V,I").endswith("ranges of numbers: voltage=1..5:2,current=2..6:2")


def test_an_empty_name_is_said_in_words():
    assert "The columns are column 1 without a name, Time (min), x" in question(",Time (min),x")


def test_the_steps_of_a_family_are_asked_with_options_that_work():
    """A 4200 writes DrainI(n), DrainV(n) and GateV(n) for each step n of the gate."""
    header = ",".join(f"DrainI({n}),DrainV({n}),GateV({n})" for n in (1, 2, 3))
    said = question(header)
    assert "DrainV(1) to DrainV(3) are the voltage in 3 steps" in said and "unit" not in said
    assert "For all steps, use --columns 'voltage=2..8:3,current=1..7:3'" in said
    option = re.search(r"For one step, use --columns '([^']+)'$", said)[1]
    assert option == "voltage=DrainV(1),current=DrainI(1)"
    assert places(header, option) == {"voltage": 2, "current": 1}
    assert places(header, "voltage=DrainV(3)") == {"voltage": 8, "current": 7}
    assert read("Voltage_mV(1),Current(1)\n1,2\n", "voltage=1,current=2").columns["voltage"][0] == pytest.approx(1e-3)


@pytest.mark.parametrize(("header", "found"), [
    ("Voltage(1),Current(1)", {"voltage": 1, "current": 2}),
    ("Time(2),Current(2),Voltage(2)", {"time": 1, "voltage": 3, "current": 2}),
    ("DrainV(1),DrainI(1),GateV(1)", {"voltage": 1, "current": 2}),
])
def test_the_number_of_the_only_step_is_no_part_of_a_name(header, found):
    assert places(header, None) == found


def test_a_number_in_brackets_is_no_unit():
    said = question("Voltage (1),Current (A)")
    assert "'1' is a number, and not a unit" in said
    option = re.search(r'--columns voltage="([^"]+)"$', said)[1]
    assert option == "Voltage (1) [mV]"
    header = "Voltage (1),Current (A)\n" + rows("V,I")
    assert read(header, f"voltage={option}").columns["voltage"][0] == pytest.approx(1e-3)
