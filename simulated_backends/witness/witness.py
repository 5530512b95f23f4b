"""The true course of a simulated bench, recorded independently of the instruments: one JSON line per fact, at once.

Each line is one unbuffered write to a file opened for appending, so that everything up to the last instant
survives the death of the process. ``tsbench.simulated_backends.witness.log`` reads it. Kinds of records
(times in s of bench time, SI units; ``w`` is the session, since several benches may write to one file):

``start``      world file, seed, devices with their static folds, instruments
``output``     a relay: instrument, channel, on; ``wall``: the computer's time [s since 1970]
``device``     which device is connected
``changed``    the connected device has changed its state: state (good, stuck or worn), cycles so far
``on``         switching on: t (steepest rise of the device current; of a stochastic device, whose current has no
               slope, where it first passes half of what it reaches within 50 us), polarity, threshold (highest terminal
               voltage before it), current there, t_half (last upward crossing of half way from where the voltage
               stood to that), slope [A/s]
``off``        switching off: t, hold (lowest terminal voltage before it on the way down, from where the limit of a
               source meter has let go), current, duration, charge and energy since switching on, highest current and
               power
``relaxed``    a filament has dissolved: t (conductance below that of off), t_edge (last time before at which the
               current fell through half of the event's highest), duration between them, and ``levels``: pairs
               [conductance S, time from which it stayed below]; only for devices whose states set the conductance
``repeat``     ``count`` periods of ``period`` s that were skipped, from t on; ``events`` of the first of them (periods
               without an event are skipped without a record)
``left_out``   what happened from t to ``until`` was not computed, for this ``reason``: nothing is known of it
``overshoot``  the device current was above a source meter's compliance: t, duration, peak, charge above it,
               limit
``maxima``     highest voltage, current and power so far, per device
``fault``      a planned fault happened: fault (its kind), hit (instrument) and number of the message, details
``end``        the bench was switched off; ``outputs`` as they were
"""

import json
import os
import re
import time as wall_clock
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from tsbench.errors import ConfigurationError
from tsbench.simulated_backends.circuit.engine import FloatArray, Gap, Repetition, Segment, Trajectory
from tsbench.simulated_backends.devices.model import DeviceModel
from tsbench.simulated_backends.devices.switching_levels import levels_of, static_folds
from tsbench.simulated_backends.services.regulation import NEAR, Regulation
from tsbench.simulated_backends.witness.events import SwitchingDetector, samples
from tsbench.simulated_backends.witness.overshoot import OvershootDetector
from tsbench.simulated_backends.witness.relaxation import RelaxationDetector

LONGEST_QUIET = 1000  #: samples kept unexamined while nothing happens


_BEGINNING = re.compile(rb'\{"w":"[0-9a-f]{8}","kind":"')


