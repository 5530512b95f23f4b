"""Paths that the documents name exist; commands that the README shows parse."""

import re
import shlex
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

@pytest.mark.parametrize("document", ["docs/tour.md", "CONTRIBUTING.md"])
def test_every_file_named_exists(document: str) -> None:
    named = re.findall(r"`([\w/]+\.(?:py|toml|md))`", (ROOT / document).read_text("utf-8"))
    assert len(named) > 3
    missing = [name for name in named if not (ROOT / name).exists()]
    assert missing == []


def test_links_of_the_readme_lead_somewhere() -> None:
    targets = re.findall(r"\]\(([^)#:]+)\)", (ROOT / "README.md").read_text("utf-8"))
    assert targets and [target for target in targets if not (ROOT / target).exists()] == []


def test_commands_of_the_readme_parse() -> None:
    from tsbench.cli.parser import build_parser

    lines = re.findall(r"^(tsbench [^\n#]+)", (ROOT / "README.md").read_text("utf-8"), re.M)
    commands = [part.strip() for line in lines for part in line.split(";")]
    assert len(commands) >= 6
    for command in commands:
        build_parser().parse_args(shlex.split(command)[1:])
