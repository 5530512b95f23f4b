"""Parts of the fixture that can be changed between two runs: load resistance, capacitance, routing.

An operator, a decade box or the gate voltage of a transistor stands behind it.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Protocol, runtime_checkable

from tsbench.instruments.interfaces.common import InstrumentBase, Range

#: quantity that a :class:`FixtureControl` can set -> its unit
FIXTURE_UNITS: Final[Mapping[str, str]] = {"load_resistance": "Ohm", "parallel_capacitance": "F"}


@runtime_checkable
class FixtureControl(Protocol):
    """Sets quantities of the fixture by name: ``load_resistance`` [Ohm], ``parallel_capacitance`` [F]."""

    def quantities(self) -> Sequence[str]:
        """Return the names of the quantities that it can set."""

    def bounds(self, quantity: str) -> Range:
        """Return what values of a quantity it can set."""

    def value(self, quantity: str) -> float | None:
        """Return the value that is set, None where it is not known."""

    def set_value(self, quantity: str, value: float) -> float:
        """Set a quantity while all outputs are off, and return the value that was set (the nearest that it has).

        Raises
        ------
        LimitError
            It cannot set this value.
        """


@runtime_checkable
class DecadeBox(InstrumentBase, Protocol):
    """An instrument whose terminal is a resistance [Ohm] or a capacitance [F] that can be set.

    A box of resistors may also have ``rating``: [W] that it withstands at each value. Without it, the bench file states
    the rating, or none is compared.
    """

    bounds: Range

    def set_value(self, value: float) -> float:
        """Set the value, read it back and return it."""

    def value(self) -> float:
        """Read the value back."""


@runtime_checkable
class Routing(Protocol):
    """Which of several instruments reaches the device.

    Relays of a switch matrix choose it, or the operator changes the wiring, or all sources stay wired and those that
    are not used isolate while they are off. A bias tee connects two sources at once and needs no routing.
    """

    def states(self) -> Sequence[str]:
        """Return the names of the routing states, as the bench file has them."""

    def state(self) -> str | None:
        """Return the state that is set, None where it is not known."""

    def select(self, state: str) -> None:
        """Set a state while all outputs are off, and read it back where that is possible.

        Raises
        ------
        LimitError
            There is no such state.
        """
