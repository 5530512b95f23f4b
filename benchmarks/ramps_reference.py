"""Small steps with thermal noise: one device behind a resistor and beside a capacitor, on a ramp.

    C dv/dt = (V(t) - v)/R - i(v, s) + sqrt(2kT/R) xi_1 + sqrt(2kT i/v) xi_2,      ds/dt = f(v, i, s)

The classical Runge-Kutta method with a step of 0.15 of the fastest time constant, shorter where a moving core runs
away; the noises are constant over a step (their strength is that of 4kT/R, one-sided, at 300 K). In the element of
third order the noise of its inner resistance stands for xi_2, and the film's voltage is observed: the node follows the
source within its RC time and has, over that bandwidth, a noise kT/C that is no part of the oscillation. Else the node's
voltage is. It shares no code with the integrator: device equations are written down again from the headers of the
models.

A film with hysteresis has three times of its own. A step is 0.1 ns at most: all of the follower's time, where RK4 still
damps (0.375 of a difference is left a step), and a follower at the edge of its play moves nothing. From half-way
through the play (s delta below 0.3) until the direction has turned over, where the follower decides and a reversal is
captured, a step is 0.15 of that time, 15 ps. With a tenth of both the cycle is the same to some 1e-6 of its swing.
"""

import math

import numpy as np
from numba import njit

from tsbench.records import FloatArray
from tsbench.simulated_backends.devices.model import DeviceModel

BOLTZMANN_J, BOLTZMANN_EV, CHARGE, VACUUM = 1.380649e-23, 8.617333262e-5, 1.602176634e-19, 8.8541878128e-12
TEMPERATURE = 300.0
COARSE = 2.5  #: times a case's ``dt``, 0.15 of the fastest time constant along the equilibria: the step there
AT_ONCE = 0.15  #: and of the fastest one elsewhere on a limit cycle
CORE_CHANGE = 1e-5  #: of a moving core's state, for the rate of its runaway
FILM_3D, CORE, FILM_1D, THIRD, HYSTERETIC = range(5)   # equations of :func:`device`
KINDS = {"poole_frenkel": FILM_3D, "moving_core": CORE, "poole_frenkel_1d": FILM_1D, "third_order": THIRD,
         "hysteretic": HYSTERETIC}
PLAY, PLAY_TIME, TURN_TIME, REVERSAL_TIME = 5e-3, 1e-10, 5e-9, 1e-10  #: [K], [s]: band, tp, tf, tcap of the loop
REVERSED, REVERSED_WIDTH = -0.2, 0.02  #: s delta at which c is a half, and the width of that edge
TURNING = 0.3  #: s delta below which a reversal may be near: the steps become short
NO_LOOP, LEAST_SPAN = 4.0, 1e-3  #: x beyond which P is zero; [K] that keeps x finite where Tpr is zero
METER_LEVELS, METER_TIME = 200, 2e-6  #: of a sweep by a source meter: its levels, and its loop's time [s]


def reference_kind(model: DeviceModel) -> int:
    """Return by which equations of :func:`device` a model is computed."""
    return KINDS[model.mechanism]


def parameters(model: DeviceModel) -> FloatArray:
    """Return the model's parameters as :func:`device` reads them."""
    p = model.parameters()
    if reference_kind(model) in (FILM_3D, FILM_1D, THIRD):
        film = [p["as_"], p["d"], p["ea"], math.sqrt(CHARGE / (math.pi * VACUUM * p["epsr"]))]   # lowering in eV
        if reference_kind(model) == THIRD:
            return np.array([*film, p["rs"], p["rth"], p["cth"], p["t0"], p["cs"], p["gm"], p["tc"], p["span"],
                             p["soft"], p["taum"]])
        return np.array([*film, p["re"], p["rth"], p["cth"], p["t0"]])
    if reference_kind(model) == HYSTERETIC:
        return np.array([p["r0"], p["ea"], p["rm"], p["w"], p["tc"] - p["t0"], p["beta"], p["gamma"], p["cth"],
                         p["sth"], p["t0"]])
    area, warm = math.pi * p["r_ch"] ** 2, p["t_mit"] - p["t0"]
    return np.array([
        p["rho_ins"] * p["length"] / area, p["rho_ins"] / p["rho_met"] - 1.0, p["re"],
        2.0 * math.pi * p["length"] * p["kappa"] * warm, 0.5 * p["length"] * area * p["cp"] * warm,
        2.0 * p["length"] * area * p["dh"]])


