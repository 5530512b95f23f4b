"""Virtual interactive source meter: the commands SOURce and OUTPut."""

import math
from typing import Any

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.scpi.parameters import Boolean, Choice, Number, Parameter, text_of
from tsbench.simulated_backends.scpi.plain_numbers import number_behind
from tsbench.simulated_backends.scpi.syntax import capitals
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.command_table import MeterTable
from tsbench.simulated_backends.virtual_instruments.source_meter.output_stage import range_for


def _limit(function: str, unit: str) -> Number:
    """Return the parameter of the limit [A or V] beside a sourced function, with the bounds of the model."""
    return Number(
        unit, lambda owner: owner.data_sheet.lowest_limit[function],
        lambda owner: max(owner.data_sheet.highest_limit[function]),
        lambda owner: owner.data_sheet.first_limit[function],
    )


class _Protection(Parameter):
    """``PROT20`` is 20 V; ``NONE`` is no protection (inf)."""

    def parse(self, raw: bytes, owner: Any, key: tuple[Any, ...]) -> float:
        text = capitals(text_of(raw))
        if text == "NONE":
            return math.inf
        if (volts := number_behind("PROT", text)) is None:
            raise ScpiError(-224 if text[:1].isalpha() else -104)
        return float(volts)

    def format(self, value: Any, owner: Any) -> str:
        return f"PROT{value:.0f}" if math.isfinite(value) else "NONE"


