"""Program messages of FLEX: commands with their parameters (B1500A Programming Guide, 1-5).

A command is a name of letters, which a ``*`` may precede and a ``?`` may end. The parameters follow, with or without a
space, and are separated by commas. Semicolons separate the commands of a message. A message ends with a line feed or
with END. Letters may be small or capital.
"""

import math
import re
from dataclasses import dataclass

from tsbench.simulated_backends.flex.errors import FlexError
from tsbench.simulated_backends.scpi.syntax import Framing, capitals

FLEX_FRAMING = Framing(message_end=b"\n", reply_end=b"\r\n", blocks=False)
_COMMAND = re.compile(r"\s*(\*?[A-Za-z]+\??)(.*)", re.DOTALL)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([Ee][+-]?\d{1,3})?")


@dataclass(frozen=True)
class FlexCommand:
    """One command of a message."""

    name: str  #: in capitals, with the question mark of a query
    parameters: tuple[str, ...]  #: as they stand, without the spaces around them
    alone: bool = True  #: whether it is the only command of its message

    def __str__(self) -> str:
        return f"{self.name} {','.join(self.parameters)}".strip()


def flex_commands(message: bytes) -> list[FlexCommand | FlexError]:
    """Cut a message into its commands; an error stands in the place of what is no command."""
    texts = [part for part in message.decode("latin-1").split(";") if part.strip(" \t\r\0")]
    return [_command(text, len(texts) == 1) for text in texts]


def _command(text: str, alone: bool) -> FlexCommand | FlexError:
    found = _COMMAND.fullmatch(text)
    if found is None:
        return FlexError(100)
    rest = found[2].strip()
    parameters = tuple(part.strip() for part in rest.split(",")) if rest else ()
    return FlexCommand(capitals(found[1]), parameters, alone)


def flex_number(text: str) -> float:
    """Return the number that a parameter is; FlexError 102 if it is none, 120 if no float is as large."""
    if _NUMBER.fullmatch(text) is None:
        raise FlexError(102)
    if not math.isfinite(number := float(text)):
        raise FlexError(120)
    return number
