"""One input of an oscilloscope: from a filtered node voltage to codes, with errors, noise and the ADC."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tsbench.records import FloatArray
from tsbench.simulated_backends.numerics.brownian import normal_number
from tsbench.simulated_backends.numerics.compilation import compiled
from tsbench.simulated_backends.virtual_instruments.oscilloscope.data_sheet import ScopeDataSheet
from tsbench.simulated_backends.virtual_instruments.oscilloscope.response import KERNEL_REACH, gaussian_sigma, smooth

HOLE, CLIPPED_LOW, CLIPPED_HIGH = 0x00, 0x01, 0xFF  #: 8-bit codes
MIDDLE = 128  #: 8-bit code at mid-screen


@dataclass(frozen=True)
class ChannelErrors:
    """Errors of one input; an ideal input has zeros."""

    gain: float = 0.0  #: relative, about mid-screen
    offset_divisions: float = 0.0  #: [div]
    offset: float = 0.0  #: [V] at 1:1
    offset_gain: float = 0.0  #: relative to the offset setting
    noise: float = 1.0  #: factor on the model's noise

    @staticmethod
    def draw(model: ScopeDataSheet, generator: np.random.Generator) -> "ChannelErrors":
        """Draw one input's errors: normal with a third of the data-sheet accuracy, never beyond it."""
        def within(bound: float) -> float:
            return float(np.clip(generator.normal(0.0, bound / 3), -bound, bound))
        return ChannelErrors(
            within(model.gain_accuracy), within(model.offset_divisions), within(model.offset_accuracy),
            within(model.offset_gain_accuracy), float(generator.uniform(0.85, 1.15)),
        )


@dataclass(frozen=True)
class InputChannel:
    """One input as set when an acquisition began."""

    number: int
    node: str | None  #: circuit node at the probe tip; None: nothing connected
    scale: float  #: [V/div] at the display (probe factor included)
    offset: float  #: [V] at mid-screen, likewise
    probe: float = 1.0  #: declared attenuation: displayed volts per volt at the input
    divider: float = 1.0  #: real attenuation between node and input
    bandwidth: float = 500e6  #: [Hz]
    ac_coupled: bool = False
    grounded: bool = False
    inverted: bool = False
    divisions: int = 8  #: of the screen
    levels: int = 199  #: ADC steps over the divisions

    @property
    def step(self) -> float:
        """Return the displayed volts of one 8-bit code."""
        return self.scale * self.divisions / self.levels


def displayed(
    channel: InputChannel, voltage: FloatArray, noise: FloatArray, errors: ChannelErrors,
) -> FloatArray:
    """Return what the channel makes of a filtered node voltage [V]: attenuated, offset, with its errors."""
    factor = channel.probe / channel.divider
    held = float(np.mean(voltage)) if channel.ac_coupled else 0.0   # by the coupling capacitor, of what it has seen
    factor = -factor if channel.inverted else factor
    zero = (
        channel.scale * errors.offset_divisions + channel.probe * errors.offset
        + channel.offset * errors.offset_gain
    )
    gain = 1 + errors.gain
    shown = np.empty(len(voltage))
    factor *= gain
    _line(voltage, noise, factor, channel.probe, channel.offset * (1 - gain) + zero - held * factor, shown)
    return shown


@compiled
def _line(voltage: FloatArray, noise: FloatArray, factor: float, noise_factor: float, zero: float,
          out: FloatArray) -> None:
    """Fill ``out`` with factor * voltage + noise_factor * noise + zero."""
    for k in range(out.size):
        out[k] = factor * voltage[k] + noise_factor * noise[k] + zero


def noise_samples(
    seed: tuple[int, ...], count: int, stride: int, rms: float, interval: float, channel_bandwidth: float,
    full_bandwidth: float,
) -> FloatArray:
    """Return every ``stride``-th of ``count`` noise samples [V at 1:1], ``interval`` [s] apart, in the channel's band.

    The same samples whatever the stride. White noise is a function of a sample's number, so that of a deep memory of
    which few samples are read only those are made.
    """
    rms *= math.sqrt(channel_bandwidth / full_bandwidth)
    kept = range(0, count, stride)
    if rms == 0.0:
        return np.zeros(len(kept))
    sigma = gaussian_sigma(channel_bandwidth)
    if interval > 3 * sigma:
        white = np.empty(len(kept))
        _white(int(np.random.SeedSequence(seed).generate_state(1, np.uint64)[0] >> 1), stride, white)
        return rms * white
    taps = math.ceil(KERNEL_REACH * sigma / interval)
    kernel = np.exp(-0.5 * (np.arange(-taps, taps + 1) * interval / sigma) ** 2)
    kernel *= rms / math.sqrt(float(np.sum(kernel**2)))   # white in, the wanted rms out
    return smooth(np.random.default_rng(seed).standard_normal(count + 2 * taps), kernel)[::stride]


@compiled
def _white(seed: int, stride: int, out: FloatArray) -> None:
    """Fill ``out`` with the standard normal numbers of the samples 0, stride, 2 stride..."""
    for k in range(out.size):
        out[k] = normal_number(seed, 0, 0, k * stride)


def convert(channel: InputChannel, shown: FloatArray, sub_codes: int = 1) -> npt.NDArray[np.uint16]:
    """Return 16-bit codes (8-bit code * 256) of displayed volts; the ends mean clipped, as ``WORD`` says it.

    ``sub_codes``: resolved steps per 8-bit code (1 for one acquisition, more for averages, high resolution).
    """
    codes = np.empty(len(shown), dtype=np.uint16)
    _quantised(np.ascontiguousarray(shown), channel.offset, channel.step, sub_codes, codes)
    return codes


@compiled
def _quantised(shown: FloatArray, offset: float, step: float, sub_codes: int, out: npt.NDArray[np.uint16]) -> None:
    """Fill ``out`` with the codes of ``shown`` [V]."""
    least, most, width = CLIPPED_LOW + 0.5, CLIPPED_HIGH - 0.5, 256 // sub_codes
    for k in range(out.size):
        level = (shown[k] - offset) / step + MIDDLE
        if level < least:
            out[k] = 0x0001
        elif level > most:
            out[k] = 0xFFFF
        else:
            out[k] = np.uint16(math.floor(level * sub_codes + 0.5) * width)
