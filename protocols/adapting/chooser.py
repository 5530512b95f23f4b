"""What an adaptive acquisition asks: which pulse next, and what the last one did.

The acquisition knows the interface only. What chooses reads the records by the functions that read a stored run, so it
is made where acquisition and extraction meet: in the file with the class of the protocol.
"""

from collections.abc import Sequence
from typing import Protocol

from tsbench.protocols.pulses.pairs import PulseRecord
from tsbench.records import Column, Flag

#: what the chooser adds to the row of each pulse
COLUMNS = (
    Column("fired", "", "1: this pulse fired (of a pair: the second), 0: it did not, NaN: not known or not counted"),
    Column("low", "", "low end of the 95 % interval after this pulse, within the range searched"),
    Column("high", "", "high end of it"),
)
#: of single pulses, the last column of all
CONDITIONING = Column("conditioning", "", "1: a conditioning pulse, 0: a pulse that counts")


class Chooser(Protocol):
    """Chooses the stimulus of each record (a bias or an amplitude [V], a gap [s]) by what the ones before showed."""

    reason: str  #: why it ended, for the log; "" before

    @property
    def progress(self) -> str:
        """How many pulses have been sent, and how narrow the interval is."""

    def next_stimulus(self) -> float | None:
        """Return what to send next; None: the search is over."""

    def told(self, stimulus: float, records: Sequence[PulseRecord], flags: Flag) -> tuple[float, float, float]:
        """Take what was recorded; return fired (1, 0, NaN) and the interval after it, for the row of the pulse.

        Parameters
        ----------
        stimulus : what was sent
        records : the waveforms of each pulse; empty where the scope missed it
        flags : of the acquisition
        """


class PulseChooser(Chooser, Protocol):
    """Chooses single pulses, and tells which of them condition the device."""

    fell_silent: bool  #: whether it ended because the device does not fire any more

    @property
    def conditioning(self) -> bool:
        """Whether the stimulus that was chosen last is that of a conditioning pulse."""
