"""The Tektronix AFG3000C and AFG31000 function generators, as the programmer manual of the AFG3000 describes them.

Quirks that the twin has
------------------------
- Numbers take units: ``VOLT 1.5VPP``, ``OUTP1:IMP 50OHM``, ``PULS:DCYC 25PCT``, ``PHAS 90DEG``.
- One trigger serves both channels. ``*TRG`` does not wait for a source ``BUS``: there is none.
- ``*OPC`` does not wait for the end of a burst.
- The level limits have no switch. A value beyond a limit is refused with -222.
- An arbitrary waveform is played once in each period, whatever its number of points.

The twin has no modulation by the input, no files and no added noise: it answers -224 or -113. Not compared with an
instrument: which of two values that exclude each other is refused and which is changed (-221).
"""

from tsbench.simulated_backends.numerics.seeds import seed_of
from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.scpi.parameters import Boolean, Choice, Integer
from tsbench.simulated_backends.scpi.tree import Setting, Subsystem, command
from tsbench.simulated_backends.services.services import BenchServices
from tsbench.simulated_backends.virtual_instruments.generator.channels import GeneratorChannels
from tsbench.simulated_backends.virtual_instruments.generator.levels import OutputLevels
from tsbench.simulated_backends.virtual_instruments.generator.playback import Playback
from tsbench.simulated_backends.virtual_instruments.generator.synthesis import Shape
from tsbench.simulated_backends.virtual_instruments.instrument import Placement
from tsbench.simulated_backends.virtual_instruments.tektronix_afg.burst_commands import AfgBurstCommands
from tsbench.simulated_backends.virtual_instruments.tektronix_afg.command_table import AfgBase
from tsbench.simulated_backends.virtual_instruments.tektronix_afg.edit_memory import AfgEditMemory
from tsbench.simulated_backends.virtual_instruments.tektronix_afg.level_commands import (
    RESET_AMPLITUDE,
    AfgLevelCommands,
)
from tsbench.simulated_backends.virtual_instruments.tektronix_afg.modulation_commands import AfgModulationCommands
from tsbench.simulated_backends.virtual_instruments.tektronix_afg.shape_commands import AfgShapeCommands, shared_name

_TEXTS = {-222: "Data out of range"}


class VirtualAfg(AfgBase):
    """Two channels: pulses, functions, bursts, arbitrary waveforms."""

    outputs = ("1", "2")
    terminals = ("1", "2")
    no_error = '0,"No error"'
    number_format = ".9E"
    not_a_number = "9.9E+37"

    burst_commands = Subsystem(AfgBurstCommands)
    shape_commands = Subsystem(AfgShapeCommands)
    level_commands = Subsystem(AfgLevelCommands)
    edit_memory = Subsystem(AfgEditMemory)
    modulation_commands = Subsystem(AfgModulationCommands)

    polarity = Setting("OUTPut<1-2>:POLarity", Choice("NORMal", "INVerted"), default="NORM", change="playback.reshape")
    beeper = Setting("SYSTem:BEEPer:STATe", Boolean(), default=True)
    key_lock = Setting("SYSTem:KLOCk[:STATe]", Boolean(), default=False)

    def __init__(self, bench: BenchServices, placement: Placement) -> None:
        super().__init__(bench, placement)
        self.levels = {number: OutputLevels(RESET_AMPLITUDE) for number in (1, 2)}
        self._saved: dict[int, tuple[object, object, object]] = {}
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
        codes = self.edit_memory.codes(shapes.function[channel]) if function == "ARB" else None
        burst, phase = self.burst_commands.burst_on[channel], shapes.phase[channel]
        if function == "PULS":
            phase = 0.0 if burst else -360 * shapes.delay[channel] * frequency
        return Shape(
            function=function, levels=self.levels[channel], frequency=frequency, phase=phase,
            inverted=self.polarity[channel] == "INV", pulse_width=shapes.width[channel], lead=shapes.lead[channel],
            trail=shapes.trail[channel], symmetry=shapes.symmetry[channel], square_edge=sheet.square_edge_time,
            codes=codes, sample_rate=frequency * (1 if codes is None else len(codes)), filtering="OFF",
            dac_bits=sheet.dac_bits, noise_seed=seed_of(self.bench.seed, self.name, channel),
            noise_bandwidth=sheet.max_frequency["NOIS"], modulation=self.modulation_commands.modulation(channel),
            sweep=self.modulation_commands.sweep(channel),
        )

    def trigger(self) -> None:
        """Act on ``*TRG``."""
        self.burst_commands.trigger()

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

    # ------------------------------------------------------------------------------------------ set-ups

    @command("*SAV", Integer(low=0, high=4))
    def save(self, place: int) -> None:
        """``*SAV 1``: all settings."""
        self._saved[place] = (dict(self.setting_values), dict(self.levels), dict(self.level_commands.limits))

    @command("*RCL", Integer(low=0, high=4))
    def recall(self, place: int) -> Handler:
        """``*RCL 1``: the settings that were saved, with all outputs off; -224 where none were."""
        if place not in self._saved:
            raise ScpiError(-224)
        settings, levels, limits = self._saved[place]
        yield from self.all_off()
        for held, saved in ((self.setting_values, settings), (self.levels, levels),
                            (self.level_commands.limits, limits)):
            held.clear()
            held.update(saved)   # type: ignore[call-overload]
        self.burst_commands.all_changed()

    @command("AFGControl:CSCopy", Choice("CH1", "CH2"), Choice("CH1", "CH2"))
    def copy_channel(self, source: str, target: str) -> None:
        """``AFGC:CSC CH1,CH2``: channel 2 gets the settings of channel 1."""
        here, there = int(source[-1]), int(target[-1])
        for held in (self.setting_values, self.level_commands.limits):
            kept = {key: value for key, value in held.items() if self._channel_of(key) not in (here, there)}
            own = {key: value for key, value in held.items() if self._channel_of(key) == here}
            copied = {self._renamed(key, there): value for key, value in own.items()}
            held.clear()
            held.update(kept | own | copied)
        self.levels[there] = self.levels[here]
        self.playback.reshape(there)

    @staticmethod
    def _channel_of(key: tuple[object, ...]) -> object:
        own = key[1] if isinstance(key[1], tuple) else key
        return own[0] if own else None

    @staticmethod
    def _renamed(key: tuple[object, ...], channel: int) -> tuple[object, ...]:
        if isinstance(key[1], tuple):
            return key[0], (channel, *key[1][1:])
        return (channel, *key[1:])

    def reset(self) -> Handler | None:
        """Outputs off, everything as after switching on; waveforms stay."""
        self.levels.update({number: OutputLevels(RESET_AMPLITUDE) for number in self.channels.numbers})
        self.level_commands.limits.clear()
        self.modulation_commands.modes.update({1: "", 2: ""})
        return self.all_off()

    @command("SYSTem:BEEPer[:IMMediate]")
    def beep(self) -> None:
        """``SYST:BEEP``: without effect on what is measured."""
