"""Driver of the Keithley 2461 source meter: that of the 2460. The driver does not use its pulses and its digitiser."""

from typing import TYPE_CHECKING

from tsbench.instruments.driver import Driver
from tsbench.instruments.interfaces import SourceMeter
from tsbench.instruments.keithley_2460.driver import Keithley2460
from tsbench.instruments.keithley_2461.data_sheet import DATA_SHEET


class Keithley2461(Keithley2460):
    """A :class:`~tsbench.instruments.SourceMeter` of 105 V, 7 A and 100 W; parameters are those of the 2460."""

    title = "Keithley 2461"
    data_sheet = DATA_SHEET


if TYPE_CHECKING:  # mypy holds the driver to its contracts
    _as_driver: type[Driver] = Keithley2461
    _as_source_meter: type[SourceMeter] = Keithley2461
