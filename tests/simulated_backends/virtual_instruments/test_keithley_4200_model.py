"""The virtual 4200A-SCS against its manuals: source-measure units at the device, tests of the system mode."""

import numpy as np
import pytest

from tests.fixtures.kxci_analyser import KxciAnalyser
from tsbench.errors import ConfigurationError


def test_user_mode_sources_and_reads() -> None:
    found = KxciAnalyser()
    found.send("US", "IT2", "RS 7", "DV1, 0, 1.5, 0.01")
    assert found.instrument.output_states()["smu1"]
    reply = found.ask("TI1")
    assert reply[:5] == "NAI +" and len(reply) == 17 and float(reply[3:]) == pytest.approx(1.5e-4, rel=2e-5)
    assert found.volts() == pytest.approx(1.5, rel=1e-4)
    found.send("DV1,0,20,1E-3")
    assert found.ask("TI1")[:3] == "CAI" and found.volts() == pytest.approx(10.0, rel=2e-3)
    assert found.ask("TV1")[:3] == "CAV"
    assert found.ask("TI2")[:3] == "TBI"   # another unit is in compliance
    found.send("DI1,0,-2E-4,5")
    assert float(found.ask("TV1")[3:]) == pytest.approx(-2.0, rel=1e-3)
    found.send("DV1")
    assert found.volts() == pytest.approx(0.0, abs=1e-6) and not found.instrument.output_states()["smu1"]


@pytest.mark.parametrize(("volts", "ohms", "amperes"), [
    (1.0, "200G", 5e-12), (-10e-3, "2G", -5e-12), (10e-3, "100G", 1e-13), (1e-3, "1e12", 1e-15)])
def test_currents_of_the_preamplifier_are_read(volts: float, ohms: str, amperes: float) -> None:
    found = KxciAnalyser(f"R1 a 0 {ohms}\n")
    found.send("US", "IT2", "RS 7", f"DV1, 0, {volts}, 0.01")
    found.wait(1.0)
    assert float(found.ask("TI1")[3:]) == pytest.approx(amperes, rel=5e-3, abs=0.0)


def test_a_voltage_below_a_nanovolt_is_read() -> None:
    found = KxciAnalyser("R1 a 0 100\n")
    found.send("US", "IT2", "RS 7", "DI1, 0, 5E-12, 1")
    found.wait(1.0)
    assert float(found.ask("TV1")[3:]) == pytest.approx(5e-10, rel=1e-3, abs=0.0)


@pytest.mark.parametrize(("kind", "seconds"), [("IT1", 0.002), ("IT2", 0.02), ("IT4,0,0,0.5", 0.01)])
def test_integration_time(kind: str, seconds: float) -> None:
    found = KxciAnalyser()
    found.send("US", kind, "DV1,0,1,0.01", "RI 1,1e-3,0.01")
    found.wait(0.1)
    before = found.bench.clock.now
    found.ask("TI1")
    assert found.bench.clock.now - before == pytest.approx(seconds, abs=1.2e-3)


def test_compliance_beside_a_fixed_range() -> None:
    """P. 3-4: 11 % of the range or less becomes the highest of the range; a range below the compliance limits."""
    found = KxciAnalyser("R1 a 0 100\n")
    found.send("US", "DV1,0,2,1e-4")
    found.wait(0.01)
    assert found.volts() == pytest.approx(1e-4 * 100, rel=1e-2)
    found.send("RI 1,1e-3,1e-4")
    found.wait(0.01)
    assert found.volts() == pytest.approx(1.05e-3 * 100, rel=1e-2)
    found.send("RI 1,1e-3,2e-4")
    found.wait(0.01)
    assert found.volts() == pytest.approx(2e-4 * 100, rel=1e-2)
    found.send("RI 1,1e-3,1e-2")
    found.wait(0.01)
    assert found.volts() == pytest.approx(1.05e-3 * 100, rel=1e-2)
    found.send("RG 1,1e-9", "DV1,0,2,1e-12")   # automatic again; KXCI sets the least compliance, 100 pA
    found.wait(0.1)
    assert found.volts() == pytest.approx(1e-10 * 100, rel=5e-2)


def test_overflow_of_a_fixed_range() -> None:
    found = KxciAnalyser()
    found.send("US", "DI1,0,1e-4,20", "RV 1,0.2,20")
    reply = found.ask("TV1")
    assert reply[0] in "VC" and abs(float(reply[3:])) > 0.2


def test_ranges_that_need_a_preamplifier_or_a_high_power_unit() -> None:
    found = KxciAnalyser(nodes={"smu1": "a", "smu3": "b"}, netlist="R1 a 0 10k\nR2 b 0 1k\n")
    found.send("US", "DV1,4,0.1,0.01", "DI1,11,5e-13,1", "DI3,10,0.5,20")
    assert found.ask("DV3,4,0.1,0.01").endswith("(-122)")
    assert found.ask("DI3,1,5e-10,1").endswith("(-122)")
    assert found.ask("DI1,10,0.05,1").endswith("(-122)")


def test_interlock() -> None:
    closed, opened = KxciAnalyser("R1 a 0 1meg\n"), KxciAnalyser("R1 a 0 1meg\n", options={"interlock": False})
    for found in (closed, opened):
        found.send("US", "DV1,0,20,0.01")
    closed.send("DV1,0,100,0.01")
    closed.wait(0.1)
    assert closed.volts() == pytest.approx(100.0, rel=1e-3)
    assert "interlock" in opened.ask("DV1,0,20.5,0.01")
    assert "interlock" in opened.ask("DI1,0,1e-6,21")
    opened.wait(0.01)
    assert opened.volts() == pytest.approx(20.0, rel=1e-3)


