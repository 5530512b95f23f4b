"""Virtual interactive source meter: trigger events by name, and who waits for them.

The names are those of the reference manuals (2450-901-01 rev. B, p. 6-148; 2470-901-01 rev. A, p. 12-197). Three kinds
of event never come: the virtual instrument has no TRIGGER key (``DISPlay``), and no wires for ``LAN<n>`` and
``TSPLink<n>``.
"""

import string
from collections.abc import Callable
from typing import Any

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import Parameter, long_and_short, text_of
from tsbench.simulated_backends.scpi.plain_numbers import number_behind
from tsbench.simulated_backends.scpi.syntax import capitals

NO_EVENT = "NONE"
COMMAND_EVENT = "COMM"
LIMIT_EVENT = "SLIM"
_ALONE = ("COMMand", "DISPlay", "NONE", "SLIMit")
#: how many there are of each
_NUMBERED = {"BLENder": 2, "DIGio": 6, "LAN": 8, "NOTify": 8, "TIMer": 4, "TSPLink": 3}
_SPELLINGS = {spelling: long_and_short(word)[1] for word in (*_ALONE, *_NUMBERED) for spelling in long_and_short(word)}
_COUNTS = {long_and_short(word)[1]: count for word, count in _NUMBERED.items()}


class TriggerEvent(Parameter):
    """The name of an event, such as ``DIGio2``; the value is the short form, ``DIG2``."""

    def parse(self, raw: bytes, owner: Any, key: tuple[Any, ...]) -> str:
        text = capitals(text_of(raw))
        number = number_behind("[A-Z]+", text)
        short = _SPELLINGS.get(text if number is None else text.rstrip(string.digits), "")
        good = number is None if short not in _COUNTS else number is not None and 1 <= number <= _COUNTS[short]
        if not short or not good:
            raise ScpiError(-224 if text[:1].isalpha() else -104)
        return short if number is None else f"{short}{number}"


class EventHub:
    """Tells each event to all who listen to it, in the order in which they began.

    ``audience_changed`` is called when somebody begins or ceases to listen.
    """

    def __init__(self) -> None:
        self._listeners: dict[str, list[Callable[[], None]]] = {}
        self._firing: set[str] = set()
        self.audience_changed: Callable[[], None] = lambda: None

    def listen(self, event: str, listener: Callable[[], None]) -> None:
        """Call ``listener`` at each event of this name."""
        if event != NO_EVENT:
            self._listeners.setdefault(event, []).append(listener)
            self.audience_changed()

    def ignore(self, event: str, listener: Callable[[], None]) -> None:
        """Do not call it any more."""
        if listener in self._listeners.get(event, ()):
            self._listeners[event].remove(listener)
            self.audience_changed()

    def heard(self, event: str) -> bool:
        """Return whether anybody listens."""
        return bool(self._listeners.get(event))

    def fire(self, event: str) -> None:
        """Let an event happen now. An event that would cause itself at the same instant does so once."""
        if event in self._firing:
            return
        self._firing.add(event)
        try:
            for listener in list(self._listeners.get(event, ())):
                listener()
        finally:
            self._firing.discard(event)


class ChosenEvent:
    """One listener whose event the user chooses."""

    def __init__(self, hub: EventHub, listener: Callable[[], None]) -> None:
        self._hub = hub
        self._listener = listener
        self._event = NO_EVENT

    def choose(self, event: str) -> None:
        """Listen to ``event`` from now on, and to no other."""
        if event != self._event:
            self._hub.ignore(self._event, self._listener)
            self._event = event
            self._hub.listen(event, self._listener)


class Detector:
    """Remembers one event until it is cleared; one that comes before that is an overrun."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget what was detected."""
        self.detected = self.overrun = False

    def notice(self) -> None:
        """Detect an event."""
        self.overrun |= self.detected
        self.detected = True
