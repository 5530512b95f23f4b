"""The guard of an oscilloscope (see :mod:`tsbench.instruments.guard`)."""

from collections.abc import Sequence
from dataclasses import replace

from tsbench.instruments.guard.arguments import require_switch, require_words
from tsbench.instruments.guard.guarded import Guarded
from tsbench.instruments.guard.limits import GuardContext, require_finite, require_in_range
from tsbench.instruments.interfaces import EdgeTrigger, Oscilloscope, Range, Timebase, Vertical
from tsbench.records import Waveform


class GuardedOscilloscope(Guarded):
    """A scope makes no level; its settings are checked for range and number."""

    def __init__(self, driver: Oscilloscope, context: GuardContext) -> None:
        super().__init__(driver, context)
        self.driver = driver
        self.capabilities = driver.capabilities

    def configure_channel(self, channel: int, vertical: Vertical) -> Vertical:
        subject = f"{self.context.subject} channel {channel}"
        self._require_channel(channel)
        require_words(subject, vertical, ["impedance"])
        require_switch(subject, "bandwidth_limit", vertical.bandwidth_limit)
        require_finite(subject, "offset", vertical.offset)
        allowed = self.capabilities.range
        scaled = replace(allowed, low=allowed.low * vertical.probe_attenuation,
                         high=self.capabilities.widest_range(vertical.impedance) * vertical.probe_attenuation)
        require_in_range(subject, "range", vertical.range, scaled)
        return self.driver.configure_channel(channel, vertical)

    def disable_channel(self, channel: int) -> None:
        self._require_channel(channel)
        self.driver.disable_channel(channel)

    def configure_timebase(self, timebase: Timebase) -> Timebase:
        require_finite(self.context.subject, "position", timebase.position)
        require_in_range(self.context.subject, "span", timebase.span, Range(1e-9, 1e3, "s"))
        require_in_range(
            self.context.subject, "segments", timebase.segments, Range(1, self.capabilities.segments, "")
        )
        return self.driver.configure_timebase(timebase)

    def configure_trigger(self, trigger: EdgeTrigger) -> EdgeTrigger:
        require_words(self.context.subject, trigger, ["slope"])
        require_finite(self.context.subject, "trigger level", trigger.level)
        if isinstance(trigger.source, int):
            self._require_channel(trigger.source)
        return self.driver.configure_trigger(trigger)

    def arm(self) -> None:
        self.driver.arm()

    def triggered(self) -> bool:
        return self.driver.triggered()

    def complete(self) -> bool:
        return self.driver.complete()

    def force_trigger(self) -> None:
        self.driver.force_trigger()

    def fetch(self, channels: Sequence[int]) -> dict[int, Waveform]:
        for channel in channels:
            self._require_channel(channel)
        return self.driver.fetch(channels)

    def abort(self) -> None:
        self.driver.abort()

    def _require_channel(self, channel: int) -> None:
        require_in_range(self.context.subject, "channel", channel, Range(1, self.capabilities.channels, ""))
