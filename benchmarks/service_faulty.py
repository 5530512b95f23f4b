"""A bench service whose parts stand still when they are told to, for ``benchmarks.service_faults``.

``python -m benchmarks.service_faulty BENCH``. On SIGUSR1, the thread that does the work of the service waits for ever,
as in a deadlock. ``service_faulty_child`` describes its measuring process.
"""

import signal
import sys
import threading

from tsbench.station.service.child import MeasuringChild
from tsbench.station.service.process import serve


def stand_still(*_: object) -> None:
    """Wait for ever."""
    never = threading.Lock()
    never.acquire()
    never.acquire()


if __name__ == "__main__":
    signal.signal(signal.SIGUSR1, stand_still)
    MeasuringChild.module = "benchmarks.service_faulty_child"
    serve(sys.argv[1])
