"""A simulated circuit: its state, the changes by instruments, and the values that instruments and witness read."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from tsbench.errors import ConfigurationError, TsbenchError, sentences
from tsbench.netlist import Element
from tsbench.records import FloatArray
from tsbench.simulated_backends.circuit.changes import DeviceChanges
from tsbench.simulated_backends.circuit.engine import Observer, SourceMeterStage, SourceWaveform
from tsbench.simulated_backends.circuit.kernel.control import new_control
from tsbench.simulated_backends.circuit.kernel.step_control import FIRST_STEP
from tsbench.simulated_backends.circuit.readings import CircuitReadings
from tsbench.simulated_backends.circuit.stability.operating_point import how_unstable, operating_point
from tsbench.simulated_backends.circuit.stability.watch import StabilityWatch
from tsbench.simulated_backends.circuit.steady.steady_states import SteadyStates
from tsbench.simulated_backends.circuit.stepping import TimeStepping
from tsbench.simulated_backends.circuit.structure import CircuitStructure, Front, check_stage, known_name
from tsbench.simulated_backends.circuit.system import Row
from tsbench.simulated_backends.circuit.trajectory import Audience, Steps
from tsbench.simulated_backends.circuit.waveforms import encode_sources
from tsbench.simulated_backends.devices.catalogue import device_model
from tsbench.simulated_backends.devices.dispatch import require_mechanism, unbounded_derivatives
from tsbench.simulated_backends.devices.model import DeviceModel
from tsbench.simulated_backends.life.history import DeviceHistory

LEAVES_IT = ". The thermal noise of the resistances makes the circuit leave this point"
MAY_STAY = (
    ". Thermal noise is not simulated in circuits with a device that has its own noise, so the circuit may stay at "
    "this point")


class Circuit:
    """A circuit that integrates itself lazily; make one with :func:`.build.build_circuit`.

    What holds about time: the integrator takes its own steps, landing exactly on the breakpoints of the sources
    that are set, and its last step may pass the time that was asked for. Later questions read that step's
    polynomial, so asking never changes what happens. A change (source, resistor, stage, device) takes effect at
    ``time``; it discards the part of the last step behind ``time`` and starts afresh from the polynomial there.

    Its parts: what it is made of and how far it has been computed (:mod:`.structure`), time stepping
    (:mod:`.stepping`), steady states (:mod:`.steady.steady_states`), departures from unstable equilibria with
    thermal noise (:mod:`.stability.watch`), devices that change (:mod:`.changes`), and readings (:mod:`.readings`).

    Parameters
    ----------
    elements : sequence of Element
        All elements, those of instruments included.
    stages : mapping
        Source meters: name -> (node, set-points).
    devices : mapping
        Device element name -> model.
    waveforms : mapping
        Name of each V and I element -> waveform.
    initial_voltages : mapping
        Node -> voltage [V] at time 0; 0 V where it is not given.
    rtol : float
        Relative tolerance of the integrator.
    largest_step : float
        [s].
    noise_refinement, specialised, seed
        See :func:`.build.build_circuit`.

    Raises
    ------
    TsbenchError
        No device currents satisfy the circuit at time 0.
    """

    def __init__(
        self, elements: Sequence[Element], stages: Mapping[str, tuple[str, SourceMeterStage]],
        devices: Mapping[str, DeviceModel], waveforms: Mapping[str, SourceWaveform],
        initial_voltages: Mapping[str, float], rtol: float = 1e-6, largest_step: float = math.inf,
        noise_refinement: float = 1.0, specialised: bool | None = None, seed: int | None = 0,
    ) -> None:
        self.seed = seed   #: of everything random; None: devices are on the paths that their models have
        self.rtol, self.largest_step = rtol, largest_step
        self.structure = structure = CircuitStructure(
            elements, stages, devices, waveforms, rtol, noise_refinement, specialised)
        control = new_control(rtol, largest_step, FIRST_STEP)
        self._front = front = Front(structure.beginning(initial_voltages), control, largest_step)
        self._audience, self._notes = Audience(), list[str]()
        self.changes = DeviceChanges()   #: of devices that have a history
        self.stability = StabilityWatch(structure, front, seed or 0)
        self._steady = SteadyStates(structure, front, self.stability, self.changes, self._audience)
        self.readings = CircuitReadings(structure, front, self._steady)
        self._stepping = TimeStepping(structure, front, self.stability, self._steady, self.changes, self._audience)
        if not self._stepping.make_consistent():
            raise TsbenchError(sentences(
                f"circuit: the device currents cannot be found. Check the values of {structure.names}",
                unbounded_derivatives(structure.models)))

    def load_code(self, specialised: bool = False) -> None:
        """Compile the integrator, or load it from the cache on disk, without integrating.

        With ``specialised`` the circuit as it is now gets code written for its topology (where it is not too large).
        """
        front, compiled = self._front, self.structure.compiled
        if specialised:
            compiled.specialise()
        compiled.integrate(front.control.copy(), front.here, front.y.copy(), False, front.here)
        still = front.y[None]
        steps = Steps(np.array([front.reached]), np.ones(1), still, still, still, still)
        compiled.reduced_jacobians(steps)
        compiled.jacobian(front.reached, front.y.copy())
        weights, no_source = np.ones(front.y.size), np.zeros(compiled.sources.kinds.size)
        recorded = self.structure.trajectory(front.reached, front.reached + 1.0, steps)
        recorded.quantity(Row(weights, no_source, weights, no_source), steps.starts)

    # ------------------------------------------------------------------------------------ what it is

    @property
    def nodes(self) -> Sequence[str]:
        """Return the names of all nodes but ground."""
        return self.structure.nodes

    @property
    def devices(self) -> Sequence[str]:
        """Return the device element names as written, such as "XDUT"."""
        return [e.name for e in self.structure.placed_devices]

    def model_of(self, device: str) -> DeviceModel:
        """Return the model that stands in the position of ``device``."""
        return self.structure.models[known_name(device, self.structure.models, "device")]

    @property
    def messages(self) -> Sequence[str]:
        """Return what had to be regularised, and operating points that are unstable."""
        return (*self.structure.system.messages, *self._notes)

    # ------------------------------------------------------------------------------------ time

    @property
    def time(self) -> float:
        """Return the circuit's time [s]: it is integrated up to here."""
        return self._front.time

    @property
    def work(self) -> int:
        """Return the work done so far, counted in steps: accepted and refused ones, and the cost of showing them."""
        return self._stepping.work

    @property
    def steps(self) -> int:
        """Return the number of accepted steps so far."""
        return self._front.steps

    @property
    def steady(self) -> bool:
        """Return whether the circuit repeats its last period until something is changed."""
        cycle = self._steady.cycle
        return cycle is not None and math.isinf(cycle.end)

    def advance(
        self, until: float, skip: bool = True, watched: bool = False, most_work: float = math.inf
    ) -> int:
        """Integrate to ``until`` [s]; with ``skip`` whole periods are not computed where they repeat.

        Those of a converged limit cycle, and of a steady state in which the sources drive the circuit; on the way there
        many periods are passed over at once where only slow states still move (:mod:`.steady.driven`).

        Parameters
        ----------
        until : float
        skip : bool
        watched : bool
            An observer records instants (an armed scope): only what repeats in phase with the sources is skipped.
        most_work : float
            The most to compute in this call, as :attr:`work` counts it. The circuit stands where it has then got to.

        Returns
        -------
        int
            The work that this took, in steps.

        Raises
        ------
        ValueError
            ``until`` is in the past.
        TsbenchError
            The integration failed, or would take more than ``most_work`` or :data:`.stepping.MOST_STEPS` steps.
        """
        if not math.isfinite(until) or until < self._front.time:
            raise ValueError(f"cannot advance from {self._front.time} s to {until} s")
        return self._stepping.advance(until, skip, watched, most_work)

    def leave_out(self, until: float, reason: str) -> None:
        """Let time pass up to ``until`` [s] without computing what happens; observers see a :class:`.engine.Gap`.

        Everything then goes on from the state of now.
        """
        self._stepping.leave_out(until, reason)

    def add_observer(self, observer: Observer) -> None:
        """Show ``observer`` everything that happens from ``time`` on."""
        self._audience.observers.append(observer)

    def remove_observer(self, observer: Observer) -> None:
        """Show ``observer`` nothing more."""
        self._audience.observers.remove(observer)

    # ------------------------------------------------------------------------------------ readings

    def unknowns(self) -> FloatArray:
        """Return a copy of the unknowns now."""
        return self.readings.unknowns()

    def voltage(self, node: str) -> float:
        """Return the voltage of ``node`` now [V]."""
        return self.readings.voltage(node)

    def current(self, element: str) -> float:
        """Return the current into the first terminal of ``element`` now [A]; of a source meter: out of it."""
        return self.readings.current(element)

    def device_state(self, device: str) -> Mapping[str, float]:
        """Return the states of ``device`` now, such as ``{"temperature": 296.0}``."""
        return self.readings.device_state(device)

    # ------------------------------------------------------------------------------------ changes

    def set_source(self, name: str, waveform: SourceWaveform) -> None:
        """Replace the waveform of V/I source ``name`` from ``time`` on (its jump is a breakpoint)."""
        key = known_name(name, self.structure.waveforms, "source")
        encode_sources([waveform])   # refuse before anything changes
        self._stepping.stop_here()
        self.structure.waveforms[key] = waveform
        self._stepping.sources_changed()
        self._stepping.make_consistent()

    def set_resistance(self, name: str, value: float) -> None:
        """Change resistor ``name`` (a relay) to ``value`` [Ohm] from ``time`` on."""
        self._stepping.set_value("R", name, value)

    def set_capacitance(self, name: str, value: float) -> None:
        """Change capacitor ``name`` to ``value`` [F] from ``time`` on; its voltage stays, so its charge changes."""
        self._stepping.set_value("C", name, value)

    def set_stage(self, name: str, stage: SourceMeterStage) -> None:
        """Change the set-points of a source-meter stage from ``time`` on; its v_s goes on where it was."""
        check_stage(name, stage)
        key = known_name(name, self.structure.stages, "source-meter stage")
        self._stepping.stop_here()
        node, before = self.structure.stages[key]
        self.structure.stages[key] = (node, stage)
        if before.output_resistance != stage.output_resistance:
            self.structure.assemble()
            self._stepping.assembled()
            self._stepping.make_consistent()
        else:   # set-points change rates only: what holds at this instant goes on holding
            self.structure.use_stages()

    def set_device(
        self, device: str, model: str | DeviceModel, parameters: Mapping[str, float],
        state: Mapping[str, float] | None, history: DeviceHistory | None = None,
    ) -> None:
        """Put another device in the position of ``device``, with its own remembered state (None: at rest).

        ``model`` is a name of the catalogue (or a model), ``parameters`` replace some of its parameters. A stochastic
        device without a seed is on the path that belongs to the circuit's seed and its position. A ``history``
        goes on with the device; its present model stands in for ``model``.

        Raises
        ------
        ConfigurationError
            No such device, model or parameter; or the device has other terminals than the one before.
        """
        key = known_name(device, self.structure.models, "device")
        if history is not None:
            history.fluctuate(self.time)
            model = history.model
        new = device_model(model) if isinstance(model, str) else model
        require_mechanism(new, device)
        if history is None and self.seed is not None:
            new = new.on_own_path(self.seed, key)
        new = new.with_parameters(parameters)
        before = self.structure.models[key].terminals
        if new.terminals != before:
            raise ConfigurationError(
                f"circuit: {device} has the nodes {' '.join(before)}. A device with the model {new.mechanism} "
                f"has the nodes {' '.join(new.terminals)}, so it cannot replace {device}")
        self._stepping.stop_here()
        self.changes.attach(key, history)
        kept = state or {}
        states = [kept.get(s, rest) for s, rest in zip(new.states, new.rest(), strict=True)]
        self._stepping.replace_model(key, new, states)
        self._stepping.make_consistent()

    def set_temperature(self, device: str, temperature: float) -> None:
        """Bring the surroundings of ``device`` to ``temperature`` [K]; its own states go on from where they are.

        A device without the parameter ``t0`` does not feel it.
        """
        key = known_name(device, self.structure.models, "device")
        history = self.changes.history_of(key)
        if history is not None:
            history.set_temperature(temperature)
        before = self.structure.models[key]
        new = history.model if history is not None else before.at_temperature(temperature)
        if new == before:
            return
        self._stepping.stop_here()
        self.structure.replace_parameters(key, new)
        self._stepping.assembled()
        self._stepping.make_consistent()

    def settle(self) -> None:
        """Go to an operating point without time passing: the sources as they are now, nothing moving.

        Where it is unstable ``messages`` say so; the circuit leaves it as time goes on.

        Raises
        ------
        TsbenchError
            None was found.
        """
        self._stepping.stop_here()
        found = operating_point(self.structure.compiled, self.time, self._front.y)
        if found is None:
            raise TsbenchError("circuit: no operating point was found. Write 'uic' in the .tran card, to start the "
                               "simulation from rest instead")
        self._front.y = found
        unstable = how_unstable(self.structure.compiled, self.time, found)
        if unstable is not None:
            self._notes.append(unstable + (MAY_STAY if self.structure.has_own_noise else LEAVES_IT))
