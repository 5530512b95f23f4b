"""Virtual interactive source meter: the commands of sweeps and of the trigger model."""

import math
from collections.abc import Callable
from typing import Any

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import (
    Boolean,
    Choice,
    Integer,
    Many,
    Number,
    Optional,
    Text,
)
from tsbench.simulated_backends.scpi.tree import command
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.command_table import MeterBase, MeterTable
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.sweeps import (
    LIST_LENGTH,
    LIST_PER_MESSAGE,
    MAXIMUM_POINTS,
    RUNNING,
    Sweep,
    linear,
    logarithmic,
)

_BUFFER = Optional(Text(bare=True))
_DELAY = Optional(Number("s", -1.0, 1e4))
_COUNT = Optional(Integer("", 0, 268_435_455))
_POINTS = Integer("", 2, MAXIMUM_POINTS)
#: of every sweep between two levels, behind start, stop and points or step
_REST = (
    _DELAY, _COUNT, Optional(Choice("AUTO", "BEST", "FIXed")), Optional(Boolean()), Optional(Boolean()), _BUFFER,
)


class TriggerCommands(MeterTable):
    """SOURce:SWEep, SOURce:LIST, TRIGger, INITiate, ABORt.

    Parameters
    ----------
    meter : MeterBase
    """

    def __init__(self, meter: MeterBase) -> None:
        super().__init__(meter)
        self.forget()

    def forget(self) -> None:
        """Forget the levels of the list sweep."""
        self.lists: dict[str, list[float]] = {"VOLT": [], "CURR": []}   #: by function

    @command(":SOURce:SWEep:{VOLTage|CURRent}:LINear", Number(), Number(), _POINTS, *_REST)
    def _linear_sweep(self, function: str, start: float, stop: float, points: int, *rest: Any) -> None:
        self._load_between(linear, function, start, stop, points, *rest)

    @command(":SOURce:SWEep:{VOLTage|CURRent}:LINear:STEP", Number(), Number(), Number(), *_REST)
    def _stepped_sweep(self, function: str, start: float, stop: float, step: float, *rest: Any) -> None:
        if step == 0 or (stop - start) / step < 0:
            raise ScpiError(-222)
        points = math.floor((stop - start) / step + 1e-9) + 1
        self._load_between(linear, function, start, start + (points - 1) * step, points, *rest)

    @command(":SOURce:SWEep:{VOLTage|CURRent}:LOG", Number(), Number(), _POINTS, *_REST)
    def _log_sweep(self, function: str, start: float, stop: float, points: int, *rest: Any) -> None:
        self._load_between(logarithmic, function, start, stop, points, *rest)

    @command(":SOURce:LIST:{VOLTage|CURRent}", Many(Number(), 1, LIST_PER_MESSAGE))
    def _set_list(self, function: str, *levels: float) -> None:
        self.lists[function] = list(levels)

    @command(":SOURce:LIST:{VOLTage|CURRent}:APPend", Many(Number(), 1, LIST_PER_MESSAGE))
    def _append_list(self, function: str, *levels: float) -> None:
        if len(self.lists[function]) + len(levels) > LIST_LENGTH:
            raise ScpiError(-223)
        self.lists[function] += levels

    @command(":SOURce:LIST:{VOLTage|CURRent}?")
    def _list(self, function: str) -> str:
        return ",".join(self.format_number(level) for level in self.lists[function])

    @command(":SOURce:LIST:{VOLTage|CURRent}:POINts?")
    def _list_length(self, function: str) -> str:
        return str(len(self.lists[function]))

    @command(
        ":SOURce:SWEep:{VOLTage|CURRent}:LIST",
        Optional(Integer("", 1, LIST_LENGTH)),
        _DELAY,
        _COUNT,
        Optional(Boolean()),
        _BUFFER,
    )
    def _list_sweep(
        self,
        function: str,
        first: int = 1,
        delay: float = -1.0,
        count: int = 1,
        fail_abort: bool = True,
        buffer: str = "defbuffer1",
    ) -> None:
        levels = tuple(self.lists[function][first - 1 :])
        if not levels:
            raise ScpiError(-221)
        fixed = "AUTO" if self.settings.source_autorange[function] else "FIX"
        self._load(Sweep(function, levels, delay, count, buffer, fixed, fail_abort))

    def _load_between(
        self,
        spaced: Callable[[float, float, int, bool], tuple[float, ...]],
        function: str,
        start: float,
        stop: float,
        points: int,
        delay: float = -1.0,
        count: int = 1,
        range_type: str = "BEST",
        fail_abort: bool = True,
        dual: bool = False,
        buffer: str = "defbuffer1",
    ) -> None:
        levels = spaced(start, stop, points, dual)
        self._load(Sweep(function, levels, delay, count, buffer, range_type, fail_abort))

    def _load(self, sweep: Sweep) -> None:
        if sweep.function != self.settings.source_function:
            raise ScpiError(-221)
        function = sweep.function
        top = self.data_sheet.ranges[function][-1].top
        if sweep.range_type == "FIX":
            top = self.output.top_level(function)
        if max(abs(level) for level in sweep.levels) > top * (1 + 1e-12):
            raise ScpiError(-222)
        self.buffers.require(sweep.buffer)
        if sweep.count == 0:
            raise ScpiError(-222)
        self.trigger_model.load(sweep)

    @command(":TRIGger:LOAD", Text(), Optional(Integer("", 1)), Optional(Number("s", 0.0, 1e4)), _BUFFER)
    def _load_template(
        self, name: str, count: int = 1, delay: float = 0.0, buffer: str = "defbuffer1"
    ) -> None:
        known = name.lower()
        if known == "empty":
            self.trigger_model.load(None)
        elif known == "simpleloop":
            self.buffers.require(buffer)
            self.trigger_model.load(Sweep(self.settings.source_function, (), delay, count, buffer))
        else:
            raise ScpiError(-224)

    @command(":INITiate[:IMMediate]")
    def _initiate(self) -> None:
        self.trigger_model.start()

    @command(":ABORt")
    def _abort(self) -> None:
        self.trigger_model.abort()

    @command(":TRIGger:STATe?")
    def _trigger_state(self) -> str:
        if self.trigger_model.state == RUNNING:
            self.clock.busy()
        state = self.trigger_model.state
        return f"{state};{state};{self.trigger_model.block}"
