"""Virtual interactive source meter: the commands that define and run a trigger model block by block."""

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import AnyOf, Boolean, Choice, Integer, Many, Number, Optional, Text
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.keithley_interactive import blocks
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.blocks import ModelBlock
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.command_table import MeterTable
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.events import NO_EVENT, TriggerEvent
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.trigger_model import MOST_BLOCKS

_NUMBER = Integer("", 1, MOST_BLOCKS)
_TARGET = Integer("", 0, MOST_BLOCKS)
_MEASURED = Optional(Integer("", 0, MOST_BLOCKS))
_BUFFER = Optional(Text(bare=True))
_LIMIT_TYPE = Choice("ABOVe", "BELow", "INside", "OUTside")
_COUNT = AnyOf(Integer("", 0, 1_048_575), Choice("AUTO", "INFinite", "STOP"))
_CLEARS, _LOGIC = ("ENT", "NEV"), ("AND", "OR")
_BLOCK = ":TRIGger:BLOCk"


class BlockCommands(MeterTable):
    """TRIGger:BLOCk:..., TRIGger:STATe, INITiate, ABORt, TRIGger:CONTinuous."""

    continuous = Setting(":TRIGger:CONTinuous", Choice("AUTO", "OFF", "RESTart"), "OFF")

    def _define(self, number: int, block: ModelBlock) -> None:
        self.trigger_model.set_block(number, block)

    @command(f"{_BLOCK}:BUFFer:CLEar", _NUMBER, _BUFFER)
    def _clear_buffer(self, number: int, buffer: str = "defbuffer1") -> None:
        self.buffers.require(buffer)
        self._define(number, blocks.ClearBuffer(buffer))

    @command(f"{_BLOCK}:{{MEASure|MDIGitize}}", _NUMBER, _BUFFER, Optional(_COUNT))
    def _measure(self, kind: str, number: int, buffer: str = "defbuffer1", count: int | str = 1) -> None:
        self.buffers.require(buffer)
        if isinstance(count, str):
            count = {"INF": blocks.ENDLESS, "STOP": 0}.get(count, blocks.PRESENT)
        self._define(number, blocks.Measure(buffer, count))

    @command(f"{_BLOCK}:SOURce:STATe", _NUMBER, Boolean())
    def _source_state(self, number: int, on: bool) -> None:
        self._define(number, blocks.SourceState(on))

    @command(f"{_BLOCK}:NOP", _NUMBER)
    def _nothing(self, number: int) -> None:
        self._define(number, blocks.Nothing())

    @command(f"{_BLOCK}:NOTify", _NUMBER, Integer("", 1, 8))
    def _notify(self, number: int, identifier: int) -> None:
        self._define(number, blocks.Notify(identifier))

    @command(f"{_BLOCK}:DIGital:IO", _NUMBER, Integer("", 0, 63), Integer("", 0, 63))
    def _digital(self, number: int, pattern: int, mask: int) -> None:
        self._define(number, blocks.DigitalOut(pattern, mask))

    @command(
        f"{_BLOCK}:LOG:EVENt", _NUMBER,
        Choice(
            *(f"{kind}{n}" for kind in ("INFO", "WARN", "ERRor", "INFormation", "WARNing") for n in (1, 2, 3, 4)),
            "WARN_ABORt"),
        Text(maximum=31),
    )
    def _log(self, number: int, which: str, message: str) -> None:
        self._define(number, blocks.LogEvent(which.replace("INFO", "INF"), message))

    @command(f"{_BLOCK}:DELay:CONStant", _NUMBER, Number("s", 0.0, 1e4))
    def _delay(self, number: int, seconds: float) -> None:
        if 0.0 < seconds < 167e-9:
            raise ScpiError(-222)
        self._define(number, blocks.ConstantDelay(seconds))

    @command(
        f"{_BLOCK}:DELay:DYNamic", _NUMBER,
        Choice(*(f"{side}{n}" for side in ("SOURce", "MEASure") for n in (1, 2, 3, 4, 5))))
    def _user_delay(self, number: int, which: str) -> None:
        self._define(number, blocks.UserDelay(which))

    # ------------------------------------------------------------------------------- configuration lists

    @command(
        f"{_BLOCK}:CONFig:RECall", _NUMBER, Text(), Optional(Integer("", 1)), Optional(Text()),
        Optional(Integer("", 1)))
    def _recall(
        self, number: int, name: str, index: int = 1, second: str | None = None, second_index: int = 1,
    ) -> None:
        pairs = [(name, index)] if second is None else [(name, index), (second, second_index)]
        self._require_lists(*(pair[0] for pair in pairs))
        self._define(number, blocks.Recall(tuple(pairs)))

    @command(f"{_BLOCK}:CONFig:{{NEXT|PREVious}}", _NUMBER, Text(), Optional(Text()))
    def _recall_beside(self, direction: str, number: int, *names: str) -> None:
        self._require_lists(*names)
        self._define(number, blocks.RecallBeside(names, 1 if direction == "NEXT" else -1))

    def _require_lists(self, *names: str) -> None:
        """Raise ScpiError where a list does not exist, or where both are of the same side."""
        sides = [self.lists.named(name).side for name in names]
        if len(set(sides)) < len(sides):
            raise ScpiError(-221)

    @command(
        f"{_BLOCK}:WAIT", _NUMBER, TriggerEvent(),
        Many(AnyOf(TriggerEvent(), Choice("ENTer", "NEVer", "AND", "OR")), maximum=4))
    def _wait(self, number: int, event: str, *rest: str) -> None:
        """Read ``event[, clear][, logic, event[, event]]``; the manual of 2013 does not have ``clear``."""
        forget = bool(rest) and rest[0] == "ENT"
        if rest and rest[0] in _CLEARS:
            rest = rest[1:]
        logic, others = (rest[0], rest[1:]) if rest else ("OR", ())
        wrong = logic not in _LOGIC or (rest and not 1 <= len(others) <= 2)
        if wrong or event == NO_EVENT or any(other in (*_CLEARS, *_LOGIC) for other in others):
            raise ScpiError(-224)
        self._define(number, blocks.Wait((event, *others), logic == "AND", forget))

    # --------------------------------------------------------------------------------------- the model

    @command(f"{_BLOCK}:LIST?")
    def _list(self) -> str:
        return self.trigger_model.listed() or "Empty"

    @command(":TRIGger:STATe?")
    def _state(self) -> str:
        if self.trigger_model.running:
            self.clock.busy()
        state = self.trigger_model.state
        return f"{state};{state};{self.trigger_model.block}"

    @command(":INITiate[:IMMediate]")
    def _initiate(self) -> None:
        self.trigger_model.start()

    @command(":ABORt")
    def _abort(self) -> None:
        self.trigger_model.abort()
