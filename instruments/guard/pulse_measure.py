"""The guard of a terminal that pulses and samples (see :mod:`tsbench.instruments.guard`)."""

import math

from tsbench.errors import LimitError
from tsbench.instruments.guard.arguments import require_switch
from tsbench.instruments.guard.exposed_terminals import SLACK
from tsbench.instruments.guard.guarded_source import GuardedSource
from tsbench.instruments.guard.limits import (
    GuardContext,
    WorstCase,
    require_finite,
    require_in_range,
    worst_case_of_voltage,
)
from tsbench.instruments.interfaces import PulseMeasure, Range, Segment, SegmentRecord, SegmentTrain
from tsbench.quantities import short_quantity

_REST, _SAMPLES, _FEWEST = 1e-3, 100, 3  #: [s] of a segment of 0 V, samples in it, and segments of a train


class GuardedPulseMeasure(GuardedSource):
    """One terminal whose every level is checked as the EMF it makes behind its output resistance."""

    def __init__(self, driver: PulseMeasure, context: GuardContext) -> None:
        super().__init__(driver, context)
        self.driver = driver
        self.capabilities = driver.capabilities
        self._train: SegmentTrain | None = None

    def configure_ranges(self, voltage: float, current: float) -> tuple[float, float]:
        """Check that there are such ranges, then set them."""
        subject, caps = self.context.subject, self.capabilities
        require_finite(subject, "voltage range", voltage)
        require_finite(subject, "current range", current)
        require_in_range(subject, "voltage range", abs(voltage), Range(
            0.0, max(max(-one.low, one.high) for one in caps.voltage_ranges), "V"))
        require_in_range(subject, "current range", abs(current), Range(
            0.0, caps.current_ranges[-1].accuracy.full_scale, "A"))
        before, self._train = self._train, None   # it belongs to the ranges of before
        try:
            return self.driver.configure_ranges(voltage, current)
        except LimitError:   # the driver refused them before a message
            self._train = before
            raise

    def configure_train(self, train: SegmentTrain) -> SegmentTrain:
        """Check every level, duration and count, then load the train."""
        subject, caps = self.context.subject, self.capabilities
        require_in_range(subject, "number of segments", len(train.segments), Range(1, caps.maximum_segments, ""))
        require_in_range(subject, "repeats", train.repeats, Range(1, math.inf, ""))
        require_in_range(subject, "sample interval", train.sample_interval, caps.sample_interval)
        for one in train.segments:
            require_in_range(subject, "segment duration", one.duration, caps.segment_duration)
            require_switch(subject, "sampled", one.sampled)
        sampled = sum(one.duration for one in train.segments if one.sampled) / train.sample_interval
        require_in_range(subject, "number of samples", sampled * train.repeats, Range(0, caps.maximum_samples, ""))
        self._require_levels(train)
        before, self._train = self._train, None   # if the message fails, it is not known which train is set

        def take_back() -> None:
            self._train = before
            self.context.note_worst(self._worst(*trains))

        trains = [before] if before else []
        with self._unless_refused(take_back):
            self.charged = any(_levels(train)) or self.charged
            self.context.note_worst(self._worst(*trains, train))
            self._held.note(_levels(train), self.context)
            self._train = accepted = self.driver.configure_train(train)
        self.context.note_worst(self._worst(accepted))
        self._held.note(_levels(accepted), self.context)
        return accepted

    def set_output(self, enabled: bool) -> None:
        """Switch off always; on only if what is configured is allowed."""
        enabled = require_switch(self.context.subject, "the output", enabled)
        if enabled:
            if self._train is None:
                raise LimitError(f"{self.context.subject}: no train is set yet. Configure a train first")
            self._require_levels(self._train)
            self.charged = any(_levels(self._train)) or self.charged   # also a train that was set again after 0 V
            self.context.note_on(self._worst(self._train), self.is_on)
            self._held.note(_levels(self._train), self.context)
        self._switch(enabled)
        if not enabled:
            self.context.note_off()

    def _switch_zero_on(self) -> None:
        """Load a train of 0 V, which is not sampled: its base stands at the terminals until it starts."""
        interval = max(_REST / _SAMPLES, self.capabilities.sample_interval.low)
        self.driver.configure_train(SegmentTrain(0.0, (Segment(0.0, _REST, sampled=False),) * _FEWEST, interval))
        self._switch(True)

    def restore(self, off: bool = True) -> None:
        train, self._train = self._train, None   # if the message fails, it is not known what is set
        if off and train is not None:
            self._train = self.driver.configure_train(train)

    def start(self) -> None:
        self.driver.start()

    def running(self) -> bool:
        return self.driver.running()

    def fetch(self) -> SegmentRecord:
        return self.driver.fetch()

    def abort(self) -> None:
        self.driver.abort()

    def _require_levels(self, train: SegmentTrain) -> None:
        widest = self.capabilities.voltage_ranges[-1]
        duration, path = sum(one.duration for one in train.segments), self.context.path
        for name, level in (("base level", train.base), *(("segment level", one.level) for one in train.segments)):
            require_in_range(self.context.subject, name, level, widest)
            farthest = self._held.farthest(_levels(train), self.context) if path.coupled else level
            self.context.require_rating(farthest)
            worst = worst_case_of_voltage(farthest, path)
            self._require_current(name, worst)
            self.context.require_worst_case(name, worst, duration)

    def _require_current(self, name: str, worst: WorstCase) -> None:
        """Raise LimitError where only a resistor can keep the current within the limit of the device.

        The current ranges do not count: the manuals of the 4225-PMU and of the B1530A give them as measuring ranges.
        They give no current at which the output limits, nor how fast.
        """
        bound = self.context.device.limits.max_current
        if bound is None or worst.current <= bound * (1 + SLACK):
            return
        lacking = worst.voltage / bound - self.context.path.thevenin_resistance
        # rounded up to three digits, so that the resistor that the message tells is large enough
        step = 10.0 ** (math.floor(math.log10(lacking)) - 2)
        said = short_quantity(math.ceil(lacking / step) * step, "Ohm")
        raise LimitError(
            f"{self.context.subject}: with this {name}, the current through a shorted device may reach "
            f"{short_quantity(worst.current, 'A')}, but max_current of {self.context.device.device} is "
            f"{short_quantity(bound, 'A')}. This instrument has no compliance, and its current range does not limit "
            f"the current. Put at least {said} in series with the device and into the netlist of [fixture], choose a "
            "smaller level, or change max_current in the bench file")

    def _worst(self, *trains: SegmentTrain) -> WorstCase:
        """Return the worst case of trains of which one is set."""
        levels = [level for train in trains for level in _levels(train)]
        return worst_case_of_voltage(self._held.farthest(levels, self.context), self.context.path)


def _levels(train: SegmentTrain) -> tuple[float, ...]:
    """Return base and levels [V] of a train."""
    return train.base, *(one.level for one in train.segments)
