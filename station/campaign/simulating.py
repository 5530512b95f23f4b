"""Asks another process to simulate: who measures imports no simulation."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any


def simulated(question: Mapping[str, Any], patience: float) -> Sequence[Mapping[str, Any]]:
    """Return the answer of ``python -m tsbench.station.preflight`` to a question.

    Parameters
    ----------
    question : "ask" with what is asked, and what belongs to it
    patience : [s] until the simulation is given up

    Raises
    ------
    OSError, ValueError or subprocess.SubprocessError
        The process did not begin, failed, took too long, or gave no list.
    """
    done = subprocess.run(
        [sys.executable, "-m", "tsbench.station.preflight"], input=json.dumps({**question, "asking": os.getpid()}),
        capture_output=True, text=True, timeout=patience, check=True)
    found = json.loads(done.stdout)
    if not isinstance(found, list):
        raise ValueError("the answer is no list")
    return found
