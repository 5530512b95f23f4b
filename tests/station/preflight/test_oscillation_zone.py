"""Where a source makes a device oscillate: what is predicted, in numbers and in words."""

import math
from pathlib import Path

import numpy as np
import pytest

from tsbench.netlist import parse_netlist
from tsbench.simulated_backends.devices.catalogue import catalogue
from tsbench.station.preflight.preflight import OscillationZone, oscillation_zone, predict, zones_of_devices

WIRING = parse_netlist("R1 gen dut 5k\nC1 dut 0 80p\nXDUT dut 0 device", ["gen"])
BENCH = """
visa_library = "@py"
[instruments.generator]
driver = "keysight_33600"
resource = "USB0::0x2A8D::0x5A01::SIM00002::INSTR"
[roles]
bias = "generator.1"
[fixture]
netlist = "R1 gen dut 5k\\nC1 dut 0 80p\\nXDUT dut 0 device"
[fixture.terminals]
"generator.1" = "gen"
[devices.D1]
material = "MATERIAL"
"""


def test_the_zone_of_an_oscillator() -> None:
    """24 biases up to the highest; the frequency rises with the bias; 50 Ohm of the source are in series."""
    zone = oscillation_zone(WIRING, "bias", "gen", 50.0, catalogue()["nbo2"], 5.0)
    assert (zone.role, zone.model, zone.load_resistance) == ("bias", "nbo2", pytest.approx(5050.0))
    assert zone.capacitance == pytest.approx(80e-12, rel=1e-6)
    assert zone.biases == pytest.approx(np.arange(8, 17) * 5.0 / 24)
    assert np.all(np.diff(zone.frequencies) > 0)
    assert zone.frequencies[[0, -1]] == pytest.approx([2.75e6, 6.61e6], rel=0.01)
    assert str(zone) == (
        "bias: the device has 5.050 kOhm in series and 80.00 pF across it. With the catalogue model nbo2, the device "
        "oscillates from about 1.67 V "
        "to 3.33 V (2.75 MHz to 6.61 MHz). Readings between these values are averages")
    assert oscillation_zone(WIRING, "drive", "gen", 0.0, catalogue()["nbo2"], 2.0).load_resistance == 5000.0


def test_no_zone() -> None:
    nothing = np.empty(0)
    assert str(OscillationZone("bias", "nbo2", math.inf, 0.0, nothing, nothing)) == (
        "bias is not connected to the device in this fixture")
    settled = oscillation_zone(WIRING, "bias", "gen", 50.0, catalogue()["nbo2"], 1.0)
    assert settled.biases.size == settled.frequencies.size == 0 and str(settled).endswith("no oscillation is expected")
    alone = oscillation_zone(
        parse_netlist("R1 gen 0 5k\nR2 dut 0 1k\nXDUT dut 0 device", ["gen"]), "bias", "gen", 50.0,
        catalogue()["nbo2"], 1.0)
    assert (alone.load_resistance, alone.capacitance, alone.biases.size, alone.frequencies.size) == (math.inf, 0, 0, 0)


@pytest.mark.parametrize(("material", "expected"), [
    ("NbO2", "With the catalogue model nbo2, the device oscillates from about 1.67 V to "
             "3.33 V"),   # 5 V where nothing is said
    ("NBO2", "With the catalogue model nbo2"),
    ("unobtainium", "device D1: the catalogue has no device of material 'unobtainium', so "),
    ("", "device D1: the bench file has no material, so tsbench cannot predict whether it oscillates. Write"),
    ("VO2", "With the catalogue model vo2,"),   # vo2_hysteretic is of this material, too, and comes first
    ("vo2_hysteretic", "With the catalogue model vo2_hysteretic,"),
    ("none", "several devices of material 'none' (capacitor, resistor), so tsbench cannot predict whether it "
             "oscillates. Write the name of one of them as 'material' into [devices.D1]"),
    ("nmos", "no device of material 'nmos'"),   # a transistor has three nodes
])
def test_the_material_chooses_the_model(material: str, expected: str, tmp_path: Path) -> None:
    bench = tmp_path / "lab.bench.toml"
    bench.write_text(BENCH.replace("MATERIAL", material), "utf-8")
    (line,) = predict(bench, {"bias": 50.0})
    assert expected in line


