"""What the tools of the MCP server do, without the SDK: each request is logged, and a run goes the way of all runs.

The way is plan, limits, budget, queue of the bench service, guard, watchdog.
"""

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tsbench.errors import ConfigurationError, StorageError, TsbenchError
from tsbench.interop.mcp_server.archive_folder import ArchiveFolder
from tsbench.interop.mcp_server.measuring import RunRequest, ServiceRuns, charged
from tsbench.interop.mcp_server.private_plan import is_simulated, private_plan
from tsbench.interop.mcp_server.request_log import NAME, RequestLog
from tsbench.protocols import describe, protocol_named
from tsbench.station.bench.bench_file import BenchFile
from tsbench.storage.provenance import user_name

_LONGEST_WAIT = 600.0  #: [s] for which one request may wait for a run
_NO_RUNS = ("this server can only look on. To let clients measure, write runs = true in [mcp] of the bench file and "
            "start it again")


class BenchTools:
    """What the tools do that need more than a file.

    Parameters
    ----------
    bench : Path
        The bench file.

    Raises
    ------
    ConfigurationError
        The bench file is wrong.
    """

    def __init__(self, bench: Path) -> None:
        self.bench = bench.resolve()
        table = BenchFile.load(self.bench).table.mcp
        self.may_run = table.runs
        folder = self.bench.parent / table.archive
        self.archive, self.log = ArchiveFolder(folder), RequestLog(folder / NAME, user_name())
        self._runs = ServiceRuns(self.bench, folder)

    @contextlib.contextmanager
    def logged(
        self, client: str, tool: str, asked: Mapping[str, Any], changes: bool = False,
    ) -> Iterator[dict[str, Any]]:
        """Note a request before it is carried out, and what became of it; what the caller adds is noted too.

        Raises
        ------
        StorageError
            It cannot be noted, and it ``changes`` something: then it is not carried out.
        """
        facts: dict[str, Any] = {}
        number = 0
        with contextlib.ExitStack() as noting:
            if not changes:
                noting.enter_context(contextlib.suppress(StorageError))
            number = self.log.ask(client, tool, asked)
        outcome = "failed"
        try:
            yield facts
            outcome = "done"
        except TsbenchError as error:
            outcome, facts["reason"] = "refused", str(error)
            raise
        finally:
            with contextlib.suppress(StorageError):
                self.log.answer(number, outcome, **facts)

    def request(
        self, protocol: str, device: str, parameters: Mapping[str, Any], fixture: Mapping[str, Any], user: str,
    ) -> RunRequest:
        """Return a run that a client asks for, with the paths in its parameters checked.

        Raises
        ------
        ConfigurationError
            Protocol, device or a parameter are wrong, or a file lies outside of the archive folder.
        """
        kind = protocol_named(protocol)
        texts = {one["name"] for one in describe(kind)["parameters"] if one["kind"] == "text"}
        checked = {
            name: self._inside(name, str(value)) if name in texts and value else value
            for name, value in parameters.items()}
        kind.parse(checked)
        BenchFile.load(self.bench).device(device)
        return RunRequest(protocol, device, checked, fixture, user)

    def _inside(self, name: str, text: str) -> str:
        """Return a text parameter; a file by its whole path, if it is inside the archive folder."""
        if name.endswith(("file", "path")):
            return str(self.archive.inside(text))
        if "/" in text or "\\" in text:
            raise ConfigurationError(f"{name}: a client cannot give a path here")
        return text

    def preflight(self, asked: RunRequest) -> dict[str, Any]:
        """Return the worst case of a run at its device; a run that is not allowed raises its reasons."""
        if is_simulated(self.bench):
            plan = private_plan(self.bench, asked.protocol, asked.device, asked.parameters, asked.fixture)
            charged(self.bench, self.archive.folder, asked.device, plan)
            return plan
        if not self.may_run:
            raise ConfigurationError(f"a plan needs the instruments, and to open them resets them, but {_NO_RUNS}")
        return self._runs.plan(asked)

    def measure(self, asked: RunRequest, wait: float) -> dict[str, Any]:
        """Put a run into the queue and wait a while for its outcome; the bench file must still allow it."""
        if not BenchFile.load(self.bench).table.mcp.runs:
            raise ConfigurationError(_NO_RUNS)
        job, before = self._runs.begin(asked)
        return {"before": before, **self.job(job, wait)}

    def job(self, number: int, wait: float) -> dict[str, Any]:
        """Return the state of a job, and its outcome once it is over."""
        return self._runs.outcome(number, min(max(wait, 0.0), _LONGEST_WAIT))

    def stop(self, number: int | None) -> dict[str, Any]:
        """Stop a job, or whatever is measured."""
        return self._runs.stop(number)