def set_up(found: KxciAnalyser, *source: str) -> None:
    found.send("DE", "CH1, 'V1', 'I1', 1, 1", "SS", *source, "HT 0", "DT 0.01", "SM", "LI 'V1','I1'", "IT1", "RS 7",
               "RG 1, 1e-6")


def test_a_linear_sweep() -> None:
    found = KxciAnalyser()
    set_up(found, "VR1, 0, 2, 0.5, 0.01")
    found.send("MD", "ME1")
    assert int(found.ask("SP")) & 0x10   # busy
    found.wait(0.5)
    assert found.ask("SP") == "1"
    assert [float(one[1:]) for one in found.ask("DO 'V1'").split(",")] == pytest.approx([0, 0.5, 1, 1.5, 2], abs=1e-4)
    last = found.ask("DO 'I1'").split(",")[-1]
    assert last[:2] == "N+" and float(last[1:]) == pytest.approx(2e-4, rel=2e-5)
    times = [float(one[1:]) for one in found.ask("DO 'I1T'").split(",")]
    assert np.diff(times)[1:] == pytest.approx([0.0138] * 3, abs=1.5e-3)   # the first range was found before
    assert float(found.ask("RD 'V1', 3")) == pytest.approx(1.0, rel=2e-5) and float(found.ask("RD 'V1', 6")) == 0.0
    assert not found.instrument.output_states()["smu1"]   # automatic standby


def test_list_sweep_stands_at_its_last_level_without_standby() -> None:
    found = KxciAnalyser()
    set_up(found, "VL1, 1, 1e-3, 0, 3, 12, -1", "ST 1, 0")
    found.send("MD")
    found.run("ME1")
    letters = [one[0] for one in found.ask("DO 'I1'").split(",")]
    assert letters == ["N", "N", "C", "N"]
    assert found.instrument.output_states()["smu1"] and found.volts() == pytest.approx(-1.0, rel=1e-3)


def test_steps_and_constants() -> None:
    found = KxciAnalyser("R1 a b 1k\nR2 b c 1k\n", {"smu1": "a", "smu2": "b", "smu3": "c"})
    found.send("DE", "CH1,'V1','I1',1,1", "CH2,'V2','I2',1,2", "CH3,'V3','I3',3,3", "SS", "VR1,0,1,1,0.01",
               "VP 0,0.5,3,0.01", "MD")
    found.run("ME1")
    volts = [float(one[1:]) for one in found.ask("DO 'V2'").split(",")]
    assert volts == pytest.approx([0, 0, 0.5, 0.5, 1, 1], abs=1e-3)
    amperes = [float(one[1:]) for one in found.ask("DO 'I1'").split(",")]
    assert amperes == pytest.approx([0, 1e-3, -0.5e-3, 0.5e-3, -1e-3, 0], abs=1e-6)


def test_sampling_and_stop() -> None:
    found = KxciAnalyser()
    found.send("DE", "CH1,'V1','I1',1,3", "SS", "VC1,1,0.001", "SM", "NR 5", "IN 0.1", "WT 0.2", "IT1", "MD")
    found.run("ME1")
    times = [float(one[1:]) for one in found.ask("DO 'V1T'").split(",")]
    assert times == pytest.approx([0.2, 0.3, 0.4, 0.5, 0.6], abs=5e-3)
    found.send("ME1")
    found.wait(0.35)
    found.send("ME4")
    assert found.ask("SP") == "0" and not found.instrument.output_states()["smu1"]


@pytest.mark.parametrize("source", [
    ("VR1, 0, 2, 0.001, 0.01",),   # 2001 points
    ("VR1, 0, 1.024, 0.001, 0.01",), ("VR1, 1.024, 0, 0.001, 0.01",), ("IR1, 0, 1.024E-3, 1E-6, 1",),   # 1025 points
    ("VR1, 0, 2, 0.0005, 0.01",),   # a step below 1 mV is zero
    ("VR2, 0.1, 10",), ("IR1, 0, 1, 1, 1",), ("VR1, 0, 2, 0.1, 1",), ("VC1, 1, 0.1",), ("VL2, 1, 0.1, 1",)])
def test_refused_sweeps(source: tuple[str, ...]) -> None:
    found = KxciAnalyser()
    found.send("DE", "CH1, 'V1', 'I1', 1, 1", "SS")
    assert found.ask(source[0]).endswith(")")
    found.send("MD")
    assert found.ask("ME1").endswith("(-122)")   # nothing is set


@pytest.mark.parametrize("source", ["VR1, 0, 1.023, 0.001, 0.01", "IR1, 1.023E-3, 0, 1E-6, 20"])
def test_a_sweep_may_have_1024_points(source: str) -> None:
    found = KxciAnalyser()
    found.send("DE", "CH1, 'V1', 'I1', 2, 1" if source[0] == "I" else "CH1, 'V1', 'I1', 1, 1", "SS", source)


def test_options_of_a_world_file() -> None:
    found = KxciAnalyser(options={"smus": {"2": "4200-SMU"}, "pulse_card": False}, nodes={"smu2": "a"})
    assert found.ask("*OPT?") == "SMU2"
    assert found.ask(":PMU:INIT 0").endswith("(-992)")
    for options, said in (({"smus": {"9": "4200-SMU"}}, "no number of a unit"), ({"smus": {"1": "x"}}, "no unit 'x'"),
                          ({"smus": 3}, "must be a table")):
        with pytest.raises(ConfigurationError, match=said):
            KxciAnalyser(options=options)
    with pytest.raises(ConfigurationError, match="no module has the terminal 'smu5'"):
        KxciAnalyser(nodes={"smu5": "a"})
