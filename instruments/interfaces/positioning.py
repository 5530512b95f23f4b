"""Which device is connected: switch matrix and wafer prober.

Neither has an output. Both must move only while all outputs are off: the bench sees to that.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from tsbench.instruments.interfaces.common import InstrumentBase


@dataclass(frozen=True)
class ContactLimits:
    """What the contacts of one card of a switch matrix, or a decade box, are made for."""

    card: str  #: as messages name it
    voltage: float  #: [V] across an open contact
    current: float  #: [A] through a closed one
    advice: str = ""  #: of what is no card: what to do
    admittance: float = 0.0  #: [S] of what is no card: the largest current through it / EMF of the source
    in_series: bool = True  #: whether the current through it is that of the device


@runtime_checkable
class SwitchMatrix(InstrumentBase, Protocol):
    """Crosspoints that connect rows and columns, called as the instrument calls them ("1A01")."""

    def close_only(self, crosspoints: Sequence[str]) -> None:
        """Open all other crosspoints, then close these, and read them back.

        Raises
        ------
        LimitError
            There is no such crosspoint.
        InstrumentError
            Others are closed afterwards.
        """

    def open_all(self) -> None:
        """Open every crosspoint, and read back that none is closed."""

    def closed(self) -> Sequence[str]:
        """Read back which crosspoints are closed."""


@dataclass(frozen=True)
class Site:
    """A place on a wafer."""

    column: int  #: of the die, counted as the wafer map does
    row: int
    subsite: int = 0  #: of the device in its die


@runtime_checkable
class Prober(InstrumentBase, Protocol):
    """A wafer prober: moves the wafer under the needles, and brings both into contact."""

    def sites(self) -> Sequence[Site]:
        """Return the dies of the wafer map that is loaded."""

    def site(self) -> Site:
        """Ask where the needles are."""

    def separate(self) -> None:
        """Lower the wafer from the needles, and check with the prober that it is lowered."""

    def move_to(self, site: Site) -> None:
        """Move there, separated; returns when it has arrived.

        Raises
        ------
        LimitError
            The wafer map has no such site.
        """

    def contact(self) -> None:
        """Raise the wafer to the needles, and ask that it is in contact."""

    def in_contact(self) -> bool:
        """Ask whether the needles touch the wafer."""
