"""A source meter with TSP over the wire: QCoDeS reads what it reads in process, and abort stops a script."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.fixtures.patience import PATIENCE
from tests.fixtures.tsp_meter import WORLD

RESOURCE = "USB0::0x05E6::0x2636::SIM1::INSTR"
WIRES = ["socket", "hislip"]


@pytest.fixture
def world(tmp_path: Path) -> Path:
    path = tmp_path / "tsp.world.toml"
    path.write_text(WORLD.format(
        imperfections="true", model="keithley_2636b", options="", netlist="R1 na 0 10k\nR2 nb 0 1k",
        terminals='"smu.a" = "na", "smu.b" = "nb"'), "utf-8")
    return path


def qcodes_readings(resource: str, library: str) -> list[float]:
    from qcodes.dataset import LinSweep
    from qcodes.instrument_drivers.Keithley import Keithley2636B

    meter = Keithley2636B("meter", resource, visalib=library, timeout=PATIENCE)
    manager = meter.visa_handle.visalib.resource_manager
    try:
        unit = meter.smua
        unit.limiti(1e-3)
        unit.measurerange_i(1e-3)
        unit.nplc(0.1)
        unit.setup_fastsweep(LinSweep(unit.volt, 0, 1, 31, 0.001), mode="IV")
        found = list(unit.fastsweep())
        found += [unit.volt(), unit.curr()]
        unit.output("off")
        assert float(meter.ask("errorqueue.count")) == 0
        return found
    finally:
        meter.close()
        manager.close()


@pytest.mark.filterwarnings("ignore")
def test_scripts_and_blocks_over_the_wire(serve: Any, world: Path) -> None:
    inside = qcodes_readings(RESOURCE, f"{world}@tsbench")
    assert inside[:31] == pytest.approx(np.linspace(0, 1, 31) / 10e3, abs=1e-6)
    for wire in WIRES:
        served = serve(world)
        assert qcodes_readings(getattr(served.addresses["smu"], wire), "@py") == pytest.approx(inside, abs=3e-6), wire
        served.close()


def test_each_print_is_read_by_itself(serve: Any, world: Path) -> None:
    import pyvisa

    script, printed = "for i = 1, 3 do print(i) end", ["1.00000e+00", "2.00000e+00", "3.00000e+00"]
    served = serve(world)
    try:
        for library, resource in (
                (f"{world}@tsbench", RESOURCE), ("@py", served.addresses["smu"].socket)):
            manager = pyvisa.ResourceManager(library)
            meter: Any = manager.open_resource(resource, timeout=PATIENCE * 1000)
            meter.read_termination = meter.write_termination = "\n" if "SOCKET" in resource else None
            assert meter.query(script).strip() == printed[0], resource
            assert [meter.read().strip() for _ in range(2)] == printed[1:], resource
            assert float(meter.query("print(errorqueue.count)")) == 0
            manager.close()
    finally:
        served.close()


def test_abort_over_a_socket(serve: Any, world: Path) -> None:
    import pyvisa

    served = serve(world)
    manager = pyvisa.ResourceManager("@py")
    try:
        meter: Any = manager.open_resource(served.addresses["smu"].socket, timeout=PATIENCE * 1000)
        meter.read_termination = meter.write_termination = "\n"
        meter.write("x = 0 while true do x = x + 1 delay(0.001) end")
        meter.write("abort")
        assert float(meter.query("print(x)")) >= 0
        assert meter.query("print(errorqueue.next())").startswith("-2.86000e+02\tTSP Runtime error")
        meter.write("loadandrunscript\nfor i = 1, 3 do\nprint(i)\nend\nendscript")
        assert [float(meter.read()) for _ in range(3)] == [1.0, 2.0, 3.0]
    finally:
        manager.close()
        served.close()
