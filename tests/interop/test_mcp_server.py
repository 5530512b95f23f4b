"""The MCP server of a bench, asked by the SDK's own client over standard input and output."""

import asyncio
import contextlib
import json
import os
import shutil
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.report_folder import write_report_folder
from tests.fixtures.simulated_bench import EXAMPLES
from tsbench.errors import ConfigurationError, LimitError, StorageError
from tsbench.interop.mcp_server.measuring import charged
from tsbench.interop.mcp_server.request_log import NAME, RequestLog
from tsbench.interop.mcp_server.tools import BenchTools
from tsbench.station.bench.ownership import FOLDER
from tsbench.station.device_record import DeviceRecords
from tsbench.station.service.client import connect
from tsbench.storage import read_run

pytest.importorskip("mcp_types", reason="needs the MCP SDK, version 2")
LOOKING = {"bench", "devices", "protocols", "protocol", "preflight", "queue", "runs", "results", "run", "points"}
CHANGING = {"measure", "job", "stop"}
SWEEP = {"protocol": "iv_sweep", "device": "D1", "parameters": {"stop": "1.2 V", "step": "20 mV"}}
UNSAFE = {**SWEEP, "parameters": {"stop": "5 V"}}


def bench_in(folder: Path, kind: str, runs: bool) -> Path:
    for part in ("bench", "world"):
        shutil.copy(EXAMPLES / f"{kind}.{part}.toml", folder)
    path = folder / f"{kind}.bench.toml"
    path.write_text(path.read_text("utf-8") + f"\n[mcp]\nruns = {str(runs).lower()}\narchive = \"archive\"\n", "utf-8")
    return path


