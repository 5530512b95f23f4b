"""What is done by hand on a bench of a service: the run asks, any user answers, a stop ends the wait."""

import os
import shutil
import signal
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.patience import wait_until
from tests.fixtures.simulated_bench import EXAMPLES
from tsbench.cli import main
from tsbench.cli.operator_answers import TerminalAnswers
from tsbench.errors import ConfigurationError
from tsbench.protocols import IVSweep
from tsbench.records import RunEvent
from tsbench.station.bench.ownership import FOLDER
from tsbench.station.protection.control import Control
from tsbench.station.service.client import ServiceClient, connect
from tsbench.station.service.place import living_service, place_of
from tsbench.station.service.questions import ANSWERED, LONGEST_ANSWER, QUESTION, TO_END, ServiceQuestions

SHORT = IVSweep.parse(stop=0.2, step=0.1)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A bench whose devices an operator connects, with its service."""
    folder = tmp_path_factory.mktemp("by hand")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(FOLDER, str(folder / "locks"))
        for kind in ("bench", "world"):
            shutil.copy(EXAMPLES / f"resistor.{kind}.toml", folder)
        path = folder / "resistor.bench.toml"
        path.write_text(path.read_text("utf-8") + '\n[positioner]\nkind = "operator"\n', "utf-8")
        assert main(["station", str(path), "--background"]) == 0
        yield path
        if (facts := living_service(path)) is not None:
            os.kill(int(facts["process"]), signal.SIGTERM)
            wait_until(lambda: not place_of(path).lives)


def _question(service: ServiceClient) -> dict[str, Any]:
    found: list[Any] = []
    wait_until(lambda: found.append(service.status()["question"]) or found[-1] is not None)
    return dict(found[-1])


@pytest.mark.skipif(os.name == "nt", reason="needs signals that Windows does not have")
def test_the_run_asks_and_another_user_answers(
    bench: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    with connect(bench) as service:
        with pytest.raises(ConfigurationError, match="nothing is asked now"):
            service.answer()
        job = service.submit(SHORT, "R1", tmp_path)
        asked = _question(service)
        assert asked["job"] == job.number and asked["text"] == "The outputs are off. Connect device R1."
        assert main(["station", "status", str(bench)]) == 0
        assert f"job {job.number} asks: The outputs are off. Connect device R1." in capsys.readouterr().out
        with pytest.raises(ConfigurationError, match=r"question 99 is not open any more. Question 1 is: The outputs"):
            service.answer("", 99)
        with pytest.raises(ConfigurationError, match=f"a text of at most {LONGEST_ANSWER} characters"):
            service.answer("x" * (LONGEST_ANSWER + 1))
        with connect(bench, view_only=True) as looking, pytest.raises(ConfigurationError, match="may only look on"):
            looking.answer()
        assert not list(tmp_path.glob("*.nxs"))
        assert main(["station", "answer", str(bench)]) == 0
        events: list[RunEvent] = []
        outcome = job.wait(events.append)
        assert outcome.status == "success" and service.status()["question"] is None
        kinds = [event.kind for event in events]
        assert kinds.index(QUESTION) < kinds.index(ANSWERED) < kinds.index("point")
        # it is connected now: the next run asks nothing
        assert service.submit(SHORT, "R1", tmp_path).wait().status == "success"


@pytest.mark.skipif(os.name == "nt", reason="needs signals that Windows does not have")
@pytest.mark.parametrize("how", ["stop", "end"])
def test_a_stop_and_a_refusal_end_the_wait(bench: Path, tmp_path: Path, how: str) -> None:
    with connect(bench) as service:
        service.release()
        job = service.submit(SHORT, "R1", tmp_path)
        _question(service)
        if how == "stop":
            job.stop()
        else:
            assert main(["station", "answer", str(bench), "--end"]) == 0
        with pytest.raises(ConfigurationError, match="'R1' was not connected, because you chose to end"):
            job.wait()
        assert service.status()["question"] is None and not list(tmp_path.glob("*.nxs"))


def test_the_first_answer_counts() -> None:
    told: list[RunEvent] = []

    def tell(event: RunEvent) -> None:
        told.append(event)
        if event.kind == QUESTION:
            for number, text in ((7, "q"), (event.data["question"], 5), (event.data["question"], "done"),
                                 (event.data["question"], "q")):
                questions.answer(number, text)

    questions = ServiceQuestions(tell)
    questions.begin(Control())
    assert questions.ask("Connect device D1.") == "done"
    assert [(event.kind, event.message) for event in told] == [(QUESTION, "Connect device D1."), (ANSWERED, "done")]
    questions.answer(1, "late")   # changes nothing
    stopped = Control()
    stopped.stop()
    silent = ServiceQuestions(lambda event: None)
    silent.begin(stopped)
    assert silent.ask("Connect device D2.") == TO_END


class _Terminal(StringIO):
    def isatty(self) -> bool:
        return True


class _Service:
    bench = Path("lab.bench.toml")

    def __init__(self) -> None:
        self.answers: list[tuple[str, object]] = []

    def answer(self, text: str, number: object) -> None:
        self.answers.append((text, number))


def test_answers_of_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    service: Any = _Service()
    asks = RunEvent(QUESTION, "Connect device D1.", data={"question": 3})
    monkeypatch.setattr(sys, "stdin", _Terminal("q\n"))
    TerminalAnswers(service)(asks)
    wait_until(lambda: service.answers == [("q", 3)])
    assert capsys.readouterr().err == "Connect device D1. Then press Enter (to end, type q and press Enter): "
    monkeypatch.setattr(sys, "stdin", StringIO(""))
    answers = TerminalAnswers(service)
    answers(asks)
    assert "Connect device D1. Then run 'tsbench station answer lab.bench.toml' (with --end" in capsys.readouterr().err
    answers(RunEvent(ANSWERED, "", data={"question": 3}))
    assert "was answered at another place" in capsys.readouterr().err


