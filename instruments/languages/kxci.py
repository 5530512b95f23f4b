"""KXCI, the command language of Keithley's 4200A-SCS: acknowledgements, the last error, readings.

Source: 4200A-SCS KXCI Remote Control Programming, 4200A-KXCI-907-01 Rev. D; 4200A-SCS Reference Manual,
4200A-901-01 Rev. C, p. 9-52 and 9-53 (readings). On a socket each message has a reply, which is ``ACK`` where nothing
was asked. On GPIB only a question has one. The instrument keeps its last error until it is cleared.

KXCI reads no setting back, and no value of it shows a restart: after a restart the operator must start KXCI again, and
until then the instrument does not answer.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from tsbench.errors import InstrumentError
from tsbench.instruments.languages.language import ErrorReply, Language
from tsbench.instruments.languages.message_instrument import MessageInstrument
from tsbench.records import Flag

DATA_READY, SYNTAX_ERROR, BUSY = 0x01, 0x02, 0x10  #: bits of the status byte
NO_NUMBER = 1e21  #: a reading beyond this is none
#: [V or A] far below what a preamplifier resolves (1e-17 A); a reading between this and zero has changed on its way
NEAREST_ZERO = 1e-20
_ERROR = re.compile(r"\s*(.*?)\s*\(\s*([+-]?\d+)\s*\)\s*", re.DOTALL)
#: a number has an exponent of two digits (KXCI Remote Control Programming): one that is cut off is no other number
_VALUE = r"([+-]?\d+\.\d+\s*[Ee][+-]\d{2})"
_USER = re.compile(r"\s*([A-Z])\s*([A-P])\s*([VI])\s*" + _VALUE + r"\s*")
_SYSTEM = re.compile(r"\s*([A-Z])\s*" + _VALUE + r"\s*")
_FLAGS = {"N": Flag.NONE, "T": Flag.NONE, "C": Flag.COMPLIANCE, "V": Flag.OVERFLOW, "X": Flag.UNSETTLED,
          "L": Flag.UNSETTLED}


@dataclass(frozen=True)
class KxciReading:
    """One reading."""

    value: float  #: NaN beyond the range
    flags: Flag


def _reading(letter: str, text: str) -> KxciReading:
    if letter not in _FLAGS:
        raise ValueError(f"{letter!r} is no data status")
    value, flags = float(text.replace(" ", "")), _FLAGS[letter]
    if 0.0 < abs(value) < NEAREST_ZERO:
        raise ValueError(f"{text!r} is no reading: the instrument resolves no such value")
    if abs(value) > NO_NUMBER:
        flags |= Flag.OVERFLOW
    return KxciReading(math.nan if Flag.OVERFLOW in flags else value, flags)


def parse_user_reading(reply: str) -> KxciReading:
    """Parse a reply to ``TI`` or ``TV``: ``NAI +1.234567E-06``; ValueError if it is none."""
    found = _USER.fullmatch(reply)
    if found is None:
        raise ValueError(f"{reply!r} is not a reading")
    return _reading(found[1], found[4])


def parse_readings(reply: str) -> list[KxciReading]:
    """Parse a reply to ``DO``: ``N+1.0000E+00,C+2.0000E+00``; ValueError if it is none."""
    found = []
    for part in reply.strip().strip(",").split(",") if reply.strip() else ():
        match = _SYSTEM.fullmatch(part)
        if match is None:
            raise ValueError(f"{part!r} is not a reading")
        found.append(_reading(match[1], match[2]))
    return found


def parse_kxci_error(reply: str) -> ErrorReply:
    """Parse a reply to ``:ERROR:LAST:GET``: ``KXCI command error. (-992)``, or nothing."""
    match = _ERROR.fullmatch(reply)
    if match is not None:
        return ErrorReply(int(match[2]), match[1].rstrip("."))
    return ErrorReply(-1, reply.strip()) if reply.strip() else ErrorReply(0, "No error")


def parse_status(reply: str) -> int:
    """Parse a reply to ``SP``; ValueError if it is no status byte."""
    byte = int(reply)
    if not 0 <= byte <= 255:
        raise ValueError(f"{reply!r} is not a status byte")
    return byte


def kxci_repeatable(message: str, allowed: Sequence[str]) -> bool:
    """Whether a message is one question that a driver allows to be repeated."""
    return ";" not in message and message.partition(" ")[0] in allowed


KXCI = Language(
    name="KXCI", error_question=":ERROR:LAST:GET", parse_error=parse_kxci_error,
    clearing=(":ERROR:LAST:CLEAR", "BC"), resetting=("*RST",), power_questions=("ID",),
    power_lost=lambda replies: False, may_be_repeated=kxci_repeatable, queue_depth=1)


class KxciInstrument(MessageInstrument):
    """A driver whose instrument understands KXCI."""

    language = KXCI
    title = "KXCI instrument"
    #: questions that change nothing in the instrument
    repeatable = ("*IDN?", "ID", "*OPT?", ":ERROR:LAST:GET", ":PMU:TEST:STATUS?", ":PMU:DATA:COUNT?", ":PMU:DATA:GET")

    @property
    def acknowledges(self) -> bool:
        """Whether each message has a reply: on a socket."""
        return self.resource.upper().endswith("SOCKET")

    def send(self, *commands: str) -> None:
        """Send several messages, each when the one before is acknowledged."""
        with self.lock:
            for command in commands:
                self.write(command)
                self.take_acknowledgement(command)

    def take_acknowledgement(self, command: str) -> None:
        """Read the reply to a message that asks nothing; InstrumentError where it is no acknowledgement."""
        if self.acknowledges and (reply := str(self.adapter.read()).strip()) != "ACK":
            raise InstrumentError(
                f"{self.label} replied '{reply[:60]}' to '{command[:60]}'. Check the settings and measure again")

    def check_errors(self) -> None:
        """Read the last error and clear it; InstrumentError if there is one."""
        with self.lock:
            entry = self.questions.parsed(self.language.error_question, parse_kxci_error)
            if entry.code == 0:
                return
            self.send(":ERROR:LAST:CLEAR")
        raise InstrumentError(f"{self.label} reports: {entry.line}. Check the settings and measure again")

    def status_byte(self) -> int:
        """Return the status byte; reading it clears the bit of a wrong command."""
        return self.questions.parsed("SP", parse_status)
