"""Many independent trials of two equal pulses on one silver filament: the distributions behind a stochastic device.

What a bench measures on some dozen pulses is drawn from these. The circuit is the smallest one: a source behind a
resistor, a capacitance across the device in series with a shunt. It is integrated by itself (Heun's method in
Stratonovich's sense, the node by its exponential), so that it also checks the circuit engine; only the device's own
equations are shared.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tsbench.records import FloatArray
from tsbench.simulated_backends.devices.dispatch import functions_of
from tsbench.simulated_backends.devices.mechanism import SLOPES, row_of
from tsbench.simulated_backends.devices.silver_filament.equations import SilverFilament
from tsbench.simulated_backends.numerics.brownian import normal_number
from tsbench.simulated_backends.numerics.compilation import compiled

equations, noise_interval = functions_of(SilverFilament).evaluate, functions_of(SilverFilament).interval

STEP_ON, STEP_OFF = 0.5e-6, 4e-6  #: longest steps [s] during pulses and between them
_PHASES = 6  # rise, top, fall, twice


@dataclass(frozen=True)
class PulsePair:
    """Two equal trapezoids and the circuit they go through."""

    amplitude: float  #: [V] above base, source open
    width: float  #: [s] at 50 %
    base: float = 0.0  #: [V]
    edge: float = 1e-6  #: [s] 0 to 100 %
    resistance: float = 100e3  #: [Ohm] of the source
    capacitance: float = 80e-12  #: [F] across device and shunt
    shunt: float = 10e3  #: [Ohm]


@dataclass(frozen=True)
class PairTrials:
    """What happened, one entry per trial; NaN where a pulse did not fire, or the device was on as it ended."""

    gap: FloatArray  #: [s] from the end of the first to the beginning of the second pulse, at 50 %
    first_delay: FloatArray  #: [s] from the middle of the rise to switching on
    relaxation: FloatArray  #: [s] from the middle of the first fall to switching off; inf: on until the second pulse
    second_delay: FloatArray

    @property
    def first_fired(self) -> npt.NDArray[np.bool_]:
        """Return where the first pulse switched the device on."""
        return np.isfinite(self.first_delay)

    @property
    def second_fired(self) -> npt.NDArray[np.bool_]:
        """Return where the second pulse switched the device on: one that is still on cannot fire again."""
        return np.isfinite(self.second_delay)


def pulse_pairs(model: SilverFilament, pair: PulsePair, gaps: FloatArray, seed: int = 0) -> PairTrials:
    """Simulate one trial for each of ``gaps`` [s], every one from rest and on a random path of its own."""
    gaps = np.asarray(gaps, float)
    if gaps.size and gaps.min() <= pair.edge:
        raise ValueError(f"gaps must be longer than the edge of {pair.edge:g} s")
    row = row_of(model)[None]
    circuit = np.array([
        pair.amplitude, pair.width, pair.base, pair.edge, pair.resistance, pair.capacitance, pair.shunt, model.span,
        model.gleak, model.gc, model.re])
    _, on, off, _ = model.switching_conductances()
    found = np.full((3, gaps.size), np.nan)
    _run(row, circuit, gaps, seed, math.log(on / model.gc), math.log(off / model.gc), np.zeros(3), np.zeros(64), found)
    return PairTrials(gaps, found[0], found[1], found[2])


@dataclass(frozen=True)
class RefractoryPeriod:
    """The gap [s] at which a second pulse fires half as often as after a long gap, given that the first fired."""

    value: float
    standard_error: float  #: [s] of the trials
    plateau: float  #: probability after a long gap
    gaps: FloatArray  #: [s], rising
    probability: FloatArray  #: at each


def refractory_period(
    model: SilverFilament, pair: PulsePair, longest: float, trials: int = 12_000, seed: int = 0
) -> RefractoryPeriod:
    """Return the refractory period from some ``trials`` at gaps up to ``longest`` [s].

    The longest gap is the plateau. A twelfth of the trials looks where it is, the others are spent there.

    Raises
    ------
    ValueError
        The probability never passes half of its long-gap value: ``longest`` is too short, or there is no such period.
    """
    gaps = np.geomspace(max(longest / 1e3, 2.0 * pair.edge), longest, 15)
    rough = _probabilities(model, pair, gaps, trials // 12, seed)
    k = _passes_half(rough.probability, longest)
    near = np.geomspace(gaps[max(k - 1, 0)], gaps[min(k + 2, 14)], 10)
    near = np.append(near[near < longest], longest)
    fine = _probabilities(model, pair, near, trials - trials // 12, seed + 1)
    k = _passes_half(fine.probability, longest)
    p, half = fine.probability, 0.5 * fine.probability[-1]
    slope = (p[k + 1] - p[k]) / math.log(near[k + 1] / near[k])
    value = near[k] * math.exp((half - p[k]) / slope)
    spread = half * (1.0 - half) / max(fine.tried[k], 1) + 0.25 * p[-1] * (1.0 - p[-1]) / fine.tried[-1]
    return RefractoryPeriod(value, value * math.sqrt(spread) / slope, float(p[-1]), near, p)


@dataclass(frozen=True)
class _Probabilities:
    probability: FloatArray
    tried: FloatArray


def _probabilities(model: SilverFilament, pair: PulsePair, gaps: FloatArray, trials: int, seed: int) -> _Probabilities:
    """Return the probability at each gap; the last, which counts in all, gets four times the trials of the others."""
    each = trials // (gaps.size + 3)
    place = np.repeat(np.arange(gaps.size), [each] * (gaps.size - 1) + [4 * each])
    run = pulse_pairs(model, pair, gaps[place], seed)
    tried = np.bincount(place, run.first_fired, gaps.size).astype(float)
    fired = np.bincount(place, run.first_fired & run.second_fired, gaps.size)
    return _Probabilities(fired / np.maximum(tried, 1), tried)


def _passes_half(probability: FloatArray, longest: float) -> int:
    half = 0.5 * probability[-1]
    above = np.flatnonzero((probability[:-1] < half) & (probability[1:] >= half))
    if not above.size:
        raise ValueError(f"the second pulse does not become more likely with gaps up to {longest:g} s")
    return int(above[0])


@compiled
def _run(
    p: FloatArray, circuit: FloatArray, gaps: FloatArray, seed: int, on: float, off: float, y: FloatArray,
    out: FloatArray, found: FloatArray,
) -> None:
    """Fill ``found`` (delay, relaxation, second delay; trials)."""
    amplitude, width, base, edge = circuit[0], circuit[1], circuit[2], circuit[3]
    resistance, capacitance, shunt = circuit[4], circuit[5], circuit[6]
    gleak, gc, series = circuit[8], circuit[9], circuit[10] + shunt
    for trial in range(gaps.size):
        y[0], y[1], y[2] = -circuit[7], 0.0, normal_number(seed, 2, trial, 0)
        v, is_on, steps, fall = base, False, 0, 0.0
        second = width + gaps[trial]   # middle of the second rise, counted from that of the first
        t = -0.5 * edge
        while t < second + width + 0.5 * edge:
            local, number = (t, 0) if t < second - 0.5 * edge else (t - second, 1)
            if local < 0.5 * edge:
                level, end = (local + 0.5 * edge) / edge, 0.5 * edge
            elif local < width - 0.5 * edge:
                level, end = 1.0, width - 0.5 * edge
            elif local < width + 0.5 * edge:
                level, end = (width + 0.5 * edge - local) / edge, width + 0.5 * edge
            else:
                level, end = 0.0, gaps[trial] + width - 0.5 * edge
            g = gleak + gc * math.exp(min(y[0], 40.0))
            film = v / (1.0 + g * series)
            longest = STEP_ON if level > 0.0 else STEP_OFF
            if 0.0 < level < 1.0:
                longest = 0.1 * edge
            step = min(longest, 0.5 * noise_interval(p, 0, film, 0.0, y, 0))
            if end - local < 1.5 * step:
                step = max(end - local, 1e-12)
            # node
            across = g / (1.0 + g * series)
            settled = (base + amplitude * level) / (1.0 + resistance * across)
            v = settled + (v - settled) * math.exp(-step * (1.0 / resistance + across) / capacitance)
            # device: Heun
            root = 1.0 / math.sqrt(step)
            p[0, SLOPES] = normal_number(seed, 0, trial, steps) * root
            p[0, SLOPES + 1] = normal_number(seed, 1, trial, steps) * root
            equations(p, 0, v / (1.0 + g * series), 0.0, y, 0, out)
            s, r, z = y[0], y[1], y[2]
            fs, fr, fz = out[6], out[12], out[18]
            y[0], y[1], y[2] = s + step * fs, r + step * fr, z + step * fz
            g = gleak + gc * math.exp(min(y[0], 40.0))
            equations(p, 0, v / (1.0 + g * series), 0.0, y, 0, out)
            y[0] = s + 0.5 * step * (fs + out[6])
            y[1] = r + 0.5 * step * (fr + out[12])
            y[2] = z + 0.5 * step * (fz + out[18])
            steps += 1
            t += step
            if not is_on and y[0] > on:
                is_on = True
                begin = 0.0 if number == 0 else second
                if t < begin + width:
                    found[2 * number, trial] = t - begin
            elif is_on and y[0] < off:
                is_on = False
                fall = t - width
                if number == 0 and fall > 0.0:
                    found[1, trial] = fall
            if number == 0 and is_on and t > second - 0.6 * edge:
                found[1, trial] = math.inf
