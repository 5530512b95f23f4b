"""Measurement procedures, by the name the command line gives them."""

from tsbench.errors import ConfigurationError, nearest
from tsbench.protocols.description import describe
from tsbench.protocols.iv_sweep.protocol import IVSweep
from tsbench.protocols.oscillation.protocol import Oscillation
from tsbench.protocols.paired_pulse.protocol import PairedPulse
from tsbench.protocols.protocol import Protocol
from tsbench.protocols.pulse_train.protocol import PulseTrain
from tsbench.protocols.relaxation.protocol import Relaxation

PROTOCOLS: dict[str, type[Protocol]] = {
    protocol.name: protocol for protocol in (IVSweep, PulseTrain, Oscillation, PairedPulse, Relaxation)
}


def protocol_named(name: str) -> type[Protocol]:
    """Return the protocol called ``name``; ConfigurationError names the nearest there is."""
    if name not in PROTOCOLS:
        raise ConfigurationError(f"unknown protocol '{name}'{nearest(name, PROTOCOLS)}")
    return PROTOCOLS[name]


__all__ = [
    "PROTOCOLS", "IVSweep", "Oscillation", "PairedPulse", "Protocol", "PulseTrain", "Relaxation", "describe",
    "protocol_named",
]
