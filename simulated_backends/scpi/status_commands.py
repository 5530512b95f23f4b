"""The STATus subsystem of SCPI-99 (volume 2, section 20)."""

from typing import Any

from tsbench.simulated_backends.scpi.operations import Operations
from tsbench.simulated_backends.scpi.parameters import Integer
from tsbench.simulated_backends.scpi.tree import CommandTable, command

_MASKS = {"ENAB": "enable", "PTR": "positive", "NTR": "negative"}


class StatusCommands(CommandTable):
    """Condition, event and mask registers.

    Parameters
    ----------
    instrument : MessageDevice
    """

    def __init__(self, instrument: Any) -> None:
        super().__init__(instrument)
        self._operations: Operations = instrument.operations

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
        self._operations.not_yet()
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