@njit(cache=True)
def _bulk(p: FloatArray, t: float) -> float:
    """Return the film's conductivity without a field [S/m]."""
    return p[0] * math.exp(-p[2] / (BOLTZMANN_EV * t))


@njit(cache=True)
def _film(kind: int, p: FloatArray, bulk: float, v: float, t: float) -> tuple[float, float]:
    """Return film current and its derivative by the film's voltage."""
    x = p[3] * math.sqrt(abs(v) / p[1]) / (BOLTZMANN_EV * t)
    raised = math.exp(x)
    if kind == FILM_1D:
        return bulk * raised * v / p[1], bulk * raised / p[1] * (1.0 + 0.5 * x)
    share = 0.5 + x / 3.0 + x * x / 8.0 if x < 1e-3 else (1.0 + (x - 1.0) * raised) / (x * x)
    return bulk * v / p[1] * (share + 0.5), bulk / p[1] * 0.5 * (1.0 + raised)


@njit(cache=True)
def _hysteretic(p: FloatArray, v: float, s: FloatArray, ds: FloatArray) -> tuple[float, float, float]:
    """Return what :func:`device` does, of a film with hysteresis; temperatures above that of the surroundings.

    In place of a runaway's rate: that of the reversal, once one may be near.
    """
    warm, follower, delta, reversal, kept = s[0], s[1], s[2], s[3], s[4]
    turned = max(-1.0, min(1.0, delta))
    middle = p[4] + 0.5 * p[3] * (1.5 * turned - 0.5 * turned**3)
    width = middle - kept / p[5] - reversal
    x = (warm - reversal) * width / (width**2 + LEAST_SPAN**2)
    x = max(0.0, min(NO_LOOP, x))
    proximity = (1.0 - math.sin(p[6] * x)) * (1.0 + math.tanh(math.pi**2 - 2.0 * math.pi * x)) / 2.0
    argument = p[5] * (middle - (warm + width * proximity))
    resistance = p[0] * math.exp(p[1] / (warm + p[9])) * (1.0 + math.tanh(argument)) / 2.0 + p[2]
    i = v / resistance
    lead = warm - follower
    sign = math.tanh(lead / PLAY)
    captured = 1.0 / (1.0 + math.exp(min((sign * delta - REVERSED) / REVERSED_WIDTH, 300.0)))
    ds[0] = (i * v - p[8] * warm) / p[7]
    ds[1] = (max(lead - PLAY, 0.0) - max(-PLAY - lead, 0.0)) / PLAY_TIME
    ds[2] = (delta - delta**3 + 1.2 * sign) / TURN_TIME
    ds[3] = (warm - reversal) * captured / REVERSAL_TIME
    ds[4] = (argument - kept) * captured / REVERSAL_TIME
    return i, 1.0 / resistance, 1.0 / REVERSAL_TIME if sign * delta < TURNING else 0.0


