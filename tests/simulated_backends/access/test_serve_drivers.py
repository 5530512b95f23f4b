"""Programs of others over the wire read what they read in process: PyMeasure, QCoDeS, a scope's blocks."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.fixtures.patience import PATIENCE

NAMES = {
    "source_meter": "USB0::0x05E6::0x2450::SIM00011::INSTR",
    "generator": "USB0::0x2A8D::0x5A01::SIM00012::INSTR",
    "scope": "USB0::0x2A8D::0x1764::SIM00013::INSTR",
}
LEVELS = np.linspace(-1.0, 1.0, 5)
WIRES = ["socket", "hislip"]


def pymeasure_readings(resource: str, library: str) -> list[float]:
    from pymeasure.adapters import VISAAdapter
    from pymeasure.instruments.keithley import Keithley2450

    adapter = VISAAdapter(
        resource, visa_library=library, read_termination="\n", write_termination="\n", timeout=PATIENCE * 1000)
    meter = Keithley2450(adapter)
    found = []
    try:
        meter.reset()
        meter.apply_voltage(voltage_range=2, compliance_current=1e-3)
        meter.measure_current(nplc=1, current=1e-3, auto_range=False)
        meter.enable_source()
        for level in LEVELS:
            meter.source_voltage = level
            found.append(meter.current)
        found += [meter.compliance_current, meter.current_range, float(meter.source_enabled)]
        meter.disable_source()
        assert meter.check_errors() == []
    finally:
        adapter.close()
        adapter.manager.close()
    return found


def qcodes_readings(resource: str, library: str) -> list[float]:
    drivers = pytest.importorskip(
        "qcodes.instrument_drivers.Keithley", reason="needs QCoDeS (pip install qcodes)", exc_type=ImportError
    )
    meter = drivers.Keithley2450("meter", resource, visalib=library)
    manager = meter.visa_handle.visalib.resource_manager
    try:
        meter.reset()
        meter.source_function("voltage")
        meter.sense_function("current")
        meter.source.range(2)
        meter.source.limit(1e-3)
        meter.sense.range(1e-3)
        meter.sense.nplc(1)
        found = []
        with meter.output_enabled.set_to(True):
            for level in LEVELS:
                meter.source.voltage(level)
                found.append(meter.sense.current())
            meter.source.sweep_setup(-1.0, 1.0, 5, range_mode="FIX")
            found += list(meter.sense.sweep())
        assert meter.ask(":SYST:ERR?").startswith("0,")
    finally:
        meter.close()
        manager.close()
    return found


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("read", [pymeasure_readings, qcodes_readings])
def test_source_meter_drivers_read_what_they_read_in_process(
    read: Callable[[str, str], list[float]], serve: Any, resistor_bench: Path
) -> None:
    world = resistor_bench.with_name("resistor.world.toml")
    inside = read(NAMES["source_meter"], f"{world}@tsbench")
    assert inside[:5] == pytest.approx(LEVELS / 10e3, abs=1e-7)
    for wire in WIRES:
        served = serve(world)
        outside = read(getattr(served.addresses["source_meter"], wire), "@py")
        assert outside == inside, wire
        served.world.clock.wait(0.01)
        assert served.world.instruments["source_meter"].output_states() == {"": False}
        served.close()


def scope_record(resources: dict[str, str], library: str) -> np.ndarray:
    import pyvisa

    manager = pyvisa.ResourceManager(library)
    try:
        opened = {name: manager.open_resource(resource, timeout=PATIENCE * 1000)
                  for name, resource in resources.items()}
        for session in opened.values():
            session.read_termination = session.write_termination = "\n"
        generator, scope = opened["generator"], opened["scope"]
        for message in ("*RST", ":OUTP1:LOAD INF", ":FUNC SIN", ":FREQ 1E5", ":VOLT 2.0", ":VOLT:OFFS 0", ":OUTP1 ON"):
            generator.write(message)
        assert generator.query("*OPC?").strip() == "1"  # two connections: without it the scope may hear first
        for message in (
            "*RST", ":CHAN1:SCAL 0.2", ":TIM:SCAL 2E-6", ":TRIG:EDGE:SOUR CHAN1", ":TRIG:EDGE:LEV 0",
            ":WAV:SOUR CHAN1", ":WAV:FORM WORD", ":WAV:POIN:MODE RAW", ":WAV:POIN MAX", ":DIG CHAN1",
        ):
            scope.write(message)
        assert scope.query("*OPC?").strip() == "1"
        scope.write(":WAV:DATA?")
        digits = int(scope.read_bytes(2)[1:])  # by the count: a socket knows no other end of a block
        codes = np.frombuffer(scope.read_bytes(int(scope.read_bytes(digits))), ">u2")
        assert scope.read_bytes(1) == b"\n"
        assert scope.query(":SYST:ERR?").startswith("+0")
        assert generator.query(":OUTP1 OFF;:SYST:ERR?").startswith("+0")
        return codes
    finally:
        manager.close()


def test_scope_block_over_the_wire_is_the_block_in_process(serve: Any, resistor_bench: Path) -> None:
    world = resistor_bench.with_name("resistor.world.toml")
    inside = scope_record({name: NAMES[name] for name in ("generator", "scope")}, f"{world}@tsbench")
    assert len(inside) > 1000
    assert np.any(inside.view(np.uint8) == ord("\n"))  # a newline in the block ends nothing
    assert np.ptp(inside.astype(float)) > 10000
    for wire in WIRES:
        served = serve(world)
        addresses = {name: getattr(served.addresses[name], wire) for name in ("generator", "scope")}
        assert np.array_equal(scope_record(addresses, "@py"), inside), wire
        served.close()
