"""What the scope sees of the device: which channels, their ranges, one acquisition."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tsbench.errors import ConfigurationError
from tsbench.instruments import EdgeTrigger, Oscilloscope, Station, Timebase, Vertical
from tsbench.protocols.acquiring.waiting import wait_until
from tsbench.records import Flag, PassiveProbe, Sensing, Waveform

#: names of the waveforms in the run: what the channel sensed, all in volts
VOLTAGE_HIGH = "device_voltage_high"
VOLTAGE_LOW = "device_voltage_low"
CURRENT_SENSE = "device_current_sense"  #: only where no voltage channel sees the same terminal

#: share of a channel's full scale that the expected signal fills
_FILL = 0.8
#: [s] allowed beyond the record's own length before an acquisition counts as missed
ACQUISITION_MARGIN = 2.0
#: [s] the same for a forced record, during which the run does not look whether an instrument has restarted. With half a
#: second between two looks (``LOOK_EVERY``), outputs are off within 2 s after a restart of the scope
_FORCED_MARGIN = 1.25

#: of its maximum output that an amplifier may show: the gain of the scope and the amplifier itself may differ
_BEYOND_MAXIMUM = 1.1

Window = tuple[float, float]


@dataclass(frozen=True)
class DeviceView:
    """The scope channels of the fixture's sensing, all on one scope."""

    scope: Oscilloscope
    channels: Mapping[str, int]  #: waveform name -> channel number
    sensing: Sensing  #: what turns the current into a voltage
    probes: Mapping[str, PassiveProbe] = field(default_factory=dict)  #: waveform name -> passive probe at its channel

    @property
    def transresistance(self) -> float:
        """Return volts of the current's channel per ampere [Ohm]; 1 where no channel senses the current."""
        return self.sensing.transresistance or 1.0

    @property
    def trigger_channel(self) -> int:
        """Return the channel that sees a pulse at the device: the high side, else the first there is."""
        return self.channels.get(VOLTAGE_HIGH, next(iter(self.channels.values())))

    def gain_limit(self, name: str) -> float:
        """Return the relative limit of the gain error of a channel, together with the probe at it."""
        probe = self.probes.get(name)
        return self.scope.capabilities.gain_accuracy + (0.0 if probe is None else probe.accuracy)

    def windows(self, voltage: Window, current: Window) -> dict[str, Window]:
        """Return what each channel may have to show [V] for windows of device voltage and current [V, A].

        The low side sees the sense resistor's voltage; the high side sees both together. An amplifier shows no more
        than its maximum output.
        """
        low, high = sorted(edge * self.transresistance for edge in current)
        if self.sensing.amplifier is not None:
            most = _BEYOND_MAXIMUM * self.sensing.amplifier.maximum_output
            low, high = max(low, -most), min(high, most)
        sense = (low, high)
        shown = {VOLTAGE_HIGH: voltage, VOLTAGE_LOW: sense, CURRENT_SENSE: sense}
        return {name: shown[name] for name in self.channels}

    def largest_windows(self, voltage: Window) -> dict[str, Window]:
        """Return what each channel can show at most [V], all of a ``voltage`` [V] at either side of the device."""
        low, high = (edge / (self.sensing.burden or 1.0) for edge in voltage)
        return self.windows(voltage, (low, high))

    def configure(self, windows: Mapping[str, Window]) -> None:
        """Set each channel's range and offset so that its window [V] fills most of the screen."""
        capabilities, at_sensor = self.scope.capabilities, current_name(self.sensing)
        for name, number in self.channels.items():
            low, high = windows[name]
            middle = (low + high) / 2
            impedance = self.sensing.current_impedance if name == at_sensor else "1M"
            attenuation = self.probes[name].attenuation if name in self.probes else 1.0
            span = max((high - low) / _FILL, attenuation * capabilities.least_range(middle / attenuation))
            widest = attenuation * capabilities.widest_range(impedance)
            self.scope.configure_channel(number, Vertical(min(span, widest), middle, impedance, attenuation))

    def wait_for_force(self) -> None:
        """Set a trigger that never comes by itself: records are forced.

        A scope without external trigger input waits for an edge of a channel that is not used here.
        """
        capabilities = self.scope.capabilities
        unused = [number for number in range(1, capabilities.channels + 1) if number not in self.channels.values()]
        external = capabilities.external_trigger or not unused
        self.scope.configure_trigger(FREE_RUN if external else EdgeTrigger(unused[-1], FREE_RUN.level))

    def fetch(self, conditions: Mapping[str, float], time: float) -> dict[str, Waveform]:
        """Read the finished acquisition by what was sensed; ``time`` [s]: bench's clock at its trigger.

        Parameters
        ----------
        conditions : of the waveforms, in SI units
        time : [s]
        """
        fetched = self.scope.fetch(sorted(self.channels.values()))
        found = {
            name: replace(fetched[number], channel=name, conditions=dict(conditions), time=time)
            for name, number in self.channels.items()
        }
        amplified = found.get(current_name(self.sensing) or "")
        if amplified is not None and self.sensing.amplifier is not None and bool(
                self.sensing.amplifier.saturated(amplified.values()).any()):
            found[amplified.channel] = replace(amplified, flags=amplified.flags | Flag.CLIPPED)
        return found

    def capture_now(
        self, timebase: Timebase, station: Station, conditions: Mapping[str, float]
    ) -> dict[str, Waveform] | None:
        """Take one record of the present (forced trigger); None where the scope did not finish in time.

        Parameters
        ----------
        timebase : span and points of the record
        station : gives the clock
        conditions : of the waveforms, in SI units
        """
        accepted = self.scope.configure_timebase(timebase)
        return self.recapture(accepted.span, station, conditions)

    def recapture(
        self, span: float, station: Station, conditions: Mapping[str, float]
    ) -> dict[str, Waveform] | None:
        """Take one more record of ``span`` [s] with the set-up as it is (forced trigger).

        Parameters
        ----------
        span : [s]
        station : gives the clock
        conditions : of the waveforms, in SI units
        """
        self.scope.arm()
        time = station.clock.now()
        self.scope.force_trigger()
        if not wait_until(station.clock, self.scope.complete, span, span + _FORCED_MARGIN):
            self.scope.abort()
            return None
        return self.fetch(conditions, time)


