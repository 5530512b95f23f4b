"""Outcomes of runs as plain data, and back: between the process that measures, the service and its clients."""

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from tsbench import errors
from tsbench.instruments import Plan
from tsbench.plugins import in_words
from tsbench.records import Flag, Result
from tsbench.station.runner.outcome import REFUSED, RunOutcome
from tsbench.station.service.jobs import Asked
from tsbench.storage.codec import plain


def outcome_facts(outcome: RunOutcome) -> dict[str, Any]:
    """Return an outcome as plain data."""
    return {
        "path": None if outcome.path is None else str(outcome.path), "status": outcome.status,
        "reason": outcome.reason, "outputs": dict(outcome.outputs), "run_id": outcome.run_id,
        "device": outcome.device, "protocol": outcome.protocol, "error_code": outcome.error_code,
        "remarks": list(outcome.remarks), "contact": outcome.contact.names(),
        "results": [plain(row) for row in outcome.rows()],
    }


def refusal_facts(error: BaseException, protocol: str, device: str) -> dict[str, Any]:
    """Return the outcome of a run that an error kept from beginning, as plain data."""
    code = error.exit_code if isinstance(error, errors.TsbenchError) else 1
    outcome = RunOutcome(None, REFUSED, in_words(error), device=device, protocol=protocol, error_code=code)
    return {**outcome_facts(outcome), "error": type(error).__name__}


def plan_facts(plan: Plan, protocol: str, device: str) -> dict[str, Any]:
    """Return the outcome of a plan as plain data: the worst case in SI units, and what a user should know before."""
    outcome = RunOutcome(None, "success", "", device=device, protocol=protocol)
    return {**outcome_facts(outcome), "plan": {
        "points": int(plan.points), "duration": float(plan.duration), "bytes": int(plan.bytes),
        "worst_case": [{"quantity": item.quantity, "value": float(item.value), "unit": item.unit, "note": item.note}
                       for item in plan.worst_case],
        "warnings": list(plan.warnings)}}


def loss_facts(reason: str, protocol: str, device: str, run: str = "", path: str | None = None) -> dict[str, Any]:
    """Return the outcome of a run whose measuring process was lost, as plain data."""
    outcome = RunOutcome(None, "fail", reason, device=device, protocol=protocol, run_id=run)
    return {**outcome_facts(outcome), "path": path}


def unmeasured_facts(asked: Asked, status: str, reason: str = "") -> dict[str, Any]:
    """Return the outcome of a job that made no run, as plain data: it was cancelled, or was a loan of the bench."""
    return outcome_facts(RunOutcome(None, status, reason, device=asked.device, protocol=asked.protocol))


def read_outcome(facts: Mapping[str, Any]) -> RunOutcome:
    """Return an outcome from plain data of a service.

    Raises
    ------
    CommunicationError
        It is none.
    """
    try:
        path = facts["path"]
        return RunOutcome(
            path=None if path is None else Path(path), status=str(facts["status"]), reason=str(facts["reason"]),
            results=tuple(_result(row) for row in facts["results"]), outputs=dict(facts["outputs"]),
            run_id=str(facts["run_id"]), device=str(facts["device"]), protocol=str(facts["protocol"]),
            error_code=int(facts["error_code"]), remarks=tuple(facts["remarks"]), contact=_flags(facts["contact"]))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise errors.CommunicationError(
            f"the bench service answered with an outcome that cannot be read ({error!r:.80})") from None


def refusal_of(facts: Mapping[str, Any]) -> errors.TsbenchError | None:
    """Return the error that kept a run from beginning, as it is raised where a run is measured in this process."""
    if facts.get("status") != REFUSED:
        return None
    return error_named(facts.get("error"), str(facts.get("reason")))


def error_named(name: object, message: str) -> errors.TsbenchError:
    """Return an error of ``tsbench.errors`` by its name; a ``TsbenchError`` where there is none of this name."""
    kind = getattr(errors, str(name), None)
    if not (isinstance(kind, type) and issubclass(kind, errors.TsbenchError)):
        kind = errors.TsbenchError
    return kind(message)


def why_lent_later(words: Mapping[str, Any], data: Mapping[str, Any], bench: Path) -> str:
    """Return what a message says of why a loan of the bench waits; "" where it says nothing of it."""
    if words.get("kind") == "answer" and data.get("before") and not data.get("held"):
        many = data["before"] != 1
        return f"the bench is lent when its turn comes: {data['before']} run{'s are' if many else ' is'} before it"
    if words.get("kind") in {"answer", "queue"} and data.get("held"):
        return (f"the bench is not lent yet, because nothing is begun: {data['held']}. 'tsbench station continue "
                f"{bench}' goes on")
    return ""


def _result(row: Mapping[str, Any]) -> Result:
    known = {item.name: row[item.name] for item in fields(Result) if item.name != "flags"}
    return Result(**known, flags=_flags(row["flags"]))


def _flags(names: Any) -> Flag:
    found = Flag.NONE
    for name in names:
        found |= Flag[str(name).upper()]
    return found


def waits_for(state: Mapping[str, Any], number: int) -> str:
    """Return what keeps a job from its turn until somebody acts, from the state of a service, and how to go on; "".

    Parameters
    ----------
    state : of the service, as its clients hear it
    number : of the job
    """
    jobs = {job.get("job"): job for job in state.get("jobs") or ()}
    if number not in jobs or jobs[number].get("state") != "waiting":
        return ""
    if state.get("held"):
        return f"nothing is begun: {state['held']}. 'tsbench station continue {state['bench']}' goes on"
    running = jobs.get(state.get("running"), {})
    if running.get("paused"):
        return (f"job {running['job']} before it is {running['paused']}. 'tsbench station resume {state['bench']} "
                f"{running['job']}' goes on")
    return ""
