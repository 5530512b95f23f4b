"""The STATus subsystem of SCPI-99 (volume 2, section 20)."""

from typing import Any

from tsbench.simulated_backends.scpi.exchange import MessageExchange
from tsbench.simulated_backends.scpi.parameters import Integer
from tsbench.simulated_backends.scpi.tree import command

_MASKS = {"ENAB": "enable", "PTR": "positive", "NTR": "negative"}


class StatusCommands(MessageExchange):
    """Condition, event and mask registers; mixed into the message device."""

    def format_integer(self, value: int) -> str:
        """Write a whole number as this model does (NR1)."""
        return str(value)

    @command(":STATus:PRESet")
    def _preset(self) -> None:
        self.status.preset()

    @command(":STATus:{OPERation|QUEStionable}[:EVENt]?")
    def _status_event(self, which: str) -> str:
        value = self._register(which).read_event()
        self.status.update()
        return self.format_integer(value)

    @command(":STATus:{OPERation|QUEStionable}:CONDition?")
    def _status_condition(self, which: str) -> str:
        condition = self._register(which).condition
        self.not_yet()
        return self.format_integer(condition)

    @command(":STATus:{OPERation|QUEStionable}:{ENABle|PTRansition|NTRansition}", Integer(low=0, high=65535))
    def _set_status_mask(self, which: str, mask: str, value: int) -> None:
        setattr(self._register(which), _MASKS[mask], value)
        self.status.update()

    @command(":STATus:{OPERation|QUEStionable}:{ENABle|PTRansition|NTRansition}?")
    def _status_mask(self, which: str, mask: str) -> str:
        return self.format_integer(getattr(self._register(which), _MASKS[mask]))

    def _register(self, which: str) -> Any:
        return self.status.operation if which == "OPER" else self.status.questionable
