"""The measured half-sweeps of the asymmetric Ag device beside simulated ones, extracted by the same code.

The data are those of others (yanglab2021/DiffusiveMemristor) and are no part of the project; where they are absent
there is nothing to compare with. ``TSBENCH_SHARED_DATA`` names their folder.
"""

import csv
import dataclasses
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tsbench.analysis.threshold.half_sweeps import IVPoints
from tsbench.analysis.threshold.switching_rule import Above
from tsbench.analysis.threshold.threshold import switching
from tsbench.records import FloatArray
from tsbench.simulated_backends.devices.catalogue import device_model
from tsbench.simulated_backends.devices.silver_filament.equations import SilverFilament
from tsbench.simulated_backends.studies.filaments.experiments import HalfSweeps, half_sweeps

FOLDER = Path(os.environ.get("TSBENCH_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))
FILE = FOLDER / "ag_diffusive_asymmetric_iv.csv"
RULE = 10e-9  #: [A] on above this
#: as measured but for the dwell and the rest, which are not published and assumed
SWEEPS = HalfSweeps(stop=0.2, step=8e-3, dwell=10e-3, compliance=1e-6, rest=0.2)
COUNT = 101  #: half-sweeps that switched


@dataclass(frozen=True)
class Switched:
    """Threshold and hold voltages [V] of the half-sweeps that switch, and how many there were in all."""

    threshold: FloatArray
    hold: FloatArray
    half_sweeps: int


def measured() -> Switched:
    """Return what the measured half-sweeps give."""
    with FILE.open(encoding="utf-8", newline="") as text:
        table = np.array([[float(cell) for cell in row] for row in list(csv.reader(text))[1:]])
    return extracted(table[:, 2], table[:, 3], table[:, 0].astype(np.int64))


def simulated(seed: int, count: int = COUNT, polarity: int = 1, device: str = "ag_diffusive_asymmetric") -> Switched:
    """Return what ``count`` simulated half-sweeps of one device in a row give."""
    model = device_model(device, {"seed": float(seed)})
    assert isinstance(model, SilverFilament)
    voltage, current = half_sweeps(model, dataclasses.replace(SWEEPS, stop=polarity * SWEEPS.stop), count)
    return extracted(voltage.ravel(), abs(current).ravel(), np.repeat(np.arange(count), voltage.shape[1]))


def extracted(
    voltage: FloatArray, current: FloatArray, sweep: npt.NDArray[np.int64], above: float = RULE,
) -> Switched:
    """Return threshold and hold voltages [V] by a current level [A].

    Rounded to 0.1 mV, so that equal set-points are equal.
    """
    polarity = np.where(np.bincount(sweep, voltage)[sweep] < 0, -1, 1)
    points = IVPoints(voltage, polarity * abs(current), cycle=sweep, polarity=polarity)
    found = switching(points, rule=Above(above))
    both = np.array([
        (half.threshold_voltage.value, half.hold_voltage.value) for half in found
        if half.threshold_voltage.value is not None and half.hold_voltage.value is not None])
    both = np.round(both.reshape(-1, 2), 4)
    return Switched(both[:, 0], both[:, 1], len(found))
