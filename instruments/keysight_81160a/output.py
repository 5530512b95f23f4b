"""One output of a Keysight 81160A or 81150A.

The number of the channel stands in the header: ``:FUNC1``, ``:PULS:WIDT1``. A bus trigger is ``*TRG``: it begins the
bursts of all channels that are armed by hand. The complementary connector stays off.
"""

from collections.abc import Mapping
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt

from tsbench.instruments.generators.output import GeneratorOutput
from tsbench.instruments.interfaces import OutputState
from tsbench.instruments.keysight_81160a.data_sheet import HEADERS
from tsbench.instruments.languages.scpi import format_number

_ONE_AFTER_ANOTHER = (":TRIG{ch}:COUN 1", ":ARM:SOUR{ch} IMM")  #: periods without end


class PulserOutput(GeneratorOutput):
    """One output; a :class:`~tsbench.instruments.PulseGenerator`."""

    headers = HEADERS
    starting_burst = ("*TRG",)
    ending_burst = _ONE_AFTER_ANOTHER
    zeroing = (":VOLT{ch}:LIM:STAT OFF", *_ONE_AFTER_ANOTHER, ":FUNC{ch} DC", ":VOLT{ch}:OFFS 0")
    functions: ClassVar[Mapping[str, str]] = {
        "pulse": ":FUNC{ch} PULS", "dc": ":FUNC{ch} DC", "arbitrary": ":FUNC{ch} USER"}

    def _send_codes(self, codes: npt.NDArray[np.int16], rate: float, steps: bool) -> None:
        self._messages.send(":OUTP{ch}:POL NORM")
        self.generator.write_block(f":DATA{self.channel}:DAC VOLATILE,", codes.astype(">i2").tobytes())
        self.generator.check_errors()
        self._messages.send(":FUNC{ch}:USER VOLATILE")

    def _settled_rate(self, rate: float, points: int) -> float:
        """Set how often the waveform is played, which makes the sample rate; return the rate [Hz] as read back."""
        self._messages.send(f":FREQ{{ch}} {format_number(rate / points)}")
        return points * self._messages.number(":FREQ{ch}?")

    def _send_burst(self, count: int, source: Literal["bus", "external"]) -> float:
        self._messages.send(
            f":ARM:SOUR{{ch}} {'MAN' if source == 'bus' else 'EXT'}", ":BURS{ch}:MODE TRIG",
            f":TRIG{{ch}}:COUN {count}",
        )
        return self._messages.number(":TRIG{ch}:COUN?")

    def abort(self) -> None:
        """Stop a running burst: the same count, set again, arms anew; the output idles at its base."""
        if self._burst:
            count = self._found.get("burst_count", 1)
            self.generator.send(f":TRIG{self.channel}:COUN 1", f":TRIG{self.channel}:COUN {count}")
        self._pending = False

    def safe_state(self) -> None:
        """Open the relays of this output and its complement, then bring its level to zero."""
        self.generator.write(f":OUTP{self.channel} OFF")
        self.generator.write(f":OUTP{self.channel}:COMP OFF")
        self.zero_level()

    def output_states(self) -> list[OutputState]:
        """Read the output back; it counts as on while its complement is."""
        complement = self.generator.ask_switch(f":OUTP{self.channel}:COMP?")
        enabled = self._messages.is_on(self.headers.output) or complement
        return [OutputState(f"{self.generator.name}.{self.channel}", enabled)]
