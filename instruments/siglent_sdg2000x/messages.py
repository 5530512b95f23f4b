"""Messages to one output of an SDG2000X: replies are keys and values."""

import math

from tsbench.instruments.generators.messages import OutputMessages
from tsbench.instruments.languages.scpi import parse_switch
from tsbench.instruments.languages.siglent import parse_pairs, parse_quantity


class SdgMessages(OutputMessages):
    """What one output is sent and asked."""

    def quantities(self, command: str, *keys: str) -> list[float]:
        """Return the numbers of some keys in the reply to a command: ``C1:BSWV?``."""

        def parse(reply: str) -> list[float]:
            return [parse_quantity(value) for value in values_of(reply, keys)]

        return self._generator.questions.parsed(command.format(ch=self._channel), parse)

    def word(self, command: str, key: str) -> str:
        """Return the value of one key in the reply to a command."""
        return self._generator.questions.parsed(
            command.format(ch=self._channel), lambda reply: values_of(reply, (key,))[0])

    def load(self, command: str) -> float:
        """Return the declared load [Ohm, inf: open circuit]."""

        def parse(reply: str) -> float:
            found, = values_of(reply, ("LOAD",))
            return math.inf if found == "HZ" else parse_quantity(found)

        return self._generator.questions.parsed(command.format(ch=self._channel), parse)

    def is_on(self, header: str) -> bool:
        """Return whether the output is on."""
        return parse_switch(self.word(f"{header}?", "STATE"))


def values_of(reply: str, keys: tuple[str, ...]) -> list[str]:
    """Return the values of some keys of a reply; ValueError where one is missing."""
    found = parse_pairs(reply)
    if missing := [key for key in keys if key not in found]:
        raise ValueError(f"the reply {reply!r} has no {missing[0]}")
    return [found[key] for key in keys]
