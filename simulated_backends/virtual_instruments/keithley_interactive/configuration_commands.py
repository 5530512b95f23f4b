"""Virtual interactive source meter: the commands of configuration lists, and of stored set-ups (``*SAV``, ``*RCL``).

The text of ``:QUERy?`` is not compared with an instrument. It names the settings as the virtual instrument does.
"""

import copy
from typing import Any

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.scpi.parameters import Integer, Optional, Text
from tsbench.simulated_backends.scpi.tree import command
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.command_table import MeterBase, MeterTable
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.configuration_lists import (
    MOST_ENTRIES,
    ConfigurationList,
    SweepList,
)

_LIST = ":{SOURce|SENSe}:CONFiguration:LIST"
_INDEX = Integer("", 1, MOST_ENTRIES)


class ConfigurationCommands(MeterTable):
    """SOURce:CONFiguration:LIST, SENSe:CONFiguration:LIST, *SAV and *RCL.

    Parameters
    ----------
    meter : MeterBase
    """

    def __init__(self, meter: MeterBase) -> None:
        super().__init__(meter)
        self._meter = meter
        self._lists = meter.lists
        self._told: dict[str, int] = {}   #: how many names the catalogue has told, by side
        self._stored: dict[int, dict[str, Any]] = {}   #: set-ups by place; a reset and a restart leave them

    def forget(self) -> None:
        """Delete all lists."""
        self._lists.lists.clear()
        self._told.clear()

    @command(f"{_LIST}:CREate", Text())
    def _create(self, side: str, name: str) -> None:
        if name in self._lists.lists or not name:
            raise ScpiError(-224)
        self._lists.lists[name] = ConfigurationList(side)

    @command(f"{_LIST}:DELete", Text(), Optional(_INDEX))
    def _delete(self, side: str, name: str, index: int | None = None) -> None:
        found = self._changeable(side, name)
        if index is None:
            del self._lists.lists[name]
        elif index > found.size:
            raise ScpiError(-222)
        else:
            del found.entries[index - 1]

    @command(f"{_LIST}:STORe", Text(), Optional(_INDEX))
    def _store(self, side: str, name: str, index: int | None = None) -> None:
        found = self._changeable(side, name)
        if isinstance(found, SweepList):
            raise ScpiError(-221)
        entry = self._lists.present(side)
        if index is None or index > found.size:
            found.entries.append(entry)
        else:
            found.entries[index - 1] = entry

    @command(f"{_LIST}:RECall", Text(), Optional(_INDEX))
    def _recall(self, side: str, name: str, index: int = 1) -> Handler:
        self._changeable(side, name)
        self._lists.begin()
        yield from self._lists.recall(name, index)

    def _changeable(self, side: str, name: str) -> ConfigurationList:
        if self.trigger_model.running:
            raise ScpiError(-221)
        return self._lists.named(name, side)

    @command(f"{_LIST}:SIZE?", Text())
    def _size(self, side: str, name: str) -> str:
        return str(self._lists.named(name, side).size)

    @command(f"{_LIST}:CATalog?")
    def _catalog(self, side: str) -> str:
        names = [name for name, found in self._lists.lists.items() if found.side == side]
        told = self._told.get(side, 0)
        self._told[side] = told + 1 if told < len(names) else 0
        return names[told] if told < len(names) else ""

    @command(f"{_LIST}:QUERy?", Text(), _INDEX, Optional(Text(bare=True)))
    def _query(self, side: str, name: str, index: int, separator: str = ",") -> str:
        found = self._lists.named(name, side)
        if index > found.size:
            raise ScpiError(-222)
        entry = found.entries[0 if isinstance(found, SweepList) else index - 1]
        shown: dict[str, Any] = {"function": entry.function, **entry.by_function}
        if isinstance(found, SweepList):
            shown["source_level"] = found.levels[index - 1]
        if entry.limit is not None:
            shown["limit"] = entry.limit
        return f"{separator} ".join(f"{setting} = {value}" for setting, value in shown.items())

    # ------------------------------------------------------------------------------------ stored set-ups

    @command("*SAV", Integer("", 0, 4))
    def _save(self, place: int) -> None:
        meter = self._meter
        self._stored[place] = copy.deepcopy({
            "settings": meter.settings, "values": dict(self.setting_values), "lists": self._lists.lists,
            "blocks": meter.trigger_model.blocks, "lines": meter.digital_port.stored()})

    @command("*RCL", Integer("", 0, 4))
    def _recall_all(self, place: int) -> Handler:
        """Take a stored set-up over. The output goes off: it is off in a set-up (manual rev. B, appendix B)."""
        if self.trigger_model.running or place not in self._stored:
            raise ScpiError(-221)
        meter, stored = self._meter, copy.deepcopy(self._stored[place])
        yield from self.output.switch_off()
        self.settings.take(stored["settings"])
        self.setting_values.clear()
        self.setting_values.update(stored["values"])
        self._lists.lists = stored["lists"]
        blocks = stored["blocks"]
        meter.trigger_model.load([blocks[number] for number in sorted(blocks)])
        meter.digital_port.restore(stored["lines"])
        meter.refresh()
