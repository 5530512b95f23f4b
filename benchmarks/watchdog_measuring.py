"""The measuring process that ``benchmarks.watchdog`` kills: a run that may deadlock in three ways, at a set moment."""

import json
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tsbench.protocols import protocol_named
from tsbench.records import RunEvent
from tsbench.station.bench.bench import Bench
from tsbench.station.runner import Control, run_on

DEADLOCKS = ("lock", "step", "spin")


def main(bench_file: str, name: str, parameters: str, out: str, deadlock: str, delay: str) -> int:
    """Measure; ``deadlock`` after ``delay`` seconds ("": never). Tells what happens, a JSON line each."""
    stuck_at = float("inf")
    bench = Bench.open(bench_file, "D1")

    def follow(event: RunEvent) -> None:
        nonlocal stuck_at
        if event.data.get("state") == "running":
            tell(running=time.time(), watchdog=event.data["watchdog"])
            stuck_at = time.monotonic() + float(delay)
            if deadlock == "lock":
                threading.Timer(float(delay), hold_every_lock, [bench]).start()
        elif event.data.get("state") == "done":
            tell(status=event.data["status"], reason=event.data["reason"])

    class Deadlocked:
        """A protocol that stands still at its first step after the moment has come."""

        def __init__(self, protocol: Any) -> None:
            self._protocol = protocol

        def __getattr__(self, attribute: str) -> Any:
            return getattr(self._protocol, attribute)

        def run(self, station: Any, recorder: Any) -> Iterator[Any]:
            for step in self._protocol.run(station, recorder):
                if deadlock in {"step", "spin"} and time.monotonic() > stuck_at:
                    tell(stuck=time.time())
                    if deadlock == "step":
                        never = threading.Lock()
                        never.acquire()
                        never.acquire()
                    while True:
                        pass
                yield step

    protocol: Any = Deadlocked(protocol_named(name).parse(json.loads(parameters)))
    try:
        return run_on(bench, protocol, out, events=follow, control=Control()).exit_code
    finally:
        bench.close()


def hold_every_lock(bench: Any) -> None:
    """Take the lock of every connection and keep it: the next message waits for ever."""
    for connection in bench._connections.values():
        connection.transport.lock.acquire()
    tell(stuck=time.time())
    threading.Event().wait()


def tell(**facts: Any) -> None:
    """Write one line to standard output, at once."""
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    Path(sys.argv[4]).mkdir(parents=True, exist_ok=True)
    sys.exit(main(*sys.argv[1:7]))
