"""The MCP server of a bench: its tools and resources, declared with the official SDK (``pip install "tsbench[mcp]"``).

Without ``runs = true`` in ``[mcp]`` of the bench file, there is no tool that changes anything.
"""

import contextlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ResourceNotFoundError, ToolError
from mcp_types import ToolAnnotations
from pydantic import Field

from tsbench.errors import TsbenchError
from tsbench.interop.mcp_server.archive_folder import page, points_of, run_facts
from tsbench.interop.mcp_server.bench_facts import bench_facts, device_facts, queue_of
from tsbench.interop.mcp_server.tools import BenchTools
from tsbench.protocols import PROTOCOLS, describe, protocol_named
from tsbench.storage.provenance import user_name
from tsbench.version import __version__

_INSTRUCTIONS = """\
This server describes a measurement bench for threshold-switching memristors and its archive of runs. Values of
parameters are numbers in SI units, or texts with a unit such as "1.2 V". Each result has a 95 % interval (low, high)
and flags; null is not known. Call preflight before measure: a run beyond a limit of the device is refused with the
reason.
"""
_LOOKING = ToolAnnotations(read_only_hint=True, open_world_hint=False)
_CHANGING = ToolAnnotations(read_only_hint=False, destructive_hint=True, idempotent_hint=False, open_world_hint=True)

Protocol = Annotated[str, Field(description="name of a protocol, as the tool protocols lists them")]
Device = Annotated[str, Field(description="a device of the bench, as the tool devices lists them")]
Parameters = Annotated[dict[str, Any], Field(
    description="parameters of the protocol; numbers in SI units or texts with a unit; the others have their defaults")]
FixtureValues = Annotated[dict[str, Any], Field(
    description="load_resistance and parallel_capacitance, where the bench can set them")]
RunName = Annotated[str, Field(description="identifier of a run, or its file below the archive folder")]
First = Annotated[int, Field(description="number of the first row, from 0", ge=0)]
Count = Annotated[int, Field(description="rows, at most 500", ge=1, le=500)]
Seconds = Annotated[float, Field(description="for which to wait until the run is over, at most 600", ge=0)]


def build_server(bench: Path) -> "MCPServer[Any]":
    """Return the MCP server of a bench; ``run()`` serves it on standard input and output.

    Raises
    ------
    ConfigurationError
        The bench file is wrong.
    """
    tools = BenchTools(bench)
    server: MCPServer[Any] = MCPServer(
        "tsbench", instructions=_INSTRUCTIONS, version=__version__, log_level="WARNING")
    _declare_bench(server, tools)
    _declare_archive(server, tools)
    _declare_resources(server, tools)
    if tools.may_run:
        _declare_measuring(server, tools)
    return server


def _declare_bench(server: "MCPServer[Any]", tools: BenchTools) -> None:
    @server.tool(annotations=_LOOKING)
    def bench(context: Context) -> dict[str, Any]:
        """Return the instruments, their roles, the wiring and the devices of the bench, and whether it allows runs."""
        with _request(tools, context, "bench", {}):
            return bench_facts(tools.bench)

    @server.tool(annotations=_LOOKING)
    def devices(context: Context) -> dict[str, Any]:
        """Return each device with its limits and budget (SI units) and what it has been exposed to."""
        with _request(tools, context, "devices", {}):
            return {"devices": device_facts(tools.bench, tools.archive.folder)}

    @server.tool(annotations=_LOOKING)
    def protocols(context: Context) -> dict[str, Any]:
        """Return the names of all protocols, what each measures, and the roles that it needs."""
        with _request(tools, context, "protocols", {}):
            described = [describe(one) for one in PROTOCOLS.things().values()]
            return {"protocols": [{key: one[key] for key in ("name", "help", "roles")} for one in described]}

    @server.tool(annotations=_LOOKING)
    def protocol(context: Context, name: Protocol) -> dict[str, Any]:
        """Return a protocol with its parameters: unit, default, bounds, choices and meaning."""
        with _request(tools, context, "protocol", {"name": name}):
            return describe(protocol_named(name))

    @server.tool(annotations=_LOOKING)
    def preflight(
        context: Context, protocol: Protocol, device: Device, parameters: Parameters = {},  # noqa: B006  a schema's default
        fixture: FixtureValues = {},  # noqa: B006
    ) -> dict[str, Any]:
        """Return duration, points and the worst case of a run at its device; a run beyond a limit is an error.

        Nothing is switched on.
        """
        asked = {"protocol": protocol, "device": device, "parameters": parameters, "fixture": fixture}
        with _request(tools, context, "preflight", asked):
            return tools.preflight(tools.request(protocol, device, parameters, fixture, _who(context)))

    @server.tool(annotations=_LOOKING)
    def queue(context: Context) -> dict[str, Any]:
        """Return the queue of the bench service: what is measured, what waits, what has ended."""
        with _request(tools, context, "queue", {}):
            return queue_of(tools.bench)


