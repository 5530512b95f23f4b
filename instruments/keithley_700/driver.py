"""Driver of the Keithley 707B and 3706A switching mainframes (reference manuals 707B-901-01 and 3700S-901-01)."""

import functools
import re
from collections.abc import Mapping, Sequence
from typing import ClassVar

from tsbench.errors import InstrumentError, LimitError
from tsbench.instruments.driver import CrosspointNames
from tsbench.instruments.interfaces import ContactLimits, OutputState
from tsbench.instruments.keithley_700.crosspoints import CROSSPOINTS_707B, CROSSPOINTS_3706A
from tsbench.instruments.languages.tsp import TspInstrument

_ALL = "channel.getclose('allslots')"
#: card -> largest voltage [V] and carried current [A] ("maximum signal level" of the data sheets of the cards; not
#: compared with the printed pages, as docs/bench.md says)
_RATINGS: Mapping[str, tuple[float, float]] = {"7072": (200.0, 1.0), "7174A": (200.0, 2.0), "3730": (300.0, 1.0)}


class KeithleyMatrix(TspInstrument):
    """A mainframe: its crosspoints as the instrument calls them."""

    repeatable: ClassVar[tuple[str, ...]] = (
        *TspInstrument.repeatable, _ALL, *(f"slot[{number}].idn" for number in range(1, 7)))
    crosspoints: ClassVar[CrosspointNames]
    output_names: Sequence[str] = ()
    _closed: Sequence[str] = ()  #: as they were read back last

    @functools.cached_property
    def _identities(self) -> dict[str, str]:
        """Return the identities of the cards that were asked so far, by slot."""
        return {}

    def _require(self, crosspoints: Sequence[str]) -> list[str]:
        names = [name.strip().upper() for name in crosspoints]
        for name in names:
            if self.crosspoints.lines(name) is None:
                raise LimitError(
                    f"{self.label}: there is no crosspoint '{name}'. A crosspoint is {self.crosspoints.words}")
        return names

    def refusal_of(self, crosspoints: Sequence[str]) -> str:
        """Ask for the cards; return why these crosspoints cannot be closed, or "" if the cards have all of them."""
        names = self._require(crosspoints)
        for slot in sorted({name[0] for name in names}):
            card = self._identity_of(slot)
            mine = [name for name in names if name[0] == slot]
            if card.lower().startswith("empty"):
                return f"{self.label} has no crosspoint '{mine[0]}', because its slot {slot} is empty"
            size = re.search(r",(\d+)x(\d+) ", card)   # "3730,6x16 High Density Matrix,01.40h,4447332"
            for name in mine if size is not None else ():
                row, column = "ABCDEFGH".find(name[1]) + 1 or int(name[1]), int(name[2:])
                if size is not None and (row > int(size[1]) or column > int(size[2])):
                    return (f"{self.label} has no crosspoint '{name}': the card {card.partition(',')[0]} in slot "
                            f"{slot} has {size[1]} rows and {size[2]} columns")
        return ""

    def _identity_of(self, slot: str) -> str:
        """Return the identity of a card; it is asked once for each connection."""
        if slot not in self._identities:
            self._identities[slot] = self.printed(f"slot[{slot}].idn", str.strip)
        return self._identities[slot]

    def contact_limits(self, crosspoints: Sequence[str]) -> list[ContactLimits]:
        """Return voltage and current ratings of the cards with these crosspoints, without cards that have none here."""
        slots = sorted({name[0] for name in self._require(crosspoints)})
        models = {slot: self._identity_of(slot).partition(",")[0].strip() for slot in slots}
        return [ContactLimits(f"card {model} in slot {slot} of {self.label}", *_RATINGS[model])
                for slot, model in models.items() if model in _RATINGS]

    def close_only(self, crosspoints: Sequence[str]) -> None:
        """Open all other crosspoints, then close these, and read them back."""
        names = self._require(crosspoints)
        self.write("channel.connectrule = channel.BREAK_BEFORE_MAKE")
        self.write(f"channel.exclusiveclose('{','.join(names)}')")
        self._confirm(names)

    def open_all(self) -> None:
        """Open every crosspoint, and read back that none is closed."""
        self.write("channel.open('allslots')")
        self._confirm([])

    def _confirm(self, names: Sequence[str]) -> None:
        found = self.closed()
        self.check_errors()
        if sorted(found) != sorted(names):
            raise InstrumentError(
                f"{self.label}: the crosspoints {', '.join(names) or 'none'} were to be closed, but "
                f"{', '.join(found) or 'none'} are closed. Check the cards in its slots")

    def closed(self) -> Sequence[str]:
        """Read back which crosspoints are closed."""
        self._closed = self.printed(_ALL, lambda reply: [] if reply.strip() == "nil" else _names(reply))
        return self._closed

    def accepted_settings(self) -> Mapping[str, object]:
        """Return the crosspoints that were closed when they were last read back."""
        return {"closed": ",".join(self._closed)}

    def safe_state(self) -> None:
        """Do nothing: a relay must not open while an output may still be on."""

    def output_states(self) -> Sequence[OutputState]:
        """Return nothing: a matrix has no output."""
        return []

    def accuracy(self) -> Mapping[str, Mapping[str, float]]:
        """Return nothing: it measures nothing."""
        return {}


def _names(reply: str) -> list[str]:
    names = [name.strip() for name in re.split("[;,]", reply) if name.strip()]
    if not names or not all(re.fullmatch(r"\d[0-9A-Z]+", name) for name in names):
        raise ValueError(f"the reply {reply!r} is not a list of crosspoints")
    return names


class Keithley707B(KeithleyMatrix):
    """Slot, row and column: 1A01."""

    title = "Keithley 707B"
    crosspoints = CROSSPOINTS_707B


class Keithley3706A(KeithleyMatrix):
    """Slot, row and column: 1101."""

    title = "Keithley 3706A"
    crosspoints = CROSSPOINTS_3706A
