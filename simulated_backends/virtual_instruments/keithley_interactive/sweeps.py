"""Virtual interactive source meter: source lists and sweeps (SOURce:LIST, SOURce:SWEep).

A sweep command makes a source configuration list and the blocks of a trigger model (manual rev. B, p. 6-78 and 6-81).
The manual of the 2470, p. 12-89, says how the delay and the ranges act. No manual prints the blocks. They are known
from programs of users that replace single blocks: clear, recall, output on, branch, next, delay (if there is one),
measure, count, output off.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import Boolean, Choice, Integer, Many, Number, Optional, Text
from tsbench.simulated_backends.scpi.tree import command
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.blocks import (
    END,
    ClearBuffer,
    ConstantDelay,
    Measure,
    ModelBlock,
    Recall,
    RecallBeside,
    SourceState,
)
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.branches import BranchCounter, GoTo
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.command_table import MeterBase, MeterTable
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.configuration_lists import Entry, SweepList
from tsbench.simulated_backends.virtual_instruments.source_meter.output_stage import range_for

MAXIMUM_POINTS = 1_000_000
LIST_LENGTH = 2500
LIST_PER_MESSAGE = 100
_WORD = {"VOLT": "Volt", "CURR": "Curr"}

_BUFFER = Optional(Text(bare=True))
_DELAY = Optional(Number("s", -1.0, 1e4))
_COUNT = Optional(Integer("", 0, 268_435_455))
_POINTS = Integer("", 2, MAXIMUM_POINTS)
#: of every sweep between two levels, behind start, stop and points or step
_REST = (
    _DELAY, _COUNT, Optional(Choice("AUTO", "BEST", "FIXed")), Optional(Boolean()), Optional(Boolean()), _BUFFER,
)


def linear(start: float, stop: float, points: int, dual: bool) -> tuple[float, ...]:
    """Return the levels of a linear sweep; ``dual`` goes back to the start as well."""
    return _dual(tuple(np.linspace(start, stop, points).tolist()), dual)


def logarithmic(start: float, stop: float, points: int, dual: bool) -> tuple[float, ...]:
    """Return the levels of a logarithmic sweep."""
    if start * stop <= 0:
        raise ScpiError(-222)
    return _dual(tuple(np.geomspace(start, stop, points).tolist()), dual)


def _dual(levels: tuple[float, ...], dual: bool) -> tuple[float, ...]:
    return levels + levels[::-1] if dual else levels


class SourceSweepCommands(MeterTable):
    """SOURce:SWEep and SOURce:LIST.

    Parameters
    ----------
    meter : MeterBase
    """

    def __init__(self, meter: MeterBase) -> None:
        super().__init__(meter)
        self.forget()

    def forget(self) -> None:
        """Forget the levels of the list sweep."""
        self.levels: dict[str, list[float]] = {"VOLT": [], "CURR": []}   #: by function

    # --------------------------------------------------------------------------------------------- lists

    @command(":SOURce:LIST:{VOLTage|CURRent}", Many(Number(), 1, LIST_PER_MESSAGE))
    def _set_list(self, function: str, *levels: float) -> None:
        self.levels[function] = list(levels)
        self._store_list(function)

    @command(":SOURce:LIST:{VOLTage|CURRent}:APPend", Many(Number(), 1, LIST_PER_MESSAGE))
    def _append_list(self, function: str, *levels: float) -> None:
        if len(self.levels[function]) + len(levels) > LIST_LENGTH:
            raise ScpiError(-223)
        self.levels[function] += levels
        self._store_list(function)

    def _store_list(self, function: str) -> None:
        self._store(function, "CustomSweepList", tuple(self.levels[function]))

    @command(":SOURce:LIST:{VOLTage|CURRent}?")
    def _list(self, function: str) -> str:
        return ",".join(self.format_number(level) for level in self.levels[function])

    @command(":SOURce:LIST:{VOLTage|CURRent}:POINts?")
    def _list_length(self, function: str) -> str:
        return str(len(self.levels[function]))

    # -------------------------------------------------------------------------------------------- sweeps

    @command(":SOURce:SWEep:{VOLTage|CURRent}:LINear", Number(), Number(), _POINTS, *_REST)
    def _linear_sweep(self, function: str, start: float, stop: float, points: int, *rest: Any) -> None:
        self._load_between(linear, "LinearSweepList", function, start, stop, points, *rest)

    @command(":SOURce:SWEep:{VOLTage|CURRent}:LINear:STEP", Number(), Number(), Number(), *_REST)
    def _stepped_sweep(self, function: str, start: float, stop: float, step: float, *rest: Any) -> None:
        if step == 0 or (stop - start) / step < 0:
            raise ScpiError(-222)
        points = math.floor((stop - start) / step + 1e-9) + 1
        self._load_between(linear, "LinearSweepList", function, start, start + (points - 1) * step, points, *rest)

    @command(":SOURce:SWEep:{VOLTage|CURRent}:LOG", Number(), Number(), _POINTS, *_REST)
    def _log_sweep(self, function: str, start: float, stop: float, points: int, *rest: Any) -> None:
        self._load_between(logarithmic, "LogSweepList", function, start, stop, points, *rest)

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
        if first > len(self.levels[function]):
            raise ScpiError(-221)
        range_type = "AUTO" if self.settings.source_autorange[function] else "FIX"
        levels = tuple(self.levels[function])
        self._load("CustomSweepList", function, levels, first, delay, count, range_type, fail_abort, buffer)

    def _load_between(
        self,
        spaced: Callable[[float, float, int, bool], tuple[float, ...]],
        kind: str,
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
        self._load(kind, function, levels, 1, delay, count, range_type, fail_abort, buffer)

    def _load(
        self, kind: str, function: str, levels: tuple[float, ...], first: int, delay: float, count: int,
        range_type: str, fail_abort: bool, buffer: str,
    ) -> None:
        """Make the configuration list and the blocks of a sweep; ``first`` is the index it begins with."""
        if function != self.settings.source_function:
            raise ScpiError(-221)
        top = self.output.highest[function]
        if range_type == "FIX":
            top = self.output.top_level(function)
        if max(abs(level) for level in levels) > top * (1 + 1e-12) or (delay < 0 and delay != -1.0):
            raise ScpiError(-222)
        self.buffers.require(buffer)
        self.trigger_model.load(())   # refused while the model runs
        name = self._store(function, kind, levels, range_type, delay < 0)
        self.trigger_model.load(_blocks(name, first, len(levels) - first + 1, delay, count, fail_abort, buffer))

    def _store(
        self, function: str, kind: str, levels: tuple[float, ...], range_type: str = "", automatic_delay: bool = False,
    ) -> str:
        """Store the configuration list of a sweep, and return its name."""
        present = self.lists.present("SOUR")
        if present.function != function:
            settings = {name: getattr(self.settings, name)[function] for name in present.by_function}
            limit = self.settings.current_limit if function == "VOLT" else self.settings.voltage_limit
            present = Entry(function, settings, {}, limit)
        changed = dict(present.by_function)
        if automatic_delay:
            changed["source_autodelay"] = True
        if range_type == "BEST":
            highest = max(abs(level) for level in levels)
            changed["source_autorange"] = False
            changed["source_range"] = range_for(self.data_sheet.ranges[function], highest).full_scale
        elif range_type == "AUTO":
            changed["source_autorange"] = True
        entry = Entry(function, changed, present.of_tables, present.limit)
        name = _WORD[function] + kind
        self.lists.lists[name] = SweepList("SOUR", [entry], levels)
        return name


def _blocks(
    name: str, first: int, points: int, delay: float, count: int, fail_abort: bool, buffer: str,
) -> list[ModelBlock]:
    delays: list[ModelBlock] = [ConstantDelay(delay)] if delay > 0 else []
    repeats: list[ModelBlock] = []
    if count != 1:
        repeats = [BranchCounter(2, count) if count else GoTo(2)]
    off = 8 + len(delays) + len(repeats)   # block that switches the output off
    found: list[ModelBlock] = [
        ClearBuffer(buffer), Recall(((name, first),)), SourceState(True), GoTo(6), RecallBeside((name,), 1), *delays,
        Measure(buffer, failing=off + 2 if fail_abort else None), BranchCounter(5, points), *repeats,
        SourceState(False)]
    return [*found, GoTo(END), SourceState(False)] if fail_abort else found
