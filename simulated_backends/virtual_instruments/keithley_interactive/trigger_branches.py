"""Virtual interactive source meter: the commands that define the branches of a trigger model."""

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import Choice, Integer, Number, Optional
from tsbench.simulated_backends.scpi.tree import command
from tsbench.simulated_backends.virtual_instruments.keithley_interactive import branches
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.blocks import ModelBlock
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.command_table import MeterTable
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.events import TriggerEvent
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.trigger_model import MOST_BLOCKS

_NUMBER = Integer("", 1, MOST_BLOCKS)
_TARGET = Integer("", 0, MOST_BLOCKS)
_MEASURED = Optional(Integer("", 0, MOST_BLOCKS))
_LIMIT_TYPE = Choice("ABOVe", "BELow", "INside", "OUTside")
_BLOCK = ":TRIGger:BLOCk"


class BranchCommands(MeterTable):
    """TRIGger:BLOCk:BRANch."""

    def _define(self, number: int, block: ModelBlock) -> None:
        self.trigger_model.set_block(number, block)

    @command(f"{_BLOCK}:BRANch:ALWays", _NUMBER, _TARGET)
    def _always(self, number: int, to: int) -> None:
        self._define(number, branches.GoTo(to))

    @command(f"{_BLOCK}:BRANch:COUNter", _NUMBER, Integer("", 1, 268_435_455), _TARGET)
    def _counter(self, number: int, target: int, to: int) -> None:
        self._define(number, branches.BranchCounter(to, target))

    @command(f"{_BLOCK}:BRANch:COUNter:COUNt?", _NUMBER)
    def _count(self, number: int) -> str:
        if not isinstance(self.trigger_model.blocks.get(number), branches.BranchCounter):
            raise ScpiError(-221)
        return str(self.trigger_model.actions.count(number))

    @command(f"{_BLOCK}:BRANch:COUNter:RESet", _NUMBER, _NUMBER)
    def _reset_counter(self, number: int, counter: int) -> None:
        self._define(number, branches.ResetCounter(counter))

    @command(f"{_BLOCK}:BRANch:DELTa", _NUMBER, Number(), _TARGET, _MEASURED)
    def _delta(self, number: int, target: float, to: int, measure: int = 0) -> None:
        self._define(number, branches.BranchDelta(to, target, measure))

    @command(f"{_BLOCK}:BRANch:EVENt", _NUMBER, TriggerEvent(), _TARGET)
    def _event(self, number: int, event: str, to: int) -> None:
        self._define(number, branches.BranchEvent(to, event))

    @command(f"{_BLOCK}:BRANch:LIMit:CONStant", _NUMBER, _LIMIT_TYPE, Number(), Number(), _TARGET, _MEASURED)
    def _limit(self, number: int, kind: str, low: float, high: float, to: int, measure: int = 0) -> None:
        self._define(number, branches.BranchLimit(to, kind, low, high, measure))

    @command(f"{_BLOCK}:BRANch:LIMit:DYNamic", _NUMBER, _LIMIT_TYPE, Integer("", 1, 2), _TARGET, _MEASURED)
    def _limit_set(self, number: int, kind: str, limit: int, to: int, measure: int = 0) -> None:
        self._define(number, branches.BranchLimitSet(to, kind, limit, measure))

    @command(f"{_BLOCK}:BRANch:ONCE", _NUMBER, _TARGET)
    def _once(self, number: int, to: int) -> None:
        self._define(number, branches.BranchOnce(to))

    @command(f"{_BLOCK}:BRANch:ONCE:EXCLuded", _NUMBER, _TARGET)
    def _not_once(self, number: int, to: int) -> None:
        self._define(number, branches.BranchOnce(to, excluded=True))
