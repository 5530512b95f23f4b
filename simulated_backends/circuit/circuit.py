"""A circuit in time: its state, what instruments change in it, and what observers see of it."""

import dataclasses
import math
from collections.abc import Mapping, Sequence

import numpy as np

from tsbench.errors import ConfigurationError, TsbenchError, nearest
from tsbench.netlist import Element
from tsbench.simulated_backends.circuit.assembly import Row, StageElement, System, assemble
from tsbench.simulated_backends.circuit.cycles import find_limit_cycle, join_steps
from tsbench.simulated_backends.circuit.engine import (
    FloatArray,
    Observer,
    Repetition,
    Segment,
    SourceMeterStage,
    SourceWaveform,
)
from tsbench.simulated_backends.circuit.equations import (
    Arrays,
    drive_at,
    right_side,
    right_side_and_jacobian,
    solve_currents,
)
from tsbench.simulated_backends.circuit.integrator import (
    FIRST_STEP,
    NO_CURRENT,
    REACHED,
    STUCK,
    integrate,
    scratch_space,
)
from tsbench.simulated_backends.circuit.trajectory import RecordedTrajectory, Steps
from tsbench.simulated_backends.circuit.waveforms import encode_sources
from tsbench.simulated_backends.devices.catalogue import device_model
from tsbench.simulated_backends.devices.model import DeviceModel

CHUNK = 1024  #: steps per call of the compiled kernel
LONGEST_MEMORY = 16 * CHUNK  #: steps kept for the search for limit cycles
SYSTEMS_KEPT = 32  #: assembled systems, by the values of the resistors
_PARAMETERS = 16  # per device, in the kernel's table


