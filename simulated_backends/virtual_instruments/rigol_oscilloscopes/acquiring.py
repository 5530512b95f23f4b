"""The commands TIMebase and ACQuire of the Rigol oscilloscopes, and the plan of an acquisition.

The memory depth is sample rate x time scale x divisions. A depth that is longer at the highest rate than the screen
reaches beyond it on both sides.
"""

from typing import Any

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import Boolean, Choice, Integer, Number, Parameter, text_of
from tsbench.simulated_backends.scpi.plain_numbers import plain_number
from tsbench.simulated_backends.scpi.syntax import capitals
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.oscilloscope.acquisition import AcquisitionPlan
from tsbench.simulated_backends.virtual_instruments.oscilloscope.data_sheet import Sampling
from tsbench.simulated_backends.virtual_instruments.rigol_oscilloscopes.channels import RigolChannels, next_step
from tsbench.simulated_backends.virtual_instruments.rigol_oscilloscopes.command_table import RigolBase, RigolTable
from tsbench.simulated_backends.virtual_instruments.rigol_oscilloscopes.triggering import RigolTrigger

_DELAY = 5000.0  #: [s] of the time base at most


class RigolDepth(Parameter):
    """AUTO, or one of the depths that are left with the channels that are on."""

    def parse(self, raw: bytes, owner: Any, key: tuple[Any, ...]) -> int:
        text = text_of(raw)
        if capitals(text) == "AUTO":
            return 0
        sheet, found = owner.data_sheet, owner.depths()
        for word, depth in zip(sheet.depth_words or map(str, found), found, strict=False):
            if text.upper() == word.upper():
                return int(depth)
        try:
            value = round(plain_number(text))
        except (ValueError, OverflowError):
            raise ScpiError(-224 if text[:1].isalpha() else -104) from None
        if value not in found:
            raise ScpiError(-222)
        return value

    def format(self, value: Any, owner: Any) -> str:
        if not value:
            return "AUTO"
        sheet = owner.data_sheet
        return sheet.depth_words[sheet.depths.index(value)] if sheet.depth_words else str(value)


class PowerOfTwo(Integer):
    """2, 4, 8 ... 1024; another number is refused."""

    def parse(self, raw: bytes, owner: Any, key: tuple[Any, ...]) -> int:
        value = super().parse(raw, owner, key)
        if value & (value - 1):
            raise ScpiError(-224)
        return value


class RigolAcquiring(RigolTable):
    """What ``TIMebase`` and ``ACQuire`` set.

    With the channels, these are the settings that the shared code reads: an
    :class:`~tsbench.simulated_backends.virtual_instruments.oscilloscope.settings.OscilloscopeSettings`.

    Parameters
    ----------
    scope : RigolBase
    channels : RigolChannels
    trigger : RigolTrigger
        Of the same scope.
    """

    def __init__(self, scope: RigolBase, channels: RigolChannels, trigger: RigolTrigger) -> None:
        super().__init__(scope)
        self.channels = channels
        self.trigger = trigger

    timebase_mode = Setting(":TIMebase:MODE", Choice("MAIN", "XY", "ROLL"), default="MAIN")
    time_scale = Setting(":TIMebase[:MAIN]:SCALe", Number("S"), default=1e-6, coerce="_time_scale_chosen")
    time_offset = Setting(":TIMebase[:MAIN]:OFFSet", Number("S", -_DELAY, _DELAY), default=0.0)
    zoomed = Setting(":TIMebase:DELay:ENABle", Boolean(), default=False)
    acquire_type = Setting(":ACQuire:TYPE", Choice("NORMal", "AVERages", "PEAK", "HRESolution"), default="NORM")
    averages = Setting(":ACQuire:AVERages", PowerOfTwo("", 2, 1024), default=2)
    depth = Setting(":ACQuire:MDEPth", RigolDepth(), default=0)

    # ----------------------------------------------------------------------------------- what it amounts to

    @property
    def sweep(self) -> str:
        """Return whether it triggers by itself: "AUTO" or "NORM"."""
        return "AUTO" if self.trigger.trigger_sweep == "AUTO" else "NORM"

    @property
    def trigger_source(self) -> str:
        """Return what it triggers on; "EXT" is the external input."""
        return "EXT" if self.trigger.source == "EXT5" else self.trigger.source

    @property
    def timebase_range(self) -> float:
        """Return the width of the screen [s]."""
        return float(self.time_scale) * self.data_sheet.time_divisions

    def shown_channels(self) -> list[int]:
        """Return the channels that are acquired."""
        return self.channels.shown_channels()

    @property
    def _share(self) -> int:
        """Return by what rate and memory are divided: the channels that are on share one ADC."""
        on = self.shown_channels()
        if self.data_sheet.paired:
            return 2 if {1, 2} <= set(on) or {3, 4} <= set(on) else 1
        return 1 if len(on) <= 1 else 2 if len(on) == 2 else 4

    def depths(self) -> tuple[int, ...]:
        """Return the memory depths that can be set now."""
        sheet, share = self.data_sheet, self._share
        if sheet.depths_shared:
            return tuple(depth // share for depth in sheet.depths)
        return tuple(depth for depth in sheet.depths if depth <= sheet.memory // share)

    def sampling(self) -> Sampling:
        """Return sample rate and points as set now."""
        rate, span, allowed = self.data_sheet.max_sample_rate / self._share, self.timebase_range, self.depths()
        if self.depth:
            depth = min(allowed, key=lambda one: abs(one - self.depth))   # a depth for fewer channels becomes ours
        else:
            longest = max(one for one in allowed if one <= self.data_sheet.memory // self._share // 2)
            depth = max(min(round(span * rate), longest), 1000)
        return Sampling(min(rate, depth / span), depth)

    def screen_start(self) -> float:
        """Return the time [s] of the left edge of the screen after the trigger."""
        return float(self.time_offset) - self.timebase_range / 2

    def plan(self, channels: list[int], automatic: bool) -> AcquisitionPlan:
        """Return everything the next acquisition needs to know."""
        averaged, sampling, sheet = self.acquire_type == "AVER", self.sampling(), self.data_sheet
        window = sampling.points * sampling.interval
        start = self.time_offset - window / 2
        return AcquisitionPlan(
            channels={number: self.channels.channel(number) for number in channels}, sampling=sampling,
            pre=-start, post=start + window, trigger=self.trigger.settings(),
            records=int(self.averages) if averaged else 1, averaged=averaged,
            high_resolution=self.acquire_type == "HRES", peak_detect=self.acquire_type == "PEAK",
            automatic=sheet.auto_timeout if automatic else None, holdoff=self.trigger.holdoff,
            rearm=sheet.rearm_time, timebase_error=self.scope.timebase_error, fills_first=True,
        )

    # --------------------------------------------------------------------------------------- horizontal

    def _time_scale_chosen(self, value: float) -> float:
        """Take the next scale of 1, 2, 5 that is not smaller."""
        sheet = self.data_sheet
        if not sheet.min_timebase * (1 - 1e-9) <= value <= sheet.max_timebase * (1 + 1e-9):
            raise ScpiError(-222)
        return next_step(value)

    @command(":ACQuire:SRATe?")
    def _sample_rate(self) -> str:
        """``:ACQ:SRAT?`` [Sa/s]."""
        return self.format_number(self.sampling().rate)
