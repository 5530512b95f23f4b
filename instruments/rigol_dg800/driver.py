"""Driver of the Rigol DG800 and DG900 function generators."""

from typing import TYPE_CHECKING

from tsbench.instruments.driver import Driver
from tsbench.instruments.generators.generator import MultiOutputGenerator
from tsbench.instruments.interfaces import PulseGenerator, PulseGeneratorCapabilities
from tsbench.instruments.rigol_dg800 import data_sheet
from tsbench.instruments.rigol_dg800.output import DgOutput


class RigolDG800(MultiOutputGenerator):
    """The generator: its outputs, and what they share."""

    title = "Rigol DG800/900"
    maker = "Rigol"
    repeatable = data_sheet.REPEATABLE
    models = data_sheet.MODELS
    output_class = DgOutput

    def capabilities(self) -> PulseGeneratorCapabilities:
        """Return the limits of one output."""
        return data_sheet.capabilities(self.model)


if TYPE_CHECKING:  # mypy holds the driver to its contracts
    _as_driver: type[Driver] = RigolDG800
    _as_pulse_generator: type[PulseGenerator] = DgOutput
