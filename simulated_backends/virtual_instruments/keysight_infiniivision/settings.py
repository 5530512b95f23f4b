"""The commands TIMebase and ACQuire of the InfiniiVision oscilloscopes, and the plan of an acquisition."""

from typing import Any

from tsbench.simulated_backends.scpi.parameters import Boolean, Choice, Integer, Number
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.channels import OUT_OF_RANGE, ChannelCommands
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.command_table import ScopeBase, ScopeTable
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.triggering import ScopeTriggerCommands
from tsbench.simulated_backends.virtual_instruments.oscilloscope.acquisition import AcquisitionPlan
from tsbench.simulated_backends.virtual_instruments.oscilloscope.data_sheet import Sampling, choose_sampling

_REFERENCES = {"LEFT": 0.1, "CENT": 0.5, "RIGH": 0.9}


class Long(Number):
    """A number that is written with twelve decimals."""

    def format(self, value: Any, owner: Any) -> str:
        return f"{value:+.12E}"


class AcquisitionCommands(ScopeTable):
    """What ``TIMebase`` and ``ACQuire`` set.

    With the channels, these are the settings that the shared code reads: an
    :class:`~tsbench.simulated_backends.virtual_instruments.oscilloscope.settings.OscilloscopeSettings`.

    Parameters
    ----------
    scope : ScopeBase
    channels : ChannelCommands
    trigger : ScopeTriggerCommands
        Of the same scope.
    """

    def __init__(self, scope: ScopeBase, channels: ChannelCommands, trigger: ScopeTriggerCommands) -> None:
        super().__init__(scope)
        self.channels = channels
        self.trigger = trigger

    timebase_mode = Setting(":TIMebase:MODE", Choice("MAIN", "WINDow", "XY", "ROLL"), default="MAIN")
    timebase_range = Setting(":TIMebase[:MAIN]:RANGe", Number("S"), default=1e-3, coerce="_timebase_chosen")
    vernier_timebase = Setting(":TIMebase:VERNier", Boolean(), default=False)
    window_position = Setting(":TIMebase:WINDow:POSition", Long("S", -500.0, 500.0), default=0.0)
    window_range = Setting(":TIMebase:WINDow:RANGe", Number("S", 1e-9, 500.0),
                           default=lambda owner: owner.timebase_range / 2)
    position = Setting(":TIMebase:POSition", Long("S", -500.0, 500.0), default=0.0)
    reference = Setting(":TIMebase:REFerence", Choice("LEFT", "CENTer", "RIGHt"), default="CENT")

    acquire_type = Setting(":ACQuire:TYPE", Choice("NORMal", "AVERage", "HRESolution", "PEAK"),
                           default="NORM")
    acquire_mode = Setting(":ACQuire:MODE", Choice("RTIMe", "SEGMented"), default="RTIM")
    average_count = Setting(":ACQuire:COUNt", Integer("", 2, 65536, 8), default=8)
    complete_percent = Setting(":ACQuire:COMPlete", Integer("", 100, 100), default=100)
    segment_count = Setting(":ACQuire:SEGMented:COUNt",
                            Integer("", 2, lambda owner: owner.data_sheet.max_segments, 2), default=2)

    # ----------------------------------------------------------------------------------- what it amounts to

    @property
    def sweep(self) -> str:
        """Return whether it triggers by itself: "AUTO" or "NORM"."""
        return str(self.trigger.sweep)

    @property
    def trigger_source(self) -> str:
        """Return what it triggers on; "EXT" is the external input."""
        return self.trigger.source

    def shown_channels(self) -> list[int]:
        """Return the channels that are acquired: those that are on, and those that a math waveform needs."""
        return sorted({*self.channels.shown_channels(), *self.scope.function_channels()})

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
        averaged = self.acquire_type == "AVER" and not self.control.alone
        start = self.record_start()
        return AcquisitionPlan(
            channels={number: self.channels.channel(number) for number in channels}, sampling=self.sampling(),
            pre=-start, post=start + self.timebase_range, trigger=self.trigger.settings(),
            records=int(self.average_count) if averaged else self.segments, averaged=averaged,
            high_resolution=self.acquire_type == "HRES", peak_detect=self.acquire_type == "PEAK",
            automatic=self.data_sheet.auto_timeout if automatic else None, holdoff=self.trigger.holdoff,
            rearm=self.data_sheet.rearm_time, timebase_error=self.scope.timebase_error,
        )

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

    @command(":TIMebase:DELay", Number("S", -500.0, 500.0))
    def _set_delay(self, value: float) -> None:
        """``:TIM:DEL``: the older name of the position."""
        self.position = value

    @command(":TIMebase:DELay?")
    def _get_delay(self) -> str:
        return f"{self.position:+.12E}"

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
