"""The Keysight 81160A and 81150A two-channel pulse generators, as their user's guide describes them.

Quirks that the twin has
------------------------
- The number of the channel stands behind the last but one word, or behind the last one: ``:FUNC1``, ``:FREQ2``,
  ``:OUTP1:COMP``, ``:PULS:WIDT1``, ``:FUNC1:PULS:WIDT``.
- Both makes answer ``*IDN?`` as Agilent Technologies.
- A value beyond a limit becomes the limit, with error -222; one that moves another value does so with -221.
- Period, width and edges fit into each other only while the function is PULSe.
- ``APPLy`` sets what is left out to its default (1 kHz, 1 Vpp, 0 V) and switches the output on.
- The amplifier (``OUTPut:ROUTe``) and the output resistance (``OUTPut:IMPedance``, 5 or 50 Ohm) are those of the
  81150A. The 81160A has one amplifier and 50 Ohm.

The twin has no modulation, no sweep and no patterns: it answers -113.
"""

from collections.abc import Mapping
from typing import ClassVar

from tsbench.simulated_backends.numerics.seeds import seed_of
from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.scpi.parameters import AnyOf, Boolean, Choice, Number, Optional
from tsbench.simulated_backends.scpi.tree import Setting, Subsystem, command
from tsbench.simulated_backends.services.services import BenchServices
from tsbench.simulated_backends.virtual_instruments.generator.channels import GeneratorChannels
from tsbench.simulated_backends.virtual_instruments.generator.data_sheet import GeneratorDataSheet
from tsbench.simulated_backends.virtual_instruments.generator.levels import OutputLevels, emf_factor
from tsbench.simulated_backends.virtual_instruments.generator.playback import Playback
from tsbench.simulated_backends.virtual_instruments.generator.synthesis import Shape
from tsbench.simulated_backends.virtual_instruments.generator_table import shared_name
from tsbench.simulated_backends.virtual_instruments.instrument import Placement
from tsbench.simulated_backends.virtual_instruments.keysight_81160a.arming_commands import ArmingCommands
from tsbench.simulated_backends.virtual_instruments.keysight_81160a.command_table import PulseGeneratorBase
from tsbench.simulated_backends.virtual_instruments.keysight_81160a.data_sheet import (
    KEYSIGHT_81150A,
    KEYSIGHT_81150A_HIGH_VOLTAGE,
    KEYSIGHT_81150A_LOW_IMPEDANCE,
    KEYSIGHT_81160A,
)
from tsbench.simulated_backends.virtual_instruments.keysight_81160a.level_commands import (
    RESET_AMPLITUDE,
    PulseLevelCommands,
)
from tsbench.simulated_backends.virtual_instruments.keysight_81160a.timing_commands import TimingCommands
from tsbench.simulated_backends.virtual_instruments.keysight_81160a.waveform_memory import WaveformMemory

_WORD = Choice("MINimum", "MAXimum", "DEFault")


