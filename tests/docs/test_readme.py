"""README shows commands and a script with what they print: run here, and compared."""

import ast
import re
import shlex
from pathlib import Path

import pytest

from tsbench.cli import main

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text("utf-8")


def cells(text: str) -> list[list[str]]:
    """Return the words of each line that has any: the width of a table counts for nothing."""
    return [line.split() for line in text.splitlines() if line.strip()]


@pytest.fixture
def in_a_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a folder with the examples the current one: run files stay out of the tree."""
    (tmp_path / "examples").mkdir()
    for path in (ROOT / "examples").iterdir():
        if path.suffix in {".toml", ".cir"} and "witness" not in path.name:
            (tmp_path / "examples" / path.name).write_bytes(path.read_bytes())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TSBENCH_WITNESS", "")


@pytest.mark.usefixtures("in_a_copy")
def test_the_first_command_prints_what_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    found = re.search(r"```console\n\$ tsbench (.*)\n((?:.*\n)*?)```", README)
    assert found is not None
    command, shown = found.groups()
    assert main(shlex.split(command)) == 0
    printed = re.sub(r"^ *─+ *$", "", capsys.readouterr().out, flags=re.MULTILINE)
    assert cells(printed) == cells(re.sub(r"^ *─+ *$", "", shown, flags=re.MULTILINE))
    assert any(Path("runs").glob("*.nxs"))


@pytest.mark.usefixtures("in_a_copy")
def test_the_script_prints_what_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    found = re.search(r"```python\n(.*?)```\n\n```text\n(.*?)```", README, re.DOTALL)
    assert found is not None
    script, shown = found.groups()
    exec(compile(script, "README.md", "exec"), {})
    assert capsys.readouterr().out.splitlines() == shown.splitlines()


@pytest.mark.usefixtures("in_a_copy")
def test_the_dry_run_prints_what_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    found = re.search(r"\$ tsbench (run .* --dry-run)\n((?:.*\n)*?)```", README)
    assert found is not None
    command, shown = found.groups()
    assert main(shlex.split(command)) == 0
    printed = capsys.readouterr().out.splitlines()
    assert shown.splitlines() == ["...", printed[-1]] and "good" in printed[-1]


def test_the_script_is_the_file_that_the_page_names() -> None:
    found = re.search(r"\]\((examples/\w+\.py)\)\):\n\n```python\n(.*?)```", README, re.DOTALL)
    assert found is not None
    tree = ast.parse((ROOT / found[1]).read_text("utf-8"))
    assert ast.get_docstring(tree)
    assert ast.dump(ast.Module(tree.body[1:], [])) == ast.dump(ast.parse(found[2]))
