"""FLEX, the command language of Keysight's parameter analysers: output data, error queue, what may be repeated.

Source: B1500A/B1505A Programming Guide edition 11, p. 1-24 (output data), 4-100 (``ERRX?``). A device clear leaves the
error queue as it is, so that the driver reads it empty. A B1500A has no ``*CLS``: it answers with error 100. A reset
sets the mask of service requests to 0, and the driver sets it to :data:`RESTART_MARK`. From this, the driver notices a
restart.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from tsbench.instruments.languages.language import ErrorReply, Language
from tsbench.instruments.languages.message_instrument import MessageInstrument
from tsbench.instruments.languages.scpi import parse_entry

#: of ``*SRE``: service is requested when the interlock is open
RESTART_MARK = 8
#: bits of the status byte
DATA_READY, SET_READY = 0x01, 0x10
#: numbers from here on say that a reading is not valid
_NO_NUMBER = 1e99
_DATUM = re.compile(r"\s*([A-Z])([A-JVZ])([A-Za-z])([+-]\d+\.\d+E[+-]\d+)\s*")
_NAME = re.compile(r"\s*(\*?[A-Za-z]+\??)")


@dataclass(frozen=True)
class FlexDatum:
    """One number of the output data with header (``FMT 1`` and ``FMT 11``)."""

    status: str  #: N good, C compliance, T compliance of another channel, V beyond the range, X not settled, W, E
    channel: str  #: A for slot 1, ...
    kind: str  #: V, I, T time, X index
    value: float  #: NaN where the instrument says that it is not valid


def parse_datum(text: str) -> FlexDatum:
    """Parse one datum; ValueError if it is none."""
    found = _DATUM.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is not a datum")
    value = float(found[4])
    return FlexDatum(found[1], found[2], found[3], value if abs(value) < _NO_NUMBER else math.nan)


def parse_data(reply: str) -> list[FlexDatum]:
    """Parse comma-separated data; ValueError where one is none."""
    return [parse_datum(part) for part in reply.strip().strip(",").split(",")]


def parse_flex_error(reply: str) -> ErrorReply:
    """Parse a reply to ``ERRX?``: ``+305,"Excess current in HPSMU.; SLOT1"``.

    Raises
    ------
    ValueError
        The reply is not an error entry.
    """
    code, message, detail = parse_entry(reply)
    return ErrorReply(code, message.rstrip("."), detail)


def flex_repeatable(message: str, allowed: Sequence[str]) -> bool:
    """Whether a message is one query that a driver allows to be repeated."""
    found = _NAME.match(message)
    return found is not None and ";" not in message and found[1].upper() in allowed


def restarted(replies: Sequence[str]) -> bool:
    """Whether the reply to ``*SRE?`` shows a restart; ValueError where it is no mask."""
    reply, = replies
    mask = int(reply)
    if not 0 <= mask <= 255:
        raise ValueError(f"the reply {reply!r} is not a mask")
    return mask != RESTART_MARK


FLEX = Language(
    name="FLEX", error_question="ERRX?", parse_error=parse_flex_error, clearing=("BC",),
    resetting=("*RST", f"*SRE {RESTART_MARK}"), power_questions=("*SRE?",), power_lost=restarted,
    may_be_repeated=flex_repeatable, trials=("ZZ 1", "FMT", "FMT 99"),
)


class FlexInstrument(MessageInstrument):
    """A driver whose instrument understands FLEX."""

    language = FLEX
    title = "FLEX instrument"
    #: queries that change nothing in the instrument
    repeatable = ("*IDN?", "*SRE?", "*STB?", "UNT?", "*LRN?", "LOP?", "WNU?")

    def clear(self) -> None:
        """Device clear, then empty buffers and error queue."""
        super().clear()
        self.ask("ERR?")

    def ask_data(self, command: str) -> list[FlexDatum]:
        """Return the data that a command measures; CommunicationError where they are none."""
        return self.questions.parsed(command, parse_data)

    def read_text(self) -> str:
        """Read what is ready up to the next END."""
        with self.lock:
            return str(self.adapter.read()).strip()

    def status_byte(self) -> int:
        """Return the status byte by a serial poll, which an instrument answers while it measures."""
        with self.lock:
            return int(self.adapter.connection.serial_poll())
