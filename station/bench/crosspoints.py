"""The crosspoints of one switch matrix, which several parts of a bench may share."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from tsbench.errors import ConfigurationError
from tsbench.instruments import SwitchMatrix
from tsbench.instruments.interfaces import ContactLimits


@runtime_checkable
class KnowsItsCards(Protocol):
    """A switch matrix that can be asked which crosspoints its cards have."""

    def refusal_of(self, crosspoints: Sequence[str]) -> str:
        """Return why these crosspoints cannot be closed; "" where the cards have all of them."""


@runtime_checkable
class RatesItsContacts(Protocol):
    """A switch matrix that can be asked which voltage and current its cards are made for."""

    def contact_limits(self, crosspoints: Sequence[str]) -> Sequence[ContactLimits]:
        """Return the ratings of the cards with these crosspoints; a card whose ratings are not known is left out."""


#: part of a bench -> its table of the bench file
_TABLES = {"routing": "fixture.routing.states", "positioner": "positioner.devices"}


class ClosedCrosspoints:
    """The crosspoints of one matrix that several parts of a bench close: routes, and the positioner.

    Parameters
    ----------
    matrix : SwitchMatrix
    """

    def __init__(self, matrix: SwitchMatrix) -> None:
        self._matrix = matrix
        self._mine: dict[str, frozenset[str]] = {}  #: part -> all crosspoints that it may close

    def claim(self, part: str, crosspoints: Sequence[str]) -> None:
        """Note which crosspoints a part may close; ConfigurationError where the cards do not have one of them."""
        if isinstance(self._matrix, KnowsItsCards) and (reason := self._matrix.refusal_of(crosspoints)):
            raise ConfigurationError(f"[{_TABLES[part]}]: {reason}. Correct the crosspoints, or insert the card")
        self._mine[part] = frozenset(crosspoints)

    def closed(self, part: str) -> set[str]:
        """Read back which crosspoints of a part are closed; with those that belong to no part."""
        others = frozenset().union(*(points for name, points in self._mine.items() if name != part))
        return set(self._matrix.closed()) - (others - self._mine[part])

    def close_only(self, part: str, crosspoints: Sequence[str]) -> None:
        """Close these crosspoints of a part and open its others; those of the other parts stay."""
        kept = [point for point in self._matrix.closed()
                if any(point in points for name, points in self._mine.items() if name != part)]
        self._matrix.close_only([*dict.fromkeys([*kept, *crosspoints])])
