"""Runs and steps of campaigns through a service: requests of a control reach the job, a dead service is no outcome."""

import json
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.patience import wait_until
from tsbench.errors import ConfigurationError, LimitError
from tsbench.protocols import IVSweep
from tsbench.records import Flag, Result, RunEvent
from tsbench.station.bench.accepting import Accepted
from tsbench.station.campaign.performing import RunLost, StepRequest
from tsbench.station.protection.control import Control
from tsbench.station.runner.outcome import RunOutcome
from tsbench.station.service.client import ServiceClient, ServiceJob
from tsbench.station.service.connection import ServiceLost
from tsbench.station.service.jobs import read_asked
from tsbench.station.service.outcomes import outcome_facts, read_outcome, refusal_facts
from tsbench.station.service.performing import ServicePerformer, run_through

SWEEP = IVSweep.parse(stop=0.2, step=0.1)
RESULT = Result("hold_voltage", "V", 1.0, 0.9, 1.1, "how", {"cycle": 1, "polarity": "+"}, Flag.CENSORED | Flag.CLIPPED,
                random_uncertainty=0.01, systematic_uncertainty=0.02)
DONE = RunOutcome(Path("/runs/R.nxs"), "success", "", (RESULT,), {"meter": False}, "R", "D1", "iv_sweep",
                  remarks=("one",), contact=Flag.OPEN)


class Service(ServiceClient):
    """A service that answers what a test wants."""

    def __init__(self, *events: RunEvent, error: Exception | None = None) -> None:
        self.bench = Path("/bench.toml")
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.happens, self.error, self.waits_for = events, error, ""

    def ask(self, request: str, **more: Any) -> dict[str, Any]:
        self.asked.append((request, more))
        if request == "resume" and not any(name == "pause" for name, _ in self.asked):
            raise ConfigurationError("it is not measured yet")
        return {"job": 7, "before": 1, "held": "for lunch"} if request == "submit" else {}

    def events_of(self, job: ServiceJob) -> Iterator[RunEvent]:
        yield from self.happens
        if self.waits_for:
            wait_until(lambda: any(name == self.waits_for for name, _ in self.asked))
        if self.error is not None:
            raise self.error
        yield RunEvent("ended", "success", data={"outcome": outcome_facts(DONE)})


@pytest.fixture(autouse=True)
def _events(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ServiceJob, "events", lambda job: job._service.events_of(job))


def test_an_outcome_comes_back_as_it_was() -> None:
    different = [item.name for item in fields(Result) if getattr(RESULT, item.name) in (None, item.default)]
    assert different == []  # every field has a value of its own, so that none can be lost unseen
    assert read_outcome(outcome_facts(DONE)) == DONE


def test_who_waits_is_told_and_gets_the_outcome() -> None:
    told: list[RunEvent] = []
    service = Service(RunEvent("point", ""))
    assert run_through(service, "D1", SWEEP, "/runs", events=told.append) == DONE
    assert [event.kind for event in told] == ["log", "point"]
    assert "1 run is before it" in told[0].message
    asked = service.asked[0][1]["asked"]
    assert (asked["protocol"], asked["device"], asked["out"]) == ("iv_sweep", "D1", "/runs")
    assert asked["parameters"]["stop"] == 0.2


@pytest.mark.parametrize("request_", ["stop", "pause"])
def test_a_request_to_the_control_reaches_its_own_job(request_: str) -> None:
    service, control = Service(), Control()
    service.waits_for = request_
    getattr(control, request_)()
    run_through(service, "D1", SWEEP, "/runs", control=control)
    assert (request_, {"job": 7}) in service.asked


def test_a_refusal_is_the_error_of_the_process_that_measures() -> None:
    refused = refusal_facts(LimitError("device: too much"), "iv_sweep", "D1")

    class Refusing(Service):
        def events_of(self, job: ServiceJob) -> Iterator[RunEvent]:
            yield RunEvent("ended", "refused", data={"outcome": refused})

    with pytest.raises(LimitError, match="device: too much"):
        run_through(Refusing(), "D1", SWEEP, "/runs")


def test_what_was_accepted_reaches_the_process_that_measures() -> None:
    accepted = Accepted("nbo2", {"max_current": 1e-3}, {"max_current": 5e-4}, {"current of a point": 2e-4})
    service = Service()
    ServicePerformer(service).perform(
        StepRequest(Path("/bench.toml"), "D1", SWEEP, Path("/runs"), accepted=accepted), lambda _: None, Control())
    asked = read_asked(json.loads(json.dumps(service.asked[0][1]["asked"])))
    assert Accepted.read(asked.accepted) == accepted


def test_a_step_whose_service_dies_is_lost() -> None:
    service = Service(RunEvent("state", "", data={"run": "RUN"}), error=ServiceLost("it has died"))
    performer = ServicePerformer(service, user="ada")
    with pytest.raises(RunLost, match="it has died"):
        performer.perform(StepRequest(Path("/bench.toml"), "D1", SWEEP, Path("/runs")), lambda _: None, Control())
    with pytest.raises(ConfigurationError, match=r"/other\.toml"):
        performer.perform(StepRequest(Path("/other.toml"), "D1", SWEEP, Path("/runs")), lambda _: None, Control())