def test_the_limit_of_the_device_bounds_what_is_tried(tmp_path: Path) -> None:
    bench = tmp_path / "lab.bench.toml"
    limits = '[device.limits]\nmax_voltage = "1 V"\nmax_current = "1 mA"\n'
    bench.write_text(BENCH.replace("MATERIAL", "NbO2") + limits, "utf-8")
    assert predict(bench, {"bias": 50.0}) == [
        "bias: the device has 5.050 kOhm in series and 80.00 pF across it. With the catalogue model nbo2, no "
        "oscillation is expected"]
    bench.write_text("\n".join(line for line in BENCH.splitlines() if not line.startswith("netlist")), "utf-8")
    assert predict(bench, {"bias": 50.0}) == [
        "the bench file has no netlist of the fixture, so the behaviour of the device cannot be predicted"]


def test_each_device_has_its_own_limit_and_a_standard_has_no_line(tmp_path: Path) -> None:
    bench = tmp_path / "lab.bench.toml"
    limits = '[devices.D1.limits]\nmax_voltage = "1 V"\n'
    standards = '[devices.SHORT]\nstandard = "short"\n[devices.OPEN]\nstandard = "open"\n'
    bench.write_text(BENCH.replace("MATERIAL", "NbO2") + limits + standards, "utf-8")
    (line,) = predict(bench, {"bias": 50.0})
    assert line.startswith("bias: the device has 5.050 kOhm in series") and line.endswith("no oscillation is expected")
    others = '[devices.D2]\nmaterial = "NbO2"\n[devices.D3]\nmaterial = "nbo2"\n'
    bench.write_text(BENCH.replace("MATERIAL", "NbO2") + limits + others, "utf-8")
    own, common = predict(bench, {"bias": 50.0})
    assert own.startswith("bias: device D1 has 5.050 kOhm in series") and own.endswith("no oscillation is expected")
    assert common.startswith("bias: each of the devices D2, D3 has 5.050 kOhm in series") and "to 3.33 V" in common
    wired = bench.read_text("utf-8").replace("R1 gen dut", "R1 gen 0")
    bench.write_text(wired.replace("C1 dut 0 80p", "C1 dut 0 80p\\nR2 dut 0 1k"), "utf-8")
    assert predict(bench, {"bias": 50.0}) == ["bias is not connected to the device in this fixture"]


def test_the_temperature_of_the_device_counts(tmp_path: Path) -> None:
    bench = tmp_path / "lab.bench.toml"
    bench.write_text(BENCH.replace("MATERIAL", "NbO2") + 'temperature = "315 K"\n', "utf-8")
    (line,) = predict(bench, {"bias": 50.0})
    zone = oscillation_zone(WIRING, "bias", "gen", 50.0, catalogue()["nbo2"], 5.0, 315.0)
    cold = oscillation_zone(WIRING, "bias", "gen", 50.0, catalogue()["nbo2"], 5.0)
    assert line == str(zone) and "With the catalogue model nbo2 at 315 K, the device oscillates from" in line
    assert zone.frequencies.max() != cold.frequencies.max()
    bench.write_text(bench.read_text("utf-8") + '[devices.D2]\nmaterial = "NbO2"\n', "utf-8")
    one, two = zones_of_devices(bench, {"bias": 50.0}, ["D1", "D2"])
    assert (one["frequencies"], two["frequencies"]) == (zone.frequencies.tolist(), cold.frequencies.tolist())
    assert len(predict(bench, {"bias": 50.0})) == 2


def test_the_source_has_the_resistance_that_its_driver_states(tmp_path: Path) -> None:
    bench = tmp_path / "lab.bench.toml"
    bench.write_text(BENCH.replace("MATERIAL", "NbO2"), "utf-8")
    assert predict(bench, {"bias": 1e3})[0].startswith("bias: the device has 6.000 kOhm in series")
