"""The Keysight 33522B and 33622A two-channel generators, as their programming guides describe them.

Quirks that the twin has
------------------------
- A value beyond a limit becomes the limit, with error -222 ("value clipped to upper limit"). A value that forces
  another one moves that one, with error -221. Nothing changes silently.
- Levels are those at a load equal to ``OUTPut:LOAD`` (50 Ohm at first). A change of the load changes the levels that
  are shown, not the output.
- ``APPLy`` has many side effects: see ``apply_commands``.
- ``FUNCtion:PULSe:PERiod`` is the period of all functions. The width is made to fit into it first, then the edges.
- A burst without end needs a trigger: its source becomes BUS, with error -221.
- A trigger during a burst or sweep, and one that no channel waits for, is ignored with error -211.
- A channel has one mode at a time. A modulation, a sweep or a burst ends the other one, with error -221.
- A sweep with another source than IMMediate stays at its start frequency until a trigger. A list goes on by one
  frequency for each trigger.
- Names of arbitrary waveforms have no case. An existing name is refused with 786, until ``DATA:VOLatile:CLEar``.
- Both channels run from one oscillator: their time bases have the same error.

What the twin refuses although the instrument has it: ``UNIT:ANGLe`` RADian and SECond (-224), waveforms for both
channels in one block (-241, as without the option), ``OUTPut:MODE`` and the settings of the LAN interface (-113).
"""

from dataclasses import replace

from tsbench.simulated_backends.numerics.seeds import seed_of
from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.scpi.parameters import Boolean, Choice
from tsbench.simulated_backends.scpi.tree import Setting, Subsystem, command
from tsbench.simulated_backends.services.services import BenchServices
from tsbench.simulated_backends.virtual_instruments.generator.channels import GeneratorChannels
from tsbench.simulated_backends.virtual_instruments.generator.levels import OutputLevels
from tsbench.simulated_backends.virtual_instruments.generator.playback import Playback
from tsbench.simulated_backends.virtual_instruments.generator.prbs import bit_sequence
from tsbench.simulated_backends.virtual_instruments.generator.synthesis import Shape
from tsbench.simulated_backends.virtual_instruments.instrument import Placement
from tsbench.simulated_backends.virtual_instruments.keysight_33600.apply_commands import ApplyCommands
from tsbench.simulated_backends.virtual_instruments.keysight_33600.command_table import Base33600, SharedSettings
from tsbench.simulated_backends.virtual_instruments.keysight_33600.coupling_commands import CouplingCommands
from tsbench.simulated_backends.virtual_instruments.keysight_33600.data_sheet import KEYSIGHT_33522B, KEYSIGHT_33622A
from tsbench.simulated_backends.virtual_instruments.keysight_33600.file_commands import FileCommands
from tsbench.simulated_backends.virtual_instruments.keysight_33600.function_commands import FunctionCommands
from tsbench.simulated_backends.virtual_instruments.keysight_33600.level_commands import LevelCommands
from tsbench.simulated_backends.virtual_instruments.keysight_33600.memory_commands import MemoryCommands
from tsbench.simulated_backends.virtual_instruments.keysight_33600.mode_commands import ModeCommands
from tsbench.simulated_backends.virtual_instruments.keysight_33600.modulation_commands import ModulationCommands
from tsbench.simulated_backends.virtual_instruments.keysight_33600.state_commands import StateCommands
from tsbench.simulated_backends.virtual_instruments.keysight_33600.sweep_commands import FrequencySweepCommands
from tsbench.simulated_backends.virtual_instruments.keysight_33600.system_commands import GeneratorSystemCommands
from tsbench.simulated_backends.virtual_instruments.keysight_33600.trigger_commands import BurstTriggerCommands
from tsbench.simulated_backends.virtual_instruments.keysight_33600.waveform_store import WaveformStore