class VirtualPulseGenerator(PulseGeneratorBase):
    """Two channels with complementary outputs: pulses, functions, bursts, arbitrary waveforms."""

    outputs = ("1", "2", "1_complement", "2_complement")
    terminals = ("1", "2", "1_complement", "2_complement")

    arming_commands = Subsystem(ArmingCommands)
    timing_commands = Subsystem(TimingCommands)
    level_commands = Subsystem(PulseLevelCommands)
    waveform_memory = Subsystem(WaveformMemory)

    polarity = Setting("OUTPut<1-2>:POLarity", Choice("NORMal", "INVerted"), default="NORM", change="playback.reshape")
    display = Setting("DISPlay[:STATe]", Boolean(), default=True)
    coupled = Setting("TRACk:CHANnel<1-2>", Boolean(), default=False, change="_copy_channel")

    def __init__(self, bench: BenchServices, placement: Placement) -> None:
        super().__init__(bench, placement)
        self.levels = {number: self._reset_levels() for number in range(1, self.data_sheet.channels + 1)}
        arming = self.arming_commands
        self.channels = GeneratorChannels(self, self.data_sheet, arming)
        self.playback = Playback(self, self.data_sheet, arming, self.channels, arming.update_waiting)

    @staticmethod
    def _reset_levels() -> OutputLevels:
        return OutputLevels(RESET_AMPLITUDE)

    def sheet(self, channel: int) -> GeneratorDataSheet:
        """Return the numbers of a channel now."""
        return self.data_sheet

    def shape(self, channel: int) -> Shape:
        """Return everything that decides a channel's waveform now."""
        timing, arming, memory = self.timing_commands, self.arming_commands, self.waveform_memory
        function, sheet = shared_name(timing.function[channel]), self.sheet(channel)
        frequency, burst = timing.frequency[channel], arming.burst_on[channel]
        codes = memory.codes(channel, memory.selected[channel]) if function == "ARB" else None
        phase = arming.burst_phase[channel] if burst else timing.phase[channel]
        if function in ("PULS", "SQU"):
            phase = 0.0 if burst else -360 * timing.delay[channel] * frequency
        return Shape(
            function=function, levels=self.levels[channel], frequency=frequency, phase=phase,
            inverted=self.polarity[channel] == "INV", pulse_width=timing.width[channel], lead=timing.lead[channel],
            trail=timing.trail[channel], duty=timing.duty[channel], symmetry=timing.symmetry[channel],
            square_edge=sheet.square_edge_time, codes=codes,
            sample_rate=frequency * (1 if codes is None else len(codes)), filtering="OFF", dac_bits=sheet.dac_bits,
            noise_seed=seed_of(self.bench.seed, self.name, channel),
            noise_bandwidth=timing.noise_bandwidth[channel],
        )

    def trigger(self) -> None:
        """Act on ``*TRG``: all channels that are armed by hand."""
        self.arming_commands.trigger_all()

    def _copy_channel(self, channel: int) -> None:
        """Give the other channel this one's settings, as ``TRACk:CHANnel`` does once."""
        if not self.coupled[channel]:
            return
        other = 3 - channel
        self.coupled[other] = False
        for name, key in [entry for entry in self.setting_values if entry[1][:1] == (channel,)]:
            if name != "coupled":
                self.setting_values[name, (other, *key[1:])] = self.setting_values[name, key]
        self.levels[other] = self.levels[channel]
        self.playback.reshape(other)

    # ----------------------------------------------------------------------------------------- outputs

    @command("OUTPut<1-2>[:STATe]", Boolean())
    def set_output(self, channel: int, on: bool) -> Handler:
        """``OUTP1 ON``: the relay."""
        self.playback.switch(channel, on)
        yield self.data_sheet.relay_time

    @command("OUTPut<1-2>[:STATe]?")
    def get_output(self, channel: int) -> str:
        """``OUTP1?``."""
        return "1" if self.channels.connectors.is_closed(channel) else "0"

    @command("OUTPut<1-2>:COMPlement", Boolean())
    def set_complement(self, channel: int, on: bool) -> Handler:
        """``OUTP1:COMP ON``: the relay of the complementary output."""
        self.playback.switch(channel, on, complement=True)
        yield self.data_sheet.relay_time

    @command("OUTPut<1-2>:COMPlement?")
    def get_complement(self, channel: int) -> str:
        """``OUTP1:COMP?``."""
        return "1" if self.channels.connectors.is_closed(channel, complement=True) else "0"

    @command("APPLy<1-2>:{SINusoid|SQUare|RAMP|PULSe|NOISe|DC|USER}", Optional(AnyOf(_WORD, Number("HZ"))),
             Optional(AnyOf(_WORD, Number("VPP", units=("V", "VRMS", "DBM")))), Optional(AnyOf(_WORD, Number("V"))))
    def apply(
        self, channel: int, function: str, frequency: float | str = "DEF", amplitude: float | str = "DEF",
        offset: float | str = "DEF",
    ) -> Handler:
        """``APPL1:PULS f, a, o``."""
        timing, levels = self.timing_commands, self.level_commands
        self.arming_commands.arm_source[channel], self.arming_commands.burst[channel] = "IMM", False
        timing.function[channel] = function
        top = self.sheet(channel).max_frequency[shared_name(function)]
        if function not in ("DC", "NOIS"):
            hertz = {"MIN": 1e-6, "MAX": top, "DEF": 1e3}[frequency] if isinstance(frequency, str) else frequency
            if not 1e-6 * (1 - 1e-9) <= hertz <= top * (1 + 1e-9):
                self.post_error(-222, text="Data out of range")
            timing.frequency[channel] = min(max(hertz, 1e-6), top)
        self.levels[channel] = OutputLevels(
            self.levels[channel].amplitude, 0.0, self.levels[channel].load, self.levels[channel].source)
        timing.function_changed(channel)
        if function != "DC":
            if isinstance(amplitude, str):
                window, present = levels.window(channel), self.levels[channel]
                scale = emf_factor(50.0, present.source) / present.emf
                levels.set_peak_to_peak(channel, {"MIN": window.min_amplitude, "MAX": window.max_amplitude}.get(
                    amplitude, RESET_AMPLITUDE * scale))
            else:
                levels.set_amplitude(channel, amplitude)
        if isinstance(offset, str):
            offset = float(levels.get_offset(channel, offset)) if offset != "DEF" else 0.0
        levels.set_offset(channel, offset)
        self.arming_commands.changed(channel)
        yield from self.set_output(channel, True)

    @command("APPLy<1-2>?")
    def applied(self, channel: int) -> str:
        """``APPL1?``: function, frequency, amplitude and offset in quotes."""
        timing = self.timing_commands
        frequency, offset = self.format_number(timing.frequency[channel]), self.level_commands.get_offset(channel)
        return f'"{timing.function[channel]} {frequency},{self.level_commands.get_amplitude(channel)},{offset}"'

    def reset(self) -> Handler | None:
        """Outputs off, everything as after switching on; stored waveforms stay."""
        for channel in self.channels.numbers:
            self.playback.switch(channel, False)
            self.playback.switch(channel, False, complement=True)
            self.levels[channel] = self._reset_levels()
            self.playback.stop_burst(channel)
        self.arming_commands.update_waiting()
        return None

    @command("SYSTem:BEEPer[:IMMediate]")
    @command("SYSTem:LOCal")
    @command("SYSTem:REMote")
    def _no_effect(self) -> None:
        """Accepted, without effect on what is measured."""


