"""Driver of the Keithley 2470 source meter (reference manual 2470-901-01, section 12).

Above 42 V the instrument needs its interlock, and the bench file the rating of the fixture (docs/bench.md).
"""

from typing import TYPE_CHECKING

from tsbench.instruments.driver import Driver
from tsbench.instruments.interfaces import SourceMeter
from tsbench.instruments.keithley_2470.data_sheet import DATA_SHEET
from tsbench.instruments.keithley_interactive.driver import InteractiveSourceMeter


class Keithley2470(InteractiveSourceMeter):
    """A :class:`~tsbench.instruments.SourceMeter` of 1050 V, 1.05 A and 20 W.

    Parameters are those of :class:`~tsbench.instruments.keithley_interactive.driver.InteractiveSourceMeter`.
    """

    title = "Keithley 2470"
    data_sheet = DATA_SHEET


if TYPE_CHECKING:  # mypy holds the driver to its contracts
    _as_driver: type[Driver] = Keithley2470
    _as_source_meter: type[SourceMeter] = Keithley2470
