"""Which instruments a VISA library sees, who they are, and which driver fits."""

from collections.abc import Iterator
from dataclasses import dataclass

from tsbench.errors import InstrumentInUse, TsbenchError
from tsbench.instruments.languages.language import parse_identity
from tsbench.instruments.registry import driver_of
from tsbench.records import Identity
from tsbench.station.bench.connection import outlives_process, quietly
from tsbench.station.bench.ownership import Ownership, this_process


@dataclass(frozen=True)
class Discovered:
    """What answers at one address."""

    resource: str
    identity: Identity | None
    driver: str | None
    in_use: str = ""  #: who owns it, in one line: it was not asked


def discover(library: str = "") -> Iterator[Discovered]:
    """Ask every resource that a VISA library sees who it is."""
    from tsbench.instruments.links.transport import Transport
    from tsbench.instruments.links.visa_library import list_resources, open_manager

    manager = open_manager(library)
    try:
        for resource in list_resources(manager):
            identity, in_use = None, ""
            owned = {resource: resource} if outlives_process(manager) else {}
            try:
                ownership = Ownership(owned, this_process("discover"))
                try:
                    transport = Transport(manager, resource, resource, timeout=1.0)
                    try:
                        identity = parse_identity(transport.query("*IDN?"))
                    finally:
                        transport.close()
                finally:
                    ownership.release()
            except InstrumentInUse as error:
                in_use = str(error)
            except (TsbenchError, ValueError):
                pass
            yield Discovered(resource, identity, driver_of(identity) if identity else None, in_use)
    finally:
        quietly(manager.close)
