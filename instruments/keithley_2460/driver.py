"""Driver of the Keithley 2460 source meter.

The manuals of the sister models describe one command set (2450-901-01, section 6; 2461-901-01, section 6). A current of
amperes makes a voltage drop in the leads. This driver therefore offers four-wire sensing.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tsbench.errors import ConfigurationError
from tsbench.instruments.driver import Driver
from tsbench.instruments.interfaces import SourceMeter
from tsbench.instruments.keithley_2460.data_sheet import DATA_SHEET
from tsbench.instruments.keithley_interactive.driver import InteractiveSourceMeter


class Keithley2460(InteractiveSourceMeter):
    """A :class:`~tsbench.instruments.SourceMeter` of 105 V, 7 A and 100 W.

    Parameters
    ----------
    four_wire : bool
        Sense the voltage at the device, with leads from the sense terminals. Switch it on only if these leads are
        connected: without them the instrument does not see the voltage that it regulates. The default is False.
    **kwargs
        Those of :class:`~tsbench.instruments.keithley_interactive.driver.InteractiveSourceMeter`.
    """

    title = "Keithley 2460"
    data_sheet = DATA_SHEET

    def __init__(self, adapter: Any, name: str = "source_meter", four_wire: bool = False, **kwargs: Any) -> None:
        if not isinstance(four_wire, bool):
            raise ConfigurationError(f"{name}: four_wire must be true or false, not {four_wire!r}")
        self.four_wire = four_wire
        super().__init__(adapter, name, **kwargs)

    def accepted_settings(self) -> Mapping[str, object]:
        """Return the set-up as it was last read back, with the way of sensing."""
        return {**super().accepted_settings(), "four_wire": self.four_wire}


if TYPE_CHECKING:  # mypy holds the driver to its contracts
    _as_driver: type[Driver] = Keithley2460
    _as_source_meter: type[SourceMeter] = Keithley2460
