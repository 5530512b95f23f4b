"""Finds the instruments for a new bench: what a VISA library sees, what answers at an address, or simulated ones."""

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from tsbench.errors import InstrumentInUse, TsbenchError
from tsbench.instruments import PulseGeneratorCapabilities
from tsbench.instruments.languages.language import parse_identity
from tsbench.instruments.links.link_settings import USUAL_LINK, LinkSettings
from tsbench.instruments.registry import driver_class, driver_of, entry
from tsbench.records import Identity
from tsbench.station.bench.connection import outlives_process, quietly
from tsbench.station.bench.ownership import Ownership, this_process

#: addresses at which an instrument in the network may answer, the best first
_IN_THE_NETWORK = (
    "TCPIP0::{}::hislip0::INSTR", "TCPIP0::{}::inst0::INSTR", "TCPIP0::{}::5025::SOCKET", "TCPIP0::{}::1225::SOCKET")
#: end of an address -> the driver whose messages travel there: before an instrument answers, nothing else tells how
_OWN_LINKS = {"::1225::SOCKET": "keithley_4200"}
_PATIENCE = 1.0  #: [s] for the reply to *IDN?
_NAMES = {"source meter": "source_meter", "pulse generator": "generator", "oscilloscope": "scope",
          "switch matrix": "matrix", "temperature controller": "temperature", "decade box": "decade_box"}


@dataclass(frozen=True)
class FoundInstrument:
    """An instrument for the new bench.

    Parameters
    ----------
    name : in the bench file
    identity : as it answered
    driver : that drives it
    resource : VISA address
    kinds : of its terminals, all of them
    channels : names of its outputs and inputs behind the dot; empty where it has one only
    quantity : that a decade box sets, in words
    pulses : what a pulse generator can make; None: it is not known
    """

    name: str
    identity: Identity
    driver: str
    resource: str
    kinds: tuple[str, ...]
    channels: tuple[str, ...]
    quantity: str = ""
    pulses: PulseGeneratorCapabilities | None = None

    def terminals(self, kind: str) -> list[str]:
        """Return the terminals of one kind, as a bench file writes them."""
        declared = entry(self.driver)
        if kind not in self.kinds:
            return []
        return [f"{self.name}.{one}" for one in self.channels if kind in declared.kinds_of(one)] or [self.name]


def find(library: str, hosts: Sequence[str], tell: Callable[[str], None]) -> list[FoundInstrument]:
    """Ask every resource that a VISA library sees, and every host, who it is; returns those that have a driver.

    Parameters
    ----------
    library : VISA library: "" the system's, ``"@py"`` pyvisa-py
    hosts : addresses or names in the network
    tell : called with one line for each address: what was found there
    """
    from tsbench.instruments.links.visa_library import list_resources, open_manager

    manager = open_manager(library, "the name of the VISA library")
    found: list[FoundInstrument] = []
    serials: set[tuple[str, str]] = set()
    try:
        candidates: list[tuple[str, ...]] = [(resource,) for resource in list_resources(manager)]
        candidates += [tuple(form.format(host) for form in _IN_THE_NETWORK) for host in hosts]
        for resources in candidates:
            instrument = next(_asked(manager, resources, found, tell), None)
            if instrument is None:
                continue
            key = (instrument.identity.model, instrument.identity.serial)
            if key not in serials:   # the same instrument may be seen at several addresses
                serials.add(key)
                found.append(instrument)
    finally:
        quietly(manager.close)
    return found


def _asked(
    manager: object, resources: Sequence[str], found: Sequence[FoundInstrument], tell: Callable[[str], None],
) -> Iterator[FoundInstrument]:
    from tsbench.instruments.links.transport import Transport, TransportAdapter

    for resource in resources:
        owned = {resource: resource} if outlives_process(manager) else {}
        try:
            with contextlib.ExitStack() as stack:
                stack.callback(Ownership(owned, this_process("init")).release)
                transport = Transport(manager, resource, resource, timeout=_PATIENCE, link=_link(resource))
                stack.callback(transport.close)
                identity = parse_identity(transport.query("*IDN?"))
                name = driver_of(identity)
                if name is None:
                    tell(f"{resource}: {identity.manufacturer} {identity.model}, tsbench has no driver for it")
                    continue
                tell(f"{resource}: {identity.manufacturer} {identity.model}, driver {name}")
                called = _called(entry(name).kind, found)
                driver = driver_class(name)(
                    TransportAdapter(transport), called, identity=identity, resource=resource, wait=time.sleep)
                described = _described(called, identity, name, resource, list(driver.output_names))
                yield replace(described, quantity=getattr(driver, "quantity", ""),
                              pulses=_pulses(driver) if "pulse generator" in described.kinds else None)
        except InstrumentInUse as error:
            tell(f"{resource}: {error}")
        except (TsbenchError, ValueError):
            tell(f"{resource}: no answer")


def _pulses(driver: object) -> PulseGeneratorCapabilities | None:
    """Return what a generator can make, if its driver tells it before it is asked for an output."""
    capabilities = getattr(driver, "capabilities", None)
    found: object = capabilities() if callable(capabilities) else capabilities
    return found if isinstance(found, PulseGeneratorCapabilities) else None


def _link(resource: str) -> LinkSettings:
    """Return how messages travel at an address."""
    driver = next((name for end, name in _OWN_LINKS.items() if resource.upper().endswith(end)), None)
    return USUAL_LINK if driver is None else entry(driver).link


def _called(kind: str, found: Sequence[FoundInstrument]) -> str:
    base = _NAMES.get(kind, kind.replace(" ", "_"))
    taken = {one.name for one in found}
    return base if base not in taken else next(
        name for number in range(2, 100) if (name := f"{base}_{number}") not in taken)


def _described(
    name: str, identity: Identity, driver: str, resource: str, outputs: Sequence[str],
) -> FoundInstrument:
    channels = tuple(output.partition(".")[2] for output in outputs if "." in output)
    return FoundInstrument(name, identity, driver, resource, entry(driver).kinds, channels)


def simulated() -> list[FoundInstrument]:
    """Return the instruments of the simulated bench: a source meter, a generator of two channels, a scope."""
    return [
        FoundInstrument("source_meter", Identity("KEITHLEY INSTRUMENTS", "MODEL 2450", "SIM00001", "1"),
                        "keithley_2450", "USB0::0x05E6::0x2450::SIM00001::INSTR", ("source meter",), ()),
        FoundInstrument("generator", Identity("Agilent Technologies", "33622A", "SIM00002", "1"), "keysight_33600",
                        "USB0::0x2A8D::0x5A01::SIM00002::INSTR", ("pulse generator",), ("1", "2")),
        FoundInstrument("scope", Identity("KEYSIGHT TECHNOLOGIES", "DSO-X 3054T", "SIM00003", "1"),
                        "keysight_dsox3000t", "USB0::0x2A8D::0x1764::SIM00003::INSTR", ("oscilloscope",), ()),
    ]
