"""Virtual 2400 family: the commands SOURce and OUTPut (manual, section 18)."""

import copy

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.scpi.parameters import AnyOf, Boolean, Choice, Integer, Number
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.keithley_2400.command_table import SourceMeterTable
from tsbench.simulated_backends.virtual_instruments.keithley_2400.errors import refusal
from tsbench.simulated_backends.virtual_instruments.source_meter.output_stage import range_for

_LEVEL = Number(high="highest_level", symmetric=True, default=0.0)


class Source2400(SourceMeterTable):
    """Function, level, range, delay, source memory; the output and its off state."""

    source_level = Setting(
        ":SOURce:{VOLTage|CURRent}[:LEVel][:IMMediate][:AMPLitude]", _LEVEL, part="settings",
        coerce="_choose_level", change="output.level_changed")
    source_autorange = Setting(
        ":SOURce:{VOLTage|CURRent}:RANGe:AUTO", Boolean(), part="settings", change="output.level_changed")
    triggered_level = Setting(
        ":SOURce:{VOLTage|CURRent}[:LEVel]:TRIGgered[:AMPLitude]", _LEVEL, 0.0)
    source_autodelay = Setting(":SOURce:DELay:AUTO", Boolean(), True, change="_delay_changed")
    auto_clear = Setting(":SOURce:CLEar:AUTO", Boolean(), False, change="_auto_clear_changed")
    auto_clear_mode = Setting(
        ":SOURce:CLEar:AUTO:MODE", Choice("ALWays", "TCOunt"), "ALW", change="_auto_clear_changed")
    pulse_shape = Setting(":SOURce:FUNCtion:SHAPe", Choice("DC"), "DC")
    soak = Setting(":SOURce:SOAK", Number("", 0.0, 999.9999, 0.0), 0.0)

    def highest_level(self, function: str) -> float:
        """Return the highest level [V or A] of the fixed range, or of the instrument."""
        return self.output.top_level(function)

    def _choose_level(self, function: str, value: float) -> float:
        if self.functions.ohms_set_the_source and function == "CURR":
            raise refusal(825)
        if self.sweep.modes[function] != "FIX" and function == self.settings.source_function:
            raise ScpiError(-221)
        if self.settings.source_autorange[function]:
            self.meter.require_power(function, range_for(self.data_sheet.ranges[function], value).full_scale)
        return value

    @command(":SOURce:FUNCtion[:MODE]", Choice("VOLTage", "CURRent", "MEMory"))
    def _set_function(self, function: str) -> Handler:
        model = self.trigger_model
        model.uses_memory = function == "MEM"
        if function in {"MEM", self.settings.source_function}:
            return
        if self.functions.ohms_set_the_source:
            raise refusal(825)
        other = "CURR" if function == "VOLT" else "VOLT"
        if self.output.stage.enabled:   # the output goes off with a change of the function
            yield from self.output.switch_off()
        self.settings.source_function = function
        if not self.settings.sense_autorange[other] or not self.settings.sense_autorange[function]:
            self.settings.sense_autorange.update({"VOLT": True, "CURR": True})
        self.functions.apply()

    @command(":SOURce:FUNCtion[:MODE]?")
    def _function(self) -> str:
        return "MEM" if self.trigger_model.uses_memory else self.settings.source_function

    @command(":SOURce:{VOLTage|CURRent}:RANGe", AnyOf(
        Choice("UP", "DOWN"),
        Number(high=lambda owner, f: owner.data_sheet.ranges[f][-1].top, symmetric=True,
               default=lambda owner, f: owner.data_sheet.first_ranges[f].full_scale)))
    def _set_range(self, function: str, value: float | str) -> None:
        rows = self.data_sheet.ranges[function]
        if isinstance(value, str):
            place = rows.index(self.output.source_range(function)) + (1 if value == "UP" else -1)
            row = rows[min(max(place, 0), len(rows) - 1)]
        else:
            row = range_for(rows, value)
        self.meter.require_power(function, row.full_scale)
        if abs(self.settings.source_level[function]) > row.top * (1 + 1e-9):
            raise ScpiError(-221)
        self.settings.source_range[function] = row.full_scale
        self.output.range_changed(function)

    @command(":SOURce:{VOLTage|CURRent}:RANGe?")
    def _range(self, function: str) -> str:
        if self.settings.source_autorange[function] and not self.settings.source_level[function]:
            return self.format_number(self.data_sheet.first_ranges[function].top)
        return self.format_number(self.output.source_range(function).top)

    # ---------------------------------------------------------------------------------- delay, protection

    @command(":SOURce:DELay", Number("", 0.0, 999.9999, 0.0))
    def _set_delay(self, seconds: float) -> None:
        self.settings.source_delay.update(dict.fromkeys(("VOLT", "CURR"), seconds))
        self.source_autodelay = False
        self._delay_changed()

    @command(":SOURce:DELay?")
    def _delay(self) -> str:
        return self.format_number(self.output.delay())

    def _delay_changed(self) -> None:
        automatic = bool(self.source_autodelay)
        self.settings.source_autodelay.update(dict.fromkeys(("VOLT", "CURR"), automatic))

    @command(":SOURce:VOLTage:PROTection[:LEVel]", AnyOf(
        Choice("NONE"), Number("", 0.0, lambda owner: 1.2 * owner.data_sheet.protections[-1] + 1e3)))
    def _set_protection(self, value: float | str) -> None:
        levels = self.data_sheet.protections
        level = float("inf")
        if value != "NONE" and float(value) <= levels[-1]:
            level = next(one for one in levels if float(value) <= one)
        self.settings.protection.update(dict.fromkeys(("VOLT", "CURR"), level))
        self.output.refresh()

    @command(":SOURce:VOLTage:PROTection[:LEVel]?")
    def _protection(self) -> str:
        level = self.settings.protection["VOLT"]
        return "NONE" if level == float("inf") else self.format_number(level)

    @command(":SOURce:VOLTage:PROTection:TRIPped?")
    def _protection_tripped(self) -> str:
        reached = abs(self.output.stage.present("VOLT")) >= 0.99 * self.settings.protection["VOLT"]
        return str(int(self.output.stage.enabled and reached))

    # ------------------------------------------------------------------------------------- source memory

    @command(":SOURce:MEMory:SAVE", Integer("", 1, 100))
    def _save(self, place: int) -> None:
        self.trigger_model.memories[place] = (copy.deepcopy(self.settings), set(self.functions.selected))

    @command(":SOURce:MEMory:RECall", Integer("", 1, 100))
    def _recall(self, place: int) -> None:
        settings, functions = self.trigger_model.memories.get(place, (None, set()))
        if settings is None:
            raise ScpiError(-221)
        self.settings.take(copy.deepcopy(settings))
        self.functions.selected = set(functions)
        self.functions.apply()

    @command(":SOURce:MEMory:{POINts|STARt}", Integer("", 1, 100))
    def _set_memory(self, which: str, value: int) -> None:
        settings = self.trigger_model.settings
        if which == "POIN":
            settings.memory_points = value
        else:
            settings.first_memory = value

    @command(":SOURce:MEMory:{POINts|STARt}?")
    def _memory(self, which: str) -> str:
        settings = self.trigger_model.settings
        return str(settings.memory_points if which == "POIN" else settings.first_memory)

    # ---------------------------------------------------------------------------------------- the output

    off_state = Setting(
        ":OUTPut:SMODe", Choice("HIMPedance", "NORMal", "ZERO", "GUARd"),
        lambda owner: owner.data_sheet.first_off_state, change="_off_state_changed")
    output_enable = Setting(
        ":OUTPut:ENABle[:STATe]", Boolean(), False, also=(":OUTPut:INTerlock[:STATe]",),
        change="_output_enable_changed")

    def _off_state_changed(self) -> None:
        chosen = str(self.off_state)
        self.settings.off_state.update(dict.fromkeys(("VOLT", "CURR", "RES"), chosen))
        self.output.off_state_changed(self.settings.source_function)

    def _output_enable_changed(self) -> Handler:
        self.meter.output_enable = bool(self.output_enable)
        if self.meter.output_enable and not self.meter.output_enable_line and self.output.stage.enabled:
            yield from self.output.switch_off()

    @command(":OUTPut:INTerlock:TRIPped?")
    @command(":OUTPut:ENABle:TRIPped?")
    def _output_enable_tripped(self) -> str:
        return str(int(self.meter.output_enable_line))   # 1: the source can be turned on (manual, p. 18-56)

    def _auto_clear_changed(self) -> Handler:
        settings = self.trigger_model.settings
        settings.clears_output = bool(self.auto_clear)
        settings.clears_after_count = self.auto_clear_mode == "TCO"
        if settings.clears_output and self.output.stage.enabled:
            yield from self.output.switch_off()

    @command(":OUTPut[:STATe]", Boolean())
    def _set_output(self, on: bool) -> Handler:
        if on:
            self.meter.require_unblocked()
        if on and not self.output.stage.enabled:
            self.output.switch_on()
            yield self.data_sheet.switch_on_time
        elif not on:
            yield from self.output.switch_off()

    @command(":SOURce:CLEar[:IMMediate]")
    def _clear(self) -> Handler:
        yield from self.output.switch_off()

    @command(":OUTPut[:STATe]?")
    def _output(self) -> str:
        return str(int(self.output.stage.enabled))
