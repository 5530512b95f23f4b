"""The volatile waveform memory of the 33500B/33600A: arbitrary waveforms and sequences of each channel."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from tsbench.simulated_backends.scpi.syntax import capitals
from tsbench.simulated_backends.virtual_instruments.generator.synthesis import DAC_FULL_SCALE

FOLDER = "INT:\\BUILTIN\\"
BUILT_IN = f"{FOLDER}EXP_RISE.ARB"
Codes = npt.NDArray[np.int16]
CONTROLS = {name.upper(): name for name in ("once", "onceWaitTrig", "repeat", "repeatInf", "repeatTilTrig")}
MARKERS = {name.upper(): name for name in ("maintain", "lowAtStart", "highAtStart", "highAtStartGoLow")}


@dataclass(frozen=True)
class SequenceStep:
    """One waveform of a sequence, as downloaded."""

    name: str
    repeats: int
    control: str
    marker: str
    marker_point: int


@dataclass
class ChannelMemory:
    """What one channel has loaded, by name in capitals."""

    arbs: dict[str, Codes] = field(default_factory=dict)
    sequences: dict[str, tuple[SequenceStep, ...]] = field(default_factory=dict)

    @property
    def points(self) -> int:
        """Return the number of points that are in use."""
        return sum(len(codes) for codes in self.arbs.values())


def codes_from(values: npt.NDArray[np.float64]) -> Codes:
    """Return values between -1 and 1 as codes."""
    return np.round(values * DAC_FULL_SCALE).astype(np.int16)


def _lorentz(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(1 / (1 + (10 * x) ** 2))


def built_in_waveforms() -> dict[str, Codes]:
    """Return the waveforms of the folder of built-in ones, 400 points each, by file name in capitals."""
    steps = np.arange(400)
    x = (steps - 199.5) / 200
    beat = np.exp(-((x - 0.02) / 0.03) ** 2) - 0.25 * np.exp(-((x + 0.06) / 0.03) ** 2)
    cardiac = beat + 0.15 * np.exp(-((x + 0.35) / 0.1) ** 2) + 0.3 * np.exp(-((x - 0.45) / 0.12) ** 2)
    slope = -200 * x / (1 + (10 * x) ** 2) ** 2
    shapes = {
        "CARDIAC": cardiac / np.abs(cardiac).max(), "D_LORENTZ": slope / np.abs(slope).max(),
        "EXP_FALL": 2 * np.exp(-steps / 80.0) - 1, "EXP_RISE": 2 * (1 - np.exp(-steps / 80.0)) - 1,
        "GAUSSIAN": 2 * np.exp(-((5 * x) ** 2)) - 1, "HAVERSINE": np.cos(np.pi * x),
        "LORENTZ": 2 * _lorentz(x) - 1, "NEG_RAMP": -x, "SINC": np.sinc(8 * x),
    }
    return {f"{FOLDER}{name}.ARB": codes_from(np.clip(values, -1, 1)) for name, values in shapes.items()}


class WaveformStore:
    """The waveforms of all channels.

    Parameters
    ----------
    channels : numbers of the channels
    """

    def __init__(self, channels: Sequence[int]) -> None:
        self.built_in = built_in_waveforms()
        self.channels = {channel: ChannelMemory() for channel in channels}

    def arb(self, channel: int, name: str) -> Codes | None:
        """Return an arbitrary waveform; None: it is not loaded."""
        key = capitals(name)
        return self.built_in[BUILT_IN] if key == BUILT_IN else self.channels[channel].arbs.get(key)

    def holds(self, channel: int, name: str) -> bool:
        """Return whether a waveform or a sequence of this name is loaded."""
        return self.arb(channel, name) is not None or capitals(name) in self.channels[channel].sequences

    def names(self, channel: int) -> list[str]:
        """Return all names, the built-in one first."""
        memory = self.channels[channel]
        return [BUILT_IN, *memory.arbs, *memory.sequences]
