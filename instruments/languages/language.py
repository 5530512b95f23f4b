"""What a language of instruments is: how errors are read, what a restart looks like, which questions may be repeated.

A language is plain data with a few pure functions. A driver names its language; its base class does the rest
(:mod:`tsbench.instruments.languages.message_instrument`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tsbench.records import Identity


@dataclass(frozen=True)
class ErrorReply:
    """One entry of an error queue; number 0 means that the queue is empty."""

    code: int
    message: str
    detail: str = ""  #: what the instrument adds to the standard message, often the header that it means

    @property
    def line(self) -> str:
        """Return the entry as messages show it: number, text, detail."""
        return f"{self.code} {self.message}{f' ({self.detail})' if self.detail else ''}"


def parse_identity(reply: str) -> Identity:
    """Parse a reply to ``*IDN?``: four fields, of which only the last may hold a comma.

    LeCroy's oscilloscopes begin it with ``*IDN`` until they are set otherwise.

    Raises
    ------
    ValueError
        The reply does not have four fields.
    """
    fields = [field.strip() for field in reply.strip().removeprefix("*IDN ").split(",", 3)]
    if len(fields) != 4 or not fields[1]:
        raise ValueError(f"the reply {reply!r} is not a reply to *IDN?")
    return Identity(*fields)


def no_error(reply: str) -> ErrorReply:
    """Refuse a reply of an error queue: ``parse_error`` of a language without one.

    Raises
    ------
    ValueError
        Always.
    """
    raise ValueError(f"there is no error queue, but a reply {reply!r}")


@dataclass(frozen=True)
class Language:
    """One language.

    Parameters
    ----------
    name : as messages call it: "SCPI"
    error_question : asks for the next entry of the error queue; "" where the language has none
    parse_error : turns the reply to it into an entry; raises ValueError where it is none. :func:`no_error` where the
        language has no error queue
    clearing : messages that empty status and error queue
    resetting : messages that bring an instrument to its defaults, and set the mark by which a restart is noticed
    power_questions : ask for that mark; repeatable, allowed while an operation runs
    power_lost : whether the replies to them show a restart; raises ValueError where they are none
    may_be_repeated : (message, the driver's ``repeatable``) -> whether the message only asks, and changes nothing
    identity_question : asks for maker, model, serial number and firmware
    parse_identity : turns the reply to it into an identity; raises ValueError where it is none
    queue_depth : entries that are read from an error queue at most
    parse_errors : turns a reply that has all entries at once into them; None: each question brings one entry
    trials : messages that are wrong on purpose and change nothing: each must leave its entry in the error queue
    """

    name: str
    error_question: str
    parse_error: Callable[[str], ErrorReply]
    clearing: tuple[str, ...]
    resetting: tuple[str, ...]
    power_questions: tuple[str, ...]
    power_lost: Callable[[Sequence[str]], bool]
    may_be_repeated: Callable[[str, Sequence[str]], bool]
    identity_question: str = "*IDN?"
    parse_identity: Callable[[str], Identity] = parse_identity
    queue_depth: int = 64
    parse_errors: Callable[[str], Sequence[ErrorReply]] | None = None
    trials: tuple[str, ...] = ()