class VirtualKeysight33600(Base33600):
    """Two channels, pulse, burst, trigger, arbitrary waveforms; ``data_sheet`` has the numbers of the model."""

    outputs = ("1", "2")
    terminals = ("1", "2")

    trigger_commands = Subsystem(BurstTriggerCommands)
    memory_commands = Subsystem(MemoryCommands)
    level_commands = Subsystem(LevelCommands)
    function_commands = Subsystem(
        FunctionCommands, lambda generator: FunctionCommands(generator, generator.level_commands))

    mode_commands = Subsystem(ModeCommands)
    sweep_commands = Subsystem(FrequencySweepCommands)
    modulation_commands = Subsystem(ModulationCommands)
    apply_commands = Subsystem(ApplyCommands)
    coupling_commands = Subsystem(CouplingCommands)
    state_commands = Subsystem(StateCommands)
    file_commands = Subsystem(FileCommands)
    system_commands = Subsystem(GeneratorSystemCommands)

    polarity = Setting("OUTPut<1-2>:POLarity", Choice("NORMal", "INVerted"), default="NORM", change="playback.reshape")

    def __init__(self, bench: BenchServices, placement: Placement) -> None:
        super().__init__(bench, placement)
        numbers = range(1, self.data_sheet.channels + 1)
        self.shared, self.store = SharedSettings(numbers), WaveformStore(numbers)
        triggers = self.trigger_commands
        self.channels = GeneratorChannels(self, self.data_sheet, triggers)
        self.playback = Playback(self, self.data_sheet, triggers, self.channels, triggers.update_waiting)

    def shape(self, channel: int) -> Shape:
        """Return everything that decides a channel's waveform now."""
        triggers, function = self.trigger_commands, self.shared.function[channel]
        mode = triggers.sync_mode[channel]
        triggered = triggers.trigger_source[channel] != "IMM"
        marked = mode == "MARK"
        sweeps, feeds = self.sweep_commands, self.coupling_commands.feed[channel] != "NONE"
        burst = self.shared.mode[channel] == "BURS"
        shape = self._plain_shape(channel)
        marker = None
        if marked and burst:
            marker = sweeps.marker_cycle[channel] * shape.period
        elif marked and function == "ARB" and shape.codes is not None:
            marker = min(sweeps.marker_point[channel], len(shape.codes)) / shape.sample_rate
        return replace(
            shape, sweep=sweeps.sweep(channel, marked, triggered),
            modulation=self.modulation_commands.modulation(channel),
            added=self.unmodulated(3 - channel) if feeds and not burst else None, marker=marker,
            sync_inverted=triggers.sync_polarity[triggers.sync_channel] == "INV", sync_of_carrier=mode == "CARR",
            trigger_slope=triggers.trigger_output_slope if triggers.trigger_output_source == f"CH{channel}" else "",
        )

    def unmodulated(self, channel: int) -> Shape:
        """Return the shape of a channel without modulation, sweep and what is added."""
        return replace(self._plain_shape(channel), parts=None, point_by_point=False)

    def arbitrary(self, channel: int, frequency: float) -> Shape:
        """Return the selected arbitrary waveform of a channel, played so often [Hz]."""
        codes = self.memory_commands.codes_of(channel, self.memory_commands.arb_name[channel])
        assert codes is not None
        return replace(self._plain_shape(channel), function="ARB", codes=codes, sample_rate=frequency * len(codes))

    def _plain_shape(self, channel: int) -> Shape:
        shared, commands, triggers = self.shared, self.function_commands, self.trigger_commands
        function, memory = shared.function[channel], self.memory_commands
        burst = shared.mode[channel] == "BURS"
        codes, parts, pulses, rate = None, None, None, commands.sample_rate[channel]
        if function == "ARB":
            codes, parts, pulses = memory.played(channel, triggers.trigger_source[channel] != "IMM")
        return Shape(
            function=function, levels=shared.levels[channel], frequency=shared.frequency[channel],
            phase=triggers.burst_phase[channel] if burst else commands.phase[channel],
            inverted=self.polarity[channel] == "INV", pulse_width=commands.pulse_width[channel],
            lead=shared.lead[channel], trail=shared.trail[channel], duty=commands.square_duty[channel],
            symmetry=commands.symmetry[channel],
            square_edge=commands.bit_edge[channel] if function == "PRBS" else self.data_sheet.square_edge_time,
            codes=codes, sample_rate=rate, filtering=commands.filtering[channel],
            dac_bits=self.data_sheet.dac_bits, noise_seed=seed_of(self.bench.seed, self.name, channel),
            noise_bandwidth=commands.noise_bandwidth[channel],
            bits=bit_sequence(commands.bit_sequence[channel]) if function == "PRBS" else None,
            bit_rate=commands.bit_rate[channel], parts=parts,
            point_by_point=function == "ARB" and commands.advance[channel] == "TRIG" and not burst,
            sync_pulses=tuple((start / rate, width / rate) for start, width in pulses) if pulses else None,
        )

    def gated(self, channel: int) -> bool:
        """Return whether bursts of a channel are gated."""
        return bool(self.trigger_commands.burst_mode[channel] == "GAT")

    def mode_changed(self, channel: int) -> None:
        """Play what the new mode says."""
        self.trigger_commands.burst_changed(channel)

    def trigger(self) -> None:
        """Act on ``*TRG``: all channels that wait for the bus begin."""
        self.trigger_commands.trigger_all()

    # ----------------------------------------------------------------------------------------- outputs

    @command("OUTPut<1-2>[:STATe]", Boolean())
    def set_output(self, channel: int, on: bool) -> Handler:
        """``OUTP1 ON``: the relay."""
        self.playback.switch(channel, on)
        yield self.data_sheet.relay_time

    @command("OUTPut<1-2>[:STATe]?")
    def get_output(self, channel: int) -> str:
        """``OUTP1?``."""
        return "1" if self.channels.on[channel] else "0"

    # ----------------------------------------------------------------------------------------- the rest

    def reset(self) -> Handler | None:
        """Outputs off, everything as after switching on; waveforms in memory stay."""
        self.shared.forget_function()
        for channel in self.channels.numbers:
            self.playback.switch(channel, False)
            self.shared.levels[channel] = OutputLevels()
            self.shared.frequency[channel] = 1e3
            self.playback.stop_burst(channel)
        self.trigger_commands.update_waiting()
        return None

    @command("[:SOURce<1-2>]:FUNCtion:ARBitrary:SYNChronize")
    @command("PHASe:SYNChronize")
    @command("[:SOURce<1-2>]:PHASe:SYNChronize")
    def synchronise(self, channel: int = 1) -> None:
        """``PHAS:SYNC``: both channels begin their cycle now."""
        for each in self.channels.numbers:
            if not self.trigger_commands.burst_on[each]:
                self.playback.reshape(each)


    @command("[:SOURce<1-2>]:PHASe:REFerence")
    def set_phase_reference(self, channel: int) -> None:
        """``PHAS:REF``: the present phase counts as 0 degrees from now on; the output does not change."""
        self.setting_values["phase", (channel,)] = 0.0


class VirtualKeysight33622A(VirtualKeysight33600):
    """33622A: 120 MHz, 1 GSa/s, 2.9 ns edges."""

    data_sheet = KEYSIGHT_33622A
    manufacturer, model, firmware = data_sheet.manufacturer, data_sheet.name, data_sheet.firmware


class VirtualKeysight33522B(VirtualKeysight33600):
    """33522B: 30 MHz, 250 MSa/s, 8.4 ns edges."""

    data_sheet = KEYSIGHT_33522B
    manufacturer, model, firmware = data_sheet.manufacturer, data_sheet.name, data_sheet.firmware
