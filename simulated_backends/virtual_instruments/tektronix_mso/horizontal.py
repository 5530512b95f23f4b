"""The commands HORizontal and ACQuire of the Tektronix oscilloscopes, and the plan of an acquisition.

In the mode AUTO the scale decides, and the instrument chooses sample rate and record length. In MANual the user sets
sample rate and record length, and the scale follows. The DPO's CONStant keeps the sample rate.
"""

import math
from typing import Any

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import Boolean, Integer, Number, Text
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.oscilloscope.acquisition import AcquisitionPlan
from tsbench.simulated_backends.virtual_instruments.oscilloscope.data_sheet import Sampling
from tsbench.simulated_backends.virtual_instruments.tektronix_mso.channels import TektronixChannels
from tsbench.simulated_backends.virtual_instruments.tektronix_mso.command_table import TektronixBase, TektronixTable
from tsbench.simulated_backends.virtual_instruments.tektronix_mso.replies import CoercedInteger, CoercedNumber, TekWord
from tsbench.simulated_backends.virtual_instruments.tektronix_mso.triggering import TriggerCommands


class HorizontalCommands(TektronixTable):
    """What ``HORizontal`` and ``ACQuire`` set, as far as all series have it.

    With the channels, these are the settings that the shared code reads: an
    :class:`~tsbench.simulated_backends.virtual_instruments.oscilloscope.settings.OscilloscopeSettings`.

    Parameters
    ----------
    scope : TektronixBase
    channels : TektronixChannels
    trigger : TriggerCommands
        Of the same scope.
    """

    def __init__(self, scope: TektronixBase, channels: TektronixChannels, trigger: TriggerCommands) -> None:
        super().__init__(scope)
        self.channels = channels
        self.trigger = trigger

    mode: Any   #: each series has its own words
    trigger_place = Setting(":HORizontal:POSition", CoercedNumber("", 0.0, 100.0), default=50.0)
    scale_wanted = Setting(":HORizontal:MODe:SCAle", Number("S"), default=40e-9, coerce="_scale_chosen")
    rate_wanted = Setting(":HORizontal:MODe:SAMPLERate", Number(""), coerce="_rate_chosen",
                          default=lambda owner: owner.data_sheet.rate_for(1))
    record_wanted = Setting(":HORizontal:MODe:RECOrdlength", Number(""), default=1000, coerce="_record_chosen")
    frames_on = Setting(":HORizontal:FASTframe:STATE", Boolean(), default=False, change="_frames_switched")
    frame_count = Setting(":HORizontal:FASTframe:COUNt", CoercedInteger("", 1), default=10)
    acquire_mode = Setting(":ACQuire:MODe", TekWord("SAMple", "PEAKdetect", "HIRes", "AVErage", "ENVelope"),
                           default="SAM", coerce="mode_chosen")
    average_count = Setting(":ACQuire:NUMAvg", CoercedInteger("", 2, 10240), default=16)
    stop_after = Setting(":ACQuire:STOPAfter", TekWord("RUNSTop", "SEQuence"), default="RUNST",
                         change="_sequence_chosen")
    summary = Setting(":HORizontal:FASTframe:SUMFrame", TekWord("NONe", "AVErage", "ENVelope"), default="NON")
    delayed: Any
    delay: Any

    # ----------------------------------------------------------------------------------- what it amounts to

    @property
    def sweep(self) -> str:
        """Return whether it triggers by itself: "AUTO" or "NORM"."""
        return "AUTO" if self.trigger.trigger_mode == "AUTO" else "NORM"

    @property
    def trigger_source(self) -> str:
        """Return what it triggers on; "EXT" is the auxiliary input."""
        return self.trigger.source

    @property
    def timebase_range(self) -> float:
        """Return the width of the screen [s]."""
        return self.sampling().points / self.sampling().rate

    def shown_channels(self) -> list[int]:
        """Return the channels that are acquired."""
        return self.channels.shown_channels()

    @property
    def frames(self) -> int:
        """Return the number of frames an acquisition takes."""
        return min(int(self.frame_count), self.most_frames()) if self.frames_on else 1

    def most_frames(self) -> int:
        """Return how many frames of the present record length fit into the memory."""
        sheet = self.data_sheet
        return max(min(sheet.memory // self.sampling().points, sheet.max_segments), 1)

    def sampling(self) -> Sampling:
        """Return sample rate and record length as they are now."""
        sheet, count = self.data_sheet, max(len(self.shown_channels()), 1)
        highest = sheet.rate_for(count)
        if self.mode == "MAN":
            return Sampling(min(self.rate_wanted, highest), int(self.record_wanted))
        span = float(self.scale_wanted) * sheet.time_divisions
        if self.mode == "CONS":
            rate = min(self.rate_wanted, highest)
            return Sampling(rate, min(max(round(span * rate), 2), sheet.memory))
        rate = sheet.rate_below(self.auto_record() / span, count)
        return Sampling(rate, max(round(span * rate), 2))

    def auto_record(self) -> int:
        """Return how many samples the mode AUTO takes at most."""
        return self.data_sheet.auto_record

    def record_start(self) -> float:
        """Return the time [s] of the first sample after the trigger."""
        if self.delayed:
            return float(self.delay - self.timebase_range / 2)
        return -float(self.trigger_place) / 100.0 * self.timebase_range

    def plan(self, channels: list[int], automatic: bool) -> AcquisitionPlan:
        """Return everything the next acquisition needs to know."""
        sheet, start, sampling = self.data_sheet, self.record_start(), self.sampling()
        averaged, fine = self.acquire_mode == "AVE", self.acquire_mode == "HIR"
        bits = sheet.averaged_bits if fine else sheet.resolution(sampling.rate)
        return AcquisitionPlan(
            channels={number: self.channels.channel(number) for number in channels}, sampling=sampling,
            pre=-start, post=start + self.timebase_range, trigger=self.trigger.settings(),
            records=int(self.average_count) if averaged else self.frames, averaged=averaged, high_resolution=fine,
            peak_detect=self.acquire_mode in ("PEAK", "ENV"), automatic=sheet.auto_timeout if automatic else None,
            holdoff=self.trigger.holdoff, rearm=sheet.rearm_time, timebase_error=self.scope.timebase_error, bits=bits,
        )

    # --------------------------------------------------------------------------------------- changes

    def _scale_chosen(self, value: float) -> float:
        sheet = self.data_sheet
        if value <= 0:
            raise ScpiError(-222)
        kept = min(max(value, sheet.min_timebase), sheet.max_timebase)
        if kept != value:
            self.post_error(-222)
        return self.scale_in_manual(kept) if self.mode == "MAN" else kept

    def scale_in_manual(self, value: float) -> float:
        """Take a scale in the mode MANual: the record length follows."""
        self.record_wanted = self._fitting(round(value * self.data_sheet.time_divisions * self.rate_wanted))
        return value

    def _rate_chosen(self, value: float) -> float:
        if value <= 0:
            raise ScpiError(-222)
        if self.mode == "AUTO":
            raise ScpiError(-221)
        return self.data_sheet.possible_rate(value, max(len(self.shown_channels()), 1))

    def _record_chosen(self, value: float) -> int:
        if self.mode != "MAN":
            raise ScpiError(-221)
        return self._fitting(math.floor(value + 0.5))

    def _fitting(self, points: int) -> int:
        kept = min(max(points, self.data_sheet.shortest_record), self.data_sheet.memory)
        if kept != points:
            self.post_error(-222)
        return kept

    def mode_switched(self, value: str) -> str:
        """Keep sample rate, record length and scale as they are."""
        now = self.sampling()
        self.rate_wanted, self.record_wanted = now.rate, max(now.points, self.data_sheet.shortest_record)
        self.scale_wanted = now.points / now.rate / self.data_sheet.time_divisions
        return value

    def _frames_switched(self) -> None:
        if self.frames_on and self.acquire_mode in ("AVE", "ENV"):
            self.acquire_mode = "SAM"

    def mode_chosen(self, value: str) -> str:
        """Keep SAMple where FastFrame is on: it has neither AVErage nor ENVelope."""
        if self.frames_on and value in ("AVE", "ENV"):
            self.post_error(-221)
            return "SAM"
        return value

    def _sequence_chosen(self) -> None:
        """End after the next acquisition, or go on, where it is running."""
        if self.control.running and self.shown_channels():
            if self.stop_after == "SEQ":
                self.control.acquire(self.shown_channels())
            else:
                self.control.run()

    @command(":HORizontal:MODe:SCAle?")
    def get_scale(self) -> str:
        """``HORizontal:MODe:SCAle?``: as it is now."""
        return self.format_number(self.timebase_range / self.data_sheet.time_divisions)

    @command(":HORizontal:MODe:SAMPLERate?")
    def _get_rate(self) -> str:
        return self.format_number(self.sampling().rate)

    @command(":HORizontal:MODe:RECOrdlength?")
    def get_record(self) -> str:
        """``HORizontal:MODe:RECOrdlength?``: as it is now."""
        return str(self.sampling().points)


class MsoHorizontalCommands(HorizontalCommands):
    """``HORizontal`` of the 4, 5 and 6 Series."""

    mode = Setting(":HORizontal:MODe", TekWord("AUTO", "MANual"), default="AUTO", coerce="mode_switched")
    delayed = Setting(":HORizontal:DELay:MODe", Boolean(), default=True)
    delay = Setting(":HORizontal:DELay:TIMe", CoercedNumber("S", -5e3, 5e3), default=0.0)
    configured = Setting(":HORizontal:MODe:MANual:CONFIGure", TekWord("HORIZontalscale", "RECORDLength"),
                         default="HORIZ")
    summary_on = Setting(":HORizontal:FASTframe:SUMFrame:STATE", Boolean(), default=False)
    selected_frame = Setting(":HORizontal:FASTframe:SELECTED", Integer("", 1), default=1)
    reference_frame = Setting(":HORizontal:FASTframe:REF:FRAme", Integer("", 1), default=1)
    sequences = Setting(":ACQuire:SEQuence:NUMSEQuence", CoercedInteger("", 1, 1), default=1)

    @command(":HORizontal:SCAle", Number("S"))
    def _set_scale(self, value: float) -> None:
        self.scale_wanted = self._scale_chosen(value)

    @command(":HORizontal:SAMPLERate", Number(""))
    def _set_rate(self, value: float) -> None:
        self.rate_wanted = self._rate_chosen(value)

    @command(":HORizontal:SAMPLERate?")
    def _rate(self) -> str:
        return self.format_number(self.sampling().rate)

    @command(":HORizontal:RECOrdlength", Number(""))
    def _set_record(self, value: float) -> None:
        self.record_wanted = self._record_chosen(value)

    @command(":HORizontal:SCAle?")
    def _scale(self) -> str:
        return self.format_number(self.timebase_range / self.data_sheet.time_divisions)

    @command(":HORizontal:RECOrdlength?")
    def _record(self) -> str:
        return str(self.sampling().points)

    @command(":HORizontal:ROLL?")
    def _rolls(self) -> str:
        return "0"


class DpoHorizontalCommands(HorizontalCommands):
    """``HORizontal`` of the MSO5000, DPO5000 and DPO7000."""

    mode = Setting(":HORizontal:MODE", TekWord("AUTO", "CONStant", "MANual"), default="AUTO", coerce="mode_switched")
    delayed = Setting(":HORizontal:MAIn:DELay:MODe", Boolean(), default=False)
    delay = Setting(":HORizontal:MAIn:DELay:TIMe", CoercedNumber("S", 0.0, 250.0), default=0.0)
    delay_position = Setting(":HORizontal:MAIn:DELay:POSition", CoercedNumber("", 0.0, 100.0), default=50.0)
    acquire_mode = Setting(":ACQuire:MODe", TekWord("SAMple", "PEAKdetect", "HIRes", "AVErage", "WFMDB", "ENVelope"),
                           default="SAM", coerce="mode_chosen")
    auto_limit = Setting(":HORizontal:MODE:AUTO:LIMITrecordlen", CoercedInteger("", 1000, "longest_record"),
                         default=lambda owner: owner.data_sheet.auto_record)
    units = Setting(":HORizontal:MAIn:UNIts", Text(), default="s", also=(":HORizontal:MAIn:UNIts:STRing",))
    roll = Setting(":HORizontal:ROLL", TekWord("AUTO", "OFF", "ON"), default="AUTO")
    frame_stop = Setting(":HORizontal:FASTframe:SEQuence", TekWord("FIRst", "LAST"), default="FIR")
    sixteen_bits = Setting(":HORizontal:FASTframe:SIXteenbit", Boolean(), default=False)
    selected_frames = Setting(":HORizontal:FASTframe:SELECTED:CH<1-4>", Integer("", 1), default=1)
    sampling_mode = Setting(":ACQuire:SAMPlingmode", TekWord("RT", "ET", "IT"), default="RT")

    def longest_record(self) -> float:
        """Return the longest record that there is."""
        return float(self.data_sheet.memory)

    def auto_record(self) -> int:
        """Return how many samples the mode AUTO takes at most."""
        return int(self.auto_limit)

    def scale_in_manual(self, value: float) -> float:
        """Refuse: in the mode MANual the scale can only be read."""
        raise ScpiError(-221)

    @command(":HORizontal:MAIn:SCAle?")
    def _main_scale(self) -> str:
        return self.format_number(self.timebase_range / self.data_sheet.time_divisions)

    @command(":HORizontal:MAIn:SCAle", Number("S"))
    def _set_main_scale(self, value: float) -> None:
        self.scale_wanted = self._scale_chosen(value)

    @command(":HORizontal:ACQLENGTH?")
    @command(":HORizontal:FASTframe:LENgth?")
    def _frame_length(self) -> str:
        return str(self.sampling().points)

    @command(":ACQuire:MODe:ACTUal?")
    def _actual_mode(self) -> str:
        """``ACQuire:MODe:ACTUal?``: SAMPLE where the sample rate is too high for HIRes and PEAKdetect."""
        fast = self.sampling().rate >= 5e9 * (1 - 1e-9) and self.acquire_mode in ("HIR", "PEAK")
        return TekWord("SAMple", "PEAKdetect", "HIRes", "AVErage", "WFMDB", "ENVelope").format(
            "SAM" if fast else self.acquire_mode, self)
