"""Malformed messages to the socket of a bench service.

``python -m benchmarks.service_fuzz [--minutes N] [--seed N] [--resume FILE]``

Connections with and without the token send lines that are cut, random bytes, deeply nested, too long, or right in form
and wrong in content, and hang up at any moment. Meanwhile a client with the token asks for the queue: it must be
answered within a second of processor time each time, nothing may come into the queue without the token, and the memory
of the process must not grow by more than 100 MB.
"""

import argparse
import asyncio
import contextlib
import json
import random
import resource
import socket
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from benchmarks.report import Line, report
from tsbench.station.service.client import ServiceClient
from tsbench.station.service.place import ServicePlace
from tsbench.station.service.requests import LONGEST, REQUESTS
from tsbench.station.service.service import BenchService
from tsbench.storage.run_address import read_address

PATIENCE = 900.0  #: [s] only something that hangs takes so long, however busy the computer is
_GROWTH = 100e6  #: [bytes]
_ANSWER = 1.0  #: [s] of processor time of this process, service and attack together


class HeldService:
    """A service in a thread of this process, in a folder; nothing is measured, since its queue is held."""

    def __init__(self, folder: Path) -> None:
        self.place = ServicePlace(folder / "b.toml", *(folder / f"b.{end}" for end in ("lock", "at", "queue", "log")))
        self.service = BenchService(self.place)
        self.service.held = "for the test"
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self.service.serve(),))
        self._thread.start()
        until = time.monotonic() + PATIENCE
        while not self.place.address.exists():
            if time.monotonic() > until:
                raise RuntimeError("the service does not listen")
            time.sleep(0.005)

    @property
    def facts(self) -> dict[str, Any]:
        """Return what the address file says."""
        facts = read_address(self.place.address)
        assert facts is not None
        return facts

    def raw(self) -> socket.socket:
        """Return a connection that has said nothing yet."""
        return socket.create_connection((self.facts["host"], self.facts["port"]), timeout=PATIENCE)

    def end(self) -> None:
        """End the service in order."""
        self._loop.call_soon_threadsafe(self.service.end, "the test is over")
        self._thread.join(PATIENCE)
        self._loop.close()
        assert not self.place.address.exists()


def malformed(chance: random.Random) -> bytes:
    """Return a line that no client of ours sends."""
    harmless = [name for name in REQUESTS if name not in {"end", "continue"}]   # these do what they say
    request = {"request": chance.choice(harmless), "id": chance.choice([1, "x", None, [], {}, 1e300, 10**200])}
    odd = [None, True, -1, 2**80, 1e-300, "", "\x00", "x" * 3000, [], [[]], {}, {"a": {}}, [None] * 50]
    for name in chance.sample(["job", "place", "asked", "user", "request", "reason"], 3):
        request[name] = chance.choice(odd)
    if chance.random() < 0.3:
        request["asked"] = {name: chance.choice(odd) for name in
                            chance.sample(["protocol", "device", "out", "parameters", "fixture", "repeats", "x"], 4)}
    line = json.dumps(request).encode()
    how = chance.randrange(6)
    if how == 0:
        line = line[:chance.randrange(len(line))]
    elif how == 1:
        line = bytes(chance.randrange(256) for _ in range(chance.randrange(300)))
    elif how == 2:
        line = 20_000 * b"[" + 20_000 * b"]"
    elif how == 3:
        line = b'{"id": ' + 5000 * b"9" + b"}"
    elif how == 4:
        line = (LONGEST + 10) * b"x"
    return line + b"\n"


def attack(served: HeldService, chance: random.Random, connections: int) -> list[str]:
    """Send malformed lines over many connections; return what went wrong."""
    problems: list[str] = []
    with ServiceClient(served.facts) as client:
        for _ in range(connections):
            known = chance.random() < 0.8
            while not known and client.status()["clients"] > 1:
                time.sleep(0.001)  # what the connections before have asked for comes first
            before = len(served.service.queue.waiting)
            with contextlib.closing(served.raw()) as link, contextlib.suppress(OSError):
                if known:
                    link.sendall(json.dumps({"version": 1, "token": served.facts["token"]}).encode() + b"\n")
                for _ in range(chance.randrange(8)):
                    link.sendall(malformed(chance))
            began = time.process_time()
            state = client.status()
            if (spent := time.process_time() - began) > _ANSWER:
                problems.append(f"an answer took {spent:.2f} s of processor time")
            if state["running"] is not None or (not known and len(served.service.queue.waiting) > before):
                problems.append("a job that nobody with a token has asked for")
        client.hold()
    # what a request that happened to be right has put into the queue is whole
    problems += [f"job {job.number} has no absolute path" for job in served.service.queue.waiting
                 if not job.lent and not Path(job.asked.out).is_absolute()]
    return problems


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.service_fuzz", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="half a minute")
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--resume", type=Path, metavar="FILE", help="go on from there, and add up the minutes")
    options = parser.parse_args()
    kept = json.loads(options.resume.read_text()) if options.resume and options.resume.exists() else {}
    spent, done, problems = kept.get("spent", 0.0), kept.get("connections", 0), kept.get("problems", [])
    wanted = 0.5 if options.quick else options.minutes
    began, first, grown = time.monotonic(), 0, 0
    while spent + (time.monotonic() - began) / 60 < wanted:
        with tempfile.TemporaryDirectory() as folder:
            served = HeldService(Path(folder))
            try:
                problems += attack(served, random.Random(f"{options.seed} {done}"), 100)
            finally:
                served.end()
        done += 100
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        first, grown = first or memory, max(grown, memory - (first or memory))
    spent += (time.monotonic() - began) / 60
    if options.resume:
        options.resume.write_text(json.dumps({"spent": spent, "connections": done, "problems": problems}))
    return report("service_fuzz", "malformed messages to a bench service", [
        Line("accumulated minutes", f"{spent:.1f} ({done} connections)", f"{wanted:g}", spent >= wanted),
        Line("what went wrong", "; ".join(problems[:5]) or "nothing", "nothing", not problems),
        Line("growth of memory in this call [MB]", f"{grown / 1e6:.0f}", f"at most {_GROWTH / 1e6:g}",
             grown <= _GROWTH),
    ])


if __name__ == "__main__":
    sys.exit(main())
