"""What a bench asks of every driver, beside the capabilities of :mod:`tsbench.instruments.interfaces`."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, runtime_checkable

from tsbench.instruments.interfaces import InstrumentBase


@runtime_checkable
class Driver(InstrumentBase, Protocol):
    """What a bench asks of the instrument behind one connection, as a whole, whatever it measures."""

    title: str  #: as people call it: "Keithley 2450"
    on_repeat: Callable[[str], None]  #: told, in one line, of every question that was asked again

    @property
    def label(self) -> str:
        """Return the name as messages show it: ``source_meter (Keithley 2450, USB0::…)``."""

    @property
    def output_names(self) -> Sequence[str]:
        """Return the names of all outputs, as ``output_states`` calls them, without asking the instrument."""

    def terminal(self, channel: str) -> InstrumentBase:
        """Return what has a capability: the output called ``channel`` ("": the first), or the whole instrument.

        Raises
        ------
        ConfigurationError
            There is no such output.
        """

    def reset(self) -> None:
        """Known state: outputs off, defaults, empty queues."""

    def lost_power(self) -> bool:
        """Whether it was switched off and on since ``reset``."""

    def accuracy(self) -> Mapping[str, Mapping[str, float]]:
        """Return the accuracy by quantity and range, as the run file keeps it."""
