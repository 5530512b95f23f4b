"""Taking the records of a relaxation run: each pulse with the time after it, then the device rests."""

from collections.abc import Iterator

from tsbench.instruments import Pulse, Station, Timebase
from tsbench.protocols.acquiring.device_view import marked
from tsbench.protocols.pulses.layout import tail_layout
from tsbench.protocols.pulses.series import PulseSeries
from tsbench.protocols.pulses.shot import Shot
from tsbench.protocols.relaxation.parameters import RelaxationParameters
from tsbench.quantities import format_quantity
from tsbench.records import Flag, Point, Recorder, Step


class RelaxationAcquisition(PulseSeries[RelaxationParameters]):
    """One run in progress."""

    def __init__(self, settings: RelaxationParameters, station: Station, recorder: Recorder) -> None:
        super().__init__(settings, station, recorder)
        scope = station.oscilloscope("scope").capabilities
        self._layout = tail_layout(settings, settings.window, settings.samples, scope)

    def first_pulse(self, amplitude: float) -> Pulse:
        """Return the pulse of one ``amplitude`` [V]."""
        return self._settings.pulse(amplitude)

    def series(self, amplitude: float) -> Iterator[Step]:
        """Record all pulses of one ``amplitude`` [V]."""
        layout = self._layout
        self._set_up(amplitude, burst=1)
        self._view.scope.configure_timebase(
            Timebase(layout.span, layout.span / 2 - layout.lead, points=layout.points))
        yield self.step(f"pulses of {format_quantity(amplitude, 'V')}", resting=True)
        for _ in range(self._settings.repeats):
            yield from self._let_rest()
            yield from self._record(amplitude)

    def _record(self, amplitude: float) -> Iterator[Step]:
        shot, settings = Shot(), self._settings
        conditions = {"amplitude": amplitude, "pulse_width": settings.width, "shot": float(self._done)}
        yield from self._shooter.fire([0.0], self._layout.span, conditions, shot, self.step)
        rest = self._rested(shot)
        self._last_end = shot.time + self._layout.span
        flags = Flag.NONE if shot.taken else Flag.TRIGGER_MISSED
        for waveform in shot.waveforms.values():
            self._recorder.waveform(marked(waveform, flags))
        self._recorder.point(Point((float(self._done), shot.time, amplitude, settings.width, rest), flags))
        if not shot.taken:
            self._say(
                "warning",
                f"the scope missed pulse {self._done}. This pulse is flagged and not counted. "
                f"{self._shooter.trigger.advice}")
        self._done += 1
        yield self.step(f"{format_quantity(amplitude, 'V')}: pulse {self._done}", resting=True)
