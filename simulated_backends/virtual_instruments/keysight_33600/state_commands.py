"""Stored set-ups of the 33500B/33600A: ``*SAV``, ``*RCL`` and ``MEMory:STATe``."""

import copy
from dataclasses import dataclass
from typing import Any

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.scpi.parameters import Boolean, Integer, Text
from tsbench.simulated_backends.scpi.syntax import capitals
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.keysight_33600.command_table import Base33600, Table33600

LOCATIONS = range(5)
_DEFAULT_NAMES = {0: "AUTO_RECALL", **{number: f"STATE_{number}" for number in range(1, 5)}}
_LONGEST_NAME = 12


@dataclass(frozen=True)
class StoredState:
    """Everything that ``*RCL`` brings back, the output relays included."""

    settings: dict[Any, Any]
    shared: dict[str, Any]
    outputs: dict[int, bool]

    @staticmethod
    def of(generator: Base33600) -> "StoredState":
        """Copy the present set-up of a generator."""
        shared = {name: copy.copy(value) for name, value in vars(generator.shared).items()}
        return StoredState(dict(generator.setting_values), shared, dict(generator.channels.on))


class StateCommands(Table33600):
    """What the commands for stored set-ups do.

    Parameters
    ----------
    generator : Base33600
    """

    def __init__(self, generator: Base33600) -> None:
        super().__init__(generator)
        self._stored: dict[int, StoredState] = {}
        self._names: dict[int, str] = {}

    recalled_at_power_on = Setting("MEMory:STATe:RECall:AUTO", Boolean(), default=False, reset=False)
    recalled_location = Setting("MEMory:STATe:RECall:SELect", Integer("", 0, 4, 0), default=0, reset=False)

    @command("*SAV", Integer(low=0, high=4))
    def save(self, location: int) -> None:
        """``*SAV n``."""
        self._stored[location] = StoredState.of(self.generator)

    @command("*RCL", Integer(low=0, high=4))
    def recall(self, location: int) -> Handler:
        """``*RCL n``; an empty location gives error 810."""
        if location not in self._stored:
            raise ScpiError(810, text="State has not been stored")
        yield from self.restore(self._stored[location])

    def restore(self, stored: StoredState) -> Handler:
        """Take a stored set-up over: outputs open before anything changes."""
        generator = self.generator
        for channel in generator.channels.numbers:
            generator.playback.switch(channel, False)
        kept = {key: value for key, value in self.setting_values.items() if key[0].startswith("recalled_")}
        self.setting_values.clear()
        self.setting_values.update(stored.settings | kept)
        vars(generator.shared).update({name: copy.copy(value) for name, value in stored.shared.items()})
        generator.trigger_commands.follow_settings()
        yield self.data_sheet.relay_time
        for channel, on in stored.outputs.items():
            generator.playback.switch(channel, on)
        yield self.data_sheet.relay_time

    @command("MEMory:STATe:CATalog?")
    def catalogue(self) -> str:
        """``MEM:STAT:CAT?``: the names of all locations."""
        return ",".join(f'"{self._name(location)}"' for location in LOCATIONS)

    def _name(self, location: int) -> str:
        return self._names.get(location, _DEFAULT_NAMES[location])

    @command("MEMory:STATe:NAME", Integer(low=0, high=4), Text(bare=True, maximum=_LONGEST_NAME))
    def set_name(self, location: int, name: str) -> None:
        """``MEM:STAT:NAME 1,TEST``: letters, digits and underscores; a letter at first."""
        if not (name[:1].isalpha() and name.replace("_", "").isalnum()):
            raise ScpiError(-224)
        self._names[location] = capitals(name)

    @command("MEMory:STATe:NAME?", Integer(low=0, high=4))
    def get_name(self, location: int) -> str:
        """``MEM:STAT:NAME? 1``."""
        return f'"{self._name(location)}"'

    @command("MEMory:STATe:VALid?", Integer(low=0, high=4))
    def is_valid(self, location: int) -> str:
        """``MEM:STAT:VAL? 1``: whether a set-up is stored there."""
        return "1" if location in self._stored else "0"

    @command("MEMory:STATe:DELete", Integer(low=0, high=4))
    def delete(self, location: int) -> None:
        """``MEM:STAT:DEL 1``."""
        self._stored.pop(location, None)

    @command("MEMory:NSTates?")
    def count(self) -> str:
        """``MEM:NST?``."""
        return f"{len(LOCATIONS):+d}"
