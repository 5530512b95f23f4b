"""What the witness sees of one place: the voltage and current of the device that is there, and what they mean."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tsbench.records import FloatArray
from tsbench.simulated_backends.circuit.engine import Gap, Repetition, Segment, Trajectory
from tsbench.simulated_backends.devices.model import DeviceModel
from tsbench.simulated_backends.devices.switching_levels import levels_of
from tsbench.simulated_backends.services.regulation import NEAR, Regulation
from tsbench.simulated_backends.witness.events import SwitchingDetector
from tsbench.simulated_backends.witness.overshoot import OvershootDetector
from tsbench.simulated_backends.witness.relaxation import RelaxationDetector

LONGEST_QUIET = 1000  #: samples kept unexamined while nothing happens
SUBSTEPS = np.array([0.0, 0.25, 0.5, 0.75])
ONE_STEP = np.append(SUBSTEPS, 1.0)


@dataclass
class Exposure:
    """What a device has seen since an instant: highest magnitudes, and the energy that it took."""

    since: float = 0.0  #: [s]
    voltage: float = 0.0  #: [V]
    current: float = 0.0  #: [A]
    power: float = 0.0  #: [W]
    energy: float = 0.0  #: [J]

    def add(self, times: FloatArray, voltage: FloatArray, current: FloatArray) -> None:
        """Take samples: [s], [V], [A], shape (n,)."""
        power = np.abs(voltage * current)
        self.voltage = max(self.voltage, float(np.abs(voltage).max()))
        self.current = max(self.current, float(np.abs(current).max()))
        self.power = max(self.power, float(power.max()))
        self.energy += float(np.diff(times) @ (0.5 * (power[1:] + power[:-1])))


class Regulations:
    """How source meters limit their currents now, by name, and the places that must know of a change."""

    def __init__(self) -> None:
        self.now: dict[str, Regulation] = {}
        self.places: list[WitnessedPlace] = []

    def note(self, instrument: str, regulation: Regulation | None, time: float) -> None:
        """Note that a source meter limits its current from ``time`` [s] on as ``regulation`` says (None: no limit)."""
        if regulation is None:
            self.now.pop(instrument, None)
        else:
            self.now[instrument] = regulation
        for place in self.places:
            place.limits_changed(instrument, time)


class WitnessedPlace:
    """Follows the device in one place; ``write`` takes the records.

    Parameters
    ----------
    element : str
        Name of the device element.
    nodes : (str, str)
        Its two nodes.
    write : callable
        Takes each record.
    regulations : mapping
        What each source meter regulates, by its name. The witness changes it.
    exposed : bool
        Whether to keep what the device is exposed to from one change of relays to the next (:meth:`tell_exposure`).
    """

    def __init__(
        self, element: str, nodes: tuple[str, str], write: Callable[[Mapping[str, Any]], None],
        regulations: "Regulations", exposed: bool = False, tells_gaps: bool = True,
    ) -> None:
        self.element, self.nodes = element, nodes
        self._write, self._regulations = write, regulations.now
        self._tells_gaps = tells_gaps
        self.device = ""
        self._mechanism: str | None = None   # of its model
        self._capture: list[dict[str, Any]] | None = None
        self._switching = SwitchingDetector(None, self._event)
        self._relaxation: RelaxationDetector | None = None
        self.model: DeviceModel | None = None   #: whose states set the conductance; None: of no such device
        self._overshoot = OvershootDetector(self._event)
        self._near: dict[str, bool] = {}  #: by instrument: whether its limit may set the voltage of the next sample
        self._maxima = {"voltage": 0.0, "current": 0.0, "power": 0.0}
        self._told = dict(self._maxima)
        self._eventless: tuple[Trajectory, tuple[float, ...]] | None = None   # a period last looked at, what it adds
        self._quiet: list[tuple[FloatArray, ...]] = []  #: samples without an event, not yet seen
        self._quiet_size = 0
        self._exposure = Exposure() if exposed else None

    # ----------------------------------------------------------------------------------------- facts

    def now(self, model: DeviceModel) -> None:
        """Note that the device has other parameters from now on."""
        if self.model is not None and model.mechanism == self._mechanism:
            self.model = model

    def warmed(self, model: DeviceModel) -> None:
        """Note that the device has another temperature: its levels are those of ``model`` from now on."""
        self.catch_up()
        self.now(model)
        self._switching.levels = levels_of(model)

    def connected(self, device: str, model: DeviceModel, time: float) -> None:
        """Note that another device is in the place; the circuit is integrated up to ``time`` [s]."""
        self.tell_exposure(time)
        self._look_at(device, model, time)

    def changed(self, device: str, model: DeviceModel, time: float) -> None:
        """Note that the device has become another one by itself."""
        if model.mechanism != self._mechanism:   # else it goes on, in the middle of switching where it is just formed
            self._look_at(device, model, time)

    def _look_at(self, device: str, model: DeviceModel, time: float) -> None:
        self._eventless = None
        self.catch_up()
        self.finish()
        self.tell_maxima(time)
        self.device, self._mechanism = device, model.mechanism
        levels = levels_of(model)
        self._switching = SwitchingDetector(levels, self._event, calm=not model.noises)
        self.model = model if levels is not None and model.switching_conductances() is not None else None
        self._relaxation = RelaxationDetector(levels, self._event) if self.model and levels else None
        self._maxima = dict.fromkeys(self._maxima, 0.0)
        self._told = dict(self._maxima)

    def limits_changed(self, instrument: str, time: float) -> None:
        """Note that a source meter regulates something else from ``time`` [s] on."""
        if instrument not in self._regulations:
            self._near.pop(instrument, None)
        limits = {name: one.limit for name, one in self._regulations.items()}
        source = min(limits, key=lambda name: limits[name], default="")
        self._eventless = None
        if (source, limits.get(source)) != (self._overshoot.source, self._overshoot.limit):
            self._overshoot.set_limit(source, limits.get(source), time)

    # --------------------------------------------------------------------------------------- observer

    def observe(self, segment: Segment) -> None:
        """Take one segment of the circuit's course."""
        if isinstance(segment, Gap):
            self.see_nothing(segment)
            if self._tells_gaps:
                self._write(left_out(segment))
        elif isinstance(segment, Repetition):
            self.see_repetition(segment)
        else:
            self.see(segment)

    def see(self, trajectory: Trajectory, shift: float = 0.0) -> None:
        """Take steps of the circuit, ``shift`` [s] later than they say."""
        times = _samples(trajectory)
        first, second = self.nodes
        voltage = trajectory.voltage(first, times)
        if second != "0":
            voltage = voltage - trajectory.voltage(second, times)
        current = trajectory.current(self.element, times)
        self._note_maxima(trajectory, times, voltage, current)
        if self._exposure is not None:
            self._exposure.add(times, voltage, current)
        limited = self._limited(trajectory, times, current)
        if shift:
            times = times + shift
        looked: tuple[FloatArray, ...] = (times, voltage, current, limited)
        if self.model is not None:
            looked = (*looked, self._conductance(self.model, trajectory, times - shift))
        if self._quiet and times[0] <= self._quiet[-1][0][-1]:  # the seam of two segments, once
            looked = tuple(values[1:] for values in looked)
        self._quiet.append(looked)
        self._quiet_size += times.size
        if self._overshoot.since is not None or float(np.abs(current).max()) > self._overshoot.bound:
            self._overshoot.see(times, current)
        switches = self._switching.levels is not None and not self._switching.is_quiet(*looked[1:3], *looked[4:])
        if switches or self._quiet_size > LONGEST_QUIET:
            self.catch_up()

    def _note_maxima(
        self, trajectory: Trajectory, times: FloatArray, voltage: FloatArray, current: FloatArray
    ) -> None:
        """Raise the maxima; a peak between samples that may be higher is looked at closely."""
        seen = {"voltage": np.abs(voltage), "current": np.abs(current), "power": np.abs(voltage * current)}
        closely: dict[int, tuple[FloatArray, dict[str, FloatArray]]] = {}   # by the sample that is highest
        for name, values in seen.items():
            top = int(values.argmax())
            self._maxima[name] = max(self._maxima[name], float(values[top]))
            if not 0 < top < times.size - 1 or _peak(times, values, top) <= self._maxima[name]:
                continue
            if top not in closely:
                close = np.linspace(times[top - 1], times[top + 1], 65)
                closely[top] = close, self._seen_there(trajectory, close)
            close, finer = closely[top][0], closely[top][1][name]
            self._maxima[name] = max(self._maxima[name], _peak(close, finer, int(np.argmax(finer))))

    def _seen_there(self, trajectory: Trajectory, times: FloatArray) -> dict[str, FloatArray]:
        first, second = self.nodes
        voltage = np.abs(trajectory.voltage(first, times) - (
            trajectory.voltage(second, times) if second != "0" else 0.0))
        current = np.abs(trajectory.current(self.element, times))
        return {"voltage": voltage, "current": current, "power": voltage * current}

    def catch_up(self) -> None:
        """Show the detectors the samples kept so far: many short segments cost more than one long one."""
        if self._quiet:
            looked = [np.concatenate(parts) for parts in zip(*self._quiet, strict=True)]
            self._quiet, self._quiet_size = [], 0
            self._switching.see(*looked)
            if self._relaxation is not None:
                self._relaxation.see(looked[0], looked[2], looked[4])

    def _conductance(self, model: DeviceModel, trajectory: Trajectory, times: FloatArray) -> FloatArray:
        """Return the device's conductance from its states [S]."""
        states = [trajectory.state(self.element, k, times) for k in range(len(model.states))]
        found = model.conductance(np.array(states))
        assert found is not None
        return found

    def finish(self) -> None:
        """Write what has not ended."""
        self._switching.finish()
        if self._relaxation is not None:
            self._relaxation.finish()

    def see_repetition(self, repetition: Repetition) -> None:
        """Look at one period, write its events once with the number of copies."""
        self.catch_up()
        if self._eventless is not None and self._eventless[0] is repetition.period:
            self._pass(repetition.count * repetition.length, repetition.count, self._eventless[1])
            return
        before = self._sums()
        self._capture = []
        try:
            self.see(repetition.period, repetition.start - repetition.period.start)
            self.catch_up()
        finally:
            events, self._capture = self._capture, None
        rest = (repetition.count - 1) * repetition.length
        if not events:
            added = tuple(a - b for a, b in zip(self._sums(), before, strict=True))
            self._pass(rest, repetition.count - 1, added)
            self._eventless = (repetition.period, added)
            return
        self._eventless = None
        self._switching.shift(rest)
        self._overshoot.shift(rest)
        if self._exposure is not None:
            self._exposure.energy += (repetition.count - 1) * (self._exposure.energy - before[-1])
        self._write(
            {
                "kind": "repeat",
                "t": repetition.start,
                "count": repetition.count,
                "period": repetition.length,
                "device": self.device,
                "events": events,
            }
        )

    def _pass(self, seconds: float, copies: int, added: tuple[float, ...]) -> None:
        """Pass over copies of a period without an event; each adds ``added`` to the sums of what is going on.

        ``seconds`` [s] is their length; ``added`` are charge [C] and energy [J] of a device that is on, charge [C]
        above a limit, and energy [J] of the exposure.
        """
        self._switching.shift(seconds, copies, *added[:2])
        self._overshoot.shift(seconds, copies, *added[2:3])
        if self._exposure is not None:
            self._exposure.energy += copies * added[3]

    def _sums(self) -> tuple[float, ...]:
        exposed = 0.0 if self._exposure is None else self._exposure.energy
        return (*self._switching.sums, *self._overshoot.sums, exposed)

    def see_nothing(self, gap: Gap) -> None:
        """Pass over a stretch that was not computed."""
        self.catch_up()
        self._eventless = None
        self._switching.shift(gap.end - gap.start)
        self._overshoot.shift(gap.end - gap.start)

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

    # ---------------------------------------------------------------------------------------- writing

    def _event(self, record: dict[str, Any]) -> None:
        if self._capture is not None:
            self._capture.append(record)
            return
        self._write({**record, "device": self.device})

    def tell_maxima(self, time: float) -> None:
        """Write the maxima, if they have changed."""
        if self.device and self._maxima != self._told:
            self._told = dict(self._maxima)
            self._write({"kind": "maxima", "t": time, "device": self.device, **self._maxima})

    def tell_exposure(self, time: float) -> None:
        """Write what the device was exposed to since this was written last, and begin anew at ``time`` [s]."""
        if self._exposure is None:
            return
        if self.device and time > self._exposure.since:
            self._write({"kind": "exposure", "t": time, "device": self.device, "place": self.element,
                         **vars(self._exposure)})
        self._exposure = Exposure(time)


def _samples(trajectory: Trajectory) -> FloatArray:
    """Return the instants at which a trajectory is looked at: the ends of its steps and three within each."""
    edges = np.asarray(trajectory.times)
    samples: FloatArray
    if edges.size == 2:   # one step, the usual case behind a short wait
        samples = edges[0] + (edges[1] - edges[0]) * ONE_STEP
        samples[-1] = edges[1]
        return samples
    samples = np.empty(SUBSTEPS.size * (edges.size - 1) + 1)
    samples[:-1].reshape(-1, SUBSTEPS.size)[:] = edges[:-1, None] + (edges[1:] - edges[:-1])[:, None] * SUBSTEPS
    samples[-1] = edges[-1]
    return samples


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


def left_out(gap: Gap) -> dict[str, Any]:
    """Return the record of a stretch that was not computed."""
    return {"kind": "left_out", "t": gap.start, "until": gap.end, "reason": gap.reason}
