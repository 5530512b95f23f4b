"""One record per bias: find the ranges and the period with short probes, then take the record that counts."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from tsbench.instruments import Station, Timebase
from tsbench.protocols.acquiring.bias_source import bias_compliance, bias_source
from tsbench.protocols.acquiring.device_view import Window, clipped, narrowed, required_view
from tsbench.protocols.acquiring.oscillation_check import activity, white_noise
from tsbench.protocols.acquiring.waiting import steps_for
from tsbench.protocols.oscillation.parameters import OscillationParameters
from tsbench.quantities import format_quantity
from tsbench.records import Flag, Point, Recorder, RunEvent, Step, Waveform
from tsbench.samples import resolution

#: [s] first probe, and how much longer each next one is until cycles are seen
_FIRST_PROBE = 20e-6
_GROWTH = 20.0
_PROBE_POINTS = 10_000
#: cycles in a probe that tell a period
_ENOUGH_CYCLES = 5
#: samples per period that a record should have at least
_SAMPLES_PER_PERIOD = 100


class OscillationAcquisition:
    """One oscillation run in progress."""

    def __init__(self, settings: OscillationParameters, station: Station, recorder: Recorder) -> None:
        self._settings = settings
        self._station = station
        self._recorder = recorder
        self._view = required_view(station)
        self._conditions: dict[str, float] = {}  #: of every record, beside its bias

    def run(self) -> Iterator[Step]:
        """Hold and record each bias; the source ends at zero with its output off."""
        yield from self.sweep_biases(0, len(self._settings.biases()))
        self._say("log", "bias at 0 V, output off")

    def sweep_biases(self, done: int, total: int) -> Iterator[Step]:
        """Hold and record each bias; ``done`` of ``total`` records came before. The source ends at zero, off."""
        settings, clock = self._settings, self._station.clock
        source, biases = bias_source(self._station), settings.biases()
        source.prepare(float(biases.min()), float(biases.max()),
                       bias_compliance(settings.compliance, self._station))
        yield Step(done, total, "output on at 0", idle=True)
        for number, bias in enumerate(biases, start=done):
            message = f"bias {bias:.4g} V"
            source.set_level(float(bias))
            until = clock.now() + settings.settle
            yield from steps_for(clock, until, lambda: Step(number, total, message))  # noqa: B023
            self.record(number, float(bias))
            if settings.zero_between:
                source.set_level(0.0)
            yield Step(number + 1, total, message, idle=settings.zero_between)
        source.switch_off()
        yield Step(done + len(biases), total, "output off", idle=True)

    def record(self, number: int, bias: float) -> None:
        """Take and record the waveforms and the point of one ``bias`` [V].

        Parameters
        ----------
        number : of the row, from 0
        bias : [V] signed
        """
        safe = self._safe_windows(bias)
        self._view.wait_for_force()
        windows, span = self._look(safe, bias)
        waveforms: Mapping[str, Waveform] | None = None
        if span is not None:
            waveforms = self._capture(windows, span, {"bias": bias, **self._conditions})
            if (
                waveforms is not None
                and any(clipped(wave) for wave in waveforms.values())
                and windows != safe
            ):
                self._say(
                    "log",
                    f"the scope clipped the record at {format_quantity(bias, 'V')}. It is taken again with wider "
                    "ranges",
                )
                waveforms = self._capture(safe, span, {"bias": bias, **self._conditions})
        if waveforms is None:
            self._say(
                "warning",
                f"the scope gave no record at a bias of {format_quantity(bias, 'V')}. Check its trigger and time base")
            self.recorded(bias, {})
            self._recorder.point(Point(self.row(number, self._station.clock.now(), bias, 0.0), Flag.TIMEOUT))
            return
        flags = Flag.NONE
        for waveform in waveforms.values():
            mark = Flag.CLIPPED if clipped(waveform) else Flag.NONE
            self._recorder.waveform(replace(waveform, flags=waveform.flags | mark))
            flags |= mark
        first = next(iter(waveforms.values()))
        self.recorded(bias, waveforms)
        self._recorder.point(Point(self.row(number, first.time, bias, _length(first)), flags))

    def recorded(self, bias: float, waveforms: Mapping[str, Waveform]) -> None:
        """Take what was recorded at a ``bias`` [V], before its row is asked for; nothing where the scope gave none."""

    def row(self, number: int, time: float, bias: float, span: float) -> tuple[float, ...]:
        """Return the row of the point table of one ``bias`` [V], recorded at ``time`` for ``span`` [s].

        Parameters
        ----------
        number : of the row, from 0
        time, bias, span : [s] on the bench's clock, [V], [s]; the span is 0 where there is no record
        """
        return (float(number), time, bias, span)

    def _safe_windows(self, bias: float) -> dict[str, Window]:
        """Return ranges that hold whatever the bias can drive: all of it, at either side of the device."""
        return self._view.largest_windows((min(0.0, 1.1 * bias), max(0.0, 1.1 * bias)))

    def _capture(
        self,
        windows: Mapping[str, Window],
        span: float,
        conditions: Mapping[str, float],
        points: int | None = None,
    ) -> dict[str, Waveform] | None:
        self._view.configure(windows)
        return self._view.capture_now(Timebase(span=span, points=points), self._station, conditions)

    def _look(self, safe: dict[str, Window], bias: float) -> tuple[dict[str, Window], float | None]:
        """Take probe records, longer and longer, until one shows the period; return ranges and record span.

        The span is None where the scope gave no probe.
        """
        given = self._settings.record_span
        longest = 1.5 * _ENOUGH_CYCLES * self._settings.longest_period
        windows, length, first = safe, _FIRST_PROBE if given is None else given, True
        while True:
            probe = self._capture(windows, length, {}, _PROBE_POINTS)
            if probe is None:
                return safe, None
            if (
                any(clipped(wave) for wave in probe.values()) and not first
            ):  # ranges from a shorter look were too tight
                windows = {name: narrowed(wave, safe[name]) for name, wave in probe.items()}
                probe = self._capture(windows, length, {}, _PROBE_POINTS) or probe
            windows = {name: narrowed(wave, safe[name]) for name, wave in probe.items()}
            if given is not None:
                return windows, given
            period = None if first else _period(probe)
            if period is not None:
                most = self._view.scope.capabilities.record_length / _SAMPLES_PER_PERIOD * period
                return windows, min((self._settings.periods + 1) * period, most)
            if length >= longest:
                self._say("log", f"no oscillation at a bias of {format_quantity(bias, 'V')}")
                return windows, length
            if not first:
                length = min(length * _GROWTH, longest)
            first = False  # the second look has the same length, in ranges that fit

    def _say(self, kind: str, message: str) -> None:
        self._recorder.event(RunEvent(kind, message, self._station.clock.now()))


def _period(waveforms: Mapping[str, Waveform]) -> float | None:
    """Return the period [s] that a probe shows on the channel with most cycles, None where it shows none."""
    seen = [activity(values, wave.dt, white_noise(values, resolution(wave)))
            for wave in waveforms.values() for values in [wave.values()[0]]]
    best = max(seen, key=lambda one: one.cycles)
    return 1 / best.frequency if best.cycles >= _ENOUGH_CYCLES else None


def _length(waveform: Waveform) -> float:
    return float(waveform.dt * waveform.codes.shape[1])
