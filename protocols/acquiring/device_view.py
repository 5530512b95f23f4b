"""What the scope sees of the device: which channels, their ranges, one acquisition."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from tsbench.errors import ConfigurationError
from tsbench.instruments import EdgeTrigger, Oscilloscope, Station, Timebase, Vertical
from tsbench.protocols.acquiring.waiting import wait_until
from tsbench.records import Flag, Waveform

#: names of the waveforms in the run: what the channel sensed, all in volts
VOLTAGE_HIGH = "device_voltage_high"
VOLTAGE_LOW = "device_voltage_low"
CURRENT_SENSE = "device_current_sense"  #: only where no voltage channel sees the same terminal

#: share of a channel's full scale that the expected signal fills
_FILL = 0.8
#: [s] allowed beyond the record's own length before an acquisition counts as missed
ACQUISITION_MARGIN = 2.0

Window = tuple[float, float]


@dataclass(frozen=True)
class DeviceView:
    """The scope channels of the fixture's sensing, all on one scope."""

    scope: Oscilloscope
    channels: Mapping[str, int]  #: waveform name -> channel number
    current_resistance: float  #: [Ohm]

    @property
    def trigger_channel(self) -> int:
        """Return the channel that sees a pulse at the device: the high side, else the first there is."""
        return self.channels.get(VOLTAGE_HIGH, next(iter(self.channels.values())))

    def windows(self, voltage: Window, current: Window) -> dict[str, Window]:
        """Return what each channel may have to show [V] for windows of device voltage and current [V, A].

        The low side sees the sense resistor's voltage; the high side sees both together.
        """
        sense = (current[0] * self.current_resistance, current[1] * self.current_resistance)
        shown = {VOLTAGE_HIGH: voltage, VOLTAGE_LOW: sense, CURRENT_SENSE: sense}
        return {name: shown[name] for name in self.channels}

    def configure(self, windows: Mapping[str, Window]) -> None:
        """Set each channel's range and offset so that its window [V] fills most of the screen."""
        capabilities = self.scope.capabilities
        for name, number in self.channels.items():
            low, high = windows[name]
            middle = (low + high) / 2
            span = max((high - low) / _FILL, capabilities.least_range(middle))
            self.scope.configure_channel(number, Vertical(min(span, capabilities.range.high), middle))

    def wait_for_force(self) -> None:
        """Set a trigger that never comes by itself: records are forced.

        A scope without external trigger input waits for an edge of a channel that is not used here.
        """
        capabilities = self.scope.capabilities
        unused = [number for number in range(1, capabilities.channels + 1) if number not in self.channels.values()]
        external = capabilities.external_trigger or not unused
        self.scope.configure_trigger(FREE_RUN if external else EdgeTrigger(unused[-1], FREE_RUN.level))

    def fetch(self, conditions: Mapping[str, float], time: float) -> dict[str, Waveform]:
        """Read the finished acquisition by what was sensed; ``time`` [s]: bench's clock at its trigger."""
        fetched = self.scope.fetch(sorted(self.channels.values()))
        return {
            name: replace(fetched[number], channel=name, conditions=dict(conditions), time=time)
            for name, number in self.channels.items()
        }

    def capture_now(
        self, timebase: Timebase, station: Station, conditions: Mapping[str, float]
    ) -> dict[str, Waveform] | None:
        """Take one record of the present (forced trigger); None where the scope did not finish in time."""
        accepted = self.scope.configure_timebase(timebase)
        return self.recapture(accepted.span, station, conditions)

    def recapture(
        self, span: float, station: Station, conditions: Mapping[str, float]
    ) -> dict[str, Waveform] | None:
        """Take one more record of ``span`` [s] with the set-up as it is (forced trigger)."""
        self.scope.arm()
        time = station.clock.now()
        self.scope.force_trigger()
        if not wait_until(station.clock, self.scope.complete, span, span + ACQUISITION_MARGIN):
            self.scope.abort()
            return None
        return self.fetch(conditions, time)


#: why a bench without a scope at the device is refused
NO_SCOPE = (
    "scope: [fixture.sensing] in the bench file has no scope channel at the device. Add voltage_high and current")


def required_view(station: Station) -> DeviceView:
    """Return the scope's view of the device; ConfigurationError where there is none."""
    view = device_view(station)
    if view is None:
        raise ConfigurationError(NO_SCOPE)
    return view


def device_view(station: Station) -> DeviceView | None:
    """Return the scope's view of the device, None where the fixture names no scope channel.

    Raises
    ------
    ConfigurationError
        The sensing is spread over two scopes, or a current channel has no resistance.
    """
    sensing = station.fixture.sensing
    wanted = [(VOLTAGE_HIGH, sensing.voltage_high), (VOLTAGE_LOW, sensing.voltage_low)]
    if sensing.current not in {sensing.voltage_high, sensing.voltage_low}:
        wanted.append((CURRENT_SENSE, sensing.current))
    found = {name: station.scope_channel(terminal) for name, terminal in wanted if terminal is not None}
    if not found:
        return None
    scopes = [place.scope for place in found.values()]
    if any(scope is not scopes[0] for scope in scopes):
        raise ConfigurationError(
            "[fixture.sensing] has channels of two scopes. One scope must measure both device voltage and current"
        )
    if sensing.current is not None and not sensing.current_resistance:
        raise ConfigurationError('[fixture.sensing] current also needs current_resistance, for example "50 Ohm"')
    channels = {name: place.channel for name, place in found.items()}
    return DeviceView(scopes[0], channels, sensing.current_resistance or 1.0)


#: for records that are forced: an input where nothing happens, whatever the channels' ranges are
FREE_RUN = EdgeTrigger("external", level=1.0)


def clipped(waveform: Waveform) -> bool:
    """Return whether any sample stands at the end of the ADC."""
    if Flag.CLIPPED in waveform.flags:
        return True
    ends = [code for code in (waveform.clip_low, waveform.clip_high) if code is not None]
    return bool(ends) and bool(np.isin(waveform.codes, ends).any())


def marked(waveform: Waveform, flags: Flag = Flag.NONE) -> Waveform:
    """Return a record with ``flags`` added, and ``CLIPPED`` where it is."""
    return replace(waveform, flags=waveform.flags | flags | (Flag.CLIPPED if clipped(waveform) else Flag.NONE))


def narrowed(waveform: Waveform, window: Window) -> Window:
    """Return a tighter window [V] around what ``waveform`` showed, with room, never wider than ``window``."""
    if clipped(waveform):
        return window
    values = waveform.values()
    low, high = float(values.min()), float(values.max())
    room = max(0.15 * (high - low), 0.02 * (window[1] - window[0]))
    return max(low - room, window[0]), min(high + room, window[1])
