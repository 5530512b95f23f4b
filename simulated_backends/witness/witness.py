"""The witness: records the true voltages and currents of a simulated bench, independently of the instruments.

``witness_file`` has the kinds of records.
"""

import os
import time as wall_clock
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from tsbench.records import FloatArray
from tsbench.simulated_backends.circuit.engine import Gap, Repetition, Segment, Trajectory
from tsbench.simulated_backends.devices.model import DeviceModel
from tsbench.simulated_backends.devices.switching_levels import levels_of, static_folds
from tsbench.simulated_backends.services.regulation import NEAR, Regulation
from tsbench.simulated_backends.witness.events import SwitchingDetector
from tsbench.simulated_backends.witness.overshoot import OvershootDetector
from tsbench.simulated_backends.witness.relaxation import RelaxationDetector
from tsbench.simulated_backends.witness.witness_file import WitnessFile

LONGEST_QUIET = 1000  #: samples kept unexamined while nothing happens
SUBSTEPS = np.array([0.0, 0.25, 0.5, 0.75])


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
        if (source, limits.get(source)) != (self._overshoot.source, self._overshoot.limit):
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
        times = _samples(trajectory)
        first, second = self._nodes
        voltage = trajectory.voltage(first, times)
        if second != "0":
            voltage = voltage - trajectory.voltage(second, times)
        current = trajectory.current(self._element, times)
        self._note_maxima(trajectory, times, voltage, current)
        limited = self._limited(trajectory, times, current)
        if shift:
            times = times + shift
        looked: tuple[FloatArray, ...] = (times, voltage, current, limited)
        if self._model is not None:
            looked = (*looked, self._conductance(self._model, trajectory, times - shift))
        if self._quiet and times[0] <= self._quiet[-1][0][-1]:  # the seam of two segments, once
            looked = tuple(values[1:] for values in looked)
        self._quiet.append(looked)
        self._quiet_size += times.size
        if self._overshoot.since is not None or float(np.abs(current).max()) > self._overshoot.bound:
            self._overshoot.see(times, current)
        switches = self._switching.levels is not None and not self._switching.is_quiet(*looked[1:3], *looked[4:])
        if switches or self._quiet_size > LONGEST_QUIET:
            self._catch_up()

    def _note_maxima(
        self, trajectory: Trajectory, times: FloatArray, voltage: FloatArray, current: FloatArray
    ) -> None:
        """Raise the maxima; a peak between samples that may be higher is looked at closely."""
        seen = {"voltage": np.abs(voltage), "current": np.abs(current), "power": np.abs(voltage * current)}
        closely: dict[int, tuple[FloatArray, dict[str, FloatArray]]] = {}   # by the sample that is highest
        for name, values in seen.items():
            top = int(np.argmax(values))
            self._maxima[name] = max(self._maxima[name], float(values[top]))
            if not 0 < top < times.size - 1 or _peak(times, values, top) <= self._maxima[name]:
                continue
            if top not in closely:
                close = np.linspace(times[top - 1], times[top + 1], 65)
                closely[top] = close, self._seen_there(trajectory, close)
            close, finer = closely[top][0], closely[top][1][name]
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


def _samples(trajectory: Trajectory) -> FloatArray:
    """Return the instants at which a trajectory is looked at: the ends of its steps and three within each."""
    edges = np.asarray(trajectory.times)
    fine = (edges[:-1, None] + np.diff(edges)[:, None] * SUBSTEPS).reshape(-1)
    return np.append(fine, edges[-1])


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
