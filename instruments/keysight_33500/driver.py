"""Driver of the Keysight 33500B and 33600A waveform generators.

Commands follow the family's Operating and Service Guide (33500-90901).
"""

from typing import TYPE_CHECKING, Any

from tsbench.errors import ConfigurationError, nearest
from tsbench.instruments.driver import Driver
from tsbench.instruments.generators.generator import MultiOutputGenerator
from tsbench.instruments.interfaces import PulseGenerator, PulseGeneratorCapabilities
from tsbench.instruments.keysight_33500 import data_sheet
from tsbench.instruments.keysight_33500.output import BYTE_ORDERS, GeneratorChannel


class Keysight33500(MultiOutputGenerator):
    """The generator: its outputs, and what they share.

    Parameters
    ----------
    byte_order : str
        Of the blocks it is sent: ``little`` or ``big``.
    """

    title = "Keysight 33500/33600"
    maker = "Keysight"
    output_class = GeneratorChannel
    repeatable = data_sheet.REPEATABLE
    models = data_sheet.MODELS

    def __init__(
        self, adapter: Any, name: str = "generator", byte_order: str = "little", **kwargs: Any
    ) -> None:
        if byte_order not in BYTE_ORDERS:
            raise ConfigurationError(
                f"{name}: byte_order = '{byte_order}' is unknown{nearest(str(byte_order), BYTE_ORDERS)}"
            )
        self.byte_order = byte_order
        super().__init__(adapter, name, **kwargs)

    def capabilities(self) -> PulseGeneratorCapabilities:
        """Return the limits of one output."""
        return data_sheet.capabilities(self.model)

    def abort(self) -> None:
        """Stop running bursts."""
        self.write(":ABOR")


if TYPE_CHECKING:  # mypy holds the driver to its contracts
    _as_driver: type[Driver] = Keysight33500
    _as_pulse_generator: type[PulseGenerator] = GeneratorChannel
