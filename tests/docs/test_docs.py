"""Paths and links of the documents lead somewhere; commands that the README shows parse."""

import re
import shlex
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = (ROOT, ROOT / "docs", ROOT / "docs" / "evidence", ROOT / "docs" / "devices", ROOT / "tests")
DOCUMENTS = sorted(path.relative_to(ROOT).as_posix() for folder in FOLDERS for path in folder.glob("*.md"))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_file_named_exists(document: str) -> None:
    named = re.findall(r"`([\w.]+/[\w./]+\.(?:py|toml|md|txt|cir))`", (ROOT / document).read_text("utf-8"))
    missing = [name for name in named if not any((ROOT / room / name).exists() for room in ("", "simulated_backends"))]
    assert missing == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_leads_somewhere(document: str) -> None:
    path = ROOT / document
    targets = re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", path.read_text("utf-8"))
    assert [target for target in targets if not (path.parent / target).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_section_that_a_link_names_exists(document: str) -> None:
    path, missing = ROOT / document, []
    for target, section in re.findall(r"\]\(([^)#:\s]*)#([\w-]+)\)", path.read_text("utf-8")):
        text = (path.parent / target if target else path).read_text("utf-8")
        heads = {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-")
                 for head in re.findall(r"^#+ (.*)$", text, re.M)}
        missing += [] if section in heads else [f"{target}#{section}"]
    assert missing == []


def test_commands_of_the_readme_parse() -> None:
    from tsbench.cli.parser import build_parser

    blocks = re.findall(r"^```\w*\n(.*?)^```", (ROOT / "README.md").read_text("utf-8"), re.M | re.S)
    lines = [line for block in blocks for line in re.findall(r"^(?:\$ )?(tsbench [^\n#]+)", block, re.M)]
    assert len(lines) >= 9
    for line in lines:
        build_parser().parse_args(shlex.split(line)[1:])
