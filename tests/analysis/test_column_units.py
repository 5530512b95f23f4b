"""Units of a table's columns: read wherever they are written, refused where they are unclear, never lost."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsbench.analysis.tables.column_units import unit_factor
from tsbench.analysis.tables.table import parse_table
from tsbench.errors import ConfigurationError, UnreadableFile

#: prefix as written -> factor; both characters of micro
PREFIXES = {"": 1.0, "m": 1e-3, "u": 1e-6, "\u00b5": 1e-6, "\u03bc": 1e-6, "n": 1e-9, "p": 1e-12, "k": 1e3}
#: how a unit stands with a name in a header
WITH_NAME = ("{name} [{unit}]", "{name} ({unit})", "{name}({unit})", "{name}/{unit}", "{name} / {unit}",
             "{name} in {unit}", "{name}_{unit}", "{name} {unit}")
NAMES = {
    "voltage": ("voltage", "V", "U", "Voltage", "Spannung", "device_voltage"),
    "current": ("current", "I", "Current", "Strom", "device_current"),
    "time": ("time", "t", "Time", "Zeit"),
}
SI = {"voltage": "V", "current": "A", "time": "s"}
VALUES = {"voltage": [505.0, -0.25], "current": [1.5, 2e-3], "time": [10.0, 11.0]}


def read(text, columns=None):
    return parse_table(text.splitlines(keepends=True), columns, source="t.csv")


@st.composite
def columns_with_units(draw):
    """(role -> name, unit as written, factor) of voltage and current, with or without time."""
    roles = ["voltage", "current", *(["time"] if draw(st.booleans()) else [])]
    return {
        role: (draw(st.sampled_from(NAMES[role])), prefix + SI[role], PREFIXES[prefix])
        for role in draw(st.permutations(roles)) for prefix in [draw(st.sampled_from(sorted(PREFIXES)))]
    }


def rows(roles, separator, comma=False):
    text = "".join(separator.join(repr(VALUES[role][k]) for role in roles) + "\n" for k in range(2))
    return text.replace(".", ",") if comma else text


def assert_scaled(table, columns):
    for role, (_, _, factor) in columns.items():
        assert table.columns[role] == pytest.approx(np.array(VALUES[role]) * factor, rel=1e-12)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(columns=columns_with_units(), form=st.sampled_from(WITH_NAME), separator=st.sampled_from([",", ";", "\t"]),
       comma=st.booleans(), commented=st.booleans())
def test_units_in_the_header(columns, form, separator, comma, commented):
    header = separator.join(form.format(name=name, unit=unit) for name, unit, _ in columns.values())
    text = f"{'# ' if commented else ''}{header}\n" + rows(columns, separator, comma and separator != ",")
    assert_scaled(read(text), columns)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(columns=columns_with_units(), brackets=st.sampled_from(["{}", "({})", "[{}]"]), remark=st.booleans(),
       separator=st.sampled_from([",", ";", "\t"]))
def test_a_row_of_units(columns, brackets, remark, separator):
    names = separator.join(name for name, _, _ in columns.values())
    units = separator.join(brackets.format(unit) for _, unit, _ in columns.values())
    remarks = separator.join("sample 7" for _ in columns) + "\n" if remark else ""
    assert_scaled(read(f"{names}\n{units}\n{remarks}{rows(columns, separator)}"), columns)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(columns=columns_with_units(), headed=st.booleans())
def test_units_in_the_columns_option(columns, headed):
    names = [f"Probe {k}" if headed else str(k + 1) for k in range(len(columns))]
    named = {role: f"{name} [{unit}]" for name, (role, (_, unit, _)) in zip(names, columns.items(), strict=True)}
    assert_scaled(read((",".join(names) + "\n" if headed else "") + rows(columns, ","), named), columns)


@pytest.mark.parametrize(
    ("text", "factors"),
    [
        ("Time (ms)  V (mV)\n1 505\n2 507\n", {"time": 1e-3, "voltage": 1e-3}),  # blanks separate
        ("mV,uA\n1,2\n", {"voltage": 1e-3, "current": 1e-6}),
        ("I [10^-6 A],V\n1,2\n", {"current": 1e-6, "voltage": 1.0}),
        ("VOLTAGE(V),CURRENT(UA)\n1,2\n", {"voltage": 1.0, "current": 1e-6}),
        ("SMU-1 Voltage (mV),SMU-1 Current (uA),SMU-1 Time (s)\n1,2,3\n",
         {"voltage": 1e-3, "current": 1e-6, "time": 1.0}),
        ("Time,Channel A,Channel B\n(ms),(mV),(uA)\n\n1,2,3\n", {"time": 1e-3, "voltage": 1e-3, "current": 1e-6}),
        ("SetupTitle, I/V Sweep\nDimension1, 2, 2\nDataName, V1, I1\nDataValue, 1, 2\n",
         {"voltage": 1.0, "current": 1.0}),
        ("time\tV(out)\tI(R1)\n1\t2\t3\n", {"time": 1.0, "voltage": 1.0, "current": 1.0}),  # as LTspice exports
        ("sep=;\nU in mV;I in nA\n1,5;2\n", {"voltage": 1e-3, "current": 1e-9}),
        ("Voltage\tCurrent\nmV\tuA\nfirst\tsweep\n1\t2\n", {"voltage": 1e-3, "current": 1e-6}),
        ("time,V(out) [mV],I(R1) uA\n1,2,3\n", {"time": 1.0, "voltage": 1e-3, "current": 1e-6}),
        ("Sweep (mV),I (nA)\n1,2\n", {"voltage": 1e-3, "current": 1e-9}),  # no number of a sweep
        ("Bias [mV],Current [nA]\n1,2\n", {"voltage": 1e-3, "current": 1e-9}),
        ('"Voltage, mV","Current, uA"\n1,2\n', {"voltage": 1e-3, "current": 1e-6}),
        ("\uff36\uff08mV\uff09,I\uff08uA\uff09\n1,2\n", {"voltage": 1e-3, "current": 1e-6}),  # full width
        ("Voltage (in Volt),Current (in Ampere)\n1,2\n", {"voltage": 1.0, "current": 1.0}),
        ("V (in mV),I [in uA]\n1,2\n", {"voltage": 1e-3, "current": 1e-6}),
        ("Millivolt,Mikroampere\n1,2\n", {"voltage": 1e-3, "current": 1e-6}),
    ],
)
def test_layouts_of_other_programs(text, factors):
    table = read(text)
    assert {role: table.read[role].factor for role in factors} == pytest.approx(factors)


@pytest.mark.parametrize(
    "header",
    ["V [counts],I", "V (a.u.),I", "V,I\nmV,foo", "V,I\nabc,def", "VOLTAGE (MV),I", "V [A],I", "V,I [V]", "V_raw,I",
     "V [mV],I\nV,A", "V,I (A/cm^2)", "V,I (\u043c\u043a\u0410)", "V [%],I",
     "Voltage (Channel 1),I"],
)
def test_an_unclear_unit_is_refused_with_what_to_write(header):
    with pytest.raises(ConfigurationError, match=r"--columns \w+=.*\[m[VA]\]") as refused:
        read(f"{header}\n1,2\n3,4\n")
    assert "\n" not in str(refused.value)


def test_a_unit_that_is_said_settles_an_unclear_one():
    table = read("V [counts],I\n500,2\n", {"voltage": "V [mV]", "current": "I [uA]"})
    assert (table.columns["voltage"][0], table.columns["current"][0]) == pytest.approx((0.5, 2e-6))
    with pytest.raises(ConfigurationError, match="foo"):
        read("V,I\n1,2\n", {"voltage": "V [foo]", "current": "I"})


def test_a_current_by_the_voltage_across_a_resistor():
    named = {"time": "x-axis", "voltage": "1", "current": "2 [V/1kOhm]"}
    table = read("x-axis,1,2\nsecond,Volt,Volt\n0,1,0.5\n", named)
    assert table.columns["current"] == pytest.approx([0.5e-3])


def test_without_a_unit_columns_are_si_and_that_is_said():
    table = read("V,I\n0.5,1e-6\n")
    assert table.described() == (
        "voltage = 'V' [no unit is given, V is assumed], current = 'I' [no unit is given, A is assumed]")
    assert read("V [mV],I [A]\n1,1\n").described() == "voltage = 'V [mV]' [mV], current = 'I [A]' [A]"


def test_two_columns_that_may_be_the_same_are_not_guessed():
    with pytest.raises(ConfigurationError, match="'V1' and 'V2' may each be the voltage"):
        read("V1,V2,I1\n1,2,3\n")


def test_a_logarithm_is_no_current():
    with pytest.raises(ConfigurationError, match=r"the columns of voltage and current .* are not clear"):
        read("V [V],log10(I) [A]\n1,2\n")
    with pytest.raises(ConfigurationError, match="seems to be a function or a multiple of the current"):
        read("V [V],log10(I) [A]\n1,2\n", {"voltage": "V", "current": "log10(I) [A]"})


def test_more_cells_than_the_header_are_refused_with_the_line():
    with pytest.raises(UnreadableFile, match=r"line 3 has 4 cells, but the header has 2.*decimal sign"):
        read("V,I\n1,2\n0,5,1,5\n")
    assert read("X,V,I,\n1,2,3,,\n").columns["voltage"] == pytest.approx([2.0])  # separators at the end


def test_a_quoted_decimal_comma():
    assert read('"V","I"\n"0,5","1,5"\n').columns["voltage"] == pytest.approx([0.5])
    with pytest.raises(UnreadableFile, match=r"1\.234"):  # a thousand, or one and a bit?
        read("V;I\n0,5;1,5\n1.234;2,5\n")


@given(st.text(max_size=12), st.sampled_from(["V", "A", "s"]))
def test_any_text_is_a_unit_or_one_clear_line(text, si):
    try:
        assert unit_factor(text, si) > 0
    except ConfigurationError as error:
        assert "unit" in str(error)


@pytest.mark.parametrize("remark", [
    "# voltage in mV", "# step: 5mV, units: mV, uA", "Unit of voltage = mV", "# units: millivolts / microamps",
    "# Voltage in millivolt, current in microampere", "Voltage unit: mV", "Units,mV,uA", "voltages are in mV",
    "# V: milli-volts", "# values in milli", "# V (mV)", "# all numbers multiplied by 1000", "# data scaled by 1e3",
    "# voltage x1e3", "# scale factor = 1000", "# Units: MV", "# Voltage (kV)", "# in \u00b5V",
    "# all of 10^-3 V", "# of E-3 V", "# voltage in 1e-3 V", "# thousandths of a volt", "# V*1e3", "# [mV] [uA]",
    "# volts x 1000",
])
def test_a_unit_in_a_remark_is_refused(remark):
    above = f"{remark}\n\nV,I [A]\n500,1e-6\n"
    for text in (above, f"V,I [A]\n{remark}\n500,1e-6\n") if remark.startswith("#") else (above,):
        with pytest.raises(ConfigurationError, match=r"line [12] says .*--columns voltage=\"V \[\S+\]\"$") as refused:
            read(text)
        assert "\n" not in str(refused.value)
        assert read(text, {"voltage": "V [mV]", "current": "I"}).columns["voltage"] == pytest.approx([0.5])
        assert read(text.replace("V,I", "V [mV],I")).columns["voltage"] == pytest.approx([0.5])
    for below in (f"V,I [A]\n500,1e-6\n# {remark}\n", f"V,I [A]\n500,1e-6\n# {remark}\n600,1e-6\n"):
        with pytest.raises(ConfigurationError, match=r"line 3 says"):
            read(below)


@pytest.mark.parametrize("remark", [
    "# units: V, A", "# micro bridge no. 3", "# A. Ma, group NA, Pa 7", "# voltage in volts", "# scale factor 1",
    "# unit cell",
    "# current in uA", "# time in ms", "# 25.11.2026, SMU 2636, 4-wire", "# nanowire, 30 nm", "# https://a.b/x1",
])
def test_a_remark_that_names_no_other_unit_is_harmless(remark):
    table = read(f"{remark}\nV,I [A]\n500,1e-6\n")
    assert table.columns["voltage"] == pytest.approx([500.0])
    assert table.doubts == ()


def test_a_setting_above_the_header_is_pointed_out():
    table = read("# compliance 100 uA, delay 5 ms\nV,I\n0.5,1e-6\n")
    assert table.columns["current"] == pytest.approx([1e-6])
    assert table.doubts == (
        "line 1 mentions uA, but no unit is given for 'I'. If the unit belongs to this column, use --columns "
        "current=\"I [uA]\"",)


@pytest.mark.parametrize("cell", [
    "V [V] x1e3", "V [V] (in mV)", "V [V]/1000", "Voltage [V] mV", "V [V] (x1000)", "V (mV) [V]", "V [V] *1000",
    "V [V] e-3", "V[V]^3", "V [V] milli", "V mV [V]", "V [V] -3", "V [V] 10", "Voltage_mV [V]", "V [V] log",
    "V [V] scaled", "V [V] \u00d7 1000", "V(V)/1000", "V [V] [mV]",
])
def test_what_stands_beside_a_unit_must_be_harmless(cell):
    with pytest.raises(ConfigurationError, match=r"Give its unit with --columns voltage=\".* \[mV\]\"$") as refused:
        read(f"{cell},I [A]\n500,1e-6\n")
    assert "\n" not in str(refused.value)
    assert read(f"{cell},I [A]\n500,1e-6\n", {"voltage": f"{cell} [mV]", "current": "I"}).columns[
        "voltage"] == pytest.approx([0.5])


@pytest.mark.parametrize("cell", ["V [V] (ch1)", "V [V] 1", "V [V] measured", "SMU 2636 V [V]", "V(out) [V]"])
def test_what_is_harmless_beside_a_unit(cell):
    assert read(f"{cell},I [A]\n500,1e-6\n").columns["voltage"] == pytest.approx([500.0])


@pytest.mark.parametrize("cell", [
    "V*1000 [V]", "V/1000 [V]", "1e3*V [V]", "V x1e3 [V]", "V_mV_x1e3", "V (x1000) [V]", "1000 V [V]", "V (scaled) [V]",
    "milli V [V]", "Vx1000 [V]", "U/V (mV)", "V in V (mV)", "V/L [V]", "Vnorm [V]",
])
def test_a_multiple_in_the_name_is_no_voltage(cell):
    with pytest.raises(ConfigurationError, match="--columns voltage=") as refused:
        read(f"{cell},I [A]\n500,1e-6\n")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("cell", [
    "logI [A]", "lnI [A]", "lgI [A]", "log10I [A]", "LogCurrent [A]", "log_I [A]", "I_log [A]", "Ilog [A]", "logId [A]",
    "log|I| [A]", "dB I [A]",
])
def test_a_glued_logarithm_is_no_current(cell):
    with pytest.raises(ConfigurationError, match=r"the columns of voltage and current .* are not clear"):
        read(f"V [V],{cell}\n1,-6\n")


def test_bars_of_a_magnitude_separate_no_cells():
    table = read("V [mV],|I| [uA]\n500,1\n")
    assert (table.columns["voltage"][0], table.columns["current"][0]) == pytest.approx((0.5, 1e-6))
    assert read("V,|I|\n500,1\n").columns["current"] == pytest.approx([1.0])
    assert read("V | I\n0.5 | 1\n").columns["current"] == pytest.approx([1.0])
    assert read("V |I|\n0.5 1\n").columns["current"] == pytest.approx([1.0])


@pytest.mark.parametrize(("text", "roles"), [
    ("V [V],dI/dV [S],I [A]\n1,2,3\n", {"voltage", "current"}),
    ("V [V],I [A],T [K]\n1,2,300\n", {"voltage", "current"}),
    ("V [V],I [A],t [nm]\n1,2,20\n", {"voltage", "current"}),
    ("V,I,x\nV,A,um\n1,2,20\n", {"voltage", "current"}),
    ("V,I,T\n1,2,300\n", {"voltage", "current"}),
    ("V [V],I [A],G [uS]\n1,2,20\n", {"voltage", "current"}),
    ("V [V],I [A],T [s]\n1,2,20\n", {"voltage", "current", "time"}),
    ("VOLTAGE (V),TIME (S)\n1,2\n", {"voltage", "time"}),
    ("T,V\n1,2\n", {"voltage", "time"}),
    ("Channel A [mV],Channel B [ms]\n1,2\n", {"voltage", "time"}),
])
def test_what_is_no_time_is_not_taken_for_it(text, roles):
    assert set(read(text).columns) == roles


def test_a_conductance_is_no_time():
    with pytest.raises(ConfigurationError, match=r"the columns of voltage and current .* are not clear"):
        read("V [V],G [uS]\n1,2\n")


def test_a_name_with_a_capital_u_is_no_unit():
    """Ua is an anode voltage or one of several results, not a current in microampere."""
    with pytest.raises(ConfigurationError, match=r"columns of voltage and current .* are not clear"):
        read("n,P,Pa,U,Ua\n1,2,3,4,5\n2,3,4,5,6\n")
    assert read("# Ua Output DOUBLE_P\nV,I\n1,2\n2,3\n").read["current"].assumed
    with pytest.raises(ConfigurationError, match=r"'Ua', but no unit.*current=\"I \[uA\]\""):
        read("# currents in Ua\nV,I\n1,2\n2,3\n")
    for header in ("V,I (Ua)", "V,I\nV,Ua"):
        with pytest.raises(ConfigurationError, match=r"'Ua' may mean micro, or .*--columns current="):
            read(f"{header}\n1,2\n2,3\n")
    assert read("VOLTAGE(V),CURRENT(UA)\n1,2\n").read["current"].factor == pytest.approx(1e-6)
    assert read("V,UA\n1,2\n").read["current"].factor == pytest.approx(1e-6)
