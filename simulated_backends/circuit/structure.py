"""Structure of a circuit: the elements, the matrices, and the time up to which the circuit is computed.

Its matrices are assembled again where values change, and kept for values that it had before.
"""

import dataclasses
import math
from collections import deque
from collections.abc import Mapping, Sequence

import numpy as np

from tsbench.errors import ConfigurationError, nearest
from tsbench.netlist import Element
from tsbench.records import FloatArray
from tsbench.simulated_backends.circuit.assembly import assemble
from tsbench.simulated_backends.circuit.engine import SourceMeterStage, SourceWaveform
from tsbench.simulated_backends.circuit.kernel.compiled_circuit import CompiledCircuit
from tsbench.simulated_backends.circuit.kernel.control import StepControl
from tsbench.simulated_backends.circuit.kernel.step_control import FIRST_STEP
from tsbench.simulated_backends.circuit.system import Row, StageElement, System
from tsbench.simulated_backends.circuit.trajectory import RecordedTrajectory, StepMemory, Steps
from tsbench.simulated_backends.devices.model import DeviceModel

STEPS_KEPT = 1 << 14  #: of the last runs of steps, at most
SYSTEMS_KEPT = 32  #: assembled systems, by the values of the resistors and capacitors


class CircuitStructure:
    """The elements of a circuit with their present values, and the assembled circuit.

    Parameters
    ----------
    elements : sequence of Element
        All elements, those of instruments included.
    stages, models, waveforms : mapping
        As :class:`.circuit.Circuit` takes them, by name in any case.
    rtol, noise_refinement, specialised
        See :func:`.build.build_circuit`.
    """

    def __init__(
        self, elements: Sequence[Element], stages: Mapping[str, tuple[str, SourceMeterStage]],
        models: Mapping[str, DeviceModel], waveforms: Mapping[str, SourceWaveform], rtol: float,
        noise_refinement: float, specialised: bool | None,
    ) -> None:
        self.elements = list(elements)
        self.stages = {name.lower(): value for name, value in stages.items()}
        self.models = {name.lower(): model for name, model in models.items()}
        self.waveforms = {name.lower(): waveform for name, waveform in waveforms.items()}
        self._settings = rtol, noise_refinement, specialised
        self._kept: dict[tuple[float, ...], CompiledCircuit] = {}   # by the values of the resistors and capacitors
        self._looks_gone = 0   # at stability, of systems that are no longer kept
        self.compiled: CompiledCircuit   #: the numbers of the circuit as it is now
        #: whether the circuit can stay on an unstable equilibrium: not where a device's own noise moves it
        self.may_be_unstable: bool
        self.assemble()

    # ------------------------------------------------------------------------------------ assembling

    def assemble(self) -> None:
        """Build the matrices from the elements; the order of the unknowns does not depend on values."""
        stages = [StageElement(name, node, s.output_resistance) for name, (node, s) in self.stages.items()]
        key = (*(e.value for e in self.elements if e.kind in "RC"), *(s.output_resistance for s in stages))
        if key not in self._kept:   # relays come back to positions they had
            while len(self._kept) >= SYSTEMS_KEPT:
                self._looks_gone += self._kept.pop(next(iter(self._kept))).looks
            system = assemble(self.elements, stages, self.models)
            self._kept[key] = CompiledCircuit(system, self.placed_devices, self.models, *self._settings)
        self.compiled = self._kept[key]
        self.may_be_unstable = bool(self.models or self.stages) and not self.has_own_noise
        self.use_stages()

    def use_stages(self) -> None:
        """Take up changed set-points of source meters."""
        self.compiled.set_stages([stage for _, stage in self.stages.values()])

    def use_sources(self, base: float) -> None:
        """Take up changed waveforms, with times counted from ``base`` [s]."""
        self.compiled.set_sources(self.sources, base)

    def replace_value(self, index: int, value: float) -> None:
        """Give the resistor or capacitor that is element number ``index`` another value [Ohm or F]."""
        self.elements[index] = dataclasses.replace(self.elements[index], value=value)
        self.assemble()

    def replace_model(self, device: str, model: DeviceModel, states: Sequence[float], y: FloatArray) -> FloatArray:
        """Put another model in the place of ``device``; return the unknowns ``y`` with its states in theirs."""
        kept: dict[str, Sequence[float]] = {name: self.states(name, y) for name in self.models if name != device}
        kept[device] = states
        linear = y[: len(self.system.linear)]
        self.models[device] = model
        self._looks_gone += sum(compiled.looks for compiled in self._kept.values())
        self._kept.clear()   # the new device may have another number of states
        self.assemble()
        after = np.zeros(self.system.size)
        after[: linear.size] = linear
        for name, values in kept.items():
            self.put_states(name, values, after)
        return after

    def replace_parameters(self, device: str, model: DeviceModel) -> None:
        """Give ``device`` other parameters of the same mechanism."""
        self.models[device] = model
        for compiled in self._kept.values():
            compiled.set_parameters(device, model)

    # ------------------------------------------------------------------------------------ questions

    @property
    def system(self) -> System:
        """Return the matrices and rows."""
        return self.compiled.system

    @property
    def nodes(self) -> Sequence[str]:
        """Return the names of all nodes but ground."""
        return [n for n in self.system.voltages if n != "0"]

    @property
    def names(self) -> str:
        """Return the names of all elements, for messages."""
        return ", ".join(element.name for element in self.elements)

    @property
    def placed_devices(self) -> list[Element]:
        """Return the device elements."""
        return [e for e in self.elements if e.kind == "X"]

    @property
    def sources(self) -> list[SourceWaveform]:
        """Return the waveforms in the order of the V and I elements."""
        return [self.waveforms[e.name.lower()] for e in self.elements if e.kind in "VI"]

    @property
    def looks(self) -> int:
        """Return how many evaluations of the circuit were no steps."""
        return self._looks_gone + sum(compiled.looks for compiled in self._kept.values())

    @property
    def has_own_noise(self) -> bool:
        """Return whether a device has noise of its own."""
        return any(model.noises for model in self.models.values())

    def states(self, device: str, y: FloatArray) -> list[float]:
        """Return the states of ``device`` (in lower case) in the unknowns ``y``."""
        first = self.system.first_state[device]
        return [float(v) for v in y[first: first + len(self.models[device].states)]]

    def put_states(self, device: str, values: Sequence[float], y: FloatArray) -> None:
        """Write the states of ``device`` (in lower case) into the unknowns ``y``."""
        first = self.system.first_state[device]
        y[first: first + len(values)] = values

    def beginning(self, voltages: Mapping[str, float]) -> FloatArray:
        """Return the unknowns at time 0: capacitors and inductors at their initial values, devices at rest.

        ``voltages`` [V] are those of nodes at time 0; 0 V where there is none.
        """
        system = self.system
        y = np.zeros(system.size)
        y[: len(system.capacitive)] = system.capacitive @ np.array([voltages.get(n, 0.0) for n in system.nodes])
        for element in self.elements:
            if element.kind == "L" and element.initial is not None:
                y[system.inductor_index[element.name.lower()]] = element.initial
        for name, model in self.models.items():
            self.put_states(name, model.rest(), y)
        return y

    def voltage_and_current(self, device: str) -> tuple[Row, Row]:
        """Return the rows of the voltage across ``device`` (in lower case) and of its current."""
        element = next(e for e in self.placed_devices if e.name.lower() == device)
        first, second = (self.system.voltages[n] for n in element.nodes)
        return first.plus(second.scaled(-1.0)), self.system.currents[device]

    def trajectory(self, start: float, end: float, steps: Steps) -> RecordedTrajectory:
        """Return steps of this circuit from ``start`` to ``end`` [s] with what they mean."""
        return RecordedTrajectory(start, end, steps, self.system, self.compiled.sources)


