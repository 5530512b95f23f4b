"""Virtual interactive source meter: trigger timers and event blenders (TRIGger:TIMer, TRIGger:BLENder)."""

import functools
from datetime import UTC, datetime

from tsbench.simulated_backends.scpi.parameters import Boolean, Choice, Integer, Number
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.services.clock import ScheduledEvent
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.command_table import MeterBase, MeterTable
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.event_log import CLOCK_START
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.events import (
    NO_EVENT,
    ChosenEvent,
    Detector,
    TriggerEvent,
)

TIMERS = (1, 2, 3, 4)
BLENDERS = (1, 2)
INPUTS = (1, 2, 3, 4)  #: of a blender


class TimerCommands(MeterTable):
    """Four timers.

    A timer that is enabled starts at its stimulus. Without a stimulus it starts at once, or at the instant of its
    alarm (seconds of UTC). Each delay ends with an event, ``count`` times (0: without end).

    Parameters
    ----------
    meter : MeterBase
    """

    timer_count = Setting(":TRIGger:TIMer<1-4>:COUNt", Integer("", 0, 1_048_575, 1), 1)
    timer_delay = Setting(":TRIGger:TIMer<1-4>:DELay", Number("s", 8e-6, 100e3, 10e-6), 10e-6)
    timer_fraction = Setting(":TRIGger:TIMer<1-4>:STARt:FRACtional", Number("s", 0.0, 1.0, 0.0), 0.0)
    timer_seconds = Setting(":TRIGger:TIMer<1-4>:STARt:SEConds", Number("s", 0, 2_147_483_647, 0), 0)
    timer_generate = Setting(":TRIGger:TIMer<1-4>:STARt:GENerate", Boolean(), False)
    timer_stimulus = Setting(
        ":TRIGger:TIMer<1-4>:STARt:STIMulus", TriggerEvent(), NO_EVENT, change="_timer_stimulus_chosen")
    timer_enabled = Setting(":TRIGger:TIMer<1-4>:STATe", Boolean(), False, change="_timer_switched")

    def __init__(self, meter: MeterBase) -> None:
        super().__init__(meter)
        self._hub = meter.hub
        self._detectors = {timer: Detector() for timer in TIMERS}
        self._stimuli = {timer: ChosenEvent(meter.hub, functools.partial(self._stimulated, timer)) for timer in TIMERS}
        self._planned: dict[int, ScheduledEvent] = {}
        self._left: dict[int, int] = {}

    def forget(self) -> None:
        """Stop all timers."""
        self.refresh()
        for timer in TIMERS:
            self._stop(timer)
            self._detectors[timer].clear()

    def refresh(self) -> None:
        """Take over settings that a recall has changed."""
        for timer in TIMERS:
            self._stimuli[timer].choose(self.timer_stimulus[timer])

    def _timer_stimulus_chosen(self, timer: int) -> None:
        self._stimuli[timer].choose(self.timer_stimulus[timer])

    def _timer_switched(self, timer: int) -> None:
        self._stop(timer)
        if self.timer_enabled[timer] and self.timer_stimulus[timer] == NO_EVENT:
            alarm = datetime.fromtimestamp(self.timer_seconds[timer], UTC) - CLOCK_START
            start = max(alarm.total_seconds() + self.timer_fraction[timer], self.clock.now)
            self._planned[timer] = self.clock.schedule(start, functools.partial(self._start, timer))

    def _stop(self, timer: int) -> None:
        if (planned := self._planned.pop(timer, None)) is not None:
            planned.cancel()

    def _stimulated(self, timer: int) -> None:
        if self.timer_enabled[timer]:
            self._detectors[timer].notice()
            if timer not in self._planned:
                self._start(timer)

    def _start(self, timer: int) -> None:
        self._detectors[timer].clear()
        self._left[timer] = int(self.timer_count[timer])
        self._plan(timer)
        if self.timer_generate[timer]:
            self._hub.fire(f"TIM{timer}")

    def _plan(self, timer: int) -> None:
        self._planned[timer] = self.clock.schedule_in(self.timer_delay[timer], functools.partial(self._elapsed, timer))

    def _elapsed(self, timer: int) -> None:
        del self._planned[timer]
        self._left[timer] -= 1
        if self._left[timer] != 0:   # negative: without end
            self._plan(timer)
        self._hub.fire(f"TIM{timer}")

    @command(":TRIGger:TIMer<1-4>:CLEar")
    def _clear_timer(self, timer: int) -> None:
        self._detectors[timer].clear()

    @command(":TRIGger:TIMer<1-4>:STARt:OVERrun?")
    def _timer_overrun(self, timer: int) -> str:
        return str(int(self._detectors[timer].overrun))


class BlenderCommands(MeterTable):
    """Two blenders: one event out of any (OR), or all (AND), of up to four.

    Parameters
    ----------
    meter : MeterBase
    """

    blender_mode = Setting(":TRIGger:BLENder<1-2>:MODE", Choice("OR", "AND"), "AND")
    blender_stimulus = Setting(
        ":TRIGger:BLENder<1-2>:STIMulus<1-4>", TriggerEvent(), NO_EVENT, change="_blender_stimulus_chosen")

    def __init__(self, meter: MeterBase) -> None:
        super().__init__(meter)
        self._hub = meter.hub
        self._detectors = {(blender, number): Detector() for blender in BLENDERS for number in INPUTS}
        self._stimuli = {key: ChosenEvent(meter.hub, functools.partial(self._blend, *key)) for key in self._detectors}

    def forget(self) -> None:
        """Forget what was detected."""
        self.refresh()
        for detector in self._detectors.values():
            detector.clear()

    def refresh(self) -> None:
        """Take over settings that a recall has changed."""
        for key, stimulus in self._stimuli.items():
            stimulus.choose(self.blender_stimulus[key])

    def _blender_stimulus_chosen(self, blender: int, number: int) -> None:
        self._stimuli[blender, number].choose(self.blender_stimulus[blender, number])

    def _blend(self, blender: int, number: int) -> None:
        if self.blender_mode[blender] == "OR":
            self._hub.fire(f"BLEN{blender}")
            return
        self._detectors[blender, number].notice()
        used = [key for key in self._detectors if key[0] == blender and self.blender_stimulus[key] != NO_EVENT]
        if all(self._detectors[key].detected for key in used):
            for key in used:
                self._detectors[key].detected = False
            self._hub.fire(f"BLEN{blender}")

    @command(":TRIGger:BLENder<1-2>:CLEar")
    def _clear_blender(self, blender: int) -> None:
        for number in INPUTS:
            self._detectors[blender, number].clear()

    @command(":TRIGger:BLENder<1-2>:OVERrun?")
    def _blender_overrun(self, blender: int) -> str:
        return str(int(any(self._detectors[blender, number].overrun for number in INPUTS)))
