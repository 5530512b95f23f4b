"""What a WaveSurfer consists of, but for its automation, which uses these parts."""

from typing import ClassVar

from tsbench.simulated_backends.lecroy.parameters import LecroyWord, Quantity
from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.executing import Handler
from tsbench.simulated_backends.scpi.syntax import Framing
from tsbench.simulated_backends.scpi.tree import Subsystem, command
from tsbench.simulated_backends.virtual_instruments.lecroy_scope.channels import InputCommands
from tsbench.simulated_backends.virtual_instruments.lecroy_scope.command_table import ShortScope
from tsbench.simulated_backends.virtual_instruments.lecroy_scope.triggering import ShortTriggerCommands
from tsbench.simulated_backends.virtual_instruments.lecroy_wavesurfer.data_sheet import WaveSurferSheet
from tsbench.simulated_backends.virtual_instruments.lecroy_wavesurfer.hardcopy import HardcopyCommands
from tsbench.simulated_backends.virtual_instruments.lecroy_wavesurfer.inspecting import InspectCommands
from tsbench.simulated_backends.virtual_instruments.lecroy_wavesurfer.measuring import ParameterCommands
from tsbench.simulated_backends.virtual_instruments.lecroy_wavesurfer.settings import (
    ErrorRegisters,
    WaveSurferSettings,
)


class WaveSurferTrigger(ShortTriggerCommands):
    """The trigger with its external input: EX, and EX10 with ten times the range."""

    sources = ("C1", "C2", "C3", "C4", "EX", "EX10", "LINE")

    def set_external_level(self, value: float, factor: float = 1.0) -> None:
        """Set the level of the external input [V], the nearest that can be."""
        most = factor * self.data_sheet.external_range
        self.panel.trigger.external_level = min(max(value, -most), most)

    @command("EX10:TRLV", Quantity("V"))
    def _set_divided_level(self, value: float) -> None:
        self.set_external_level(value, 10.0)

    @command("EX:TRLV", Quantity("V"))
    def _set_external_level(self, value: float) -> None:
        self.set_external_level(value)

    @command("EX:TRLV?")
    @command("EX10:TRLV?")
    def _external_level(self) -> str:
        return self.quantity(self.panel.trigger.external_level, "V")

    @command("EX10:TRSL", LecroyWord("POS", "NEG"))
    @command("EX:TRSL", LecroyWord("POS", "NEG"))
    def set_external_slope(self, word: str) -> None:
        """``EX:TRSL NEG``: slope of the external trigger."""
        self.panel.trigger.slope = word

    @command("EX10:TRCP", LecroyWord("DC", "AC"))
    @command("EX:TRCP", LecroyWord("DC", "AC"))
    def _set_external_coupling(self, word: str) -> None:
        """Set the coupling of the external input, whose filters are not simulated."""


class WaveSurferScope(ShortScope):
    """Inputs, triggers, acquisition and measurements; ``data_sheet`` has the numbers of the model."""

    framing: ClassVar[Framing] = Framing(newlines_in_text=True)
    common_headers = True
    unit_space = " "
    number_format = ".6G"
    not_a_number = "UNDEF"
    data_sheet: ClassVar[WaveSurferSheet]

    input_commands = Subsystem(InputCommands)
    trigger_commands = Subsystem(WaveSurferTrigger)
    setting_commands = Subsystem(WaveSurferSettings)
    waveform_commands = Subsystem(InspectCommands)
    hardcopy_commands = Subsystem(HardcopyCommands)
    measure_commands = Subsystem(ParameterCommands)
    error_registers = Subsystem(ErrorRegisters)

    def refuse(self, error: ScpiError) -> None:
        """Write the error into its register."""
        self.error_registers.take(error)

    def _completed(self) -> None:
        super()._completed()
        self.measure_commands.measure()

    def reset(self) -> Handler | None:
        """Default set-up, running."""
        self.trigger_commands.set_defaults()
        self.measure_commands.set_defaults()
        for name in ("segments_wanted", "code_width", "code_order"):
            self.setting_values.pop((name, ()), None)
        return super().reset()
