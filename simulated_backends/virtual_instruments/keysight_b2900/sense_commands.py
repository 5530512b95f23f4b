"""Virtual B2900 family: the commands SENSe and OUTPut (SCPI reference, chapter 4)."""

from typing import Any

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.scpi.parameters import Boolean, Choice, Many, Number, text_of
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.keysight_b2900.command_table import ChannelSetting, TableB2900
from tsbench.simulated_backends.virtual_instruments.source_meter.output_stage import range_for

_ALL = ("VOLT", "CURR", "RES")
_QUANTITY = ":SENSe<1-2>:{VOLTage|CURRent}[:DC]"


class _SensedFunction(Choice):
    """``"CURR"``, ``"VOLT:DC"``, ...: always in quotes."""

    def __init__(self) -> None:
        super().__init__("VOLTage", "CURRent", "RESistance", quoted=True)

    def parse(self, raw: bytes, owner: Any, key: tuple[Any, ...]) -> str:
        text = text_of(raw)
        if text[:1] not in {"'", '"'}:
            raise ScpiError(-104)
        return super().parse(text.replace(":DC", "").replace(":dc", "").encode("latin-1"), owner, key)


class SenseB2900(TableB2900):
    """Functions, ranges, aperture, compliance, remote sensing."""

    sense_range = ChannelSetting(
        f"{_QUANTITY}:RANGe[:UPPer]", Number(high="highest_range", symmetric=True),
        lambda owner, c, f: owner.channel(c).output.automatic[f].full_scale, coerce="_choose_range",
        change="_range_chosen")
    sense_autorange = ChannelSetting(f"{_QUANTITY}:RANGe:AUTO", Boolean(), change="_range_changed")
    lowest_range = ChannelSetting(
        f"{_QUANTITY}:RANGe:AUTO:LLIMit", Number(high="highest_range", symmetric=True), change="_range_changed")
    autorange_mode = Setting(
        f"{_QUANTITY}:RANGe:AUTO:MODE", Choice("NORMal", "RESolution", "SPEed"), "NORM")
    sense_wait = Setting(":SENSe<1-2>:WAIT[:STATe]", Boolean(), True)
    sense_wait_auto = Setting(":SENSe<1-2>:WAIT:AUTO", Boolean(), True)
    sense_wait_gain = Setting(":SENSe<1-2>:WAIT:GAIN", Number("", 0.0, 100.0, 1.0), 1.0)
    sense_wait_offset = Setting(":SENSe<1-2>:WAIT:OFFSet", Number("", 0.0, 1.0, 0.0), 0.0)
    aperture_auto = Setting(
        ":SENSe<1-2>:{VOLTage|CURRent|RESistance}[:DC]:{APERture|NPLCycles}:AUTO", Boolean(), False)
    ohms_mode = Setting(":SENSe<1-2>:RESistance:MODE", Choice("MANual", "AUTO"), "MAN")
    offset_compensation = Setting(":SENSe<1-2>:RESistance:OCOMpensated", Boolean(), False)

    def highest_range(self, channel: int, function: str) -> float:
        """Return the highest value [V or A] that the RANGe command takes."""
        self.channel(channel)
        return self.data_sheet.ranges[function][-1].reading_top

    def _choose_range(self, channel: int, function: str, value: float) -> float:
        return range_for(self.data_sheet.ranges[function], value).full_scale

    def _range_chosen(self, channel: int, function: str) -> None:
        self.channel(channel).settings.sense_autorange[function] = False
        self._range_changed(channel, function)

    def _range_changed(self, channel: int, function: str) -> None:
        self.channel(channel).output.measuring_changed()

    @command(":SENSe<1-2>:FUNCtion[:ON]", Many(_SensedFunction(), 1, 3))
    def _function_on(self, number: int, *functions: str) -> None:
        self.channel(number).functions |= set(functions)

    @command(":SENSe<1-2>:FUNCtion:OFF", Many(_SensedFunction(), 1, 3))
    def _function_off(self, number: int, *functions: str) -> None:
        self.channel(number).functions -= set(functions)

    @command(":SENSe<1-2>:FUNCtion:ALL")
    @command(":SENSe<1-2>:FUNCtion:ON:ALL")
    def _functions_on(self, number: int) -> None:
        self.channel(number).functions = set(_ALL)

    @command(":SENSe<1-2>:FUNCtion:OFF:ALL")
    def _functions_off(self, number: int) -> None:
        self.channel(number).functions = set()

    @command(":SENSe<1-2>:FUNCtion[:ON]?")
    def _functions(self, number: int) -> str:
        return ",".join(f'"{name}"' for name in _ALL if name in self.channel(number).functions)

    @command(":SENSe<1-2>:{VOLTage|CURRent|RESistance}[:DC]:NPLCycles", Number("", 4e-4, 100.0, 0.1))
    def _set_cycles(self, number: int, function: str, cycles: float) -> None:
        self.channel(number).settings.nplc.update(dict.fromkeys(_ALL, cycles))

    @command(":SENSe<1-2>:{VOLTage|CURRent|RESistance}[:DC]:NPLCycles?")
    def _cycles(self, number: int, function: str) -> str:
        return self.format_number(self.channel(number).settings.nplc["CURR"])

    @command(":SENSe<1-2>:{VOLTage|CURRent|RESistance}[:DC]:APERture", Number("", 8e-6, 2.0))
    def _set_aperture(self, number: int, function: str, seconds: float) -> None:
        settings = self.channel(number).settings
        settings.nplc.update(dict.fromkeys(_ALL, seconds * settings.line_frequency))

    @command(":SENSe<1-2>:{VOLTage|CURRent|RESistance}[:DC]:APERture?")
    def _aperture(self, number: int, function: str) -> str:
        settings = self.channel(number).settings
        return self.format_number(settings.nplc["CURR"] / settings.line_frequency)

    @command(f"{_QUANTITY}:PROTection[:LEVel]", Number(
        low=lambda owner, c, f: owner.data_sheet.least_limit_of[f],
        high=lambda owner, c, f: owner.data_sheet.ranges[f][-1].top,
        default=lambda owner, c, f: 1e-4 if f == "CURR" else 2.0))
    def _set_limit(self, number: int, function: str, value: float) -> None:
        channel = self.channel(number)
        sourced = "VOLT" if function == "CURR" else "CURR"
        if sourced == channel.settings.source_function and value > channel.output.highest_limit(sourced) * (1 + 1e-9):
            raise ScpiError(-221)
        if function == "CURR":
            channel.settings.current_limit = value
        else:
            channel.settings.voltage_limit = value
        channel.output.refresh()

    @command(f"{_QUANTITY}:PROTection[:LEVel]?")
    def _limit(self, number: int, function: str) -> str:
        settings = self.channel(number).settings
        return self.format_number(settings.current_limit if function == "CURR" else settings.voltage_limit)

    @command(f"{_QUANTITY}:PROTection:TRIPped?")
    def _tripped(self, number: int, function: str) -> str:
        channel = self.channel(number)
        return str(int(function != channel.settings.source_function and channel.output.stage.limiting()))

    @command(":SENSe<1-2>:REMote", Boolean())
    def _set_remote(self, number: int, on: bool) -> None:
        self.channel(number).settings.four_wire.update(dict.fromkeys(_ALL, on))

    @command(":SENSe<1-2>:REMote?")
    def _remote(self, number: int) -> str:
        return str(int(self.channel(number).settings.four_wire["CURR"]))


