"""The slots of a B1500A: which module is where, and how a command finds its channel."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tsbench.errors import ConfigurationError
from tsbench.simulated_backends.flex.errors import FlexError
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.data_sheet import (
    SLOTS,
    SOURCE_MODULES,
)
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.pulse_module import PulseChannel
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.source_module import SourceChannel
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.waveform_module import WaveformChannel

#: modules that answer in ``UNT?``; commands for the others than source meters and B1525A refuse them as failed
OTHER_MODULES = ("B1520A", "B1525A", "B1530A")
FIRST_SLOTS: Mapping[int, str] = {1: "B1517A", 2: "B1517A", 3: "B1511B", 4: "B1511B"}


def planned_slots(options: Mapping[str, object]) -> dict[int, str]:
    """Return the models by slot that ``options = { slots = { 1 = "B1517A" } }`` of a world file names.

    Raises
    ------
    ConfigurationError
        A slot or a model does not exist, or two modules are in one slot.
    """
    wanted = options.get("slots", {str(slot): model for slot, model in FIRST_SLOTS.items()})
    if not isinstance(wanted, Mapping):
        raise ConfigurationError('options.slots must be a table of slots, as { 1 = "B1517A" }')
    known = (*SOURCE_MODULES, *OTHER_MODULES)
    slots: dict[int, str] = {}
    for key, model in wanted.items():
        if not re.fullmatch(r"[1-9]|10", str(key)):
            raise ConfigurationError(f"options.slots: {key!r} is no slot. The slots of a B1500A are 1 to 10")
        if model not in known:
            raise ConfigurationError(f"options.slots: there is no module {model!r}. Modules: {', '.join(known)}")
        slots[int(key)] = str(model)
    for slot, model in slots.items():
        taken = SOURCE_MODULES[model].slots if model in SOURCE_MODULES else 1
        if slot < taken or any(slot - below in slots for below in range(1, taken)):
            raise ConfigurationError(f"options.slots: {model} in slot {slot} takes slot {slot - 1} too")
    return slots


@dataclass
class SlotMap:
    """Modules by slot, and the channel numbers of commands."""

    models: Mapping[int, str]
    sources: Mapping[int, SourceChannel]
    pulsers: Mapping[int, PulseChannel] = field(default_factory=dict)  #: by channel, as 101
    waveforms: Mapping[int, WaveformChannel] = field(default_factory=dict)  #: of a B1530A, by channel, as 101
    mapping: dict[int, int] = field(default_factory=dict)  #: ACH: channel of a program -> slot

    def unit_text(self) -> str:
        """Return the reply to ``UNT?``."""
        return ";".join(f"{self.models.get(slot, '0')},0" for slot in SLOTS)

    def _actual(self, channel: int) -> int:
        return self.mapping.get(channel, channel)

    def source(self, channel: int) -> SourceChannel:
        """Return a source meter by the channel number of a command.

        Raises
        ------
        FlexError
            153 no module in that slot, 151 another kind of module.
        """
        channel = self._actual(channel)
        slot = channel // 100 if channel > 10 else channel
        if slot not in self.models:
            raise FlexError(153, f"SLOT{slot}")
        if slot not in self.sources or (channel % 100 == 2 and channel > 10):
            raise FlexError(152 if self.models[slot] == "B1520A" else 151, f"SLOT{slot}")
        return self.sources[slot]

    def pulser(self, channel: int) -> PulseChannel:
        """Return an output of a pulse generator by its channel number, as 101."""
        channel = self._actual(channel)
        if channel in self.pulsers:
            return self.pulsers[channel]
        slot = channel // 100 if channel > 10 else channel
        raise FlexError(151 if slot in self.models else 153, f"SLOT{slot}")

    def outputs(self, channels: Iterable[int]) -> list[SourceChannel | PulseChannel]:
        """Return the outputs that a command names; all of them if it names none."""
        numbers = list(channels)
        if not numbers:
            return [*self.sources.values(), *self.pulsers.values()]
        if len(numbers) > 15 or len(set(numbers)) != len(numbers):
            raise FlexError(122)
        return [self.pulsers[self._actual(number)] if self._actual(number) in self.pulsers else self.source(number)
                for number in numbers]

    def chosen(self, channels: Iterable[int]) -> list[SourceChannel]:
        """Return the source meters that a command names; all of them if it names none."""
        numbers = list(channels)
        if len(set(numbers)) != len(numbers):
            raise FlexError(122)
        return [self.source(number) for number in numbers] if numbers else list(self.sources.values())
