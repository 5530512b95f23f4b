"""I-V sweep."""

from tsbench.protocols.iv_sweep.protocol import IVSweep

PROTOCOL = IVSweep
