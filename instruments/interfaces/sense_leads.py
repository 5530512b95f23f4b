"""Sense leads of source meters: where the voltage is sensed."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Protocol, runtime_checkable

from tsbench.errors import InstrumentError


class SenseLeads:
    """The sense leads of a source meter, which sense the voltage at the device.

    ``used``: whether they are, or shall be, in use now.

    Parameters
    ----------
    label : of the source meter in messages
    connected : whether the bench file says that there are such leads (``four_wire``)
    select : sends four wires (True) or two
    selected : asks the instrument for what it has; None: nothing is set yet
    """

    def __init__(
        self, label: str, connected: bool, select: Callable[[bool], None], selected: Callable[[], bool | None],
    ) -> None:
        self._label, self._connected, self._select, self._selected = label, connected, select, selected
        self.used = connected
        self._known = True  #: whether the instrument has what it was told last

    @contextlib.contextmanager
    def left_open(self) -> Iterator[None]:
        """Sense in two wires, at the output, meanwhile. The output is off at the beginning and at the end.

        Raises
        ------
        InstrumentError
            The instrument has set something else.
        """
        try:
            self._use(False)
            yield
        finally:   # also if a reply was lost, for the instrument may have two wires then
            self._use(self._connected)

    def ensure(self) -> None:
        """Select again what shall be in use, if a message about it has failed; else nothing is sent."""
        if not self._known:
            self._use(self._connected)

    def require(self) -> None:
        """Raise InstrumentError if the instrument does not sense as it was told to."""
        if self._connected and self._selected() == (not self.used):
            raise InstrumentError(f"{self._label}: four-wire sensing did not switch {'on' if self.used else 'off'}. "
                                  "Check the terminals that are chosen at the panel")

    def _use(self, used: bool) -> None:
        self.used, self._known = used, not self._connected
        if self._connected:
            self._select(used)
            self.require()
            self._known = True


@runtime_checkable
class HasSenseLeads(Protocol):
    """A source meter that may sense the voltage at the device, with leads of its own."""

    sense_leads: SenseLeads
