"""What the witness says of the very events that a result was extracted from."""

import tomllib
from collections.abc import Callable
from importlib import resources
from typing import TYPE_CHECKING

import numpy as np

from tsbench.records import Result, Run

if TYPE_CHECKING:
    from tsbench.simulated_backends.witness_log import WitnessLog

Truth = Callable[[Result, Run, "WitnessLog"], float | None]

#: [s] after a pulse in which it may still be the pulse that switched the device on
_AFTER_PULSE = 2e-3


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
    mine = [event.threshold for event in witness.switching_on(*_half_cycle(result, run))]
    return mine[0] if mine else None


def _hold(result: Result, run: Run, witness: "WitnessLog") -> float | None:
    mine = [event.hold for event in witness.switching_off(*_half_cycle(result, run))]
    return mine[-1] if mine else None


def _half_cycle(result: Result, run: Run) -> tuple[float, float]:
    """Return begin and end [s] of the half-cycle of a sweep that a result belongs to."""
    polarity = 1.0 if result.conditions.get("polarity", "+") == "+" else -1.0
    mine = (run.column("cycle") == result.conditions.get("cycle", 1)) & (run.column("polarity") == polarity)
    times = run.column("time")
    step = float(np.median(np.diff(times)))
    return float(times[mine].min()) - step, float(times[mine].max())


def _delay(result: Result, run: Run, witness: "WitnessLog") -> float | None:
    if "gap" not in {column.name for column in run.header.columns}:
        return _train_delay(result, witness)
    times = run.column("time")
    last = times + run.column("width") + np.minimum(run.column("gap"), _AFTER_PULSE)
    on = [(event.time, event.delay) for event in witness.switching_on() if event.delay is not None]
    found: list[float] = []
    for start, end in zip(times, last, strict=True):
        mine = [delay for time, delay in on if start < time < end]
        found += mine[:1]
    return float(np.mean(found)) if found else None


def _train_delay(result: Result, witness: "WitnessLog") -> float | None:
    # probe pulses come first, then the recorded ones, in order
    pulses = int(result.conditions["pulses"])
    delays = [event.delay for event in witness.switching_on() if event.delay is not None][-pulses:]
    return sum(delays) / len(delays) if len(delays) == pulses else None


def _frequency(result: Result, run: Run, witness: "WitnessLog") -> float | None:
    record = next(w for w in run.waveforms if w.conditions.get("bias") == result.conditions["bias"])
    span = record.dt * record.codes.shape[1]
    return witness.frequency(record.time - span, record.time + span)


def _relaxation(result: Result, run: Run, witness: "WitnessLog") -> float | None:
    """Return the median over the pulses, at the level that was measured: the conductance it stands for."""
    base = float(run.header.parameters["base"]["value"])
    resistance = run.header.fixture.path_resistance["pulser"]
    levels = [r.conditions["level"] for r in run.results if r.quantity == "relaxation_time" and "level" in r.conditions]
    if not levels:
        return None
    level = float(np.median(levels))
    times = [event.until(level / (base - level * resistance)) for event in witness.relaxations()]
    known = [time for time in times if time is not None]
    return float(np.median(known)) if known else None


def _refractory(result: Result, run: Run, witness: "WitnessLog") -> float | None:
    """Return what 10^4 simulated pairs gave: a property of the device and its circuit, not of the events of one run."""
    text = resources.files("tsbench.examples").joinpath("ag_sio2.truth.toml").read_text(encoding="utf-8")
    return float(tomllib.loads(text)["refractory_period"]["value"])


_TRUTHS: dict[str, Truth] = {
    "threshold_voltage": _threshold, "hold_voltage": _hold, "switching_delay": _delay, "frequency": _frequency,
    "relaxation_time": _relaxation, "refractory_period": _refractory,
}
