"""Runs of an older version on a bench that stays open, for ``benchmarks.service``.

``python -P service_old.py BENCH OUT PARAMETERS``, with the Python of that version: for each line on standard input, one
I-V sweep by ``run_on``; each answers with one line, the wall time [s] from the call to its return. It imports nothing
of the present version.
"""

import json
import sys
import time
from pathlib import Path

from tsbench.bench import Bench
from tsbench.protocols import PROTOCOLS
from tsbench.runner import run_on


def main(bench_file: str, out: str, parameters: str) -> int:
    """Measure for each line that comes."""
    bench = Bench.open(bench_file, "D1")
    protocol = PROTOCOLS["iv_sweep"].parse(json.loads(parameters))
    print("ready", flush=True)
    try:
        for _ in sys.stdin:
            began = time.perf_counter()
            outcome = run_on(bench, protocol, Path(out))
            print(time.perf_counter() - began if outcome.status == "success" else outcome.reason, flush=True)
    finally:
        bench.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
