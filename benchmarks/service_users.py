"""Several users at one bench service, as a transcript: ``python -m benchmarks.service_users``.

A bench is served by another process. Ada runs a list of sweeps by ``tsbench run``. Ben looks on with the token that
lets look on. Cleo asks for a run, which waits for its turn between two of Ada's. Ben's attempt to stop is refused, Cleo
stops Ada's run. Then the process of Ada's list is killed: the run that it had asked for goes on to its end, and its
list resumes. Last, the service itself is killed while it measures. Each step is checked, and the transcript is what was
said and done.
"""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.report import Line, report
from benchmarks.watchdog import ServedBench
from tsbench.errors import ConfigurationError, TsbenchError
from tsbench.station.bench.ownership import FOLDER
from tsbench.station.service.client import ServiceClient, connect
from tsbench.station.service.place import living_service, place_of
from tsbench.storage import read_run

_PATIENCE = 300.0  #: [s]
_SWEEP = {"stop": 0.8, "step": 0.02, "dwell": 0.02}
_LIST = """bench = "{bench}"
device = "D1"
""" + "".join(f"""
[[protocol]]
name = "iv_sweep"
stop = "{stop:.1f} V"
step = "20 mV"
dwell = "20 ms"
""" for stop in (0.8, 0.7, 0.6, 0.5))


@dataclass
class Transcript:
    """What was said and done, with the time since the beginning, and what was checked."""

    began: float = field(default_factory=time.monotonic)
    lines: list[str] = field(default_factory=list)
    checks: list[tuple[str, str, bool]] = field(default_factory=list)

    def say(self, who: str, text: str) -> None:
        """Note a line."""
        self.lines.append(f"{time.monotonic() - self.began:6.1f} s  {who:8s} {text}")
        print(self.lines[-1], file=sys.stderr, flush=True)

    def check(self, what: str, found: str, good: bool) -> None:
        """Note a check."""
        self.checks.append((what, found, good))


def wait(met: Callable[[], Any], what: str) -> None:
    """Wait until something is met."""
    until = time.monotonic() + _PATIENCE
    while not met():
        if time.monotonic() > until:
            raise RuntimeError(f"still waiting for {what}")
        time.sleep(0.05)


def queue_in_words(state: dict[str, Any]) -> str:
    """Return the queue in one line."""
    jobs = [f"{job['job']}: {job['protocol']} for {job['user']} {job.get('status') or job['state']}"
            for job in state["jobs"][-5:]]
    return "; ".join(jobs) or "empty"


def running(state: dict[str, Any], user: str) -> int:
    """Return the job of a user that is measured with a run, 0 if there is none."""
    found = [job["job"] for job in state["jobs"] if job["state"] == "running" and job["user"] == user and job["run"]]
    return int(found[0]) if found else 0


def _tsbench(*arguments: str, user: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "tsbench", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env={**os.environ, "LOGNAME": user, "USER": user})


def three_users(served: ServedBench, told: Transcript) -> None:
    """Let three users share the bench, one of whom dies."""
    folder = served.folder
    campaign = folder / "ada.list.toml"
    campaign.write_text(_LIST.format(bench=served.bench))
    ada = _tsbench("run", str(campaign), "--out", str(folder / "ada"), "--station", user="ada")
    told.say("ada", "$ tsbench run ada.list.toml --station      (four sweeps)")
    wait(lambda: living_service(served.bench), "the service")
    with connect(served.bench, start=False, view_only=True) as ben:
        wait(lambda: running(ben.status(), "ada"), "the first run of ada")
        told.say("ben", f"looks on: {queue_in_words(ben.status())}")
        try:
            ben.stop()
            refused = ""
        except ConfigurationError as error:
            refused = str(error)
        told.say("ben", f"station.stop() -> {refused}")
        told.check("who may only look on cannot stop", refused, "may only look on" in refused)
        cleo = _tsbench("measure", "iv_sweep", "--bench", str(served.bench), "--device", "D1", "--out",
                        str(folder / "cleo"), "--set", "stop=0.4 V", "--set", "step=0.1 V", user="cleo")
        told.say("cleo", "$ tsbench measure iv_sweep --device D1")
        wait(lambda: any(job["user"] == "cleo" for job in ben.status()["jobs"]), "the job of cleo")
        state = ben.status()
        told.say("ben", f"looks on: {queue_in_words(state)}")
        waits = [job for job in state["jobs"] if job["user"] == "cleo"]
        told.check("a third user's run waits", waits[0]["state"], waits[0]["state"] == "waiting")
        with connect(served.bench, start=False) as hand:
            wait(lambda: running(ben.status(), "ada"), "a run of ada")
            stopped = running(ben.status(), "ada")
            hand.job(stopped).stop()
            told.say("cleo", f"station.job({stopped}).stop()")
            wait(lambda: cleo.poll() is not None, "the run of cleo")
            told.say("cleo", f"has her run, exit code {cleo.returncode}: {queue_in_words(ben.status())}")
        ada.wait(_PATIENCE)
        said = ada.stdout.read().strip().splitlines()[-1] if ada.stdout is not None else ""
        told.say("ada", f"exit code {ada.returncode}: {said}")
        told.check("anybody with the token stops; the next in the queue is measured",
                   f"ada ends with {ada.returncode}, cleo with {cleo.returncode}",
                   ada.returncode == 130 and cleo.returncode == 0)
        _resume_and_crash(served, told, campaign, ben)


