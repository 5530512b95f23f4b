"""Inputs, time base, acquisition and trigger of the SDS HD: ``:CHANnel``, ``:TIMebase``, ``:ACQuire``, ``:TRIGger``."""

from collections.abc import Mapping
from typing import Any

from tsbench.simulated_backends.lecroy.parameters import Depth, depth_text
from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.executing import Handler
from tsbench.simulated_backends.scpi.parameters import Integer, Number, OnOrOff, Optional, Text
from tsbench.simulated_backends.scpi.syntax import capitals
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.oscilloscope.front_panel import nearest_step
from tsbench.simulated_backends.virtual_instruments.oscilloscope.panel_scope import PanelScope
from tsbench.simulated_backends.virtual_instruments.oscilloscope_table import PanelTable
from tsbench.simulated_backends.virtual_instruments.siglent_sds_hd.data_sheet import SdsHdSheet
from tsbench.simulated_backends.virtual_instruments.siglent_sds_hd.parameters import SdsSource, SdsWord

_KINDS: Mapping[str, str] = {"NORM": "NORMal", "PEAK": "PEAK", "AVER": "AVERage", "HRES": "ERES"}
_AVERAGES = (4, 16, 32, 64, 128, 256, 512, 1024)
_SLOPES = {"RIS": ("RISing", "POS"), "FALL": ("FALLing", "NEG"), "ALT": ("ALTernate", "EITH")}
_EARLIEST, _LATEST = -5000.0, 5000.0  #: [div] of the delay


class SdsTable(PanelTable[PanelScope]):
    """Base of the command tables."""

    data_sheet: SdsHdSheet


class SdsChannelCommands(SdsTable):
    """What ``:CHANnel`` sets."""

    visible = Setting(":CHANnel<1-4>:VISible", OnOrOff(), default=True)
    labelled = Setting(":CHANnel<1-4>:LABel", OnOrOff(), default=False)
    label_text = Setting(":CHANnel<1-4>:LABel:TEXT", Text(maximum=20), default=lambda owner, c: f"CH{c}")
    channel_unit = Setting(":CHANnel<1-4>:UNIT", SdsWord("V", "A"), default="V")
    channel_skew = Setting(":CHANnel<1-4>:SKEW", Number("S", -100e-9, 100e-9), default=0.0)

    @command(":CHANnel<1-4>:SCALe", Number("V"))
    def set_channel_scale(self, channel: int, value: float) -> None:
        """``:CHAN1:SCAL 0.5``: volts per division; one that cannot be becomes the nearest."""
        if value <= 0:
            raise ScpiError(-222)
        self.panel.set_scale(channel, value)

    @command(":CHANnel<1-4>:SCALe?")
    def _channel_scale(self, channel: int) -> str:
        return self.format_number(self.panel.channels[channel].scale)

    @command(":CHANnel<1-4>:OFFSet", Number("V"))
    def set_channel_offset(self, channel: int, value: float) -> None:
        """``:CHAN1:OFFS -1``: what is added to the signal."""
        self.panel.set_middle(channel, -value)

    @command(":CHANnel<1-4>:OFFSet?")
    def _channel_offset(self, channel: int) -> str:
        return self.format_number(-self.panel.channels[channel].middle)

    @command(":CHANnel<1-4>:PROBe", Text(bare=True), Optional(Number()))
    def set_channel_probe(self, channel: int, first: str, value: float | None = None) -> None:
        """``:CHAN1:PROB 10``, ``:CHAN1:PROB VALue,10`` or ``:CHAN1:PROB DEFault``: attenuation of the probe."""
        if capitals(first) in {"DEFAULT", "DEF"}:
            factor = 1.0
        elif capitals(first) in {"VALUE", "VAL"} and value is not None:
            factor = value
        else:
            factor = Number().parse(first.encode("latin-1"), self, ())
        if not 1e-6 <= factor <= 1e6:
            raise ScpiError(-222)
        self.panel.set_probe(channel, factor)

    @command(":CHANnel<1-4>:PROBe?")
    def _channel_probe(self, channel: int) -> str:
        return self.format_number(self.panel.channels[channel].probe)

    @command(":CHANnel<1-4>:COUPling", SdsWord("DC", "AC", "GND"))
    def set_channel_coupling(self, channel: int, word: str) -> None:
        """``:CHAN1:COUP DC``."""
        if word == "AC" and self.panel.channels[channel].impedance == "FIFT":
            raise ScpiError(-221)
        self.panel.channels[channel].coupling = word

    @command(":CHANnel<1-4>:COUPling?")
    def _channel_coupling(self, channel: int) -> str:
        return self.panel.channels[channel].coupling

    @command(":CHANnel<1-4>:IMPedance", SdsWord("ONEMeg", "FIFTy"))
    def set_channel_impedance(self, channel: int, word: str) -> None:
        """``:CHAN1:IMP FIFT``: the 50 Ohm input of the models that have one."""
        if word not in self.data_sheet.impedances:
            raise ScpiError(-224)
        if word == "FIFT":
            self.panel.channels[channel].coupling = "DC"
        self.panel.set_impedance(channel, word)

    @command(":CHANnel<1-4>:IMPedance?")
    def _channel_impedance(self, channel: int) -> str:
        return {"ONEM": "ONEMeg", "FIFT": "FIFTy"}[self.panel.channels[channel].impedance]

    @command(":CHANnel<1-4>:SWITch", OnOrOff())
    def switch_channel(self, channel: int, on: bool) -> None:
        """``:CHAN1:SWIT ON``: switch a channel on or off."""
        self.panel.channels[channel].shown = on

    @command(":CHANnel<1-4>:SWITch?")
    def _channel_switched(self, channel: int) -> str:
        return "ON" if self.panel.channels[channel].shown else "OFF"

    @command(":CHANnel<1-4>:INVert", OnOrOff())
    def invert_channel(self, channel: int, on: bool) -> None:
        """``:CHAN1:INV ON``."""
        self.panel.channels[channel].inverted = on

    @command(":CHANnel<1-4>:INVert?")
    def _channel_inverted(self, channel: int) -> str:
        return "ON" if self.panel.channels[channel].inverted else "OFF"

    @property
    def _limits(self) -> Mapping[str, float | None]:
        return {"FULL": None, "20M": self.data_sheet.limited_bandwidth, "200M": 200e6}

    @command(":CHANnel<1-4>:BWLimit", Text(bare=True))
    def limit_channel(self, channel: int, word: str) -> None:
        """``:CHAN1:BWL 20M``: FULL, 20M or 200M."""
        if capitals(word) not in self._limits:
            raise ScpiError(-224)
        self.panel.channels[channel].limit = self._limits[capitals(word)]

    @command(":CHANnel<1-4>:BWLimit?")
    def _channel_limit(self, channel: int) -> str:
        limit = self.panel.channels[channel].limit
        return next(word for word, value in self._limits.items() if value == limit)


