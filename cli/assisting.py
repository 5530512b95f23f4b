"""The command ``mcp``: serve a bench and its archive to assistants that speak the Model Context Protocol."""

import argparse
from pathlib import Path
from typing import Any

from tsbench.cli.declaring import add_command
from tsbench.errors import ConfigurationError

_EXAMPLE = """\
  tsbench mcp bench.toml    speak MCP on standard input and output, until the client leaves
A client can look on. It can measure only if [mcp] of the bench file has runs = true. docs/mcp.md lists the tools."""


def declare(commands: Any) -> None:
    """Declare ``mcp``."""
    command = add_command(
        commands, "mcp", "assisting:mcp",
        "serve a bench and its archive to MCP clients (install it with: pip install \"tsbench[mcp]\")", _EXAMPLE)
    command.add_argument("bench", type=Path, metavar="bench.toml", help="the bench file")


def mcp(options: argparse.Namespace) -> int:
    """Serve until the client closes standard input."""
    try:
        from tsbench.interop.mcp_server.server import build_server
    except ImportError as error:
        raise ConfigurationError(
            f"the MCP server needs the MCP SDK, version 2 or newer ({error}). Install it with pip install "
            "\"tsbench[mcp]\"") from error
    build_server(options.bench).run()
    return 0
