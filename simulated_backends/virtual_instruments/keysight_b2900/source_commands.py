"""Virtual B2900 family: the commands SOURce (SCPI reference, chapter 4)."""

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import Boolean, Choice, Integer, Many, Number
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.keysight_b2900.channel import MOST_POINTS
from tsbench.simulated_backends.virtual_instruments.keysight_b2900.command_table import ChannelSetting, TableB2900
from tsbench.simulated_backends.virtual_instruments.source_meter.output_stage import range_for

_SOURCE = "[:SOURce<1-2>]:{VOLTage|CURRent}"
_LEVEL = Number(high="highest", symmetric=True, default=0.0)


class LevelTable(TableB2900):
    """Base of the tables with levels."""

    def highest(self, channel: int, function: str, *rest: str) -> float:
        """Return the highest level [V or A] of the fixed range, or of the instrument."""
        self.channel(channel)
        return self.data_sheet.ranges[function][-1].top

    def require_power(self, channel: int, function: str, level: float) -> None:
        """Raise ScpiError(-221) where a level or range [V or A] does not allow the limit that is set."""
        settings = self.channel(channel).settings
        if function != settings.source_function:
            return
        rows = self.data_sheet.ranges[function]
        highest = self.data_sheet.highest_limit[function][rows.index(range_for(rows, level))]
        limit = settings.current_limit if function == "VOLT" else settings.voltage_limit
        if limit > highest * (1 + 1e-9):
            raise ScpiError(-221)


