"""The guard of an oscilloscope (see :mod:`tsbench.instruments.guard`)."""

import math
from collections.abc import Sequence
from dataclasses import replace

from tsbench.errors import LimitError
from tsbench.instruments.guard.arguments import require_switch, require_words
from tsbench.instruments.guard.guarded import Guarded
from tsbench.instruments.guard.limits import GuardContext, require_finite, require_in_range
from tsbench.instruments.interfaces import EdgeTrigger, Oscilloscope, Range, Timebase, Vertical
from tsbench.instruments.interfaces.oscilloscope import LONGEST_RECORD
from tsbench.records import Waveform


class GuardedOscilloscope(Guarded):
    """A scope makes no level; its settings are checked for range and number.

    The bench file says which probe is at a channel: it counts in every setting of the channel, and in its records.
    """

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
        vertical = self._with_probe(subject, channel, vertical)
        if vertical.impedance == "50" and channel in self.context.high_impedance:
            raise LimitError(
                f"{subject}: an input of 50 Ohm is not part of the netlist of the bench file at this channel, so the "
                "limits would be compared without it. Choose impedance 1M. If the current of the device is meant to "
                'flow into this input, write current_sensor = "scope_input" into [fixture.sensing]')
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
        require_in_range(self.context.subject, "span", timebase.span, Range(1e-9, LONGEST_RECORD, "s"))
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
        records = self.driver.fetch(channels)
        for channel, probe in self.context.probes.items():
            if channel in records and probe.accuracy:
                gain = math.hypot(records[channel].accuracy_gain, probe.accuracy / math.sqrt(3))   # a uniform limit
                records[channel] = replace(records[channel], accuracy_gain=gain)
        return records

    def abort(self) -> None:
        self.driver.abort()

    def _with_probe(self, subject: str, channel: int, vertical: Vertical) -> Vertical:
        """Return a setting with the probe that the bench file has at this channel."""
        probe = self.context.probes.get(channel)
        if probe is None:
            return vertical
        if vertical.impedance == "50":
            raise LimitError(f"{subject}: the bench file has a passive probe at this channel, which needs the input of "
                             "1 MOhm. Choose impedance 1M, or remove the probe from [fixture.probes]")
        if vertical.probe_attenuation not in (1.0, probe.attenuation):
            raise LimitError(
                f"{subject}: probe_attenuation is {vertical.probe_attenuation:g}, but [fixture.probes] of the bench "
                f"file says {probe.attenuation:g}. Correct one of the two")
        return replace(vertical, probe_attenuation=probe.attenuation)

    def _require_channel(self, channel: int) -> None:
        require_in_range(self.context.subject, "channel", channel, Range(1, self.capabilities.channels, ""))