class OutputB2900(TableB2900):
    """The output switch, its off state, protection, high capacitance, filter."""

    low_terminal = Setting(":OUTPut<1-2>:LOW", Choice("FLOat", "GROund"), "GRO")
    output_filter = Setting(":OUTPut<1-2>:FILTer[:LPASs][:STATe]", Boolean(), True)
    filter_auto = Setting(":OUTPut<1-2>:FILTer:AUTO", Boolean(), True)

    @command(":OUTPut<1-2>[:STATe]", Boolean())
    def _set_output(self, number: int, on: bool) -> Handler:
        channel = self.channel(number)
        if on and not channel.output.stage.enabled:
            self.meter.require_interlock(number)
            channel.output.switch_on()
            yield self.data_sheet.switch_on_time
        elif not on:
            self.meter.engines[number].abort({"TRAN", "ACQ"})
            yield from channel.output.switch_off()

    @command(":OUTPut<1-2>[:STATe]?")
    def _output(self, number: int) -> str:
        return str(int(self.channel(number).output.stage.enabled))

    @command(":OUTPut<1-2>:OFF:MODE", Choice("ZERO", "HIZ", "NORMal"))
    def _set_off_mode(self, number: int, mode: str) -> None:
        channel = self.channel(number)
        channel.settings.off_state.update(dict.fromkeys(_ALL, mode))
        channel.output.off_state_changed(channel.settings.source_function)

    @command(":OUTPut<1-2>:OFF:MODE?")
    def _off_mode(self, number: int) -> str:
        return self.channel(number).settings.off_state["VOLT"]

    @command(":OUTPut<1-2>:{ON|OFF}:AUTO", Boolean())
    def _set_automatic(self, number: int, which: str, on: bool) -> None:
        channel = self.channel(number)
        if which == "ON":
            channel.switches_on = on
        else:
            channel.switches_off = on

    @command(":OUTPut<1-2>:{ON|OFF}:AUTO?")
    def _automatic(self, number: int, which: str) -> str:
        channel = self.channel(number)
        return str(int(channel.switches_on if which == "ON" else channel.switches_off))

    @command(":OUTPut<1-2>:PROTection[:STATe]", Boolean())
    def _set_protection(self, number: int, on: bool) -> None:
        channel = self.channel(number)
        channel.protected = on
        if on:
            self.clock.watch(channel, lambda: self._protect(number))
        else:
            self.clock.unwatch(channel)

    def _protect(self, number: int) -> None:
        """Switch the output off when it reaches the compliance."""
        channel = self.channel(number)
        if channel.output.stage.enabled:
            self.meter.bench.sync()
            if channel.output.stage.limiting():
                self.meter.engines[number].abort({"TRAN", "ACQ"})
                for _ in channel.output.switch_off():
                    pass   # the relay opens by itself

    @command(":OUTPut<1-2>:PROTection[:STATe]?")
    def _protection(self, number: int) -> str:
        return str(int(self.channel(number).protected))

    @command(":OUTPut<1-2>:HCAPacitance[:STATe]", Boolean())
    def _set_high_capacitance(self, number: int, on: bool) -> None:
        channel = self.channel(number)
        if on and channel.settings.source_function != "VOLT":
            raise ScpiError(-221)
        channel.settings.high_capacitance.update(dict.fromkeys(_ALL, on))
        channel.output.refresh()

    @command(":OUTPut<1-2>:HCAPacitance[:STATe]?")
    def _high_capacitance(self, number: int) -> str:
        return str(int(self.channel(number).settings.high_capacitance["VOLT"]))
