"""What the channels of a function generator play in the circuit, and the edges on their sync and trigger outputs.

Nothing runs in the circuit while an output is off: a burst then only runs on the instrument's own time line (sync
edges, operation complete).
"""

import math
from dataclasses import replace

import numpy as np

from tsbench.simulated_backends.circuit.engine import Constant, PiecewiseLinear, SourceWaveform
from tsbench.simulated_backends.services.clock import ScheduledEvent
from tsbench.simulated_backends.services.trigger_lines import EdgeTrain
from tsbench.simulated_backends.virtual_instruments.generator.connectors import OutputConnectors
from tsbench.simulated_backends.virtual_instruments.generator.data_sheet import GeneratorDataSheet
from tsbench.simulated_backends.virtual_instruments.generator.settings import GeneratorSettings
from tsbench.simulated_backends.virtual_instruments.generator.signal_shapes import signal_of, sync_times
from tsbench.simulated_backends.virtual_instruments.generator.signals import Signal, Sum, rising, stretch_length
from tsbench.simulated_backends.virtual_instruments.generator.synthesis import (
    CHUNK_POINTS,
    FULL_RANGE,
    OutputErrors,
    SequencePart,
    Shape,
    idle_level,
    real_levels,
    synthesise,
)
from tsbench.simulated_backends.virtual_instruments.instrument import Attachment, VirtualInstrument

PAUSE = 5e-3  #: [s] between looks whether the circuit is computed again


