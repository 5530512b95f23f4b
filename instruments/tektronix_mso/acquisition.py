"""Trigger and acquisition of a Tektronix oscilloscope: one sequence, armed, waited for, stopped."""

import dataclasses
from collections.abc import Mapping

from tsbench.instruments.interfaces import EdgeTrigger
from tsbench.instruments.languages.scpi import format_number, parse_name
from tsbench.instruments.tektronix_mso.readout import TektronixReadout

_SLOPE: Mapping[str, str] = {"positive": "RIS", "negative": "FALL"}
_REACH = 4  #: [div] from the middle of the screen to the level


class TektronixSequence(TektronixReadout):
    """What triggers, arms and waits.

    :class:`~tsbench.instruments.tektronix_mso.driver.TektronixMso` adds what sets up channels and time base.
    """

    _triggered: bool
    _confirm_trigger: bool  #: whether a channel was set since the trigger

    def configure_trigger(self, trigger: EdgeTrigger) -> EdgeTrigger:
        """Set an edge trigger; no acquisition happens without one (normal mode)."""
        self.require_trigger(trigger)
        source = "AUX" if trigger.source == "external" else f"CH{trigger.source}"
        if trigger.source != "external" and trigger.source not in self._vertical:
            # the scale of a channel that is not set up must reach the level
            scale = max(abs(trigger.level) / _REACH, self.capabilities.range.low / self.divisions)
            self.write(f":{source}:SCA {format_number(scale)}")
        self.send(
            ":TRIG:A:MOD NORM", ":TRIG:A:TYP EDGE", f":TRIG:A:EDGE:SOU {source}", ":TRIG:A:EDGE:COUP DC",
            f":TRIG:A:EDGE:SLO {_SLOPE[trigger.slope]}",
            f"{self.series.dialect.level(trigger.source)} {format_number(trigger.level)}",
        )
        if trigger.holdoff is not None:
            self.send(":TRIG:A:HOLD:BY TIM", f":TRIG:A:HOLD:TIM {format_number(trigger.holdoff)}")
        self.check_errors()
        self._trigger = dataclasses.replace(trigger, level=self._accepted_level(trigger))
        self._confirm_trigger = False
        return self._trigger

    def _accepted_level(self, trigger: EdgeTrigger) -> float:
        """Read the level back: within a hundredth of the range of its channel."""
        scale = 8.0 if trigger.source == "external" else self.scale_of(trigger.source)
        got = self.ask_number(f"{self.series.dialect.level(trigger.source)}?")
        return self.accepted("trigger level", trigger.level, got, "V", absolute=scale * 0.01)

    # -------------------------------------------------------------------------------------- acquisition

    def arm(self) -> None:
        """Start one acquisition and return when the scope says it is armed."""
        trigger = self.configured(self._trigger, "trigger")
        if self._confirm_trigger:   # a range that does not reach the level may move it
            self._trigger = dataclasses.replace(trigger, level=self._accepted_level(trigger))
            self._confirm_trigger = False
        self._triggered = False
        self.write(":ACQ:STATE RUN")
        self.check_errors()
        self.wait_until_armed(lambda _: self._state() in {"REA", "TRI", "SAV"})

    def _state(self) -> str:
        return parse_name(self.ask(":TRIG:STATE?"))[:3]

    def triggered(self) -> bool:
        """Return whether the armed acquisition has seen its (first) trigger."""
        if not self._triggered:
            self._triggered = self._state() in {"TRI", "SAV"} or (
                self._timebase.segments > 1 and self.ask_number(":ACQ:NUMFRAMESACQ?") >= 1)
        return self._triggered

    def complete(self) -> bool:
        """Return whether the acquisition, all segments, is over."""
        return not self.ask_switch(":ACQ:STATE?")

    def force_trigger(self) -> None:
        """Trigger now."""
        self.write(":TRIG FORC")
        self.check_errors()

    def abort(self) -> None:
        """Stop the acquisition."""
        self.write(":ACQ:STATE STOP")
