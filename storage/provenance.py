"""Provenance of a run: the code, the libraries and the machine."""

import functools
import getpass
import importlib.metadata
import platform
import subprocess
from pathlib import Path
from typing import Any

from tsbench.version import __version__

PROGRAM = "tsbench"
PROGRAM_URL = "urn:tsbench"  #: NeXus asks for one; a name, since the program has no page that could move or be missing
_LIBRARIES = ("numpy", "h5py", "pyvisa", "pyvisa-py", "pymeasure", "numba", "msgpack", "pydantic")


@functools.cache
def provenance() -> dict[str, Any]:
    """Return program, version, git state, Python, libraries, operating system and host as plain data."""
    return {
        "program": PROGRAM,
        "version": __version__,
        "git": git_state(Path(__file__).parent),
        "python": platform.python_version(),
        "libraries": {name: _version(name) for name in _LIBRARIES},
        "os": platform.platform(),
        "machine": platform.machine(),
        "host": platform.node(),
        "login": user_name(),
    }


def git_state(folder: Path) -> dict[str, Any] | None:
    """Return ``{"commit", "dirty"}`` of the working copy that holds ``folder``, None where there is none."""
    commit = _git(folder, "rev-parse", "HEAD")
    root = _git(folder, "rev-parse", "--show-toplevel")
    if not commit or not root or not (Path(root) / "pyproject.toml").is_file():
        return None
    if 'name = "tsbench"' not in (Path(root) / "pyproject.toml").read_text(encoding="utf-8", errors="replace"):
        return None  # installed inside somebody else's repository
    status = _git(folder, "status", "--porcelain", "--untracked-files=no")
    return {"commit": commit, "dirty": None if status is None else bool(status)}


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            capture_output=True,
            text=True,
            timeout=5,
            check=True,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _version(library: str) -> str:
    try:
        return importlib.metadata.version(library)
    except importlib.metadata.PackageNotFoundError:
        return ""


def user_name() -> str:
    """Return the name of the user of this process; "" where the system knows none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""
