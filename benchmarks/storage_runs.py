"""The header, the points and the waveforms that the benchmarks of the storage write."""

import numpy as np

from tsbench.records import Column, DeviceDescription, Fixture, Flag, Point, RunHeader, Waveform
from tsbench.storage import new_run_id
from tsbench.storage.run_id import timestamp

COLUMNS = tuple(Column(name, unit) for name, unit in (("time", "s"), ("voltage", "V"), ("current", "A")))


def header() -> RunHeader:
    """Return the header of a run that only the benchmark makes."""
    return RunHeader(
        run_id=new_run_id("storage", "D1"),
        protocol="storage",
        parameters={},
        columns=COLUMNS,
        device=DeviceDescription("D1"),
        fixture=Fixture(""),
        instruments={},
        simulated=True,
        start_time=timestamp(),
    )


def point(number: int) -> Point:
    return Point(
        (1e-3 * number, 0.01 * number, 1e-6 * number), Flag.COMPLIANCE if number % 7 == 0 else Flag.NONE
    )


def waveform(number: int, samples: int = 4096) -> Waveform:
    codes = np.random.default_rng(number).integers(-2048, 2047, (1, samples), dtype=np.int16)
    return Waveform("device_current", "A", codes, 1e-6, 0.0, 0.0, 1e-9, np.zeros(1), time=1e-3 * number)