class SourceCommands(MeterTable):
    """Level, range, limit, delay; the output relay."""

    source_function = Setting(
        ":SOURce:FUNCtion[:MODE]", Choice("VOLTage", "CURRent", quoted=True), part="settings",
        coerce="_choose_function", change="_function_changed",
    )
    source_level = Setting(
        ":SOURce:{VOLTage|CURRent}[:LEVel][:IMMediate][:AMPLitude]",
        Number(high="output.top_level", symmetric=True, default=0.0, units=("V", "A")), part="settings",
        change="output.level_changed",
    )
    source_range = Setting(
        ":SOURce:{VOLTage|CURRent}:RANGe",
        Number(
            high=lambda owner, f: owner.data_sheet.ranges[f][-1].top, symmetric=True,
            default=lambda owner, f: owner.data_sheet.ranges[f][0].full_scale, units=("V", "A"),
        ),
        lambda owner, f: owner.output.source_range(f).full_scale, part="settings",
        coerce="_choose_source_range", change="output.range_changed",
    )
    source_autorange = Setting(
        ":SOURce:{VOLTage|CURRent}:RANGe:AUTO", Boolean(), part="settings", change="output.level_changed")
    current_limit = Setting(
        ":SOURce:VOLTage:ILIMit[:LEVel]", _limit("VOLT", "A"), part="settings",
        coerce="_choose_current_limit", change="output.refresh",
    )
    voltage_limit = Setting(
        ":SOURce:CURRent:VLIMit[:LEVel]", _limit("CURR", "V"), part="settings",
        coerce="_choose_voltage_limit", change="output.refresh",
    )
    source_delay = Setting(
        ":SOURce:{VOLTage|CURRent}:DELay", Number("s", 0.0, 1e4, 0.0), part="settings", change="_delay_fixed")
    source_autodelay = Setting(":SOURce:{VOLTage|CURRent}:DELay:AUTO", Boolean(), part="settings")
    source_user_delay = Setting(":SOURce:{VOLTage|CURRent}:DELay:USER<1-5>", Number("s", 0.0, 1e4, 0.0), 0.0)
    read_back = Setting(":SOURce:{VOLTage|CURRent}:READ:BACK", Boolean(), part="settings")
    high_capacitance = Setting(
        ":SOURce:{VOLTage|CURRent}:HIGH:CAPacitance", Boolean(), part="settings", change="_stage_changed")
    protection = Setting(
        ":SOURce:{VOLTage|CURRent}:PROTection[:LEVel]", _Protection(), part="settings", coerce="_choose_protection",
        change="_stage_changed")

    @command(":SOURce:VOLTage:ILIMit[:LEVel]:TRIPped?")
    def _current_limit_tripped(self) -> str:
        return str(int(self.settings.source_function == "VOLT" and self.output.stage.limiting()))

    @command(":SOURce:CURRent:VLIMit[:LEVel]:TRIPped?")
    def _voltage_limit_tripped(self) -> str:
        return str(int(self.settings.source_function == "CURR" and self.output.stage.limiting()))

    @command(":SOURce:{VOLTage|CURRent}:PROTection[:LEVel]:TRIPped?")
    def _protection_tripped(self, function: str) -> str:
        """Whether the protection holds the output below its level, or below its limit."""
        most, output = self.settings.protection[function], self.output
        if function != self.settings.source_function or not output.stage.enabled:
            return "0"
        if function == "VOLT":
            return str(int(abs(self.settings.source_level["VOLT"]) > most))
        return str(int(most <= self.settings.voltage_limit and output.stage.limiting()))

    def _choose_function(self, function: str) -> str:
        if self.trigger_model.running:
            raise ScpiError(-221)
        return function

    def _choose_source_range(self, function: str, value: float) -> float:
        row = range_for(self.data_sheet.ranges[function], value)
        if abs(self.settings.source_level[function]) > row.top:
            raise ScpiError(-221)
        return row.full_scale

    def _choose_current_limit(self, value: float) -> float:
        return self._allowed("VOLT", value, self.settings.current_limit)

    def _choose_voltage_limit(self, value: float) -> float:
        return self._allowed("CURR", value, self.settings.voltage_limit)

    def _allowed(self, function: str, wanted: float, present: float) -> float:
        """Leave a limit with a warning as it is where the source range does not allow it (manual rev. B, p. 2-100)."""
        highest = self.output.highest_limit(function)
        if wanted <= highest:
            return wanted
        unit = "A" if function == "VOLT" else "V"
        self.meter.event_log.warn(
            f"source limit {wanted:g} {unit} is above {highest:g} {unit} of the source range, limit not changed")
        return present

    def _choose_protection(self, function: str, level: float) -> float:
        if math.isfinite(level) and level not in self.data_sheet.protections:
            raise ScpiError(-224)
        return level

    def _function_changed(self) -> Handler:
        if self.output.stage.enabled:
            yield from self.output.switch_off()
        self.output.refresh()

    def _delay_fixed(self, function: str) -> None:
        self.settings.source_autodelay[function] = False

    def _stage_changed(self, function: str) -> None:
        if function == self.settings.source_function:
            self.output.refresh()

    # =============================================================================== output subsystem

    off_state = Setting(
        ":OUTPut:{VOLTage|CURRent}:SMODe", Choice("NORMal", "HIMPedance", "ZERO", "GUARd"), part="settings",
        change="output.off_state_changed",
    )

    @command(":OUTPut[:STATe]", Boolean())
    def _set_output(self, on: bool) -> Handler:
        if on and not self.output.stage.enabled:
            self.meter.require_interlock()
            self.output.switch_on()
            yield self.data_sheet.switch_on_time
        elif not on:
            self.trigger_model.abort()
            yield from self.output.switch_off()

    @command(":OUTPut[:STATe]?")
    def _output_query(self) -> str:
        return str(int(self.output.stage.enabled))

    @command(":OUTPut:SMODe", Choice("NORMal", "HIMPedance", "ZERO", "GUARd"))
    def _set_off_state(self, state: str) -> None:
        """Set the off state of the active source function."""
        function = self.settings.source_function
        self.settings.off_state[function] = state
        self.output.off_state_changed(function)

    @command(":OUTPut:SMODe?")
    def _off_state_query(self) -> str:
        return self.settings.off_state[self.settings.source_function]

    @command(":OUTPut:INTerlock:TRIPped?")
    def _interlock(self) -> str:
        """Whether the interlock is asserted: all voltage ranges are available (manual rev. B, p. 6-33)."""
        return str(int(self.meter.interlock))
