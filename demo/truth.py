"""What the witness says of the very events that a result was extracted from."""

import tomllib
from collections.abc import Callable
from importlib import resources
from typing import TYPE_CHECKING

import numpy as np

from tsbench.records import FloatArray, Result, Run

if TYPE_CHECKING:
    from tsbench.simulated_backends.witness.log import WitnessedRelaxation, WitnessLog

Truth = Callable[[Result, Run, "WitnessLog"], float | None]

#: [s] after a pulse in which it may still be the pulse that switched the device on
_AFTER_PULSE = 2e-3
#: [s] in which a generator has sent the first pulse of a train after the time that the run gives it
_TRIGGER = 5e-3
#: events whose edges are tried for that time
_TRIED = 10


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
    begin, end = _half_sweep(result, run)
    first = witness.first_switching_on(begin, end)
    if first and first.polarity != _polarity(result):   # of the half-sweep before, which ends where this one begins
        first = witness.first_switching_on(float(np.nextafter(first.time, end)), end)
    return first.polarity * first.threshold if first and first.polarity == _polarity(result) else None


def _hold(result: Result, run: Run, witness: "WitnessLog") -> float | None:
    last = witness.last_switching_off(*_half_sweep(result, run))
    return last.polarity * last.hold if last and last.polarity == _polarity(result) else None


def _polarity(result: Result) -> int:
    return 1 if result.conditions.get("polarity", "+") == "+" else -1


def _half_sweep(result: Result, run: Run) -> tuple[float, float]:
    """Return begin and end [s] of the half-sweep of a sweep that a result belongs to."""
    mine = (run.column("cycle") == result.conditions.get("cycle", 1)) & (run.column("polarity") == _polarity(result))
    times = run.column("time")
    step = float(np.median(np.diff(times)))
    return float(times[mine].min()) - step, float(times[mine].max())


def _delay(result: Result, run: Run, witness: "WitnessLog") -> float | None:
    found = true_delays(result, run, witness)
    return float(np.mean(found)) if found else None


def true_delays(result: Result, run: Run, witness: "WitnessLog") -> list[float]:
    """Return the delays [s] of the pulses of the result's amplitude that fired, each by its first switching on."""
    mine = run.column("amplitude") == result.conditions["amplitude"]
    starts, widths, gaps = (run.column(name)[mine] for name in ("time", "width", "gap"))
    if "pair" in {column.name for column in run.header.columns}:   # first pulses, each triggered on its own
        until_second = widths + np.minimum(gaps, _AFTER_PULSE)
        found = _delays(starts, until_second, until_second, witness)
    else:
        found = []
        for train in np.split(np.arange(starts.size), np.flatnonzero(gaps[1:] == 0) + 1):
            last = np.append(np.minimum(np.diff(starts[train]), widths[train][:-1] + _AFTER_PULSE),
                             widths[train][-1] + _AFTER_PULSE)
            found += _delays(starts[train], widths[train], last, witness)
    return found


def _delays(starts: FloatArray, widths: FloatArray, last: FloatArray, witness: "WitnessLog") -> list[float]:
    """Return the delays [s] of pulses that follow each other, by the first switching on of each that fired.

    The times of a run are those of the messages: the first pulse comes up to :data:`_TRIGGER` later, the others as far
    after it as their times say. The shift that explains most events is taken. An event belongs to the pulse in which it
    happened, ``last`` [s] after its edge at most. The edge that the witness names may be that of an earlier pulse that
    was higher and did not fire. Then the edge is where those of the other pulses tell.
    """
    events = [event for event in witness.switching_on(starts[0], starts[-1] + widths[-1] + _TRIGGER)
              if event.time_half is not None]
    times, edges = (np.array([getattr(event, name) for event in events], float) for name in ("time", "time_half"))
    best, most = list[float](), 0
    for shift in _shifts(edges, starts):
        begins = starts + shift
        pulse = np.searchsorted(begins - 0.5 * widths, times, side="right") - 1
        inside = (pulse >= 0) & (times <= begins[pulse] + last[pulse])
        mine, first = np.unique(pulse[inside], return_index=True)
        time, edge = times[inside][first], edges[inside][first]
        own = np.abs(edge - begins[mine]) < 0.5 * widths[mine]
        if own.sum() > most:
            moved = np.interp(starts[mine], starts[mine][own], (edge - starts[mine])[own])
            best, most = (time - np.where(own, edge, starts[mine] + moved)).tolist(), int(own.sum())
    return best


def _shifts(edges: FloatArray, starts: FloatArray) -> list[float]:
    """Return by how much [s] the pulses may have come up after their times, by the edges of the first events."""
    return [shift for edge in edges[:_TRIED]
            for shift in (edge - starts[(starts <= edge) & (starts >= edge - _TRIGGER)]).tolist()]


def _frequency(result: Result, run: Run, witness: "WitnessLog") -> float | None:
    record = next(w for w in run.waveforms if w.conditions.get("bias") == result.conditions["bias"])
    begin, length = record.time + record.t0, record.dt * record.codes.shape[1]
    # the time of a record is that of the messages; where the frequency drifts, the very record counts
    return witness.frequency(*(witness.acquired(record.time, record.t0, length) or (begin, begin + length)))


def _relaxation(result: Result, run: Run, witness: "WitnessLog") -> float | None:
    """Return the median over the pulses of the amplitude, each at the level measured: the conductance it stands for.

    None where the witness does not know it of as many pulses as the result has.
    """
    resistance = run.header.fixture.path_resistance["pulser"]
    amplitude = result.conditions["amplitude"]
    levels = [
        r.conditions["level"] for r in run.results
        if r.quantity == "relaxation_time" and r.conditions.get("amplitude") == amplitude and "level" in r.conditions]
    starts = run.column("time")
    ends = np.append(starts[1:], np.inf)
    mine = run.column("amplitude") == amplitude
    relaxed = witness.relaxations()
    events = [event for start, end in zip(starts[mine], ends[mine], strict=True)
              for event in relaxed if event.edge is not None and start < event.edge < end]
    if not levels or len(events) != len(levels):
        return None
    times = [_time_to(event, level, resistance) for event, level in zip(events, levels, strict=True)]
    known = [time for time in times if time is not None]
    return float(np.median(known)) if len(known) == len(times) else None


def _time_to(event: "WitnessedRelaxation", level: float, resistance: float) -> float | None:
    """Return after which time [s] the current stays below ``level`` [A]; the source is behind ``resistance`` [Ohm]."""
    voltage = event.read_voltage(resistance)
    return None if voltage is None else event.until(level / (voltage - level * resistance))


def _refractory(result: Result, run: Run, witness: "WitnessLog") -> float | None:
    """Return what 10^4 simulated pairs gave: a property of the device and its circuit, not of the events of one run."""
    text = resources.files("tsbench.examples").joinpath("ag_sio2.truth.toml").read_text(encoding="utf-8")
    return float(tomllib.loads(text)["refractory_period"]["value"])


_TRUTHS: dict[str, Truth] = {
    "threshold_voltage": _threshold, "hold_voltage": _hold, "switching_delay": _delay, "frequency": _frequency,
    "relaxation_time": _relaxation, "refractory_period": _refractory,
}
