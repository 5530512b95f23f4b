"""What the front panel of an oscilloscope sets: inputs, time base, acquisition, trigger; and the plan that follows.

It is for models whose commands set volts and seconds for each division. It knows no command: a model's tables set its
fields, and its methods bring a value to the nearest legal one.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from tsbench.simulated_backends.virtual_instruments.oscilloscope.acquisition import AcquisitionPlan
from tsbench.simulated_backends.virtual_instruments.oscilloscope.data_sheet import (
    Sampling,
    ScopeDataSheet,
    choose_sampling,
)
from tsbench.simulated_backends.virtual_instruments.oscilloscope.front_end import InputChannel
from tsbench.simulated_backends.virtual_instruments.oscilloscope.inputs import ScopeInputs
from tsbench.simulated_backends.virtual_instruments.oscilloscope.pulse_trigger import Duration, PulseSettings
from tsbench.simulated_backends.virtual_instruments.oscilloscope.trigger import (
    EdgeSettings,
    TriggerSettings,
    channel_edge,
    external_edge,
)

_STEPS = (1.0, 2.0, 5.0, 10.0)


def step_up(value: float) -> float:
    """Return the smallest 1-2-5 value that is not below ``value``."""
    decade = 10.0 ** math.floor(math.log10(value) + 1e-9)
    return next(step * decade for step in _STEPS if step * decade >= value * (1 - 1e-9))


def nearest_step(value: float, low: float, high: float) -> float:
    """Return the 1-2-5 value that is nearest to ``value``, within bounds."""
    above = step_up(min(max(value, low), high))
    below = step_up(above / 2.6)
    nearest = below if below >= low * (1 - 1e-9) and value - below < above - value else above
    return float(f"{min(max(nearest, low), high):.6g}")


@dataclass
class InputPanel:
    """The settings of one input; volts at the display."""

    impedance: str
    shown: bool = False
    scale: float = 1.0  #: [V/div]
    middle: float = 0.0  #: [V] at mid-screen
    probe: float = 1.0
    coupling: str = "DC"  #: DC, AC or GND
    limit: float | None = None  #: [Hz] of the bandwidth limit
    inverted: bool = False
    level: float = 0.0  #: [V] trigger level
    second_level: float = 0.0  #: [V] lower trigger level of pulse conditions


@dataclass
class TriggerPanel:
    """The settings of the trigger."""

    kind: str = "EDGE"  #: EDGE, PULSE, or another whose signals nothing on a bench makes
    source: str = "C1"  #: "C1", ..., "EXT" or "LINE"
    slope: str = "POS"  #: POS, NEG or EITH
    external_level: float = 0.0  #: [V]
    holdoff: float | None = None  #: [s]
    width: Duration = field(default_factory=Duration)
    positive: bool = True  #: of a pulse


class FrontPanel:
    """The settings of one oscilloscope, as :class:`~.settings.OscilloscopeSettings` has them.

    Parameters
    ----------
    sheet : ScopeDataSheet
    inputs : ScopeInputs
    impedance : name of the impedance after a reset
    timebase_error : relative
    noisy : whether noise and jitter are simulated
    """

    def __init__(
        self, sheet: ScopeDataSheet, inputs: ScopeInputs, impedance: str, timebase_error: float, noisy: bool,
    ) -> None:
        self.sheet = sheet
        self._inputs = inputs
        self._impedance = impedance
        self._timebase_error = timebase_error
        self._noisy = noisy
        self.node_of: Callable[[str], str | None] = lambda channel: None
        self.set_defaults()

    def set_defaults(self) -> None:
        """Bring every setting to its default; the inputs keep the impedance that the circuit has."""
        self.channels = {number: InputPanel(self._impedance, number == 1)
                         for number in range(1, self.sheet.channels + 1)}
        self.trigger = TriggerPanel()
        self.time_scale = 1e-6  #: [s/div]
        self.position = 0.0  #: [s] of the middle of the screen after the trigger
        self.sweep = "AUTO"
        self.kind = "NORM"  #: NORM, PEAK, AVER or HRES
        self.averages = 16
        self.segments = 1
        self.memory = self.sheet.memory  #: points, one channel of a pair
        self.fixed_rate: float | None = None  #: [Sa/s] that is kept, however little of the memory is used

    def reset(self) -> None:
        """Bring every setting to its default."""
        self.set_defaults()
        for number in self.channels:
            self._inputs.set_impedance(number, self._impedance)

    # -------------------------------------------------------------------------------------------- vertical

    def set_scale(self, number: int, value: float) -> None:
        """Set volts per division, the nearest that can be; the middle follows its own limit."""
        one, sheet = self.channels[number], self.sheet
        one.scale = min(max(value, sheet.min_scale * one.probe), sheet.max_scale[one.impedance] * one.probe)
        self.set_middle(number, one.middle)

    def set_middle(self, number: int, volts: float) -> None:
        """Set the volts at mid-screen, the nearest that can be; the trigger level stays within reach."""
        one = self.channels[number]
        most = self.sheet.max_offset(one.scale / one.probe) * one.probe
        one.middle = min(max(volts, -most), most)
        self.set_level(number, one.level)

    def set_probe(self, number: int, factor: float) -> None:
        """Set the attenuation that the display takes into account; scale, middle and levels follow it."""
        one = self.channels[number]
        ratio = factor / one.probe
        one.probe = factor
        one.scale, one.middle = one.scale * ratio, one.middle * ratio
        one.level, one.second_level = one.level * ratio, one.second_level * ratio

    def set_impedance(self, number: int, impedance: str) -> None:
        """Switch an input."""
        self.channels[number].impedance = impedance
        self._inputs.set_impedance(number, impedance)
        self.set_scale(number, self.channels[number].scale)

    def legal_level(self, number: int, volts: float) -> float:
        """Return the trigger level of a channel that is nearest to ``volts``."""
        one = self.channels[number]
        reach = self.sheet.level_divisions * one.scale
        return min(max(volts, one.middle - reach), one.middle + reach)

    def set_level(self, number: int, volts: float) -> None:
        """Set the trigger level of a channel, the nearest that can be."""
        self.channels[number].level = self.legal_level(number, volts)

    def shown_channels(self) -> list[int]:
        """Return the channels that are on."""
        return [number for number, one in self.channels.items() if one.shown]

    def channel(self, number: int) -> InputChannel:
        """Return one input as it is set now."""
        one, sheet = self.channels[number], self.sheet
        return InputChannel(
            number=number, node=self.node_of(str(number)), scale=one.scale, offset=one.middle, probe=one.probe,
            divider=self._inputs.dividers.get(number, 1.0), bandwidth=min(one.limit or math.inf, sheet.bandwidth),
            ac_coupled=one.coupling == "AC", grounded=one.coupling == "GND", inverted=one.inverted,
            divisions=sheet.divisions, levels=sheet.levels,
        )

    # ------------------------------------------------------------------------------------------ horizontal

    @property
    def timebase_range(self) -> float:
        """Return the width of the screen [s]."""
        return self.time_scale * self.sheet.time_divisions

    @property
    def first(self) -> float:
        """Return the time [s] of the left edge of the screen after the trigger."""
        return self.position - self.timebase_range / 2

    @property
    def paired(self) -> bool:
        """Whether the channels share converters and memory: two of a pair (1/2, 3/4) are on."""
        return any({2 * pair + 1, 2 * pair + 2} <= set(self.shown_channels()) for pair in range(2))

    def sampling(self) -> Sampling:
        """Return rate and points of the next record."""
        sheet = replace(self.sheet, memory=self.memory)
        if self.fixed_rate is not None:
            rate = self.fixed_rate * (2 if self.paired else 1)
            sheet = replace(sheet, max_sample_rate=min(rate, sheet.max_sample_rate))
        return choose_sampling(sheet, self.timebase_range, self.paired, self.segments)

    # --------------------------------------------------------------------------------------------- trigger

    @property
    def trigger_source(self) -> str:
        """Return what it triggers on; "EXT": the external input."""
        return self.trigger.source

    def _edge(self, slope: str) -> EdgeSettings:
        trigger, sheet = self.trigger, self.sheet
        if trigger.source.startswith("C"):
            number = int(trigger.source[1:])
            level = self.channels[number].level
            return channel_edge(self.channel(number), sheet, level, slope, sheet.hysteresis, self._noisy)
        level = trigger.external_level if trigger.source == "EXT" else math.nan
        return external_edge(level, slope, sheet.trigger_jitter if self._noisy else 0.0)

    def trigger_settings(self) -> TriggerSettings:
        """Return what the next acquisition triggers on."""
        trigger = self.trigger
        if trigger.kind == "PULSE" and trigger.source.startswith("C"):
            inverted = self.channels[int(trigger.source[1:])].inverted
            return PulseSettings(self._edge("EITH"), trigger.positive != inverted, trigger.width)
        if trigger.kind != "EDGE":
            return external_edge(math.nan, "POS", 0.0)   # nothing on a bench makes such a signal
        return self._edge(trigger.slope)

    def plan(self, channels: list[int], automatic: bool) -> AcquisitionPlan:
        """Return everything that the next acquisition needs to know."""
        averaged = self.kind == "AVER" and self.segments == 1
        return AcquisitionPlan(
            channels={number: self.channel(number) for number in channels}, sampling=self.sampling(),
            pre=-self.first, post=self.first + self.timebase_range, trigger=self.trigger_settings(),
            records=self.averages if averaged else self.segments, averaged=averaged,
            high_resolution=self.kind == "HRES", peak_detect=self.kind == "PEAK", bits=self.sheet.resolution_bits,
            automatic=self.sheet.auto_timeout if automatic else None,
            holdoff=self.trigger.holdoff or 0.0, rearm=self.sheet.rearm_time, timebase_error=self._timebase_error,
        )
