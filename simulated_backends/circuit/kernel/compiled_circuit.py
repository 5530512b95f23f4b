"""Data of a circuit for the compiled functions (matrices, tables, working memory), and the calls of these functions."""

import copy
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from tsbench.netlist import Element
from tsbench.records import FloatArray
from tsbench.simulated_backends.circuit.engine import SourceMeterStage, SourceWaveform
from tsbench.simulated_backends.circuit.kernel.arrays import (
    JACOBIAN,
    RATES,
    SIZES,
    CircuitArrays,
    SourceArrays,
    scratch_space,
)
from tsbench.simulated_backends.circuit.kernel.between_steps import addresses
from tsbench.simulated_backends.circuit.kernel.control import StepControl
from tsbench.simulated_backends.circuit.kernel.defects import defect_space, first_defect
from tsbench.simulated_backends.circuit.kernel.device_noise import device_noise
from tsbench.simulated_backends.circuit.kernel.equations import (
    STAGE_COLUMNS,
    LinearisationScratch,
    drive_at,
    linearisations,
    right_side,
    right_side_and_jacobian,
    solve_currents,
)
from tsbench.simulated_backends.circuit.kernel.integrator import integrate
from tsbench.simulated_backends.circuit.kernel.specialised import specialised_integrate
from tsbench.simulated_backends.circuit.kernel.tables import parameters_of, tables_of
from tsbench.simulated_backends.circuit.kernel.thermal_noise import (
    BOLTZMANN,
    NOISE_TEMPERATURE,
    thermal_space,
)
from tsbench.simulated_backends.circuit.system import Row, System
from tsbench.simulated_backends.circuit.trajectory import Steps
from tsbench.simulated_backends.circuit.waveforms import SINE, EncodedSources, encode_sources
from tsbench.simulated_backends.devices.mechanism import MOST_NUMBERS, row_of
from tsbench.simulated_backends.devices.model import DeviceModel

CHUNK, LARGE_CHUNK = 1024, 4096  #: steps per call of the compiled integrator, of generic and of specialised code
#: steps of generic code, per position of the relays, after which a circuit gets code of its own by default: as
#: long as a tenth of what that takes to compile, once on a machine. It depends on steps alone: whatever is on disk
#: already, the same circuit does the same.
GENERIC_STEPS = 300_000


