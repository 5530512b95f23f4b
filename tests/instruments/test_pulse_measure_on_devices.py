"""Pulse measure units of both makers on an NbO2 device, behind the guard: a triangle shows threshold and hold."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.fixtures.kxci_bench import write_kxci_bench
from tests.fixtures.waveform_bench import write_waveform_bench
from tsbench.instruments.interfaces import Segment, SegmentTrain
from tsbench.station.bench.bench import Bench

SERIES = 2e3


def with_4225(folder: Path) -> Path:
    return write_kxci_bench(
        folder, model="nbo2", pulsed=True, netlist=f"R1  a  d  {SERIES:g}\nXDUT  d  0  device\nR2  b  0  1k\n")


def with_b1530(folder: Path) -> Path:
    bench = write_waveform_bench(folder)
    for file in (bench, folder / "b1500a.world.toml"):
        text = file.read_text("utf-8").replace("XDUT  a  0  device", f"R1  a  d  {SERIES:g}\nXDUT  d  0  device")
        file.write_text(text.replace('"resistor"', '"nbo2"'), "utf-8")
    return bench


@pytest.mark.parametrize(("write", "device"), [(with_4225, "D1"), (with_b1530, "R1")])
def test_triangle_on_nbo2(write: Callable[[Path], Path], device: str, tmp_path: Path) -> None:
    with Bench.open(write(tmp_path), device) as bench:
        unit = bench.pulse_measure()
        unit.configure_ranges(3.0, 2e-3)
        unit.configure_train(SegmentTrain(0.0, (Segment(2.5, 100e-6), Segment(0.0, 100e-6)), 1e-7))
        unit.set_output(True)
        unit.start()
        while unit.running():
            bench.clock.wait(0.01)
        record = unit.fetch()
        unit.set_output(False)
    volts = record.voltage - SERIES * record.current   # at the device
    half = record.time.size // 2
    jump = int(np.argmax(np.convolve(np.diff(record.current), np.ones(20), "valid")[:half]))
    threshold = volts[:jump].max()
    fall = half + int(np.argmin(np.convolve(np.diff(record.current), np.ones(20), "valid")[half:]))
    assert record.current[jump + 40] > 2 * record.current[jump - 40]   # it switches on
    assert volts[jump: half].min() < 0.9 * threshold                   # and the voltage across it snaps back
    assert record.current[fall + 40] < 0.5 * record.current[fall - 40]   # and off on the way down
