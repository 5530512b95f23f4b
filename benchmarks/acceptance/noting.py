"""What the instrument under test has noted: each error, whoever has read it since, and the message that made it.

A driver may empty the error queue, or never look at it. The benchmark therefore listens inside the virtual instrument.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

#: where a virtual instrument notes an error: FLEX (B1500A), KXCI (4200A), all others
_NOTING = ("post_flex", "post_kxci", "post")
#: the message by which the benchmark waits until the instrument has carried out what came before
WAITING = "*IDN?"
#: "System error": whatever the simulation left out or failed at has this number, so only its text says what. For other
#: numbers, the text would only make the list longer
_SYSTEM_ERROR = -310
_LONGEST = 100   #: characters of a message that are shown
NOTHING = "the instrument noted nothing"


@dataclass(frozen=True)
class Note:
    """One error.

    Parameters
    ----------
    code : number of the error, as the instrument shows it; a text where the instrument has no numbers
    message : the message that it was executing, shortened
    text : what the instrument says of it, where the number alone does not tell
    """

    code: int | str
    message: str
    text: str = ""

    def __str__(self) -> str:
        return f"{self.code}{f' ({self.text})' if self.text else ''} at {self.message}"


class Notebook:
    """Listens to a virtual instrument from now on.

    Parameters
    ----------
    instrument : its ``status`` and ``exchange`` are listened to
    """

    def __init__(self, instrument: Any) -> None:
        self.notes: list[Note] = []
        self.last = ""   #: the last message that it has begun to execute, shortened
        self.waiting = False   #: whether the benchmark sends :data:`WAITING` itself
        status, exchange = instrument.status, instrument.exchange
        name = noting_method(status)
        setattr(status, name, self._noting(getattr(status, name)))
        exchange.execute = self._executing(exchange.execute)

    def _noting(self, post: Callable[[Any], None]) -> Callable[[Any], None]:
        def noted(error: Any) -> None:
            code = getattr(error, "code", None)
            text = getattr(error, "text", "") if code == _SYSTEM_ERROR else ""
            self.notes.append(Note(getattr(error, "line", "?") if code is None else code, self.last, text or ""))
            post(error)

        return noted

    def _executing(self, execute: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
        def executed(message: bytes) -> Any:
            text = shown(message)
            if not (self.waiting and text == shown(WAITING.encode())):
                self.last = text
            return execute(message)

        return executed

    @property
    def codes(self) -> tuple[int | str, ...]:
        """Return the numbers of all errors, in order."""
        return tuple(note.code for note in self.notes)

    def summary(self) -> str:
        """Return all errors in one line, and the last message."""
        noted = f"the instrument noted {'; '.join(map(str, self.notes))}" if self.notes else NOTHING
        return f"{noted}; {f'last message {self.last}' if self.last else 'no message came'}"


def noting_method(status: Any) -> str:
    """Return the name of the method by which a status model notes an error."""
    return next(name for name in _NOTING if hasattr(status, name))


def shown(message: bytes) -> str:
    """Return a message as a short text in quotation marks."""
    text = message.decode("latin-1").strip("\r\n\0 ")
    return repr(text if len(text) <= _LONGEST else text[:_LONGEST] + "...")
