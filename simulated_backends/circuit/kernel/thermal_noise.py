"""Thermal noise in every step, while a moving source leads a circuit through an oscillation.

After a loss of stability noise decides more than the beginning: when a small swing becomes a wide one (a canard), which
of two paths a chaotic oscillation takes, when a cycle that loses its stability changes, when the last swing ends. So on
a ramp resistors and devices have their noise in every step while the circuit oscillates
(:mod:`.stability.thermal_switch`). It is constant over each step that is tried,

    i = sqrt(2kT g / h) x    or    v = sqrt(2kT r / h) x

with a normal number x, the conductance g [S] or inner resistance r [Ohm], and the length h of the step [s]; if the step
is refused, the shorter ones share the value. It enters the drive of :mod:`.equations` as a source would: the integrator
sees an ordinary differential equation. Where noise acts on a device's voltage and no capacitor holds it, the device
current is made consistent. Each x depends on the seed, the instant at which noise was switched on (20 bits of it), the
number of the piece, and which source of noise it is: on nothing else.
"""

import math
from typing import Any, NamedTuple, Protocol

import numpy as np
from numba import from_dtype, types

from tsbench.records import FloatArray
from tsbench.simulated_backends.circuit.kernel.arrays import (
    AT_BREAKPOINT,
    CIRCUIT,
    MATRIX,
    NOW,
    SCRATCH,
    VECTOR,
    CircuitArrays,
    Scratch,
)
from tsbench.simulated_backends.circuit.kernel.named_record import new_record
from tsbench.simulated_backends.circuit.kernel.places import first_current, linear_states
from tsbench.simulated_backends.numerics.brownian import THERMAL_STEPS, normal_number
from tsbench.simulated_backends.numerics.compilation import by_address, function_at

BOLTZMANN = 1.380649e-23  #: [J/K]
NOISE_TEMPERATURE = 300.0  #: [K] of everything that has a resistance


class NoiseClock(Protocol):
    """What thermal noise remembers: a record that compiled code reads and writes."""

    on: bool
    end: float  #: of the present piece [s]
    count: int  #: of pieces so far
    seed: int
    begun: int  #: place of the beginning among the normal numbers
    on_devices: bool  #: whether noise acts on a device's voltage


_CLOCK = np.dtype([("on", np.bool_), ("end", np.float64), ("count", np.int64), ("seed", np.int64),
                   ("begun", np.int64), ("on_devices", np.bool_)], align=True)


class ThermalNoise(NamedTuple):
    """The thermal noise of one circuit, as the integrator takes it."""

    clock: NoiseClock
    without_noise: FloatArray  #: the drive without noise, shape (rows,)
    shift: FloatArray  #: what noise adds to it now
    directions: FloatArray  #: what 1 A or 1 V of each source of noise contributes to the drive
    strengths: FloatArray  #: of each source of noise, see :func:`thermal_space`


_THERMAL = types.NamedTuple((from_dtype(_CLOCK), VECTOR, VECTOR, MATRIX, VECTOR), ThermalNoise)
_DRAW = types.float64(CIRCUIT, SCRATCH, _THERMAL, VECTOR, types.float64, types.float64)
draw_noise_at = function_at(_DRAW)


def thermal_space(directions: FloatArray, strengths: FloatArray, devices: int, linear: int) -> ThermalNoise:
    """Return what the integrator needs for thermal noise, which is off.

    Parameters
    ----------
    directions : array, shape (sources of noise, rows of the drive)
        What a noise current of 1 A, or a noise voltage of 1 V, contributes to the drive.
    strengths : array, shape (sources of noise,)
        Conductance of a noise current [S] or resistance of a noise voltage [Ohm]; -1 - k: the i/v of device k [S].
    devices, linear : int
        Numbers of devices and of linear states.
    """
    rows = directions.shape[1]
    clock: Any = new_record(_CLOCK)
    clock.on_devices = bool((directions[:, linear: linear + devices] != 0.0).any())
    return ThermalNoise(clock, np.zeros(rows), np.zeros(rows), np.ascontiguousarray(directions), strengths)


@by_address(_DRAW)
def draw_noise(
    circuit: CircuitArrays, scratch: Scratch, thermal: ThermalNoise, y: FloatArray, t: float, h: float,
) -> float:
    """Add the noise to the drive; draw new noise if the piece has ended.

    Parameters
    ----------
    circuit, scratch
        See :mod:`.arrays`; noise is added to the row ``AT_BREAKPOINT`` of the drives.
    thermal : ThermalNoise
    y : array, shape (n,)
        Unknowns at ``t``.
    t, h : float
        Present instant and length of the next piece [s].

    Returns
    -------
    The end of the piece [s].
    """
    clock, without_noise, shift = thermal.clock, thermal.without_noise, thermal.shift
    directions, strengths = thermal.directions, thermal.strengths
    L, places, drive, now = circuit.L, circuit.places, scratch.drives[AT_BREAKPOINT], scratch.drives[NOW]
    for a in range(shift.size):
        without_noise[a] = drive[a]
    if t >= clock.end:
        nl, currents = linear_states(places), first_current(places)
        for a in range(shift.size):
            shift[a] = 0.0
        node = clock.count * strengths.size
        for k in range(strengths.size):
            strength = strengths[k]
            if strength < 0.0:
                device = -1 - int(strength)
                v, i = now[nl + device], y[currents + device]
                for b in range(y.size):
                    v += L[nl + device, b] * y[b]
                strength = i / v if v * i > 0.0 else 0.0
            noise = math.sqrt(2.0 * BOLTZMANN * NOISE_TEMPERATURE * strength / h) * normal_number(
                clock.seed, THERMAL_STEPS, clock.begun, node + k)
            for a in range(shift.size):
                shift[a] += noise * directions[k, a]
        clock.count += 1
        clock.end = t + h
    for a in range(shift.size):
        drive[a] = without_noise[a] + shift[a]
    return float(clock.end)
