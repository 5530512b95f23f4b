"""The deterministic devices written down a second time, straight from their published forms, for other integrators.

Nothing here is taken from the compiled models but their parameters. Each device gives its current at a voltage and
states, and the rates of its states.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from scipy.constants import Boltzmann, elementary_charge, epsilon_0
from scipy.optimize import brentq
from scipy.special import lambertw

from tsbench.simulated_backends.devices.catalogue import device_model

Current = Callable[[float, Sequence[float]], float]
Rates = Callable[[float, float, Sequence[float]], list[float]]


@dataclass(frozen=True)
class Reference:
    """One device: states at rest and their sizes, i(v, states) [A] and rates(v, i, states)."""

    rest: tuple[float, ...]
    sizes: tuple[float, ...]
    current: Current
    rates: Rates


def reference(name: str) -> Reference:
    """Return the device of the catalogue called ``name``."""
    model: Any = device_model(name)
    made: Reference = _WRITTEN_DOWN_AGAIN[model.mechanism](model)
    return made


def has_reference(name: str) -> bool:
    """Return whether the equations of a device are written down here a second time; ngspice has its own in any case."""
    return device_model(name).mechanism in (*_WRITTEN_DOWN_AGAIN, "transistor", "comparator")


def _moving_core(m: Any) -> Reference:
    a, rise = m.rho_ins / m.rho_met - 1.0, m.t_mit - m.t0
    volume = math.pi * m.length * m.r_ch**2

    def resistance(y: Sequence[float]) -> float:
        return float(m.rho_ins * m.length**2 / volume / (1.0 + a * math.exp(-2.0 / max(y[0], 2e-3))))

    def rates(v: float, i: float, y: Sequence[float]) -> list[float]:
        w = 1.0 / max(y[0], 2e-3)
        u2 = math.exp(-2.0 * w)
        heat = volume * (m.cp * rise * (1.0 - u2 * (1.0 + 2.0 * w)) / 2.0 + 2.0 * m.dh * u2 * w * w)
        return [(resistance(y) * i * i - 2.0 * math.pi * m.length * m.kappa * rise * y[0]) / heat]

    return Reference((0.0,), (0.1,), lambda v, y: v / (resistance(y) + m.re), rates)


def _hartke(m: Any, v: float, t: float) -> float:
    b = math.sqrt(elementary_charge**3 / (math.pi * epsilon_0 * m.epsr))
    kt, field = Boltzmann * t, abs(v) / m.d
    x = b * math.sqrt(field) / kt
    if x < 1e-3:
        bracket = field
    else:
        bracket = (kt / b) ** 2 * (1.0 + (x - 1.0) * math.exp(x)) + field / 2.0
    return math.copysign(m.as_ * math.exp(-m.ea * elementary_charge / kt) * bracket, v)


def _ohmic_prefactor(m: Any, v: float, t: float) -> float:
    lowering = math.sqrt(elementary_charge**3 * abs(v) / m.d / (math.pi * epsilon_0 * m.epsr))
    return float(m.as_ / m.d * v * math.exp(-(m.ea * elementary_charge - lowering) / (Boltzmann * t)))


def _film(m: Any) -> Reference:
    conduct = _hartke if m.mechanism == "poole_frenkel" else _ohmic_prefactor

    def current(v: float, y: Sequence[float]) -> float:
        if m.re == 0.0:
            return conduct(m, v, y[0])
        film, before = v, v * (1.0 - 1e-6)
        at_before = before + m.re * conduct(m, before, y[0]) - v
        for _ in range(60):   # secant on film + Re i(film) = v
            at = film + m.re * conduct(m, film, y[0]) - v
            if at == at_before or abs(at) < 1e-15:
                break
            film, before, at_before = film - at * (film - before) / (at - at_before), film, at
        return (v - film) / float(m.re)

    def rates(v: float, i: float, y: Sequence[float]) -> list[float]:
        return [(i * (v - m.re * i) - (y[0] - m.t0) / m.rth) / m.cth]

    return Reference((m.t0,), (100.0,), current, rates)


def _third_order(m: Any) -> Reference:
    def rates(v: float, i: float, y: Sequence[float]) -> list[float]:
        through = _hartke(m, y[0], y[1]) + m.gm * y[2] * y[0]
        z = (y[1] - m.tc + m.span * (y[2] - 0.5)) / m.soft
        return [
            (i - through) / m.cs, (through * y[0] - (y[1] - m.t0) / m.rth) / m.cth,
            (1.0 / (1.0 + math.exp(-z)) - y[2]) / m.taum]

    return Reference(m.rest(), (1.0, 100.0, 1.0), lambda v, y: (v - y[0]) / m.rs, rates)


def _hysteretic(m: Any) -> Reference:
    def loop(y: Sequence[float]) -> float:
        held = min(max(y[2], -1.0), 1.0)
        middle = 0.5 * (3.0 * held - held**3) * m.w / 2.0 + m.tc
        span = middle - y[4] / m.beta - (y[3] + m.t0)
        x = min(max((y[0] - y[3]) * span / (span**2 + 1e-6), 0.0), 4.0)
        shape = (1.0 - math.sin(m.gamma * x)) * (1.0 + math.tanh(math.pi**2 - 2.0 * math.pi * x)) / 2.0
        return float(m.beta * (middle - (y[0] + m.t0 + span * shape)))

    def current(v: float, y: Sequence[float]) -> float:
        share = (1.0 + math.tanh(loop(y))) / 2.0
        return float(v / (m.r0 * math.exp(m.ea / (y[0] + m.t0)) * share + m.rm))

    def rates(v: float, i: float, y: Sequence[float]) -> list[float]:
        lead = y[0] - y[1]
        s = math.tanh(lead / 5e-3)
        capture = 1.0 / (1.0 + math.exp(min((s * y[2] + 0.2) / 0.02, 300.0))) / 0.1e-9
        return [
            (i * v - m.sth * y[0]) / m.cth, (max(lead - 5e-3, 0.0) - max(-lead - 5e-3, 0.0)) / 0.1e-9,
            (y[2] - y[2] ** 3 + 1.2 * s) / 5e-9, (y[0] - y[3]) * capture, (loop(y) - y[4]) * capture]

    return Reference(m.rest(), (10.0, 10.0, 1.0, 10.0, 1.0), current, rates)


def _gated_filament(m: Any) -> Reference:
    def current(v: float, y: Sequence[float]) -> float:
        plus = 1.0 / (1.0 + math.exp(-2.0 * max(min(v / m.v_p, 300.0), -300.0)))   # share of the positive polarity
        return float(v * y[0] * (plus / m.ron_p + (1.0 - plus) / m.ron_n) + m.ileak * (2.0 * plus - 1.0))

    def gate(v: float, plus: float, minus: float, width: float) -> float:
        return 1.0 / (1.0 + math.exp(-max(min((v - plus) * (v + minus) / width**2, 600.0), -600.0)))

    def rates(v: float, i: float, y: Sequence[float]) -> list[float]:
        x = y[0]
        to_whole, to_none = 1.0 - math.exp(-m.a * (1.0 - x)), 1.0 - math.exp(-m.a * x)
        make = (1.0 - math.exp(-m.a * x - m.d_s)) * (1.0 - x) + to_whole * x
        rid = to_none * (1.0 - x) + (1.0 - math.exp(-m.a * (1.0 - x) - m.d_r)) * x
        return [gate(v, m.vth_p, m.vth_n, m.v_s) * make / m.tau_s
                - (1.0 - gate(v, m.vh_p, m.vh_n, m.v_r)) * rid / m.tau_r]

    return Reference((0.0,), (1e-3,), current, rates)


def _diode(m: Any) -> Reference:
    scale = m.n * Boltzmann * m.t0 / elementary_charge

    def current(v: float, y: Sequence[float]) -> float:
        z = m.is_ * m.rs / scale * math.exp((v + m.is_ * m.rs) / scale)
        return float(scale / m.rs * lambertw(z).real - m.is_ + 1e-12 * v)

    return Reference((), (), current, lambda v, i, y: [])


def _tunnel_diode(m: Any) -> Reference:
    def junction(u: float) -> float:
        return float(
            2.0 * m.is_ * math.sinh(u / m.vt) + m.ip * u / m.vp * math.exp(-(u - m.vp) / m.vp)
            + m.iv * (math.atan(m.steep * (u - m.place)) + math.atan(m.steep * (u + m.place))))

    def current(v: float, y: Sequence[float]) -> float:
        return junction(brentq(lambda u: u + m.rs * junction(u) - v, -abs(v) - 1e-3, abs(v) + 1e-3, xtol=1e-17))

    return Reference((), (), current, lambda v, i, y: [])


def _capacitor(m: Any) -> Reference:
    return Reference(
        (0.0,), (1.0,), lambda v, y: float((v - y[0]) / m.rs), lambda v, i, y: [(i - y[0] / m.rleak) / m.c])


def _resistor(m: Any) -> Reference:
    return Reference((), (), lambda v, y: float(v / m.r), lambda v, i, y: [])


_WRITTEN_DOWN_AGAIN = {
    "moving_core": _moving_core, "poole_frenkel": _film, "poole_frenkel_1d": _film, "third_order": _third_order,
    "hysteretic": _hysteretic, "gated_filament": _gated_filament, "tunnel_diode": _tunnel_diode, "diode": _diode,
    "capacitor": _capacitor, "resistor": _resistor,
}
