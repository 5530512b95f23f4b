"""The measuring process that ``benchmarks.watchdog`` disturbs: it says how far it is, and deadlocks when asked to."""

import json
import os
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
OUTPUT = sys.stdout.fileno()  #: also while what plug-ins print goes elsewhere


def main(bench_file: str, name: str, parameters: str, out: str, deadlock: str) -> int:
    """Measure; deadlock in the way that ``deadlock`` names when a line comes on standard input.

    The process prints one JSON line for each step and each change of the run.
    """
    bench = Bench.open(bench_file, "D1")
    asked = threading.Event()

    def follow(event: RunEvent) -> None:
        if event.data.get("state") == "running":
            tell(running=time.time(), watchdog=event.data["watchdog"])
        elif event.data.get("state") == "done":
            tell(status=event.data["status"], reason=event.data["reason"])

    def listen() -> None:
        if sys.stdin.readline():
            asked.set()
            if deadlock == "lock":
                hold_every_lock(bench)

    class Told:
        """A protocol that tells its steps, and stands still at the first one after it was asked to."""

        def __init__(self, protocol: Any) -> None:
            self._protocol = protocol

        def __getattr__(self, attribute: str) -> Any:
            return getattr(self._protocol, attribute)

        def run(self, station: Any, recorder: Any) -> Iterator[Any]:
            for step in self._protocol.run(station, recorder):
                tell(step=time.time(), done=step.done, total=step.total)
                if deadlock in {"step", "spin"} and asked.is_set():
                    tell(stuck=time.time())
                    if deadlock == "step":
                        never = threading.Lock()
                        never.acquire()
                        never.acquire()
                    while True:
                        pass
                yield step

    threading.Thread(target=listen, daemon=True).start()
    protocol: Any = Told(protocol_named(name).parse(json.loads(parameters)))
    try:
        return run_on(bench, protocol, out, events=follow, control=Control()).exit_code
    finally:
        bench.close()


def hold_every_lock(bench: Any) -> None:
    """Take the lock of every connection and keep it: the next message waits for ever."""
    for connection in bench.instruments.connections.values():
        connection.transport.lock.acquire()
    tell(stuck=time.time())
    threading.Event().wait()


def tell(**facts: Any) -> None:
    """Write one line to standard output, at once and whole: two threads tell."""
    os.write(OUTPUT, json.dumps(facts).encode() + b"\n")


if __name__ == "__main__":
    Path(sys.argv[4]).mkdir(parents=True, exist_ok=True)
    sys.exit(main(*sys.argv[1:6]))
