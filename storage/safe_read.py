"""Reading foreign files in a child process: a file that crashes the HDF5 library ends only the child.

``python -m tsbench.storage.safe_read COMMAND PATH LARGEST`` is a child for one file; it answers in MessagePack.
``reading_children`` reads many files with few children.
"""

import contextlib
import dataclasses
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tsbench.errors import UnreadableFile
from tsbench.records import Run
from tsbench.storage import codec, record_data
from tsbench.storage.journal.writer import RAW_SUFFIX, SUFFIX

LARGEST = 2 * 2**30  #: [bytes] what a foreign file may declare
SECONDS = 120.0
_MEMORY = 2 * 2**30  #: [bytes] of the child beside the data
_COPIES = 4  #: of the data that it holds at once: codes, values, what it answers
_SMALL = 256 * 2**20  #: [bytes] whatever the size of the file
_UNPACKED = 250  #: times its size: noise keeps measured codes below 10


def read_foreign(path: Path | str, largest: int = LARGEST) -> Run:
    """Read a run file or journal from anywhere.

    Parameters
    ----------
    path : of the file
    largest : [bytes] that it may hold when it is unpacked

    Raises
    ------
    UnreadableFile
        One line: the file and what is wrong with it, also where reading it crashed.
    """
    return record_data.run_from(_ask("read", Path(path), largest))


def validate(path: Path | str, largest: int = LARGEST) -> list[str]:
    """Return the problems of a run file, one line each, none where it is complete and valid.

    Never raises for what is in the file: a file that cannot be read at all is one problem.

    Parameters
    ----------
    path : of the file
    largest : [bytes] that it may hold when it is unpacked
    """
    return examine(path, largest)[0]


def examine(path: Path | str, largest: int = LARGEST) -> tuple[list[str], str]:
    """Return the problems as ``validate`` does, and what was not checked ("" where all was).

    Parameters
    ----------
    path, largest : as of :func:`validate`
    """
    try:
        answer = _ask("validate", Path(path), largest)
    except UnreadableFile as error:
        return [str(error).removeprefix(f"{path}: ")], ""
    return list(answer["problems"]), str(answer["note"])


def bound(path: Path, largest: int = LARGEST) -> int:
    """Return what a file may hold when it is unpacked [bytes]; a small one that becomes large is made to harm.

    Parameters
    ----------
    path : of the file
    largest : [bytes] that any file may hold
    """
    files = (path, path.with_suffix(RAW_SUFFIX)) if path.suffix == SUFFIX else (path,)
    size = sum(file.stat().st_size for file in files if file.is_file())
    if path.suffix == SUFFIX and size > largest:
        raise UnreadableFile(f"{path}: the journal and its waveforms have {size / 1e9:.1f} GB, but tsbench reads at "
                             f"most {largest / 1e9:.1f} GB")
    return min(largest, max(_SMALL, _UNPACKED * size))


def environment() -> dict[str, str]:
    """Return the environment of a reading child: no filter plug-ins, one thread."""
    made = {**os.environ, "HDF5_PLUGIN_PATH": "::", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    made.pop("PYTHONFAULTHANDLER", None)
    return made


def require_file(path: Path) -> None:
    """Raise UnreadableFile unless ``path`` is a file."""
    if "\0" in str(path) or not path.is_file():
        a_directory = "\0" not in str(path) and path.is_dir()
        what = "this is a directory, not a file" if a_directory else "this file does not exist"
        raise UnreadableFile(f"{path}: {what}".replace("\0", "\N{SYMBOL FOR NULL}"))


def _ask(command: str, path: Path, largest: int) -> Any:
    require_file(path)
    largest = bound(path, largest)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "tsbench.storage.safe_read", command, str(path), str(largest)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            env=environment(),
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise UnreadableFile(f"{path}: reading the file took longer than {SECONDS:.0f} s. The file may "
                             "be malicious") from None
    if done.returncode != 0:
        raise UnreadableFile(f"{path}: the HDF5 library crashed while it read the file ({_cause(done)}). The file is "
                             "damaged")
    return answer_in(done.stdout)


def answer_in(content: bytes) -> Any:
    """Return what a child answered; UnreadableFile where it could not read the file."""
    answer = codec.unpack(content)
    if "error" in answer:
        raise UnreadableFile(answer["error"])
    return answer["answer"]


def _cause(done: "subprocess.CompletedProcess[bytes]") -> str:
    how = f"exit code {done.returncode}"
    if done.returncode < 0:  # POSIX: killed by a signal
        with contextlib.suppress(ValueError):
            how = signal.Signals(-done.returncode).name
    last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
    return f"{how}: {last[0][:120]}" if last else how


def limit(largest: int) -> None:
    """Bound memory and processor time of this process for the next file, where the system can.

    Parameters
    ----------
    largest : [bytes] that the file may hold when it is unpacked
    """
    if sys.platform == "win32":
        return  # the parent's timeout and the declared sizes bound it there
    import resource  # noqa: PLC0415  POSIX only

    for what, bound in (
        (resource.RLIMIT_AS, _MEMORY + _COPIES * largest),
        (resource.RLIMIT_CPU, int(time.process_time() + SECONDS)),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(what)
        try:
            resource.setrlimit(what, (bound if hard == resource.RLIM_INFINITY else min(bound, hard), hard))
        except (ValueError, OSError):
            continue  # macOS refuses some


def main(arguments: list[str]) -> int:
    """Answer one request on standard output."""
    command, name, largest = arguments[0], Path(arguments[1]), int(arguments[2])
    limit(largest)  # before HDF5 comes in
    sys.stdout.buffer.write(answered(command, name, largest))
    return 0


def answered(command: str, name: Path, largest: int) -> bytes:
    """Read one file in this process and return the answer for the parent.

    Parameters
    ----------
    command : "read", or another one: what is wrong with the file
    name : its path
    largest : [bytes] that it may hold when it is unpacked
    """
    from tsbench.storage.nexus.validation import verdict  # noqa: PLC0415
    from tsbench.storage.run_file import read_run  # noqa: PLC0415

    answer: dict[str, Any]
    try:
        if command == "read":
            # name.suffix tells journal from run file, whatever the content claims
            answer = {"answer": record_data.run_data(read_run(name, largest))}
        else:
            answer = {"answer": dataclasses.asdict(verdict(name, largest))}
    except UnreadableFile as error:
        answer = {"error": str(error)}
    except MemoryError:
        answer = {"error": f"{name}: reading this file needs more memory than allowed"}
    return codec.pack(answer)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
