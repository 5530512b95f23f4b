"""The language of Tektronix oscilloscopes: headers in replies, an event queue behind the standard event register.

Source: "Status and Events" of the programmer's guides of the 4/5/6 Series MSO and of the MSO5000, DPO5000 and DPO7000.
``*ESR?`` makes the events readable that came before it, ``ALLEv?`` reads them. Both forget what they tell, so neither
is ever repeated. Events 0 and 1 say that there is none to read, 401 and 402 that it was switched on and that an
operation is complete.
"""

import re

from tsbench.instruments.languages.language import ErrorReply, Language
from tsbench.instruments.languages.repeatable import may_be_repeated
from tsbench.instruments.languages.scpi import POWER_ON, power_lost

_EVENT = re.compile(r'(\d+)\s*,\s*"((?:[^"]|"")*)"')
_REPLY = re.compile(r"\s*\+?(\d+)\s*;\s*(?::?ALLEV?\s+)?(\d+\s*,.*)", re.IGNORECASE | re.DOTALL)
_NO_ERROR = frozenset({0, 1, 401, 402})
_ERROR_BITS = 0x3C  #: of the standard event register: query, device, execution and command errors


def parse_events(reply: str) -> tuple[ErrorReply, ...]:
    """Parse a reply to ``*ESR?;:ALLEv?``: the register, and all events with their texts.

    Raises
    ------
    ValueError
        The reply is not a register and a list of events.
    """
    found = _REPLY.fullmatch(reply)
    events = [] if found is None else _EVENT.findall(found[2])
    if found is None or not events or not 0 <= int(found[1]) <= 255:
        raise ValueError(f"the reply {reply!r} is not a register and its events")
    entries = []
    for code, text in events:
        message, _, detail = text.partition(";")
        if int(code) not in _NO_ERROR:
            entries.append(ErrorReply(int(code), message.strip(), detail.strip().rstrip(".")))
    if not entries and int(found[1]) & _ERROR_BITS:
        entries.append(ErrorReply(int(found[1]), "the standard event register reports an error without an event"))
    return tuple(entries)


def parse_event(reply: str) -> ErrorReply:
    """Return the first of the events in a reply to ``*ESR?;:ALLEv?``; number 0 where there is no error."""
    return next(iter(parse_events(reply)), ErrorReply(0, "No error"))


TEKTRONIX = Language(
    name="Tektronix", error_question="*ESR?;:ALLE?", parse_error=parse_event, clearing=("*CLS",),
    resetting=(f"*ESE {POWER_ON}", "*RST"), power_questions=("*ESE?;*STB?",), power_lost=power_lost,
    may_be_repeated=may_be_repeated, parse_errors=parse_events,
    trials=("TSBENCH:NOTHING 1", "*ESE", "*ESE 1,2", "*ESE 999", "*ESE ABC"),
)
