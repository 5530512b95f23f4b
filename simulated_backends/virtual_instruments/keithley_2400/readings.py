"""Readings of the 2400 family: the status word, the elements and how they are written (manual, section 18, FORMat)."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from tsbench.simulated_backends.virtual_instruments.source_meter.data_sheet import NOT_A_NUMBER, OVERFLOW

ELEMENTS = ("VOLT", "CURR", "RES", "TIME", "STAT")  #: always sent in this order
OVERFLOWED, FILTERED, FRONT, LIMITED, PROTECTED, MATHEMATICAL, NULLED, LIMITS_TESTED = (1 << bit for bit in range(8))
AUTO_OHMS, MEASURED_VOLTAGE, MEASURED_CURRENT, MEASURED_RESISTANCE = (1 << bit for bit in range(10, 14))
SOURCED_VOLTAGE, SOURCED_CURRENT, LIMITED_BY_RANGE, OFFSET_COMPENSATED = (1 << bit for bit in range(14, 18))
REMOTE_SENSE = 1 << 22
MEASURED = {"VOLT": MEASURED_VOLTAGE, "CURR": MEASURED_CURRENT, "RES": MEASURED_RESISTANCE}


@dataclass(frozen=True)
class StoredReading:
    """One reading, by element. A function that is neither measured nor sourced is :data:`NOT_A_NUMBER`."""

    values: dict[str, float]
    time: float  #: [s] bench time

    def overflowed(self) -> bool:
        """Whether the voltage or the current was beyond its range."""
        return any(OVERFLOW <= abs(self.values[name]) < NOT_A_NUMBER for name in ("VOLT", "CURR"))


@dataclass
class ReadingFormat:
    """How readings and registers are written."""

    elements: tuple[str, ...] = ELEMENTS
    real: bool = False  #: as binary floats
    byte_order: str = "NORM"
    register_format: str = "ASC"

    def forget(self) -> None:
        """Take the state after a reset."""
        vars(self).update(vars(ReadingFormat()))

    def written(self, values: Sequence[float]) -> str | bytes:
        """Return numbers in the chosen format."""
        return as_floats(values, self.byte_order == "SWAP") if self.real else as_text(values)


def flat(readings: Sequence[StoredReading], elements: Sequence[str], zero: float, delta: bool = False) -> list[float]:
    """Return the chosen elements of readings one after the other.

    Parameters
    ----------
    readings : in order of measurement
    elements : some of :data:`ELEMENTS`
    zero : [s] bench time at which the time element is zero
    delta : the time element is the time since the reading before
    """
    values: list[float] = []
    before = readings[0].time if delta and readings else zero
    for reading in readings:
        for element in ELEMENTS:
            if element in elements:
                values.append(reading.time - before if element == "TIME" else reading.values[element])
        if delta:
            before = reading.time
    return values


def as_text(values: Sequence[float]) -> str:
    """Write numbers as the ASCII format does: ``+1.000206E+00``."""
    return ",".join(f"{value:+.6E}" for value in values)


def as_floats(values: Sequence[float], swapped: bool) -> bytes:
    """Write numbers as the format REAL,32 does: an indefinite block of single-precision floats."""
    return b"#0" + struct.pack(f"{'<' if swapped else '>'}{len(values)}f", *values)