def _opened(path: Path) -> int:
    """Open a file to append to: a new one, an empty one, or one that begins as a witness's; ConfigurationError else."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
        if path.exists():
            if not path.is_file():
                raise ConfigurationError(f"the witness cannot write to {path}: it is no regular file")
            with path.open("rb") as file:
                head = file.read(64)
            if head and not _BEGINNING.match(head):
                raise ConfigurationError(
                    f"the witness does not write to {path}: that file holds something else; name another under "
                    "[witness] file in the world file"
                )
        return os.open(path, flags, 0o644)
    except OSError as error:
        raise ConfigurationError(f"the witness cannot write to {path}: {error.strerror or error}") from None


class WitnessFile:
    """Appends records."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.session = uuid.uuid4().hex[:8]
        self._descriptor: int | None = None
        if path is not None:
            self._descriptor = _opened(path)

    def write(self, record: Mapping[str, Any]) -> None:
        """Write one record, now."""
        if self._descriptor is not None:
            line = json.dumps({"w": self.session, **record}, separators=(",", ":"), default=float)
            os.write(self._descriptor, line.encode() + b"\n")

    def close(self) -> None:
        """Close the file."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


class Witness:
    """Observer of the circuit and of the outputs.

    Parameters
    ----------
    path : Path or None
        File to append to; None: nothing is written.
    nodes : (str, str) or None
        The two nodes of the device's place.
    element : str
        Name of the device element.
    """

    def __init__(self, path: Path | None, nodes: tuple[str, str] | None, element: str) -> None:
        self._file = WitnessFile(path)
        self._nodes = nodes
        self._element = element
        self._device = ""
        self._mechanism: str | None = None   # of its model
        self._capture: list[dict[str, Any]] | None = None
        self._switching = SwitchingDetector(None, self._event)
        self._relaxation: RelaxationDetector | None = None
        self._model: DeviceModel | None = None
        self._overshoot = OvershootDetector(self._event)
        self._outputs: dict[str, bool] = {}
        self._regulations: dict[str, Regulation] = {}
        self._near: dict[str, bool] = {}  #: by instrument: whether its limit may set the voltage of the next sample
        self._maxima = {"voltage": 0.0, "current": 0.0, "power": 0.0}
        self._told = dict(self._maxima)
        self._eventless: tuple[Trajectory, tuple[float, ...]] | None = None   # a period last looked at, what it adds
        self._quiet: list[tuple[FloatArray, ...]] = []  #: samples without an event, not yet seen
        self._quiet_size = 0

    # ----------------------------------------------------------------------------------------- facts

    def start(
        self, world: str, seed: int, devices: Mapping[str, DeviceModel], instruments: Mapping[str, str]
    ) -> None:
        """Record what this bench is: world file, seed, models of the devices and of the instruments by name."""
        self._file.write(
            {
                "kind": "start",
                "t": 0.0,
                "world": world,
                "seed": seed,
                "process": os.getpid(),
                "wall": datetime.now(UTC).isoformat(),
                "instruments": dict(instruments),
                "devices": {name: _facts(model) for name, model in devices.items()},
            }
        )

    def connected(self, device: str, model: DeviceModel, time: float) -> None:
        """Note that another device is in the place; the circuit is integrated up to ``time`` [s]."""
        self._look_at(device, model, time)
        self._file.write({"kind": "device", "t": time, "device": device})

    def now(self, model: DeviceModel) -> None:
        """Note that the device in the place has other parameters from now on."""
        if self._model is not None and model.mechanism == self._mechanism:
            self._model = model

    def changed(self, device: str, model: DeviceModel, state: str, cycles: int, time: float) -> None:
        """Note that the device in the place was formed, has worn out, stays on or works again, after ``cycles``."""
        if model.mechanism != self._mechanism:   # else it goes on, in the middle of switching where it is just formed
            self._look_at(device, model, time)
        self._file.write({"kind": "changed", "t": time, "device": device, "state": state, "cycles": cycles})

    def _look_at(self, device: str, model: DeviceModel, time: float) -> None:
        self._eventless = None
        self._catch_up()
        self._finish()
        self._tell_maxima(time)
        self._device, self._mechanism = device, model.mechanism
        levels = levels_of(model) if self._nodes else None
        self._switching = SwitchingDetector(levels, self._event)
        self._model = model if levels is not None and model.switching_conductances() is not None else None
        self._relaxation = RelaxationDetector(levels, self._event) if self._model and levels else None
        self._maxima = dict.fromkeys(self._maxima, 0.0)
        self._told = dict(self._maxima)

    def output(self, instrument: str, channel: str, enabled: bool, time: float) -> None:
        """Record that an output relay was set at ``time`` [s]; ``channel`` is "" for an instrument with one output."""
        self._outputs[f"{instrument}.{channel}" if channel else instrument] = enabled
        self._tell_maxima(time)
        self._file.write(
            {"kind": "output", "t": time, "instrument": instrument, "channel": channel, "on": enabled,
             "wall": round(wall_clock.time(), 6)}
        )

    def outputs_on(self) -> list[str]:
        """Return the outputs whose relay is closed."""
        return [name for name, enabled in self._outputs.items() if enabled]

    def compliance(self, instrument: str, regulation: Regulation | None, time: float) -> None:
        """Note that a source meter limits its current from ``time`` [s] on as ``regulation`` says (None: no limit)."""
        if regulation is None:
            self._regulations.pop(instrument, None)
            self._near.pop(instrument, None)
        else:
            self._regulations[instrument] = regulation
        limits = {name: one.limit for name, one in self._regulations.items()}
        source = min(limits, key=lambda name: limits[name], default="")
        self._eventless = None
        self._overshoot.set_limit(source, limits.get(source), time)

    def _limited(self, trajectory: Trajectory, times: FloatArray, current: FloatArray) -> FloatArray:
        """Return 1 at samples where a source meter's limit, and not its set-point, sets the voltage; else 0."""
        limited = np.zeros(times.shape)
        for name, regulation in self._regulations.items():
            before = self._near.get(name, False)
            if before or float(np.abs(current).max()) >= NEAR * regulation.limit:
                here, self._near[name] = regulation.limiting(
                    trajectory.voltage(regulation.node, times), current, before)
                limited = np.maximum(limited, here)
        return limited

    def fault(self, facts: Mapping[str, Any], time: float) -> None:
        """Record that a planned fault has happened."""
        self._file.write({"kind": "fault", "t": time, **facts})

    def end(self, time: float) -> None:
        """Record that the bench is switched off, and close the file."""
        self._catch_up()
        self._finish()
        self._tell_maxima(time)
        self._file.write({"kind": "end", "t": time, "outputs": self._outputs})
        self._file.close()

    # --------------------------------------------------------------------------------------- observer

    def observe(self, segment: Segment) -> None:
        """Take one segment of the circuit's course."""
        if isinstance(segment, Gap):
            self._see_nothing(segment)
        elif self._nodes is None:
            return
        elif isinstance(segment, Repetition):
            self._see_repetition(segment)
        else:
            self._see(segment, 0.0)

    def _see(self, trajectory: Trajectory, shift: float) -> None:
        assert self._nodes is not None
        times = samples(trajectory)
        first, second = self._nodes
        voltage = trajectory.voltage(first, times)
        if second != "0":
            voltage = voltage - trajectory.voltage(second, times)
        current = trajectory.current(self._element, times)
        self._note_maxima(trajectory, times, voltage, current)
        limited = self._limited(trajectory, times, current)
        if shift:
            times = times + shift
        self._overshoot.see(times, current)
        looked: tuple[FloatArray, ...] = (times, voltage, current, limited)
        if self._model is not None:
            looked = (*looked, self._conductance(self._model, trajectory, times - shift))
        if self._quiet and times[0] <= self._quiet[-1][0][-1]:  # the seam of two segments, once
            looked = tuple(values[1:] for values in looked)
        self._quiet.append(looked)
        self._quiet_size += times.size
        if self._quiet_size > LONGEST_QUIET or not self._switching.is_quiet(*looked[1:3], *looked[4:]):
            self._catch_up()

    def _note_maxima(
        self, trajectory: Trajectory, times: FloatArray, voltage: FloatArray, current: FloatArray
    ) -> None:
        """Raise the maxima; a peak between samples that may be higher is looked at closely."""
        seen = {"voltage": np.abs(voltage), "current": np.abs(current), "power": np.abs(voltage * current)}
        for name, values in seen.items():
            top = int(np.argmax(values))
            self._maxima[name] = max(self._maxima[name], float(values[top]))
            if not 0 < top < times.size - 1 or _peak(times, values, top) <= self._maxima[name]:
                continue
            close = np.linspace(times[top - 1], times[top + 1], 65)
            finer = self._seen_there(trajectory, close)[name]
            self._maxima[name] = max(self._maxima[name], _peak(close, finer, int(np.argmax(finer))))

    def _seen_there(self, trajectory: Trajectory, times: FloatArray) -> dict[str, FloatArray]:
        assert self._nodes is not None
        first, second = self._nodes
        voltage = np.abs(trajectory.voltage(first, times) - (
            trajectory.voltage(second, times) if second != "0" else 0.0))
        current = np.abs(trajectory.current(self._element, times))
        return {"voltage": voltage, "current": current, "power": voltage * current}

    def _catch_up(self) -> None:
        """Show the detectors the samples kept so far: many short segments cost more than one long one."""
        if self._quiet:
            looked = [np.concatenate(parts) for parts in zip(*self._quiet, strict=True)]
            self._quiet, self._quiet_size = [], 0
            self._switching.see(*looked)
            if self._relaxation is not None:
                self._relaxation.see(looked[0], looked[2], looked[4])

    def _conductance(self, model: DeviceModel, trajectory: Trajectory, times: FloatArray) -> FloatArray:
        """Return the device's conductance from its states [S]."""
        states = [trajectory.state(self._element, k, times) for k in range(len(model.states))]
        found = model.conductance(np.array(states))
        assert found is not None
        return found

    def _finish(self) -> None:
        self._switching.finish()
        if self._relaxation is not None:
            self._relaxation.finish()

    def _see_repetition(self, repetition: Repetition) -> None:
        """Look at one period, write its events once with the number of copies."""
        self._catch_up()
        if self._eventless is not None and self._eventless[0] is repetition.period:
            self._pass(repetition.count * repetition.length, repetition.count, self._eventless[1])
            return
        before = (*self._switching.sums, *self._overshoot.sums)
        self._capture = []
        try:
            self._see(repetition.period, repetition.start - repetition.period.start)
            self._catch_up()
        finally:
            events, self._capture = self._capture, None
        rest = (repetition.count - 1) * repetition.length
        if not events:
            added = tuple(a - b for a, b in zip(
                (*self._switching.sums, *self._overshoot.sums), before, strict=True))
            self._pass(rest, repetition.count - 1, added)
            self._eventless = (repetition.period, added)
            return
        self._eventless = None
        self._switching.shift(rest)
        self._overshoot.shift(rest)
        self._file.write(
            {
                "kind": "repeat",
                "t": repetition.start,
                "count": repetition.count,
                "period": repetition.length,
                "device": self._device,
                "events": events,
            }
        )

    def _pass(self, seconds: float, copies: int, added: tuple[float, ...]) -> None:
        """Pass over copies of a period without an event; each adds ``added`` to the sums of what is going on.

        ``seconds`` [s] is their length; ``added`` are charge [C] and energy [J] of a device that is on, and charge [C]
        above a limit.
        """
        self._switching.shift(seconds, copies, *added[:2])
        self._overshoot.shift(seconds, copies, *added[2:])

    def _see_nothing(self, gap: Gap) -> None:
        """Record a stretch that was not computed."""
        self._catch_up()
        self._eventless = None
        self._switching.shift(gap.end - gap.start)
        self._overshoot.shift(gap.end - gap.start)
        self._file.write({"kind": "left_out", "t": gap.start, "until": gap.end, "reason": gap.reason})

    # ---------------------------------------------------------------------------------------- writing

    def _event(self, record: dict[str, Any]) -> None:
        if self._capture is not None:
            self._capture.append(record)
            return
        self._file.write({**record, "device": self._device})

    def _tell_maxima(self, time: float) -> None:
        if self._device and self._maxima != self._told:
            self._told = dict(self._maxima)
            self._file.write({"kind": "maxima", "t": time, "device": self._device, **self._maxima})


def _peak(times: FloatArray, values: FloatArray, top: int) -> float:
    """Return the height of the parabola through three samples, the middle one the highest."""
    if not 0 < top < times.size - 1:
        return float(values[top])
    h, k = times[top] - times[top - 1], times[top + 1] - times[top]
    if not (h > 0 and k > 0):
        return float(values[top])
    rise, fall = (values[top] - values[top - 1]) / h, (values[top + 1] - values[top]) / k
    curvature = (fall - rise) / (h + k)
    slope = (rise * k + fall * h) / (h + k)
    return float(values[top] - (0.25 * slope**2 / curvature if curvature < 0 else 0.0))


def _facts(model: DeviceModel) -> dict[str, Any]:
    facts: dict[str, Any] = {"mechanism": model.mechanism}
    points = static_folds(model)
    for name, fold in (("threshold", points.threshold), ("hold", points.hold)):
        if fold is not None:
            facts[name] = {"voltage": fold.voltage, "current": fold.current}
    return facts