class Circuit:
    """A circuit that integrates itself lazily; make one with :func:`.build.build_circuit`.

    What holds about time: the integrator takes its own steps, landing exactly on the breakpoints of the sources
    that are set, and its last step may pass the time that was asked for. Later questions read that step's
    polynomial, so asking never changes what happens. A change (source, resistor, stage, device) takes effect at
    ``time``; it discards the part of the last step behind ``time`` and starts afresh from the polynomial there.
    """

    def __init__(
        self, elements: Sequence[Element], stages: Mapping[str, tuple[str, SourceMeterStage]],
        devices: Mapping[str, DeviceModel], waveforms: Mapping[str, SourceWaveform],
        initial_voltages: Mapping[str, float], rtol: float = 1e-6, largest_step: float = math.inf,
    ) -> None:
        self._elements = list(elements)
        self._stages = {name.lower(): value for name, value in stages.items()}
        self._models = {name.lower(): model for name, model in devices.items()}
        self._waveforms = {name.lower(): waveform for name, waveform in waveforms.items()}
        self.time = 0.0
        self.rtol = rtol
        self._front = 0.0   # the integrator has got this far
        self._restart = True
        self._pending: RecordedTrajectory | None = None   # the last run of steps, part of it beyond ``time``
        self._memory: list[Steps] = []
        self._observers: list[Observer] = []
        self._control = np.array([rtol, largest_step, FIRST_STEP, 0.0, 0.0, math.inf, 0.0])
        self.steps = 0   #: accepted steps so far
        self._assembled: dict[tuple[float, ...], System] = {}
        self._assemble()
        self._y = np.zeros(self._system.size)
        start = np.array([initial_voltages.get(n, 0.0) for n in self._system.nodes])
        self._y[: len(self._system.capacitive)] = self._system.capacitive @ start
        for name, model in self._models.items():
            self._put_state(name, model.rest())
        self._make_consistent()

    # ------------------------------------------------------------------------------------ structure

    @property
    def nodes(self) -> Sequence[str]:
        """Return the names of all nodes but ground."""
        return [n for n in self._system.voltages if n != "0"]

    @property
    def devices(self) -> Sequence[str]:
        """Return the device element names as written, such as "XDUT"."""
        return [e.name for e in self._elements if e.kind == "X"]

    @property
    def messages(self) -> Sequence[str]:
        """Return what had to be regularised."""
        return self._system.messages

    @property
    def refused_steps(self) -> int:
        """Return how many steps the error control has refused so far."""
        return int(self._control[3])

    def _assemble(self) -> None:
        """Build the matrices from the elements; the order of the unknowns does not depend on values."""
        stages = [StageElement(name, node, s.output_resistance) for name, (node, s) in self._stages.items()]
        key = (*(e.value for e in self._elements if e.kind == "R"), *(s.output_resistance for s in stages))
        if key not in self._assembled:   # relays come back to positions they had
            while len(self._assembled) >= SYSTEMS_KEPT:
                self._assembled.pop(next(iter(self._assembled)))
            self._assembled[key] = assemble(self._elements, stages, self._models)
        self._system = system = self._assembled[key]
        devices = [e for e in self._elements if e.kind == "X"]
        across = [
            system.voltages[e.nodes[0]].plus(system.voltages[e.nodes[1]].scaled(-1.0)) for e in devices]
        out = [system.currents[name] for name in self._stages]
        parameters = np.zeros((len(devices), _PARAMETERS))
        for k, element in enumerate(devices):
            vector = self._models[element.name.lower()].vector()
            parameters[k, : vector.size] = vector
        names = [e.name.lower() for e in devices]
        first = system.size - len(devices)
        n, nu = system.size, system.B.shape[1]
        L = np.vstack([system.A, *(r.y.reshape(1, n) for r in (*across, *out))])
        R = np.vstack([system.B, *(r.u.reshape(1, nu) for r in (*across, *out))])
        index = [len(system.linear), len(devices), len(out)]
        for name in names:
            index += [self._models[name].kind, system.first_state[name]]
        index += [first, *system.stage_index.values()]
        self._circuit: Arrays = (L, R, system.E, parameters, self._stage_table(), np.array(index, dtype=np.int64))
        self._scratch = scratch_space(n, len(L), nu)
        self._encode()
        nl = len(system.linear)
        weights = np.full(n, 1e-5)   # currents [A]
        weights[:nl] = [0.1 if not text.startswith("current") else 1e-5 for text in system.linear]
        for name in names:
            tolerances = self._models[name].state_tolerances()
            weights[system.first_state[name]: system.first_state[name] + len(tolerances)] = tolerances
        self._weights = weights * self.rtol
        self._skippable = not any(model.stochastic for model in self._models.values())

    def _stage_table(self) -> FloatArray:
        return np.array([
            [0.0 if s.function == "voltage" else 1.0, s.level, s.limit, s.voltage_time_constant,
             s.current_time_constant, s.loop_resistance, s.slew_rate]
            for _, s in self._stages.values()]).reshape(-1, 7)

    def _encode(self) -> None:
        order = [e.name.lower() for e in self._elements if e.kind in "VI"]
        self._sources = encode_sources([self._waveforms[name] for name in order])
        e = self._sources
        self._source_arrays: Arrays = (e.kinds, e.parameters, e.table_times, e.table_values)

    def _put_state(self, device: str, values: Sequence[float]) -> None:
        first = self._system.first_state[device]
        self._y[first: first + len(values)] = values

    # ------------------------------------------------------------------------------------ time

    def advance(self, until: float, skip: bool = True) -> None:
        """Integrate to ``until`` [s]; with ``skip`` whole periods of a converged limit cycle are not computed.

        Raises
        ------
        ValueError
            ``until`` is in the past.
        TsbenchError
            The integration failed.
        """
        if not math.isfinite(until) or until < self.time:
            raise ValueError(f"cannot advance from {self.time} s to {until} s")
        self._deliver(until)
        while self._front < until:
            if skip and self._skip(until):
                continue
            self._step(until)
            self._deliver(until)
        self.time = until

    def _step(self, until: float) -> None:
        n = self._y.size
        out = (np.empty(CHUNK), np.empty(CHUNK), *(np.empty((CHUNK, n)) for _ in range(4)))
        begin, next_step = self._front, self._control[2]
        count, self._front, status = integrate(
            self._circuit, self._source_arrays, self._control, self._weights, begin, self._y, self._restart, until,
            self._scratch, out)
        self._restart = False
        self.steps += count
        if count:
            steps = Steps(*(a[:count].copy() for a in out))
            self._pending = RecordedTrajectory(begin, self._front, steps, self._system, self._sources)
            self._remember(steps)
        if status in (STUCK, NO_CURRENT) and count == 0:
            if next_step != FIRST_STEP:   # once more, from consistent currents and with a small step
                self._restart = True
                self._control[2] = FIRST_STEP
                return
            what = "device currents are not unique" if status == NO_CURRENT else "the step became too small"
            raise TsbenchError(
                f"circuit: no solution beyond {self._front:.9g} s: {what}; "
                f"check the values of {', '.join(e.name for e in self._elements)}")
        self._full = status != REACHED

    def _deliver(self, until: float) -> None:
        """Show observers what lies between ``time`` and ``until`` of the steps already taken."""
        end = min(self._front, until)
        if self._pending is not None and end > self.time:
            self._show(self._pending.between(self.time, end))
            self.time = end

    def _show(self, segment: Segment) -> None:
        for observer in tuple(self._observers):
            observer.observe(segment)

    def add_observer(self, observer: Observer) -> None:
        """Show ``observer`` everything that happens from ``time`` on."""
        self._observers.append(observer)

    def remove_observer(self, observer: Observer) -> None:
        """Show ``observer`` nothing more."""
        self._observers.remove(observer)

    # ------------------------------------------------------------------------------------ limit cycles

    def _remember(self, steps: Steps) -> None:
        """Keep the steps since the last breakpoint, while all sources are constant."""
        if self._control[6]:
            self._memory.clear()
            return
        quiet_since = self._control[4]
        if steps.starts[0] < quiet_since:
            self._memory.clear()
            first = int(np.searchsorted(steps.starts, quiet_since))
            steps = Steps(*(a[first:] for a in dataclasses.astuple(steps)))
        if steps.starts.size:
            self._memory.append(steps)
        while sum(s.starts.size for s in self._memory[1:]) > LONGEST_MEMORY:
            self._memory.pop(0)

    def _skip(self, until: float) -> bool:
        """Skip whole periods from the front on if a limit cycle has converged; return whether any were."""
        if not self._skippable or not self._memory or self._restart or not self._full:
            return False
        self._full = False   # one search per run of steps
        limit = min(until, self._control[5])
        steps = join_steps(self._memory)
        cycle = find_limit_cycle(steps, self._system.size - len(self._models), self.rtol, self._weights)
        if cycle is None:
            return False
        count = math.floor((limit - self._front) / cycle.period - 1e-9)
        if count < 2:
            return False
        whole = RecordedTrajectory(steps.starts[0], self._front, steps, self._system, self._sources)
        period = whole.between(self._front - cycle.period, self._front)
        repetition = Repetition(self._front, count, cycle.period, period)
        self.time = self._front = repetition.end
        self._pending = None
        self._memory.clear()
        self._show(repetition)
        return True

    # ------------------------------------------------------------------------------------ changes

    def set_source(self, name: str, waveform: SourceWaveform) -> None:
        """Replace the waveform of V/I source ``name`` from ``time`` on (its jump is a breakpoint)."""
        key = self._known(name, self._waveforms, "source")
        encode_sources([waveform])   # refuse before anything changes
        self._stop_here()
        self._waveforms[key] = waveform
        self._encode()
        self._make_consistent()

    def set_resistance(self, name: str, value: float) -> None:
        """Change resistor ``name`` (a relay) to ``value`` [Ohm] from ``time`` on."""
        resistors = {e.name.lower(): k for k, e in enumerate(self._elements) if e.kind == "R"}
        key = self._known(name, resistors, "resistor")
        if not (math.isfinite(value) and value > 0):
            raise ConfigurationError(f"circuit: {name} = {value:g} Ohm must be positive and finite")
        element = self._elements[resistors[key]]
        if element.value == value:
            return
        self._stop_here()
        self._elements[resistors[key]] = dataclasses.replace(element, value=value)
        self._assemble()
        self._make_consistent()

    def set_stage(self, name: str, stage: SourceMeterStage) -> None:
        """Change the set-points of a source-meter stage from ``time`` on; its v_s goes on where it was."""
        key = self._known(name, self._stages, "source-meter stage")
        check_stage(name, stage)
        self._stop_here()
        node, before = self._stages[key]
        self._stages[key] = (node, stage)
        if before.output_resistance != stage.output_resistance:
            self._assemble()
        else:
            self._circuit = (*self._circuit[:4], self._stage_table(), self._circuit[5])
        self._make_consistent()

    def set_device(
        self, device: str, model: str | DeviceModel, parameters: Mapping[str, float],
        state: Mapping[str, float] | None,
    ) -> None:
        """Put another device in the position of ``device``, with its own remembered state (None: at rest).

        ``model`` is a name of the catalogue (or a model), ``parameters`` replace some of its parameters.
        """
        key = self._known(device, self._models, "device")
        new = (device_model(model) if isinstance(model, str) else model).with_parameters(parameters)
        self._stop_here()
        kept = {name: self._states(name) for name in self._models if name != key}
        kept[key] = [state[s] if state and s in state else rest for s, rest in zip(new.states, new.rest(), strict=True)]
        linear = self._y[: len(self._system.linear)]
        self._models[key] = new
        self._assembled.clear()   # the new device may have another number of states
        self._assemble()
        self._y = np.zeros(self._system.size)
        self._y[: linear.size] = linear
        for name, values in kept.items():
            self._put_state(name, values)
        self._make_consistent()

    def _stop_here(self) -> None:
        """Forget what was integrated beyond ``time``."""
        if self._front > self.time and self._pending is not None:
            self._y = self._unknowns_now()
        self._front = self.time
        self._pending = None
        self._restart = True
        self._memory.clear()
        self._control[2] = FIRST_STEP
        self._control[4] = self.time

    def _solve_currents(self, drive: FloatArray, y: FloatArray) -> bool:
        L, _, _, devices, _, index = self._circuit
        vectors, matrices, pivots, _, work = self._scratch
        return bool(solve_currents(
            L, devices, index, drive, y, work, vectors[0], vectors[1], matrices[0], pivots))

    def _make_consistent(self) -> None:
        u, _, drive = self._drive_now()
        if self._models and not self._solve_currents(drive, self._y):
            raise TsbenchError(f"circuit: device currents cannot be found at {self.time:.9g} s with sources {u}")

    def settle(self) -> None:
        """Go to the operating point without time passing: the sources as they are now, nothing moving.

        Linearly implicit Euler steps that grow as long as they succeed; like a SPICE operating point it may be an
        equilibrium that would not last (an oscillator's).
        """
        self._stop_here()
        n, differential = self._y.size, self._y.size - len(self._models)
        _, _, drive = self._drive_now()
        L, _, _, devices, stages, index = self._circuit
        f, ft, J = np.zeros(n), np.zeros(n), np.zeros((n, n))
        step, y = 1e-12, self._y.copy()
        mass = np.diag((np.arange(n) < differential).astype(float))
        for _ in range(2000):
            right_side_and_jacobian(L, devices, stages, index, drive, np.zeros_like(drive), y, np.zeros(64), f, ft, J)
            scale = self._weights / self.rtol + abs(y)
            with np.errstate(all="ignore"):
                change = np.linalg.solve(mass / step - J, f)
            trial = y + change
            if not np.isfinite(trial).all() or (abs(change) > 0.2 * scale).any():
                step *= 0.3
                continue
            if self._models and not self._solve_currents(drive, trial):
                step *= 0.3
                continue
            y = trial
            if step > 1e6 and (abs(change) <= 1e-9 * scale).all():
                self._y = y
                return
            step *= 2.0
        raise TsbenchError("circuit: no operating point found; start from rest ('uic') instead")

    # ------------------------------------------------------------------------------------ readings

    def _drive_now(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        u, du = np.zeros(self._sources.kinds.size), np.zeros(self._sources.kinds.size)
        _, R, E = self._circuit[:3]
        drive, slope = np.zeros(R.shape[0]), np.zeros(R.shape[0])
        drive_at(self._source_arrays, R, E, self.time, u, du, drive, slope)
        return u, du, drive

    def _unknowns_now(self) -> FloatArray:
        if self._front <= self.time or self._pending is None:
            return self._y
        s = self._pending.between(self.time, self.time).steps
        x = (self.time - s.starts[0]) / s.lengths[0]
        return np.asarray(s.y0[0] * (1 - x) + x * (s.y1[0] + (1 - x) * (s.p[0] + x * s.q[0])))

    def _now(self, row: Row) -> float:
        y = self._unknowns_now()
        u, du, drive = self._drive_now()
        value = float(row.y @ y + row.u @ u)
        if row.dy.any() or row.du.any():
            L, _, _, devices, stages, index = self._circuit
            f = np.zeros(y.size)
            right_side(L, devices, stages, index, drive, y, np.zeros(64), f)
            f[y.size - len(self._models):] = 0.0   # device currents have no rate of their own
            value += float(row.dy @ f + row.du @ du)
        return value

    def voltage(self, node: str) -> float:
        """Return the voltage of ``node`` now [V]."""
        return self._now(self._system.voltages[self._known(node, self._system.voltages, "node")])

    def current(self, element: str) -> float:
        """Return the current into the first terminal of ``element`` now [A]; of a source meter: out of it."""
        return self._now(self._system.currents[self._known(element, self._system.currents, "element")])

    def _states(self, key: str) -> list[float]:
        first = self._system.first_state[key]
        return [float(v) for v in self._unknowns_now()[first: first + len(self._models[key].states)]]

    def device_state(self, device: str) -> Mapping[str, float]:
        """Return the states of ``device`` now, such as ``{"temperature": 296.0}``."""
        key = self._known(device, self._models, "device")
        return dict(zip(self._models[key].states, self._states(key), strict=True))

    @staticmethod
    def _known(name: str, known: Mapping[str, object], what: str) -> str:
        key = name.lower()
        if key not in known:
            raise ConfigurationError(f"circuit has no {what} '{name}'{nearest(key, known)}")
        return key


def check_stage(name: str, stage: SourceMeterStage) -> None:
    """Refuse set-points that make no output stage.

    Raises
    ------
    ConfigurationError
        A time constant, resistance, limit or slew rate is not positive.
    """
    for field in ("limit", "output_resistance", "voltage_time_constant", "current_time_constant", "loop_resistance",
                  "slew_rate"):
        value = getattr(stage, field)
        if not value > 0:
            raise ConfigurationError(f"source-meter stage {name}: {field} = {value:g} must be positive")
