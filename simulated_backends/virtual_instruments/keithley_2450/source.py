"""Keithley 2450: the SOURce and OUTPut subsystems."""

import math
from typing import Any

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.scpi.parameters import Boolean, Choice, Number
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.services.clock import ScheduledEvent
from tsbench.simulated_backends.virtual_instruments.keithley_2450 import ranges
from tsbench.simulated_backends.virtual_instruments.keithley_2450.ranges import (
    AUTO_DELAYS,
    CURRENT,
    TABLES,
    RangeData,
    range_for,
)
from tsbench.simulated_backends.virtual_instruments.keithley_2450.state import MeterState

RELAY_TIME = 0.5e-3  #: [s] from the output's zero to the open relay
SWITCH_ON_TIME = 2e-3  #: [s]


def top_of_source(instrument: Any, function: str) -> float:
    """Return the highest level: of the fixed source range, or of the instrument."""
    table = TABLES[function]
    if instrument.source_autorange[function]:
        return table[-1].top
    return range_for(function, instrument.source_range[function]).top


class SourceCommands(MeterState):
    """Level, range, limit, delay; the output relay."""

    _opening: ScheduledEvent | None = None
    _after_glitch: ScheduledEvent | None = None

    source_function = Setting(
        ":SOURce:FUNCtion[:MODE]",
        Choice("VOLTage", "CURRent", quoted=True),
        "VOLT",
        coerce="_choose_function",
        change="_function_changed",
    )
    source_level = Setting(
        ":SOURce:{VOLTage|CURRent}[:LEVel][:IMMediate][:AMPLitude]",
        Number(low=lambda i, f: -top_of_source(i, f), high=top_of_source, default=0.0, units=("V", "A")),
        0.0,
        change="level_changed",
    )
    source_range = Setting(
        ":SOURce:{VOLTage|CURRent}:RANGe",
        Number(
            low=lambda i, f: -TABLES[f][-1].top,
            high=lambda i, f: TABLES[f][-1].top,
            default=lambda i, f: TABLES[f][0].full_scale,
            units=("V", "A"),
        ),
        lambda i, f: i.source_row(f).full_scale,
        coerce="_choose_source_range",
        change="_source_range_fixed",
    )
    source_autorange = Setting(
        ":SOURce:{VOLTage|CURRent}:RANGe:AUTO", Boolean(), True, change="level_changed"
    )
    current_limit = Setting(
        ":SOURce:VOLTage:ILIMit[:LEVel]",
        Number("A", 1e-9, 1.05, 105e-6),
        105e-6,
        coerce="_choose_current_limit",
        change="_limit_changed",
    )
    voltage_limit = Setting(
        ":SOURce:CURRent:VLIMit[:LEVel]",
        Number("V", 0.02, 210.0, 21.0),
        21.0,
        coerce="_choose_voltage_limit",
        change="_limit_changed",
    )
    source_delay = Setting(
        ":SOURce:{VOLTage|CURRent}:DELay", Number("s", 0.0, 1e4, 0.0), 0.0, change="_delay_fixed"
    )
    source_autodelay = Setting(":SOURce:{VOLTage|CURRent}:DELay:AUTO", Boolean(), True)
    source_user_delay = Setting(":SOURce:{VOLTage|CURRent}:DELay:USER<1-5>", Number("s", 0.0, 1e4, 0.0), 0.0)
    read_back = Setting(":SOURce:{VOLTage|CURRent}:READ:BACK", Boolean(), True)
    high_capacitance = Setting(
        ":SOURce:{VOLTage|CURRent}:HIGH:CAPacitance", Boolean(), False, change="_stage_changed"
    )
    protection = Setting(
        ":SOURce:{VOLTage|CURRent}:PROTection[:LEVel]",
        Choice(
            "PROT2",
            "PROT5",
            "PROT10",
            "PROT20",
            "PROT40",
            "PROT60",
            "PROT80",
            "PROT100",
            "PROT120",
            "PROT140",
            "PROT160",
            "PROT180",
            "NONE",
        ),
        "NONE",
    )

    @command(":SOURce:VOLTage:ILIMit[:LEVel]:TRIPped?")
    def _current_limit_tripped(self) -> str:
        return str(int(self.source_function == "VOLT" and self.stage.limiting()))

    @command(":SOURce:CURRent:VLIMit[:LEVel]:TRIPped?")
    def _voltage_limit_tripped(self) -> str:
        return str(int(self.source_function == "CURR" and self.stage.limiting()))

    @command(":SOURce:{VOLTage|CURRent}:PROTection[:LEVel]:TRIPped?")
    def _protection_tripped(self, function: str) -> str:
        return "0"

    def source_row(self, function: str | None = None) -> RangeData:
        """Return the active source range (of the active function)."""
        function = function or self.source_function
        if self.source_autorange[function]:
            return range_for(function, self.source_level[function])
        return range_for(function, self.setting_values.get(("source_range", (function,)), 0.0))

    def _choose_function(self, function: str) -> str:
        self.refuse_while_running()
        return function

    def _choose_source_range(self, function: str, value: float) -> float:
        row = range_for(function, value)
        if abs(self.source_level[function]) > row.top:
            raise ScpiError(-221)
        return row.full_scale

    def _choose_current_limit(self, value: float) -> float:
        """Leave the limit as it is where the source range does not allow ``value`` (manual rev. B, p. 2-100)."""
        allowed = value <= ranges.highest_limit("VOLT", self.source_row("VOLT"))
        return value if allowed else float(self.current_limit)

    def _choose_voltage_limit(self, value: float) -> float:
        allowed = value <= ranges.highest_limit("CURR", self.source_row("CURR"))
        return value if allowed else float(self.voltage_limit)

    def _fit_limit(self) -> None:
        """Move the limit where source range or fixed measuring range do not allow it (p. 2-100 and 6-71).

        The warning that the instrument puts into its event log is not modelled: ``:SYST:ERR?`` does not tell it.
        """
        function = self.source_function
        other = "CURR" if function == "VOLT" else "VOLT"
        fixed = self.sense_function == other and not self.sense_autorange[other]
        measuring = range_for(other, self.sense_range[other]) if fixed else None
        highest = ranges.highest_limit(function, self.source_row())
        if function == "VOLT":
            self.current_limit = ranges.fitting_limit(float(self.current_limit), highest, measuring)
        else:
            self.voltage_limit = ranges.fitting_limit(float(self.voltage_limit), highest, measuring)

    def _function_changed(self) -> Handler:
        if self.stage.enabled:
            yield from self.switch_off()
        self.refresh()

    def _source_range_fixed(self, function: str) -> None:
        self.source_autorange[function] = False
        self.level_changed(function)

    def _delay_fixed(self, function: str) -> None:
        self.source_autodelay[function] = False

    def _limit_changed(self) -> None:
        self._stage_changed()

    def _stage_changed(self, function: str = "") -> None:
        if function in {"", self.source_function}:
            self.refresh()

    def level_changed(self, function: str) -> None:
        """Drive the output to a new level or range, with the settling and delay that follow."""
        if function != self.source_function:
            return
        before = self.stage.points.source_range
        self.refresh()
        self.settled_at = self.clock.now + self._delay()
        if self.stage.enabled and self.stage.points.source_range is not before:
            self.settled_at += ranges.RANGE_CHANGE_TIME
            if function == "VOLT" and self.bench.imperfections:
                up = self.stage.points.source_range.full_scale > before.full_scale
                self.stage.glitch(
                    math.copysign(
                        ranges.RANGE_CHANGE_OVERSHOOT,
                        self.stage.points.level if up else -self.stage.points.level,
                    )
                )
                self._after_glitch = self.clock.schedule_in(10e-6, self._end_glitch)

    def _end_glitch(self) -> None:
        self._after_glitch = None
        self.stage.apply()

    def _delay(self) -> float:
        function = self.source_function
        if not self.source_autodelay[function]:
            return float(self.source_delay[function])
        row = self.stage.points.current_range
        return AUTO_DELAYS[CURRENT.index(row)]

    def settling_time(self) -> float:
        """Return how long a changed range still needs [s]."""
        return max(self.settled_at - self.clock.now - self._delay(), 0.0)

    def refresh(self) -> None:
        """Give the stage the set-points of the settings as they are."""
        self._fit_limit()
        points = self.stage.points
        function = self.source_function
        points.function = function
        points.level = self.source_level[function]
        points.source_range = self.source_row()
        points.high_capacitance = bool(self.high_capacitance[function])
        if function == "VOLT":
            limit = float(self.current_limit)
            row = range_for("CURR", limit)
            if not self.sense_autorange["CURR"] and self.sense_function == "CURR":
                row = range_for("CURR", self.sense_range["CURR"])
                limit = min(limit, row.top)  # the range itself limits
            points.limit, points.current_range = limit, row
        else:
            points.limit, points.current_range = float(self.voltage_limit), points.source_range
        if self._after_glitch is not None:
            self._after_glitch.cancel()
            self._after_glitch = None
        self.stage.apply()

    # =============================================================================== output subsystem

    off_state = Setting(
        ":OUTPut:{VOLTage|CURRent}:SMODe",
        Choice("NORMal", "HIMPedance", "ZERO", "GUARd"),
        "NORM",
        change="_off_state_changed",
    )

    @command(":OUTPut[:STATe]", Boolean())
    def _set_output(self, on: bool) -> Handler:
        if on and not self.stage.enabled:
            self.switch_on()
            yield SWITCH_ON_TIME
        elif not on:
            self.trigger_model.abort()
            yield from self.switch_off()

    @command(":OUTPut[:STATe]?")
    def _output_query(self) -> str:
        return str(int(self.stage.enabled))

    @command(":OUTPut:INTerlock:TRIPped?")
    def _interlock(self) -> str:
        return "0"

    def switch_on(self) -> None:
        """Close the relay and drive the output to the level."""
        if self._opening is not None:
            self._opening.cancel()
            self._opening = None
        self.stage.enabled = True
        self.stage.set_relay(True)
        self.refresh()
        self.report_output("", True)
        self.settled_at = self.clock.now + SWITCH_ON_TIME + self._delay()

    def switch_off(self) -> Handler:
        """Output to zero at once, the relay follows; not to be stopped by a device clear."""
        if self.stage.enabled:
            self.bench.hurry()
            self.stage.enabled = False
            if self._after_glitch is not None:
                self._after_glitch.cancel()
                self._after_glitch = None
            self.stage.off_state = self.off_state[self.source_function]
            self.stage.apply()
            self._opening = self.clock.schedule_in(RELAY_TIME, self._take_off_state)
        if self._opening is not None:
            yield self.until(self._opening.time)

    def _take_off_state(self) -> None:
        self._opening = None
        state = self.off_state[self.source_function]
        self.stage.off_state = state
        self.stage.apply()
        self.stage.set_relay(state in {"NORM", "ZERO"})
        self.report_output("", False)

    def _off_state_changed(self, function: str) -> None:
        if not self.stage.enabled and self._opening is None and function == self.source_function:
            self._take_off_state()
