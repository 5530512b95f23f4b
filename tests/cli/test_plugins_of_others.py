"""Plug-ins of other authors that print, are broken or are interrupted while the command line imports them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

LISTS = {"protocols": "protocols", "drivers": "instruments", "devices": "devices"}


def tsbench(folder: Path, points: str, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line beside an installed distribution "lab 1.2" with one module, ``lab_module``."""
    (folder / "lab_module.py").write_text(module, "utf-8")
    metadata = folder / "lab-1.2.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: lab\nVersion: 1.2\n", "utf-8")
    (metadata / "entry_points.txt").write_text(points, "utf-8")
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    return subprocess.run(
        [sys.executable, "-m", "tsbench", *arguments], env=environment, capture_output=True, text=True, timeout=120,
        check=False)


@pytest.mark.thin(2)
@pytest.mark.parametrize(("group", "command"), LISTS.items())
def test_a_list_stays_json_and_names_a_broken_plug_in_once(tmp_path: Path, group: str, command: str) -> None:
    done = tsbench(
        tmp_path, f"[tsbench.{group}]\nwrong = lab_module:WRONG\n", "print('hello')\nWRONG = 3\n", command, "--json")
    assert done.returncode == 0 and json.loads(done.stdout)
    hello, left_out = done.stderr.splitlines()
    assert hello == "hello"
    assert left_out.startswith("tsbench: ") and "'wrong' of lab 1.2 is left out: " in left_out


def test_an_interrupted_import_names_the_plug_in(tmp_path: Path) -> None:
    done = tsbench(
        tmp_path, "[tsbench.protocols]\nslow = lab_module:SLOW\n", "raise KeyboardInterrupt\n", "protocols")
    assert done.returncode == 130 and done.stdout == ""
    assert done.stderr == (
        "tsbench: interrupted while protocol 'slow' of lab 1.2 was imported by the module itself, which raised "
        "KeyboardInterrupt. Uninstall the plug-in or write to its author\n")


PRINTS_AT_THE_END = "import atexit\natexit.register(print, 'bye')\nWRONG = 3\n"
WARNS = "import warnings\nwarnings.warn('this module\\nis old')\nWRONG = 3\n"


def test_what_a_plug_in_prints_when_the_program_ends_is_not_among_json(tmp_path: Path) -> None:
    points = "[tsbench.protocols]\nwrong = lab_module:WRONG\n"
    done = tsbench(tmp_path, points, PRINTS_AT_THE_END, "protocols", "--json")
    assert done.returncode == 0 and json.loads(done.stdout)
    assert done.stderr.splitlines()[-1] == "bye"


def test_a_warning_of_a_plug_in_is_one_line_beside_the_help(tmp_path: Path) -> None:
    done = tsbench(
        tmp_path, "[tsbench.protocols]\nwrong = lab_module:WRONG\n", WARNS, "measure", "iv_sweep", "--help")
    assert done.returncode == 0 and "parameters of iv_sweep" in done.stdout and "is old" not in done.stdout
    assert done.stderr.splitlines()[0] == (
        "tsbench: protocol 'wrong' of lab 1.2 gives a warning when it is imported: this module is old (UserWarning in "
        f"{tmp_path / 'lab_module.py'}, line 2)")
    assert all("is old" not in line and "warnings.warn" not in line for line in done.stderr.splitlines()[1:])
