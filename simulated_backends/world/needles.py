"""The needles of a world's prober: the positioner follows the prober, and nothing else moves the devices."""

from collections.abc import Mapping, Sequence

from tsbench.simulated_backends.world.devices import wafer_of
from tsbench.simulated_backends.world.positioner import SimulatedPositioner
from tsbench.simulated_backends.world.world_file import WorldFile


class WaferNeedles:
    """Satisfies :class:`~tsbench.simulated_backends.services.needles.Needles`.

    Parameters
    ----------
    file : WorldFile
    positioner : SimulatedPositioner
    """

    def __init__(self, file: WorldFile, positioner: SimulatedPositioner) -> None:
        self._positioner = positioner
        self.travel_time = file.positioner.travel_time
        self._wafers: dict[str, dict[tuple[int, int], list[str]]] = {}
        for name, table in file.wafers.items():
            wafer = wafer_of(name, table)
            self._wafers[name] = {
                (x, y): [f"{name}_x{x}y{y}_{number}" for number in range(1, wafer.devices_per_die + 1)]
                for x, y, _ in wafer.dies()}

    def wafers(self) -> Mapping[str, Mapping[tuple[int, int], Sequence[str]]]:
        """Return each wafer: (column, row) of a die -> names of its devices."""
        return self._wafers

    def touch(self, device: str) -> None:
        """Bring the needles down on a device, now."""
        self._positioner.meet(device)

    def lift(self) -> None:
        """Lift the needles, now."""
        self._positioner.lift()
