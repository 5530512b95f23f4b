"""The Rigol DG800 and DG900 function generators, as their programming guides describe them.

Quirks that the twin has
------------------------
- Switches are answered as ON and OFF, numbers with seven digits.
- A value beyond a limit becomes the limit, with error -222; edges are made to fit without an error.
- ``BURSt:TRIGger`` triggers only with the source MANual.
- ``APPLy:DC 1,1,0.5`` ignores its first two numbers. ``APPLy`` leaves the output as it is.
- ``*OPC`` does not wait for the end of a burst.

The twin has neither modulation nor sweep, and no harmonics, sequences or files: it answers -113.
"""

from tsbench.simulated_backends.numerics.seeds import seed_of
from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.scpi.parameters import Choice, Number, Optional
from tsbench.simulated_backends.scpi.tree import Setting, Subsystem, command
from tsbench.simulated_backends.services.services import BenchServices
from tsbench.simulated_backends.virtual_instruments.generator.channels import GeneratorChannels
from tsbench.simulated_backends.virtual_instruments.generator.levels import OutputLevels
from tsbench.simulated_backends.virtual_instruments.generator.playback import Playback
from tsbench.simulated_backends.virtual_instruments.generator.synthesis import Shape
from tsbench.simulated_backends.virtual_instruments.generator_table import shared_name
from tsbench.simulated_backends.virtual_instruments.instrument import Placement
from tsbench.simulated_backends.virtual_instruments.rigol_dg800.burst_commands import DgBurstCommands
from tsbench.simulated_backends.virtual_instruments.rigol_dg800.command_table import DgBase, DgNumber, OnOff
from tsbench.simulated_backends.virtual_instruments.rigol_dg800.level_commands import RESET_AMPLITUDE, DgLevelCommands
from tsbench.simulated_backends.virtual_instruments.rigol_dg800.shape_commands import DgShapeCommands
from tsbench.simulated_backends.virtual_instruments.rigol_dg800.volatile_memory import DgVolatileMemory

_TEXTS = {-222: "Data out of range", -113: "Undefined header; keyword cannot be found"}


