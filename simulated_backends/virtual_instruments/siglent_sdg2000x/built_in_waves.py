"""The built-in arbitrary waveforms of the SDG2000X: their names by index, and the shapes of many of them.

Indices and names are those that the SDG programming guide (PG02, "Store list command") prints as the reply to ``STL?``.
The guide draws no shapes. Here a waveform follows the function of its name; the number of steps, the widths and the
rates are not compared with an instrument. Each waveform uses the whole amplitude: its lowest and highest values are -1
and 1.
"""

import functools
from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
from scipy import special
from scipy.signal import windows

from tsbench.records import FloatArray
from tsbench.simulated_backends.scpi.plain_numbers import number_behind
from tsbench.simulated_backends.virtual_instruments.generator.synthesis import DAC_FULL_SCALE

FIRST_INDEX = 2
POINTS = 16_384  #: of a cycle
_LEVELS = 1_024  #: different levels of a smooth waveform in a cycle: more make the circuit slow and change little
_STEPS = 8  #: of a staircase
_DECAYS = 5.0  #: time constants in a cycle of an exponential
_SHARES = (1, *range(2, 99, 2), 99)  #: [%] that the waveforms Duty01 to Duty99 are high
#: in order of their index, from 2 on
NAMES = (
    "StairUp", "StairDn", "StairUD", "Ppulse", "Npulse", "Trapezia", "Upramp", "Dnramp", "ExpFal", "ExpRise", "LogFall",
    "LogRise", "Sqrt", "Root3", "X^2", "X^3", "Sinc", "Gaussian", "Dlorentz", "Haversine", "Lorentz", "Gauspuls",
    "Gmonopuls", "Tripuls", "Cardiac", "Quake", "Chirp", "Twotone", "SNR", "Hamming", "Hanning", "kaiser", "Blackman",
    "Gausswin", "Triangle", "BlackmanH", "Bartlett-Hann", "Tan", "Cot", "Sec", "Csc", "Asin", "Acos", "Atan", "Acot",
    "Square", "SineTra", "SineVer", "AmpALT", "AttALT", "RoundHalf", "RoundsPM", "BlaseiWave", "DampedOsc", "SwingOsc",
    "Discharge", "Pahcur", "Combin", "SCR", "Butterworth", "Chebyshev1", "Chebyshev2", "TV", "Voice", "Surge", "Radar",
    "Ripple", "Gamma", "StepResp", "BandLimited", "CPulse", "CWPulse", "GateVibr", "LFMPulse", "MCNoise", "AM", "FM",
    "PFM", "PM", "PWM", "EOG", "EEG", "EMG", "Pulseilogram", "ResSpeed", "ECG1", "ECG2", "ECG3", "ECG4", "ECG5", "ECG6",
    "ECG7", "ECG8", "ECG9", "ECG10", "ECG11", "ECG12", "ECG13", "ECG14", "ECG15", "LFPulse", "Tens1", "Tens2", "Tens3",
    "Airy", "Besselj", "Bessely", "Dirichlet", "Erf", "Erfc", "ErfcInv", "ErfInv", "Laguerre", "Legend", "Versiera",
    "Weibull", "LogNormal", "Laplace", "Maxwell", "Rayleigh", "Cauchy", "CosH", "CosInt", "CotH", "CscH", "SecH",
    "SinH", "SinInt", "TanH", "ACosH", "ASecH", "ASinH", "ATanH", "ACsch", "ACoth", "Bartlett", "BohmanWin", "ChebWin",
    "FlattopWin", "ParzenWin", "TaylorWin", "TukeyWin",
    *(f"Duty{share:02d}" for share in _SHARES), "demo1_375", "demo1_16k", "demo2_3k", "demo2_16k",
)


def _stairs(x: FloatArray) -> FloatArray:
    return np.floor(x * _STEPS)


def _up_and_down(x: FloatArray) -> FloatArray:
    return _stairs(1.0 - np.abs(2.0 * x - 1.0))


def _pulse(x: FloatArray) -> FloatArray:
    """High for a tenth of the cycle, in its middle."""
    return np.where(np.abs(x - 0.5) < 0.05, 1.0, 0.0)


def _trapezium(x: FloatArray) -> FloatArray:
    """Rise and fall take a quarter of the cycle each."""
    return np.minimum(np.minimum(x, 1.0 - x), 0.25)


def _gauss(x: FloatArray, deviations: float = 5.0) -> FloatArray:
    """A Gaussian in the middle, with so many standard deviations on each side."""
    return np.asarray(np.exp(-((2.0 * x - 1.0) * deviations) ** 2 / 2))


def _lorentz(x: FloatArray) -> FloatArray:
    return 1.0 / (1.0 + (10.0 * (2.0 * x - 1.0)) ** 2)


def _signed(x: FloatArray, span: float) -> FloatArray:
    """Return -span to span."""
    return span * (2.0 * x - 1.0)


