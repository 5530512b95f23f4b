"""Lists of runs: the file, its checks, resuming."""

from tsbench.station.run_list.run_list import run_list
from tsbench.station.runner.outcome import ListRefused

__all__ = ["ListRefused", "run_list"]
