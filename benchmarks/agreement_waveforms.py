"""How waveforms of two simulators are compared, and how ngspice is asked for one."""

import math
import re
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from tsbench.records import FloatArray
from tsbench.simulated_backends.devices.devices_lib import write_devices_lib

PERIOD_BAR, VOLTAGE_BAR = 1e-3, 5e-3
SLACK = 5e-4  #: of the period, on either side

Waveform = tuple[FloatArray, FloatArray]


class NgspiceError(RuntimeError):
    """ngspice gave no waveform."""


def first_error(errors: str, output: str) -> str:
    """Return the first error that ngspice printed, with the line behind it, which says where.

    Parameters
    ----------
    errors, output : what it wrote to standard error and to standard output
    """
    lines = [line.strip() for line in errors.splitlines() if line.strip()]
    telling = [k for k, line in enumerate(lines) if not line.startswith(("Note:", "Warning:"))]
    if not telling:
        lines, telling = [line.strip() for line in output.splitlines() if line.strip()][-2:], [0]
    return " ".join(" ".join(lines[telling[0]: telling[0] + 2]).split()) or "it printed no error"


def in_ngspice(netlist: str) -> Mapping[str, FloatArray]:
    """Return "time" [s] and what a netlist saves, such as "v(out)", by ngspice with the generated device library.

    Raises
    ------
    NgspiceError
        It is not installed, or gave up; one line with the first error that it printed.
    """
    with tempfile.TemporaryDirectory() as folder:
        write_devices_lib(Path(folder) / "devices.lib")
        (Path(folder) / "case.cir").write_text(netlist, "utf-8")
        try:
            done = subprocess.run(["ngspice", "-b", "-r", "out.raw", "case.cir"], cwd=folder, capture_output=True,
                                  text=True, errors="replace", timeout=300, check=False)
        except FileNotFoundError:
            raise NgspiceError("ngspice is not installed; install it (Debian: apt install ngspice)") from None
        raw = Path(folder) / "out.raw"
        if done.returncode or not raw.exists():
            raise NgspiceError(f"ngspice ended with code {done.returncode}: {first_error(done.stderr, done.stdout)}")
        head, _, data = raw.read_bytes().partition(b"Binary:\n")
    names = re.findall(r"^\t\d+\t(\S+)", head.decode(), re.M)
    table = np.frombuffer(data).reshape(-1, len(names))
    return {name: table[:, k].copy() for k, name in enumerate(names)}


def falls(time: FloatArray, values: FloatArray) -> FloatArray:
    """Return when the values fall through the middle of their range [s]."""
    level = 0.5 * (values.max() + values.min())
    k = np.flatnonzero((values[:-1] >= level) & (values[1:] < level))
    return np.asarray(time[k] + (level - values[k]) / (values[k + 1] - values[k]) * (time[k + 1] - time[k]))


def compare_oscillations(own: Waveform, other: Waveform, settled: float) -> tuple[float, float]:
    """Return (relative difference of the period, largest difference of the voltage over the swing) behind ``settled``.

    One period is compared, aligned at a fall; infinite where the two do not fall equally often.
    """
    (t, v), (other_t, other_v) = own, other
    swing = float(np.ptp(other_v[other_t >= settled]))
    mine, theirs = (falls(x[x >= settled], y[x >= settled]) for x, y in (own, other))
    if mine.size < 3 or mine.size != theirs.size:
        return math.inf, math.inf
    periods = [float(np.diff(f).mean()) for f in (mine, theirs)]
    begin, end = mine[1] - 0.4 * periods[0], mine[1] + 0.6 * periods[0]
    inside = (t >= begin) & (t <= end)
    shifted = other_t - (theirs[1] - mine[1])
    return periods[0] / periods[1] - 1.0, distance(
        t[inside], v[inside], shifted, other_v, SLACK * periods[1]) / swing


def distance(t: FloatArray, v: FloatArray, other_t: FloatArray, other_v: FloatArray, slack: float) -> float:
    """Return how far at most ``v`` is from all that the other shows within ``slack`` [s] of the same time."""
    around = np.linspace(-slack, slack, 41)
    shown = np.interp(t[:, None] + around[None, :], other_t, other_v)
    return float(np.maximum(v - shown.max(axis=1), shown.min(axis=1) - v).max(initial=0.0))
