"""Virtual interactive source meter: the templates of trigger models (TRIGger:LOAD).

Arguments are those of the manuals of the 2461 (2461-901-01 rev. A, p. 6-222 to 6-234) and of the 2470. The headers of
the manual of 2013 (2450-901-01 rev. B, p. 6-162 to 6-165) are accepted, too. The manuals do not print the blocks of the
templates: these are ours, and do what the manuals say.
"""

from collections.abc import Callable, Sequence
from typing import Any

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import (
    Choice,
    Integer,
    Many,
    Number,
    Optional,
    Parameter,
    Text,
    parse_arguments,
)
from tsbench.simulated_backends.scpi.tree import command
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.blocks import (
    END,
    ENDLESS,
    ClearBuffer,
    ConstantDelay,
    DigitalOut,
    Measure,
    ModelBlock,
    Notify,
    Recall,
    RecallBeside,
    SourceState,
    Wait,
)
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.branches import (
    BranchCounter,
    BranchDuration,
    BranchLimit,
    GoTo,
)
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.command_table import MeterTable
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.digital_port import DigitalPort
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.events import TriggerEvent

_BUFFER = "defbuffer1"
_COUNT = Integer("", 1, 268_435_455)
_DELAY = Optional(Number("s", 0.0, 1e4))
_TO_BUFFER = Optional(Text(bare=True))
_READING = Optional(Choice("ACTive", "MEASure", "DIGitize"))
_CLEAR = Choice("ENTer", "NEVer")
_LINE = Integer("", 1, 6)
_LOOP = (_DELAY, _TO_BUFFER, _READING)
_PATTERN = Integer("", 1, 15)
_ANY = Number()
_BINS = 4


class _Raw(Parameter):
    """Whatever it is: the template says what its arguments may be."""

    def parse(self, raw: bytes, owner: Any, key: tuple[Any, ...]) -> bytes:
        return raw


