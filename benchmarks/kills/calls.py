"""The calls of this process that change files below a folder: counted, and made to fail or to kill at the n-th.

A shared library (``disk_calls.c``, loaded with LD_PRELOAD) stands between this process and the C library, because HDF5
and SQLite do not write through Python. Nothing that can be installed without rights counts calls below a folder and
kills between two of them; it is some 150 lines, and only this benchmark loads it.
"""

import ctypes
import errno
import os
import subprocess
import sys
import zlib
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).with_name("disk_calls.c")
#: its name changes with its source: another one in its place, while a process uses it, would disturb nothing
BUILT = Path(__file__).resolve().parents[2] / "build" / f"disk_calls_{zlib.crc32(SOURCE.read_bytes()):08x}.so"
_PRELOAD = "LD_PRELOAD"
#: what one letter of the record of calls means
NAMES = {"o": "open", "w": "write", "s": "sync", "t": "truncate", "r": "rename", "u": "remove", "d": "make folder"}
_COUNT, _FAIL_ONCE, _FAIL_ON, _KILL = range(4)


@dataclass(frozen=True)
class Disturbance:
    """What happens at the n-th call; with ``at`` = -1 nothing does, and the calls are counted."""

    at: int = -1
    kill: bool = False
    error: str = ""  #: name of the error of a call that fails
    once: bool = True  #: only that call fails, else each one from there on

    @property
    def name(self) -> str:
        """Return it in words, without the number of the call."""
        if self.kill:
            return "SIGKILL at a call"
        return f"{self.error} {'once' if self.once else 'from there on'}" if self.error else "none"


def relaunch() -> None:
    """Start this program again with the library, unless it has it."""
    if str(BUILT) in os.environ.get(_PRELOAD, ""):
        return
    BUILT.parent.mkdir(parents=True, exist_ok=True)
    if not BUILT.exists():
        part = BUILT.with_suffix(f".{os.getpid()}")
        subprocess.run(["cc", "-O2", "-Wall", "-shared", "-fPIC", "-o", str(part), str(SOURCE), "-ldl"], check=True)
        part.replace(BUILT)
    os.environ[_PRELOAD] = str(BUILT)
    os.execv(sys.executable, [sys.executable, "-m", "benchmarks.kills", *sys.argv[1:]])


def begin(folder: Path, what: Disturbance) -> None:
    """Count the calls below ``folder`` in this process from now on, and disturb one of them."""
    mode = _KILL if what.kill else _COUNT
    if what.error:
        mode = _FAIL_ONCE if what.once else _FAIL_ON
    number = getattr(errno, what.error) if what.error else errno.EIO
    _library().disk_calls_begin(str(folder).encode(), ctypes.c_long(what.at), mode, number)


def end() -> str:
    """Disturb nothing any more; return the record of the calls, one letter each."""
    library = _library()
    kinds: bytes = library.disk_calls_kinds()[:library.disk_calls_count()]
    library.disk_calls_end()
    return kinds.decode()


def _library() -> ctypes.CDLL:
    library = ctypes.CDLL(str(BUILT))
    library.disk_calls_count.restype = ctypes.c_long
    library.disk_calls_kinds.restype = ctypes.c_char_p
    return library
