"""The measuring process: drives a protocol step by step, records, and ends safe whatever happens.

Safety belongs here, not to a protocol's goodwill: outputs are switched off and read back by the runner after
every run, before anything else is done with the data.
"""

from tsbench.station.protection.control import Control, StdinControl
from tsbench.station.runner.events import Events, JsonLinesEvents
from tsbench.station.runner.outcome import RunOutcome
from tsbench.station.runner.process import run_on, run_protocol

__all__ = [
    "Control",
    "Events",
    "JsonLinesEvents",
    "RunOutcome",
    "StdinControl",
    "run_on",
    "run_protocol",
]