class GeneratorChannels:
    """The channels 1, 2, ... of one generator.

    Parameters
    ----------
    instrument : VirtualInstrument
        Its terminals are called "1", "2", ...
    sheet : GeneratorDataSheet
    settings : what the user has set, read at each call

    Raises
    ------
    ConfigurationError
        The instrument's terminals have other names.
    """

    def __init__(
        self, instrument: VirtualInstrument, sheet: GeneratorDataSheet, settings: GeneratorSettings,
    ) -> None:
        self._instrument = instrument
        self._bench = instrument.bench
        self._sheet = sheet
        self._settings = settings
        self.numbers = tuple(range(1, sheet.channels + 1))
        kind = f"a generator of {sheet.channels} channel{'s' if sheet.channels > 1 else ''}"
        instrument.require_terminals(kind, [str(number) for number in self.numbers])
        self.on = dict.fromkeys(self.numbers, False)   #: whether a connector of the channel is on
        self.connectors = OutputConnectors(instrument, sheet, settings)
        drawn = {channel: self._drawn(channel) for channel in self.numbers}
        # all channels run from one oscillator
        self.errors = {channel: replace(drawn[channel], timebase=drawn[1].timebase) for channel in self.numbers}
        self._bench.add_jacks(instrument.name, inputs=["external"], outputs=["sync", "trigger"])
        self.sync_line = self._bench.line(f"{instrument.name}.sync")
        self.trigger_line = self._bench.line(f"{instrument.name}.trigger")
        self._continuation: dict[int, ScheduledEvent | None] = dict.fromkeys(self.numbers)
        self._signals: dict[int, tuple[float, Signal | Sum]] = {}   #: what plays, and since when [s]

    def _drawn(self, channel: int) -> OutputErrors:
        bench = self._bench
        if not bench.imperfections:
            return OutputErrors()
        if bench.calibration_errors is not None:
            return OutputErrors.stated(self._sheet, *bench.calibration_errors)
        return OutputErrors.draw(self._sheet, bench.rng(self._instrument.name, "output", str(channel)))

    def attachment(self) -> Attachment:
        """Return source, output resistance and relay of each wired connector."""
        return self.connectors.attachment()

    def set_relay(self, channel: int, closed: bool, complement: bool = False) -> None:
        """Open or close the relay of an output or of its complement, and report it to the witness."""
        if not self.on[channel]:
            self._forget_continuation(channel)
        self.connectors.set_relay(channel, closed, complement)
        if not self.on[channel]:
            self._drive(channel, Constant(0.0))   # nothing to integrate behind an open relay
        self._instrument.report_output(self.connectors.names(channel)[int(complement)], closed)

    def _drive(self, channel: int, waveform: SourceWaveform) -> None:
        middle = 0.0
        if self._sheet.complements:
            low, high = real_levels(self._settings.shape(channel), self.errors[channel])
            middle = (low + high) / 2
        self.connectors.drive(channel, waveform, middle)

    # ---------------------------------------------------------------------------------------- playing

    def nominal_period(self, channel: int) -> float:
        """Return how long a cycle lasts by the settings [s]."""
        return self._settings.shape(channel).period

    def _period(self, channel: int, shape: Shape) -> float:
        """Return how long a cycle really lasts [s]."""
        return shape.period * (1 + self.errors[channel].timebase)

    def hold_idle_level(self, channel: int) -> None:
        """Output the first level of a burst until a trigger starts it."""
        self._drive(channel, Constant(idle_level(self._settings.shape(channel), self.errors[channel])))

    def play_without_end(self, channel: int, waiting: bool = False) -> None:
        """Play from now on. ``waiting``: the start frequency of a sweep that a trigger has yet to begin."""
        start = self._bench.clock.now
        shape = self._settings.shape(channel)
        self._forget_continuation(channel)
        if shape.plain:
            waveform, _ = synthesise(shape, self.errors[channel], start, 0)
            self._drive(channel, waveform)
        else:
            self._play_signal(channel, signal_of(shape, self.errors[channel], triggered=False if waiting else None))
        if self._settings.sync_channel == channel:
            self.sync_line.cut(start)
            high, period = sync_times(shape)
            if math.isfinite(period) and not waiting:
                stretch = 1 + self.errors[channel].timebase
                for begin, width in shape.sync_pulses or ((0.0, high),):
                    self._sync(shape, EdgeTrain(start + begin * stretch, width * stretch, period * stretch, 0))

    def _sync(self, shape: Shape, train: EdgeTrain) -> None:
        if shape.sync_inverted:
            low = train.period - train.width
            train = replace(train, start=train.start + train.width, width=low)
        self.sync_line.add(train)

    def _trigger_pulse(self, shape: Shape, start: float) -> None:
        """Give the pulse of the trigger output, if it is on and shows this channel."""
        width = self._sheet.trigger_output_width
        if self._settings.trigger_output and shape.trigger_slope:
            begin = start if shape.trigger_slope == "POS" else start - width
            self.trigger_line.add(EdgeTrain(begin, width, 1.0, 1))

    def play_sweep(self, channel: int) -> float:
        """Play one sweep from now on, or the present frequency of a list; return the time [s] at which it is over."""
        start = self._bench.clock.now
        shape, stretch = self._settings.shape(channel), 1 + self.errors[channel].timebase
        signal = signal_of(shape, self.errors[channel], self._phase(channel), triggered=True)
        self._forget_continuation(channel)
        self._play_signal(channel, signal)
        high, period = sync_times(shape)
        if self._settings.sync_channel == channel:
            self._sync(shape, EdgeTrain(start, high * stretch, period * stretch, 1))
        self._trigger_pulse(shape, start)
        return start if shape.sweep is None or shape.sweep.frequencies is not None else start + period * stretch

    def _phase(self, channel: int) -> float | None:
        """Return the phase [cycles] of what plays now; None: nothing with a phase."""
        if channel not in self._signals:
            return None
        start, signal = self._signals[channel]
        own = signal.signals[0] if isinstance(signal, Sum) else signal
        passed = (self._bench.clock.now - start) / (1 + self.errors[channel].timebase)
        return float(own.course.phase(np.array([passed]))[0])

    def _play_signal(self, channel: int, signal: Signal | Sum) -> None:
        if self.on[channel]:
            self._signals[channel] = (self._bench.clock.now, signal)
            self._lay_out_signal(channel, signal, self._bench.clock.now, 0.0)

    def _lay_out_signal(self, channel: int, signal: Signal | Sum, start: float, passed: float) -> None:
        """Lay out a stretch that begins ``passed`` [s, own time base] after ``start`` [s], and plan the next one."""
        length, repeated = stretch_length(signal)
        stretch = 1 + self.errors[channel].timebase
        if passed > 0 and self._bench.gives_up:   # it goes on where the circuit is computed again
            following = max(passed + length, passed + PAUSE)
            self._continuation[channel] = self._bench.clock.schedule(
                start + following * stretch, lambda: self._lay_out_signal(channel, signal, start, following))
            return
        if self.connectors.wired(channel):
            times, values = signal.lay_out(passed, passed + length)
            times, values = rising(start + times * stretch, values)
            period = float(times[-1] - times[0]) if repeated else math.inf
            self._drive(channel, PiecewiseLinear(times, values, period))
        if not repeated:
            following = passed + length
            self._continuation[channel] = self._bench.clock.schedule(
                start + following * stretch, lambda: self._lay_out_signal(channel, signal, start, following))

    def hold_level(self, channel: int, level: float) -> None:
        """Output a constant [V of EMF]."""
        self._forget_continuation(channel)
        self._drive(channel, Constant(level))

    def play_burst(self, channel: int, start: float, cycles: int) -> float:
        """Play ``cycles`` (0: without end) from ``start`` [s]; return the time [s] at which they are over."""
        shape = self._settings.shape(channel)
        if shape.function == "DC":   # a constant level stays as it is
            return start
        period = self._period(channel, shape)
        end = start + cycles * period if cycles else math.inf
        self._lay_out(channel, shape, start, cycles)
        if self._settings.sync_channel == channel:
            high = cycles * period if cycles else period / 2
            fall = high if shape.marker is None or not cycles else min(shape.marker, high)
            self._sync(shape, EdgeTrain(start, fall, 2 * high, 1 if cycles else 0))
        self._trigger_pulse(shape, start)
        return end

    def play_codes(self, channel: int, shape: Shape, start: float, cycles: int, part: SequencePart) -> float:
        """Play one part of a sequence (0 cycles: without end) from ``start`` [s]; return its end [s]."""
        period = self._period(channel, shape)
        self._lay_out(channel, shape, start, cycles)
        if self._settings.sync_channel == channel and part.marker.startswith("high"):
            points = part.marker_point if part.marker == "highAtStartGoLow" else len(part.codes)
            self._sync(shape, EdgeTrain(start, points * period / len(part.codes), period, 1))
        return start + cycles * period if cycles else math.inf

    def end_codes(self, channel: int, shape: Shape, start: float, time: float) -> float:
        """End a part without end that began at ``start`` behind the cycle that runs at ``time``; return its end [s]."""
        period = self._period(channel, shape)
        cycles = max(math.ceil((time - start) / period - 1e-9), 1)
        self._lay_out(channel, shape, start, cycles)
        return start + cycles * period

    def end_burst(self, channel: int, start: float, time: float) -> float:
        """End a burst that began at ``start`` behind the cycle that runs at ``time``; return its end [s]."""
        return self.end_codes(channel, self._settings.shape(channel), start, time)

    def _lay_out(self, channel: int, shape: Shape, start: float, cycles: int) -> None:
        if not self.on[channel]:
            return
        if shape.function == "PRBS":
            self._lay_out_bits(channel, shape, start, 0, cycles)
            return
        waveform, end = synthesise(shape, self.errors[channel], start, cycles)
        self._drive(channel, waveform)
        self._forget_continuation(channel)
        left = cycles - round((end - start) / self._period(channel, shape)) if cycles else 0
        if left > 0:
            self._continuation[channel] = self._bench.clock.schedule(
                end, lambda: self._lay_out(channel, shape, end, left))

    def _lay_out_bits(self, channel: int, shape: Shape, start: float, done: int, cycles: int) -> None:
        """Lay out the bits of a burst from the bit ``done`` on (0 cycles: without end)."""
        signal = signal_of(shape, self.errors[channel], 0.0)
        last = done + CHUNK_POINTS if not cycles else min(done + CHUNK_POINTS, cycles)
        times, values = signal.lay_out(done * shape.period, last * shape.period)
        if last == cycles:
            times = np.append(times, times[-1] + shape.square_edge / FULL_RANGE)
            values = np.append(values, idle_level(shape, self.errors[channel]))
        self._forget_continuation(channel)
        self._drive(channel, PiecewiseLinear(*rising(start + times * (1 + self.errors[channel].timebase), values)))
        if last != cycles:
            self._continuation[channel] = self._bench.clock.schedule(
                start + last * self._period(channel, shape),
                lambda: self._lay_out_bits(channel, shape, start, last, cycles))

    def _forget_continuation(self, channel: int) -> None:
        self._signals.pop(channel, None)
        event, self._continuation[channel] = self._continuation[channel], None
        if event is not None:
            event.cancel()

    def is_still(self, channel: int) -> bool:
        """Return whether nothing plays and nothing is planned, at the output or at the sync output."""
        return (self._continuation[channel] is None and channel not in self._signals
                and (self.sync_line.is_still(self._bench.clock.now) or self._settings.sync_channel != channel))

    def stop_playing(self, channel: int) -> None:
        """Cancel the planned continuation. The present output does not change."""
        self._forget_continuation(channel)
        if self._settings.sync_channel == channel:
            self.sync_line.cut(self._bench.clock.now)
