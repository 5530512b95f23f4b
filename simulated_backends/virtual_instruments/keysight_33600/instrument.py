"""The Keysight 33522B and 33622A two-channel generators, as their programming guides describe them.

Quirks that the twin has
------------------------
- A value beyond a limit becomes the limit, with error -222 ("value clipped to upper limit"). A value that forces
  another one moves that one, with error -221. Nothing changes silently.
- Levels are those at a load equal to ``OUTPut:LOAD`` (50 Ohm at first). A change of the load changes the levels that
  are shown, not the output.
- ``APPLy`` switches burst off, sets the trigger source to IMMediate and the output on.
- ``FUNCtion:PULSe:PERiod`` is the period of all functions. The width is made to fit into it first, then the edges.
- A burst without end needs a trigger: its source becomes BUS, with error -221.
- A trigger during a burst, and one that no channel waits for, is ignored with error -211.
- Names of arbitrary waveforms have no case. An existing name is refused with 786, until ``DATA:VOLatile:CLEar``.
- PRBS is refused with -224: it is not modelled.
- Both channels run from one oscillator: their time bases have the same error.
"""

from tsbench.simulated_backends.numerics.seeds import seed_of
from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.scpi.parameters import (
    Boolean,
    Choice,
    Number,
    Optional,
    Text,
)
from tsbench.simulated_backends.scpi.tree import Setting, Subsystem, command
from tsbench.simulated_backends.services.services import BenchServices
from tsbench.simulated_backends.virtual_instruments.generator.channels import GeneratorChannels
from tsbench.simulated_backends.virtual_instruments.generator.levels import OutputLevels
from tsbench.simulated_backends.virtual_instruments.generator.playback import Playback
from tsbench.simulated_backends.virtual_instruments.generator.synthesis import Shape
from tsbench.simulated_backends.virtual_instruments.instrument import (
    Attachment,
    Placement,
)
from tsbench.simulated_backends.virtual_instruments.keysight_33600.command_table import GeneratorBase, SharedSettings
from tsbench.simulated_backends.virtual_instruments.keysight_33600.data_sheet import KEYSIGHT_33522B, KEYSIGHT_33622A
from tsbench.simulated_backends.virtual_instruments.keysight_33600.function_commands import (
    FunctionCommands,
    max_frequency,
)
from tsbench.simulated_backends.virtual_instruments.keysight_33600.level_commands import LevelCommands
from tsbench.simulated_backends.virtual_instruments.keysight_33600.memory_commands import MemoryCommands
from tsbench.simulated_backends.virtual_instruments.keysight_33600.parameters import clipped
from tsbench.simulated_backends.virtual_instruments.keysight_33600.trigger_commands import BurstTriggerCommands


