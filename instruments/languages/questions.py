"""Questions to one instrument: write and read as one act, repeated where the language says that this is safe."""

import threading
from collections.abc import Callable
from typing import Any, ClassVar, Protocol, TypeVar

from tsbench.errors import GarbledReply, NoReply, cause
from tsbench.instruments.languages.language import Language
from tsbench.instruments.languages.scpi import block_length_digits
from tsbench.records import Identity

T = TypeVar("T")
REPEATS = 2  #: of a query that was not answered, or not understood


class Asked(Protocol):
    """What questions need of the instrument that they are put to."""

    language: ClassVar[Language]
    identity: Identity
    adapter: Any
    on_repeat: Callable[[str], None]

    @property
    def label(self) -> str:
        """Return the name as messages show it."""

    @property
    def repeatable(self) -> tuple[str, ...]:
        """Return the questions that change nothing in the instrument."""

    def write(self, command: str) -> None:
        """Send one message."""

    def read_bytes(self, count: int) -> bytes:
        """Read ``count`` bytes."""


class Questions:
    """Questions to one instrument: no other thread comes between, repeated where that is safe.

    Parameters
    ----------
    instrument : MessageInstrument
        The instrument. Its label stands in messages.
    ask_once : callable
        Sends a query and returns its reply: (command, delay between the two [s] or None).
    """

    def __init__(self, instrument: Asked, ask_once: Callable[[str, float | None], str]) -> None:
        self._instrument = instrument
        self._ask_once = ask_once
        self.lock = threading.RLock()

    def text(self, command: str, query_delay: float | None = None) -> str:
        """Return a reply as it comes."""
        return self._repeated(command, lambda: self._once(command, query_delay))

    def parsed(self, command: str, parse: Callable[[str], T]) -> T:
        """Return what ``parse`` makes of a reply; CommunicationError where it raises ValueError."""

        def act() -> T:
            reply = self._once(command)
            try:
                return parse(reply)
            except ValueError:
                raise GarbledReply(
                    f"{self._instrument.label}: the reply '{reply[:60]}' to '{command}' is garbled. Repeat the "
                    "measurement. If this happens again, check the cable and the VISA library"
                ) from None

        return self._repeated(command, act)

    def block(self, command: str) -> bytes:
        """Return the payload of a definite-length block."""
        return self._repeated(command, lambda: self._block_once(command))

    def resynchronise(self, why: str) -> None:
        """After a lost or garbled reply: drop what may still come, and find the same instrument in step.

        Raises
        ------
        CommunicationError
            It does not answer, or answers an earlier query.
        """
        instrument, language = self._instrument, self._instrument.language
        instrument.on_repeat(f"{instrument.label}: {why}")
        connection = instrument.adapter.connection
        answer = ""
        for _ in range(2):
            getattr(connection, "resynchronise", connection.clear)()
            answer = self._once(language.identity_question)
            try:
                if language.parse_identity(answer) == instrument.identity:
                    return
            except ValueError:
                continue
        raise GarbledReply(
            f"{instrument.label}: its replies belong to earlier messages (it replied '{answer[:60]}' to "
            f"'{language.identity_question}'). "
            "Check the cable and the VISA library"
        )

    def _once(self, command: str, query_delay: float | None = None) -> str:
        with self.lock:
            return str(self._ask_once(command, query_delay)).strip()

    def _repeated(self, command: str, act: Callable[[], T]) -> T:
        """Send a query; repeat it if it is repeatable and no reply came, or the reply was not understood."""
        with self.lock:
            for _ in range(REPEATS):
                try:
                    return act()
                except (NoReply, GarbledReply) as error:
                    if not self._instrument.language.may_be_repeated(command, self._instrument.repeatable):
                        raise
                    self.resynchronise(f"'{command}' was sent again, because {cause(error)}")
            return act()

    def _block_once(self, command: str) -> bytes:
        instrument = self._instrument
        with self.lock:
            instrument.write(command)
            try:
                head = instrument.read_bytes(2)
                digits = block_length_digits(head)
                length = int(instrument.read_bytes(digits))
            except ValueError as error:
                raise GarbledReply(f"{instrument.label}: the data block in the reply to '{command}' is garbled "
                                   f"({error}). Repeat the measurement") from None
            payload = bytes(instrument.read_bytes(length))
            end = bytes(instrument.read_bytes(1))
        if len(payload) != length or end != b"\n":
            raise GarbledReply(
                f"{instrument.label}: the data block in the reply to '{command}' is garbled ({len(payload)} of "
                f"{length} bytes, followed by {end!r}). Repeat the measurement"
            )
        return payload