class VirtualKeysight81160A(VirtualPulseGenerator):
    """81160A: 330 MHz, edges of 1 ns."""

    data_sheet = KEYSIGHT_81160A
    manufacturer, model, firmware = data_sheet.manufacturer, data_sheet.name, data_sheet.firmware


class VirtualKeysight81150A(VirtualPulseGenerator):
    """81150A: 120 MHz; a second amplifier for 10 and 20 Vpp, and an output resistance of 5 Ohm."""

    data_sheet = KEYSIGHT_81150A
    manufacturer, model, firmware = data_sheet.manufacturer, data_sheet.name, data_sheet.firmware
    SHEETS: ClassVar[Mapping[tuple[str, float], GeneratorDataSheet]] = {
        ("HIB", 50.0): KEYSIGHT_81150A, ("HIV", 50.0): KEYSIGHT_81150A_HIGH_VOLTAGE,
        ("HIV", 5.0): KEYSIGHT_81150A_LOW_IMPEDANCE}

    route = Setting("OUTPut<1-2>:ROUTe", Choice("HIBandwidth", "HIVoltage"), default="HIB", coerce="_route_chosen",
                    change="_amplifier_changed")

    def sheet(self, channel: int) -> GeneratorDataSheet:
        """Return the numbers of the channel's amplifier and output resistance."""
        return self.SHEETS[self.route[channel], self.levels[channel].source]

    def _route_chosen(self, channel: int, route: str) -> str:
        if route == "HIB" and self.levels[channel].source != 50.0:
            raise ScpiError(-221)
        return route

    def _amplifier_changed(self, channel: int) -> None:
        timing = self.timing_commands
        timing.lead[channel] = max(timing.lead[channel], self.sheet(channel).min_edge_time)
        timing.trail[channel] = max(timing.trail[channel], self.sheet(channel).min_edge_time)
        timing.function_changed(channel)

    @command("OUTPut<1-2>:IMPedance[:INTernal]", Number("OHM"))
    def set_impedance(self, channel: int, ohms: float) -> None:
        """``OUTP1:IMP 5``: 5 or 50 Ohm; 5 Ohm only of the amplifier for high voltage."""
        if ohms not in (5.0, 50.0):
            raise ScpiError(-222, text="Data out of range")
        if ohms == 5.0 and self.route[channel] != "HIV":
            raise ScpiError(-221)
        self.level_commands.set_source(channel, ohms)

    @command("OUTPut<1-2>:IMPedance[:INTernal]?")
    def get_impedance(self, channel: int) -> str:
        """``OUTP1:IMP?``."""
        return self.format_number(self.levels[channel].source)
