"""The shape of each built-in waveform of the simulated SDG2000X, by a formula that is written here anew."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pytest
from scipy.signal import windows

from tsbench.simulated_backends.virtual_instruments.siglent_sdg2000x.built_in_waves import NAMES, built_in_codes

Curve = npt.NDArray[np.float64]
POINTS, COARSE = 16_384, 1_024
X = np.arange(COARSE) / (COARSE - 1)  #: time in cycles of the levels of a smooth waveform
T = 2 * X - 1


def cosines(*terms: float) -> Curve:
    """Return a window of cosines with alternating signs (F. J. Harris, Proc. IEEE 66, 51 (1978), section V)."""
    return sum(((-1) ** k * term * np.cos(2 * np.pi * k * X) for k, term in enumerate(terms)), np.zeros(COARSE))


def erf(values: Curve) -> Curve:
    """Return the error function by its integral."""
    steps = np.linspace(0, 1, 2001)
    return 2 / np.sqrt(np.pi) * values * np.trapezoid(np.exp(-np.outer(values, steps) ** 2), steps, axis=1)


def bessel(values: Curve) -> Curve:
    """Return the Bessel function of order 0 by its integral."""
    angles = (np.arange(400) + 0.5) / 400 * np.pi
    return np.cos(np.outer(values, np.sin(angles))).mean(axis=1)


def parzen() -> Curve:
    """Return two cubics on each side; as in scipy, the ends are half a point outside."""
    r = np.abs(np.arange(COARSE) - (COARSE - 1) / 2) / (COARSE / 2)
    return np.where(r <= 0.5, 1 - 6 * r**2 + 6 * r**3, 2 * (1 - r) ** 3)


NEPER = np.exp(-5 * X)  #: five time constants in a cycle
BELL = np.exp(-12.5 * T**2)  #: five standard deviations on each side
SMOOTH: Mapping[str, Curve] = {
    "Trapezia": np.interp(X, [0, 0.25, 0.75, 1], [0, 1, 1, 0]), "Upramp": X, "Dnramp": 1 - X, "ExpFal": NEPER,
    "ExpRise": 1 - NEPER, "LogFall": np.log(1 + 9 * (1 - X)), "LogRise": np.log(1 + 9 * X), "Sqrt": X**0.5,
    "Root3": np.sign(T) * np.abs(T) ** (1 / 3), "X^2": T * T, "X^3": T * T * T,
    "Sinc": np.sin(8 * np.pi * T) / (8 * np.pi * T), "Gaussian": BELL,
    "Dlorentz": np.gradient(1 / (1 + 100 * T**2), X), "Haversine": 1 - np.cos(2 * np.pi * X),
    "Lorentz": 1 / (1 + 100 * T**2), "Gauspuls": BELL * np.cos(10 * np.pi * T), "Gmonopuls": -np.gradient(BELL, X),
    "Tripuls": np.interp(X, [0.25, 0.5, 0.75], [0, 1, 0]),
    # the rate goes from 1 to 20 cycles; two tones of 9 and 11 cycles
    "Chirp": np.sin(2 * np.pi * (1 * X + (20 - 1) * X**2 / 2)), "Twotone": np.sin(20 * np.pi * X) * np.cos(
        2 * np.pi * X), "Asin": np.arctan2(T, np.sqrt(1 - T * T)), "Acos": np.arctan2(np.sqrt(1 - T * T), T),
    "Atan": np.angle(1 + 10j * T), "DampedOsc": NEPER * np.sin(20 * np.pi * X), "Erf": erf(3 * T), "Erfc": -erf(3 * T),
    "CosH": np.exp(3 * T) + np.exp(-3 * T), "SecH": 1 / (np.exp(5 * T) + np.exp(-5 * T)),
    "SinH": np.exp(3 * T) - np.exp(-3 * T), "TanH": 1 / (1 + np.exp(-10 * T)),
    "ASinH": np.log(10 * T + np.sqrt(100 * T**2 + 1)), "Laplace": np.minimum(np.exp(5 * T), np.exp(-5 * T)),
    "Cauchy": 1 / (1 + 100 * T**2), "Besselj": bessel(20 * T),
    "Hamming": cosines(0.54, 0.46), "Hanning": np.sin(np.pi * X) ** 2, "kaiser": np.kaiser(COARSE, 14),
    "Blackman": cosines(0.42, 0.5, 0.08), "BlackmanH": cosines(0.35875, 0.48829, 0.14128, 0.01168),
    "Gausswin": np.exp(-((2.5 * T) ** 2) / 2), "Triangle": 1 - np.abs(T), "Bartlett": 1 - np.abs(T),
    "Bartlett-Hann": 0.62 - 0.24 * np.abs(T) + 0.38 * np.cos(np.pi * T),
    "BohmanWin": (1 - np.abs(T)) * np.cos(np.pi * T) + np.sin(np.pi * np.abs(T)) / np.pi,
    "ChebWin": windows.chebwin(COARSE, 100),
    "FlattopWin": cosines(0.21557895, 0.41663158, 0.277263158, 0.083578947, 0.006947368), "ParzenWin": parzen(),
    "TaylorWin": windows.taylor(COARSE, nbar=4, sll=30),
    "TukeyWin": np.where(np.abs(T) < 0.5, 1, (1 - np.cos(2 * np.pi * (1 - np.abs(T)))) / 2),
}
STEPS = np.arange(8.0)
FINE = (np.arange(POINTS) + 0.5) / POINTS
STEPPED: Mapping[str, Curve] = {
    "StairUp": STEPS.repeat(2048), "StairDn": STEPS[::-1].repeat(2048),
    "StairUD": np.concatenate([STEPS, STEPS[::-1]]).repeat(1024),
    "Ppulse": ((FINE > 0.45) & (FINE < 0.55)).astype(float), "Npulse": ((FINE < 0.45) | (FINE > 0.55)).astype(float),
    "Square": np.array([1.0, 0.0]).repeat(8192),
    **{f"Duty{share:02d}": np.less(FINE, share / 100).astype(float) for share in (1, *range(2, 99, 2), 99)},
}
SHAPES: Mapping[str, Curve] = {
    **{name: values.repeat(POINTS // COARSE) for name, values in SMOOTH.items()}, **STEPPED}


def test_each_modelled_waveform_has_a_formula_here() -> None:
    assert {name for name in NAMES if built_in_codes(name) is not None} == set(SHAPES) and len(SHAPES) == 107


@pytest.mark.parametrize("name", SHAPES)
def test_a_waveform_follows_the_formula_of_its_name(name: str) -> None:
    codes, expected = built_in_codes(name), SHAPES[name]
    assert codes is not None
    unit = 2 * (expected - expected.min()) / np.ptp(expected) - 1
    off = np.abs(codes / 32767 - unit)
    # a derivative by differences and an integral by sums are not exact
    assert off.max() < (0.01 if name in ("Dlorentz", "Gmonopuls") else 1e-3)
