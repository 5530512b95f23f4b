"""Teledyne LeCroy T3DSO1000 and T3DSO2000, Siglent SDS1000X-E, as their programming guide describes them.

Source: Siglent Digital Oscilloscopes Programming Guide PG01-E02D, which Teledyne LeCroy publishes as T3DSO1000/2000
Programming Manual.

Quirks that the twin has
------------------------
- There is no error queue and no status register. A unit that cannot be executed does nothing, and a query then has no
  reply.
- A scale, offset, level or time base that cannot be set becomes the nearest that can. An unknown word is ignored.
- Numbers have three digits. ``CHDR OFF`` leaves header and unit out, but for ``SKEW?`` and the times of ``TRSE?``. A
  reset leaves ``CHDR`` and ``WFSU`` as they are.
- The time base has the steps 1, 2, 5; the record is 14 divisions long. Two channels of a pair (1/2, 3/4) have half the
  memory and half the sample rate each, and ``MSIZ?`` says so.
- ``C1:WF? DAT2`` ends with two line feeds. A channel that was not acquired has no points.
- ``SCDP`` answers with a bitmap although it is no query.
- The models with four channels of the 1000 series have no external trigger input.

Not simulated: the filters of the trigger path (``TRCP``), and triggers on runts, slopes, intervals and dropouts, which
never come.
"""

from typing import ClassVar

from tsbench.simulated_backends.lecroy.parameters import Quantity
from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.executing import Handler
from tsbench.simulated_backends.scpi.tree import Subsystem, command
from tsbench.simulated_backends.virtual_instruments.lecroy_scope.channels import InputCommands
from tsbench.simulated_backends.virtual_instruments.lecroy_scope.command_table import ShortScope
from tsbench.simulated_backends.virtual_instruments.lecroy_scope.triggering import ShortTriggerCommands
from tsbench.simulated_backends.virtual_instruments.lecroy_t3dso import data_sheet as sheets
from tsbench.simulated_backends.virtual_instruments.lecroy_t3dso.settings import MoreCommands, ShortAcquisitionCommands
from tsbench.simulated_backends.virtual_instruments.lecroy_t3dso.waveform import DelayCommands, ShortWaveformCommands

#: common commands that the programming guide does not have
_WITHOUT = ("*CLS", "*ESE", "*ESR", "*OPT", "*SRE", "*STB", "*TRG", "*TST", "*WAI")


class VirtualT3DSO(ShortScope):
    """Inputs, triggers, acquisition and measurements; ``data_sheet`` has the numbers of the model."""

    number_format = ".2E"
    not_a_number = "****"
    data_sheet: ClassVar[sheets.ShortScopeSheet]

    input_commands = Subsystem(InputCommands)
    trigger_commands = Subsystem(ShortTriggerCommands)
    acquisition_commands = Subsystem(ShortAcquisitionCommands)
    more_commands = Subsystem(MoreCommands)
    waveform_commands = Subsystem(ShortWaveformCommands)
    measure_commands = Subsystem(DelayCommands)

    @classmethod
    def without(cls) -> tuple[str, ...]:
        """Return the common commands that the family does not have."""
        return _WITHOUT

    def refuse(self, error: ScpiError) -> None:
        """Ignore the unit: the family has no errors."""

    def reset(self) -> Handler | None:
        """Default set-up, running."""
        self.trigger_commands.set_defaults()
        self.measure_commands.installed.clear()
        return super().reset()


class ExternalTrigger(ShortTriggerCommands):
    """The trigger of a model with external input: EX, and EX/5 with five times the range."""

    data_sheet: sheets.ShortScopeSheet

    @property
    def sources(self) -> tuple[str, ...]:  # type: ignore[override]
        """Return the sources of the model."""
        return (*(f"C{number}" for number in range(1, self.data_sheet.channels + 1)), "EX", "EX5", "LINE")

    @command("EX:TRLV", Quantity("V"))
    def _set_external_level(self, value: float) -> None:
        self._external(value, 1.0)

    @command("EX5:TRLV", Quantity("V"))
    def _set_divided_level(self, value: float) -> None:
        self._external(value, 5.0)

    def _external(self, value: float, factor: float) -> None:
        most = self.data_sheet.external_range * factor
        self.panel.trigger.external_level = min(max(value, -most), most)

    @command("EX:TRLV?")
    @command("EX5:TRLV?")
    def _external_level(self) -> str:
        return self.quantity(self.panel.trigger.external_level, "V")

    @command("EX:TRSL?")
    @command("EX5:TRSL?")
    def _external_slope(self) -> str:
        return self.panel.trigger.slope


class VirtualExternalT3DSO(VirtualT3DSO):
    """A model with external trigger input."""

    trigger_commands = Subsystem(ExternalTrigger)


class VirtualT3DSO1204(VirtualT3DSO):
    """T3DSO1204: four channels, 200 MHz."""

    data_sheet = sheets.T3DSO1204


class VirtualT3DSO1104(VirtualT3DSO):
    """T3DSO1104: four channels, 100 MHz."""

    data_sheet = sheets.T3DSO1104


class VirtualT3DSO2204(VirtualExternalT3DSO):
    """T3DSO2204: four channels, 200 MHz, inputs of 50 Ohm."""

    data_sheet = sheets.T3DSO2204


class VirtualSDS1204XE(VirtualT3DSO):
    """SDS1204X-E: four channels, 200 MHz."""

    data_sheet = sheets.SDS1204XE


class VirtualSDS1202XE(VirtualExternalT3DSO):
    """SDS1202X-E: two channels, 200 MHz, external trigger."""

    data_sheet = sheets.SDS1202XE