def _resume_and_crash(served: ServedBench, told: Transcript, campaign: Path, ben: ServiceClient) -> None:
    """Ada's list is killed in a run and resumed: the run that had begun is not begun again."""
    out = served.folder / "ada"
    arguments = ("run", str(campaign), "--out", str(out), "--resume")
    ada = _tsbench(*arguments, user="ada")
    told.say("ada", "$ tsbench run ada.list.toml --resume")
    wait(lambda: running(ben.status(), "ada"), "a run of ada")
    ada.kill()
    ada.wait()
    told.say("ada", "her process is killed (SIGKILL) while a sweep goes on")
    number = running(ben.status(), "ada")
    wait(lambda: not running(ben.status(), "ada"), "the end of the run")
    state = ben.status()
    told.say("ben", f"looks on: {queue_in_words(state)}")
    ended = [job for job in state["jobs"] if job["job"] == number]
    found = str(ended[0].get("status")) if ended else "it had ended"
    told.check("a run whose face is killed goes on to its end", found, found in {"success", "it had ended"})
    ada = _tsbench(*arguments, user="ada")
    told.say("ada", "$ tsbench run ada.list.toml --resume")
    ada.wait(_PATIENCE)
    said = [line for line in (ada.stdout.read() if ada.stdout is not None else "").splitlines() if " runs: " in line]
    told.say("ada", f"exit code {ada.returncode}: {said[-1] if said else ''}")
    runs = [read_run(path) for path in sorted(out.glob("*.nxs"))]
    stops = [run.header.parameters["stop"]["value"] for run in runs]
    told.check("no run was repeated by itself", f"sweeps to {', '.join(f'{stop:g} V' for stop in sorted(stops))}",
               len(set(stops)) == len(stops))


def crash_of_the_owner(served: ServedBench, told: Transcript) -> None:
    """The service itself is killed while it measures."""
    out = served.folder / "last"
    with connect(served.bench, start=False) as client:
        job = client.submit("iv_sweep", "D1", out, parameters=_SWEEP, user="ada")
        waiting = client.submit("iv_sweep", "D1", out, parameters={"stop": 0.2, "step": 0.1}, user="cleo")
        told.say("ada", f"asks for a sweep (job {job.number}), cleo for another one (job {waiting.number})")
        said: list[str] = []

        def follow() -> None:
            try:
                job.wait()
            except TsbenchError as error:
                said.append(str(error))

        face = threading.Thread(target=follow)
        face.start()
        wait(lambda: served.on_at(time.time()), "an output")
        time.sleep(0.5)
        moment = time.time()
        os.kill(int((living_service(served.bench) or {})["process"]), signal.SIGKILL)
        told.say("", "the service is killed (SIGKILL)")
        face.join(_PATIENCE)
        told.say("ada", f"is told: {said[0][:90] if said else 'nothing'} …")
    wait(lambda: served.off_since() is not None, "outputs off")
    off = max((served.off_since() or 0.0) - moment, 0.0)
    told.say("witness", f"all outputs are off {off:.2f} s after that")
    told.check("the owner's crash: outputs off", f"{off:.2f} s", off <= 2.0)
    with connect(served.bench) as client:
        state = client.status()
        told.say("cleo", f"$ tsbench station status: {queue_in_words(state)}; nothing is begun: {state['held']}")
        client.go_on()
        told.say("cleo", "$ tsbench station continue")
        outcome = client.job(waiting.number).wait()
        told.say("cleo", f"her run: {outcome.status}")
        told.check("what waited is measured after the crash, when somebody says so", outcome.status,
                   outcome.status == "success")
        runs = [read_run(path) for path in sorted(out.glob("*.nxs"))]
        statuses = sorted(run.status for run in runs)
        told.check("the run that the crash ended is in a file", ", ".join(statuses),
                   len(runs) == 2 and "success" in statuses)
        client.end()
    wait(lambda: not place_of(served.bench).lives, "the end of the service")
    told.say("", "the service has ended")


def lines(told: Transcript) -> Sequence[Line]:
    """Return the table."""
    return [Line(what, found, "so", good) for what, found, good in told.checks]


def main() -> int:
    """Run the benchmark."""
    told = Transcript()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name, ServedBench(Path(name)) as served:
        os.environ |= {FOLDER: str(Path(name) / "locks"), "LOGNAME": "cleo"}  # who asks in this process
        served.write_bench(served.bench, deadline=3.0)
        three_users(served, told)
        crash_of_the_owner(served, told)
    code = report("service_users", "three users at one bench service", lines(told))
    print("\n```text\n" + "\n".join(told.lines) + "\n```")
    return code


if __name__ == "__main__":
    sys.exit(main())
