"""Studies of very many device-runs, cut into pieces that Dask hands out: on this machine, or to any scheduler.

    study = OscillatorStudy(netlist, "nbo2", 100e-6, Crossing("current", "XDUT", 4e-4))
    found = run_study(study, 100_000)                            # a Dask cluster on this machine
    found = run_study(study, 100_000, scheduler="tcp://lab:8786")  # somebody's
    found = run_study(study, 100_000, scheduler="here")           # in this process, without Dask

The unit of work is a range of run numbers; what a run is follows from its number alone. So a piece that is lost with
its worker is simply done again, and the result is the same in every bit whatever the pieces, the workers and the order.
Needs the extra ``study`` (``pip install "tsbench[study]"``).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tsbench.errors import ConfigurationError
from tsbench.netlist import parse_netlist
from tsbench.records import FloatArray
from tsbench.simulated_backends.circuit.build import build_circuit
from tsbench.simulated_backends.devices.catalogue import catalogue
from tsbench.simulated_backends.numerics.seeds import seed_of
from tsbench.simulated_backends.studies.batch import Crossing, run_batch

#: run numbers -> named results, first axis as long as the numbers; must follow from each number alone
Work = Callable[[npt.NDArray[np.int64]], Mapping[str, FloatArray]]

HERE = "here"
TIMEOUT = 10.0  #: [s] for a Dask scheduler to answer


def run_study(work: Work, runs: int, piece: int = 1024, scheduler: str | None = None) -> dict[str, FloatArray]:
    """Do all runs of a study.

    Parameters
    ----------
    work : callable
        See :data:`Work`; must be picklable.
    runs, piece : int
        How many runs, and how many of them to a piece.
    scheduler : str, optional
        Address of a Dask scheduler; None: a cluster of processes on this machine for as long as it takes; "here":
        this process alone.

    Returns
    -------
    Named results in the order of the run numbers.

    Raises
    ------
    ConfigurationError
        Nothing to do, Dask is not installed, or the scheduler does not answer.
    """
    if runs < 1 or piece < 1:
        raise ConfigurationError(f"runs = {runs} and piece = {piece} must both be at least 1")
    pieces = [np.arange(first, min(first + piece, runs)) for first in range(0, runs, piece)]
    found = [work(numbers) for numbers in pieces] if scheduler == HERE else _by_dask(work, pieces, scheduler)
    return {name: np.concatenate([part[name] for part in found]) for name in found[0]}


def _by_dask(
    work: Work, pieces: list[npt.NDArray[np.int64]], scheduler: str | None
) -> list[Mapping[str, FloatArray]]:
    try:
        from distributed import Client, LocalCluster  # noqa: PLC0415 - an extra, and slow to import
    except ImportError:
        raise ConfigurationError(
            'a study with Dask needs the extra "study" (pip install "tsbench[study]"). Without Dask, use '
            'scheduler="here"'
        ) from None
    if scheduler is None:
        with LocalCluster(threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
            return list(client.gather(client.map(work, pieces, pure=False)))
    try:
        client = Client(scheduler, timeout=TIMEOUT)
    except (OSError, TimeoutError) as error:
        raise ConfigurationError(f"no Dask scheduler answers at '{scheduler}' ({error})") from None
    with client:
        return list(client.gather(client.map(work, pieces, pure=False)))


@dataclass(frozen=True)
class OscillatorStudy:
    """Run k: the netlist with specimen k of a device, run to ``until``; how often an event came, and how regularly."""

    netlist: str  #: text; its device element is replaced
    device: str  #: name in the catalogue
    until: float  #: [s]
    crossing: Crossing
    element: str = "XDUT"
    wafer: int = 1  #: seed of the specimens, and with the number of the run of everything else random in it
    rtol: float = 1e-3
    settling: int = 3  #: events left out at the start

    def __call__(self, numbers: npt.NDArray[np.int64]) -> Mapping[str, FloatArray]:
        """Return ``count`` of events and the mean ``period`` [s] behind the settling (NaN where there is none)."""
        netlist, entry = parse_netlist(self.netlist), catalogue()[self.device]
        circuits = [
            build_circuit(netlist, {self.element: entry.specimen(self.wafer, f"{self.element}{k}")}, rtol=self.rtol,
                          seed=seed_of(self.wafer, int(k)))
            for k in numbers]
        found = run_batch(circuits, self.until, self.crossing, threads=1)
        periods = [
            (t[-1] - t[self.settling]) / (t.size - 1 - self.settling) if t.size > self.settling + 1 else np.nan
            for t in found.instants]
        return {"count": found.counts.astype(float), "period": np.array(periods)}
