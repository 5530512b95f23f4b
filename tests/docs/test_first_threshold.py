"""docs/first_threshold.md shows five commands with what they print: run here one after the other, and compared."""

import re
import shlex
from pathlib import Path

import pytest

from tsbench.cli import main

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "first_threshold.md").read_text("utf-8")


def words(text: str) -> str:
    """Return a line with single spaces: the width of a table counts for nothing."""
    return " ".join(text.split())


@pytest.mark.thorough
def test_the_commands_print_what_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"^```\n\$ tsbench (.*)\n((?:.*\n)*?)```", PAGE, re.M)
    assert len(blocks) == 5
    for command, shown in blocks:
        assert main(shlex.split(command)) == 0, command
        said = capsys.readouterr()
        printed = [words(line) for line in (said.out + said.err).splitlines()]
        for line in map(words, shown.splitlines()):
            if line != "...":
                begin = line.removesuffix("...").strip()
                assert any(one.startswith(begin) for one in printed), (command, line, printed)