@njit(cache=True)
def device(kind: int, p: FloatArray, v: float, s: FloatArray, ds: FloatArray) -> tuple[float, float, float]:
    """Return what flows at terminal voltage ``v`` and states ``s``, and write the rates of the states.

    Current [A], differential conductance at these states [S], and of a film the rate [1/s] at which it runs away.
    """
    if kind == HYSTERETIC:
        return _hysteretic(p, v, s, ds)
    if kind == CORE:
        psi = s[0]
        w = 1.0 / max(psi, 2e-3)
        core = math.exp(-2.0 * w)
        resistance = p[0] / (1.0 + p[1] * core)
        i = v / (resistance + p[2])
        ds[0] = (resistance * i * i - p[3] * psi) / (p[4] * (1.0 - core * (1.0 + 2.0 * w)) + p[5] * core * w * w)
        return i, 1.0 / (resistance + p[2]), 0.0
    if kind == THIRD:
        film, t, m = s[0], s[1], s[2]
        through = _film(FILM_3D, p, _bulk(p, t), film, t)[0] + p[9] * m * film
        i = (v - film) / p[4]
        ds[0] = (i - through) / p[8]
        ds[1] = (through * film - (t - p[7]) / p[5]) / p[6]
        z = (t - p[10] + p[11] * (m - 0.5)) / p[12]
        ds[2] = (1.0 / (1.0 + math.exp(-z)) - m) / p[13]
        return i, 1.0 / p[4], 0.0
    t = s[0]
    film, i, slope, bulk = v, 0.0, 0.0, _bulk(p, t)
    for _ in range(40):   # film voltage behind the electrode
        i, slope = _film(kind, p, bulk, film, t)
        change = (film + p[4] * i - v) / (1.0 + p[4] * slope)
        film -= change
        i -= slope * change
        if abs(change) < 1e-8:   # what Newton's method leaves then is a rounding error
            break
    ds[0] = (i * film - (t - p[7]) / p[5]) / p[6]
    return i, slope / (1.0 + p[4] * slope), i * film * p[2] / (BOLTZMANN_EV * t * t * p[6])


DIRECTION, HIGH, LOW, AT, SWING, GAP, BEFORE, STREAK, BEGUN, ENDED, TOP, BOTTOM = range(12)
EXTREME, T0, V0, T1, V1 = range(12, 17)  #: time of the extreme between samples; the last two samples
ENOUGH = 4.0  #: turning points in a row: three swings


def watch(swing: float, gap: float) -> FloatArray:
    """Return what :func:`note` begins with: swings above ``swing`` [V], at most ``gap`` [s] after each other."""
    return np.array(
        [0.0, -1e9, 1e9, 0.0, swing, gap, -1e9, 0.0, math.nan, math.nan, -1e9, 1e9, *[math.nan] * 5])


@njit(cache=True)
def note(state: FloatArray, t: float, v: float) -> None:
    """Follow a curve by its turning points: when three swings in a row have been made first, and the last one ends."""
    if t == state[T1]:
        return   # the end of one piece and the beginning of the next
    state[TOP], state[BOTTOM] = max(state[TOP], v), min(state[BOTTOM], v)
    direction, turn = state[DIRECTION], math.nan
    up, down = state[V1] - state[V0], state[V1] - v
    if state[AT] == state[T1] and up * down >= 0.0:   # the last sample is the extreme so far: the parabola's vertex
        before, behind = state[T1] - state[T0], t - state[T1]
        up, down = behind * up, before * down
        state[EXTREME] = state[T1] + 0.5 * (behind * up - before * down) / (up + down)
    state[T0], state[V0], state[T1], state[V1] = state[T1], state[V1], t, v
    if direction >= 0.0 and v > state[HIGH]:
        state[HIGH], state[AT] = v, t
    if direction <= 0.0 and v < state[LOW]:
        state[LOW], state[AT] = v, t
    if direction >= 0.0 and v < state[HIGH] - state[SWING]:
        turn = state[EXTREME] if direction > 0.0 else turn
        state[DIRECTION], state[LOW], state[AT] = -1.0, v, t
    elif direction <= 0.0 and v > state[LOW] + state[SWING]:
        turn = state[EXTREME] if direction < 0.0 else turn
        state[DIRECTION], state[HIGH], state[AT] = 1.0, v, t
    if math.isnan(turn):
        return
    state[STREAK] = state[STREAK] + 1.0 if turn - state[BEFORE] < state[GAP] else 1.0
    state[BEFORE] = turn
    if state[STREAK] == ENOUGH and math.isnan(state[BEGUN]):
        state[BEGUN] = turn
    if state[STREAK] >= ENOUGH:
        state[ENDED] = turn


