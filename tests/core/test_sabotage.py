"""Every patch of the sabotage switches finds what it spoils."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("kind", ["resistor", "units", "output"])
def test_every_module_that_is_spoilt_can_be_imported(kind: str) -> None:
    code = (f"import importlib, spoil; spoil.install({kind!r}); "
            f"[importlib.import_module(name) for name in spoil.PATCHES[{kind!r}]]")
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT / "tests" / "sabotage", capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stderr
