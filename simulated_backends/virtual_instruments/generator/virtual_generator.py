"""Bases of virtual generators: connectors in the circuit, playback, trigger input."""

from typing import ClassVar

from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.virtual_instruments.generator.channels import GeneratorChannels
from tsbench.simulated_backends.virtual_instruments.generator.data_sheet import GeneratorDataSheet
from tsbench.simulated_backends.virtual_instruments.generator.levels import OutputLevels
from tsbench.simulated_backends.virtual_instruments.generator.playback import Playback
from tsbench.simulated_backends.virtual_instruments.generator.synthesis import Shape
from tsbench.simulated_backends.virtual_instruments.instrument import Attachment, VirtualInstrument


class VirtualGenerator(VirtualInstrument):
    """A generator; ``data_sheet`` has the numbers of the model.

    A family adds its command tables and ``shape``, and makes ``channels`` and ``playback`` when it is made.
    """

    has_trigger = True
    data_sheet: ClassVar[GeneratorDataSheet]
    channels: GeneratorChannels
    playback: Playback

    def shape(self, channel: int) -> Shape:
        """Return everything that decides a channel's waveform now."""
        raise NotImplementedError

    def attachment(self) -> Attachment:
        """Return source, output resistance and relay of each wired connector."""
        return self.channels.attachment()

    def connect(self) -> None:
        """Listen to the trigger input."""
        self.playback.listen()

    def disconnect(self) -> None:
        """Nothing goes on when the world is closed."""
        for channel in self.channels.numbers:
            self.playback.stop_burst(channel)

    def all_off(self) -> Handler:
        """Open the relays of all channels, and end their bursts."""
        for channel in self.channels.numbers:
            self.playback.switch(channel, False)
            self.playback.stop_burst(channel)
        yield self.data_sheet.relay_time


class LevelGenerator(VirtualGenerator):
    """A generator that keeps amplitude and offset of each channel in ``levels``."""

    levels: dict[int, OutputLevels]
