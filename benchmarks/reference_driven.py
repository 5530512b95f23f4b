"""Devices with a control voltage, written down a second time as in :mod:`benchmarks.reference_devices`."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.constants import Boltzmann, elementary_charge

from benchmarks.reference_devices import reference
from tsbench.simulated_backends.devices.catalogue import device_model


@dataclass(frozen=True)
class DrivenReference:
    """States at rest and their sizes, i(v, w, states) [A], rates(v, w, i, states); v: terminal, w: control voltage."""

    rest: tuple[float, ...]
    sizes: tuple[float, ...]
    current: Callable[[float, float, Sequence[float]], float]
    rates: Callable[[float, float, float, Sequence[float]], list[float]]


def driven_reference(name: str) -> DrivenReference:
    """Return the device of the catalogue called ``name``; one without a control voltage takes no notice of it."""
    model: Any = device_model(name)
    if model.mechanism == "transistor":
        return _transistor(model)
    if model.mechanism == "comparator":
        return _comparator(model)
    plain = reference(name)
    return DrivenReference(
        plain.rest, plain.sizes, lambda v, _, y: plain.current(v, y), lambda v, _, i, y: plain.rates(v, i, y))


def _transistor(m: Any) -> DrivenReference:
    thermal = Boltzmann * m.t0 / elementary_charge

    def half(x: float) -> float:
        return float(np.logaddexp(0.0, x / (2.0 * thermal)) ** 2)

    def current(v: float, w: float, _: Sequence[float]) -> float:
        pinch = (w - m.vth) / m.n
        return float(2.0 * m.n * m.beta * thermal**2 * (half(pinch) - half(pinch - v)) + 1e-12 * v)

    return DrivenReference((), (), current, lambda v, w, i, y: [])


def _comparator(m: Any) -> DrivenReference:
    width = (m.voh - m.vol) / (2.0 * m.gain)

    def current(v: float, _: float, y: Sequence[float]) -> float:
        return float((v - m.vol - (m.voh - m.vol) * y[0]) / m.rout)

    def rates(v: float, w: float, i: float, y: Sequence[float]) -> list[float]:
        return [(0.5 + 0.5 * math.tanh((w + m.hyst * (y[0] - 0.5)) / width) - y[0]) / m.tau]

    return DrivenReference((0.0,), (1.0,), current, rates)
