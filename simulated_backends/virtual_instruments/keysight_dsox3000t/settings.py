"""Vertical, horizontal, trigger and acquisition settings of the InfiniiVision 3000T X-Series."""

from typing import Any

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import (
    Boolean,
    Choice,
    Integer,
    Number,
    Optional,
    Parameter,
    Text,
)
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.keysight_dsox3000t.state import ScopeState

OUT_OF_RANGE = "Data out of range"
_REFERENCES = {"LEFT": 0.1, "CENT": 0.5, "RIGH": 0.9}


class Label(Parameter):
    """Text in quotes or bare, at most ten characters, upper case."""

    _text = Text(bare=True)

    def parse(self, raw: bytes, instrument: Any, key: tuple[Any, ...]) -> str:
        return self._text.parse(raw, instrument, key)[:10].upper()

    def format(self, value: Any, instrument: Any) -> str:
        return f'"{value}"'


class SettingCommands(ScopeState):
    """What ``CHANnel``, ``TIMebase``, ``TRIGger`` and ``ACQuire`` set; mixed into the scope."""

    coupling = Setting(":CHANnel<1-4>:COUPling", Choice("AC", "DC"), default="DC", coerce="_coupling_chosen")
    impedance = Setting(":CHANnel<1-4>:IMPedance", Choice("ONEMeg", "FIFTy"), default="ONEM",
                        change="impedance_changed")
    limited = Setting(":CHANnel<1-4>:BWLimit", Boolean(), default=False)
    displayed = Setting(":CHANnel<1-4>:DISPlay", Boolean(), default=lambda i, c: c == 1)
    inverted = Setting(":CHANnel<1-4>:INVert", Boolean(), default=False)
    label = Setting(":CHANnel<1-4>:LABel", Label(), default=lambda i, c: str(c))
    units = Setting(":CHANnel<1-4>:UNITs", Choice("VOLT", "AMPere"), default="VOLT")
    vernier = Setting(":CHANnel<1-4>:VERNier", Boolean(), default=False)
    skew = Setting(":CHANnel<1-4>:PROBe:SKEW", Number("S", -100e-9, 100e-9), default=0.0)
    probe = Setting(":CHANnel<1-4>:PROBe", Number("X", 0.001, 10_000), default=1.0, coerce="_probe_chosen")
    vertical_range = Setting(":CHANnel<1-4>:RANGe", Number("V"), default=40.0, coerce="_range_chosen",
                             change="_range_changed")
    offset = Setting(":CHANnel<1-4>:OFFSet", Number("V"), default=0.0, coerce="_offset_chosen")

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
                            Integer("", 2, lambda i: i.data_sheet.max_segments, 2), default=2)

    def impedance_changed(self, channel: int) -> None:
        """Switch an input between 1 MOhm and 50 Ohm."""
        if self.impedance[channel] == "FIFT":
            self.coupling[channel] = "DC"
            most = self.data_sheet.divisions * self.data_sheet.max_scale["FIFT"] * self.probe[channel]
            self.vertical_range[channel] = min(self.vertical_range[channel], most)
            self._range_changed(channel)
        self.inputs.set_impedance(channel, self.impedance[channel])

    # ----------------------------------------------------------------------------------------- vertical

    def scale(self, channel: int) -> float:
        """Return the displayed volts per division."""
        return float(self.vertical_range[channel]) / self.data_sheet.divisions

    def _range_chosen(self, channel: int, value: float) -> float:
        factor = self.probe[channel] * self.data_sheet.divisions
        low, high = self.data_sheet.min_scale * factor, self.data_sheet.max_scale[self.impedance[channel]] * factor
        if not low * (1 - 1e-9) <= value <= high * (1 + 1e-9):
            self.post_error(-222, text=OUT_OF_RANGE)
            value = min(max(value, low), high)
        return value

    def _range_changed(self, channel: int) -> None:
        self.offset[channel] = self._offset_chosen(channel, self.offset[channel])

    def _offset_chosen(self, channel: int, value: float) -> float:
        probe = self.probe[channel]   # a value beyond becomes the nearest legal one, without error
        most = self.data_sheet.max_offset(self.scale(channel) / probe) * probe
        return float(min(max(value, -most), most))

    def _probe_chosen(self, channel: int, value: float) -> float:
        ratio = value / self.probe[channel]
        self.vertical_range[channel] = self.vertical_range[channel] * ratio
        self.offset[channel] = self.offset[channel] * ratio
        source = f"CHAN{channel}"
        self.trigger_levels[source] = self.trigger_level(source) * ratio
        return value

    def _coupling_chosen(self, channel: int, value: str) -> str:
        if value == "AC" and self.impedance[channel] == "FIFT":
            raise ScpiError(-221, text="Settings conflict")
        return value

    @command(":CHANnel<1-4>:SCALe", Number("V"))
    def set_scale(self, channel: int, value: float) -> None:
        """``:CHAN1:SCAL``: volts per division."""
        self.vertical_range[channel] = self._range_chosen(channel, value * self.data_sheet.divisions)
        self._range_changed(channel)

    @command(":CHANnel<1-4>:SCALe?")
    def get_scale(self, channel: int) -> str:
        """``:CHAN1:SCAL?``."""
        return self.format_number(self.scale(channel))

    @command(":CHANnel<1-4>:PROTection?")
    def get_protection(self, channel: int) -> str:
        """``:CHAN1:PROT?``: whether the 50 Ohm input has tripped."""
        return "NORM"

    @command(":CHANnel<1-4>:PROTection[:CLEar]")
    def clear_protection(self, channel: int) -> None:
        """``:CHAN1:PROT``."""

    @command(":CHANnel<1-4>?")
    def describe_channel(self, channel: int) -> str:
        """``:CHAN1?``: everything at once."""
        return (
            f":CHAN{channel}:RANG {self.vertical_range[channel]:+.6E};OFFS {self.offset[channel]:+.5E};"
            f"COUP {self.coupling[channel]};IMP {self.impedance[channel]};"
            f"DISP {int(self.displayed[channel])};BWL {int(self.limited[channel])};"
            f"INV {int(self.inverted[channel])};"
            f'LAB "{self.label[channel]}";UNIT {self.units[channel]};PROB {self.probe[channel]:+.4E};'
            f"PROB:SKEW {self.skew[channel]:+.2E};STYP SING"
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

    trigger_levels: dict[str, float]  #: [V at the display] by source

    def trigger_level(self, source: str) -> float:
        """Return the level [V at the display] of a trigger source."""
        return self.trigger_levels.get(source, 0.0)

    @command(":TRIGger[:EDGE]:LEVel", Number("V"),
             Optional(Choice("CHANnel1", "CHANnel2", "CHANnel3", "CHANnel4", "EXTernal")))
    def set_level(self, value: float, source: str | None = None) -> None:
        """``:TRIG:EDGE:LEV value[,source]``."""
        source = source or self.trigger_source
        if source.startswith("CHAN"):
            channel = int(source[-1])
            reach = self.data_sheet.level_divisions * self.scale(channel)
            low, high = self.offset[channel] - reach, self.offset[channel] + reach
        else:
            reach = self.data_sheet.external_range * self.external_probe
            low, high = -reach, reach
        if not low - 1e-12 <= value <= high + 1e-12:
            self.post_error(-222, text=OUT_OF_RANGE)
            value = min(max(value, low), high)
        self.trigger_levels[source] = value

    @command(":TRIGger[:EDGE]:LEVel?",
             Optional(Choice("CHANnel1", "CHANnel2", "CHANnel3", "CHANnel4", "EXTernal")))
    def get_level(self, source: str | None = None) -> str:
        """``:TRIG:EDGE:LEV?``."""
        return self.format_number(self.trigger_level(source or self.trigger_source))
