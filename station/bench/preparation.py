"""What the bench sets at the fixture before instruments measure, while all outputs are off."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tsbench.instruments import ScopeChannel, Vertical
from tsbench.records import Sensing
from tsbench.station.bench.positioners import RequireOff


@dataclass(frozen=True)
class Preparation:
    """Brings the fixture into the state in which the instruments of some roles measure.

    Parameters
    ----------
    sensing : returns how the scope sees the device
    scope_channel : returns the guarded scope of a terminal
    require_off : raises unless all outputs are off
    """

    sensing: Callable[[], Sensing]
    scope_channel: Callable[[str], ScopeChannel]
    require_off: RequireOff

    def __call__(self, roles: Sequence[str]) -> None:
        """Prepare for instruments of these roles.

        The input of the oscilloscope that senses the current is set to its impedance: no source may find it open.

        Raises
        ------
        InstrumentError
            An output is on, or an instrument does not take the setting.
        """
        sensing = self.sensing()
        if sensing.current is None or sensing.current_impedance == "1M":
            return
        self.require_off(f"the relay of the input '{sensing.current}'")
        place = self.scope_channel(sensing.current)
        widest = place.scope.capabilities.widest_range(sensing.current_impedance)
        place.scope.configure_channel(place.channel, Vertical(widest, impedance=sensing.current_impedance))