class CompiledCircuit:
    """The numbers of one circuit with its present resistors and devices; sources and set-points can be exchanged.

    Parameters
    ----------
    system : System
        The assembled circuit.
    devices : sequence of Element
        Device elements, in the order of the system's currents.
    models : mapping
        Model of each, by name in lower case.
    rtol : float
        Relative tolerance of the integrator.
    noise_refinement : float
        Factor on how long the noise of stochastic devices is taken as straight.
    specialised : bool, optional
        Use code written for this topology (:mod:`.specialised`) while no source moves along a curve; None: after
        :data:`GENERIC_STEPS` steps.
    """

    def __init__(
        self, system: System, devices: Sequence[Element], models: Mapping[str, DeviceModel], rtol: float,
        noise_refinement: float = 1.0, specialised: bool | None = None,
    ) -> None:
        names = [e.name.lower() for e in devices]
        tables = tables_of(system, devices, models, rtol)
        self.system, self.rtol = system, rtol
        self.differential = tables.differential   #: unknowns with a derivative; they come first
        self.weights = tables.weights   #: absolute tolerances
        self.controlled = tables.controlled   #: some device follows a control voltage
        self.recurring = tables.recurring   #: unknowns with a derivative, but for those that count
        self.topology = tables.topology
        self.stochastic = any(models[name].stochastic for name in names)
        #: every stochastic device draws anew in each cycle, from a state that counts them, and is on no path of noise
        self.by_cycle = all(models[name].counters for name in names if models[name].stochastic)
        self._noise_rows = tables.noise_rows
        #: the present numbers
        self.arrays = CircuitArrays(
            tables.L, tables.R, system.E, parameters_of([models[name] for name in names]), _stage_table([]),
            tables.places)
        self._rows = {name: k for k, name in enumerate(names)}
        self._inner_resistances = [models[name].inner_resistance for name in names]
        space = system.size, len(tables.L), system.B.shape[1]
        self._scratch, self._defect_space = scratch_space(*space), defect_space(*space)
        s = self._scratch
        self._currents_space = s.work, s.vectors[RATES], s.vectors[SIZES], s.matrices[JACOBIAN], s.pivots
        self._noise = device_noise(tables.paths, self.stochastic, noise_refinement)
        self._special: Any = None
        self._generic_left = math.inf if specialised is False else GENERIC_STEPS   #: steps before that changes
        if specialised:
            self.specialise()
        directions, strengths = self._sources_of_noise()
        #: thermal noise, see :mod:`.thermal_noise`
        self.thermal = thermal_space(directions, strengths, len(devices), len(system.linear))
        self.looks = 0   #: evaluations of the circuit that were no steps
        #: derivatives, length of a run of steps [s] and its map, see :mod:`.steady.period_map`
        self.last_map: tuple[FloatArray, float, FloatArray] | None = None
        self.set_sources([])

    def _sources_of_noise(self) -> tuple[FloatArray, FloatArray]:
        """Return the directions and strengths of the sources of noise for :func:`.thermal_noise.thermal_space`.

        Resistors and devices have noise currents beside them, in order; then come the devices' inner resistances. A
        strength of -1 - k stands for the present conductance of device k.
        """
        inner, nl = np.array(self._inner_resistances), len(self.system.linear)
        within = inner > 0.0
        directions = np.vstack([self._noise_rows.T, np.eye(len(self.arrays.R))[nl + np.flatnonzero(within)]])
        devices = np.where(within, 0.0, -1.0 - np.arange(inner.size))
        return directions, np.concatenate([1.0 / np.array(self.system.resistances), devices, inner[within]])

    def specialise(self) -> None:
        """Use code written for this topology from now on; its first call compiles it, or loads it from disk."""
        self._special, self._generic_left = specialised_integrate(self.topology), math.inf

    def as_now(self) -> "CompiledCircuit":
        """Return this circuit with its present sources, set-points and parameters, whatever is set later."""
        return copy.copy(self)

    def set_parameters(self, device: str, model: DeviceModel) -> None:
        """Give a device (element name in lower case) other parameters of the same kind of model."""
        numbers, row = row_of(model), self._rows[device]
        # new arrays: :meth:`as_now` has handed the old ones out
        parameters, self._inner_resistances = self.arrays.devices.copy(), [*self._inner_resistances]
        parameters[row, : numbers.size] = numbers
        self.arrays = self.arrays._replace(devices=parameters)
        self._inner_resistances[row] = model.inner_resistance
        self.thermal = self.thermal._replace(strengths=self._sources_of_noise()[1])

    def set_sources(self, waveforms: Sequence[SourceWaveform], base: float = 0.0) -> None:
        """Use these waveforms, in the order of the V and I elements; :meth:`integrate` counts from ``base`` [s]."""
        self.sources: EncodedSources = encode_sources(waveforms, base)
        e = self.sources
        self._source_arrays = SourceArrays(e.kinds, e.parameters, e.table_times, e.table_values)

    def move_base(self, base: float) -> None:
        """Count from ``base`` [s] on, a whole number of the sources' common periods away: nothing else is different."""
        self.sources = replace(self.sources, base=base)

    def set_stages(self, stages: Sequence[SourceMeterStage]) -> None:
        """Use these set-points, in the order of the system's stages."""
        self.arrays = self.arrays._replace(stages=_stage_table(stages))

    # ------------------------------------------------------------------------------------ at one instant

    def drive(self, time: float) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return the sources' values and slopes just after ``time`` [s], and what they contribute."""
        u, du, drive, _, _ = self.segment(time)
        return u, du, drive

    def segment(self, time: float) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, float]:
        """Return sources' values and slopes just after ``time`` [s], the drive and its slope, the next breakpoint."""
        u, du = np.zeros(self.sources.kinds.size), np.zeros(self.sources.kinds.size)
        drive, slope = np.zeros(len(self.arrays.R)), np.zeros(len(self.arrays.R))
        base = self.sources.base
        following, _, _ = drive_at(self._source_arrays, self.arrays.R, self.system.E, time - base, u, du, drive, slope)
        return u, du, drive, slope, following + base

    def make_consistent(self, time: float, y: FloatArray) -> bool:
        """Solve for the device currents in ``y``, in place; return whether that worked."""
        if not len(self.arrays.devices):
            return True
        return self.solve_currents(self.drive(time)[2], y)

    def solve_currents(self, drive: FloatArray, y: FloatArray) -> bool:
        """Make the device currents in ``y`` consistent with the rest, in place; return whether that worked."""
        if not len(self.arrays.devices):
            return True
        L, devices, places = self.arrays.L, self.arrays.devices, self.arrays.places
        return bool(solve_currents(L, devices, places, drive, y, *self._currents_space))

    def value(self, row: Row, time: float, y: FloatArray) -> float:
        """Return a quantity at ``time`` [s] for given unknowns."""
        value = float(row.y @ y)
        if not (row.u.any() or row.du.any() or row.dy.any()):
            return value
        u, du, drive = self.drive(time)
        value += float(row.u @ u)
        if row.dy.any() or row.du.any():
            f = np.zeros(y.size)
            L, devices, stages, places = self.arrays.L, self.arrays.devices, self.arrays.stages, self.arrays.places
            right_side(L, devices, stages, places, drive, y, np.zeros(MOST_NUMBERS), f)
            f[self.differential:] = 0.0   # device currents have no rate of their own
            value += float(row.dy @ f + row.du @ du)
        return value

    def jacobian(self, time: float, y: FloatArray) -> FloatArray:
        """Return df/dy at ``time`` [s] for given unknowns, shape (n, n)."""
        drive = self.drive(time)[2]
        return self.equations(drive, np.zeros_like(drive), y)[2]

    def linearised(self, time: float, y: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """Return the circuit of the unknowns with a derivative around ``y``: x' = f + ft (t - time) + A x + N noise.

        Returns
        -------
        (f of shape (m,), ft (m,), A (m, m), N (m, sources of noise)); noise is white, of unit strength. Resistors carry
        a noise current of 2kT/R (two-sided) beside them, devices one by the conductance i/v at which they stand, or a
        noise voltage of their inner resistance, if they have one; all at :data:`NOISE_TEMPERATURE`
        (H. Nyquist, Phys. Rev. 32 (1928) 110).
        """
        f, ft, A, N = self.linearisations(np.array([time]), y[None])
        return f[0], ft[0], A[0], N[0]

    def linearisations(
        self, times: FloatArray, unknowns: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """Return what :meth:`linearised` does at several instants [s], at ``unknowns`` of shape (times, n)."""
        m, nl, nd = self.differential, len(self.system.linear), unknowns.shape[1] - self.differential
        directions, fixed = self.thermal.directions, self.thermal.strengths
        drives, f, moving, J, along = self._linearise_at(times, unknowns, directions)
        v, i = unknowns @ self.arrays.L[nl: nl + nd].T + drives[:, nl: nl + nd], unknowns[:, m:]
        with np.errstate(all="ignore"):
            conductances = np.where(v * i > 0.0, i / v, 0.0)
        strengths = np.tile(fixed, (len(times), 1))
        strengths[:, fixed < 0.0] = conductances[:, (-1.0 - fixed[fixed < 0.0]).astype(int)]
        N = np.sqrt(2.0 * BOLTZMANN * NOISE_TEMPERATURE * strengths)[:, None] * along.transpose(0, 2, 1)
        everything = np.concatenate([J[:, :, :m], f[:, :, None], moving[:, :, None], N], axis=2)
        if nd:
            everything = everything[:, :m] - J[:, :m, m:] @ np.linalg.solve(J[:, m:, m:], everything[:, m:])
        return everything[:, :, m], everything[:, :, m + 1], everything[:, :, :m], everything[:, :, m + 2:]

    def reduced_jacobians(self, steps: Steps) -> FloatArray:
        """Return df/dy of the differential unknowns, device currents eliminated, where steps begin and the last ends.

        Shape (steps + 1, m, m) for m differential unknowns.
        """
        n, m = steps.y0.shape[1], self.differential
        times = np.append(steps.starts, steps.starts[-1] + steps.lengths[-1])
        J = self._linearise_at(times, np.vstack([steps.y0, steps.y1[-1:]]), np.empty((0, len(self.arrays.R))))[3]
        if m == n:
            return J
        return np.asarray(J[:, :m, :m] - J[:, :m, m:] @ np.linalg.solve(J[:, m:, m:], J[:, m:, :m]))

    def _linearise_at(
        self, times: FloatArray, unknowns: FloatArray, directions: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]:
        """Return what :func:`.equations.linearisations` fills."""
        (count, n), rows = unknowns.shape, len(self.arrays.R)
        scratch = LinearisationScratch(
            work=np.zeros(MOST_NUMBERS), f=np.zeros(n), ft=np.zeros(n), J=np.zeros((n, n)), drive=np.zeros(rows),
            slope=np.zeros(rows), u=np.zeros(self.sources.kinds.size), du=np.zeros(self.sources.kinds.size),
            y=np.zeros(n))
        out = (np.empty((count, rows)), np.empty((count, n)), np.empty((count, n)), np.empty((count, n, n)),
               np.empty((count, len(directions), n)))
        self.looks += count * (1 + len(directions))
        linearisations(
            self.arrays, self._source_arrays, times - self.sources.base, unknowns, directions, scratch, *out)
        return out

    def still_drive(self, time: float) -> FloatArray:
        """Return what the sources contribute at ``time`` [s] if they do not move."""
        return np.asarray(self.arrays.R @ self.segment(time)[0])

    def equations(
        self, drive: FloatArray, direction: FloatArray, y: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return f, its derivative along ``direction`` of the drive, and df/dy, shapes (n,), (n,), (n, n)."""
        n = y.size
        f, ft, J = np.zeros(n), np.zeros(n), np.zeros((n, n))
        L, devices, stages, places = self.arrays.L, self.arrays.devices, self.arrays.stages, self.arrays.places
        right_side_and_jacobian(L, devices, stages, places, drive, direction, y, np.zeros(MOST_NUMBERS), f, ft, J)
        return f, ft, J

    # ------------------------------------------------------------------------------------ through time

    def integrate(
        self, control: StepControl, begin: float, y: FloatArray, restart: bool, until: float, most: int | None = None
    ) -> tuple[Steps, float, int]:
        """Take at most ``most`` steps (None: :data:`CHUNK` or :data:`LARGE_CHUNK`); times from the base of the sources.

        Other arguments and the status: :func:`.integrator.integrate`.

        Returns
        -------
        (the steps, time reached [s], status); ``y`` and ``control`` are updated.
        """
        curved = bool((self.sources.kinds == SINE).any())
        if self._generic_left <= 0:
            self.specialise()
        special = None if curved else self._special
        n, chunk = y.size, most or (LARGE_CHUNK if special else CHUNK)
        if special is None and not curved:
            chunk = int(min(chunk, self._generic_left))
        many = (chunk, n)
        out = np.empty(chunk), np.empty(chunk), np.empty(many), np.empty(many), np.empty(many), np.empty(many)
        count, reached, status = (special or integrate)(
            tuple(self.arrays), tuple(self._source_arrays), control, self.weights, begin, y, restart, until,
            tuple(self._scratch), tuple(self._noise), tuple(self.thermal), tuple(addresses()), out)
        if special is None and not curved:
            self._generic_left -= count
        if count < chunk:
            starts, lengths, y0, y1, p, q = out
            out = (starts[:count].copy(), lengths[:count].copy(), y0[:count].copy(), y1[:count].copy(),
                   p[:count].copy(), q[:count].copy())
        return Steps(*out), reached, status

    def first_defect(self, steps: Steps) -> int | None:
        """Return the first of ``steps`` in the middle of which a controlled device is not where it should be."""
        steps = replace(steps, starts=steps.starts - self.sources.base)
        return first_defect(self.arrays, self._source_arrays, steps, self.weights, self.rtol, self._defect_space)


def _stage_table(stages: Sequence[SourceMeterStage]) -> FloatArray:
    """Return set-points as a table, one row each with the columns :data:`.equations.STAGE_COLUMNS`."""
    rows = [[float(stage.function == "current"), *(getattr(stage, name) for name in STAGE_COLUMNS[1:])]
            for stage in stages]
    return np.array(rows, dtype=float).reshape(-1, len(STAGE_COLUMNS))
