"""Measure a threshold through the MCP server of a bench, as an assistant does.

``python examples/mcp_threshold.py BENCH``: the bench file has ``runs = true`` in its table ``[mcp]``.
"""

import asyncio
import sys

from mcp import Client, StdioServerParameters


async def measure(bench: str) -> None:
    """Start the server, look at the plan of a sweep, measure it and print the threshold."""
    server = StdioServerParameters(command=sys.executable, args=["-m", "tsbench", "mcp", bench])
    sweep = {"protocol": "iv_sweep", "device": "D1", "parameters": {"stop": "1.2 V", "step": "4 mV"}}
    async with Client(server) as client:
        plan = await client.call_tool("preflight", sweep)
        if plan.is_error:
            sys.exit(str(plan.content))
        outcome = await client.call_tool("measure", {**sweep, "wait": 600.0})
        if outcome.is_error:
            sys.exit(str(outcome.content))
        for result in (outcome.structured_content or {}).get("results", ()):
            if result["quantity"] == "threshold_voltage":
                value, low, high = (result[name] for name in ("value", "low", "high"))
                print(f"threshold_voltage: {value:.4g} V, 95 % interval {low:.4g} to {high:.4g} V")


if __name__ == "__main__":
    asyncio.run(measure(sys.argv[1]))
