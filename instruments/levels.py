"""Levels of a generator: volts into a declared load <-> EMF behind its output resistance; DAC codes."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tsbench.records import FloatArray


def emf_of_level(level: float, load_resistance: float, output_resistance: float = 50.0) -> float:
    """Return the EMF [V] of a level [V] declared into ``load_resistance`` [Ohm, inf: open circuit]."""
    if math.isinf(load_resistance):
        return level
    return level * (load_resistance + output_resistance) / load_resistance


def level_of_emf(emf: float, load_resistance: float, output_resistance: float = 50.0) -> float:
    """Return the level [V] into ``load_resistance`` [Ohm, inf: open circuit] that an EMF [V] makes."""
    if math.isinf(load_resistance):
        return emf
    return emf * load_resistance / (load_resistance + output_resistance)


@dataclass(frozen=True)
class DacWaveform:
    """Levels as DAC codes: ``level = offset + codes / full_scale * amplitude / 2``."""

    codes: npt.NDArray[np.int16]
    amplitude: float  #: [Vpp] that the full span of codes makes
    offset: float  #: [V]


def levels_to_codes(levels: FloatArray, minimum_amplitude: float, full_scale: int = 32767) -> DacWaveform:
    """Spread levels [V], shape (n,), over the DAC's whole span.

    Parameters
    ----------
    levels : FloatArray
    minimum_amplitude : float
        [Vpp] the smallest that the generator makes: a flatter waveform uses part of the span.
    """
    low, high = float(np.min(levels)), float(np.max(levels))
    amplitude = max(high - low, minimum_amplitude)
    offset = (high + low) / 2
    codes = np.rint((levels - offset) / (amplitude / 2) * full_scale)
    return DacWaveform(np.clip(codes, -full_scale, full_scale).astype(np.int16), amplitude, offset)
