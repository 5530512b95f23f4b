"""The measuring process of ``benchmarks.service_faulty``.

On SIGUSR1, another thread takes the lock of every connection and keeps it, so that the measuring thread waits for ever
before its next message. On SIGUSR2, the measuring thread waits for ever where it is, most often inside an exchange.
"""

import signal
import sys
import threading
from typing import Any

from benchmarks.service_faulty import stand_still
from tsbench.station.bench.bench import Bench
from tsbench.station.service.measuring import main

_OPENED: list[Any] = []


def _remember() -> None:
    """Keep each bench that is opened."""
    opening = Bench.open.__func__  # type: ignore[attr-defined]

    def remembered(cls: type[Bench], *arguments: Any, **options: Any) -> Bench:
        bench: Bench = opening(cls, *arguments, **options)
        _OPENED.append(bench)
        return bench

    Bench.open = classmethod(remembered)  # type: ignore[assignment, method-assign]


def _take_every_lock() -> None:
    for connection in _OPENED[-1].instruments.connections.values():
        connection.transport.lock.acquire()
    threading.Event().wait()


if __name__ == "__main__":
    _remember()
    signal.signal(signal.SIGUSR1, lambda *_: threading.Thread(target=_take_every_lock, daemon=True).start())
    signal.signal(signal.SIGUSR2, stand_still)
    sys.exit(main(sys.argv[1:]))
