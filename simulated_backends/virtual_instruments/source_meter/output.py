"""Output of a source meter: level, range, limit, switching on and off, and how long each change takes."""

import math
from collections.abc import Callable, Generator

from tsbench.simulated_backends.services.clock import ScheduledEvent
from tsbench.simulated_backends.virtual_instruments.instrument import VirtualInstrument
from tsbench.simulated_backends.virtual_instruments.source_meter.data_sheet import (
    OffState,
    RangeData,
    SourceMeterDataSheet,
)
from tsbench.simulated_backends.virtual_instruments.source_meter.output_stage import OutputStage, range_for
from tsbench.simulated_backends.virtual_instruments.source_meter.settings import SourceMeterSettings


def _nothing(function: str, limit: float) -> None:
    """Tell nobody that a limit was moved."""


class SourceOutput:
    """One pair of terminals that sources a voltage or a current.

    Parameters
    ----------
    instrument : VirtualInstrument
    sheet : SourceMeterDataSheet
    settings : what the user has set, read at each call
    terminal : name of the terminals, "" for an instrument with one pair
    """

    def __init__(
        self, instrument: VirtualInstrument, sheet: SourceMeterDataSheet, settings: SourceMeterSettings,
        terminal: str = "",
    ) -> None:
        self._instrument = instrument
        self._clock = instrument.clock
        self._sheet = sheet
        self._limit_range = -1.0, sheet.ranges["CURR"][0]   #: the current limit [A], and the range that holds it
        self._settings = settings
        self.terminal = terminal
        off_state = sheet.off_states[settings.off_state[settings.source_function]]
        self.stage = OutputStage(instrument, sheet, off_state, terminal)
        self.automatic = dict(sheet.first_ranges)  #: the measuring range in use, where it is automatic
        self.highest = {function: rows[-1].top for function, rows in sheet.ranges.items()}   #: levels [V or A]
        self.pulsing = False   #: during a pulse, a higher limit than the DC range allows is valid
        #: is told a limit [A or V] that was moved, and beside which function it limits
        self.limit_moved: Callable[[str, float], object] = _nothing
        self.settled_at = 0.0  #: [s] bench time from which readings may start
        self._opening: ScheduledEvent | None = None
        self._after_push: ScheduledEvent | None = None

    # ----------------------------------------------------------------------------------- levels and ranges

    def source_range(self, function: str | None = None) -> RangeData:
        """Return the active source range (of the active function)."""
        settings = self._settings
        function = function or settings.source_function
        if settings.source_autorange[function]:
            held = max(abs(settings.source_level[function]), settings.source_lowest[function])
            return range_for(self._sheet.ranges[function], held)
        return range_for(self._sheet.ranges[function], settings.source_range[function] or 0.0)

    def fixed_measuring_range(self, quantity: str) -> RangeData:
        """Return the measuring range that is set; without one that in use when it ceased to be automatic."""
        settings = self._settings
        fixed = settings.sense_range[quantity]
        if fixed is not None:
            return range_for(self._sheet.ranges[quantity], fixed)
        return self.source_range() if quantity == settings.source_function else self.automatic[quantity]

    def top_level(self, function: str) -> float:
        """Return the highest level: of the fixed source range, or of the instrument."""
        if self._settings.source_autorange[function]:
            return self.highest[function]
        return min(self.source_range(function).top, self.highest[function])

    def highest_limit(self, function: str) -> float:
        """Return the highest limit [A or V] that the active source range of a function leaves."""
        return self._limit_beside(function, self.source_range(function))

    def level_changed(self, function: str) -> None:
        """Drive the output to a new level or range, with the settling and delay that follow."""
        if function != self._settings.source_function:
            return
        stage, sheet = self.stage, self._sheet
        before = stage.points.source_range
        self._set_points()
        self.settled_at = self._clock.now + self.delay()
        stage.apply()
        now = stage.points.source_range
        if stage.enabled and now is not before:
            self.settled_at += sheet.range_change_time
            if function == "VOLT" and self._instrument.bench.imperfections:
                up = now.full_scale > before.full_scale
                overshoot = math.copysign(
                    sheet.range_change_overshoot, stage.points.level if up else -stage.points.level)
                stage.push(overshoot, sheet.overshoot_time)
                self._after_push = self._clock.schedule_in(sheet.overshoot_time, self._end_push)

    def range_changed(self, function: str) -> None:
        """A source range was set by hand: it is no longer automatic."""
        self._settings.source_autorange[function] = False
        self.level_changed(function)

    def measuring_changed(self) -> None:
        """Take over a new measuring function or range."""
        settings = self._settings
        for quantity in ("CURR", "VOLT"):
            if settings.sense_autorange[quantity]:
                settings.sense_range[quantity] = None
        if self.stage.enabled:
            self.settled_at = max(self.settled_at, self._clock.now + self._sheet.range_change_time)
        self.refresh()

    def delay(self) -> float:
        """Return the source delay that is in force [s]: the one that is set, or the automatic one."""
        function = self._settings.source_function
        if not self._settings.source_autodelay[function]:
            return float(self._settings.source_delay[function])
        return self._sheet.auto_delays[self._sheet.ranges["CURR"].index(self.stage.points.current_range)]

    def settling_time(self) -> float:
        """Return how long a changed range still needs [s]."""
        return max(self.settled_at - self._clock.now - self.delay(), 0.0)

    def refresh(self) -> None:
        """Give the stage the set-points of the settings as they are."""
        self._set_points()
        self.stage.apply()

    def _set_points(self) -> None:
        settings, points = self._settings, self.stage.points
        function = settings.source_function
        row = self.source_range(function)
        self._fit_limit(function, row)
        points.function, points.source_range = function, row
        points.level = settings.source_level[function]
        if function == "VOLT" and abs(points.level) > settings.protection["VOLT"]:
            points.level = math.copysign(settings.protection["VOLT"], points.level)
        points.high_capacitance = bool(settings.high_capacitance[function])
        if function == "VOLT":
            limit = float(settings.current_limit)
            if limit != self._limit_range[0]:   # each level asks, and the limit seldom changes
                self._limit_range = limit, range_for(self._sheet.ranges["CURR"], limit)
            measuring = self._limit_range[1]
            if not settings.sense_autorange["CURR"] and settings.sense_function == "CURR":
                measuring = self.fixed_measuring_range("CURR")
                limit = min(limit, measuring.top * self._sheet.range_limits_at)
                limit = _enforced(self._sheet, limit, measuring)  # the range itself limits
            points.limit, points.current_range = limit, measuring
        else:
            limit = float(settings.voltage_limit)
            if not settings.sense_autorange["VOLT"] and settings.sense_function == "VOLT":
                measured = self.fixed_measuring_range("VOLT")
                if self._sheet.voltage_range_limits:
                    limit = min(limit, measured.top)
                limit = _enforced(self._sheet, limit, measured)
            limit = min(limit, settings.protection["CURR"])
            points.limit, points.current_range = limit, row
        self._forget_push()

    @property
    def limited_by_range(self) -> bool:
        """Whether a fixed measuring range, and not the limit that is set, holds the output back."""
        settings = self._settings
        limit = settings.current_limit if self.stage.points.function == "VOLT" else settings.voltage_limit
        return self.stage.points.limit < float(limit) * (1 - 1e-9)

    def _fit_limit(self, function: str, source_range: RangeData) -> None:
        """Move the limit where source range or fixed measuring range do not allow it."""
        settings = self._settings
        if self.pulsing:
            return
        other = "CURR" if function == "VOLT" else "VOLT"
        fixed = settings.sense_function == other and not settings.sense_autorange[other]
        measuring = self.fixed_measuring_range(other) if fixed else None
        highest = self._limit_beside(function, source_range)
        limit = float(settings.current_limit if function == "VOLT" else settings.voltage_limit)
        fitting = self._fitting(limit, highest, measuring)
        if fitting == limit:
            return
        if function == "VOLT":
            settings.current_limit = fitting
        else:
            settings.voltage_limit = fitting
        self.limit_moved(function, fitting)

    def _limit_beside(self, function: str, source_range: RangeData) -> float:
        """Return the highest limit (A for a voltage source, V for a current source) beside a source range."""
        return self._sheet.highest_limit[function][self._sheet.ranges[function].index(source_range)]

    def _fitting(self, limit: float, highest: float, measuring: RangeData | None) -> float:
        """Return the limit that the instrument sets where ``limit`` does not suit its ranges.

        Manuals say that an instrument changes the limit "to an appropriate value": here the nearest that is allowed.

        Parameters
        ----------
        limit : as it stands [A or V]
        highest : that the source range leaves [A or V]
        measuring : the fixed range in which the limited quantity is measured; None: no such range, or automatic
        """
        if self._sheet.least_limit_is_enforced:
            measuring = None
        if measuring is not None and limit <= self._sheet.least_limit * measuring.full_scale:
            limit = self._sheet.least_limit * measuring.top
        return min(limit, highest)

    def _end_push(self) -> None:
        self._after_push = None
        self.stage.apply()

    def _forget_push(self) -> None:
        if self._after_push is not None:
            self._after_push.cancel()
            self._after_push = None

    # ------------------------------------------------------------------------------------------ on and off

    def switch_on(self) -> None:
        """Close the relay and drive the output to the level."""
        if self._opening is not None:
            self._opening.cancel()
            self._opening = None
        settling = self._sheet.switch_on_time + (0.0 if self.stage.relay_closed else self._sheet.open_relay_settling)
        self.stage.enabled = True
        self.stage.set_relay(True)
        self.refresh()
        self._instrument.report_output(self.terminal, True)
        self.settled_at = self._clock.now + settling + self.delay()

    def switch_off(self) -> Generator[float, None, None]:
        """Output to zero at once, the relay follows; not to be stopped by a device clear."""
        if self.stage.enabled:
            self._instrument.bench.hurry()
            self.stage.enabled = False
            self._forget_push()
            self.stage.off_state = self._off_state()
            self.stage.apply()
            self._opening = self._clock.schedule_in(self._sheet.relay_time, self.take_off_state)
        if self._opening is not None:
            yield self._instrument.until(self._opening.time)

    def _off_state(self) -> OffState:
        return self._sheet.off_states[self._settings.off_state[self._settings.source_function]]

    def take_off_state(self) -> None:
        """Let output and relay be as the off state says."""
        self._opening = None
        state = self._off_state()
        self.stage.off_state = state
        self.stage.apply()
        self.stage.set_relay(state.relay_closed)
        self._instrument.report_output(self.terminal, False)

    def off_state_changed(self, function: str) -> None:
        """Take another off state over, if the output is off."""
        if not self.stage.enabled and self._opening is None and function == self._settings.source_function:
            self.take_off_state()


def _enforced(sheet: SourceMeterDataSheet, limit: float, measuring: RangeData) -> float:
    """Return the limit that the output has beside a fixed measuring range."""
    return max(limit, sheet.least_limit * measuring.full_scale) if sheet.least_limit_is_enforced else limit
