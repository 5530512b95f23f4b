"""Settings that the T3DSO and SDS1000X-E have: delay, memory, acquisition, bandwidth limit, display."""

from typing import Any

from tsbench.simulated_backends.lecroy.parameters import Depth, LecroyWord, Quantity, depth_text
from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.executing import Handler
from tsbench.simulated_backends.scpi.parameters import Integer, Many, OnOrOff, Optional, Text
from tsbench.simulated_backends.scpi.syntax import capitals
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.lecroy_scope.command_table import ShortTable
from tsbench.simulated_backends.virtual_instruments.lecroy_scope.running import SHOWN_TRIGGERED
from tsbench.simulated_backends.virtual_instruments.lecroy_t3dso.data_sheet import ShortScopeSheet

_WAYS = {"SAMPLING": "NORM", "PEAK_DETECT": "PEAK", "AVERAGE": "AVER", "HIGH_RES": "HRES"}
_AVERAGES = (4, 16, 32, 64, 128, 256, 512, 1024)
_EARLIEST, _LATEST = -7.0, 5000.0  #: [div] of the delay


class ShortAcquisitionCommands(ShortTable):
    """Time base, memory and acquisition."""

    data_sheet: ShortScopeSheet

    @command("TRDL", Quantity("S"))
    def set_delay(self, value: float) -> None:
        """``TRDL 1MS``: time from the trigger to the middle of the screen."""
        scale = self.panel.time_scale
        self.panel.position = min(max(value, _EARLIEST * scale), _LATEST * scale)

    @command("TRDL?")
    def _delay(self) -> str:
        return self.quantity(self.panel.position, "S")

    @command("MSIZ", Depth())
    def set_memory(self, points: float) -> None:
        """``MSIZ 14M``: depth of the memory; both channels of a pair have half of it each."""
        for depth in self.data_sheet.depths:
            if points in (depth, depth // 2):
                self.panel.memory = depth
                return
        raise ScpiError(-224)

    @command("MSIZ?")
    def _memory(self) -> str:
        return depth_text(self.panel.memory // (2 if self.panel.paired else 1))

    @command("SARA?")
    def _sample_rate(self) -> str:
        rate = self.panel.sampling().rate
        if self.reply_header == "OFF":
            return self.format_number(rate)
        return f"{_prefixed(rate)}Sa/s"

    @command("SANU?", Text(bare=True))
    def _points(self, source: str) -> str:
        if capitals(source) not in {f"C{number}" for number in self.panel.channels}:
            raise ScpiError(-224)
        points = self.panel.sampling().points
        return self.format_number(points) if self.reply_header == "OFF" else f"{_prefixed(points)}pts"

    @command("ACQW", LecroyWord(*_WAYS), Optional(Integer("")))
    def set_way(self, word: str, averages: int | None = None) -> None:
        """``ACQW AVERAGE,16``: how samples become points."""
        if averages is not None:
            self.set_averages(averages)
        self.panel.kind = _WAYS[word]

    @command("ACQW?")
    def _way(self) -> str:
        word = next(word for word, kind in _WAYS.items() if kind == self.panel.kind)
        return f"{word},{self.panel.averages}" if word == "AVERAGE" else word

    @command("AVGA", Integer(""))
    def set_averages(self, count: int) -> None:
        """``AVGA 16``: how many acquisitions make an average."""
        if count not in _AVERAGES:
            raise ScpiError(-224)
        self.panel.averages = count

    @command("AVGA?")
    def _averages(self) -> str:
        return str(self.panel.averages)

    @command("SAST?")
    def status_shown(self) -> Handler:
        """``SAST?``: what the corner of the screen says."""
        control = self.control
        control.look()
        if not control.running:
            return "Stop"
        if control.continuous and self.panel.sweep == "AUTO":
            yield from control.snapshot()
            finished = control.finished
            return "Auto" if finished is None or finished.records[-1].automatic else "Trig'd"
        if not control.continuous:
            self.clock.busy()
            control.look()
            if not control.running:
                return "Stop"
        if control.acquisition is None or control.acquisition.pending is not None:
            return "Trig'd"
        finished = control.finished
        recent = control.continuous and finished is not None and (
            self.clock.now - finished.records[-1].trigger < SHOWN_TRIGGERED)
        return "Trig'd" if recent else "Ready" if control.memory_full else "Arm"


def _prefixed(value: float) -> str:
    for power, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= power:
            return f"{value / power:.2f}{letter}"
    return f"{value:.2f}"


class MoreCommands(ShortTable):
    """Bandwidth limit, inversion, unit, zoom, math and display."""

    skew = Setting("C<1-4>:SKEW", Quantity("S", -100e-9, 100e-9, always=True), default=0.0)
    unit_shown = Setting("C<1-4>:UNIT", LecroyWord("V", "A"), default="V")
    magnified = Setting("HMAG", Quantity("S", 1e-9, 100.0), default=lambda owner: owner.panel.time_scale,
                        coerce="_zoomed")
    zoom_position = Setting("HPOS", Quantity("S"), default=0.0)
    menu = Setting("MENU", OnOrOff(), default=True)
    grid = Setting("GRDS", LecroyWord("FULL", "HALF", "OFF"), default="FULL")
    math_scale = Setting("MTVD", Quantity("V", 5e-4, 100.0), default=1.0)
    math_position = Setting("MTVP", Integer("", -255, 255), default=0)

    def _zoomed(self, value: float) -> float:
        return min(value, self.panel.time_scale)

    def format_pairs(self, names: dict[str, Any]) -> str:
        """Write names and values."""
        return ",".join(f"{name},{value}" for name, value in names.items())

    @command("BWL", Many(Text(bare=True), 1))
    def limit_bandwidth(self, *words: str) -> None:
        """``BWL C1,ON`` or ``BWL ON``: the filter of 20 MHz, of channels or of all."""
        upper = [capitals(word) for word in words]
        channels = list(self.panel.channels)
        given = {f"C{number}": upper[0] for number in channels} if len(upper) == 1 else dict(
            zip(upper[::2], upper[1::2], strict=False))
        if len(upper) > 1 and len(upper) % 2:
            raise ScpiError(-109)
        if not all(name in {f"C{number}" for number in channels} and word in {"ON", "OFF"}
                   for name, word in given.items()):
            raise ScpiError(-224)
        for name, word in given.items():
            self.panel.channels[int(name[1:])].limit = self.data_sheet.limited_bandwidth if word == "ON" else None

    @command("BWL?")
    def _limits(self) -> str:
        return self.format_pairs({f"C{number}": "OFF" if one.limit is None else "ON"
                                  for number, one in self.panel.channels.items()})

    @command("C<1-4>:BWL?")
    def _limit(self, channel: int) -> str:
        return "OFF" if self.panel.channels[channel].limit is None else "ON"

    @command("C<1-4>:INVS", OnOrOff())
    def invert(self, channel: int, on: bool) -> None:
        """``C1:INVS ON``: show a channel upside down."""
        self.panel.channels[channel].inverted = on

    @command("C<1-4>:INVS?")
    def _inverted(self, channel: int) -> str:
        return "ON" if self.panel.channels[channel].inverted else "OFF"

    @command("C<1-4>:TRLV2", Quantity("V"))
    def set_second_level(self, channel: int, value: float) -> None:
        """``C1:TRLV2 1V``: the lower trigger level."""
        self.panel.channels[channel].second_level = self.panel.legal_level(channel, value)

    @command("C<1-4>:TRLV2?")
    def _second_level(self, channel: int) -> str:
        return self.quantity(self.panel.channels[channel].second_level, "V")

    @command("SET50")
    def center_trigger(self) -> Handler:
        """``SET50``: the trigger level at half the waveform."""
        source = self.panel.trigger.source
        yield from self.control.snapshot()
        if source.startswith("C") and (trace := self.memory.trace(int(source[1:]))) is not None:
            self.panel.set_level(int(source[1:]), sum(trace.levels) / 2)

    @command("DEF", Text(bare=True), Text())
    def define_math(self, word: str, equation: str) -> None:
        """``DEF EQN,'C1*C2'``: the math waveform."""
        names = [f"C{number}" for number in self.panel.channels]
        legal = {f"{one}{sign}{other}" for one in names for other in names for sign in "+-*/"}
        if capitals(word) != "EQN" or capitals(equation) not in legal:
            raise ScpiError(-224)
        self.setting_values["math_equation", ()] = capitals(equation)

    @command("DEF?")
    def math_defined(self) -> str:
        """``DEF?``: the math waveform."""
        return f"EQN,'{self.setting_values.get(('math_equation', ()), 'C1*C2')}'"

    @command("INTS", Text(bare=True), Integer("", 0, 100), Optional(Text(bare=True)), Optional(Integer("", 0, 100)))
    def set_intensity(self, *values: Any) -> None:
        """``INTS GRID,50,TRACE,60``: brightness."""
        for name, value in zip(values[::2], values[1::2], strict=False):
            if capitals(str(name)) not in {"GRID", "TRACE"}:
                raise ScpiError(-224)
            self.setting_values[f"intensity_{str(name).lower()}", ()] = value

    @command("INTS?")
    def _intensity(self) -> str:
        return self.format_pairs({name: self.setting_values.get((f"intensity_{name.lower()}", ()), default)
                                  for name, default in (("GRID", 40), ("TRACE", 60))})
