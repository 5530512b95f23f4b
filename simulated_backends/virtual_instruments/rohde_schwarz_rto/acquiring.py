"""The commands TIMebase, ACQuire and TRIGger of the RTO, and the plan of an acquisition."""

from collections.abc import Callable
from typing import Any

from tsbench.simulated_backends.scpi.parameters import Boolean, Choice, Integer, Number, Parameter
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.oscilloscope.acquisition import AcquisitionPlan
from tsbench.simulated_backends.virtual_instruments.oscilloscope.data_sheet import Sampling
from tsbench.simulated_backends.virtual_instruments.oscilloscope.pulse_trigger import Duration, PulseSettings
from tsbench.simulated_backends.virtual_instruments.oscilloscope.trigger import (
    EdgeSettings,
    TriggerSettings,
    channel_edge,
    external_edge,
)
from tsbench.simulated_backends.virtual_instruments.rohde_schwarz_rto.tables import (
    EXTERNAL,
    RtoChannels,
    SharedAcquiring,
)


class Resulting(Setting):
    """A setting whose query answers what results from all settings; 0 stands for none that was set.

    Parameters
    ----------
    pattern, parameter : as of the base
    result : returns the reply, of the owner
    """

    def __init__(self, pattern: str, parameter: Parameter, result: Callable[[Any], str]) -> None:
        super().__init__(pattern, parameter, default=0)
        self._result = result

    def query(self, owner: Any, key: tuple[Any, ...], raw: list[bytes]) -> Any:
        """Carry out the query form, with MIN and MAX."""
        return super().query(owner, key, raw) if raw else self._result(owner)