class TemplateCommands(MeterTable):
    """TRIGger:LOAD."""

    @property
    def _digital(self) -> DigitalPort:
        return self.meter.digital_port

    @command(":TRIGger:LOAD", Text(), Many(_Raw()))
    def _load(self, name: str, *raw: bytes) -> None:
        templates: dict[str, tuple[Callable[..., Sequence[ModelBlock]], tuple[Parameter, ...]]] = {
            "empty": (lambda: (), ()),
            "simpleloop": (self._simple_loop, (Optional(_COUNT), *_LOOP)),
            "durationloop": (self._duration_loop, (Number("s", 167e-9, 100e3), *_LOOP)),
            "configlist": (self._config_list, (Text(), Text(), *_LOOP)),
            "logictrigger": (self._logic_trigger, (_LINE, _LINE, _COUNT, Many(_Raw(), maximum=4))),
            "loopuntilevent": (
                self._loop_until_event, (TriggerEvent(), Number("", 0.0, 100.0), Many(_Raw(), maximum=4))),
            "gradebinning": (self._grade, (_COUNT, Many(_Raw(), maximum=16))),
            "sortbinning": (self._sort, (_COUNT, Many(_Raw(), maximum=16))),
        }
        if name.lower() not in templates:
            raise ScpiError(-224)
        make, parameters = templates[name.lower()]
        self.trigger_model.load(make(*parse_arguments(parameters, list(raw), self, ())))

    @command(":TRIGger:LOAD:EMPTy")
    def _load_empty(self) -> None:
        self.trigger_model.load(())

    @command(":TRIGger:LOAD:LOOP:SIMPle", _COUNT, _DELAY, _TO_BUFFER)
    def _load_simple_loop(self, *arguments: Any) -> None:
        self.trigger_model.load(self._simple_loop(*arguments))

    @command(":TRIGger:LOAD:LOOP:DURation", Number("s", 0.0, 100e3), _DELAY, _TO_BUFFER)
    def _load_duration_loop(self, *arguments: Any) -> None:
        self.trigger_model.load(self._duration_loop(*arguments))

    @command(":TRIGger:LOAD:CONFiguration:LIST", Text(), Text(), _DELAY, _TO_BUFFER)
    def _load_config_list(self, *arguments: Any) -> None:
        self.trigger_model.load(self._config_list(*arguments))

    @command(":TRIGger:LOAD:TRIGger:EXTernal", _LINE, _LINE, _COUNT, _DELAY, _TO_BUFFER)
    def _load_external(self, line_in: int, line_out: int, count: int, *rest: Any) -> None:
        self.trigger_model.load(self._triggered(line_in, line_out, count, False, *rest))

    # --------------------------------------------------------------------------------------------- loops

    def _simple_loop(
        self, count: int = 1, delay: float = 0.0, buffer: str = _BUFFER, reading: str = "",
    ) -> Sequence[ModelBlock]:
        self.buffers.require(buffer)
        return ClearBuffer(buffer), ConstantDelay(delay), Measure(buffer), BranchCounter(2, count)

    def _duration_loop(
        self, duration: float, delay: float = 0.0, buffer: str = _BUFFER, reading: str = "",
    ) -> Sequence[ModelBlock]:
        """The output is switched on (manual rev. B, p. 3-104) and stays on."""
        self.buffers.require(buffer)
        return (
            ClearBuffer(buffer), SourceState(True), ConstantDelay(delay), Measure(buffer), BranchDuration(3, duration))

    def _config_list(
        self, measure: str, source: str, delay: float = 0.0, buffer: str = _BUFFER, reading: str = "",
    ) -> Sequence[ModelBlock]:
        self.buffers.require(buffer)
        names = tuple(name for name in (measure, source) if name)
        points = max((self.lists.size(name) for name in names), default=0)
        if not points:
            raise ScpiError(-221)
        return (
            ClearBuffer(buffer), Recall(tuple((name, 1) for name in names)), SourceState(True), GoTo(6),
            RecallBeside(names, 1), ConstantDelay(delay), Measure(buffer), BranchCounter(5, points), SourceState(False))

    def _logic_trigger(self, line_in: int, line_out: int, count: int, *raw: bytes) -> Sequence[ModelBlock]:
        clear, rest = self._cleared(raw, _LOOP)
        return self._triggered(line_in, line_out, count, clear == "ENT", *rest)

    def _triggered(
        self, line_in: int, line_out: int, count: int, forget: bool, delay: float = 0.0, buffer: str = _BUFFER,
        reading: str = "",
    ) -> Sequence[ModelBlock]:
        self.buffers.require(buffer)
        if line_in == line_out:
            raise ScpiError(-221)
        self._digital.set_mode(line_in, "TRIG", "IN")
        self._digital.set_mode(line_out, "TRIG", "OUT")
        self._digital.line_stimulus[line_out] = "NOT1"
        self._digital.stimulus_chosen(line_out)
        return (
            Wait((f"DIG{line_in}",), forget=forget), ConstantDelay(delay), Measure(buffer), Notify(1),
            BranchCounter(1, count))

    def _loop_until_event(self, event: str, position: float, *raw: bytes) -> Sequence[ModelBlock]:
        clear, (*rest,) = self._cleared(raw, (_DELAY, _TO_BUFFER))
        delay, buffer = rest[0] if rest else 0.0, rest[1] if len(rest) > 1 else _BUFFER
        after = round(self.buffers[buffer].capacity * (1.0 - position / 100.0))
        return (
            ClearBuffer(buffer), ConstantDelay(delay), Measure(buffer, ENDLESS), Wait((event,), forget=clear != "NEV"),
            Measure(buffer, max(after, 0)))

    def _cleared(self, raw: Sequence[bytes], parameters: tuple[Parameter, ...]) -> tuple[str, list[Any]]:
        """Read the argument ``clear``, which may be left out, and those behind it."""
        clear = ""
        if raw and raw[0].strip()[:1].isalpha():
            clear, raw = _CLEAR.parse(raw[0], self, ()), raw[1:]
        return clear, parse_arguments(parameters, list(raw), self, ())

    # ------------------------------------------------------------------------------------------- binning

    def _grade(self, components: int, *raw: bytes) -> Sequence[ModelBlock]:
        """Compare with limit after limit; the first that fails gives the pattern, none gives that of all."""
        return self._binned(components, raw, "OUT", 15)

    def _sort(self, components: int, *raw: bytes) -> Sequence[ModelBlock]:
        """Compare with limit after limit; the first that passes gives the pattern, none gives that of all."""
        return self._binned(components, raw, "IN", 15)

    def _binned(self, components: int, raw: Sequence[bytes], kind: str, everything: int) -> Sequence[ModelBlock]:
        line, before, after, limits, everything, buffer = self._bins(raw, everything)
        for out in range(1, 5):
            self._digital.set_mode(out, "DIG", "OUT")
        self._digital.set_mode(line, "TRIG", "IN")
        first = 6   # block of the first limit
        patterns = first + len(limits)   # block of the pattern for no limit
        last = patterns + 2 * (len(limits) + 1)   # block behind all patterns
        found: list[ModelBlock] = [
            ClearBuffer(buffer), Wait((f"DIG{line}",)), DigitalOut(0, 15), ConstantDelay(before), Measure(buffer)]
        found += [
            BranchLimit(patterns + 2 * (place + 1), kind, low, high, 5) for place, (low, high, _) in enumerate(limits)]
        for pattern in (everything, *(pattern for _, _, pattern in limits)):
            found += [DigitalOut(pattern, 15), GoTo(last)]
        return [*found, ConstantDelay(after), BranchCounter(2, components), GoTo(END)]

    def _bins(
        self, raw: Sequence[bytes], everything: int,
    ) -> tuple[int, float, float, list[tuple[float, float, int]], int, str]:
        """Return line, delays, limits with their patterns, the pattern of all, and the buffer."""
        delay = Optional(Number("s", 0.0, 1e4))
        one = (Optional(_ANY), Optional(_ANY), Optional(_PATTERN))
        parameters = (
            Optional(Integer("", 5, 6)), delay, delay, *one, Optional(_PATTERN), *one, *one, *one, _TO_BUFFER)
        values = parse_arguments(parameters, list(raw), self, ())
        first: list[Any] = [5, 0.0, 0.0, 1.0, -1.0, 1, everything]
        for number in range(2, _BINS + 1):   # an unused limit has its high value below the low one
            first += [-1.0, 1.0, 1 << (number - 1)]
        values += [*first, _BUFFER][len(values):]
        rows = [values[3:6], *(values[place : place + 3] for place in (7, 10, 13))]
        limits = [(float(low), float(high), int(pattern)) for high, low, pattern in rows if high >= low]
        self.buffers.require(values[16])
        return int(values[0]), float(values[1]), float(values[2]), limits, int(values[6]), str(values[16])
