"""The devices of a simulated wafer, as its world file draws them."""

from pathlib import Path

from tsbench.simulated_backends.life.wafer import Specimen
from tsbench.simulated_backends.world.devices import wafer_of
from tsbench.simulated_backends.world.world_file import load_world_file


def wafer_specimens(world: Path) -> list[Specimen]:
    """Return the devices of the only wafer of a world file, with their true states."""
    ((name, table),) = load_world_file(world).wafers.items()
    return list(wafer_of(name, table).specimens())