class VirtualDg(DgBase):
    """Two channels: pulses, functions, bursts, arbitrary waveforms."""

    outputs = ("1", "2")
    terminals = ("1", "2")
    no_error = '0,"No error"'
    number_format = ".6E"
    not_a_number = "9.900000E+37"

    burst_commands = Subsystem(DgBurstCommands)
    shape_commands = Subsystem(DgShapeCommands)
    level_commands = Subsystem(DgLevelCommands)
    volatile_memory = Subsystem(DgVolatileMemory)

    polarity = Setting("OUTPut<1-2>:POLarity", Choice("NORMal", "INVerted"), default="NORM", change="playback.reshape")
    beeper = Setting("SYSTem:BEEPer:STATe", OnOff(), default=True)

    def __init__(self, bench: BenchServices, placement: Placement) -> None:
        super().__init__(bench, placement)
        self.levels = {number: OutputLevels(RESET_AMPLITUDE) for number in (1, 2)}
        bursts = self.burst_commands
        self.channels = GeneratorChannels(self, self.data_sheet, bursts)
        self.playback = Playback(self, self.data_sheet, bursts, self.channels, lambda: None)

    def format_error(self, code: int, text: str, time: float) -> str:
        """Write an entry of the error queue."""
        return f'{code},"{_TEXTS.get(code, text)}"'

    def shape(self, channel: int) -> Shape:
        """Return everything that decides a channel's waveform now."""
        shapes, sheet = self.shape_commands, self.data_sheet
        function, frequency = shared_name(shapes.function[channel]), shapes.frequency[channel]
        codes = self.volatile_memory.codes[channel] if function == "ARB" else None
        burst = self.burst_commands.burst_on[channel]
        return Shape(
            function=function, levels=self.levels[channel], frequency=frequency,
            phase=self.burst_commands.burst_phase[channel] if burst else shapes.phase[channel],
            inverted=self.polarity[channel] == "INV", pulse_width=shapes.width[channel], lead=shapes.lead[channel],
            trail=shapes.trail[channel], duty=shapes.duty[channel], symmetry=shapes.symmetry[channel],
            square_edge=sheet.square_edge_time, codes=codes,
            sample_rate=frequency * (1 if codes is None else len(codes)), filtering="OFF", dac_bits=sheet.dac_bits,
            noise_seed=seed_of(self.bench.seed, self.name, channel), noise_bandwidth=sheet.max_frequency["NOIS"],
        )

    def trigger(self) -> None:
        """Act on ``*TRG``."""
        self.burst_commands.trigger_all()

    # ----------------------------------------------------------------------------------------- outputs

    @command("OUTPut<1-2>[:STATe]", OnOff())
    def set_output(self, channel: int, on: bool) -> Handler:
        """``OUTP1 ON``: the relay."""
        self.playback.switch(channel, on)
        yield self.data_sheet.relay_time

    @command("OUTPut<1-2>[:STATe]?")
    def get_output(self, channel: int) -> str:
        """``OUTP1?``."""
        return "ON" if self.channels.connectors.is_closed(channel) else "OFF"

    # ------------------------------------------------------------------------------------------- APPLy

    @command("[:SOURce<1-2>]:APPLy:{SINusoid|SQUare|RAMP|PULSe|USER}", Optional(Number("HZ")),
             Optional(Number("VPP", units=("V",))), Optional(Number("V")), Optional(DgNumber("", 0.0, 360.0)))
    def apply(
        self, channel: int, function: str, frequency: float = 1e3, amplitude: float = 5.0, offset: float = 0.0,
        phase: float = 0.0,
    ) -> None:
        """``APPL:PULS f,a,o,p``: what is left out gets its default."""
        shapes = self.shape_commands
        top = self.data_sheet.max_frequency[shared_name(function)]
        shapes.function[channel] = function
        shapes.frequency[channel] = min(max(frequency, 1e-6), top)
        if shapes.frequency[channel] != frequency:
            self.post_error(-222)
        shapes.phase[channel] = phase
        self._apply_levels(channel, amplitude, offset)

    @command("[:SOURce<1-2>]:APPLy:NOISe", Optional(Number("VPP", units=("V",))), Optional(Number("V")))
    def apply_noise(self, channel: int, amplitude: float = 5.0, offset: float = 0.0) -> None:
        """``APPL:NOIS a,o``."""
        self.shape_commands.function[channel] = "NOIS"
        self._apply_levels(channel, amplitude, offset)

    @command("[:SOURce<1-2>]:APPLy:DC", Number(), Number(), Number("V"))
    def apply_dc(self, channel: int, frequency: float, amplitude: float, offset: float) -> None:
        """``APPL:DC 1,1,o``."""
        self.shape_commands.function[channel] = "DC"
        self.shape_commands.function_changed(channel)
        self.level_commands.set_offset(channel, offset)

    def _apply_levels(self, channel: int, amplitude: float, offset: float) -> None:
        before = self.levels[channel]
        self.levels[channel] = OutputLevels(before.amplitude, 0.0, before.load, before.source)
        self.shape_commands.function_changed(channel)
        self.level_commands.set_amplitude(channel, amplitude)
        self.level_commands.set_offset(channel, offset)

    @command("[:SOURce<1-2>]:APPLy?")
    def applied(self, channel: int) -> str:
        """``APPL?``: function, frequency, amplitude, offset and phase in quotes; DEF for what it does not have."""
        shapes, levels = self.shape_commands, self.level_commands
        function, offset = shapes.function[channel], levels.get_offset(channel)
        if function == "DC":
            return f'"DC,DEF,DEF,{offset}"'
        amplitude = levels.get_amplitude(channel)
        if function == "NOIS":
            return f'"NOISE,DEF,{amplitude},{offset},DEF"'
        frequency, phase = map(self.format_number, (shapes.frequency[channel], shapes.phase[channel]))
        return f'"{"PULSE" if function == "PULS" else function},{frequency},{amplitude},{offset},{phase}"'

    # ------------------------------------------------------------------------------------------- system

    def reset(self) -> Handler | None:
        """Outputs off, everything as after switching on."""
        self.levels.update({number: OutputLevels(RESET_AMPLITUDE) for number in self.channels.numbers})
        return self.all_off()

    @command("SYSTem:BEEPer[:IMMediate]")
    def beep(self) -> None:
        """``SYST:BEEP``: without effect on what is measured."""
