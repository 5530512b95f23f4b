"""Virtual 2400 family: the commands of sweeps, INITiate, ARM and TRIGger (manual, section 18)."""

import math

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.scpi.parameters import Choice, Integer, Many, Number
from tsbench.simulated_backends.scpi.tree import command
from tsbench.simulated_backends.virtual_instruments.keithley_2400.command_table import SourceMeterTable
from tsbench.simulated_backends.virtual_instruments.keithley_2400.sweep_levels import MOST_PER_MESSAGE, MOST_POINTS
from tsbench.simulated_backends.virtual_instruments.keithley_2400.trigger_model import Layer

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


class Trigger2400(SourceMeterTable):
    """INITiate, ABORt, ARM and TRIGger."""

    @property
    def _arm(self) -> Layer:
        return self.trigger_model.settings.arm

    @property
    def _trigger(self) -> Layer:
        return self.trigger_model.settings.trigger

    @command(":INITiate[:IMMediate]")
    def _initiate(self) -> Handler:
        yield from self.trigger_model.run()

    @command(":ABORt")
    def _abort(self) -> None:
        self.trigger_model.abort()

    @command(":TRIGger:CLEar")
    def _clear(self) -> None:
        return None   # a trigger that came early is not kept

    @command(f"{_ARM}:COUNt", Number("", 1, MOST_POINTS, 1, infinite=True))
    def _set_arm_count(self, count: float) -> None:
        if not math.isinf(count) and int(count) * self._trigger.count > MOST_POINTS:
            raise ScpiError(-221)
        self._arm.count = count if math.isinf(count) else int(count)

    @command(f"{_ARM}:COUNt?")
    def _arm_count(self) -> str:
        return "+9.900000E+37" if math.isinf(self._arm.count) else str(int(self._arm.count))

    @command(f"{_LAYER}:COUNt", Integer("", 1, MOST_POINTS, 1))
    def _set_count(self, count: int) -> None:
        if not math.isinf(self._arm.count) and count * self._arm.count > MOST_POINTS:
            raise ScpiError(-221)
        self._trigger.count = count

    @command(f"{_LAYER}:COUNt?")
    def _count(self) -> str:
        return str(int(self._trigger.count))

    @command(f"{_LAYER}:DELay", Number("", 0.0, 999.9999, 0.0))
    def _set_delay(self, seconds: float) -> None:
        self.trigger_model.settings.delay = seconds

    @command(f"{_LAYER}:DELay?")
    def _delay(self) -> str:
        return self.format_number(self.trigger_model.settings.delay)

    @command(f"{_ARM}:TIMer", Number("", 1e-3, 99999.99, 0.1))
    def _set_timer(self, value: float) -> None:
        self.trigger_model.settings.arm_timer = value

    @command(f"{_ARM}:TIMer?")
    def _timer(self) -> str:
        return self.format_number(self.trigger_model.settings.arm_timer)

    @command(f"{_ARM}:SOURce", Choice("IMMediate", "BUS", "TIMer", "MANual", "TLINk", "NSTest", "PSTest", "BSTest"))
    def _set_arm_source(self, value: str) -> None:
        self._arm.source = value

    @command(f"{_ARM}:SOURce?")
    def _arm_source(self) -> str:
        return self._arm.source

    @command(f"{_LAYER}:SOURce", Choice("IMMediate", "TLINk"))
    def _set_source(self, source: str) -> None:
        self._trigger.source = source

    @command(f"{_LAYER}:SOURce?")
    def _source(self) -> str:
        return self._trigger.source

    @command(f"{_ARM}[:TCONfigure]:DIRection", Choice("ACCeptor", "SOURce"))
    def _set_arm_bypass(self, value: str) -> None:
        self._arm.bypass = value

    @command(f"{_ARM}[:TCONfigure]:DIRection?")
    def _arm_bypass(self) -> str:
        return self._arm.bypass

    @command(f"{_LAYER}[:TCONfigure]:DIRection", Choice("ACCeptor", "SOURce"))
    def _set_bypass(self, bypass: str) -> None:
        self._trigger.bypass = bypass

    @command(f"{_LAYER}[:TCONfigure]:DIRection?")
    def _bypass(self) -> str:
        return self._trigger.bypass

    @command(f"{_ARM}[:TCONfigure][:ASYNchronous]:ILINe", Integer("", 1, 4, 1))
    def _set_arm_input(self, value: int) -> None:
        self._arm.input_line = value

    @command(f"{_ARM}[:TCONfigure][:ASYNchronous]:ILINe?")
    def _arm_input(self) -> str:
        return str(self._arm.input_line)

    @command(f"{_ARM}[:TCONfigure][:ASYNchronous]:OLINe", Integer("", 1, 4, 2))
    def _set_arm_output(self, value: int) -> None:
        self._arm.output_line = value

    @command(f"{_ARM}[:TCONfigure][:ASYNchronous]:OLINe?")
    def _arm_output(self) -> str:
        return str(self._arm.output_line)

    @command(f"{_LAYER}[:TCONfigure][:ASYNchronous]:ILINe", Integer("", 1, 4, 1))
    def _set_input(self, line: int) -> None:
        self._trigger.input_line = line

    @command(f"{_LAYER}[:TCONfigure][:ASYNchronous]:ILINe?")
    def _input(self) -> str:
        return str(self._trigger.input_line)

    @command(f"{_LAYER}[:TCONfigure][:ASYNchronous]:OLINe", Integer("", 1, 4, 2))
    def _set_output(self, line: int) -> None:
        self._trigger.output_line = line

    @command(f"{_LAYER}[:TCONfigure][:ASYNchronous]:OLINe?")
    def _output(self) -> str:
        return str(self._trigger.output_line)

    @command(f"{_ARM}[:TCONfigure][:ASYNchronous]:OUTPut", Many(Choice("TENTer", "TEXit", "NONE"), 1, 2))
    def _set_arm_events(self, *events: str) -> None:
        self._arm.outputs = ",".join(events)

    @command(f"{_ARM}[:TCONfigure][:ASYNchronous]:OUTPut?")
    def _arm_events(self) -> str:
        return self._arm.outputs

    @command(f"{_LAYER}[:TCONfigure][:ASYNchronous]:OUTPut", Many(Choice("SOURce", "DELay", "SENSe", "NONE"), 1, 3))
    def _set_events(self, *events: str) -> None:
        self._trigger.outputs = ",".join(events)

    @command(f"{_LAYER}[:TCONfigure][:ASYNchronous]:OUTPut?")
    def _events(self) -> str:
        return self._trigger.outputs

    @command(f"{_LAYER}[:TCONfigure][:ASYNchronous]:INPut", Many(Choice("SOURce", "DELay", "SENSe", "NONE"), 1, 3))
    def _set_input_events(self, *events: str) -> None:
        self.trigger_model.settings.input_events = ",".join(events)

    @command(f"{_LAYER}[:TCONfigure][:ASYNchronous]:INPut?")
    def _input_events(self) -> str:
        return self.trigger_model.settings.input_events