class RtoAcquiring(SharedAcquiring):
    """What ``TIMebase``, ``ACQuire`` and ``TRIGger`` set.

    With the channels, these are the settings that the shared code reads: an
    :class:`~tsbench.simulated_backends.virtual_instruments.oscilloscope.settings.OscilloscopeSettings`.

    Parameters
    ----------
    scope : ConverterScope
    channels : RtoChannels
        Of the same scope.
    """

    channels: RtoChannels
    time_scale = Setting(":TIMebase:SCALe", Number(
        "S", lambda owner: owner.data_sheet.min_timebase, lambda owner: owner.data_sheet.max_timebase), default=10e-9)
    position = Setting(":TIMebase:HORizontal:POSition", Number("S", -1e5, 1e5), default=0.0)
    reference = Setting(":TIMebase:REFerence", Number("PCT", 0.0, 100.0), default=50.0)
    points = Resulting(
        ":ACQuire:POINts[:VALue]", Integer("", 1000, lambda owner: owner.data_sheet.memory),
        lambda owner: str(owner.sampling().points))
    points_auto = Setting(":ACQuire:POINts:AUTO", Choice("RESolution", "RECLength"), default="RES")
    wanted_rate = Resulting(
        ":ACQuire:SRATe", Number("HZ", 2.0, 20e12), lambda owner: owner.format_number(owner.sampling().rate))
    count = Setting(":ACQuire:COUNt", Integer("", 1, 16_777_215), default=1)
    segmented = Setting(":ACQuire:SEGMented:STATe", Boolean(), default=False)
    most_segments = Setting(":ACQuire:SEGMented:MAX", Boolean(), default=False)
    trigger_mode = Setting(":TRIGger<1-3>:MODE", Choice("AUTO", "NORMal", "FREerun"), default="AUTO")
    source = Setting(":TRIGger<1-3>:SOURce", Choice("CHANnel1", "CHANnel2", "CHANnel3", "CHANnel4", "EXTernanalog"),
                     default="CHAN1", coerce="_source_chosen")
    trigger_type = Setting(":TRIGger<1-3>:TYPE", Choice("EDGE", "WIDTh"), default="EDGE")
    slope = Setting(":TRIGger<1-3>:EDGE:SLOPe", Choice("POSitive", "NEGative", "EITHer"), default="POS")
    level = Setting(":TRIGger<1-3>:LEVel<1-5>[:VALue]", Number("V"), default=0.0, coerce="_level_chosen")
    #: user manual 1316.0827.02, page 486: only the first trigger has a holdoff. EVENts, RANDom and AUTO are missing
    holdoff_mode = Setting(":TRIGger<1-1>:HOLDoff:MODE", Choice("TIME", "OFF"), default="OFF")
    holdoff_time = Setting(":TRIGger<1-1>:HOLDoff:TIME", Number("S", 100e-9, 10.0), default=1e-3)
    polarity = Setting(":TRIGger<1-3>:WIDTh:POLarity", Choice("POSitive", "NEGative"), default="POS")
    width_range = Setting(":TRIGger<1-3>:WIDTh:RANGe", Choice("SHORter", "LONGer"), default="SHOR")
    width = Setting(":TRIGger<1-3>:WIDTh:WIDTh", Number("S", 100e-12, 10_000.0), default=5e-9)

    # ----------------------------------------------------------------------------------- what it amounts to

    @property
    def sweep(self) -> str:
        """Return whether it triggers by itself: "AUTO" or "NORM"."""
        return "NORM" if self.trigger_mode[1] == "NORM" else "AUTO"

    @property
    def trigger_source(self) -> str:
        """Return what it triggers on; "EXT" is the external input."""
        return str(self.source[1])

    def sampling(self) -> Sampling:
        """Return sample rate and points as set now: points x resolution is the time range."""
        span, most = self.timebase_range, self.data_sheet.max_sample_rate
        rate = min(float(self.wanted_rate), most) if self.wanted_rate else most
        longest = int(self.points) or min(self.data_sheet.memory, 1_000_000)
        points = max(min(round(span * rate), longest), 2)
        return Sampling(min(points / span, most), points)

    def record_start(self) -> float:
        """Return the time [s] of the left edge of the screen after the trigger."""
        return float(self.position - self.reference / 100.0 * self.timebase_range)

    def plan(self, channels: list[int], automatic: bool) -> AcquisitionPlan:
        """Return everything the next acquisition needs to know."""
        start, sampling, sheet = self.record_start(), self.sampling(), self.data_sheet
        averaged = self.count > 1 and any(self.channels.arithmetics[channel, 1] == "AVER" for channel in channels)
        return AcquisitionPlan(
            channels={number: self.channels.channel(number) for number in channels}, sampling=sampling,
            pre=-start, post=start + sampling.points * sampling.interval, trigger=self._trigger(),
            records=self._records(averaged, sampling.points), averaged=averaged,
            automatic=sheet.auto_timeout if automatic else None, rearm=sheet.rearm_time,
            timebase_error=self.scope.timebase_error, fills_first=True,
            holdoff=float(self.holdoff_time[1]) if self.holdoff_mode[1] == "TIME" else 0.0,
        )

    def _records(self, averaged: bool, points: int) -> int:
        if self.segmented and self.most_segments and not averaged:
            return max(self.data_sheet.memory // points, 1)
        return int(self.count) if averaged or self.segmented or self.control.alone else 1

    def _trigger(self) -> TriggerSettings:
        if self.trigger_type[1] == "EDGE":
            return self._edge(self.slope[1])
        width = Duration(high=self.width[1]) if self.width_range[1] == "SHOR" else Duration(low=self.width[1])
        return PulseSettings(self._edge("EITH"), self.polarity[1] == "POS", width)

    def _edge(self, slope: str) -> EdgeSettings:
        sheet, noisy, source = self.data_sheet, self.scope.bench.imperfections, self.source[1]
        if source == "EXT":
            return external_edge(self.level[1, EXTERNAL], slope, sheet.trigger_jitter if noisy else 0.0)
        channel = int(source[4:])
        return channel_edge(
            self.channels.channel(channel), sheet, self.level[1, channel], slope, sheet.hysteresis, noisy)

    def _source_chosen(self, number: int, value: str) -> str:
        return "EXT" if value.startswith("EXT") else value.replace("CHANNEL", "CHAN")

    def _level_chosen(self, number: int, source: int, value: float) -> float:
        return self.require_level(source, value)

    @command(":ACQuire:RESolution?")
    def _resolution(self) -> str:
        return self.format_number(self.sampling().interval)

    @command(":ACQuire:CURRent?")
    def _acquired(self) -> str:
        """``ACQ:CURR?``: acquisitions that are done."""
        self.control.look()
        acquisition = self.control.acquisition or self.memory.acquisition
        return str(0 if acquisition is None else len(acquisition.records))
