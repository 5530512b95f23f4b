"""What simulated devices see of a plan, on a twin that is made from the bench file alone."""

import tomllib
from pathlib import Path

import pytest

from tsbench.errors import ConfigurationError
from tsbench.simulated_backends.devices.catalogue import catalogue
from tsbench.station.bench.bench_file import BenchFile
from tsbench.station.preflight.peaks import PlannedRun, simulated_peaks
from tsbench.station.preflight.twin import CORNER, netlist_with, simulated_parameters, twin_files

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
NETLIST = "R1 smu dut 100\nC1 dut 0 100p\nXDUT dut 0 device\n"
BENCH = """
visa_library = "@py"
[instruments.smu]
driver = "keithley_2450"
resource = "TCPIP0::192.0.2.1::5025::SOCKET"
[instruments.box]
driver = "meatest_m632"
resource = "GPIB0::3::INSTR"
[roles]
drive = "smu"
[fixture]
netlist = \"\"\"
R1 smu dut 100
C1 dut 0 100p
XDUT dut 0 device
\"\"\"
terminals = { smu = "smu" }
[fixture.control.parallel_capacitance]
element = "C1"
instrument = "box"
[devices.D1]
material = "MATERIAL"
"""
MODELS = {"smu": "MODEL 2450", "box": "M632"}


def bench_of(folder: Path, material: str = "nbo2") -> Path:
    path = folder / "lab.bench.toml"
    path.write_text(BENCH.replace("MATERIAL", material), "utf-8")
    return path


def test_the_simulated_devices_are_at_the_corners_of_the_variation() -> None:
    found = simulated_parameters(catalogue()["nbo2"])
    assert found[8:] == [None]
    corners = [one for one in found[:8] if one]
    nominal = {one.name: one.value for one in catalogue()["nbo2"].parameters}
    for name, sigma in catalogue()["nbo2"].variability.items():
        ratios = {round(corner[name] / nominal[name], 6) for corner in corners}
        assert ratios == {round(2.718281828459045 ** (sign * CORNER * sigma), 6) for sign in (-1, 1)}
    assert len({tuple(corner.values()) for corner in corners}) == 8
    assert simulated_parameters(catalogue()["resistor"]) == [None] * 5   # nothing varies


def test_the_twin_has_the_wiring_and_no_decade_box(tmp_path: Path) -> None:
    bench = BenchFile.load(bench_of(tmp_path))
    netlist = netlist_with(bench, {"parallel_capacitance": 2e-9})
    files = twin_files(bench, MODELS, netlist, catalogue()["nbo2"], 310.0)
    made, world = tomllib.loads(files.bench), tomllib.loads(files.world)
    assert list(made["instruments"]) == list(world["instruments"]) == ["smu"]
    assert world["instruments"]["smu"]["model"] == "keithley_2450" and world["chuck"] == {"temperature": 310.0}
    assert "c1 dut 0 2e-09" in world["fixture"]["netlist"].lower() and made["fixture"]["netlist"] == netlist
    assert list(files.devices) == list(world["devices"]) and "limits" not in files.bench


def test_what_cannot_be_simulated_is_said(tmp_path: Path) -> None:
    bench = BenchFile.load(bench_of(tmp_path))
    with pytest.raises(ConfigurationError, match=r"no virtual instrument of smu \(Fluke 87\)"):
        twin_files(bench, {"smu": "Fluke 87"}, NETLIST, catalogue()["nbo2"])
    bench.table.fixture.__dict__["netlist"] = NETLIST.replace("100p", "100p ; probe")
    with pytest.raises(ConfigurationError, match="no line 'c1 NODE NODE VALUE'"):
        netlist_with(bench, {"parallel_capacitance": 2e-9})


@pytest.mark.parametrize(("material", "told"), [
    ("unobtainium", "the catalogue has no model of the material 'unobtainium'"),
    ("none", "the catalogue has several models of the material 'none': capacitor, resistor"),
])
def test_a_material_without_one_model_is_not_simulated(material: str, told: str, tmp_path: Path) -> None:
    (one,) = simulated_peaks(bench_of(tmp_path, material), "D1", MODELS, [PlannedRun("first_contact", {})])
    assert one.reason.startswith(told) and one.model == "" and one.peaks == []


def test_a_discharge_is_above_the_compliance(tmp_path: Path) -> None:
    """A source meter limits at 0.1 mA. With 10 nF across it, the device takes more when it switches."""
    sweep = {"stop": 1.3, "step": 0.1, "nplc": 0.01, "compliance": 1e-4, "check_oscillation": False}
    (small, large, failed) = simulated_peaks(bench_of(tmp_path), "D1", MODELS, [
        PlannedRun("iv_sweep", {**sweep, "stop": 0.5}), PlannedRun("iv_sweep", sweep, {"parallel_capacitance": 1e-8}),
        PlannedRun("iv_sweep", {**sweep, "compliance": 1e3})])
    assert small.reason == large.reason == "" and len(small.peaks) == 9
    assert all(one["voltage"] == pytest.approx(0.5, rel=0.01) and one["current"] < 2e-5 for one in small.peaks)
    assert all(one["current"] > 1e-3 and one["voltage"] < 1.35 for one in large.peaks)
    assert "compliance" in failed.reason and len(failed.peaks) == 1


def test_the_patience_ends(tmp_path: Path) -> None:
    (one,) = simulated_peaks(bench_of(tmp_path), "D1", MODELS, [PlannedRun("first_contact", {})], patience=0.0)
    assert one.reason == "the simulation takes too long"
