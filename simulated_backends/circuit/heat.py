"""Thermal noise in every step, while a moving source leads a circuit through an oscillation.

Behind a loss of stability noise decides more than the beginning: when a small swing becomes a wide one (a canard),
which of two paths a chaotic oscillation takes, when a cycle that loses its stability changes, when the last swing ends.
So on a ramp the noise currents of resistors and devices stay switched on from the loss of stability until the circuit
has come to rest again. Each is constant over a step,

    i = sqrt(2kT g / h) x,      x normal, g the conductance [S], h the length of the step [s]

and enters the drive of :mod:`.equations`, as a source would: the integrator sees an ordinary differential equation.
Where noise acts on a device's voltage and no capacitor holds it, the device current is made consistent. What x is
follows from the seed, the instant at which noise was switched on, and the number of the step.
"""

import math

import numpy as np
from numba import types

from tsbench.simulated_backends.circuit.brownian import normal_number
from tsbench.simulated_backends.circuit.engine import FloatArray
from tsbench.simulated_backends.circuit.equations import CIRCUIT, MATRIX, SCRATCH, VECTOR, Arrays
from tsbench.simulated_backends.devices.compilation import by_address, function_at

BOLTZMANN = 1.380649e-23  #: [J/K]
NOISE_TEMPERATURE = 300.0  #: [K] of everything that has a resistance
_CHANNEL = (1 << 20) + 1  #: of the normal numbers
#: places in the clock: 1 while noise is on; end of the present piece [s]; how many pieces there have been; seed; place
#: of the beginning among the normal numbers; 1 if noise acts on a device's voltage
ON, END, COUNT, SEED, BEGUN, ON_DEVICES = range(6)
STILL = 1  #: place of the drive without noise in :func:`heat_space`
_HEAT = types.Tuple((VECTOR, VECTOR, VECTOR, MATRIX, VECTOR))
_PUSH = types.float64(CIRCUIT, SCRATCH, _HEAT, VECTOR, types.float64, types.float64)
push_at = function_at(_PUSH)


def heat_space(directions: FloatArray, conductances: FloatArray, devices: int, linear: int) -> Arrays:
    """Return what the integrator needs for thermal noise.

    (clock, drive without noise, what noise adds to it now, ``directions``, ``conductances``).

    Parameters
    ----------
    directions : array, shape (sources of noise, rows of the drive)
        What a noise current of 1 A contributes to the drive.
    conductances : array, shape (sources of noise,)
        [S]; -1 - k where it is the i/v of device k.
    devices, linear : int
        Numbers of devices and of linear states.
    """
    clock = np.zeros(6)
    clock[ON_DEVICES] = float((directions[:, linear: linear + devices] != 0.0).any())
    rows = directions.shape[1]
    return clock, np.zeros(rows), np.zeros(rows), np.ascontiguousarray(directions), conductances


@by_address(_PUSH)
def push(circuit: Arrays, scratch: Arrays, heat: Arrays, y: FloatArray, t: float, h: float) -> float:
    """Put the noise of now into the drive; where a piece has ended, that of the next one.

    Parameters
    ----------
    circuit, scratch : tuples of arrays
        See :func:`.integrator.integrate`; of the drives the third is that of now, and noise is added to the first.
    heat : tuple of arrays
        See :func:`heat_space`.
    y : array, shape (n,)
        Unknowns at ``t``.
    t, h : float
        Present instant and length of the next piece [s].

    Returns
    -------
    The end of the piece [s].
    """
    clock, still, shift, directions, conductances = heat
    L, index, drive, now = circuit[0], circuit[5], scratch[3][0], scratch[3][2]
    for a in range(shift.size):
        still[a] = drive[a]
    if t >= clock[END]:
        nl, first_current = index[0], index[3 + 2 * index[1]]
        for a in range(shift.size):
            shift[a] = 0.0
        seed, unit, node = int(clock[SEED]), int(clock[BEGUN]), int(clock[COUNT]) * conductances.size
        for k in range(conductances.size):
            g = conductances[k]
            if g < 0.0:
                device = -1 - int(g)
                v, i = now[nl + device], y[first_current + device]
                for b in range(y.size):
                    v += L[nl + device, b] * y[b]
                g = i / v if v * i > 0.0 else 0.0
            current = math.sqrt(2.0 * BOLTZMANN * NOISE_TEMPERATURE * g / h) * normal_number(
                seed, _CHANNEL, unit, node + k)
            for a in range(shift.size):
                shift[a] += current * directions[k, a]
        clock[COUNT] += 1.0
        clock[END] = t + h
    for a in range(shift.size):
        drive[a] = still[a] + shift[a]
    return float(clock[END])
