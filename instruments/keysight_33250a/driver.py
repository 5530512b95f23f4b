"""Driver of the Keysight (Agilent) 33250A function generator."""

from typing import TYPE_CHECKING

from tsbench.instruments.driver import Driver
from tsbench.instruments.generators.generator import MultiOutputGenerator
from tsbench.instruments.interfaces import PulseGenerator, PulseGeneratorCapabilities
from tsbench.instruments.keysight_33250a import data_sheet
from tsbench.instruments.keysight_33250a.output import OutputOf33250A


class Keysight33250A(MultiOutputGenerator):
    """The generator with its only output."""

    title = "Keysight 33250A"
    maker = "Keysight"
    switching_off = (":OUTP OFF",)
    repeatable = data_sheet.REPEATABLE
    models = data_sheet.MODELS
    output_class = OutputOf33250A

    def capabilities(self) -> PulseGeneratorCapabilities:
        """Return the limits of the output."""
        return data_sheet.CAPABILITIES


if TYPE_CHECKING:  # mypy holds the driver to its contracts
    _as_driver: type[Driver] = Keysight33250A
    _as_pulse_generator: type[PulseGenerator] = OutputOf33250A
