"""Thermal noise in every step, while a moving source leads a circuit through an oscillation.

After a loss of stability noise decides more than the beginning: when a small swing becomes a wide one (a canard), which
of two paths a chaotic oscillation takes, when a cycle that loses its stability changes, when the last swing ends. So on
a ramp resistors and devices have their noise in every step while the circuit oscillates (:mod:`.noise_switch`). It is
constant over each step that is tried,

    i = sqrt(2kT g / h) x    or    v = sqrt(2kT r / h) x

with a normal number x, the conductance g [S] or inner resistance r [Ohm], and the length h of the step [s]; if the step
is refused, the shorter ones share the value. It enters the drive of :mod:`.equations` as a source would: the integrator
sees an ordinary differential equation. Where noise acts on a device's voltage and no capacitor holds it, the device
current is made consistent. Each x depends on the seed, the instant at which noise was switched on (20 bits of it), the
number of the piece, and which source of noise it is: on nothing else.
"""

import math

import numpy as np
from numba import types

from tsbench.simulated_backends.circuit.engine import FloatArray
from tsbench.simulated_backends.circuit.kernel.equations import CIRCUIT, MATRIX, SCRATCH, VECTOR, Arrays
from tsbench.simulated_backends.numerics.brownian import THERMAL_STEPS, normal_number
from tsbench.simulated_backends.numerics.compilation import by_address, function_at

BOLTZMANN = 1.380649e-23  #: [J/K]
NOISE_TEMPERATURE = 300.0  #: [K] of everything that has a resistance
#: places in the noise clock: 1 while noise is on; end of the present piece [s]; how many pieces there have been; seed;
#: place of the beginning among the normal numbers; 1 if noise acts on a device's voltage
ON, END, COUNT, SEED, BEGUN, ON_DEVICES = range(6)
STILL = 1  #: place of the drive without noise in :func:`thermal_space`
_THERMAL = types.Tuple((VECTOR, VECTOR, VECTOR, MATRIX, VECTOR))
_DRAW = types.float64(CIRCUIT, SCRATCH, _THERMAL, VECTOR, types.float64, types.float64)
draw_noise_at = function_at(_DRAW)


def thermal_space(directions: FloatArray, strengths: FloatArray, devices: int, linear: int) -> Arrays:
    """Return what the integrator needs for thermal noise.

    That is (noise clock, drive without noise, what noise adds to it now, ``directions``, ``strengths``).

    Parameters
    ----------
    directions : array, shape (sources of noise, rows of the drive)
        What a noise current of 1 A, or a noise voltage of 1 V, contributes to the drive.
    strengths : array, shape (sources of noise,)
        Conductance of a noise current [S] or resistance of a noise voltage [Ohm]; -1 - k: the i/v of device k [S].
    devices, linear : int
        Numbers of devices and of linear states.
    """
    clock, rows = np.zeros(6), directions.shape[1]
    clock[ON_DEVICES] = float((directions[:, linear: linear + devices] != 0.0).any())
    return clock, np.zeros(rows), np.zeros(rows), np.ascontiguousarray(directions), strengths


@by_address(_DRAW)
def draw_noise(circuit: Arrays, scratch: Arrays, thermal: Arrays, y: FloatArray, t: float, h: float) -> float:
    """Add the noise to the drive; draw new noise if the piece has ended.

    Parameters
    ----------
    circuit, scratch : tuples of arrays
        See :func:`.integrator.integrate`; of the drives the third is that of now, and noise is added to the first.
    thermal : tuple of arrays
        See :func:`thermal_space`.
    y : array, shape (n,)
        Unknowns at ``t``.
    t, h : float
        Present instant and length of the next piece [s].

    Returns
    -------
    The end of the piece [s].
    """
    clock, still, shift, directions, strengths = thermal
    L, index, drive, now = circuit[0], circuit[5], scratch[3][0], scratch[3][2]
    for a in range(shift.size):
        still[a] = drive[a]
    if t >= clock[END]:
        nl, first_current = index[0], index[3 + 2 * index[1]]
        for a in range(shift.size):
            shift[a] = 0.0
        seed, unit, node = int(clock[SEED]), int(clock[BEGUN]), int(clock[COUNT]) * strengths.size
        for k in range(strengths.size):
            strength = strengths[k]
            if strength < 0.0:
                device = -1 - int(strength)
                v, i = now[nl + device], y[first_current + device]
                for b in range(y.size):
                    v += L[nl + device, b] * y[b]
                strength = i / v if v * i > 0.0 else 0.0
            noise = math.sqrt(2.0 * BOLTZMANN * NOISE_TEMPERATURE * strength / h) * normal_number(
                seed, THERMAL_STEPS, unit, node + k)
            for a in range(shift.size):
                shift[a] += noise * directions[k, a]
        clock[COUNT] += 1.0
        clock[END] = t + h
    for a in range(shift.size):
        drive[a] = still[a] + shift[a]
    return float(clock[END])