@njit(cache=True)
def note_all(state: FloatArray, times: FloatArray, values: FloatArray) -> None:
    """Go on with a piece of a curve."""
    for k in range(times.size):
        note(state, times[k], values[k])


@njit(cache=True)
def run(
    kind: int, p: FloatArray, resistance: float, capacitance: float, y: FloatArray, t: float, stop: float, dt: float,
    first: FloatArray, last: FloatArray, noisy: bool, seed: int, meter: bool, state: FloatArray, once: bool,
) -> float:
    """Integrate y = (node voltage, states...) from ``t`` to ``stop`` [s] and follow the observed voltage in ``state``.

    ``first`` and ``last`` are (time [s], voltage [V]) of the ends of the source's straight line; with ``meter`` it is
    a staircase of a source meter. With ``once`` it ends where an oscillation has begun. Returns the time reached [s].
    """
    np.random.seed(seed)
    n = y.size
    k1, k2, k3, k4, z, ds = np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n - 1)
    slope = (last[1] - first[1]) / (last[0] - first[0])
    dwell = (last[0] - first[0]) / METER_LEVELS
    while t < stop:
        step, noise, inner = dt, 0.0, 0.0
        for stage in range(4):
            k = k1 if stage == 0 else k2 if stage == 1 else k3 if stage == 2 else k4
            part = 0.0 if stage == 0 else 1.0 if stage == 3 else 0.5
            before = k1 if stage == 1 else k2 if stage == 2 else k3
            for a in range(n):
                z[a] = y[a] + (part * step * before[a] if stage > 0 else 0.0)
            elapsed = min(max(t + part * step, first[0]), last[0]) - first[0]
            source = first[1] + slope * elapsed
            if meter:   # the loop's way to a level and what is left of the step before
                level = math.floor(elapsed / dwell)
                within = elapsed - level * dwell
                source = first[1] + slope * dwell * (
                    level + 1.0 - math.exp(-within / METER_TIME) * (1.0 + math.exp(-dwell / METER_TIME)))
            i, conductance, away = device(kind, p, z[0], z[1:], ds)
            if stage == 0:
                fastest = max((1.0 / resistance + conductance) / capacitance, away)
                if kind == CORE:
                    rate, z[1] = ds[0], z[1] + CORE_CHANGE
                    device(kind, p, z[0], z[1:], ds)
                    fastest = 7.5 * max(abs(ds[0] - rate) / CORE_CHANGE, fastest)
                    ds[0], z[1] = rate, y[1]
                step = min(COARSE * dt, AT_ONCE / fastest)
            if stage == 0 and noisy:
                strength = math.sqrt(2.0 * BOLTZMANN_J * TEMPERATURE / step)
                noise = strength * math.sqrt(1.0 / resistance) * np.random.normal()
                if kind == THIRD:
                    inner = strength * math.sqrt(1.0 / p[4]) * np.random.normal()
                else:
                    noise += strength * math.sqrt(max(i / z[0], 0.0) if z[0] != 0.0 else 0.0) * np.random.normal()
            k[0] = ((source - z[0]) / resistance - i + noise - inner) / capacitance
            for a in range(1, n):
                k[a] = ds[a - 1]
            if kind == THIRD:
                k[1] += inner / p[8]
        for a in range(n):
            y[a] += step / 6.0 * (k1[a] + 2.0 * k2[a] + 2.0 * k3[a] + k4[a])
        t += step
        note(state, t, y[1] if kind == THIRD else y[0])
        if once and state[BEGUN] > 0.0:
            break
    return t
