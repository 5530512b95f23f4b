"""The compiled side of the device models: one function that the solver calls, dispatching by kind number.

Every device is described by an algebraic equation for its current and equations for its states s:

    0 = g(v, w, s, i),    s' = f(v, w, i, s)      v: terminal voltage, i: current into the first terminal,
                                                  w: control voltage of a device that senses one

so that Kirchhoff's laws stay linear and the current is known as precisely as the voltages. To add a mechanism:
a model class with its own ``kind``, and a branch here. A mechanism whose equations are also written as a plain function
of numbers (:mod:`.straight_forms`) runs several times faster in specialised and batched code.
"""

import math

from tsbench.simulated_backends.devices.comparator.equations import comparator
from tsbench.simulated_backends.devices.controls import capacitor, diode
from tsbench.simulated_backends.devices.gated_filament.equations import gated_filament
from tsbench.simulated_backends.devices.hysteretic.equations import hysteretic
from tsbench.simulated_backends.devices.model import FloatArray
from tsbench.simulated_backends.devices.moving_core.equations import moving_core
from tsbench.simulated_backends.devices.ovonic.equations import ovonic
from tsbench.simulated_backends.devices.poole_frenkel.equations import LOWEST_TEMPERATURE, poole_frenkel
from tsbench.simulated_backends.devices.poole_frenkel_1d.equations import film_current_1d
from tsbench.simulated_backends.devices.resistor.equations import resistor
from tsbench.simulated_backends.devices.silver_filament.equations import filament, filament_noise_interval
from tsbench.simulated_backends.devices.third_order.equations import third_order
from tsbench.simulated_backends.devices.transistor.equations import transistor
from tsbench.simulated_backends.devices.tunnel_diode.equations import tunnel_diode
from tsbench.simulated_backends.numerics.compilation import compiled

POOLE_FRENKEL = 0
RESISTOR = 1
SILVER_FILAMENT = 2
MOVING_CORE = 3
POOLE_FRENKEL_1D = 4
THIRD_ORDER = 5
DIODE = 6
CAPACITOR = 7
TRANSISTOR = 8
OVONIC = 9
HYSTERETIC = 10
GATED_FILAMENT = 11
TUNNEL_DIODE = 12
COMPARATOR = 13

CONTROL = 31  #: column of ``p`` with the control voltage, if there is one: whoever evaluates the device has written it
BY_CONTROL = 56  #: where in ``out`` the derivatives of g, f_1..S by the control voltage stand


@compiled
def evaluate_device(
    kind: int, p: FloatArray, k: int, v: float, i: float, y: FloatArray, first: int, out: FloatArray
) -> None:
    """Write the residual g, its derivatives, f and its derivatives into ``out``.

    With S states, ``out`` holds [g, dg/dv, dg/di, dg/ds_1..S] and then for each state
    [f, df/dv, df/di, df/ds_1..S]. ``y[first:first + S]`` are the states, row ``k`` of ``p`` the
    parameters. A device with a control voltage has it there too, and adds its derivatives by it: see
    :data:`BY_CONTROL`.
    """
    if kind == POOLE_FRENKEL:
        (out[0], out[1], out[2], out[3], out[4], out[5], out[6], out[7]) = poole_frenkel(
            v, i, y[first], p[k, 0], p[k, 1], p[k, 2], p[k, 3], p[k, 4], p[k, 5], p[k, 6], p[k, 7])
    elif kind == POOLE_FRENKEL_1D:
        t = y[first]
        film = v - p[k, 4] * i
        if t < LOWEST_TEMPERATURE:
            t = math.nan   # the step is refused
        current, conductance, by_temperature = film_current_1d(p, k, film, t)
        out[0] = current - i
        out[1] = conductance
        out[2] = -conductance * p[k, 4] - 1.0
        out[3] = by_temperature
        out[4] = i * film * p[k, 6] - (t - p[k, 7]) * p[k, 5]
        out[5] = i * p[k, 6]
        out[6] = (v - 2.0 * p[k, 4] * i) * p[k, 6]
        out[7] = -p[k, 5]
    elif kind == SILVER_FILAMENT:
        filament(p, k, v, i, y, first, out)
    elif kind == MOVING_CORE:
        (out[0], out[1], out[2], out[3], out[4], out[5], out[6], out[7]) = moving_core(
            v, i, y[first], p[k, 0], p[k, 1], p[k, 2], p[k, 3], p[k, 4], p[k, 5])
    elif kind == THIRD_ORDER:
        third_order(p, k, v, i, y, first, out)
    elif kind == OVONIC:
        ovonic(p, k, v, i, y, first, out)
    elif kind == HYSTERETIC:
        hysteretic(p, k, v, i, y, first, out)
    elif kind == GATED_FILAMENT:
        (out[0], out[1], out[2], out[3], out[4], out[5], out[6], out[7]) = gated_filament(
            v, i, y[first], p[k, 0], p[k, 1], p[k, 2], p[k, 3], p[k, 4], p[k, 5], p[k, 6], p[k, 7], p[k, 8], p[k, 9],
            p[k, 10], p[k, 11], p[k, 12], p[k, 13], p[k, 14])
    elif kind == DIODE:
        diode(p, k, v, i, out)
    elif kind == TUNNEL_DIODE:
        tunnel_diode(p, k, v, i, out)
    elif kind == CAPACITOR:
        capacitor(p, k, v, i, y, first, out)
    elif kind == TRANSISTOR:
        (out[0], out[1], out[2], out[BY_CONTROL]) = transistor(
            v, p[k, CONTROL], i, p[k, 0], p[k, 1], p[k, 2], p[k, 3])
    elif kind == COMPARATOR:
        (out[0], out[1], out[2], out[3], out[4], out[5], out[6], out[7], out[BY_CONTROL], out[BY_CONTROL + 1]) = (
            comparator(v, p[k, CONTROL], i, y[first], p[k, 0], p[k, 1], p[k, 2], p[k, 3], p[k, 4], p[k, 5]))
    elif kind == RESISTOR:
        out[0], out[1], out[2] = resistor(v, i, p[k, 0])
    else:   # catalogue.require_mechanism has let this through: no step may be accepted
        out[0] = out[1] = out[2] = math.nan


@compiled
def noise_interval(kind: int, p: FloatArray, k: int, v: float, i: float, y: FloatArray, first: int) -> float:
    """Return over which time [s] a device's noise may be taken as a straight piece of its path; inf without noise."""
    if kind == SILVER_FILAMENT:
        return float(filament_noise_interval(p, k, v, i, y, first))
    return math.inf