def _declare_archive(server: "MCPServer[Any]", tools: BenchTools) -> None:
    @server.tool(annotations=_LOOKING)
    def runs(
        context: Context, device: str = "", protocol: str = "", first: First = 0, count: Count = 50,
    ) -> dict[str, Any]:
        """Return the runs in the archive, the latest first; ``problems`` names run files that are missing."""
        asked = {"device": device, "protocol": protocol, "first": first, "count": count}
        with _request(tools, context, "runs", asked):
            found = tools.archive.runs(device, protocol)
            return {"runs": len(found), "first": first, "rows": list(page(found, first, count)),
                    "problems": tools.archive.missing()}

    @server.tool(annotations=_LOOKING)
    def results(
        context: Context, quantity: str = "", device: str = "", protocol: str = "", since: str = "", until: str = "",
        first: First = 0, count: Count = 50,
    ) -> dict[str, Any]:
        """Return extracted results of all runs, the latest first. Texts may hold the wildcards * and ?.

        Of the files that ``problems`` names, the results are missing.
        """
        asked = {"quantity": quantity, "device": device, "protocol": protocol, "since": since, "until": until}
        with _request(tools, context, "results", {**asked, "first": first, "count": count}):
            found, problems = tools.archive.results(asked)
            return {"results": len(found), "first": first, "rows": list(page(found, first, count)),
                    "problems": problems}

    @server.tool(annotations=_LOOKING)
    def run(context: Context, run: RunName) -> dict[str, Any]:
        """Return one run: parameters, device, instruments, status, remarks and results, without its samples."""
        with _request(tools, context, "run", {"run": run}):
            return run_facts(tools.archive.read(run))

    @server.tool(annotations=_LOOKING)
    def points(
        context: Context, run: RunName, columns: list[str] = [],  # noqa: B006
        first: First = 0, count: Count = 100,
    ) -> dict[str, Any]:
        """Return measured points of a run with units and flags."""
        with _request(tools, context, "points", {"run": run, "columns": columns, "first": first, "count": count}):
            return points_of(tools.archive.read(run), columns, first, count)


def _declare_measuring(server: "MCPServer[Any]", tools: BenchTools) -> None:
    @server.tool(annotations=_CHANGING)
    def measure(
        context: Context, protocol: Protocol, device: Device, parameters: Parameters = {},  # noqa: B006
        fixture: FixtureValues = {}, wait: Seconds = 60.0,  # noqa: B006
    ) -> dict[str, Any]:
        """Measure: plan the run, put it into the queue, and wait for its results.

        A run that takes longer than ``wait`` goes on; the tool job returns its results later.
        """
        asked = {"protocol": protocol, "device": device, "parameters": parameters, "fixture": fixture}
        with _request(tools, context, "measure", asked, changes=True) as facts:
            answer = tools.measure(tools.request(protocol, device, parameters, fixture, _who(context)), wait)
            facts.update({key: answer[key] for key in ("job", "run", "status", "reason") if key in answer})
            return answer

    @server.tool(annotations=_LOOKING)
    def job(context: Context, job: int, wait: Seconds = 0.0) -> dict[str, Any]:
        """Return the state of a job, and its results once it is over."""
        with _request(tools, context, "job", {"job": job}):
            return tools.job(job, wait)

    @server.tool(annotations=ToolAnnotations(read_only_hint=False, destructive_hint=False, idempotent_hint=True))
    def stop(context: Context, job: int | None = None) -> dict[str, Any]:
        """Stop a job; without a number, stop what is measured and begin nothing more. The outputs go off."""
        with _request(tools, context, "stop", {"job": job}):
            return tools.stop(job)


def _declare_resources(server: "MCPServer[Any]", tools: BenchTools) -> None:
    @server.resource("tsbench://bench", mime_type="application/toml")
    def bench_file() -> str:
        """Return the text of the bench file."""
        return tools.bench.read_text("utf-8")

    @server.resource("tsbench://protocols/{name}", mime_type="application/json")
    def protocol_text(name: str) -> str:
        """Return a protocol with its parameters."""
        with _read(f"tsbench://protocols/{name}"):
            return json.dumps(describe(protocol_named(name)))

    @server.resource("tsbench://runs/{run}", mime_type="application/json")
    def run_text(run: str) -> str:
        """Return a run of the archive without its samples."""
        with _read(f"tsbench://runs/{run}"):
            return json.dumps(run_facts(tools.archive.read(run)))


@contextlib.contextmanager
def _request(
    tools: BenchTools, context: Context, tool: str, asked: Mapping[str, Any], changes: bool = False,
) -> Iterator[dict[str, Any]]:
    """Log a request, and turn its refusal into an answer that the client can read."""
    try:
        with tools.logged(_client(context), tool, asked, changes) as facts:
            yield facts
    except TsbenchError as error:
        raise ToolError(f"{type(error).__name__}: {error}") from error


@contextlib.contextmanager
def _read(address: str) -> Iterator[None]:
    try:
        yield
    except TsbenchError as error:
        raise ResourceNotFoundError(f"{address}: {error}") from error


def _client(context: Context) -> str:
    """Return the name and version that a client gives for itself."""
    found = context.session.client_params
    text = f"{found.client_info.name} {found.client_info.version}" if found is not None else "unknown client"
    return "".join(letter for letter in text if letter.isprintable())[:60]


def _who(context: Context) -> str:
    return f"{user_name()} by {_client(context)}"
