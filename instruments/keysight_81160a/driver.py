"""Driver of the Keysight 81160A and 81150A pulse generators."""

from typing import TYPE_CHECKING

from tsbench.instruments.driver import Driver
from tsbench.instruments.generators.generator import MultiOutputGenerator
from tsbench.instruments.interfaces import PulseGenerator, PulseGeneratorCapabilities
from tsbench.instruments.keysight_81160a import data_sheet
from tsbench.instruments.keysight_81160a.output import PulserOutput


class Keysight81160A(MultiOutputGenerator):
    """The generator: its outputs, and what they share."""

    title = "Keysight 81160/81150"
    maker = "Keysight"
    switching_off = (":OUTP{ch} OFF", ":OUTP{ch}:COMP OFF")
    repeatable = data_sheet.REPEATABLE
    models = data_sheet.MODELS
    output_class = PulserOutput

    def capabilities(self) -> PulseGeneratorCapabilities:
        """Return the limits of one output."""
        return data_sheet.capabilities(self.model)


if TYPE_CHECKING:  # mypy holds the driver to its contracts
    _as_driver: type[Driver] = Keysight81160A
    _as_pulse_generator: type[PulseGenerator] = PulserOutput
