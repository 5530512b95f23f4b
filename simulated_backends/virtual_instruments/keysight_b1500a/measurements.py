"""B1500A: runs a measurement of the mode that MM has set (XE): spot, stairs, pulses, sampling, several sweeps.

Course of each mode: B1500A/B1505A Programming Guide edition 11, chapter 2 (2-6 staircase sweep, 2-8 multi channel
sweep, 2-10 pulsed spot and sweep, 2-30 sampling). A measurement that a compliance has stopped (WM, MSC) gives
199.999E+99 for what is missing; one that AB has stopped gives only what it has measured.
"""

from collections.abc import Generator

from tsbench.simulated_backends.flex.data_format import Datum
from tsbench.simulated_backends.flex.errors import FlexError
from tsbench.simulated_backends.flex.exchange import CommandAborted
from tsbench.simulated_backends.flex.parameters import flex
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.converters import PULSED
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.mainframe import Mainframe
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.reading_commands import Readings
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.sampling_run import SamplingRun
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.source_module import Force, SourceChannel
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.sweep_setup import (
    PulseSource,
    StairSource,
    SweepSetup,
)

Run = Generator[float, None, None]
SHORTEST_REST = 4e-3  #: [s] between two pulses without a period (PT)


class Measurements:
    """Runs measurements.

    Parameters
    ----------
    frame : Mainframe
    setup : SweepSetup
    readings : Readings
    """

    def __init__(self, frame: Mainframe, setup: SweepSetup, readings: Readings) -> None:
        self._frame = frame
        self._setup = setup
        self._readings = readings
        self._sampling = SamplingRun(frame, setup, readings)
        self._pulse_begun = 0.0  #: [s] bench time of the last pulse

    @flex("XE")
    def _execute(self) -> Run:
        mode = self._setup.mode
        if mode is None:
            raise FlexError(214)
        for channel in (*self._setup.channels, *self._sources(mode)):
            channel.require_on()
        self._frame.data.begin()
        try:
            yield from {1: self._spot, 2: self._stairs, 3: self._pulsed_spot, 4: self._pulsed_stairs,
                        5: self._stairs, 10: self._sampling.run, 16: self._stairs}[mode]()
        except CommandAborted:
            self._frame.data.break_off()
            raise

    def _sources(self, mode: int) -> list[SourceChannel]:
        """Return the channels that the mode sources with; FlexError if one is missing."""
        setup = self._setup
        if mode in (2, 5, 16) and setup.primary is None:
            raise FlexError(220)
        if mode in (3, 5) and setup.pulse is None:
            raise FlexError(223)
        if mode == 4 and setup.pulsed is None:
            raise FlexError(222)
        found: list[SourceChannel] = []
        if mode in (2, 4, 5, 16):
            found += [source.channel for source in self._swept(mode)]
        if mode in (3, 5) and setup.pulse is not None:
            found.append(setup.pulse.channel)
        if mode == 10:
            found += [source.channel for source in setup.samplers.values()]
        return found

    def _swept(self, mode: int) -> list[StairSource]:
        setup = self._setup
        first = setup.pulsed if mode == 4 else setup.primary
        others = [setup.others[number] for number in sorted(setup.others)] if mode == 16 else [setup.synchronous]
        return [source for source in (first, *others) if source is not None]

    # -------------------------------------------------------------------------------------------- spot

    def _spot(self) -> Run:
        self._frame.data.put((yield from self._readings.of_channels(self._setup.channels)), last=True)

    # ------------------------------------------------------------------------------------------ stairs

    @staticmethod
    def set_level(source: StairSource, level: float) -> None:
        """Let a source of a sweep output a level; its range is the one of the whole sweep."""
        row = source.channel.output_range(source.function, source.code, source.start, source.stop, source.base)
        codes = source.channel.codes(source.function)
        code = next(code for code, full in codes.items() if full == row.full_scale)
        source.channel.force(Force(source.function, code, level, source.limit_at(level)))

    def _stopped(self) -> bool:
        """Whether a channel is in compliance, so that the automatic stop ends the sweep."""
        return self._setup.abort and any(
            channel.is_on and channel.output.stage.limiting() for channel in self._frame.slots.sources.values())

    def _stairs(self) -> Run:
        setup, data = self._setup, self._frame.data
        sources = self._swept(setup.mode or 2)
        levels = [setup.levels(source) for source in sources]
        count, timing = len(levels[0]), setup.timing
        ended = False
        for step in range(count):
            last = step == count - 1
            if not ended:
                for source, own in zip(sources, levels, strict=True):
                    self.set_level(source, own[step])
                yield (timing.hold if step == 0 else 0.0) + timing.delay
                begun = data.now()
                if setup.mode == 5 and setup.pulse is not None:
                    found = yield from self._one_pulse(setup.pulse, setup.pulse.top)
                else:
                    found = yield from self._readings.of_channels(setup.channels)
                ended = self._stopped()
                if timing.step_delay and not last:
                    yield max(begun + timing.step_delay - data.now(), 0.0)
            else:
                found = self._missing()
            data.put(found + self._source_data(sources, levels, step, last), last)
        for source in sources:
            self.set_level(source, source.start if ended or setup.ends_at == 1 else source.stop)

    def _source_data(
        self, sources: list[StairSource], levels: list[tuple[float, ...]], step: int, last: bool,
    ) -> list[Datum]:
        """Return the levels that FMT asks for: of the first source, or of as many as its mode says."""
        shown = sources[: self._frame.data.format.mode]
        return [self._frame.data.source(source.channel, source.function, own[step], last)
                for source, own in zip(shown, levels, strict=False)]

    def _missing(self) -> list[Datum]:
        return [self._frame.data.missing(channel, quantity)
                for channel in self._setup.channels for quantity in channel.quantities()]

    # ------------------------------------------------------------------------------------------- pulses

    def _one_pulse(self, source: PulseSource | StairSource, top: float) -> Generator[float, None, list[Datum]]:
        """Give one pulse from the base and measure at its end; the caller lets the rest of the period pass."""
        setup, data = self._setup, self._frame.data
        channel, times = source.channel, setup.pulse_times
        measured = setup.channels[0]
        quantity = measured.quantities()[0]
        code = measured.range_codes[quantity]
        if code >= 0:   # pulses leave no time for an automatic range
            code = -measured.compliance_code(quantity)
        measured.prepare(quantity, code)
        self._frame.converters.apply(measured, quantity, PULSED)
        aperture = min(self._frame.converters.aperture(measured, quantity, PULSED), times.width / 2)
        measured.settings.nplc[quantity] = aperture * self._frame.converters.line_frequency
        yield max(measured.output.settled_at - data.now(), 0.0)
        self._pulse_begun = data.now()
        self._force_pulse(source, top)
        self._frame.instrument.clock.schedule(
            self._pulse_begun + times.width, lambda: self._force_pulse(source, source.base))
        yield max(times.width - aperture, 0.0)
        for one in (measured, channel):
            one.output.settled_at = min(one.output.settled_at, data.now())
        reading = yield from measured.measurer.take()
        return data.reading(measured, reading, self._readings.others_limit(measured))

    @staticmethod
    def _force_pulse(source: PulseSource | StairSource, level: float) -> None:
        tops = (source.top,) if isinstance(source, PulseSource) else (source.start, source.stop)
        row = source.channel.output_range(source.function, source.code, source.base, *tops)
        codes = source.channel.codes(source.function)
        code = next(code for code, full in codes.items() if full == row.full_scale)
        force = Force(source.function, code, level, source.compliance)
        if force != source.channel.force_now:
            source.channel.force(force)

    def _rest(self) -> float:
        """Return how long the base lasts until the next pulse [s]."""
        times = self._setup.pulse_times
        period = times.period or times.width + SHORTEST_REST
        return max(self._pulse_begun + period - self._frame.data.now(), 0.0)

    def _pulsed_spot(self) -> Run:
        source = self._setup.pulse
        assert source is not None
        self._force_pulse(source, source.base)
        yield self._setup.pulse_times.hold
        found = yield from self._one_pulse(source, source.top)
        yield self._rest()
        self._frame.data.put(found, last=True)

    def _pulsed_stairs(self) -> Run:
        setup, data = self._setup, self._frame.data
        sources = self._swept(4)
        levels = [setup.levels(source) for source in sources]
        pulsed = sources[0]
        self._force_pulse(pulsed, pulsed.base)
        yield setup.pulse_times.hold
        ended = False
        for step, level in enumerate(levels[0]):
            last = step == len(levels[0]) - 1
            if ended:
                found = self._missing()
            else:
                for source, own in zip(sources[1:], levels[1:], strict=True):
                    self.set_level(source, own[step])
                found = yield from self._one_pulse(pulsed, level)
                ended = setup.abort and any(datum.status in "CTV" for datum in found)
                yield self._rest()
            data.put(found + self._source_data(sources, levels, step, last), last)