_SMOOTH: Mapping[str, Callable[[FloatArray], FloatArray]] = {
    "Trapezia": _trapezium, "Upramp": lambda x: x, "Dnramp": lambda x: -x,
    "ExpFal": lambda x: np.exp(-_DECAYS * x), "ExpRise": lambda x: -np.exp(-_DECAYS * x),
    "LogFall": lambda x: np.log10(10.0 - 9.0 * x), "LogRise": lambda x: np.log10(1.0 + 9.0 * x),
    "Sqrt": np.sqrt, "Root3": lambda x: np.cbrt(_signed(x, 1.0)), "X^2": lambda x: _signed(x, 1.0) ** 2,
    "X^3": lambda x: _signed(x, 1.0) ** 3, "Sinc": lambda x: np.sinc(_signed(x, 8.0)), "Gaussian": _gauss,
    "Dlorentz": lambda x: -_signed(x, 10.0) * _lorentz(x) ** 2, "Haversine": lambda x: np.sin(np.pi * x) ** 2,
    "Lorentz": _lorentz, "Gauspuls": lambda x: _gauss(x) * np.cos(2 * np.pi * 10.0 * (x - 0.5)),
    "Gmonopuls": lambda x: _signed(x, 5.0) * _gauss(x),
    "Tripuls": lambda x: np.maximum(1.0 - 4.0 * np.abs(x - 0.5), 0.0),
    "Chirp": lambda x: np.sin(2 * np.pi * (x + 9.5 * x**2)),   # 1 to 20 cycles
    "Twotone": lambda x: np.sin(2 * np.pi * 9.0 * x) + np.sin(2 * np.pi * 11.0 * x),
    "Asin": lambda x: np.arcsin(_signed(x, 1.0)), "Acos": lambda x: np.arccos(_signed(x, 1.0)),
    "Atan": lambda x: np.arctan(_signed(x, 10.0)),
    "DampedOsc": lambda x: np.exp(-_DECAYS * x) * np.sin(2 * np.pi * 10.0 * x),
    "Erf": lambda x: special.erf(_signed(x, 3.0)), "Erfc": lambda x: special.erfc(_signed(x, 3.0)),
    "CosH": lambda x: np.cosh(_signed(x, 3.0)), "SecH": lambda x: 1.0 / np.cosh(_signed(x, 5.0)),
    "SinH": lambda x: np.sinh(_signed(x, 3.0)), "TanH": lambda x: np.tanh(_signed(x, 5.0)),
    "ASinH": lambda x: np.arcsinh(_signed(x, 10.0)), "Laplace": lambda x: np.exp(-np.abs(_signed(x, 5.0))),
    "Cauchy": _lorentz, "Besselj": lambda x: special.j0(_signed(x, 20.0)),
}
#: windows, as scipy names them
_WINDOWS = {
    "Hamming": "hamming", "Hanning": "hann", "kaiser": ("kaiser", 14.0), "Blackman": "blackman",
    "Gausswin": ("gaussian", (_LEVELS - 1) / 5.0), "Triangle": "triang", "BlackmanH": "blackmanharris",
    "Bartlett-Hann": "barthann", "Bartlett": "bartlett", "BohmanWin": "bohman", "ChebWin": ("chebwin", 100.0),
    "FlattopWin": "flattop", "ParzenWin": "parzen", "TaylorWin": "taylor", "TukeyWin": ("tukey", 0.5),
}
_STEPPED: Mapping[str, Callable[[FloatArray], FloatArray]] = {
    "StairUp": _stairs, "StairDn": lambda x: -_stairs(x), "StairUD": _up_and_down, "Ppulse": _pulse,
    "Npulse": lambda x: -_pulse(x), "Square": lambda x: np.where(x < 0.5, 1.0, 0.0),
    **{f"Duty{share:02d}": functools.partial(lambda share, x: np.where(x < share, 1.0, 0.0), share / 100)
       for share in _SHARES},
}


def _unit(name: str) -> FloatArray | None:
    """Return a waveform in any unit; shape (POINTS,)."""
    coarse = np.linspace(0.0, 1.0, _LEVELS)
    if name in _STEPPED:
        return _STEPPED[name]((np.arange(POINTS) + 0.5) / POINTS)
    if name in _SMOOTH:
        return np.repeat(_SMOOTH[name](coarse), POINTS // _LEVELS)
    if name in _WINDOWS:
        return np.repeat(windows.get_window(_WINDOWS[name], _LEVELS, fftbins=False), POINTS // _LEVELS)
    return None


@functools.cache
def built_in_codes(name: str) -> npt.NDArray[np.int16] | None:
    """Return the points of a built-in waveform in codes of 16 bits.

    Parameters
    ----------
    name : as in :data:`NAMES`

    Returns
    -------
    array or None
        Shape (POINTS,), from -DAC_FULL_SCALE to DAC_FULL_SCALE; None: the shape is not modelled.
    """
    values = _unit(name)
    if values is None:
        return None
    low, high = float(values.min()), float(values.max())
    return np.asarray(np.round((2 * (values - low) / (high - low) - 1) * DAC_FULL_SCALE), dtype=np.int16)


def index_of(name: str) -> int:
    """Return the index of a built-in waveform; 0 for a waveform that the user has stored, which has none."""
    return NAMES.index(name) + FIRST_INDEX if name in NAMES else 0


def named(index: str) -> str | None:
    """Return the name that belongs to an index; None: there is none."""
    number = number_behind("", index)
    return NAMES[number - FIRST_INDEX] if number is not None and 0 <= number - FIRST_INDEX < len(NAMES) else None


def store_list() -> str:
    """Return all indices and names in the order in which the instrument lists them: that of the indices as texts."""
    listed = sorted((f"M{place}", name) for place, name in enumerate(NAMES, FIRST_INDEX))
    return ", ".join(f"{place}, {name}" for place, name in listed)
