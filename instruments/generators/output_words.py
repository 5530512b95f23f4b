"""What differs between the families for one output of a generator: the words, and what has words of its own."""

from collections.abc import Mapping
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt

from tsbench.instruments.generators.channel_levels import ChannelLevels
from tsbench.instruments.generators.headers import OutputHeaders
from tsbench.instruments.generators.messages import OutputMessages
from tsbench.instruments.interfaces import Pulse, PulseGeneratorCapabilities
from tsbench.instruments.languages.scpi import format_number


class OutputWords:
    """Base of the outputs: each family gives what stands here without a value, and these methods."""

    capabilities: PulseGeneratorCapabilities
    _messages: OutputMessages
    switching: ClassVar[tuple[str, str]] = (":OUTP{ch} OFF", ":OUTP{ch} ON")
    functions: ClassVar[Mapping[str, str]]  #: the command that selects the waveform "pulse", "dc" or "arbitrary"
    headers: OutputHeaders  #: of the family
    messages_class: ClassVar[type[OutputMessages]] = OutputMessages
    levels_class: ClassVar[type[ChannelLevels]] = ChannelLevels
    quickest_edge: ClassVar[float] = 0.0  #: [s] that is taken at every amplitude: an earlier one is still set
    zeroing: ClassVar[tuple[str, ...]]  #: what brings an output that is off to 0 V
    starting_burst: ClassVar[tuple[str, ...]] = (":TRIG{ch}",)
    ending_burst: ClassVar[tuple[str, ...]] = (":SOUR{ch}:BURS:STAT OFF",)  #: what makes it play without end

    def _send_codes(self, codes: npt.NDArray[np.int16], rate: float, steps: bool) -> None:
        """Send a waveform, to be played at ``rate`` [Hz] in steps or joined by straight lines, and select it."""
        raise NotImplementedError

    def _settled_rate(self, rate: float, points: int) -> float:
        """Set the sample rate [Hz] where ``_send_codes`` did not; return it as the generator has it."""
        raise NotImplementedError

    def _send_burst(self, count: int, source: Literal["bus", "external"]) -> float:
        """Switch the burst on; return the number of cycles as read back."""
        raise NotImplementedError

    def _send_timing(self, pulse: Pulse) -> None:
        """Send polarity, width, period and edges: first the smallest, so that none is refused for another."""
        words, caps = self.headers, self.capabilities
        narrow, quick = format_number(caps.pulse_width.low), max(caps.edge_time.low, self.quickest_edge)
        self._messages.send(
            f"{words.polarity} {'INV' if pulse.amplitude < 0 else 'NORM'}",
            f"{words.hold} WIDT", *words.edges(quick, quick),
            f"{words.width} {narrow}", f"{words.period} {format_number(pulse.period)}",
            f"{words.width} {format_number(pulse.width)}",
            *words.edges(max(pulse.rise_time, self.quickest_edge), max(pulse.fall_time, self.quickest_edge)),
        )

    def _timing(self) -> tuple[float, float, float, float]:
        """Return width, period, rise and fall time [s] as read back."""
        ask, words = self._messages.number, self.headers
        return ask(f"{words.width}?"), ask(f"{words.period}?"), ask(f"{words.lead}?"), ask(f"{words.trail}?")
