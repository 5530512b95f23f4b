"""Trigger links: one instrument starts another by an edge on a wire. No protocol uses them yet; a script can."""

from collections.abc import Sequence
from typing import Literal, Protocol, runtime_checkable

#: what an instrument tells by an edge: a sweep, train or burst begins; a point was read; it has ended
TriggerEvent = Literal["begin", "point", "end"]


@runtime_checkable
class TriggerLinked(Protocol):
    """A terminal with trigger jacks.

    The bench file does not say which jack leads where: the caller must know it. On a simulated bench, the table
    ``[wires]`` of the world file connects the jacks.
    """

    trigger_inputs: Sequence[str]  #: names of its jacks that can start it: "line1", "external"
    trigger_outputs: Sequence[str]  #: names of its jacks that can tell an event

    def start_at(self, jack: str | None) -> None:
        """Let the next sweep, train or burst start at an edge of the jack; None: as soon as it is started.

        Raises
        ------
        LimitError
            It has no such input.
        """

    def tell(self, jack: str, event: TriggerEvent | None) -> None:
        """Give an edge at the jack at each ``event``; None: no more.

        Raises
        ------
        LimitError
            It has no such output, or cannot tell this event.
        """
