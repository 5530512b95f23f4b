"""Columns of different terminals, and voltages of unknown names beside a time and a current."""

import pytest

from tsbench.analysis.tables.table import parse_table
from tsbench.analysis.tables.terminals import unlike_terminals
from tsbench.errors import ConfigurationError
from tsbench.extraction import analyse_files


def read(header, columns=None, row="1,2,3"):
    cells = header.count(",") + 1
    rows = "\n".join(",".join(row.split(",")[:cells]) for _ in range(3))
    return parse_table(f"{header}\n{rows}\n".splitlines(keepends=True), columns, source="t.csv")


@pytest.mark.parametrize(("voltage", "current"), [
    ("GateV", "DrainI"), ("Gate voltage", "Drain current"), ("Vbg", "Id"), ("Vgs", "Ids"), ("V_G", "I_D"),
    ("SMU1 Voltage", "SMU2 Current"), ("BaseV", "CollectorI"), ("Vbe", "Ic"),
    ("Back gate V", "Gate I"), ("V_gate", "I_drain")])
def test_terminals_that_differ(voltage, current):
    assert "is of the" in unlike_terminals(voltage, current)


@pytest.mark.parametrize(("voltage", "current"), [
    ("GateV", "GateI"), ("Vds", "Id"), ("Vds", "Is"), ("Vce", "Ic"), ("Vbg", "Ibg"), ("Voltage", "DrainI"), ("V", "I"),
    ("V1", "I2"), ("CH1 Voltage", "CH2 Current"), ("Vdd", "Idd"), ("Vte", "Ite"), ("Sample V", "Drain I"), ("AV", "BI"),
    ("Applied V", "Measured I"), ("AnodeV", "CathodeI"), ("SMU1 V", "Drain I"), ("Vs", "Id"), ("Source V", "Drain I"),
    ("Top gate V", "Ig"), ("Sub V", "Bulk I"), ("Base V", "Ib")])
def test_terminals_that_do_not_differ_or_are_not_known(voltage, current):
    assert unlike_terminals(voltage, current) == ""


@pytest.mark.parametrize("header", ["GateV (V),DrainI (A)", "Vg [V],Id [A]", "SMU1 V (V),SMU2 I (A)",
                                    "Gate V (V),Drain I (A),Time (s)"])
def test_a_gate_voltage_and_a_drain_current_are_a_question(header):
    with pytest.raises(ConfigurationError, match=r"no resistance and no power.*--columns 'voltage=.*,current="):
        read(header)


def test_a_pair_of_one_terminal_is_taken_from_several():
    assert read("GateV (V),DrainV (V),DrainI (A)").columns["voltage"][0] == 2.0


def test_a_user_may_name_columns_of_different_terminals_and_is_told_so(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("GateV,DrainI\n" + "".join(f"{k / 100},{k * 1e-6}\n" for k in range(100)))
    found = analyse_files([path], columns="voltage=GateV [V],current=DrainI [A]")
    assert any("'GateV' is of the gate, and 'DrainI' is of the drain" in line for line in found.lines)
    path.write_text(path.read_text().replace("GateV", "DrainV"))
    assert not any("is of the" in line for line in analyse_files([path], columns="voltage=1 [V],current=2 [A]").lines)


@pytest.mark.parametrize("header", [
    "Time (s),I (A),Potential applied (V),WE.Potential (V)", "Time,Idd [A],Vbg,Vo", "Time (s),Current (A),Potential",
    "t [s],I [A],Channel A [mV],Channel B [mV]"])
def test_a_voltage_that_is_not_clear_beside_time_and_current_is_a_question(header):
    with pytest.raises(ConfigurationError, match=r"may (each )?be the voltage. Choose one with --columns 'time=.*For "
                                                 r"spikes of the current alone"):
        read(header, row="1,2,3,4")


def test_a_current_that_is_not_clear_beside_time_and_voltage_is_a_question():
    with pytest.raises(ConfigurationError, match=r"'Branch X .A.' and 'Branch Y .A.' may each be the current"):
        read("Time (s),V (V),Branch X (A),Branch Y (A)", row="1,2,3,4")


@pytest.mark.parametrize("header", ["Time (s),I (A),V limit (V)", "Time (s),I (A),Value", "Time (s),I (A),V_set (mV),x",
                                    "Time (s),I (A),Temperature (K)", "Time (s),I (A),Vth", "Time (s),V (V),Index"])
def test_other_columns_beside_a_record_over_time_are_no_question(header):
    assert "time" in read(header, row="1,2,3,4").columns


def test_a_trailing_separator_does_not_hide_the_question():
    text = "Time (s);I (A);V one (V);V two (V)\n" + "0,1;0,2;0,3;0,4;\n" * 3
    with pytest.raises(ConfigurationError, match="may each be the voltage"):
        parse_table(text.splitlines(keepends=True), None, source="t.csv")


@pytest.mark.parametrize(("header", "voltage", "current"), [
    ("Vforce,Imeas,Time", "Vforce", "Imeas"), ("Time,Iforce,Vmeas", "Vmeas", "Iforce"),
    ("Vforce,Vmeas,Imeas", "Vmeas", "Imeas"), ("VMeasCh1,IMeasCh1,Time", "VMeasCh1", "IMeasCh1")])
def test_pairs_of_force_and_measure(header, voltage, current):
    names = {role: column.name for role, column in read(header).read.items()}
    assert names["voltage"] == voltage and names["current"] == current
