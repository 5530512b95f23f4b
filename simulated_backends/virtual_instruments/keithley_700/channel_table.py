"""The TSP tables of a switching mainframe: ``channel`` and ``slot`` (707B-901-01, section 5)."""

import functools
import re
from collections.abc import Sequence
from typing import Any

from tsbench.simulated_backends.scpi.executing import Handler
from tsbench.simulated_backends.scpi.syntax import capitals
from tsbench.simulated_backends.tsp.errors import TspError
from tsbench.simulated_backends.tsp.instrument import TspParts
from tsbench.simulated_backends.tsp.interpreter import LuaTable
from tsbench.simulated_backends.tsp.tables import TspTable, boolean, number, text, whole
from tsbench.simulated_backends.virtual_instruments.switch_matrix.relays import BREAK_FIRST, Card, RelayMatrix

LONGEST_LIST = 5000  #: letters
#: ``for name in channel.pattern.catalog() do ... end``
_CATALOG = """
local names = channel.pattern._names
channel.pattern.catalog = function()
  local found, place = names(), 0
  return function() place = place + 1 return found[place] end
end
"""
LONGEST_DELAY = 60.0  #: [s]; not compared with the manual


class ChannelTable:
    """What scripts see of the relays.

    Parameters
    ----------
    parts : TspParts
    matrix : RelayMatrix
    slots : number of a slot -> its card, None: it is empty
    firmware : of the mainframe
    """

    def __init__(self, parts: TspParts, matrix: RelayMatrix, slots: dict[int, Card | None], firmware: str) -> None:
        self._matrix = matrix
        self._forbidden: set[str] = set()
        self._delays: dict[str, float] = {}   #: [s] that pass after a relay has closed, beside its settling
        table = TspTable(parts.interpreter, "channel")
        table.make_global("channel")
        table.constants(OFF=0, BREAK_BEFORE_MAKE=1, MAKE_BEFORE_BREAK=2, ON=1)
        table.attribute("connectrule", lambda: matrix.rule, self._set_rule)
        table.method("close", self._close, 1)
        table.method("open", self._open, 1)
        table.method("exclusiveclose", self._exclusive, 1)
        table.method("exclusiveslotclose", self._exclusive_in_slot, 1)
        table.method("getclose", self._closed, 1)
        table.method("getstate", self._state, 1)
        table.method("getcount", self._count, 1)
        table.method("reset", self._reset, 1)
        table.method("setforbidden", lambda channels: self._forbidden.update(self._names(channels)), 1)
        table.method("clearforbidden", lambda channels: self._forbidden.difference_update(self._names(channels)), 1)
        table.method("getforbidden", self._listed_forbidden, 1)
        table.method("setdelay", self._set_delay, 2)
        table.method("getdelay", self._delay, 1)
        self._patterns: dict[str, tuple[str, ...]] = {}   #: relays that a pattern stands for, by its name
        pattern = table.table("pattern")
        pattern.method("setimage", self._set_pattern, 2)
        pattern.method("snapshot", self._snapshot, 1)
        pattern.method("getimage", self._patterns_of, 1)
        pattern.method("delete", self._delete_pattern, 1)
        pattern.method("_names", lambda: LuaTable(tuple(self._patterns)))
        for _ in parts.interpreter.run(parts.interpreter.compile(_CATALOG)):
            pass
        slot = TspTable(parts.interpreter, "slot")
        slot.make_global("slot")
        for place, card in slots.items():
            one = slot.table(place)
            identity = f"{card.model},{card.description},{firmware},SIM{place:04d}" if card else "Empty Slot"
            one.attribute("idn", functools.partial(str, identity))
            if card:
                one.table("rows").attribute("matrix", functools.partial(int, card.rows))
                one.table("columns").attribute("matrix", functools.partial(int, card.columns))
                one.table("interlock").attribute("state", lambda: 3)   # both are closed
        _show_interfaces(parts)

    # ------------------------------------------------------------------------------------- channel lists

    def _names(self, channels: Any, empty: bool = False) -> list[str]:
        """Return the relays of a channel list such as ``1A01:1A03, 2B05``; error 1401 for one that is not there."""
        known = list(self._matrix.crosspoints)
        found: list[str] = []
        for part in re.split(r"[,;]", text(channels, LONGEST_LIST)):
            word = capitals(part.strip())
            if not word and empty:
                continue
            if part.strip() in self._patterns:
                found += self._patterns[part.strip()]
                continue
            if word == "ALLSLOTS":
                found += known
            elif word.startswith("SLOT") and word[4:].isdecimal():
                found += [name for name in known if name.startswith(word[4:])]
            else:
                first, colon, last = (one.strip() for one in word.partition(":"))
                if first not in self._matrix.crosspoints or (colon and last not in self._matrix.crosspoints):
                    raise TspError(1401, "", 1)
                begin, end = known.index(first), known.index(last if colon else first)
                if end < begin:
                    raise TspError(1401, "", 1)
                found += known[begin: end + 1]
        return list(dict.fromkeys(found))

    # ------------------------------------------------------------------------------------- patterns

    def _keep_pattern(self, name: Any, relays: Sequence[str]) -> None:
        word = text(name)
        taken = capitals(word) in self._matrix.crosspoints
        if not word.isidentifier() or taken or self._forbidden.intersection(relays):
            raise TspError(1401, "", 2)
        self._patterns[word] = tuple(relays)

    def _set_pattern(self, channels: Any, name: Any) -> None:
        self._keep_pattern(name, self._names(channels))

    def _snapshot(self, name: Any) -> None:
        self._keep_pattern(name, self._matrix.listed())

    def _patterns_of(self, names: Any) -> str:
        """Return the channels of patterns, with commas; between two patterns a semicolon."""
        asked = [name.strip() for name in text(names, LONGEST_LIST).split(",")]
        if any(name not in self._patterns for name in asked):
            raise TspError(1401, "", 1)
        return ";".join(",".join(self._patterns[name]) for name in asked)

    def _delete_pattern(self, name: Any) -> None:
        if self._patterns.pop(text(name), None) is None:
            raise TspError(1401, "", 1)

    # ------------------------------------------------------------------------------------- functions

    def _set_rule(self, value: Any) -> None:
        self._matrix.rule = whole(value, 0, 2)

    def forget(self) -> None:
        """Do what a reset does to delays and to channels that are forbidden."""
        self._forbidden.clear()
        self._delays.clear()

    def _listed_forbidden(self, channels: Any) -> str | tuple[None]:
        return ",".join(name for name in self._names(channels) if name in self._forbidden) or (None,)

    def _set_delay(self, channels: Any, seconds: Any) -> None:
        delay = number(seconds, 0.0, LONGEST_DELAY)
        self._delays.update(dict.fromkeys(self._names(channels), delay))

    def _delay(self, channels: Any) -> str:
        return ",".join(f"{self._delays.get(name, 0.0):.5e}" for name in self._names(channels))

    def _change(self, opened: Sequence[str], closed: Sequence[str]) -> Handler:
        """Open and close relays, and wait for their delays; error -221 if one that is to close is forbidden."""
        if self._forbidden.intersection(closed):
            raise TspError(-221)
        yield from self._matrix.change(opened, closed)
        yield max((self._delays.get(name, 0.0) for name in closed), default=0.0)

    def _close(self, channels: Any) -> Handler:
        yield from self._change((), self._names(channels))

    def _open(self, channels: Any) -> Handler:
        yield from self._matrix.change(self._names(channels), ())

    def _exclusive(self, channels: Any) -> Handler:
        wanted = self._names(channels, empty=True)
        yield from self._change(self._matrix.listed(), wanted)

    def _exclusive_in_slot(self, channels: Any) -> Handler:
        wanted = self._names(channels)
        slots = {name[0] for name in wanted}
        yield from self._change([name for name in self._matrix.listed() if name[0] in slots], wanted)

    def _closed(self, channels: Any) -> str | tuple[None]:
        return ";".join(self._matrix.listed(self._names(channels))) or (None,)   # nil, which is more than nothing

    def _state(self, channels: Any) -> str:
        return ",".join(str(int(name in self._matrix.closed)) for name in self._names(channels))

    def _count(self, channels: Any) -> str:
        return ",".join(str(self._matrix.counts[name]) for name in self._names(channels))

    def _reset(self, channels: Any) -> Handler:
        names = self._names(channels)
        self._matrix.rule = BREAK_FIRST
        self._forbidden.difference_update(names)
        for name in names:
            self._delays.pop(name, None)
        yield from self._matrix.change(names, ())


def _show_interfaces(parts: TspParts) -> None:
    """Make the tables ``comm``, ``lan`` and ``memory``: switches without effect, an address, memory that is free."""
    comm = TspTable(parts.interpreter, "comm")
    comm.make_global("comm")
    enabled = {"gpib": True, "lan": True}

    def show(name: str) -> None:
        comm.table(name).attribute(
            "enable", lambda: enabled[name], lambda value: enabled.__setitem__(name, boolean(value)))

    for name in enabled:
        show(name)
    lan = TspTable(parts.interpreter, "lan")
    lan.make_global("lan")
    lan.table("status").attribute("ipaddress", lambda: "127.0.0.1")
    lan.method("reset", lambda: None)
    memory = TspTable(parts.interpreter, "memory")
    memory.make_global("memory")
    memory.method("available", lambda: "100.00, 100.00, 100.00, 100.00")   # [%] system, scripts, patterns, settings
