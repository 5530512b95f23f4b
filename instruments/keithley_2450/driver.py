"""Driver of the Keithley 2450 source meter (reference manual 2450-901-01, section 6)."""

from typing import TYPE_CHECKING

from tsbench.instruments.driver import Driver
from tsbench.instruments.interfaces import SourceMeter
from tsbench.instruments.keithley_2450.data_sheet import DATA_SHEET
from tsbench.instruments.keithley_interactive.driver import InteractiveSourceMeter


class Keithley2450(InteractiveSourceMeter):
    """A :class:`~tsbench.instruments.SourceMeter` of 210 V, 1.05 A and 20 W."""

    title = "Keithley 2450"
    data_sheet = DATA_SHEET


if TYPE_CHECKING:  # mypy holds the driver to its contracts
    _as_driver: type[Driver] = Keithley2450
    _as_source_meter: type[SourceMeter] = Keithley2450
