"""The command ``station``: the bench service, its queue, and what one may ask of it."""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tsbench.cli.declaring import add_command
from tsbench.errors import ConfigurationError

_EXAMPLE = """\
  tsbench station bench.toml                 own this bench until Ctrl-C: runs queue here
  tsbench station --background bench.toml    the same as a process of its own
  tsbench station status bench.toml          the queue
  tsbench station stop bench.toml            stop the run, and begin nothing until 'continue'
  tsbench station cancel bench.toml 7        take job 7 out of the queue
  tsbench station answer bench.toml          say that what is to be done by hand is done ('--end': end the run)
  tsbench station release bench.toml         close the instruments, so that other programs can use them
While a bench service runs, 'tsbench measure' and the window measure through it. docs/station.md describes it."""

_WITH_JOB = ("cancel", "move", "pause", "resume")
_ACTIONS = ("start", "status", "stop", "hold", "continue", "release", "end", "token", "answer", *_WITH_JOB)


def declare(commands: Any) -> None:
    """Declare ``station``."""
    station = add_command(
        commands, "station", "station:station",
        "own a bench for all its users: instruments stay open, and runs queue", _EXAMPLE)
    station.add_argument(
        "action", nargs="?", choices=_ACTIONS, default="start", metavar="ACTION",
        help=f"{', '.join(_ACTIONS)} (default: start)")
    station.add_argument("bench", type=Path, metavar="bench.toml", help="the bench file")
    station.add_argument("job", nargs="?", type=int, metavar="JOB", help="number of the job, for cancel, move, pause "
                         "and resume; for stop, only this job is stopped")
    station.add_argument("place", nargs="?", type=int, default=1, metavar="PLACE",
                         help="for move: the new place in the queue (default: 1, the next)")
    station.add_argument("--background", action="store_true", help="for start: start the service as a process of its "
                         "own and return when it is ready")
    station.add_argument("--idle", type=float, default=None, metavar="SECONDS",
                         help="for start: close the instruments after so long without a run (default: 600). After as "
                              "long again, the service ends if no user interface is attached")
    station.add_argument("--end", action="store_true", help="for answer: end the run that asks")
    station.add_argument("--json", action="store_true", help="for status: print it as JSON")


def station(options: argparse.Namespace) -> int:
    """Be the service, start it, or ask something of the one that runs."""
    from tsbench.station.service.client import connect

    if options.action == "start":
        return _start(options)
    if options.action in _WITH_JOB and options.job is None:
        raise ConfigurationError(f"'tsbench station {options.action}' needs the number of a job. 'tsbench station "
                                 f"status {options.bench}' shows them")
    with connect(options.bench, start=False) as service:
        if options.action == "status":
            _show(service.status(), options)
        elif options.action == "token":
            sys.stdout.write(f"{service.view_token}\n")
        elif options.action == "answer":
            service.answer("q" if options.end else "")
        else:
            request = {"move": "reorder"}.get(options.action, options.action)
            job = {} if options.job is None else {"job": options.job}
            said = service.ask(request, **job, **({"place": options.place} if request == "reorder" else {}))
            sys.stdout.write(f"{_done(options, said.get('job'))}\n")
    return 0


def _done(options: argparse.Namespace, job: Any) -> str:
    """Return what a request has come to, and how to go on."""
    again = f"'tsbench station continue {options.bench}' goes on"
    stopped = f"job {job} is stopped" if job else "nothing is being measured"
    return {
        "stop": stopped if options.job is not None else f"{stopped}. Nothing is begun: {again}",
        "hold": f"nothing is begun after the run that goes on: {again}",
        "continue": "what waits is begun",
        "release": "the instruments are closed and free",
        "end": "the bench service ends",
        "cancel": f"job {job} is cancelled",
        "move": f"job {job} has place {options.place} in the queue",
        "pause": f"job {job} pauses at its next place of rest. Its outputs may stay on. 'tsbench station resume "
                 f"{options.bench} {job}' goes on",
        "resume": f"job {job} goes on",
    }[options.action]


def _start(options: argparse.Namespace) -> int:
    from tsbench.station.service.process import serve, start
    from tsbench.station.service.service import IDLE

    if options.background:
        start(options.bench, options.idle)
        sys.stderr.write(f"the bench service of {options.bench} runs in the background\n")
        return 0

    def tell(words: str) -> None:
        sys.stderr.write(f"{words}\n")
        sys.stderr.flush()

    why = serve(options.bench, IDLE if options.idle is None else options.idle, tell)
    tell(f"the bench service has ended: {why}")
    return 0


def _state(job: Mapping[str, Any]) -> str:
    if job["state"] == "ended":
        return str(job.get("status"))
    return "paused" if job.get("paused") else str(job["state"])


def _show(state: Mapping[str, Any], options: argparse.Namespace) -> None:
    from tsbench.cli.printing import print_json, table

    if options.json:
        print_json(state)
        return
    lines = [
        (str(job["job"]), _state(job), job["protocol"], job["device"], job["user"], job["since"], job.get("run") or "",
         str(job.get("reason") or job.get("paused") or ""))
        for job in state["jobs"]]
    table(f"Queue of {state['bench']}", ("job", "state", "protocol", "device", "user", "asked", "run", "reason"), lines)
    sys.stdout.write(f"the instruments are {'open' if state['open'] else 'free'}; {state['clients']} clients\n")
    if question := state.get("question"):
        sys.stdout.write(f"job {question['job']} asks: {question['text']}\n")
    if state["held"]:
        sys.stdout.write(f"nothing is begun: {state['held']}. 'tsbench station continue {options.bench}' goes on\n")
    for job in state["jobs"]:
        if job.get("paused"):
            sys.stdout.write(f"job {job['job']} is {job['paused']}. 'tsbench station resume {options.bench} "
                             f"{job['job']}' goes on\n")
