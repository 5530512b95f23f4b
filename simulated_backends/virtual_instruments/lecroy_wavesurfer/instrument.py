"""Teledyne LeCroy WaveSurfer 3000z and 4000HD, as the MAUI remote control manual describes them.

Quirks that the twin has
------------------------
- Errors are in two registers, ``CMR?`` (headers, numbers, units) and ``EXR?`` (values), and in ``*ESR?``. Each register
  has the last error, and forgets it when it is read.
- A reply begins with its header until ``CHDR OFF``; that of ``*IDN?`` does so too. There is a space between a number
  and its unit.
- ``TRDL`` is the place of the trigger relative to mid-screen: negative before it. A percentage is counted from the left
  edge.
- Codes are words with the high byte first until ``CFMT`` and ``CORD`` say otherwise. The descriptor tells volts for one
  code.
- In sequence mode ``WF? TIME`` has two numbers for each segment: its time after the first trigger, and the time of its
  first sample after its trigger.
- Both channels of a pair (1/2, 3/4) have half of the memory and half of the sample rate.

Not simulated: triggers on runts, slopes, intervals and dropouts, which never come; the filters of the trigger path; of
the automation (``VBS``) everything but the inputs, the time base and the trigger mode. Not compared with an instrument:
which byte stands behind a block.
"""

from typing import ClassVar

from tsbench.simulated_backends.lecroy.parameters import LecroyWord, Quantity
from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.executing import Handler
from tsbench.simulated_backends.scpi.tree import Subsystem, command
from tsbench.simulated_backends.virtual_instruments.lecroy_scope.channels import InputCommands
from tsbench.simulated_backends.virtual_instruments.lecroy_scope.command_table import ShortScope
from tsbench.simulated_backends.virtual_instruments.lecroy_scope.measured import ShortMeasureCommands
from tsbench.simulated_backends.virtual_instruments.lecroy_scope.triggering import ShortTriggerCommands
from tsbench.simulated_backends.virtual_instruments.lecroy_wavesurfer import data_sheet as sheets
from tsbench.simulated_backends.virtual_instruments.lecroy_wavesurfer.settings import (
    ErrorRegisters,
    WaveSurferSettings,
)
from tsbench.simulated_backends.virtual_instruments.lecroy_wavesurfer.waveform import WaveSurferWaveform


class WaveSurferTrigger(ShortTriggerCommands):
    """The trigger with its external input: EX, and EX10 with ten times the range."""

    sources = ("C1", "C2", "C3", "C4", "EX", "EX10", "LINE")

    @command("EX10:TRLV", Quantity("V"))
    def _set_divided_level(self, value: float) -> None:
        most = 10.0 * self.data_sheet.external_range
        self.panel.trigger.external_level = min(max(value, -most), most)

    @command("EX:TRLV", Quantity("V"))
    def _set_external_level(self, value: float) -> None:
        most = self.data_sheet.external_range
        self.panel.trigger.external_level = min(max(value, -most), most)

    @command("EX:TRLV?")
    @command("EX10:TRLV?")
    def _external_level(self) -> str:
        return self.quantity(self.panel.trigger.external_level, "V")

    @command("EX10:TRSL", LecroyWord("POS", "NEG"))
    @command("EX:TRSL", LecroyWord("POS", "NEG"))
    def _set_external_slope(self, word: str) -> None:
        self.panel.trigger.slope = word

    @command("EX10:TRCP", LecroyWord("DC", "AC"))
    @command("EX:TRCP", LecroyWord("DC", "AC"))
    def _set_external_coupling(self, word: str) -> None:
        """Set the coupling of the external input, whose filters are not simulated."""


class VirtualWaveSurfer(ShortScope):
    """Inputs, triggers, acquisition and measurements; ``data_sheet`` has the numbers of the model."""

    common_headers = True
    unit_space = " "
    number_format = ".6G"
    not_a_number = "UNDEF"
    data_sheet: ClassVar[sheets.WaveSurferSheet]

    input_commands = Subsystem(InputCommands)
    trigger_commands = Subsystem(WaveSurferTrigger)
    setting_commands = Subsystem(WaveSurferSettings)
    waveform_commands = Subsystem(WaveSurferWaveform)
    measure_commands = Subsystem(ShortMeasureCommands)
    error_registers = Subsystem(ErrorRegisters)

    def refuse(self, error: ScpiError) -> None:
        """Write the error into its register."""
        self.error_registers.take(error)

    def reset(self) -> Handler | None:
        """Default set-up, running."""
        self.trigger_commands.set_defaults()
        self.measure_commands.installed.clear()
        for name in ("segments_wanted", "code_width", "code_order"):
            self.setting_values.pop((name, ()), None)
        return super().reset()


class VirtualWaveSurfer3054z(VirtualWaveSurfer):
    """WaveSurfer 3054z: four channels, 500 MHz, 8 bits."""

    data_sheet = sheets.WAVESURFER3054Z


class VirtualWaveSurfer4054HD(VirtualWaveSurfer):
    """WaveSurfer 4054HD: four channels, 500 MHz, 12 bits."""

    data_sheet = sheets.WAVESURFER4054HD
