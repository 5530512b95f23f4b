"""Driver of the Tektronix AFG3000C and AFG31000 function generators."""

from typing import TYPE_CHECKING

from tsbench.instruments.driver import Driver
from tsbench.instruments.generators.generator import MultiOutputGenerator
from tsbench.instruments.interfaces import PulseGenerator, PulseGeneratorCapabilities
from tsbench.instruments.tektronix_afg import data_sheet
from tsbench.instruments.tektronix_afg.output import AfgOutput


class TektronixAFG(MultiOutputGenerator):
    """The generator: its outputs, and what they share."""

    title = "Tektronix AFG3000/31000"
    maker = "Tektronix"
    repeatable = data_sheet.REPEATABLE
    models = data_sheet.MODELS
    output_class = AfgOutput

    def capabilities(self) -> PulseGeneratorCapabilities:
        """Return the limits of one output."""
        return data_sheet.capabilities(self.model)


if TYPE_CHECKING:  # mypy holds the driver to its contracts
    _as_driver: type[Driver] = TektronixAFG
    _as_pulse_generator: type[PulseGenerator] = AfgOutput