class SdsHorizontalCommands(SdsTable):
    """What ``:TIMebase`` and ``:ACQuire`` set."""

    fast = Setting(":ACQuire:AMODe", SdsWord("FAST", "SLOW"), default="FAST")
    interpolation = Setting(":ACQuire:INTerpolation", OnOrOff(), default=True)
    management = Setting(":ACQuire:MMANagement", SdsWord("AUTO", "FSRate", "FMDepth"), default="AUTO")
    plot_mode = Setting(":ACQuire:MODE", SdsWord("YT", "XY", "ROLL"), default="YT")
    reference_kind = Setting(":TIMebase:REFerence", SdsWord("DELay", "POSition"), default="DEL")
    reference_place = Setting(":TIMebase:REFerence:POSition", Integer("", 0, 100), default=50)
    zoomed = Setting(":TIMebase:WINDow", OnOrOff(), default=False)

    @command(":TIMebase:SCALe", Number("S"))
    def set_time_scale(self, value: float) -> None:
        """``:TIM:SCAL 1E-3``: seconds per division, the nearest 1-2-5 value."""
        if value <= 0:
            raise ScpiError(-222)
        self.panel.time_scale = nearest_step(value, self.data_sheet.min_timebase, self.data_sheet.max_timebase)

    @command(":TIMebase:SCALe?")
    def _time_scale(self) -> str:
        return self.format_number(self.panel.time_scale)

    @command(":TIMebase:DELay", Number("S"))
    def set_time_delay(self, value: float) -> None:
        """``:TIM:DEL 1E-3``: time from the trigger to the middle of the screen."""
        scale = self.panel.time_scale
        self.panel.position = min(max(value, _EARLIEST * scale), _LATEST * scale)

    @command(":TIMebase:DELay?")
    def _time_delay(self) -> str:
        return self.format_number(self.panel.position)

    @command(":ACQuire:TYPE", SdsWord("NORMal", "PEAK", "AVERage", "ERES"), Optional(Number()))
    def set_kind(self, word: str, more: float | None = None) -> None:
        """``:ACQ:TYPE AVERage,16``: not AVERage and ERES in sequence mode."""
        if word in ("AVER", "ERES") and self.panel.segments > 1:
            raise ScpiError(-221)
        if word == "AVER" and more is not None:
            if more not in _AVERAGES:
                raise ScpiError(-224)
            self.panel.averages = int(more)
        self.panel.kind = {"ERES": "HRES"}.get(word, word)

    @command(":ACQuire:TYPE?")
    def _kind(self) -> str:
        word = _KINDS[self.panel.kind]
        return {"AVERage": f"AVERage,{self.panel.averages}", "ERES": "ERES,3.0"}.get(word, word)

    @command(":ACQuire:MDEPth", Depth())
    def set_depth(self, points: float) -> None:
        """``:ACQ:MDEP 20M``: depth of the memory; both channels of a pair have half of it each."""
        for depth in self.data_sheet.depths:
            if points in (depth, depth // 2):
                self.panel.memory = depth
                return
        raise ScpiError(-224)

    @command(":ACQuire:MDEPth?")
    def _depth(self) -> str:
        return depth_text(self.panel.memory // (2 if self.panel.paired else 1), "kMG")

    @command(":ACQuire:POINts?")
    def _points(self) -> str:
        return self.format_number(self.panel.sampling().points)

    @command(":ACQuire:SRATe?")
    def _sample_rate(self) -> str:
        return self.format_number(self.panel.sampling().rate)

    @command(":ACQuire:NUMAcq?")
    def _acquired(self) -> str:
        finished = self.scope.control.finished
        return str(0 if finished is None else len(finished.records))

    @command(":ACQuire:CSWeep")
    def clear_sweeps(self) -> None:
        """``:ACQ:CSW``: begin anew."""
        if self.scope.control.running and self.scope.control.continuous:
            self.scope.control.run()

    @command(":ACQuire:SEQuence", OnOrOff())
    def switch_sequence(self, on: bool) -> None:
        """``:ACQ:SEQ ON``: several records of one acquisition, one for each trigger."""
        if on and self.panel.kind in ("AVER", "HRES"):
            raise ScpiError(-221)
        self.setting_values["sequence_on", ()] = on
        self._apply()

    @command(":ACQuire:SEQuence?")
    def _sequence_on(self) -> str:
        return "ON" if self.setting_values.get(("sequence_on", ()), False) else "OFF"

    @command(":ACQuire:SEQuence:COUNt", Integer(""))
    def set_sequence_count(self, count: int) -> None:
        """``:ACQ:SEQ:COUN 10``: how many; the nearest that can be."""
        self.setting_values["sequence_count", ()] = min(max(count, 1), self.data_sheet.max_segments)
        self._apply()

    @command(":ACQuire:SEQuence:COUNt?")
    def _sequence_count(self) -> str:
        return str(self.setting_values.get(("sequence_count", ()), 1))

    def _apply(self) -> None:
        on = self.setting_values.get(("sequence_on", ()), False)
        self.panel.segments = int(self.setting_values.get(("sequence_count", ()), 1)) if on else 1


class SdsTriggerCommands(SdsTable):
    """What ``:TRIGger`` sets and does."""

    edge_coupling = Setting(":TRIGger:EDGE:COUPling", SdsWord("DC", "AC", "LFREJect", "HFREJect"), default="DC")
    noise_reject = Setting(":TRIGger:EDGE:NREJect", OnOrOff(), default=False)
    holdoff_kind = Setting(":TRIGger:EDGE:HOLDoff", SdsWord("OFF", "EVENts", "TIME"), default="OFF", change="_holdoff")
    holdoff_time = Setting(":TRIGger:EDGE:HLDTime", Number("S", 8e-9, 30.0), default=8e-9, change="_holdoff")
    holdoff_start = Setting(":TRIGger:EDGE:HSTart", SdsWord("LAST_TRIG", "ACQ_START"), default="LAST_TRIG")

    def _holdoff(self) -> None:
        self.panel.trigger.holdoff = self.holdoff_time if self.holdoff_kind == "TIME" else None

    @command(":TRIGger:TYPE", SdsWord("EDGE", "PULSe", "SLOPe", "RUNT", "WINDow", "INTerval", "DROPout", "PATTern"))
    def set_trigger_type(self, word: str) -> None:
        """``:TRIG:TYPE EDGE``."""
        self.setting_values["trigger_type", ()] = word
        self.panel.trigger.kind = "EDGE" if word == "EDGE" else "OTHER"

    @command(":TRIGger:TYPE?")
    def _trigger_type(self) -> str:
        word = str(self.setting_values.get(("trigger_type", ()), "EDGE"))
        return {"PULS": "PULSe", "SLOP": "SLOPe", "WIND": "WINDow", "INT": "INTerval", "DROP": "DROPout",
                "PATT": "PATTern"}.get(word, word)

    @command(":TRIGger:EDGE:SOURce", SdsSource("EX", "EX5", "LINE"))
    def set_edge_source(self, name: str) -> None:
        """``:TRIG:EDGE:SOUR C1``."""
        self.panel.trigger.source = "EXT" if name.startswith("EX") else name
        self.setting_values["external_name", ()] = name

    @command(":TRIGger:EDGE:SOURce?")
    def _edge_source(self) -> str:
        source = self.panel.trigger.source
        return str(self.setting_values.get(("external_name", ()), "EX")) if source == "EXT" else source

    @command(":TRIGger:EDGE:SLOPe", SdsWord("RISing", "FALLing", "ALTernate"))
    def set_edge_slope(self, word: str) -> None:
        """``:TRIG:EDGE:SLOP RISing``."""
        self.panel.trigger.slope = _SLOPES[word][1]

    @command(":TRIGger:EDGE:SLOPe?")
    def _edge_slope(self) -> str:
        return next(written for written, slope in _SLOPES.values() if slope == self.panel.trigger.slope)

    @command(":TRIGger:EDGE:LEVel", Number("V"))
    def set_edge_level(self, value: float) -> None:
        """``:TRIG:EDGE:LEV 0.5``: of the source; the nearest that can be."""
        trigger = self.panel.trigger
        if trigger.source.startswith("C"):
            self.panel.set_level(int(trigger.source[1:]), value)
        elif trigger.source == "EXT":
            most = self.data_sheet.external_range * (5.0 if self._edge_source() == "EX5" else 1.0)
            trigger.external_level = min(max(value, -most), most)

    @command(":TRIGger:EDGE:LEVel?")
    def _edge_level(self) -> str:
        trigger = self.panel.trigger
        level = self.panel.channels[int(trigger.source[1:])].level if trigger.source.startswith("C") else (
            trigger.external_level)
        return self.format_number(level)

    # --------------------------------------------------------------------------------------------- running

    @command(":TRIGger:MODE", SdsWord("AUTO", "NORMal", "SINGle", "FTRIG"))
    def set_trigger_mode(self, word: str) -> None:
        """``:TRIG:MODE SINGle``: the mode; SINGle acquires once, FTRIG triggers now."""
        control = self.scope.control
        if word == "FTRIG":
            self.force()
            return
        self.setting_values["mode_word", ()] = word
        if word == "SING":
            self._single()
        else:
            self.panel.sweep = word
            control.run()

    def _single(self) -> None:
        if not self.panel.shown_channels():
            raise ScpiError(-221)
        self.scope.control.single()

    @command(":TRIGger:MODE?")
    def _trigger_mode(self) -> str:
        word = str(self.setting_values.get(("mode_word", ()), "AUTO"))
        return {"NORM": "NORMal", "SING": "SINGle"}.get(word, word)

    @command(":TRIGger:RUN")
    def run(self) -> None:
        """``:TRIG:RUN``: go on in the mode that is set."""
        if self.setting_values.get(("mode_word", ()), "AUTO") != "SING":
            self.scope.control.run()
        elif not self.scope.control.running:
            self._single()

    @command(":TRIGger:STOP")
    def stop(self) -> Handler:
        """``:TRIG:STOP``: keep what was acquired last."""
        yield from self.scope.control.stop()

    @command(":TRIGger:FORCe")
    def force(self) -> None:
        """``:TRIG:FORC``: trigger now."""
        self.scope.control.force()

    @command(":TRIGger:STATus?")
    def trigger_status(self) -> Handler:
        """``:TRIG:STAT?``: Arm, Ready, Auto, Trig'd, Stop or Roll."""
        control = self.scope.control
        control.look()
        if control.running and control.continuous and self.panel.sweep == "AUTO":
            yield from control.snapshot()
            finished = control.finished
            return "Auto" if finished is None or finished.records[-1].automatic else "Trig'd"
        if control.running and not control.continuous:
            self.clock.busy()
            control.look()
        if not control.running:
            return "Stop"
        if control.acquisition is None or control.acquisition.pending is not None or control.acquisition.records:
            return "Trig'd"
        return "Ready" if control.memory_full else "Arm"

    @command(":TRIGger:FREQuency?")
    def trigger_frequency(self) -> Handler:
        """``:TRIG:FREQ?``: of the hardware counter, here of the record on the screen."""
        yield from self.scope.control.snapshot()
        source: Any = self.panel.trigger.source
        trace = self.scope.memory.trace(int(source[1:])) if source.startswith("C") else None
        cycle = None if trace is None else trace.cycle
        return self.format_number(0.0 if cycle is None else 1.0 / (cycle[1] - cycle[0]))