@dataclasses.dataclass
class Front:
    """How far a circuit has been computed: often beyond ``time``, up to which it has been shown.

    The integrator counts from ``base``, since far from 0 the last digit of a time is no longer small.
    """

    y: FloatArray  #: unknowns where the integrator stands
    control: StepControl
    largest_step: float  #: [s] that the user allows
    time: float = 0.0  #: [s] of the circuit
    base: float = 0.0  #: [s] from which the integrator counts
    here: float = 0.0  #: [s] how far it has got from there
    reached: float = 0.0  #: [s] the same in the circuit's time
    restart: bool = True  #: whether it begins anew: something has changed
    pending: RecordedTrajectory | None = None  #: the last run of steps, part of it beyond ``time``
    steps: int = 0  #: accepted so far
    taken: int = 0  #: the same, with those that were cut off later
    sine_step: float = math.inf  #: [s] the longest with which no sine is overlooked
    small_step: float = math.inf  #: [s] the longest while a swing is small
    full_run: bool = False  #: the last run of steps was cut off neither by who asked nor by a growing mode
    #: the last steps, where a limit cycle may be found
    memory: StepMemory = dataclasses.field(default_factory=StepMemory)
    #: the last runs of steps: how an equilibrium has lost stability
    recent: deque[Steps] = dataclasses.field(default_factory=deque)
    recent_steps: int = 0  #: in all of these

    def stand_at(self, here: float, base: float | None = None) -> None:
        """Have the integrator stand at ``here`` [s] from ``base`` [s] (None: the one it has)."""
        self.base = self.base if base is None else base
        self.here, self.reached = here, self.base + here

    def go_to(self, time: float) -> None:
        """Have the integrator stand at ``time`` [s] of the circuit."""
        self.stand_at(time - self.base)

    def unknowns(self) -> FloatArray:
        """Return the unknowns at ``time``, which the steps taken have reached; not a copy."""
        if self.pending is None or self.reached <= self.time:
            return self.y
        return self.pending.unknowns_at(self.time)

    def remember(self, steps: Steps, moving: bool) -> None:
        """Take new steps, one at least; ``moving``: a source moves."""
        self.memory.add(steps, self.base + self.control.breakpoint, moving)
        self.recent.append(steps)
        self.recent_steps += steps.starts.size
        while self.recent_steps - self.recent[0].starts.size >= STEPS_KEPT:
            self.recent_steps -= self.recent.popleft().starts.size

    def forget_recent(self) -> None:
        """Forget the last runs: what follows does not go on from them."""
        self.recent.clear()
        self.recent_steps = 0

    def limit_steps(self) -> None:
        """Keep steps below what the user, sines and small swings allow."""
        self.control.largest_step = min(self.small_step, self.largest_step, self.sine_step)

    def start_afresh(self) -> None:
        """Have the integrator begin anew, and forget what led here: something is different from here on."""
        self.memory.clear()
        self.forget_recent()
        self.restart = True
        self.control.next_step = FIRST_STEP
        self.count_from_here()
        if self.control.excited > -math.inf:   # still the same ramp
            self.control.excited = max(self.control.excited, self.here)

    def count_from_here(self) -> None:
        """Take this instant for the last breakpoint, and for the beginning of what is known of growing modes."""
        self.control.breakpoint = self.control.since = self.here

    def cut_off(self, instant: float) -> None:
        """Forget what lies behind ``instant`` [s] in the last run of steps."""
        assert self.pending is not None
        self.y = self.pending.unknowns_at(instant)
        self.pending = self.pending.between(self.pending.start, instant)
        self.go_to(instant)


def known_name(name: str, known: Mapping[str, object], what: str) -> str:
    """Return ``name`` in lower case.

    Raises
    ------
    ConfigurationError
        It is not among the ``known`` ones.
    """
    key = name.lower()
    if key not in known:
        raise ConfigurationError(f"circuit has no {what} '{name}'{nearest(key, known)}")
    return key


def check_stage(name: str, stage: SourceMeterStage) -> None:
    """Refuse set-points that make no output stage.

    Raises
    ------
    ConfigurationError
        It sources neither voltage nor current; a time constant, resistance, limit or slew rate is not positive.
    """
    if stage.function not in ("voltage", "current"):
        raise ConfigurationError(
            f"source-meter stage {name}: function = '{stage.function}' must be 'voltage' or 'current'")
    for field in ("limit", "output_resistance", "voltage_time_constant", "current_time_constant", "loop_resistance",
                  "slew_rate"):
        value = getattr(stage, field)
        if not value > 0:
            raise ConfigurationError(f"source-meter stage {name}: {field} = {value:g} must be positive")
