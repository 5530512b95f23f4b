"""The measuring process of ``benchmarks.service_injected``."""

import sys

from benchmarks.service_injected import InjectedProcess, note_outputs
from tsbench.station.service import measuring

if __name__ == "__main__":
    note_outputs()
    measuring.MeasuringProcess = InjectedProcess  # type: ignore[misc]
    sys.exit(measuring.main(sys.argv[1:]))
