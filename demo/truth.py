"""What the witness says of the very events that a result was extracted from."""

import tomllib
from collections.abc import Callable
from importlib import resources
from typing import TYPE_CHECKING

import numpy as np

from tsbench.records import FloatArray, Result, Run

if TYPE_CHECKING:
    from tsbench.simulated_backends.witness.log import WitnessLog

Truth = Callable[[Result, Run, "WitnessLog"], float | None]

#: [s] after a pulse in which it may still be the pulse that switched the device on
_AFTER_PULSE = 2e-3
#: [s] in which a generator has sent the first pulse of a train after the time that the run gives it
_TRIGGER = 5e-3


def true_value(quantity: str, result: Result, run: Run, witness: "WitnessLog") -> float | None:
    """Return the true value of a demo row, None where the witness saw no such event.

    Parameters
    ----------
    quantity : the demo row's name
    result : what was extracted
    run : the run it was extracted from
    witness : what the bench of that run wrote on its own
    """
    return _TRUTHS[quantity](result, run, witness)


def _threshold(result: Result, run: Run, witness: "WitnessLog") -> float | None:
    mine = [event.polarity * event.threshold for event in witness.switching_on(*_half_sweep(result, run))]
    return mine[0] if mine else None


def _hold(result: Result, run: Run, witness: "WitnessLog") -> float | None:
    mine = [event.polarity * event.hold for event in witness.switching_off(*_half_sweep(result, run))]
    return mine[-1] if mine else None


def _half_sweep(result: Result, run: Run) -> tuple[float, float]:
    """Return begin and end [s] of the half-sweep of a sweep that a result belongs to."""
    polarity = 1.0 if result.conditions.get("polarity", "+") == "+" else -1.0
    mine = (run.column("cycle") == result.conditions.get("cycle", 1)) & (run.column("polarity") == polarity)
    times = run.column("time")
    step = float(np.median(np.diff(times)))
    return float(times[mine].min()) - step, float(times[mine].max())


def _delay(result: Result, run: Run, witness: "WitnessLog") -> float | None:
    """Return the mean over the pulses of the result's amplitude, each by its first switching on."""
    mine = run.column("amplitude") == result.conditions["amplitude"]
    starts, widths, gaps = (run.column(name)[mine] for name in ("time", "width", "gap"))
    found: list[float] = []
    if "pair" in {column.name for column in run.header.columns}:   # first pulses, each triggered on its own
        for start, width, gap in zip(starts, widths, gaps, strict=True):
            found += _delays(np.array([start]), np.array([width + min(gap, _AFTER_PULSE)]), witness)
    else:
        for train in np.split(np.arange(starts.size), np.flatnonzero(gaps[1:] == 0) + 1):
            found += _delays(starts[train], widths[train], witness)
    return float(np.mean(found)) if found else None


def _delays(starts: FloatArray, widths: FloatArray, witness: "WitnessLog") -> list[float]:
    """Return the delays [s] of pulses that one trigger sent, by the first switching on of each that fired.

    The times of a run are those of the messages: the first pulse comes up to :data:`_TRIGGER` later, the others as far
    after it as their times say. The shift that explains most events is taken.
    """
    events = [
        (event.time_half, event.delay) for event in witness.switching_on(starts[0], starts[-1] + widths[-1] + _TRIGGER)
        if event.time_half is not None and event.delay is not None]
    if not events:
        return []
    edges, delays = np.array(events).T
    best: list[float] = []
    for shift in edges[0] - starts[(starts <= edges[0]) & (starts >= edges[0] - _TRIGGER)]:
        first = np.searchsorted(edges, starts + shift - 0.5 * widths)
        known = np.minimum(first, edges.size - 1)
        mine = (first < edges.size) & (np.abs(edges[known] - starts - shift) < 0.5 * widths)
        best = delays[known[mine]].tolist() if mine.sum() > len(best) else best
    return best


def _frequency(result: Result, run: Run, witness: "WitnessLog") -> float | None:
    record = next(w for w in run.waveforms if w.conditions.get("bias") == result.conditions["bias"])
    begin, length = record.time + record.t0, record.dt * record.codes.shape[1]
    # the time of a record is that of the messages; where the frequency drifts, the very record counts
    return witness.frequency(*(witness.acquired(record.time, record.t0, length) or (begin, begin + length)))


def _relaxation(result: Result, run: Run, witness: "WitnessLog") -> float | None:
    """Return the median over the pulses of the amplitude, at the level measured: the conductance it stands for."""
    base = float(run.header.parameters["base"]["value"])
    resistance = run.header.fixture.path_resistance["pulser"]
    amplitude = result.conditions["amplitude"]
    levels = [
        r.conditions["level"] for r in run.results
        if r.quantity == "relaxation_time" and r.conditions.get("amplitude") == amplitude and "level" in r.conditions]
    if not levels:
        return None
    level = float(np.median(levels))
    starts = run.column("time")
    ends = np.append(starts[1:], np.inf)
    mine = run.column("amplitude") == amplitude
    known = [
        time for start, end in zip(starts[mine], ends[mine], strict=True)
        for event in witness.relaxations() if event.edge is not None and start < event.edge < end
        if (time := event.until(level / (base - level * resistance))) is not None]
    return float(np.median(known)) if known else None


def _refractory(result: Result, run: Run, witness: "WitnessLog") -> float | None:
    """Return what 10^4 simulated pairs gave: a property of the device and its circuit, not of the events of one run."""
    text = resources.files("tsbench.examples").joinpath("ag_sio2.truth.toml").read_text(encoding="utf-8")
    return float(tomllib.loads(text)["refractory_period"]["value"])


_TRUTHS: dict[str, Truth] = {
    "threshold_voltage": _threshold, "hold_voltage": _hold, "switching_delay": _delay, "frequency": _frequency,
    "relaxation_time": _relaxation, "refractory_period": _refractory,
}
