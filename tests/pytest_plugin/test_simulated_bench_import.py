"""The simulated bench for tests is also for programs without pytest."""

import subprocess
import sys


def test_the_simulated_bench_needs_no_pytest() -> None:
    block = "import sys; sys.modules['pytest'] = None; import tsbench.pytest_plugin.simulated_bench"
    subprocess.run([sys.executable, "-c", block], check=True)
