"""Tables of others: what is understood, what is left out, what is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsbench.analysis.tables.table import parse_columns, parse_table
from tsbench.errors import ConfigurationError, UnreadableFile

ROLES = {"voltage": "V", "current": "I"}


def read(text: str, columns=ROLES):
    return parse_table(text.splitlines(keepends=True), columns, source="t.csv")


@pytest.mark.parametrize(
    "text",
    [
        "V,I\n0.1,1e-9\n0.2,2e-9\n",
        "\ufeffV,I\r\n0.1,1e-9\r\n0.2,2e-9\r\n",
        "V;I\n0,1;1e-9\n0,2;2e-9\n",
        "V;I\n0.1;1e-9\n0.2;2e-9\n",
        "V\tI\n0.1\t1e-9\n0.2\t2e-9\n",
        "V  I\n0.1  1e-9\n0.2  2e-9\n",
        "V I\n0,1 1e-9\n0,2 2e-9\n",
        "V|I\n0.1|1e-9\n0.2|2e-9\n",
        "# made by hand\n\nV, I\n% units\n 0.1 , 1e-9 \n\n0.2,2e-9",
        "V,I\nV,A\n0.1,1e-9\n0.2,2e-9\n",
        '"V","I"\n"0.1","1e-9"\n"0.2","2e-9"\n',
        "extra,V,I,note\n1,0.1,1e-9,yes\n2,0.2,2e-9,no\n",
    ],
)
def test_understood(text):
    table = read(text)
    assert table.columns["voltage"] == pytest.approx([0.1, 0.2])
    assert table.columns["current"] == pytest.approx([1e-9, 2e-9], rel=1e-6)
    assert table.left_out == ()


def test_no_header_means_numbered_columns():
    table = read("0.1,1e-9\n0.2,2e-9\n", {"voltage": "1", "current": "2"})
    assert table.columns["voltage"] == pytest.approx([0.1, 0.2])


@pytest.mark.parametrize(
    "header",
    [
        "voltage_V,current_A",
        "Voltage (V),Current (A)",
        "V,I",
        "Voltage,Current",
        "U [V],I [A]",
        "device_voltage,device_current",
    ],
)
def test_columns_are_guessed(header):
    table = read(f"{header}\n1,2\n3,4\n", None)
    assert table.columns["voltage"] == pytest.approx([1, 3])
    assert table.columns["current"] == pytest.approx([2, 4])


def test_blank_nan_and_overflow_are_left_out_with_their_line():
    table = read("V,I\n0.1,1\n0.2,\n0.3,nan\n0.4,9.9e37\n0.5,NaN\n0.6,6\n")
    assert table.columns["voltage"] == pytest.approx([0.1, 0.6])
    assert [number for number, _ in table.left_out] == [3, 4, 5, 6]
    assert "I" in table.left_out[0][1]
    assert "range" in table.left_out[2][1]


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("V,I\n0.1,1\n0.2,abc\n", UnreadableFile, ("line 3", "abc", "'I'")),
        ("V,I\n0.1,1\n0.2\n", UnreadableFile, ("line 3", "'I'")),
        ("", UnreadableFile, ("the table is empty",)),
        ("# only\n", UnreadableFile, ("the table is empty",)),
        ("V,I\n", UnreadableFile, ("no row",)),
        ("V,I\nnan,nan\n", UnreadableFile, ("no row",)),
        ("V,J\n1,2\n", ConfigurationError, ("'I'",)),
        ("V,I\n1,2\n\0\0\n", UnreadableFile, ("line 3",)),
        ("V,I\n1_0,2\n1,1\n", UnreadableFile, ("line 2", "1_0")),
    ],
)
def test_refused_with_the_place(text, error, words):
    with pytest.raises(error) as caught:
        read(text)
    message = str(caught.value)
    assert "\n" not in message
    assert all(word in message for word in words)


@pytest.mark.parametrize(("text", "cells", "hint"), [
    ("V,I\n0.1,1\n0,2,1\n", 3, True),   # a comma in a number as well as between cells
    ("V;I\n0,1;1\n0,2;1;5\n", 3, False), ("V;I\n0.1;1\n0.2;1;5\n", 3, False),
    ("V\tI\n0.1\t1\n0.2\t1\t\t5\n", 4, False),
])
def test_a_row_with_too_many_cells_says_how_many(text, cells, hint):
    with pytest.raises(UnreadableFile, match=f"line 3 has {cells} cells, but the header has 2") as caught:
        read(text)
    assert ("A comma cannot be both the decimal sign and the separator" in str(caught.value)) is hint


def test_empty_cells_after_the_last_column_are_no_cells():
    assert read("V,I\n0.1,1,,\n0.2,2,\n").columns["current"].tolist() == [1.0, 2.0]


@pytest.mark.parametrize(("value", "kept"), [
    ("9.9e19", True), ("-9.9e19", True), ("1e22", False), ("-1e22", False), ("9.9e37", False), ("-9.9e37", False),
    ("1e38", False), ("-inf", False)])
def test_the_overflow_number_of_an_instrument_is_left_out(value, kept):
    """For a reading beyond its range: 9.9e37 (SCPI-1999, volume 1, 7.2.1), its negative, and 1e22 (4225-PMU)."""
    table = read(f"V,I\n0.1,1\n0.2,{value}\n0.3,3\n")
    assert table.columns["voltage"].tolist() == ([0.1, 0.2, 0.3] if kept else [0.1, 0.3])
    assert [line for line, _ in table.left_out] == ([] if kept else [3])


def test_a_wrong_column_names_the_nearest():
    with pytest.raises(ConfigurationError, match="voltage_V"):
        read("voltage_V,current_A\n1,2\n", {"voltage": "voltge_V", "current": "current_A"})


def test_nothing_to_guess_from():
    with pytest.raises(ConfigurationError, match="--columns"):
        read("a,b\n1,2\n", None)


def test_columns_option():
    assert parse_columns("voltage=V, current=I (A),sweep=n") == {
        "voltage": "V",
        "current": "I (A)",
        "sweep": "n",
    }
    for wrong in ("", "volt=V", "voltage", "voltage=", "voltage=a,voltage=b"):
        with pytest.raises(ConfigurationError):
            parse_columns(wrong)
    with pytest.raises(ConfigurationError, match="Did you mean 'voltage'"):
        parse_columns("voltge=V")


def test_lines_are_streamed():
    """A generator is enough: nothing is asked for twice, and a million rows are read one by one."""
    table = parse_table((line for line in ["V,I\n"] + ["1,2\n"] * 100_000), ROLES)
    assert table.columns["voltage"].size == 100_000


def test_a_row_that_is_not_plain_changes_nothing_about_those_around_it():
    lines = ["V;I\n"] + [f"{k},5;1\n" for k in range(2500)]
    lines[1200], lines[1201], lines[2101] = "7;\n", '"8,25";"1"\n', "9;9,9e37\n"
    table = parse_table(lines, ROLES)
    assert [number for number, _ in table.left_out] == [1201, 2102]
    expected = [8.25 if k == 1200 else k + 0.5 for k in range(2500) if k not in {1199, 2100}]
    assert table.columns["voltage"].tolist() == expected
    lines[2300] = "1_0;1\n"
    with pytest.raises(UnreadableFile, match="line 2301: '1_0' in column 'V' is not a number"):
        parse_table(lines, ROLES)


@settings(max_examples=100, deadline=None)
@given(
    rows=st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(-1, 1)), min_size=1, max_size=30),
    delimiter=st.sampled_from([",", ";", "\t", "|", " "]),
)
def test_numbers_come_back_as_written(rows, delimiter):
    text = f"V{delimiter}I\n" + "".join(f"{v!r}{delimiter}{i!r}\n" for v, i in rows)
    table = read(text)
    assert np.array_equal(table.columns["voltage"], [v for v, _ in rows])
    assert np.array_equal(table.columns["current"], [i for _, i in rows])


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200))
def test_any_text_gives_a_table_or_one_clear_line(text):
    try:
        parse_table(text.splitlines(keepends=True), None)
    except (ConfigurationError, UnreadableFile) as error:
        assert str(error)


@pytest.mark.parametrize(("header", "voltage", "current"), [
    ("AnodeI,AnodeV,CathodeI", "AnodeV", "AnodeI"), ("Time,AI,AV,I,ID", "AV", "AI"), ("Vte,Ite,Ireset", "Vte", "Ite")])
def test_the_terminal_that_has_voltage_and_current_is_the_pair(header: str, voltage: str, current: str) -> None:
    number = header.count(",") + 1
    table = read(f"{header}\n" + "\n".join(",".join(["0.1"] * number) for _ in range(5)), None)
    assert (table.read["voltage"].name, table.read["current"].name) == (voltage, current)


def test_two_terminals_with_voltage_and_current_are_a_question() -> None:
    with pytest.raises(ConfigurationError):
        read("AnodeI,AnodeV,CellI,CellV\n1,1,1,1\n2,2,2,2\n", None)


@pytest.mark.parametrize("text", [
    "V (mV);I (uA)\n980;1\n1.000;2\n1.020;3\n", "V (mV);I (uA)\n1.000;2\n1.020;3\n",
    "V (mV),I (nA)\n20,500.000\n40,1\n",
    "V (mV);I (uA)\n" + "".join(f"{k};1\n" for k in range(900)) + "1.020;1\n"])
def test_a_point_that_may_separate_thousands_is_asked_for(text):
    """1.020 mV was read as 1.02 mV, a thousandth of it."""
    with pytest.raises(UnreadableFile, match="it may separate thousands"):
        read(text, None)


@pytest.mark.parametrize("text", [
    "V (V);I (uA)\n0.000;1\n1.020;3\n", "V (V);I (A)\n1.000;2.5e-6\n1.020;3e-6\n",
    "V (V);I (uA)\n1.000;2.0\n1.020;3.0\n",
    "V (V);I (uA)\n1.0001;2\n1.020;3\n", "V (mV);I (uA)\n1020.125;2\n1.020;3\n"])
def test_a_point_that_another_number_shows_as_decimal_is_decimal(text):
    assert read(text, None).columns["voltage"][1] in (pytest.approx(1.02), pytest.approx(1.02e-3))


def test_two_tabs_between_names_and_one_between_values():
    table = parse_table(["t\t\tVoc\t\tI\t\t\n", "0.1\t0.3\t1e-3\t\n", "0.2\t0.4\t2e-3\t\n"],
                        {"voltage": "Voc", "current": "I"})
    assert table.columns["voltage"] == pytest.approx([0.3, 0.4])
    assert table.columns["current"] == pytest.approx([1e-3, 2e-3])
    with pytest.raises(ConfigurationError, match="'V0' and 'V1' may each be the voltage"):   # and not the first line
        parse_table(["*! Data v1.1\n", "t\t\tV0\t\tV1\t\tI\t\t\n", "0.1\t0.3\t1\t1e-3\t\n"])
    table = parse_table(["t\t\tV\t\tI\n", "s\t\tmV\t\tuA\n", "0.1\t300\t1\n"])
    assert table.columns["voltage"] == pytest.approx([0.3]) and table.columns["current"] == pytest.approx([1e-6])


def test_a_column_without_a_name_keeps_its_place():
    """As pandas writes an index, beside a last column that is empty."""
    rows = [f"{k},{k / 10},{k}e-6,\n" for k in range(1, 9)]
    table = parse_table([",V (V),I (A),Note\n", *rows])
    assert table.columns["voltage"][0] == pytest.approx(0.1)
    assert table.columns["current"][0] == pytest.approx(1e-6, abs=1e-9)


@pytest.mark.parametrize("rows", [
    ["0.1\t0.3\n"],   # a value is missing: which one?
    ["0.1\t\t0.3\t1e-3\n"],
    ["\t\tmV\t\tuA\n", "0.1\t0.3\t1e-3\n"],   # a unit is missing
])
def test_two_tabs_between_names_and_other_rows_are_refused(rows):
    with pytest.raises((UnreadableFile, ConfigurationError)):
        parse_table(["t\t\tV\t\tI\n", *rows])


def test_a_later_row_with_another_number_of_values_is_refused():
    rows = ["0.1\t0.3\t1e-3\n"] * 40
    for odd in ("0.1\t\t0.3\t1e-3\n", "0.1\t0.3\n"):
        with pytest.raises(UnreadableFile, match="line 42"):
            parse_table(["t\t\tV\t\tI\n", *rows, odd])
    with pytest.raises(UnreadableFile, match=r"line 42 has 5 cells, but the header has 3\. It repeats the header"):
        parse_table(["t\t\tV\t\tI\n", *rows, "t\t\tV\t\tI\n", *rows])


def test_the_header_of_another_table_is_said():
    with pytest.raises(UnreadableFile, match=r"line 3 has 3 cells, but the header has 2\. This line seems to be"):
        read("V,I\n1,2\nt,V2,I2\n1,2,3\n")
    with pytest.raises(UnreadableFile, match=r"line 3 has 4 cells.*If this line is a remark, delete it"):
        read("V,I\n1,2\nD,a,2,1\n1,2\n")


def test_a_table_with_one_column_is_said_to_have_one():
    with pytest.raises(ConfigurationError, match=r"one column, .*between 1 and 3\. tsbench needs two columns") as asked:
        read("1\n2\n3\n", None)
    assert "=2" not in str(asked.value)