def files_in(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def talk(bench: Path, ask: Callable[[Any], Awaitable[None]]) -> None:
    """Have the SDK's client start the server of a bench and ask it."""
    from mcp import Client, StdioServerParameters

    async def conversation() -> None:
        server = StdioServerParameters(
            command=sys.executable, args=["-m", "tsbench", "mcp", str(bench)],
            env={FOLDER: os.environ[FOLDER], "PYTHONPATH": os.pathsep.join(sys.path)})
        async with Client(server) as client:
            await ask(client)

    asyncio.run(conversation())


@pytest.fixture
def locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(FOLDER, str(tmp_path / "locks"))
    return tmp_path / "locks"


def test_by_default_a_client_can_change_nothing(tmp_path: Path, locks: Path) -> None:
    bench = bench_in(tmp_path, "nbo2", runs=False)
    write_report_folder(tmp_path / "archive" / "lost", {"D1": "working"})
    (gone,) = (tmp_path / "archive" / "lost").glob("*.nxs")
    gone.unlink()
    (tmp_path / "secret.nxs").write_text("not for clients")
    (tmp_path / "archive" / "link.nxs").symlink_to(tmp_path / "secret.nxs")
    before = files_in(tmp_path)

    async def ask(client: Any) -> None:
        assert {tool.name for tool in (await client.list_tools()).tools} == LOOKING
        for name in CHANGING:
            refused = await client.call_tool(name, SWEEP if name == "measure" else {"job": 1})
            assert refused.is_error and "Unknown tool" in refused.content[0].text
        found = (await client.call_tool("bench", {})).structured_content
        assert not found["runs_allowed"] and found["roles"]["drive"] == "source_meter"
        (device,) = (await client.call_tool("devices", {})).structured_content["devices"]
        assert device["limits"]["max_voltage"] == 4.0 and device["life"]["state"] == "pristine"
        protocol = (await client.call_tool("protocol", {"name": "iv_sweep"})).structured_content
        assert {"name": "stop", "unit": "V"}.items() <= next(
            one for one in protocol["parameters"] if one["name"] == "stop").items()
        plan = (await client.call_tool("preflight", SWEEP)).structured_content
        assert plan["points"] == 121 and {one["quantity"] for one in plan["worst_case"]} >= {"voltage", "current"}
        for name in ("../secret", str(tmp_path / "secret.nxs"), "link", "..\\secret", "nothing"):
            refused = await client.call_tool("run", {"run": name})
            assert refused.is_error and "ConfigurationError" in refused.content[0].text
        for parameters in ({"file": "/etc/passwd"}, {"file": "../secret.nxs"}, {"file": "link.nxs"}):
            refused = await client.call_tool("preflight", {**SWEEP, "parameters": parameters})
            assert refused.is_error and "archive folder" in refused.content[0].text
        assert (await client.call_tool("queue", {})).structured_content == {"service": False, "jobs": []}
        for tool in ("runs", "results"):
            archived = (await client.call_tool(tool, {})).structured_content
            assert archived["rows"] == []  # a link is no run
            (problem,) = archived["problems"]
            assert problem.startswith(f"screen: 1 run file is missing: {gone.name}")
        text = (await client.read_resource("tsbench://bench")).contents[0].text
        assert text == bench.read_text("utf-8")

    talk(bench, ask)
    after = files_in(tmp_path)
    log = after.pop(f"archive/{NAME}").decode().splitlines()
    assert after == before
    asked = [json.loads(line) for line in log]
    assert {one["outcome"] for one in asked if "outcome" in one} == {"done", "refused"}
    assert all(one["client"].startswith("mcp ") for one in asked if "tool" in one)


@pytest.mark.sabotage("resistor")
def test_a_client_measures_a_threshold_and_is_refused_what_is_unsafe(tmp_path: Path, locks: Path) -> None:
    bench = bench_in(tmp_path, "nbo2", runs=True)
    found: dict[str, Any] = {}

    async def ask(client: Any) -> None:
        assert {tool.name for tool in (await client.list_tools()).tools} == LOOKING | CHANGING
        unsafe = await client.call_tool("measure", UNSAFE)
        assert unsafe.is_error and "max_voltage of D1 is 4.000 V" in unsafe.content[0].text
        found.update((await client.call_tool("measure", {**SWEEP, "wait": 600.0})).structured_content)
        assert (await client.call_tool("job", {"job": found["job"]})).structured_content["run"] == found["run"]
        run = (await client.call_tool("run", {"run": found["run"]})).structured_content
        assert run["results"] == found["results"] and run["parameters"]["stop"] == {"value": 1.2, "unit": "V"}
        points = (await client.call_tool(
            "points", {"run": found["run"], "columns": ["current"], "count": 3})).structured_content
        assert points["columns"] == [{"name": "current", "unit": "A"}] and len(points["rows"]) == 3
        rows = (await client.call_tool("results", {"quantity": "threshold*"})).structured_content["rows"]
        assert {row["quantity"] for row in rows} == {"threshold_voltage", "threshold_current"}
        waits = (await client.call_tool("measure", {**SWEEP, "wait": 0.0})).structured_content
        assert "run" not in waits
        await client.call_tool("stop", {"job": waits["job"]})
        stopped = await client.call_tool("job", {"job": waits["job"], "wait": 600.0})
        assert stopped.is_error or stopped.structured_content["status"] in {"abort", "left out"}

    try:
        talk(bench, ask)
    finally:
        with connect(bench) as service:
            service.end()
    assert found["status"] == "success" and found["outputs_off"]
    (threshold,) = [one for one in found["results"] if one["quantity"] == "threshold_voltage"]
    assert threshold["low"] < 1.0231 < threshold["high"]  # [V] of the demo
    header = read_run(tmp_path / "archive" / found["file"]).header
    assert " by mcp " in header.user
    life = DeviceRecords(tmp_path / "archive" / "device_record").life("D1")
    assert life.runs >= 1 and not life.open and 1.0 < life.used.max_voltage < 1.3
    log = [json.loads(line) for line in (tmp_path / "archive" / NAME).read_text().splitlines()]
    told = {one["request"]: one for one in log if one.get("tool") == "measure"}
    ends = [one for one in log if one["request"] in told and "outcome" in one]
    assert [one["outcome"] for one in ends][:2] == ["refused", "done"] and ends[1]["run"] == found["run"]


@pytest.mark.parametrize(("ramps", "allowed"), [(3.0, True), (4.0, False)])
def test_a_budget_refuses_a_run(tmp_path: Path, locks: Path, ramps: float, allowed: bool) -> None:
    bench = bench_in(tmp_path, "resistor", runs=True)
    bench.write_text(bench.read_text("utf-8") + "\n[device.budget]\ncycles = 3\n", "utf-8")
    plan = {"points": 5, "duration": 1.0, "bytes": 0, "worst_case": [{"quantity": "ramps", "value": ramps, "unit": ""}]}
    refused = contextlib.nullcontext() if allowed else pytest.raises(LimitError, match="left of the budget")
    with refused:
        _, dose = charged(bench, tmp_path, "R1", plan)
        assert dose.cycles == ramps


def test_without_its_log_nothing_is_measured(tmp_path: Path, locks: Path) -> None:
    (tmp_path / "archive").write_text("no folder")
    tools = BenchTools(bench_in(tmp_path, "resistor", runs=True))
    with tools.logged("client", "bench", {}) as facts:
        assert facts == {}
    with pytest.raises(StorageError, match="log of requests"), tools.logged("client", "measure", {}, changes=True):
        raise AssertionError("it was measured without a log")


def test_a_permission_that_is_taken_back_counts_at_once(tmp_path: Path, locks: Path) -> None:
    bench = bench_in(tmp_path, "resistor", runs=True)
    tools = BenchTools(bench)
    asked = tools.request("iv_sweep", "R1", {"stop": 0.2}, {}, "ada")
    bench.write_text(bench.read_text("utf-8").replace("runs = true", "runs = false"), "utf-8")
    with pytest.raises(ConfigurationError, match="can only look on"):
        tools.measure(asked, 0.0)


def test_a_request_stands_in_the_log_before_it_is_carried_out(tmp_path: Path) -> None:
    log = RequestLog(tmp_path / NAME, "ada")
    assert log.ask("client 1", "measure", {"text": "x" * 5000}) == 1
    (line,) = (tmp_path / NAME).read_text().splitlines()
    assert json.loads(line)["user"] == "ada" and len(line) < 4000
    if os.name != "nt":
        assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o600


def test_a_plan_of_real_instruments_needs_the_permission_to_run(tmp_path: Path, locks: Path) -> None:
    bench = bench_in(tmp_path, "resistor", runs=False)
    text = bench.read_text("utf-8")
    bench.write_text(text.replace(next(line for line in text.splitlines() if line.startswith("visa_library")),
                                  'visa_library = "@py"'), "utf-8")
    tools = BenchTools(bench)
    with pytest.raises(ConfigurationError, match="can only look on"):
        tools.preflight(tools.request("iv_sweep", "R1", {"stop": 0.2}, {}, "ada"))
