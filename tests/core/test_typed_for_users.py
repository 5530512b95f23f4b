"""Scripts of users pass ``mypy --strict`` against the types that tsbench ships, without a plugin of pydantic."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tsbench.protocols import PROTOCOLS

ROOT = Path(__file__).resolve().parents[2]
NUMBERS = """
from tsbench.protocols import IVSweep
IVSweep(stop=1.2)
reveal_type(IVSweep.parse({"stop": "1.2 V"}).stop)
IVSweep(stops=1.2)
"""


@pytest.fixture(scope="module")
def check(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return what mypy says of the README's scripts, the examples, and a script with one mistake."""
    folder = tmp_path_factory.mktemp("typed")
    subprocess.run([sys.executable, ROOT / "tests" / "typed_tree.py", folder / "tree"], check=True)
    readme = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    scripts = {f"readme_{number}.py": text for number, text in enumerate(readme)}
    scripts["measure_threshold.py"] = (ROOT / "examples" / "measure_threshold.py").read_text("utf-8")
    classes = {protocol.__name__: protocol.__module__ for protocol in PROTOCOLS.things().values()}
    scripts["every_protocol.py"] = "".join(
        f"from {module} import {name}\n{name}()\n" for name, module in classes.items())
    scripts["numbers.py"] = NUMBERS
    assert readme and classes
    for name, text in scripts.items():
        (folder / name.replace("numbers", "a_script")).write_text(text, "utf-8")
    files = sorted(path.name for path in folder.glob("*.py"))
    outcome = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "--config-file=",
         f"--cache-dir={os.devnull}", *files], cwd=folder,
        env={"MYPYPATH": str(folder / "tree"), "PATH": ""}, capture_output=True, text=True, check=False)
    assert not outcome.stderr
    return outcome.stdout


@pytest.mark.thorough
def test_only_the_mistake_is_found(check: str) -> None:
    errors = [line for line in check.splitlines() if ": error:" in line]
    assert len(errors) == 1 and errors[0].startswith("a_script.py:5") and "stops" in errors[0], check


def test_parse_keeps_the_class(check: str) -> None:
    assert 'a_script.py:4: note: Revealed type is "float"' in check.replace("builtins.", ""), check
