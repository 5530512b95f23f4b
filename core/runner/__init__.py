"""The measuring process: drives a protocol step by step, records, and ends safe whatever happens.

Safety belongs here, not to a protocol's goodwill: outputs are switched off and read back by the runner after
every run, before anything else is done with the data.
"""

from tsbench.runner.control import Control, StdinControl
from tsbench.runner.events import Events, JsonLinesEvents
from tsbench.runner.outcome import ListRefused, RunOutcome
from tsbench.runner.process import run_on, run_protocol
from tsbench.runner.run_list import run_list

__all__ = [
    "Control",
    "Events",
    "JsonLinesEvents",
    "ListRefused",
    "RunOutcome",
    "StdinControl",
    "run_list",
    "run_on",
    "run_protocol",
]
