"""What the command tables of the 33500B/33600A share: settings by channel, and what is played."""

from collections.abc import Sequence
from typing import Any

from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.virtual_instruments.generator.levels import OutputLevels
from tsbench.simulated_backends.virtual_instruments.generator.synthesis import Shape
from tsbench.simulated_backends.virtual_instruments.generator.virtual_generator import VirtualGenerator
from tsbench.simulated_backends.virtual_instruments.generator_table import GeneratorTable
from tsbench.simulated_backends.virtual_instruments.keysight_33600.waveform_store import WaveformStore

DEFAULT_LIST = (100.0, 1000.0, 550.0)  #: [Hz]


class SharedSettings:
    """The settings of each channel that more than one command table reads or changes.

    Parameters
    ----------
    channels : sequence of int
    """

    def __init__(self, channels: Sequence[int]) -> None:
        self._channels = channels
        self.levels = {channel: OutputLevels() for channel in channels}
        self.frequency = dict.fromkeys(channels, 1e3)  #: [Hz]
        self.function: dict[int, str]
        self.lead: dict[int, float]  #: [s] 10-90 %, leading edge of pulses
        self.trail: dict[int, float]  #: [s]
        self.mode: dict[int, str]  #: "AM", "SWE", "BURS", ... or "" (continuous)
        self.list_frequencies: dict[int, tuple[float, ...]]  #: [Hz]
        self.tracked: tuple[int, str] | None  #: the channel that the other one copies, and "ON" or "INV"
        self.forget_function()

    def forget_function(self) -> None:
        """Have the function, the mode and the edges that every channel has after a reset."""
        self.mode = dict.fromkeys(self._channels, "")
        self.list_frequencies = dict.fromkeys(self._channels, DEFAULT_LIST)
        self.tracked = None
        self.function = dict.fromkeys(self._channels, "SIN")
        self.lead, self.trail = dict.fromkeys(self._channels, 10e-9), dict.fromkeys(self._channels, 10e-9)


class Base33600(VirtualGenerator):
    """The parts of a generator, as its command tables see them."""

    shared: SharedSettings
    store: WaveformStore
    # the command tables, as they see each other
    trigger_commands: Any
    memory_commands: Any
    level_commands: Any
    function_commands: Any
    sweep_commands: Any
    state_commands: Any
    coupling_commands: Any
    mode_commands: Any

    def unmodulated(self, channel: int) -> Shape:
        """Return the shape of a channel without modulation, sweep and what is added."""
        raise NotImplementedError

    def arbitrary(self, channel: int, frequency: float) -> Shape:
        """Return the selected arbitrary waveform of a channel, played so often [Hz]."""
        raise NotImplementedError

    def gated(self, channel: int) -> bool:
        """Return whether bursts of a channel are gated."""
        raise NotImplementedError

    def mode_changed(self, channel: int) -> None:
        """Play what the new mode says."""
        raise NotImplementedError

    def set_output(self, channel: int, on: bool) -> Handler:
        """Switch an output relay."""
        raise NotImplementedError


class Table33600(GeneratorTable[Base33600]):
    """Base of the command tables.

    Parameters
    ----------
    generator : Base33600
        Holds the table.
    """

    def __init__(self, generator: Base33600) -> None:
        super().__init__(generator)
        self.shared = generator.shared
        self.store = generator.store