class VirtualKeysight33600(GeneratorBase):
    """Two channels, pulse, burst, trigger, arbitrary waveforms; ``data_sheet`` has the numbers of the model."""

    outputs = ("1", "2")
    terminals = ("1", "2")
    has_trigger = True

    trigger_commands = Subsystem(BurstTriggerCommands)
    memory_commands = Subsystem(MemoryCommands)
    level_commands = Subsystem(LevelCommands)
    function_commands = Subsystem(
        FunctionCommands, lambda generator: FunctionCommands(generator, generator.level_commands))

    polarity = Setting("OUTPut<1-2>:POLarity", Choice("NORMal", "INVerted"), default="NORM", change="playback.reshape")
    display = Setting("DISPlay[:STATe]", Boolean(), default=True)
    display_text = Setting("DISPlay:TEXT", Text(), default="")

    def __init__(self, bench: BenchServices, placement: Placement) -> None:
        super().__init__(bench, placement)
        self.shared = SharedSettings(range(1, self.data_sheet.channels + 1))
        triggers = self.trigger_commands
        self.channels = GeneratorChannels(self, self.data_sheet, triggers)
        self.playback = Playback(self, self.data_sheet, triggers, self.channels, triggers.update_waiting)

    def attachment(self) -> Attachment:
        """Return source, output resistance and relay of each wired channel."""
        return self.channels.attachment()

    def connect(self) -> None:
        """Listen to the external trigger input."""
        self.playback.listen()

    def disconnect(self) -> None:
        """Nothing goes on when the world is closed."""
        for channel in self.channels.numbers:
            self.playback.stop_burst(channel)

    def shape(self, channel: int) -> Shape:
        """Return everything that decides a channel's waveform now."""
        shared, commands, triggers = self.shared, self.function_commands, self.trigger_commands
        function, memory = shared.function[channel], self.memory_commands
        codes = memory.codes_of(channel, memory.arb_name[channel]) if function == "ARB" else None
        return Shape(
            function=function, levels=shared.levels[channel], frequency=shared.frequency[channel],
            phase=triggers.burst_phase[channel] if triggers.burst_on[channel] else commands.phase[channel],
            inverted=self.polarity[channel] == "INV", pulse_width=commands.pulse_width[channel],
            lead=shared.lead[channel], trail=shared.trail[channel], duty=commands.square_duty[channel],
            symmetry=commands.symmetry[channel], square_edge=self.data_sheet.square_edge_time, codes=codes,
            sample_rate=commands.sample_rate[channel], filtering=commands.filtering[channel],
            dac_bits=self.data_sheet.dac_bits, noise_seed=seed_of(self.bench.seed, self.name, channel),
            noise_bandwidth=commands.noise_bandwidth[channel],
        )

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

    @command("[:SOURce<1-2>]:APPLy:{SINusoid|SQUare|RAMP|TRIangle|PULSe|NOISe|DC|ARBitrary}",
             Optional(Number("HZ", units=("SA", "SA/S"))), Optional(Number("VPP", units=("V",))),
             Optional(Number("V")))
    def apply(
        self, channel: int, function: str, frequency: float | None = None, amplitude: float | None = None,
        offset: float | None = None,
    ) -> Handler:
        """``APPLy``: function, frequency, amplitude, offset; burst off, immediate trigger, output on."""
        commands, levels = self.function_commands, self.level_commands
        self.trigger_commands.burst_on[channel] = False
        self.trigger_commands.trigger_source[channel] = "IMM"
        self.shared.function[channel] = function
        commands.function_changed(channel)
        if frequency is not None and function == "ARB":
            commands.sample_rate[channel] = clipped(
                frequency, self.data_sheet.min_sample_rate, self.data_sheet.max_sample_rate, self)
        elif frequency is not None and function not in ("DC", "NOIS"):
            commands.set_frequency(channel, clipped(
                frequency, self.data_sheet.min_frequency, max_frequency(commands, channel), self))
        if amplitude is not None and function != "DC":
            levels.set_amplitude(channel, amplitude)
        levels.set_offset(channel, offset or 0.0)
        yield from self.set_output(channel, True)

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

    @command("SYSTem:BEEPer[:IMMediate]")
    @command("DISPlay:TEXT:CLEar")
    @command("SYSTem:LOCal")
    @command("SYSTem:REMote")
    @command("SYSTem:RWLock")
    def _no_effect(self) -> None:
        """Accepted, without effect on what is measured."""

    @command("PHASe:SYNChronize")
    @command("[:SOURce<1-2>]:PHASe:SYNChronize")
    def synchronise(self, channel: int = 1) -> None:
        """``PHAS:SYNC``: both channels begin their cycle now."""
        for each in self.channels.numbers:
            if not self.trigger_commands.burst_on[each]:
                self.playback.reshape(each)


class VirtualKeysight33622A(VirtualKeysight33600):
    """33622A: 120 MHz, 1 GSa/s, 2.9 ns edges."""

    data_sheet = KEYSIGHT_33622A
    manufacturer, model, firmware = data_sheet.manufacturer, data_sheet.name, data_sheet.firmware


class VirtualKeysight33522B(VirtualKeysight33600):
    """33522B: 30 MHz, 250 MSa/s, 8.4 ns edges."""

    data_sheet = KEYSIGHT_33522B
    manufacturer, model, firmware = data_sheet.manufacturer, data_sheet.name, data_sheet.firmware
