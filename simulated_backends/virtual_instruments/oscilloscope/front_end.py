"""One input of an oscilloscope: how it is set, its errors, and what it makes of a voltage."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from tsbench.records import FloatArray
from tsbench.simulated_backends.services.services import BenchServices
from tsbench.simulated_backends.virtual_instruments.oscilloscope.conversion import Scale, to_codes
from tsbench.simulated_backends.virtual_instruments.oscilloscope.data_sheet import ScopeDataSheet

HOLE = 0x00  #: 8-bit code of what was not acquired
MIDDLE = 128  #: 8-bit code at mid-screen


@dataclass(frozen=True)
class ChannelErrors:
    """Errors of one input; an ideal input has zeros."""

    gain: float = 0.0  #: relative, about mid-screen
    offset_divisions: float = 0.0  #: [div]
    offset: float = 0.0  #: [V] at 1:1
    offset_gain: float = 0.0  #: relative to the offset setting
    noise: float = 1.0  #: factor on the model's noise
    delay: float = 0.0  #: [s] by which the record is late: of the input itself and of its cable

    @staticmethod
    def draw(model: ScopeDataSheet, generator: np.random.Generator) -> "ChannelErrors":
        """Draw one input's errors: normal with a third of the data-sheet accuracy, never beyond it."""
        def within(bound: float) -> float:
            return float(np.clip(generator.normal(0.0, bound / 3), -bound, bound))
        return ChannelErrors(
            within(model.gain_accuracy), within(model.offset_divisions), within(model.offset_accuracy),
            within(model.offset_gain_accuracy), float(generator.uniform(0.85, 1.15)),
        )

    @staticmethod
    def stated(model: ScopeDataSheet, gain: float, offset: float) -> "ChannelErrors":
        """Return errors in parts of the data-sheet accuracy.

        That of the offset setting has the other sign than the gain: both move a trace the same way then, see
        :func:`displayed`.
        """
        return ChannelErrors(
            gain * model.gain_accuracy, offset * model.offset_divisions, offset * model.offset_accuracy,
            -gain * model.offset_gain_accuracy)


def channel_errors(
    bench: BenchServices, name: str, model: ScopeDataSheet, cables: Mapping[int, float],
) -> dict[int, ChannelErrors]:
    """Return the errors of all inputs of an oscilloscope called ``name``; ``cables``: what each delays its input [s].

    A cable is no imperfection: it delays on an ideal bench too. The delay of an input itself is drawn apart from its
    other errors, normal with a third of its limit.
    """
    numbers, limit = range(1, model.channels + 1), model.channel_delay
    if not bench.imperfections:
        errors = dict.fromkeys(numbers, ChannelErrors())
    elif bench.calibration_errors is not None:
        errors = dict.fromkeys(numbers, ChannelErrors.stated(model, *bench.calibration_errors))
    else:
        drawn = {number: bench.rng(name, "delay", str(number)).normal(0.0, limit / 3) for number in numbers}
        errors = {number: replace(
            ChannelErrors.draw(model, bench.rng(name, "input", str(number))),
            delay=float(np.clip(drawn[number], -limit, limit))) for number in numbers}
    return {number: replace(one, delay=one.delay + cables.get(number, 0.0)) for number, one in errors.items()}


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


def displayed(channel: InputChannel, errors: ChannelErrors, held: float = 0.0) -> Scale:
    """Return what the channel makes of a filtered node voltage: attenuated, offset, with its errors [V at the display].

    ``held``: the voltage [V] at the node that the coupling capacitor holds back.
    """
    factor = channel.probe / channel.divider
    factor = -factor if channel.inverted else factor
    zero = (
        channel.scale * errors.offset_divisions + channel.probe * errors.offset
        + channel.offset * errors.offset_gain
    )
    gain = 1 + errors.gain
    factor *= gain
    return Scale(factor, channel.probe, channel.offset * (1 - gain) + zero - held * factor)


def convert(channel: InputChannel, shown: FloatArray, sub_codes: int = 1) -> npt.NDArray[np.uint16]:
    """Return 16-bit codes (8-bit code * 256) of displayed volts; the ends mean clipped, as ``WORD`` says it.

    ``sub_codes``: resolved steps per 8-bit code (1 for one acquisition, more for averages, high resolution).
    """
    codes = np.empty(len(shown), dtype=np.uint16)
    to_codes(np.asarray((shown - channel.offset) / channel.step + MIDDLE), sub_codes, codes)
    return codes
