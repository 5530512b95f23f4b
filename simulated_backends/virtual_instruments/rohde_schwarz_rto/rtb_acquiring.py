"""The commands TIMebase, ACQuire and TRIGger:A of the RTB, and the plan of an acquisition."""

import math

from tsbench.simulated_backends.scpi.parameters import Boolean, Choice, Integer, Number
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
    RtbChannels,
    SharedAcquiring,
)

_AUTOMATIC = 1_000_000  #: points at most where the record length is automatic
#: record lengths; the last one only with one channel of each pair
LENGTHS = (10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000, 2_000_000, 5_000_000, 10_000_000, 20_000_000)


class RtbAcquiring(SharedAcquiring):
    """What ``TIMebase``, ``ACQuire`` and ``TRIGger:A`` set.

    With the channels, these are the settings that the shared code reads: an
    :class:`~tsbench.simulated_backends.virtual_instruments.oscilloscope.settings.OscilloscopeSettings`.

    Parameters
    ----------
    scope : ConverterScope
    channels : RtbChannels
        Of the same scope.
    """

    channels: RtbChannels
    time_scale = Setting(":TIMebase:SCALe", Number(
        "S", lambda owner: owner.data_sheet.min_timebase, lambda owner: owner.data_sheet.max_timebase), default=100e-6)
    position = Setting(":TIMebase:POSition", Number("S", -5999.856, 51539607.402), default=0.0)
    reference = Setting(":TIMebase:REFerence", Number("PCT", 0.0, 100.0), default=50.0)
    memory_mode = Setting(":ACQuire:MEMory[:MODE]", Choice("AUTomatic", "DMEMory", "MANual"), default="AUT")
    points = Setting(":ACQuire:POINts[:VALue]", Integer("", 1, LENGTHS[-1]), default=LENGTHS[0],
                     coerce="_length_chosen", change="_length_changed")
    acquire_type = Setting(":ACQuire:TYPE", Choice("REFResh", "AVERage", "ENVelope"), default="REFR")
    averages = Setting(":ACQuire:AVERage:COUNt", Integer("", 2, 100_000), default=2)
    singles = Setting(":ACQuire:NSINgle:COUNt", Integer("", 1, 1), default=1)
    trigger_mode = Setting(":TRIGger:A:MODE", Choice("AUTO", "NORMal"), default="AUTO")
    source = Setting(":TRIGger:A:SOURce", Choice("CH1", "CH2", "CH3", "CH4", "EXTernanalog"), default="CH1")
    trigger_type = Setting(":TRIGger:A:TYPE", Choice("EDGE", "WIDTh"), default="EDGE")
    slope = Setting(":TRIGger:A:EDGE:SLOPe", Choice("POSitive", "NEGative", "EITHer"), default="POS")
    edge_coupling = Setting(":TRIGger:A:EDGE:COUPling", Choice("DC", "AC", "LFReject"), default="DC")
    noise_reject = Setting(":TRIGger:A:EDGE:FILTer:NREJect", Boolean(), default=False)
    level = Setting(":TRIGger:A:LEVel<1-5>[:VALue]", Number("V"), default=0.0, coerce="_level_chosen")
    holdoff_mode = Setting(":TRIGger:A:HOLDoff:MODE", Choice("OFF", "TIME"), default="OFF")
    holdoff_time = Setting(":TRIGger:A:HOLDoff:TIME", Number("S", 51.2e-9, 13.7), default=51.2e-9)
    pulse_polarity = Setting(":TRIGger:A:WIDTh:POLarity", Choice("POSitive", "NEGative"), default="POS")
    width_range = Setting(":TRIGger:A:WIDTh:RANGe", Choice("SHORter", "LONGer"), default="SHOR")
    width = Setting(":TRIGger:A:WIDTh:WIDTh", Number("S", 20e-9, 6.8719468544), default=1e-6)

    # ----------------------------------------------------------------------------------- what it amounts to

    @property
    def sweep(self) -> str:
        """Return whether it triggers by itself: "AUTO" or "NORM"."""
        return str(self.trigger_mode)

    @property
    def trigger_source(self) -> str:
        """Return what it triggers on; "EXT" is the external input."""
        return "EXT" if self.source == "EXT" else f"CHAN{self.source[2:]}"

    @property
    def _share(self) -> int:
        """Return 2 where both channels of a pair are on: each has half the rate and half the memory then."""
        on = set(self.shown_channels())
        return 2 if {1, 2} <= on or {3, 4} <= on else 1

    def sampling(self) -> Sampling:
        """Return sample rate and points as set now: a record is at least as long as the screen."""
        span, most = self.timebase_range, self.data_sheet.max_sample_rate / self._share
        if self.memory_mode == "AUT":
            points = max(min(math.ceil(span * most), _AUTOMATIC), LENGTHS[0])
        else:
            points = min(int(self.points), self.data_sheet.memory // self._share)
        return Sampling(min(points / span, most), points)

    def screen_start(self) -> float:
        """Return the time [s] of the left edge of the screen after the trigger."""
        return float(self.position - self.reference / 100.0 * self.timebase_range)

    def plan(self, channels: list[int], automatic: bool) -> AcquisitionPlan:
        """Return everything the next acquisition needs to know; the record reaches beyond the screen on both sides."""
        sampling, sheet = self.sampling(), self.data_sheet
        window = sampling.points * sampling.interval
        start = self.screen_start() + (self.timebase_range - window) / 2
        averaged = self.acquire_type == "AVER"
        return AcquisitionPlan(
            channels={number: self.channels.channel(number) for number in channels}, sampling=sampling,
            pre=-start, post=start + window, trigger=self._trigger(),
            records=int(self.averages) if averaged else 1, averaged=averaged,
            high_resolution=any(self.channels.decimation[number] == "HRES" for number in channels),
            peak_detect=any(self.channels.decimation[number] == "PDET" for number in channels),
            automatic=sheet.auto_timeout if automatic else None, rearm=sheet.rearm_time,
            holdoff=float(self.holdoff_time) if self.holdoff_mode == "TIME" else 0.0,
            timebase_error=self.scope.timebase_error, fills_first=True,
        )

    def _trigger(self) -> TriggerSettings:
        if self.trigger_type == "EDGE":
            return self._edge(self.slope)
        width = Duration(high=self.width) if self.width_range == "SHOR" else Duration(low=self.width)
        return PulseSettings(self._edge("EITH"), self.pulse_polarity == "POS", width)

    def _edge(self, slope: str) -> EdgeSettings:
        sheet, noisy = self.data_sheet, self.scope.bench.imperfections
        if self.source == "EXT":
            return external_edge(self.level[EXTERNAL], slope, sheet.trigger_jitter if noisy else 0.0)
        channel = int(self.source[2:])
        hysteresis = sheet.hysteresis * (2.0 if self.noise_reject else 1.0)
        return channel_edge(self.channels.channel(channel), sheet, self.level[channel], slope, hysteresis, noisy)

    # ------------------------------------------------------------------------------------------ changes

    def _length_chosen(self, value: int) -> int:
        """Take the next record length that is not shorter."""
        return next(length for length in LENGTHS if length >= value)

    def _length_changed(self) -> None:
        """Leave the automatic record length: a length was set."""
        if self.memory_mode == "AUT":
            self.memory_mode = "MAN"

    def _level_chosen(self, source: int, value: float) -> float:
        return self.require_level(source, value)

    @command(":ACQuire:POINts:AUTomatic", Boolean())
    def _set_automatic(self, on: bool) -> None:
        """``ACQ:POIN:AUT``: the record length follows the time base."""
        self.memory_mode = "AUT" if on else "MAN"

    @command(":ACQuire:POINts:AUTomatic?")
    def _get_automatic(self) -> str:
        return "1" if self.memory_mode == "AUT" else "0"
