"""The Rigol DS1000Z and MSO5000 oscilloscopes (the DS4000: ``ds4000``), as their programming guides describe them.

Quirks that the twin has
------------------------
- A positive offset moves the waveform up: mid-screen is minus the offset.
- Codes are 0 to 255; mid-screen is 127 with an offset of zero. The ends mean clipped. A voltage is
  (code - YORigin - YREFerence) x YINCrement.
- The memory can be read when it is stopped, not more than 250,000 bytes in one reply.
- The channels that are on share the sample rate: two have half of it, three and four a quarter.
- A change of the probe's attenuation changes scale, offset and trigger level by the same ratio.
- The DS1000Z has no external trigger input, and no input of 50 Ohm.
- Math, masks, recorded frames, decoding, searches, the logic analyser, the generator, the voltmeter and the counter of
  these series are not simulated: they are off, and ON is refused with -221 (``absent``).
- There is no ``:WAVeform:POINts`` in this family (programming guide of the MSO1000Z/DS1000Z).

Not compared with an instrument: a value out of range is refused with -222 and changes nothing; RAW of a running
oscilloscope has no points; words of trigger types other than EDGE and PULSe are refused with -224.
"""

from typing import ClassVar

from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.scpi.tree import Subsystem
from tsbench.simulated_backends.services.services import BenchServices
from tsbench.simulated_backends.virtual_instruments.instrument import Placement
from tsbench.simulated_backends.virtual_instruments.oscilloscope.settings import OscilloscopeSettings
from tsbench.simulated_backends.virtual_instruments.rigol_oscilloscopes import data_sheet as sheets
from tsbench.simulated_backends.virtual_instruments.rigol_oscilloscopes.absent import (
    AbsentFunctions,
    AbsentOfDs1000z,
    AbsentOfMso5000,
)
from tsbench.simulated_backends.virtual_instruments.rigol_oscilloscopes.acquiring import RigolAcquiring
from tsbench.simulated_backends.virtual_instruments.rigol_oscilloscopes.channels import RigolChannels
from tsbench.simulated_backends.virtual_instruments.rigol_oscilloscopes.command_table import RigolBase
from tsbench.simulated_backends.virtual_instruments.rigol_oscilloscopes.display import RigolDisplay
from tsbench.simulated_backends.virtual_instruments.rigol_oscilloscopes.measuring import RigolMeasuring
from tsbench.simulated_backends.virtual_instruments.rigol_oscilloscopes.running import RigolRunning
from tsbench.simulated_backends.virtual_instruments.rigol_oscilloscopes.triggering import RigolTrigger
from tsbench.simulated_backends.virtual_instruments.rigol_oscilloscopes.waveform import RigolWaveform

_TEXTS = {-113: "Undefined header; command cannot be found"}


class VirtualRigolOscilloscope(RigolBase):
    """Inputs, triggers, acquisition, measurements; ``data_sheet`` has the numbers of the model."""

    number_format = ".6e"
    not_a_number = "9.9E37"
    no_error: ClassVar[str] = '0,"No error"'

    channel_commands = Subsystem(RigolChannels)
    trigger_commands = Subsystem(RigolTrigger, lambda scope: RigolTrigger(scope, scope.channel_commands))
    acquire_commands = Subsystem(
        RigolAcquiring, lambda scope: RigolAcquiring(scope, scope.channel_commands, scope.trigger_commands))
    run_commands = Subsystem(RigolRunning, lambda scope: RigolRunning(scope, scope.acquire_commands))
    waveform_commands = Subsystem(RigolWaveform, lambda scope: RigolWaveform(scope, scope.acquire_commands))
    measure_commands = Subsystem(RigolMeasuring, lambda scope: RigolMeasuring(scope, scope.acquire_commands))
    absent_functions: Subsystem[AbsentFunctions] = Subsystem(AbsentOfDs1000z)
    display_commands = Subsystem(RigolDisplay, lambda scope: RigolDisplay(scope, scope.acquire_commands))

    def __init__(self, bench: BenchServices, placement: Placement) -> None:
        self.trigger_levels = {}
        super().__init__(bench, placement)

    @property
    def scope_settings(self) -> OscilloscopeSettings:
        """Return what is set, as the shared code reads it."""
        return self.acquire_commands

    def format_error(self, code: int, text: str, time: float) -> str:
        """Write an entry of the error queue as the series does."""
        return super().format_error(code, _TEXTS.get(code, text), time)

    def reset(self) -> Handler | None:
        """Default set-up, running."""
        self.trigger_levels.clear()
        return super().reset()


class VirtualRigolDS1074Z(VirtualRigolOscilloscope):
    """DS1074Z: four channels, 70 MHz, 1 GSa/s, 24 Mpts."""

    data_sheet = sheets.RIGOL_DS1074Z


class VirtualRigolDS1104Z(VirtualRigolOscilloscope):
    """DS1104Z: four channels, 100 MHz, 1 GSa/s, 24 Mpts."""

    data_sheet = sheets.RIGOL_DS1104Z


class VirtualRigolMSO5104(VirtualRigolOscilloscope):
    """MSO5104: four channels, 100 MHz, 8 GSa/s, 100 Mpts; without its digital channels and generator."""

    data_sheet = sheets.RIGOL_MSO5104
    absent_functions = Subsystem(AbsentOfMso5000)
