"""Measured data as FMT asks for them (B1500A/B1505A Programming Guide edition 11, p. 1-24 to 1-36).

ASCII formats: 1, 2, 5 with 12 digits, 11, 12, 15 and 21, 22, 25 with 13 digits. With 2, 12 and 22 the data have no
header. Between the data is a comma; with 5, 15 and 25 a comma is also the end of a measurement. The decimal point is
where the range puts it: 100 uA are ``+100.000E-06`` in the 100 uA range. The binary formats 3, 4, 13 and 14 are not
modelled.
"""

import math
from dataclasses import dataclass, field

from tsbench.simulated_backends.flex.errors import FlexError

NO_NUMBER = 199.999e99  #: of a reading that is not valid
ASCII_FORMATS = (1, 2, 5, 11, 12, 15, 21, 22, 25)
#: by letter of a status: its number in formats 21 to 25 (bits: 1 overflow, 2 oscillation, 4 another channel, 8 this)
STATUS_NUMBERS = {"N": 0, "V": 1, "X": 2, "F": 2, "T": 4, "C": 8, "G": 16, "S": 32}
LAST_DATUM = 128  #: is added to the number of the last datum of a measurement


@dataclass(frozen=True)
class Datum:
    """One number of the output data."""

    value: float  #: NaN or infinite: not valid
    channel: int  #: slot; 0: of no channel
    kind: str  #: V voltage, I current, T time, X index; v and i: of a source
    full_scale: float  #: of the range, in the unit of the value
    status: str = "N"  #: letter; W and E of a source: of a step, of the last step


@dataclass
class DataFormat:
    """What FMT has set."""

    number: int = 1
    mode: int = 0  #: 0: measured data alone; 1 and more: with the data of sources
    _letters: str = field(default="ABCDEFGHIJ", repr=False)

    def set(self, number: int, mode: int) -> None:
        """Choose a format; FlexError 120 for one that is not modelled."""
        if number not in ASCII_FORMATS:
            raise FlexError(120)
        self.number, self.mode = number, mode

    @property
    def separated(self) -> bool:
        """Whether a comma stands behind the last datum too, without END."""
        return self.number in (5, 15, 25)

    def text(self, datum: Datum, last: bool = False) -> str:
        """Write one datum; ``last``: it is the last of a measurement."""
        number = self._number(datum)
        if self.number in (2, 12, 22):
            return number
        channel = self._letters[datum.channel - 1] if datum.channel else "Z"
        source = datum.kind in "vi"
        if self.number < 20:
            return f"{datum.status}{channel}{datum.kind.upper() if source else datum.kind}{number}"
        status = f"{datum.status:>3}" if source else f"{self._status_number(datum, last):03d}"
        return f"{status}{channel}{datum.kind}{number}"

    @staticmethod
    def _status_number(datum: Datum, last: bool) -> int:
        return STATUS_NUMBERS[datum.status] + (LAST_DATUM if last else 0)

    def _number(self, datum: Datum) -> str:
        digits = 6 if self.number < 10 else 7
        if not math.isfinite(datum.value) or abs(datum.value) >= 1e30:
            return f"{NO_NUMBER / 1e99:+.{digits - 3}f}E+99"
        if datum.kind in "TX":   # no exponent: as many places before the point as it needs
            whole = max(len(str(int(abs(datum.value)))), 1)
            return f"{datum.value:+.{max(digits - whole, 0)}f}E+00"
        decade = math.floor(math.log10(datum.full_scale) + 1e-9)
        exponent = 3 * (decade // 3)
        places = digits - (decade - exponent + 1)
        mantissa = datum.value / 10.0**exponent
        whole = decade - exponent + 1
        return f"{mantissa:+0{1 + whole + 1 + places}.{places}f}E{exponent:+03d}"
