"""The crosspoints of one switch matrix, which several parts of a bench may share."""

from collections.abc import Sequence

from tsbench.instruments import SwitchMatrix


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
        """Note which crosspoints a part may close."""
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
