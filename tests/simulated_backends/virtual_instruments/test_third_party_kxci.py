"""Drivers we did not write, unmodified, on the virtual 4200A-SCS: PyMeasure by a socket, py4200A by GPIB."""

from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.kxci_bench import GPIB, SOCKET, write_kxci_bench

pytestmark = pytest.mark.tsbench_outputs_stay_on  # drivers of others, as they are


def library(folder: Path, resource: str, pulsed: bool = False) -> str:
    write_kxci_bench(folder, resource, pulsed=pulsed)
    return f"{folder / 'kxci.world.toml'}@tsbench"


def test_pymeasure(tmp_path: Path) -> None:
    from pymeasure.adapters import VISAAdapter
    from pymeasure.instruments.keithley import Keithley4200

    adapter = VISAAdapter(SOCKET, visa_library=library(tmp_path, SOCKET), write_termination="\0", read_termination="\0")
    meter = Keithley4200(adapter)
    assert meter.id == "KI4200A V1.14" and meter.options[:2] == ["SMUPA1", "SMUPA2"]
    meter.smu1.voltage_setpoint = (0, 1.5, 1e-3)
    assert meter.smu1.voltage == pytest.approx(1.5, rel=2e-3)
    assert meter.smu1.current == pytest.approx(1.5e-4, rel=2e-3)
    meter.smu1.current_setpoint = (0, 2e-4, 5)
    assert meter.smu1.voltage == pytest.approx(2.0, rel=2e-3)
    meter.smu1.disable()
    meter.clear()
    for unit, setting in ((meter.smu1, (0, 500, 1e-3)), (meter.smu3, (5, 1.0, 1e-3))):
        with pytest.raises(ValueError, match=r"Expected 'ACK', got 'Illegal value for parameter\. \(-122\)'"):
            unit.voltage_setpoint = setting
    assert meter.status == 2 and meter.status == 0
    adapter.close()


@pytest.mark.soak   # its package is in no extra: gpib-ctypes may disturb pyvisa-py
def test_py4200a(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package: Any = pytest.importorskip("py4200A")
    consts = package.consts
    monkeypatch.setenv("PYVISA_LIBRARY", library(tmp_path, GPIB))
    analyser = package.KI4200A(GPIB)
    assert [str(board) for board in analyser.l_equipment][-2:] == ["PMU1RPM1-1", "PMU1RPM1-2"]
    analyser.test_mode = consts.RPMMode.SMU
    unit = analyser.getSMU(1)
    unit.setupSMU("V1", "I1", consts.SourceType.VOLT, consts.SourceFunction.SWEEP)
    unit.setSweepFunction(consts.SweepType.LINEAR, 0.25, 1.0, 0.25, 1e-3)
    unit.delay_before_measure_during_sweep = 0.01
    analyser.integration_time = consts.IntegrationTime.SHORT
    analyser.runTest()
    analyser.waitForTestEnd()
    assert unit.current_measurement.getAllResults() == pytest.approx([0.25e-4, 0.5e-4, 0.75e-4, 1e-4], rel=5e-3)
    assert unit.voltage_measurement.getResultSerie() == pytest.approx([0.25, 0.5, 0.75, 1.0], rel=5e-3)
    analyser._comm.disconnect()


@pytest.mark.soak   # its package is in no extra: gpib-ctypes may disturb pyvisa-py
def test_py4200a_pulses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package: Any = pytest.importorskip("py4200A")
    consts = package.consts
    monkeypatch.setenv("PYVISA_LIBRARY", library(tmp_path, GPIB, pulsed=True))
    analyser = package.KI4200A(GPIB)
    analyser.test_mode = consts.RPMMode.PMU
    analyser.initPMU()
    channel = analyser.getRPM(11)
    channel.setPulseTimes(1e-5, 5e-6, 1e-7, 1e-7)
    channel.load = 1e4
    channel.setMeasurePIV(True, True)
    channel.setPulseSweep(consts.PMUPulseMode.AMPLITUDE, 0.5, 2.0, 0.5, False, 0.0)
    channel.activated = True
    analyser.runTest()
    analyser.waitForTestEnd()
    volts = [0.5, 1.0, 1.5, 2.0]
    assert channel.vh_measurement.getResultSerie() == pytest.approx(volts, abs=0.05)
    assert channel.ih_measurement.getResultSerie() == pytest.approx([one / 1e4 for one in volts], abs=5e-6)
    channel.activated = False
    analyser._comm.disconnect()


@pytest.mark.soak   # its package is in no extra: gpib-ctypes may disturb pyvisa-py
def test_py4200a_reads_a_socket_with_the_wrong_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """py4200A 0.2.5, KI4200A.py line 69, waits for a newline; KXCI ends the replies of a socket with NUL."""
    package: Any = pytest.importorskip("py4200A")
    monkeypatch.setenv("PYVISA_LIBRARY", library(tmp_path, SOCKET))
    with pytest.raises(Exception, match=r"KXCI Error|timeout|termination"):
        package.KI4200A(SOCKET)
