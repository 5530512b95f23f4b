"""The virtual MPI SENTIO: the prober software behind its text commands."""

from tsbench.simulated_backends.virtual_instruments.registry import VirtualInstrumentDeclaration

VIRTUAL_INSTRUMENTS = (
    VirtualInstrumentDeclaration(
        "mpi_sentio", "tsbench.simulated_backends.virtual_instruments.mpi_sentio.instrument:VirtualSentio"),
)
#: what the instruments have and the virtual ones do not (docs/virtual_instruments.md)
LACKS = ("moves to a height in um", "the loader, the cameras and the editing of wafer maps")
