"""Searches by single pulses in progress: one pulse at a time, each chosen by what the ones before did."""

from collections.abc import Iterator

from tsbench.instruments import Pulse, Station, Timebase
from tsbench.protocols.acquiring.device_view import marked
from tsbench.protocols.adapting.chooser import PulseChooser
from tsbench.protocols.pulses.series import PulseSeries
from tsbench.protocols.pulses.shot import Shot
from tsbench.protocols.pulses.single import SinglePulses
from tsbench.quantities import format_quantity
from tsbench.records import Flag, Point, Recorder, Step


class SearchByPulses(PulseSeries[SinglePulses]):
    """One run in progress.

    Parameters
    ----------
    settings, station, recorder : as of all pulses
    choosers : each chooses the amplitudes [V] of one search
    budget : pulses of each search, or at each amplitude, at most
    """

    def __init__(
        self, settings: SinglePulses, station: Station, recorder: Recorder, choosers: Iterator[PulseChooser],
        budget: int
    ) -> None:
        super().__init__(settings, station, recorder)
        self._choosers, self._budget = choosers, budget
        self._chooser: PulseChooser

    def first_pulse(self, amplitude: float) -> Pulse:
        """Return the pulse of one ``amplitude`` [V]."""
        return self._settings.pulse(amplitude)

    def every_series(self) -> Iterator[Step]:
        """Search after search: send pulse after pulse until its chooser has enough."""
        yield self.step("ready at the base level", resting=True)
        for chooser in self._choosers:
            self._chooser, began = chooser, self._done
            while (amplitude := self._chooser.next_stimulus()) is not None:
                yield from self.series(amplitude)
            self._say("warning" if self._chooser.fell_silent else "log", self._chooser.reason)
            self._total -= self._budget - (self._done - began)  # what the search has left over

    def series(self, amplitude: float) -> Iterator[Step]:
        """Send and record one pulse of ``amplitude`` [V]."""
        settings, shot = self._settings, Shot()
        self._set_up(amplitude, burst=1)
        self._view.scope.configure_timebase(
            Timebase(settings.span, settings.span / 2 - settings.lead, points=settings.samples))
        yield from self._let_rest()
        conditions = {"amplitude": amplitude, "pulse_width": settings.width, "shot": float(self._done)}
        yield from self._shooter.fire([0.0], settings.span, conditions, shot, self.step)
        rest = self._rested(shot)
        self._last_end = shot.time + settings.width
        flags = Flag.NONE if shot.taken else Flag.TRIGGER_MISSED
        record = tuple(marked(waveform, flags) for waveform in shot.waveforms.values())
        for waveform in record:
            self._recorder.waveform(waveform)
        conditioning = float(self._chooser.conditioning)
        told = self._chooser.told(amplitude, [record] if shot.taken else [], flags)
        self._recorder.point(
            Point((float(self._done), shot.time, amplitude, settings.width, rest, *told, conditioning), flags))
        if not shot.taken:
            self._say("warning", f"the scope missed pulse {self._done}. This pulse is flagged and not counted. "
                                 f"{self._shooter.trigger.advice}")
        self._done += 1
        yield self.step(f"{self._chooser.progress}; the last pulse: {format_quantity(amplitude, 'V')}", resting=True)
