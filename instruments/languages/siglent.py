"""The language of Siglent's generators: keys and values behind a header, ``C1:BSWV WVTP,SINE,FRQ,1000HZ``.

Source: SDG programming guide (PG02). It has no error queue: what was set is read back. A restart shows by the sync
output of channel 1, which is off after it and which the driver switches on after a reset.
"""

import re
from collections.abc import Mapping, Sequence

from tsbench.instruments.languages.language import Language, no_error

_QUESTION = re.compile(r"(?:C\d:)?(\*?[A-Z]+)\?")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")


def parse_pairs(reply: str) -> Mapping[str, str]:
    """Parse ``C1:OUTP ON,LOAD,50,PLRT,NOR``: keys and values; a switch in front has the key ``STATE``.

    Raises
    ------
    ValueError
        The reply has no header, or a key without a value.
    """
    header, _, text = reply.strip().partition(" ")
    words = [word.strip() for word in text.split(",")]
    if ":" not in header or not words[0]:
        raise ValueError(f"the reply {reply!r} has no header")
    if words[0] in {"ON", "OFF"}:
        words.insert(0, "STATE")
    before_carrier = words[:words.index("CARR")] if "CARR" in words else words
    if len(before_carrier) % 2:
        raise ValueError(f"the reply {reply!r} has a key without a value")
    return dict(zip(before_carrier[::2], before_carrier[1::2], strict=True))


def parse_quantity(text: str) -> float:
    """Return the number in front of a unit: ``1000HZ``, ``8.4e-09S``; ValueError where there is none."""
    found = _NUMBER.match(text)
    if found is None:
        raise ValueError(f"{text!r} does not begin with a number")
    return float(found[0])


def siglent_repeatable(message: str, allowed: Sequence[str]) -> bool:
    """Whether a message is one query that a driver allows to be repeated: ``BSWV?`` for ``C1:BSWV?``."""
    found = _QUESTION.fullmatch(message.strip())
    return found is not None and f"{found[1]}?" in allowed


def restarted(replies: Sequence[str]) -> bool:
    """Whether the reply to ``C1:SYNC?`` shows a restart; ValueError where it is none."""
    reply, = replies
    state = parse_pairs(reply).get("STATE")
    if state not in {"ON", "OFF"}:
        raise ValueError(f"the reply {reply!r} is not the state of the sync output")
    return state == "OFF"


SIGLENT_GENERATOR = Language(
    name="Siglent", error_question="", parse_error=no_error, clearing=("*CLS",), resetting=("*RST", "C1:SYNC ON"),
    power_questions=("C1:SYNC?",), power_lost=restarted, may_be_repeated=siglent_repeatable,
)
