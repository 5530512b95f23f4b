"""MPI probe stations with SENTIO. The twin is in the folder of the same name."""

from tsbench.instruments.driver import DriverDeclaration

DRIVERS = (
    DriverDeclaration(
        name="mpi_sentio", kind="prober", models="MPI SENTIO", model_pattern=r".*SENTIO.*",
        driver="tsbench.instruments.mpi_sentio.driver:MpiSentio"),
)
