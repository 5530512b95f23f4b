"""Levels of one output of an SDG2000X. It has no level limits of its own: the driver refuses levels beyond them.

The polarity INVT turns the offset as well as the waveform (measured on an SDG2042X by others,
``tests/transcripts/siglent_sdg2042x.recorded.jsonl``): 0 V to 2 V becomes 0 V to -2 V. So polarity and offset are set
together, and the polarity changes at 0 V.
"""

import math
from typing import Any

from tsbench.instruments.generators.limits_in_driver import LimitsInDriver
from tsbench.instruments.languages.scpi import format_number
from tsbench.instruments.siglent_sdg2000x.messages import SdgMessages


class SdgLevels(LimitsInDriver):
    """Load, level limits, amplitude and offset of one output."""

    def __init__(self, generator: Any, channel: int, *arguments: Any) -> None:
        super().__init__(generator, channel, *arguments)
        self._pairs = SdgMessages(generator, channel)

    def forget(self) -> None:
        """Forget load, limits and polarity (after a reset)."""
        super().forget()
        self._inverted: bool | None = None   #: None: unknown
        self._at_zero = False   #: a DC level of 0 V since it was made safe: there is no amplitude to read

    def limits_are_off(self) -> None:
        """Take note that the output was brought to 0 V."""
        super().limits_are_off()
        self._at_zero = True

    def declare_load(self, load_resistance: float) -> float:
        """Declare the load [Ohm, inf: open circuit] that levels are meant for; the output does not change."""
        if load_resistance != self.load:
            self._limits = None   # volts into another load
        text = "HZ" if math.isinf(load_resistance) else format_number(load_resistance)
        self._pairs.send(f"C{{ch}}:OUTP LOAD,{text}")
        self.load = self._generator.accepted("load", load_resistance, self._pairs.load("C{ch}:OUTP?"), "Ohm")
        if self._at_zero:
            return self.load
        if "amplitude" in self._found:
            self._found["amplitude"], offset = self._pairs.quantities("C{ch}:BSWV?", "AMP", "OFST")
            self._found["offset"] = self._turned(offset)
        elif "level" in self._found:
            (self._found["level"],) = self._pairs.quantities("C{ch}:BSWV?", "OFST")
        return self.load

    def set_levels(self, one: float, other: float) -> tuple[float, float]:
        """Set low and high level [V into the load] as amplitude and offset; return them as read back.

        Where the first is the high one, the output is inverted: it idles at the high level.
        """
        low, high = sorted((one, other))
        self._require(low, high)
        amplitude, offset = high - low, (low + high) / 2
        smallest = f"C{{ch}}:BSWV AMP,{format_number(self.minimum_amplitude())}"
        self._pairs.send(smallest)
        self._set_polarity(other < one)
        self._pairs.send(
            f"C{{ch}}:BSWV OFST,{format_number(self._turned(offset))}", f"C{{ch}}:BSWV AMP,{format_number(amplitude)}")
        got, middle = self._pairs.quantities("C{ch}:BSWV?", "AMP", "OFST")
        middle = self._turned(middle)
        accept, absolute = self._generator.accepted, self.resolution()
        got = accept("amplitude", amplitude, got, "V", absolute=absolute)
        middle = accept("offset", offset, middle, "V", absolute=absolute)
        self._found |= {"amplitude": got, "offset": middle}
        self._at_zero = False
        return middle - got / 2, middle + got / 2

    def set_level(self, level: float) -> float:
        """Set a DC level [V into the load]; return it as read back."""
        self._require(level)
        self._set_polarity(False)
        self._pairs.send(f"C{{ch}}:BSWV OFST,{format_number(level)}")
        (got,) = self._pairs.quantities("C{ch}:BSWV?", "OFST")
        self._at_zero = False
        return self._generator.accepted("level", level, got, "V", absolute=self.resolution())

    def _set_polarity(self, inverted: bool) -> None:
        """Set the polarity where it is another one; at 0 V, as it turns the offset."""
        if inverted != self._inverted:
            self._pairs.send("C{ch}:BSWV OFST,0", f"C{{ch}}:OUTP PLRT,{'INVT' if inverted else 'NOR'}")
            self._inverted = inverted

    def _turned(self, offset: float) -> float:
        """Return the offset that is programmed for one at the output, and the other way round."""
        return -offset + 0.0 if self._inverted else offset