class SourceB2900(LevelTable):
    """Function, level and range of the source."""

    source_level = ChannelSetting(
        f"{_SOURCE}[:LEVel][:IMMediate][:AMPLitude]", Number(high="top_level", symmetric=True, default=0.0),
        coerce="_choose_level", change="_level_changed")
    source_range = ChannelSetting(
        f"{_SOURCE}:RANGe", Number(high="highest", symmetric=True),
        lambda owner, c, f: owner.channel(c).output.source_range(f).full_scale, coerce="_choose_range",
        change="_range_chosen")
    source_autorange = ChannelSetting(f"{_SOURCE}:RANGe:AUTO", Boolean(), change="_level_changed")
    source_lowest = ChannelSetting(
        f"{_SOURCE}:RANGe:AUTO:LLIMit", Number(high="highest", symmetric=True), change="_level_changed")
    wait = Setting("[:SOURce<1-2>]:WAIT[:STATe]", Boolean(), True, change="_wait_changed")
    wait_auto = Setting("[:SOURce<1-2>]:WAIT:AUTO", Boolean(), True, change="_wait_changed")
    wait_gain = Setting("[:SOURce<1-2>]:WAIT:GAIN", Number("", 0.0, 100.0, 1.0), 1.0)
    wait_offset = Setting("[:SOURce<1-2>]:WAIT:OFFSet", Number("", 0.0, 1.0, 0.0), 0.0, change="_wait_changed")
    continuous = Setting(
        "[:SOURce<1-2>]:FUNCtion:TRIGgered:CONTinuous", Boolean(), False, change="_continuous_changed")

    def top_level(self, channel: int, function: str) -> float:
        """Return the highest level [V or A] that the present range allows."""
        return self.channel(channel).output.top_level(function)

    def _choose_level(self, channel: int, function: str, value: float) -> float:
        if self.channel(channel).settings.source_autorange[function]:
            self.require_power(channel, function, value)
        return value

    def _choose_range(self, channel: int, function: str, value: float) -> float:
        row = range_for(self.data_sheet.ranges[function], value)
        self.require_power(channel, function, row.full_scale)
        if abs(self.channel(channel).settings.source_level[function]) > row.top * (1 + 1e-9):
            raise ScpiError(-221)
        return row.full_scale

    def _level_changed(self, channel: int, function: str) -> None:
        self.channel(channel).output.level_changed(function)

    def _range_chosen(self, channel: int, function: str) -> None:
        self.channel(channel).output.range_changed(function)

    def _continuous_changed(self, channel: int) -> None:
        self.channel(channel).keeps_last_level = bool(self.continuous[channel])

    def _wait_changed(self, channel: int) -> None:
        settings = self.channel(channel).settings
        waits = bool(self.wait[channel])
        offset = float(self.wait_offset[channel]) if waits else 0.0
        for function in ("VOLT", "CURR"):
            settings.source_autodelay[function] = waits and bool(self.wait_auto[channel])
            settings.source_delay[function] = offset

    @command("[:SOURce<1-2>]:FUNCtion:MODE", Choice("CURRent", "VOLTage"))
    def _set_function(self, number: int, function: str) -> None:
        channel = self.channel(number)
        if function == channel.settings.source_function:
            return
        if channel.output.stage.enabled:   # the output goes off with a change of the function
            for _ in channel.output.switch_off():
                pass
        channel.settings.source_function = function
        channel.settings.sense_function = "CURR" if function == "VOLT" else "VOLT"
        channel.output.refresh()

    @command("[:SOURce<1-2>]:FUNCtion:MODE?")
    def _function(self, number: int) -> str:
        return self.channel(number).settings.source_function

    @command("[:SOURce<1-2>]:FUNCtion[:SHAPe]", Choice("DC", "PULSe"))
    def _set_shape(self, number: int, shape: str) -> None:
        self.channel(number).pulsed = shape == "PULS"

    @command("[:SOURce<1-2>]:FUNCtion[:SHAPe]?")
    def _shape(self, number: int) -> str:
        return "PULS" if self.channel(number).pulsed else "DC"

    @command("[:SOURce<1-2>]:PULSe:DELay", Number("", 0.0, 99999.9, 0.0))
    def _set_pulse_delay(self, number: int, seconds: float) -> None:
        self.channel(number).pulse_delay = round(seconds, 6)

    @command("[:SOURce<1-2>]:PULSe:DELay?")
    def _pulse_delay(self, number: int) -> str:
        return self.format_number(self.channel(number).pulse_delay)

    @command("[:SOURce<1-2>]:PULSe:WIDTh", Number("", 50e-6, 100000.0, 50e-6))
    def _set_pulse_width(self, number: int, seconds: float) -> None:
        self.channel(number).pulse_width = round(seconds, 6)   # the resolution is 1 us

    @command("[:SOURce<1-2>]:PULSe:WIDTh?")
    def _pulse_width(self, number: int) -> str:
        return self.format_number(self.channel(number).pulse_width)


