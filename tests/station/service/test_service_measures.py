"""A bench service as a process: it measures, keeps the bench open, and outlives the process that measures for it."""

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.patience import wait_until
from tests.fixtures.simulated_bench import EXAMPLES
from tsbench.cli import main
from tsbench.errors import CommunicationError, ConfigurationError, LimitError, StorageError
from tsbench.protocols import IVSweep
from tsbench.records import RunEvent
from tsbench.station.bench.ownership import FOLDER
from tsbench.station.service.client import ServiceClient, ServiceJob, connect
from tsbench.station.service.place import living_service, place_of
from tsbench.storage import read_run

SHORT = IVSweep.parse(stop=0.2, step=0.1)
LONG = IVSweep.parse(stop=1.0, step=1e-4)
pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs signals that Windows does not have")


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A bench file whose service runs in the background until the tests are over."""
    folder = tmp_path_factory.mktemp("station")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(FOLDER, str(folder / "locks"))
        for kind in ("bench", "world"):
            shutil.copy(EXAMPLES / f"resistor.{kind}.toml", folder)
        path = folder / "resistor.bench.toml"
        assert living_service(path) is None
        with pytest.raises(ConfigurationError, match="no bench service runs"):
            connect(path, start=False)
        assert main(["station", str(path), "--background"]) == 0
        yield path
        if (facts := living_service(path)) is not None:
            os.kill(int(facts["process"]), signal.SIGTERM)
            wait_until(lambda: not place_of(path).lives)
            assert not place_of(path).address.exists() and not place_of(path).queue.exists()


@pytest.fixture
def service(bench: Path) -> Iterator[ServiceClient]:
    with connect(bench) as client:
        yield client


def _wait_for_points(job: ServiceJob) -> None:
    """Wait until a run has taken its first points, with its output on."""
    assert any(event.kind == "point" for event in job.events())


def test_runs_of_two_users_one_after_the_other(service: ServiceClient, tmp_path: Path) -> None:
    told: list[RunEvent] = []
    long = service.submit(LONG, "R1", tmp_path, user="ada")
    short = service.submit(SHORT, "R1", tmp_path, user="ben")
    _wait_for_points(long)
    service.job(long.number).stop()  # anybody may
    first, second = long.wait(told.append), short.wait()
    assert first.status == "abort" and first.reason.startswith("stopped by") and first.safe
    assert second.status == "success" and second.safe and second.results
    kinds = [event.kind for event in told]
    assert kinds[0] == "log" and "point" in kinds and told[-1].data["state"] == "done"
    assert second.path is not None
    run = read_run(second.path)
    assert run.header.user == "ben" and len(run.points) == 5


def test_what_speaks_against_a_job_is_said_at_once_while_another_run_goes_on(
    service: ServiceClient, tmp_path: Path,
) -> None:
    job = service.submit(LONG, "R1", tmp_path)
    _wait_for_points(job)
    with pytest.raises(LimitError, match="max_voltage"):
        service.submit("iv_sweep", "R1", tmp_path, parameters={"stop": 150.0})
    with pytest.raises(ConfigurationError, match="R9"):
        service.submit(SHORT, "R9", tmp_path)   # the service refuses it at once: there is no job
    with pytest.raises(ConfigurationError, match="nothing can set load_resistance"):
        service.submit(SHORT, "R1", tmp_path, fixture={"load_resistance": 1e3})
    with pytest.raises(ConfigurationError, match="no role"):
        service.submit("oscillation", "R1", tmp_path)
    good = service.submit(SHORT, "R1", tmp_path)
    status = service.status()
    assert [one["job"] for one in status["jobs"] if one["state"] == "waiting"] == [good.number]
    job.stop()
    assert job.wait().status == "abort" and good.wait().status == "success"


def test_messages_on_the_wire_of_one_run_are_traced(service: ServiceClient, tmp_path: Path) -> None:
    trace = tmp_path / "folder" / "wire.trace"
    assert service.submit(SHORT, "R1", tmp_path, trace=str(trace)).wait().status == "success"
    lines = trace.read_text("utf-8").splitlines()
    assert lines[0].startswith("# time") and sum("\tsource_meter\t" in line for line in lines) > 10
    assert service.submit(SHORT, "R1", tmp_path).wait().status == "success"
    assert trace.read_text("utf-8").splitlines() == lines
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="the trace cannot be written"):
        service.submit(SHORT, "R1", tmp_path, trace=str(tmp_path / "file" / "x")).wait()
    bench = str(service.bench)
    assert main(["measure", "iv_sweep", "--bench", bench, "--device", "R1", "--set", "stop=0.2", "--set", "step=0.1",
                 "--out", str(tmp_path), "--trace", str(tmp_path / "command.trace")]) == 0
    assert "\tsource_meter\t" in (tmp_path / "command.trace").read_text("utf-8")


def test_the_trace_of_a_run_is_switched_while_it_goes_on(service: ServiceClient, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="nothing is being measured"):
        service.ask("trace", file=str(tmp_path / "x"))
    job = service.submit(LONG, "R1", tmp_path)
    _wait_for_points(job)
    with pytest.raises(ConfigurationError, match="absolute path"):
        service.ask("trace", file="x")
    with pytest.raises(ConfigurationError, match="needs the field 'file'"):
        service.ask("trace", file="")
    service.ask("trace", file=str(tmp_path / "wire.trace"))
    wait_until(lambda: _messages(tmp_path / "wire.trace") > 0)
    (tmp_path / "file").write_text("")
    service.ask("trace", file=str(tmp_path / "file" / "x"))
    wait_until(lambda: any("the trace cannot be written" in event.message for event in job.events()
                           if event.kind == "warning"))
    job.stop()
    assert job.wait().status == "abort"


def test_another_user_does_not_end_the_trace_that_was_asked_for_with_a_run(
    service: ServiceClient, tmp_path: Path,
) -> None:
    asked, other = tmp_path / "asked.trace", tmp_path / "other.trace"
    job = service.submit(LONG, "R1", tmp_path, trace=str(asked))
    _wait_for_points(job)
    service.ask("trace", file=str(other))
    wait_until(lambda: _messages(other) > 0)
    before = _messages(asked)
    wait_until(lambda: _messages(asked) > before)   # both files get the messages
    service.ask("trace", file=str(other), on=False)
    before = _messages(asked)
    wait_until(lambda: _messages(asked) > before)
    service.ask("trace", file=str(asked), on=False)   # its own user may end it
    job.stop()
    assert job.wait().status == "abort" and _messages(other) < _messages(asked)


def _messages(trace: Path) -> int:
    return trace.read_text("utf-8").count("\tsource_meter\t") if trace.exists() else 0


def test_what_a_run_is_refused_for_reaches_who_asked(service: ServiceClient, tmp_path: Path) -> None:
    with pytest.raises(LimitError, match="max_voltage"):
        service.submit("iv_sweep", "R1", tmp_path, parameters={"stop": 150.0}).wait()
    with pytest.raises(ConfigurationError, match="R9"):
        service.submit(SHORT, "R9", tmp_path).wait()
    with pytest.raises(ConfigurationError, match="stop"):
        service.submit("iv_sweep", "R1", tmp_path, parameters={"stop": "1 A"})


def test_a_plan_is_made_without_a_run(service: ServiceClient) -> None:
    plan = service.plan(SHORT, "R1").wait_for_plan()
    assert plan["points"] == 5 and {"voltage", "current"} <= {item["quantity"] for item in plan["worst_case"]}
    with pytest.raises(LimitError, match="max_voltage"):
        service.plan("iv_sweep", "R1", parameters={"stop": 150.0}).wait_for_plan()
    assert [(job["protocol"], job["run"]) for job in service.status()["jobs"][-2:]] == 2 * [("plan of iv_sweep", "")]


def test_the_command_line_measures_through_the_service(
    bench: Path, service: ServiceClient, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert service.submit(SHORT, "R1", tmp_path / "before").wait().safe
    before = service.status()["measuring_process"]
    asked = ["measure", "iv_sweep", "--bench", str(bench), "--device", "R1", "--set", "step=0.2", "--json"]
    assert main([*asked, "--out", str(tmp_path)]) == 0
    state = service.status()
    assert state["measuring_process"] == before and state["jobs"][-1]["path"].startswith(str(tmp_path))
    assert main(["station", "release", str(bench)]) == 0
    wait_until(lambda: not service.status()["open"])
    assert main(["station", "hold", str(bench)]) == 0
    assert main(["station", "status", str(bench)]) == 0
    assert "nothing is begun: held by" in capsys.readouterr().out
    assert main(["station", "continue", str(bench)]) == 0
    assert main(["station", "cancel", str(bench), "99"]) == 2


def test_a_measuring_process_that_is_killed_dies_alone(service: ServiceClient, tmp_path: Path) -> None:
    job = service.submit(LONG, "R1", tmp_path)
    after = service.submit(SHORT, "R1", tmp_path)
    _wait_for_points(job)
    os.kill(service.status()["measuring_process"], signal.SIGKILL)
    lost, next_one = job.wait(), after.wait()
    assert lost.status == "fail" and "the measuring process has ended (signal 9)" in lost.reason
    assert lost.path is not None and lost.path.suffix == ".nxs"
    run = read_run(lost.path)
    assert run.status == "recovered" and run.header.run_id == lost.run_id
    assert next_one.status == "success" and next_one.safe


def test_a_service_that_is_killed_leaves_no_run_behind_and_its_queue_is_held(bench: Path, tmp_path: Path) -> None:
    client = connect(bench)
    job = client.submit(LONG, "R1", tmp_path)
    waiting = client.submit(SHORT, "R1", tmp_path)
    _wait_for_points(job)
    child = client.status()["measuring_process"]
    os.kill(int((living_service(bench) or {})["process"]), signal.SIGKILL)
    with pytest.raises(CommunicationError, match="cannot be reached"):
        job.wait()
    wait_until(lambda: not _alive(child))
    with connect(bench) as after:
        state = after.status()
        assert "was killed" in state["held"]
        jobs: dict[int, Any] = {one["job"]: one for one in state["jobs"]}
        assert jobs[waiting.number]["state"] == "waiting"
        wait_until(lambda: {one["job"]: one["state"] for one in after.status()["jobs"]}[job.number] == "ended")
        (path,) = tmp_path.glob("*.nxs")
        assert read_run(path).status in {"abort", "recovered"}
        ended = {one["job"]: one for one in after.status()["jobs"]}[job.number]
        assert (ended["run"], ended["path"]) == (path.stem, str(path))   # the queue leads to the data
        after.go_on()
        assert after.job(waiting.number).wait().status == "success"


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
