"""The process that simulates a plan: it ends with the command that asked it."""

import os
import signal
import subprocess
import sys
import time

import pytest

_SIMULATES = """
import sys, time
from tsbench.station.preflight.__main__ import end_with
end_with(int(sys.argv[1]))
time.sleep(600)
"""
_ASKS = f"""
import os, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", {_SIMULATES!r}, str(os.getpid())])
print(child.pid, flush=True)
child.wait()
"""


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    with open(f"/proc/{process}/stat", encoding="ascii", errors="replace") as state:  # noqa: PTH123  no file of ours
        return state.read().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
def test_a_killed_command_leaves_no_simulation() -> None:
    asking = subprocess.Popen([sys.executable, "-c", _ASKS], stdout=subprocess.PIPE, text=True)
    assert asking.stdout is not None
    simulating = int(asking.stdout.readline())
    assert _lives(simulating)
    asking.send_signal(signal.SIGKILL)
    asking.wait()
    asking.stdout.close()
    try:
        give_up = time.monotonic() + 120.0   # a busy machine imports slowly; usual is two seconds
        while _lives(simulating) and time.monotonic() < give_up:
            time.sleep(0.1)
        assert not _lives(simulating)
    finally:
        if _lives(simulating):
            os.kill(simulating, signal.SIGKILL)
