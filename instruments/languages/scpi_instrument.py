"""Base class of our SCPI drivers."""

from typing import ClassVar

from tsbench.instruments.languages.message_instrument import MessageInstrument
from tsbench.instruments.languages.repeatable import COMMON
from tsbench.instruments.languages.scpi import SCPI, format_block


class ScpiInstrument(MessageInstrument):
    """A driver whose instrument understands SCPI: the common commands, ``:SYSTem:ERRor?``, definite-length blocks."""

    language = SCPI
    title = "SCPI instrument"
    #: queries that change nothing in the instrument, in the notation of the manuals; drivers add theirs
    repeatable: ClassVar[tuple[str, ...]] = COMMON

    def write_block(self, command: str, payload: bytes) -> None:
        """Send ``command`` followed by a definite-length block."""
        with self.lock:
            self.write_bytes(command.encode("ascii") + format_block(payload))
