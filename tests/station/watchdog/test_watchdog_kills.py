"""Against a bench in another process: whoever measures dies, stands still or loses its watchdog; the outputs go off.

A sample of what ``python -m benchmarks.watchdog`` does at a hundred random moments.
"""

import gc
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

#: [s] how long the watchdog waits for a heartbeat: where it has to run out; and where it must not, however busy the
#: computer is
SHORT, LONG = 2.0, 60.0

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals that Windows has not")


@pytest.fixture(scope="module")
def harness() -> Any:
    import benchmarks.watchdog

    return benchmarks.watchdog


@pytest.fixture(scope="module")
def served(harness: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with harness.ServedBench(tmp_path_factory.mktemp("served")) as bench:
        yield bench


@pytest.mark.thin(3)
@pytest.mark.parametrize(
    ("number", "protocol", "kind", "deadlock"),
    [
        (1, "iv_sweep", "SIGKILL", ""),
        (2, "iv_sweep", "SIGSTOP", ""),
        (3, "iv_sweep", "deadlock", "lock"),
        (4, "iv_sweep", "deadlock", "spin"),
        (5, "iv_sweep", "watchdog killed", ""),
    ],
)
def test_outputs_go_off_and_the_run_says_why(
    harness: Any, served: Any, number: int, protocol: str, kind: str, deadlock: str
) -> None:
    served.write_bench(served.bench, deadline=SHORT if kind in {"SIGSTOP", "deadlock"} else LONG, reply=LONG)
    # after the first of 12,100 points: the sweep cannot end before something happens to it
    case = harness.run_case(served, protocol, kind, 1.5 / 12_100, deadlock, number, {"cycles": 100})
    assert case.outputs, "nothing was on at that moment: nothing is shown"
    assert case.problems == [], case.log
    assert case.off is not None, "an output was left on"  # how soon it went off is the benchmark's to say


@pytest.mark.thorough
def test_a_measurement_that_is_left_alone_succeeds_with_its_watchdog_and_without(
    served: Any, tmp_path: Path
) -> None:
    from tsbench.protocols import protocol_named
    from tsbench.station.runner import run_protocol

    gc.collect()
    gc.freeze()  # else a collection of all that the tests before have left could hold the heartbeats up
    served.write_bench(served.bench, deadline=2.5, reply=LONG)
    told: dict[bool, list[Any]] = {True: [], False: []}
    for watchdog, events in told.items():
        # two levels, each held for longer than the watchdog is patient; where there is none, nothing depends on that
        dwell = 2.8 if watchdog else 0.1
        two = {"stop": 0.1, "step": 0.1, "dwell": dwell, "dual": False, "check_oscillation": False}
        sweep = protocol_named("iv_sweep").parse(two)
        out = tmp_path / str(watchdog)
        outcome = run_protocol(served.bench, "D1", sweep, out, events=events.append, watchdog=watchdog)
        assert (outcome.status, outcome.safe, outcome.reason) == ("success", True, "")
        assert [path.suffix for path in out.iterdir()] == [".nxs"]  # and nothing of a watchdog
        state = next(event for event in events if event.data.get("state") == "running")
        assert (state.data["watchdog"] is not None) == watchdog
        warned = [event.message for event in events if event.kind == "warning" and "no watchdog" in event.message]
        assert len(warned) == (0 if watchdog else 1)
