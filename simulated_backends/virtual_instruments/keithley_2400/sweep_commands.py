"""Virtual 2400 family: the commands of staircase and list sweeps (manual, section 18)."""


from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import Choice, Integer, Many, Number
from tsbench.simulated_backends.scpi.tree import command
from tsbench.simulated_backends.virtual_instruments.keithley_2400.command_table import SourceMeterTable
from tsbench.simulated_backends.virtual_instruments.keithley_2400.sweep_levels import MOST_PER_MESSAGE, MOST_POINTS

_SOURCE = ":SOURce:{VOLTage|CURRent}"
_LEVEL = Number(high="highest", symmetric=True, default=0.0)
_LAYER = ":TRIGger[:SEQuence]"
_ARM = ":ARM[:SEQuence][:LAYer]"


class Sweep2400(SourceMeterTable):
    """SOURce:...:MODE, staircase and list."""

    def highest(self, function: str, *rest: str) -> float:
        """Return the highest level [V or A] of the instrument."""
        return self.data_sheet.ranges[function][-1].top

    @command(f"{_SOURCE}:MODE", Choice("FIXed", "LIST", "SWEep"))
    def _set_mode(self, function: str, mode: str) -> None:
        self.sweep.modes[function] = mode

    @command(f"{_SOURCE}:MODE?")
    def _mode(self, function: str) -> str:
        return self.sweep.modes[function]

    @command(f"{_SOURCE}:{{STARt|STOP|CENTer}}", _LEVEL)
    def _set_edge(self, function: str, which: str, value: float) -> None:
        stairs = self.sweep.staircases[function]
        if which == "CENT":
            stairs.take(value, stairs.span)
        elif which == "STAR":
            stairs.start = value
        else:
            stairs.stop = value

    @command(f"{_SOURCE}:{{STARt|STOP|CENTer}}?")
    def _edge(self, function: str, which: str) -> str:
        stairs = self.sweep.staircases[function]
        return self.format_number({"STAR": stairs.start, "STOP": stairs.stop, "CENT": stairs.center}[which])

    @command(f"{_SOURCE}:SPAN", Number())
    def _set_span(self, function: str, value: float) -> None:
        stairs = self.sweep.staircases[function]
        if abs(stairs.center) + abs(value) / 2 > self.highest(function):
            raise ScpiError(-222)
        stairs.take(stairs.center, value)

    @command(f"{_SOURCE}:SPAN?")
    def _span(self, function: str) -> str:
        return self.format_number(self.sweep.staircases[function].span)

    @command(f"{_SOURCE}:STEP", Number())
    def _set_step(self, function: str, value: float) -> None:
        self.sweep.points = self.sweep.staircases[function].points_of_step(value)

    @command(f"{_SOURCE}:STEP?")
    def _step(self, function: str) -> str:
        return self.format_number(self.sweep.staircases[function].step(self.sweep.points))

    @command(":SOURce:SWEep:POINts", Integer("", 2, MOST_POINTS, MOST_POINTS))
    def _set_points(self, points: int) -> None:
        self.sweep.points = points

    @command(":SOURce:SWEep:POINts?")
    def _points(self) -> str:
        return str(self.sweep.points)

    @command(":SOURce:SWEep:SPACing", Choice("LINear", "LOGarithmic"))
    def _set_spacing(self, spacing: str) -> None:
        self.sweep.logarithmic = spacing == "LOG"

    @command(":SOURce:SWEep:SPACing?")
    def _spacing(self) -> str:
        return "LOG" if self.sweep.logarithmic else "LIN"

    @command(":SOURce:SWEep:DIRection", Choice("UP", "DOWN"))
    def _set_direction(self, direction: str) -> None:
        self.sweep.down = direction == "DOWN"

    @command(":SOURce:SWEep:DIRection?")
    def _direction(self) -> str:
        return "DOWN" if self.sweep.down else "UP"

    @command(":SOURce:SWEep:RANGing", Choice("BEST", "AUTO", "FIXed"))
    def _set_ranging(self, ranging: str) -> None:
        self.sweep.ranging = ranging

    @command(":SOURce:SWEep:RANGing?")
    def _ranging(self) -> str:
        return self.sweep.ranging

    @command(":SOURce:SWEep:CABort", Choice("NEVer", "EARLy", "LATE"))
    def _set_end_in_compliance(self, when: str) -> None:
        self.sweep.ends_in_compliance = when

    @command(":SOURce:SWEep:CABort?")
    def _end_in_compliance(self) -> str:
        return self.sweep.ends_in_compliance

    @command(":SOURce:LIST:{VOLTage|CURRent}", Many(_LEVEL, 1, MOST_PER_MESSAGE))
    def _set_list(self, function: str, *levels: float) -> None:
        self.sweep.lists[function] = list(levels)

    @command(":SOURce:LIST:{VOLTage|CURRent}:APPend", Many(_LEVEL, 1, MOST_PER_MESSAGE))
    def _append(self, function: str, *levels: float) -> None:
        if len(self.sweep.lists[function]) + len(levels) > MOST_POINTS:
            raise ScpiError(-223)
        self.sweep.lists[function] += levels

    @command(":SOURce:LIST:{VOLTage|CURRent}?")
    def _list(self, function: str) -> str:
        return ",".join(self.format_number(level) for level in self.sweep.lists[function])

    @command(":SOURce:LIST:{VOLTage|CURRent}:POINts?")
    def _list_length(self, function: str) -> str:
        return str(len(self.sweep.lists[function]))

    @command(":SOURce:LIST:{VOLTage|CURRent}:STARt", Integer("", 1, MOST_POINTS))
    def _set_first(self, function: str, first: int) -> None:
        if first > len(self.sweep.lists[function]):
            raise ScpiError(-222)
        self.sweep.first_of_list[function] = first

    @command(":SOURce:LIST:{VOLTage|CURRent}:STARt?")
    def _first(self, function: str) -> str:
        return str(self.sweep.first_of_list[function])
