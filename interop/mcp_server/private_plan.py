"""Plans on a simulated bench of one's own, in a child process: nothing is sent to the instruments of the real bench.

``python -m tsbench.interop.mcp_server.private_plan`` reads what is asked for from standard input, as JSON, and answers
on standard output. It opens a simulated bench in its own process, with locks of its own. So it can plan while a bench
service or another program has the bench.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tsbench import errors
from tsbench.station.bench.bench_file import BenchFile
from tsbench.station.bench.ownership import FOLDER

_BACKEND = "@tsbench"
_PATIENCE = 300.0  #: [s] on a busy computer that has to compile first
_WITNESS = "TSBENCH_WITNESS"  #: where a simulated bench writes what happens on it


def is_simulated(bench: Path) -> bool:
    """Whether each instrument of a bench is simulated in the process that opens it.

    Raises
    ------
    ConfigurationError
        The bench file is wrong.
    """
    table = BenchFile.load(bench).table
    return all((one.visa_library or table.visa_library).endswith(_BACKEND) for one in table.instruments.values())


def private_plan(
    bench: Path, protocol: str, device: str, parameters: Mapping[str, Any], fixture: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the plan of a run as the bench service makes it, from a simulated bench in a child process.

    Raises
    ------
    TsbenchError
        It is refused, or cannot be planned.
    """
    asked = {"bench": str(bench), "protocol": protocol, "device": device, "parameters": dict(parameters),
             "fixture": dict(fixture)}
    with tempfile.TemporaryDirectory(prefix="tsbench-plan-") as folder:
        environment = {**os.environ, FOLDER: folder, _WITNESS: str(Path(folder) / "witness.jsonl")}
        try:
            done = subprocess.run(
                [sys.executable, "-m", __name__], input=json.dumps(asked).encode(), capture_output=True, check=False,
                timeout=_PATIENCE, env=environment)
        except subprocess.TimeoutExpired:
            raise errors.TsbenchError(f"the plan was not made within {_PATIENCE:g} s") from None
    try:
        said = json.loads(done.stdout)
    except ValueError:
        raise errors.TsbenchError(f"the process that plans has failed (exit code {done.returncode})") from None
    if "error" in said:
        kind = getattr(errors, said["error"], errors.TsbenchError)
        raise kind(said["message"])
    return dict(said["plan"])


def _answer(asked: Mapping[str, Any]) -> dict[str, Any]:
    from tsbench.protocols import protocol_named
    from tsbench.station.bench.bench import Bench
    from tsbench.station.bench.fixture_values import fixture_values
    from tsbench.station.runner.planning import checked_plan
    from tsbench.station.service.outcomes import plan_facts

    protocol = protocol_named(asked["protocol"]).parse(asked["parameters"])
    with Bench.open(asked["bench"]) as bench:
        pending = bench.preparation.pending(fixture_values(asked["fixture"]))
        plan = checked_plan(bench.planning_for(asked["device"], pending), protocol)
        return {"plan": plan_facts(plan, protocol.name, asked["device"])["plan"]}


def main() -> int:
    """Run as a process."""
    output, sys.stdout = sys.stdout, sys.stderr  # what a plug-in prints must not stand before the answer
    try:
        said = _answer(json.load(sys.stdin))
    except errors.TsbenchError as error:
        said = {"error": type(error).__name__, "message": str(error)}
    output.write(json.dumps(said))
    output.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
