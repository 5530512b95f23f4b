"""The addresses of a simulated bench, as VISA writes them: one instrument has one, however its file spells it."""

from dataclasses import dataclass

from pyvisa import rname

from tsbench.errors import ConfigurationError
from tsbench.simulated_backends.world.world import World


@dataclass(frozen=True)
class WorldAddress:
    """An address of a world."""

    name: str  #: as VISA writes it
    instrument: str


def addresses_of(world: World) -> dict[str, WorldAddress]:
    """Return the addresses of a world by their name in capitals.

    Raises
    ------
    ConfigurationError
        One is no VISA resource name.
    """
    found: dict[str, WorldAddress] = {}
    for resource, instrument in world.resources.items():
        try:
            name = str(rname.ResourceName.from_string(resource))
        except rname.InvalidResourceName:
            raise ConfigurationError(
                f"{world.path}: instruments.{instrument}.resource: '{resource}' is no VISA resource name. Write for "
                "example 'GPIB0::24::INSTR'") from None
        found[name.upper()] = WorldAddress(name, instrument)
    return found
