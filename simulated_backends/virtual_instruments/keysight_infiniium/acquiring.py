"""The commands TIMebase and ACQuire of the Infiniium oscilloscopes, and the plan of an acquisition."""

import math
from dataclasses import replace

from tsbench.simulated_backends.scpi.parameters import AnyOf, Boolean, Choice, Integer, Number
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.keysight_infiniium.channels import InfiniiumChannels
from tsbench.simulated_backends.virtual_instruments.keysight_infiniium.tables import InfiniiumBase, InfiniiumTable
from tsbench.simulated_backends.virtual_instruments.keysight_infiniium.triggering import InfiniiumTrigger
from tsbench.simulated_backends.virtual_instruments.oscilloscope.acquisition import AcquisitionPlan
from tsbench.simulated_backends.virtual_instruments.oscilloscope.data_sheet import Sampling
from tsbench.simulated_backends.virtual_instruments.oscilloscope.front_end import InputChannel

_REFERENCES = {"LEFT": 0.0, "CENT": 0.5, "RIGH": 1.0}
_SEGMENTED = ("SEGM", "SEGP", "SEGH")


class InfiniiumAcquiring(InfiniiumTable):
    """What ``TIMebase`` and ``ACQuire`` set.

    With the channels, these are the settings that the shared code reads: an
    :class:`~tsbench.simulated_backends.virtual_instruments.oscilloscope.settings.OscilloscopeSettings`.

    Parameters
    ----------
    scope : InfiniiumBase
    channels : InfiniiumChannels
    trigger : InfiniiumTrigger
        Of the same scope.
    """

    def __init__(self, scope: InfiniiumBase, channels: InfiniiumChannels, trigger: InfiniiumTrigger) -> None:
        super().__init__(scope)
        self.channels = channels
        self.trigger = trigger

    timebase_range = Setting(":TIMebase:RANGe", Number(
        "S", lambda owner: owner.data_sheet.min_timebase * 10, lambda owner: owner.data_sheet.max_timebase * 10),
        default=1e-6)
    position = Setting(":TIMebase:POSition", Number("S", -200.0, 200.0), default=0.0)
    reference = Setting(":TIMebase:REFerence", Choice("LEFT", "CENTer", "RIGHt"), default="CENT")
    roll = Setting(":TIMebase:ROLL:ENABLE", Boolean(), default=False)
    acquire_mode = Setting(":ACQuire:MODE", Choice(
        "RTIMe", "ETIMe", "PDETect", "HRESolution", "SEGMented", "SEGPdetect", "SEGHres"), default="RTIM")
    points = Setting(":ACQuire:POINts[:ANALog]", AnyOf(Choice("AUTO"), Integer(
        "", 16, lambda owner: owner.data_sheet.memory)), default="AUTO")
    rate = Setting(":ACQuire:SRATe[:ANALog]", AnyOf(Choice("AUTO", "MAX"), Number(
        "SA/S", 1.0, lambda owner: owner.data_sheet.max_sample_rate)), default="AUTO")
    bandwidth = Setting(":ACQuire:BANDwidth", AnyOf(Choice("AUTO", "MAX"), Number("HZ", 1e6)), default="AUTO")
    interpolated = Setting(":ACQuire:INTerpolate", Boolean(), default=True)
    averaged = Setting(":ACQuire:AVERage", Boolean(), default=False)
    averages = Setting(":ACQuire:AVERage:COUNt", Integer("", 2, 65534), default=16, also=(":ACQuire:COUNt",))
    complete = Setting(":ACQuire:COMPlete", Integer("", 0, 100), default=100)
    segment_count = Setting(":ACQuire:SEGMented:COUNt", Integer(
        "", 2, lambda owner: owner.data_sheet.max_segments), default=2)
    segment_index = Setting(":ACQuire:SEGMented:INDex", Integer(
        "", 1, lambda owner: owner.data_sheet.max_segments), default=1)

    @property
    def sweep(self) -> str:
        """Return whether it triggers by itself: "AUTO" or "NORM"."""
        return "AUTO" if self.trigger.trigger_sweep == "AUTO" else "NORM"

    @property
    def trigger_source(self) -> str:
        """Return what it triggers on; "EXT" is the external input."""
        return self.trigger.source

    def shown_channels(self) -> list[int]:
        """Return the channels that are acquired."""
        return self.channels.shown_channels()

    @property
    def segments(self) -> int:
        """Return the number of segments an acquisition takes."""
        return int(self.segment_count) if self.acquire_mode in _SEGMENTED else 1

    def sampling(self) -> Sampling:
        """Return sample rate and points as set now: three and four channels have half of the rate."""
        sheet, span = self.data_sheet, self.timebase_range
        most = sheet.max_sample_rate / (2 if len(self.shown_channels()) > 2 else 1)
        room = sheet.memory // self.segments
        room = min(room, sheet.usual_points if self.points == "AUTO" else int(self.points))
        rate = most if isinstance(self.rate, str) else min(float(self.rate), most)
        if span * rate > room and self.rate != "MAX":
            slower = room / span
            decade = 10.0 ** math.floor(math.log10(slower) + 1e-12)
            rate = decade * next(step for step in (5.0, 4.0, 2.5, 2.0, 1.0) if step * decade <= slower * (1 + 1e-9))
        return Sampling(rate, max(min(round(span * rate), room), 2))

    def record_start(self) -> float:
        """Return the time [s] of the left edge of the screen after the trigger."""
        return float(self.position - _REFERENCES[self.reference] * self.timebase_range)

    def plan(self, channels: list[int], automatic: bool) -> AcquisitionPlan:
        """Return everything the next acquisition needs to know."""
        averaged, start, sampling = self.averaged and self.segments == 1, self.record_start(), self.sampling()
        return AcquisitionPlan(
            channels={number: self._limited(number) for number in channels}, sampling=sampling,
            pre=-start, post=start + sampling.points * sampling.interval, trigger=self.trigger.settings(),
            records=int(self.averages) if averaged else self.segments, averaged=averaged,
            high_resolution=self.acquire_mode in ("HRES", "SEGH"), peak_detect=self.acquire_mode in ("PDET", "SEGP"),
            automatic=self.data_sheet.auto_timeout if automatic else None, holdoff=self.trigger.holdoff,
            rearm=self.data_sheet.rearm_time, timebase_error=self.scope.timebase_error, fills_first=True,
        )

    def _limited(self, number: int) -> InputChannel:
        """Return a channel with the bandwidth of the whole oscilloscope."""
        channel = self.channels.channel(number)
        if isinstance(self.bandwidth, str):
            return channel
        return replace(channel, bandwidth=min(channel.bandwidth, float(self.bandwidth)))

    @command(":TIMebase:SCALe", Number("S"))
    def _set_time_scale(self, value: float) -> None:
        """``:TIM:SCAL``: seconds per division."""
        self.timebase_range = value * self.data_sheet.time_divisions

    @command(":TIMebase:SCALe?")
    def _get_time_scale(self) -> str:
        return self.format_number(self.timebase_range / self.data_sheet.time_divisions)

    @command(":ACQuire:POINts[:ANALog]?")
    def _acquired_points(self) -> str:
        """``:ACQ:POIN?``: of what can be read, or of what is set."""
        plan = self.memory.plan
        return self.format_integer((self.sampling() if plan is None else plan.sampling).points)

    @command(":ACQuire:BANDwidth?")
    def _bandwidth(self) -> str:
        """``:ACQ:BAND?`` [Hz]: a number, also while AUTO or MAX is set."""
        most = self.data_sheet.bandwidth
        return self.format_number(most if isinstance(self.bandwidth, str) else min(float(self.bandwidth), most))

    @command(":ACQuire:SRATe[:ANALog]?")
    def _sample_rate(self) -> str:
        return self.format_number(self.sampling().rate)

    @command(":ACQuire:{POINts|SRATe|BANDwidth}:TESTLIMITS?")
    def _limits(self, which: str) -> str:
        """``:ACQ:POIN:TESTLIMITS?``: what can be set."""
        sheet = self.data_sheet
        low, high = {"POIN": (16.0, float(sheet.memory)), "SRAT": (1.0, sheet.max_sample_rate),
                     "BAND": (1e6, sheet.bandwidth)}[which]
        return f"1,<numeric>{low:.5E}:{high:.5E}"
