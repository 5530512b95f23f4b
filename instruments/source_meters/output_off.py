"""What the terminals of a source meter are while its output is off, by SCPI: set, and read back."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from tsbench.instruments.languages.scpi import parse_name
from tsbench.instruments.languages.scpi_instrument import ScpiInstrument
from tsbench.instruments.source_meters.functions import key_of

#: our names of the words of the Keithley source meters
OUTPUT_OFF: Mapping[str, str] = {"high_impedance": "HIMP", "normal": "NORM", "zero": "ZERO", "guard": "GUAR"}


class ScpiOutputOff(ScpiInstrument):
    """A source meter whose output-off state can be set."""

    off_headers: ClassVar[Sequence[str]]  #: all that must have the state
    _off_mode: str  #: a word of :data:`OUTPUT_OFF`

    def set_output_off(self, state: str) -> str:
        """Set the output-off state, and return it as read back; where the headers differ, one that is another."""
        mode = OUTPUT_OFF[state]
        self.send(*(f"{header} {mode}" for header in self.off_headers))
        self.check_errors()
        found = [parse_name(self.ask(f"{header}?"))[:4] for header in self.off_headers]
        self._off_mode = next((word for word in found if word != mode), mode)
        return key_of(OUTPUT_OFF, self._off_mode)
