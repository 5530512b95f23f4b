"""Virtual B2900 family: what its command tables share: channels, channel lists, settings of a channel."""

from collections.abc import Sequence
from typing import Any, ClassVar

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import Optional, Parameter, text_of
from tsbench.simulated_backends.scpi.plain_numbers import plain_whole_number
from tsbench.simulated_backends.scpi.status import EventRegister
from tsbench.simulated_backends.scpi.tree import CommandTable, Setting
from tsbench.simulated_backends.virtual_instruments.instrument import VirtualInstrument
from tsbench.simulated_backends.virtual_instruments.keysight_b2900.channel import ChannelB2900
from tsbench.simulated_backends.virtual_instruments.keysight_b2900.data_sheet import B2900DataSheet
from tsbench.simulated_backends.virtual_instruments.keysight_b2900.trigger_engine import TriggerEngine

_SAFE = 42.0  #: [V] beyond which the interlock must be closed


class BaseB2900(VirtualInstrument):
    """The parts of a B2900, as its command tables see them."""

    data_sheet: ClassVar[B2900DataSheet]  #: of the model
    channels: dict[int, ChannelB2900]
    engines: dict[int, TriggerEngine]
    measurement: EventRegister
    time_zero: float  #: [s] bench time of the last reset of the time stamp
    time_resets: bool  #: whether :INITiate resets the time stamp
    interlock_closed: bool
    elements: tuple[str, ...]  #: of a reading
    pin_functions: dict[int, str]  #: of the digital port, by pin: DINP, DIO, TINP, TOUT or HVOL
    data_format: str  #: ASC, REAL32 or REAL64
    byte_order: str

    def require_interlock(self, number: int) -> None:
        """Raise ScpiError(-221) where the open interlock does not allow the voltage (level or limit) of a channel."""
        settings = self.channels[number].settings
        volts = settings.source_level["VOLT"] if settings.source_function == "VOLT" else settings.voltage_limit
        if abs(volts) > _SAFE and not self.interlock_closed:
            raise ScpiError(-221)

    def start(self, kinds: set[str], numbers: Sequence[int]) -> None:
        """Leave idle with "TRAN" and "ACQ" on some channels; ScpiError(-213) where one runs already."""
        for number in numbers:
            if self.engines[number].running:
                raise ScpiError(-213)
            if self.channels[number].switches_on:
                self.require_interlock(number)
        if self.time_resets:
            self.time_zero = self.clock.now
        for number in numbers:
            self.engines[number].start(set(kinds))


class TableB2900(CommandTable):
    """Base of the command tables.

    Parameters
    ----------
    meter : BaseB2900
        Holds the table.
    """

    def __init__(self, meter: BaseB2900) -> None:
        super().__init__(meter)
        self.meter = meter
        self.data_sheet = meter.data_sheet

    def channel(self, number: int) -> ChannelB2900:
        """Return a channel; ScpiError(-114) where the model does not have it."""
        try:
            return self.meter.channels[number]
        except KeyError:
            raise ScpiError(-114) from None


class ChannelSetting(Setting):
    """A setting of a channel, held in a field of its ``settings``: of each quantity, if the header has one."""

    def value(self, owner: Any, key: tuple[Any, ...]) -> Any:
        """Return the present value of one key."""
        held = getattr(owner.channel(key[0]).settings, self.name)
        found = held[key[1]] if len(key) > 1 else held
        if found is None:
            return self.default(owner, *key) if callable(self.default) else self.default
        return found

    def store(self, owner: Any, key: tuple[Any, ...], value: Any) -> None:
        """Replace the value of one key."""
        settings = owner.channel(key[0]).settings
        if len(key) > 1:
            getattr(settings, self.name)[key[1]] = value
        else:
            setattr(settings, self.name, value)


class ChannelList(Parameter):
    """``(@1)``, ``(@1,2)`` or ``(@1:2)``."""

    def parse(self, raw: bytes, owner: Any, key: tuple[Any, ...]) -> tuple[int, ...]:
        text = text_of(raw)
        if not (text.startswith("(@") and text.endswith(")")):
            raise ScpiError(-104)
        numbers: list[int] = []
        for part in text[2:-1].split(","):
            first, _, last = part.partition(":")
            try:
                numbers += range(plain_whole_number(first), plain_whole_number(last or first) + 1)
            except ValueError:
                raise ScpiError(-121) from None
        if not numbers or not set(numbers) <= set(owner.meter.channels):
            raise ScpiError(-222)
        return tuple(dict.fromkeys(numbers))


CHANNELS = Optional(ChannelList())
