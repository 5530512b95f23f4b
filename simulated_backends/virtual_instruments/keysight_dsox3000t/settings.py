"""The commands TIMebase, TRIGger and ACQuire of the InfiniiVision 3000T X-Series, and the plan of an acquisition."""

from tsbench.simulated_backends.scpi.parameters import Boolean, Choice, Integer, Number, Optional
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.keysight_dsox3000t.channels import OUT_OF_RANGE, ChannelCommands
from tsbench.simulated_backends.virtual_instruments.keysight_dsox3000t.command_table import ScopeBase, ScopeTable
from tsbench.simulated_backends.virtual_instruments.oscilloscope.acquisition import AcquisitionPlan
from tsbench.simulated_backends.virtual_instruments.oscilloscope.data_sheet import Sampling, choose_sampling
from tsbench.simulated_backends.virtual_instruments.oscilloscope.trigger import (
    EdgeSettings,
    channel_edge,
    external_edge,
)

_REFERENCES = {"LEFT": 0.1, "CENT": 0.5, "RIGH": 0.9}


class AcquisitionCommands(ScopeTable):
    """What ``TIMebase``, ``TRIGger`` and ``ACQuire`` set.

    With the channels, these are the settings that the shared code reads: an
    :class:`~tsbench.simulated_backends.virtual_instruments.oscilloscope.settings.OscilloscopeSettings`.

    Parameters
    ----------
    scope : ScopeBase
    channels : ChannelCommands
        Of the same scope.
    """

    def __init__(self, scope: ScopeBase, channels: ChannelCommands) -> None:
        super().__init__(scope)
        self.channels = channels

    timebase_mode = Setting(":TIMebase:MODE", Choice("MAIN", "WINDow", "XY", "ROLL"), default="MAIN")
    timebase_range = Setting(":TIMebase[:MAIN]:RANGe", Number("S"), default=1e-3, coerce="_timebase_chosen")
    position = Setting(":TIMebase:POSition", Number("S", -500.0, 500.0), default=0.0)
    reference = Setting(":TIMebase:REFerence", Choice("LEFT", "CENTer", "RIGHt"), default="CENT")

    trigger_mode = Setting(":TRIGger:MODE", Choice("EDGE"), default="EDGE")
    sweep = Setting(":TRIGger:SWEep", Choice("AUTO", "NORMal"), default="AUTO")
    holdoff = Setting(":TRIGger:HOLDoff", Number("S", 40e-9, 10.0), default=40e-9)
    noise_reject = Setting(":TRIGger:NREJect", Boolean(), default=False)
    trigger_source = Setting(
        ":TRIGger[:EDGE]:SOURce",
        Choice("CHANnel1", "CHANnel2", "CHANnel3", "CHANnel4", "EXTernal", "LINE"), default="CHAN1",
    )
    slope = Setting(":TRIGger[:EDGE]:SLOPe", Choice("POSitive", "NEGative", "EITHer", "ALTernate"),
                    default="POS")
    trigger_coupling = Setting(":TRIGger[:EDGE]:COUPling", Choice("AC", "DC", "LFReject"), default="DC")
    reject = Setting(":TRIGger[:EDGE]:REJect", Choice("OFF", "LFReject", "HFReject"), default="OFF")
    external_probe = Setting(":EXTernal:PROBe", Number("X", 0.001, 10_000), default=1.0)
    external_range = Setting(":EXTernal:RANGe", Number("V"), default=8.0)
    external_units = Setting(":EXTernal:UNITs", Choice("VOLT", "AMPere"), default="VOLT")

    acquire_type = Setting(":ACQuire:TYPE", Choice("NORMal", "AVERage", "HRESolution", "PEAK"),
                           default="NORM")
    acquire_mode = Setting(":ACQuire:MODE", Choice("RTIMe", "SEGMented"), default="RTIM")
    average_count = Setting(":ACQuire:COUNt", Integer("", 2, 65536, 8), default=8)
    complete_percent = Setting(":ACQuire:COMPlete", Integer("", 100, 100), default=100)
    segment_count = Setting(":ACQuire:SEGMented:COUNt",
                            Integer("", 2, lambda owner: owner.data_sheet.max_segments, 2), default=2)

    # ----------------------------------------------------------------------------------- what it amounts to

    def shown_channels(self) -> list[int]:
        """Return the channels that are on."""
        return self.channels.shown_channels()

    @property
    def segments(self) -> int:
        """Return the number of segments an acquisition takes."""
        return int(self.segment_count) if self.acquire_mode == "SEGM" else 1

    def sampling(self) -> Sampling:
        """Return sample rate and points as set now; both channels of a pair share rate and memory."""
        on = set(self.shown_channels())
        paired = {1, 2} <= on or {3, 4} <= on
        return choose_sampling(self.data_sheet, self.timebase_range, paired, self.segments)

    def plan(self, channels: list[int], automatic: bool) -> AcquisitionPlan:
        """Return everything the next acquisition needs to know."""
        averaged = self.acquire_type == "AVER"
        start = self.record_start()
        return AcquisitionPlan(
            channels={number: self.channels.channel(number) for number in channels}, sampling=self.sampling(),
            pre=-start, post=start + self.timebase_range, trigger=self._edge(),
            records=int(self.average_count) if averaged else self.segments, averaged=averaged,
            high_resolution=self.acquire_type == "HRES", peak_detect=self.acquire_type == "PEAK",
            automatic=self.data_sheet.auto_timeout if automatic else None, holdoff=self.holdoff,
            rearm=self.data_sheet.rearm_time, timebase_error=self.scope.timebase_error,
        )

    def _edge(self) -> EdgeSettings:
        source, sheet = self.trigger_source, self.data_sheet
        slope = {"ALT": "EITH"}.get(self.slope, self.slope)
        if not source.startswith("CHAN"):
            level = self.trigger_level(source) / self.external_probe if source == "EXT" else float("nan")
            return external_edge(level, slope, sheet.trigger_jitter if self.scope.bench.imperfections else 0.0)
        hysteresis = sheet.hysteresis * (2.0 if self.noise_reject else 1.0)
        return channel_edge(
            self.channels.channel(int(source[-1])), sheet, self.trigger_level(source), slope, hysteresis,
            self.scope.bench.imperfections)

    # --------------------------------------------------------------------------------------- horizontal

    def _timebase_chosen(self, value: float) -> float:
        sheet = self.data_sheet
        low, high = (limit * sheet.time_divisions for limit in (sheet.min_timebase, sheet.max_timebase))
        if not low * (1 - 1e-9) <= value <= high * (1 + 1e-9):
            self.post_error(-222, text=OUT_OF_RANGE)
            value = min(max(value, low), high)
        return value

    @command(":TIMebase[:MAIN]:SCALe", Number("S"))
    def set_timebase_scale(self, value: float) -> None:
        """``:TIM:SCAL``: seconds per division."""
        self.timebase_range = self._timebase_chosen(value * self.data_sheet.time_divisions)

    @command(":TIMebase[:MAIN]:SCALe?")
    def get_timebase_scale(self) -> str:
        """``:TIM:SCAL?``."""
        return self.format_number(self.timebase_range / self.data_sheet.time_divisions)

    @command(":TIMebase?")
    def describe_timebase(self) -> str:
        """``:TIM?``: everything at once."""
        return (
            f":TIM:MODE {self.timebase_mode};REF {self.reference};"
            f"MAIN:RANG {self.timebase_range:+.6E};POS {self.position:+.6E}"
        )

    def record_start(self) -> float:
        """Return the time [s] of the left edge of the screen after the trigger."""
        return float(self.position - _REFERENCES[self.reference] * self.timebase_range)

    # ------------------------------------------------------------------------------------------ trigger

    def trigger_level(self, source: str) -> float:
        """Return the level [V at the display] of a trigger source."""
        return self.scope.trigger_levels.get(source, 0.0)

    @command(":TRIGger[:EDGE]:LEVel", Number("V"),
             Optional(Choice("CHANnel1", "CHANnel2", "CHANnel3", "CHANnel4", "EXTernal")))
    def set_level(self, value: float, source: str | None = None) -> None:
        """``:TRIG:EDGE:LEV value[,source]``."""
        source = source or self.trigger_source
        if source.startswith("CHAN"):
            channel = int(source[-1])
            reach = self.data_sheet.level_divisions * self.channels.scale(channel)
            low, high = self.channels.offset[channel] - reach, self.channels.offset[channel] + reach
        else:
            reach = self.data_sheet.external_range * self.external_probe
            low, high = -reach, reach
        if not low - 1e-12 <= value <= high + 1e-12:
            self.post_error(-222, text=OUT_OF_RANGE)
            value = min(max(value, low), high)
        self.scope.trigger_levels[source] = value

    @command(":TRIGger[:EDGE]:LEVel?",
             Optional(Choice("CHANnel1", "CHANnel2", "CHANnel3", "CHANnel4", "EXTernal")))
    def get_level(self, source: str | None = None) -> str:
        """``:TRIG:EDGE:LEV?``."""
        return self.format_number(self.trigger_level(source or self.trigger_source))
