"""Studies cut into pieces: the same numbers whatever the pieces and whoever does them."""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tsbench.errors import ConfigurationError
from tsbench.simulated_backends.studies import study as module
from tsbench.simulated_backends.studies.batch import Crossing
from tsbench.simulated_backends.studies.study import HERE, OscillatorStudy, run_study

OSCILLATOR = (Path(__file__).parents[3] / "examples" / "oscillator.cir").read_text(encoding="utf-8")
STUDY = OscillatorStudy(OSCILLATOR, "nbo2", 4e-6, Crossing("current", "XDUT", 4e-4))
RUNS = 40


@pytest.fixture(scope="module")
def here() -> dict[str, np.ndarray]:
    return run_study(STUDY, RUNS, scheduler=HERE)


def same(a: dict[str, np.ndarray], b: dict[str, np.ndarray]) -> bool:
    return a.keys() == b.keys() and all(np.array_equal(a[k], b[k]) for k in a)


def test_runs_differ_and_follow_from_their_number(here: dict[str, np.ndarray]) -> None:
    assert here["period"].shape == (RUNS,) and np.isfinite(here["period"]).all()
    assert len(set(here["period"])) == RUNS
    assert STUDY(np.array([17]))["period"][0] == here["period"][17]


@pytest.mark.parametrize("piece", [7, 64])
def test_the_pieces_do_not_matter(here: dict[str, np.ndarray], piece: int) -> None:
    assert same(here, run_study(STUDY, RUNS, piece, HERE))


@pytest.mark.filterwarnings("ignore")   # of the event loop of a scheduler that closes
def test_a_dask_scheduler_by_its_address(here: dict[str, np.ndarray]) -> None:
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None, protocol="tcp") as cluster:
        assert same(here, run_study(STUDY, RUNS, 9, cluster.scheduler_address))


@pytest.mark.filterwarnings("ignore")
def test_nobody_at_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr("tsbench.simulated_backends.studies.study.TIMEOUT", 0.5)
    with pytest.raises(ConfigurationError, match=r"no Dask scheduler answers at 'tcp://127\.0\.0\.1:9'"):
        run_study(STUDY, 2, scheduler="tcp://127.0.0.1:9")


def test_without_dask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ConfigurationError, match="needs the extra"):
        run_study(STUDY, 2)
    with pytest.raises(ConfigurationError, match="runs = 0 and piece = 1024 must both be at least 1"):
        run_study(STUDY, 0)


@pytest.mark.parametrize("scheduler", [None, "tcp://somewhere:8786"])
def test_what_a_scheduler_is_asked(monkeypatch: pytest.MonkeyPatch, scheduler: str | None) -> None:
    """By default a cluster of processes of one thread; each piece is done once more, even if it was done before."""
    seen: list[Any] = []

    class Place:
        def __init__(self, *arguments: Any, **options: Any) -> None:
            seen.append((type(self).__name__, arguments, options))

        def __enter__(self) -> Any:
            return self

        def __exit__(self, *_: object) -> None:
            seen.append((type(self).__name__, "closed"))

    class LocalCluster(Place):
        pass

    class Client(Place):
        def map(self, work: Any, pieces: Any, **options: Any) -> Any:
            seen.append((len(pieces), options))
            return map(work, pieces)

        def gather(self, futures: Any) -> Any:
            return futures

    monkeypatch.setitem(sys.modules, "distributed", SimpleNamespace(LocalCluster=LocalCluster, Client=Client))
    assert run_study(lambda numbers: {"n": 2 * numbers}, 5, 2, scheduler)["n"].tolist() == [0, 2, 4, 6, 8]
    work, closed = (3, {"pure": False}), ("Client", "closed")
    if scheduler:
        assert seen == [("Client", (scheduler,), {"timeout": module.TIMEOUT}), work, closed]
    else:
        cluster, client, *rest = seen
        assert cluster == ("LocalCluster", (), {"threads_per_worker": 1, "dashboard_address": None})
        assert client[0] == "Client" and isinstance(client[1][0], LocalCluster)
        assert rest == [work, closed, ("LocalCluster", "closed")]


def test_a_study_is_cut_into_pieces_of_1024_runs() -> None:
    pieces: list[tuple[int, int]] = []

    def work(numbers: Any) -> Any:
        pieces.append((int(numbers[0]), int(numbers.size)))
        return {"number": numbers}

    assert run_study(work, 2050, scheduler=HERE)["number"].tolist() == list(range(2050))
    assert pieces == [(0, 1024), (1024, 1024), (2048, 2)]
    assert run_study(work, 1, 1, HERE)["number"].tolist() == [0]
    for runs, piece in ((0, 1), (1, 0)):
        with pytest.raises(ConfigurationError, match=f"runs = {runs} and piece = {piece} must both be at least 1"):
            run_study(work, runs, piece, HERE)


def test_the_period_is_a_mean_behind_the_settling(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three events are left out; one period at least must follow."""
    instants = [np.array([0.0, 1.0, 2.0, 3.0, 5.0, 7.5]), np.arange(5.0), np.arange(4.0), np.zeros(0)]
    asked: list[Any] = []

    def build(netlist: Any, models: Any, rtol: float, seed: int) -> Any:
        asked.append((rtol, seed))
        return models

    monkeypatch.setattr(module, "build_circuit", build)
    monkeypatch.setattr(module, "run_batch", lambda circuits, until, crossing, threads: SimpleNamespace(
        instants=instants, counts=np.array([6, 5, 4, 0])))
    found = STUDY(np.arange(4))
    assert found["count"].tolist() == [6.0, 5.0, 4.0, 0.0]
    assert found["period"] == pytest.approx([2.25, 1.0, np.nan, np.nan], nan_ok=True)
    assert {rtol for rtol, _ in asked} == {1e-3} and len({seed for _, seed in asked}) == 4
