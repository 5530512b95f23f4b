"""Driver of the Siglent SDG2000X function generators."""

from typing import TYPE_CHECKING, ClassVar

from tsbench.instruments.driver import Driver
from tsbench.instruments.generators.generator import MultiOutputGenerator
from tsbench.instruments.interfaces import PulseGenerator, PulseGeneratorCapabilities
from tsbench.instruments.languages.siglent import SIGLENT_GENERATOR
from tsbench.instruments.siglent_sdg2000x import data_sheet
from tsbench.instruments.siglent_sdg2000x.output import SdgOutput


class SiglentSDG2000X(MultiOutputGenerator):
    """The generator: its outputs, and what they share."""

    language = SIGLENT_GENERATOR
    title = "Siglent SDG2000X"
    maker = "Siglent"
    repeatable: ClassVar[tuple[str, ...]] = data_sheet.REPEATABLE
    models = data_sheet.MODELS
    output_class = SdgOutput
    switching_off = ("C{ch}:OUTP OFF",)

    def initialise(self) -> None:
        """After a reset, levels are meant for 50 Ohm, as those of other makers are: this one resets to an open load."""
        super().initialise()
        self.send(*(f"C{number}:OUTP LOAD,{self.capabilities().output_resistance:g}" for number in self.outputs))

    def capabilities(self) -> PulseGeneratorCapabilities:
        """Return the limits of one output."""
        return data_sheet.capabilities(self.model)


if TYPE_CHECKING:  # mypy holds the driver to its contracts
    _as_driver: type[Driver] = SiglentSDG2000X
    _as_pulse_generator: type[PulseGenerator] = SdgOutput