def current_name(sensing: Sensing) -> str | None:
    """Return the name of the waveform that is the current times the transresistance; None: no channel senses it."""
    if sensing.current is None:
        return None
    shared = {sensing.voltage_high: VOLTAGE_HIGH, sensing.voltage_low: VOLTAGE_LOW}
    return shared.get(sensing.current, CURRENT_SENSE)


#: why a bench without a scope at the device is refused
NO_SCOPE = (
    "scope: [fixture.sensing] in the bench file has no scope channel at the device. Add voltage_high and current")


def trigger_refusals(station: Station, trigger: str) -> list[str]:
    """Return why the scope cannot have an external trigger, in a list; an empty one where it can."""
    view = device_view(station) if trigger == "external" else None
    if view is None or view.scope.capabilities.external_trigger:
        return []
    return ["scope: this model has no external trigger input. Use trigger = 'device'"]


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
    if current_name(sensing) == CURRENT_SENSE:
        wanted.append((CURRENT_SENSE, sensing.current))
    found = {name: station.scope_channel(terminal) for name, terminal in wanted if terminal is not None}
    if not found:
        return None
    scopes = [place.scope for place in found.values()]
    if any(scope is not scopes[0] for scope in scopes):
        raise ConfigurationError(
            "[fixture.sensing] has channels of two scopes. One scope must measure both device voltage and current"
        )
    if sensing.current is not None and not sensing.transresistance:
        raise ConfigurationError('[fixture.sensing] current also needs current_resistance, for example "50 Ohm"')
    channels = {name: place.channel for name, place in found.items()}
    probes = {name: place.probe for name, place in found.items() if place.probe is not None}
    return DeviceView(scopes[0], channels, sensing, probes)


#: for records that are forced: an input where nothing happens, whatever the channels' ranges are
FREE_RUN = EdgeTrigger("external", level=1.0)


def clipped(waveform: Waveform) -> bool:
    """Return whether any sample stands at the end of the ADC."""
    if Flag.CLIPPED in waveform.flags:
        return True
    ends = [code for code in (waveform.clip_low, waveform.clip_high) if code is not None]
    return any(bool((waveform.codes == end).any()) for end in ends)


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