class SweepB2900(LevelTable):
    """Staircase, list and triggered level."""

    @command(f"{_SOURCE}:MODE", Choice("SWEep", "FIXed", "LIST"))
    def _set_mode(self, number: int, function: str, mode: str) -> None:
        self.channel(number).sweep.mode[function] = mode

    @command(f"{_SOURCE}:MODE?")
    def _mode(self, number: int, function: str) -> str:
        return self.channel(number).sweep.mode[function]

    @command(f"{_SOURCE}[:LEVel]:TRIGgered[:AMPLitude]", _LEVEL)
    def _set_triggered(self, number: int, function: str, level: float) -> None:
        self.channel(number).sweep.triggered[function] = level

    @command(f"{_SOURCE}[:LEVel]:TRIGgered[:AMPLitude]?")
    def _triggered(self, number: int, function: str) -> str:
        return self.format_number(self.channel(number).sweep.triggered[function] or 0.0)

    @command(f"{_SOURCE}:{{STARt|STOP}}", _LEVEL)
    def _set_end(self, number: int, function: str, which: str, level: float) -> None:
        sweep = self.channel(number).sweep
        (sweep.start if which == "STAR" else sweep.stop)[function] = level

    @command(f"{_SOURCE}:{{STARt|STOP}}?")
    def _end(self, number: int, function: str, which: str) -> str:
        sweep = self.channel(number).sweep
        return self.format_number((sweep.start if which == "STAR" else sweep.stop)[function])

    @command(f"{_SOURCE}:STEP", Number())
    def _set_step(self, number: int, function: str, step: float) -> None:
        sweep = self.channel(number).sweep
        span = sweep.stop[function] - sweep.start[function]
        if step == 0 or span / step < 0 or span / step + 1 > MOST_POINTS:
            raise ScpiError(-222)
        sweep.points = int(span / step + 1e-9) + 1

    @command(f"{_SOURCE}:STEP?")
    def _step(self, number: int, function: str) -> str:
        sweep = self.channel(number).sweep
        span = sweep.stop[function] - sweep.start[function]
        return self.format_number(span / (sweep.points - 1) if sweep.points > 1 else 0.0)

    @command(f"{_SOURCE}:POINts", Integer("", 1, MOST_POINTS, 1))
    def _set_points_of(self, number: int, function: str, points: int) -> None:
        self.channel(number).sweep.points = points

    @command(f"{_SOURCE}:POINts?")
    def _points_of(self, number: int, function: str) -> str:
        return str(self.channel(number).sweep.points)

    @command("[:SOURce<1-2>]:SWEep:POINts", Integer("", 1, MOST_POINTS, 1))
    def _set_points(self, number: int, points: int) -> None:
        self.channel(number).sweep.points = points

    @command("[:SOURce<1-2>]:SWEep:POINts?")
    def _points(self, number: int) -> str:
        return str(self.channel(number).sweep.points)

    @command("[:SOURce<1-2>]:SWEep:SPACing", Choice("LINear", "LOGarithmic"))
    def _set_spacing(self, number: int, spacing: str) -> None:
        self.channel(number).sweep.spacing = spacing

    @command("[:SOURce<1-2>]:SWEep:DIRection", Choice("UP", "DOWN"))
    def _set_direction(self, number: int, direction: str) -> None:
        self.channel(number).sweep.direction = direction

    @command("[:SOURce<1-2>]:SWEep:STAir", Choice("SINGle", "DOUBle"))
    def _set_stairs(self, number: int, stairs: str) -> None:
        self.channel(number).sweep.stairs = stairs

    @command("[:SOURce<1-2>]:SWEep:RANGing", Choice("BEST", "AUTO", "FIXed"))
    def _set_ranging(self, number: int, ranging: str) -> None:
        self.channel(number).sweep.ranging = ranging

    @command("[:SOURce<1-2>]:SWEep:{SPACing|DIRection|STAir|RANGing}?")
    def _sweep_setting(self, number: int, which: str) -> str:
        sweep = self.channel(number).sweep
        return {"SPAC": sweep.spacing, "DIR": sweep.direction, "STA": sweep.stairs, "RANG": sweep.ranging}[which]

    @command("[:SOURce<1-2>]:LIST:{VOLTage|CURRent}", Many(_LEVEL, 1, MOST_POINTS))
    def _set_list(self, number: int, function: str, *levels: float) -> None:
        self.channel(number).sweep.listed[function] = list(levels)

    @command("[:SOURce<1-2>]:LIST:{VOLTage|CURRent}:APPend", Many(_LEVEL, 1, MOST_POINTS))
    def _append(self, number: int, function: str, *levels: float) -> None:
        listed = self.channel(number).sweep.listed[function]
        if len(listed) + len(levels) > MOST_POINTS:
            raise ScpiError(-223)
        listed += levels

    @command("[:SOURce<1-2>]:LIST:{VOLTage|CURRent}?")
    def _list(self, number: int, function: str) -> str:
        return ",".join(self.format_number(level) for level in self.channel(number).sweep.listed[function])

    @command("[:SOURce<1-2>]:LIST:{VOLTage|CURRent}:POINts?")
    def _list_length(self, number: int, function: str) -> str:
        return str(len(self.channel(number).sweep.listed[function]))
