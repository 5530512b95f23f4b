"""Fuzzes files that others may have made: ``python -m benchmarks.fuzz_files [--minutes N] [--resume] [--only run]``.

An input is a file of the corpus or an example, changed at random. It must hold:

* the answer is a value, or one clear line (an error of tsbench); no other exception leaves the program,
* the processor time and the memory of an input are bounded.

Run files, journals and sidecars are read by the functions, and within the limits, of the child process in which
``validate``, ``analyse`` and ``query`` read them. HDF5 may crash this child: then these commands print one line. Such
deaths are counted. The death of a process that reads another file fails. (The commands also start a new child after a
file that is refused. That is left out here, to save time.) ``--resume`` goes on with the counts in
``build/fuzz_files.json`` and adds up the minutes. Failing inputs are kept in ``build/fuzz_files``.
"""

import argparse
import contextlib
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.report import Line, report
from tsbench.errors import TsbenchError, UnreadableFile
from tsbench.storage import codec, safe_read

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "fuzz_files"
STATE = ROOT / "build" / "fuzz_files.json"
#: target -> seeds, relative to the repository
TARGETS: dict[str, tuple[str, ...]] = {
    "run": ("tests/corpus/06c60f1/sweep.nxs", "tests/corpus/06c60f1/pulses.nxs", "tests/corpus/06c60f1/killed.nxs"),
    "journal": ("tests/corpus/06c60f1/journal_points.tsj", "tests/corpus/06c60f1/journal_waveforms.tsj"),
    "sidecar": ("tests/corpus/06c60f1/sweep.extraction-002.json",),
    "bench": ("examples/*.bench.toml",),
    "world": ("examples/*.world.toml",),
    "campaign": ("examples/*.campaign.toml", "examples/*.list.toml"),
}
IN_CHILD = ("run", "journal", "sidecar")
MOST_SECONDS = 20.0  #: [s] of processor time for one input
MOST_MEMORY = 1500.0  #: [MB] that one input may add to the process
WORDS = (
    b"9" * 5000, b"-1", b"0", b"1e999", b"-1e-320", b"nan", b"inf", b"true", b"''", b'""', b"[]", b"{}", b"[[[[[[[[",
    b"{a=", b'"/dev/zero"', b'"../../../../etc/passwd"', b'"\\u0000"', b'"\\ud800"', b"1979-05-27T07:32:00Z",
    b'"' + b"x" * 70000 + b'"', b"[" * 3000, b"a." * 2000 + b"b = 1", b'"1 mV"', b'"1e400 V"', b"0x7fffffffffffffffff",
    b"\xff\xfe", b"\r", b"\x00", b'"__import__(\'os\').system(\'id\')"', b'"$HOME"', b"[instruments.generator]",
    b"[devices.D1]")


@dataclass
class Count:
    """What was found of one target so far."""

    minutes: float = 0.0
    inputs: int = 0
    read: int = 0  #: inputs with a value as answer
    refused: int = 0  #: inputs with a clear line
    deaths: int = 0  #: of the reading child, told as a clear line
    failed: int = 0
    seconds: float = 0.0  #: most processor time of an input [s]
    memory: float = 0.0  #: most that an input added [MB]


def changed(seed: bytes, draw: random.Random, others: Sequence[bytes], words: bool) -> bytes:
    """Return a seed with one to six changes."""
    content = bytearray(seed)
    for _ in range(draw.choice((1, 1, 2, 3, 6))):
        size = max(len(content), 1)
        place = draw.randrange(size)
        kind = draw.randrange(9)
        if kind == 0 and content:
            content[place % len(content)] ^= 1 << draw.randrange(8)
        elif kind == 1:
            content[place : place + draw.choice((1, 4, 8))] = draw.randbytes(draw.choice((1, 4, 8)))
        elif kind == 2:
            content[place : place + draw.choice((2, 4, 8))] = draw.choice((b"\xff" * 8, b"\x00" * 8))
        elif kind == 3:
            del content[place : place + draw.randrange(1, 200)]
        elif kind == 4:
            start = draw.randrange(size)
            content[place:place] = content[start : start + draw.randrange(1, 2000)]
        elif kind == 5:
            other = draw.choice(others)
            start = draw.randrange(max(len(other), 1))
            content[place : place + draw.randrange(1, 500)] = other[start : start + draw.randrange(1, 500)]
        elif kind == 6 and draw.random() < 0.2:
            del content[place:]
        elif words:
            content = _line_changed(content, draw)
    return bytes(content)


def _line_changed(content: bytearray, draw: random.Random) -> bytearray:
    """Return a text with one of its lines, or the value in it, replaced."""
    lines = content.split(b"\n")
    place = draw.randrange(len(lines))
    key, equals, _ = lines[place].partition(b"=")
    what = draw.randrange(4)
    if what == 0 and equals:
        lines[place] = key + b"= " + draw.choice(WORDS)
    elif what == 1:
        lines.insert(place, lines[draw.randrange(len(lines))])
    elif what == 2:
        del lines[place]
    else:
        lines.insert(place, draw.choice(WORDS))
    return bytearray(b"\n".join(lines))


def read_here(target: str, path: Path) -> None:
    """Read one file as the program does before it begins to measure."""
    if target in IN_CHILD:
        _as_reading_child(path)
    elif target == "bench":
        from tsbench.station.bench.bench_file import BenchFile

        file = BenchFile.load(path)
        for identifier in file.table.devices:
            file.device(identifier)
    elif target == "world":
        from tsbench.simulated_backends.world.world_file import load_world_file

        load_world_file(path)
    else:
        from tsbench.station.campaign.file import read_campaign

        read_campaign(path)


def _as_reading_child(path: Path) -> None:
    """Validate and read a file as the reading child does, and return its entry for a catalogue."""
    from tsbench.storage.catalogue_entry import catalogue_entry

    largest = safe_read.bound(path)
    safe_read.limit(largest)
    said = ""
    for command in ("validate",) if path.suffix == ".json" else ("validate", "read"):
        answer = codec.unpack(safe_read.answered(command, path, largest))
        said = answer.get("error") or "; ".join(answer["answer"].get("problems", ())) or said
    if path.suffix == ".nxs":
        said = catalogue_entry(path, None)["problem"] or said
    if said:
        raise UnreadableFile(said)


def child(target: str) -> None:
    """Read the files that standard input names, and say on standard output what became of each."""
    for line in sys.stdin:
        began, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        said, kind = "", ""
        try:
            read_here(target, Path(line.rstrip("\n")))
        except TsbenchError as error:
            said, kind = str(error), "refused"
        except Exception as error:  # noqa: BLE001  what must not happen
            said, kind = f"{type(error).__name__}: {error}", "failed"
        if kind == "refused" and ("\n" in said or not said):
            kind = "failed"
        memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1e3
        print(json.dumps({"kind": kind, "said": said[:300], "seconds": time.process_time() - began, "memory": memory}),
              flush=True)


class Here:
    """A process that reads files one after the other."""

    def __init__(self, target: str) -> None:
        self._command = [sys.executable, "-m", "benchmarks.fuzz_files", "--child", target]
        self._process: subprocess.Popen[str] | None = None
        self._death = "death" if target in IN_CHILD else "failed"

    def answer(self, path: Path) -> dict[str, Any]:
        process = self._process = self._process or subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            cwd=ROOT)
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(f"{path}\n")
        process.stdin.flush()
        line = process.stdout.readline()
        if not line:
            self.close()
            return {"kind": self._death, "said": "the process died", "seconds": 0.0, "memory": 0.0}
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def fuzz(target: str, minutes: float, count: Count) -> None:
    """Fuzz one target for so many minutes and add to its count."""
    seeds = [path.read_bytes() for pattern in TARGETS[target] for path in sorted(ROOT.glob(pattern))]
    suffix = {"run": ".nxs", "journal": ".tsj", "sidecar": ".extraction-002.json"}.get(target, f".{target}.toml")
    draw = random.Random(f"{target} {count.inputs}")
    reader = Here(target)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        _beside(target, Path(folder))
        path = Path(folder) / f"fuzzed{suffix}"
        try:
            while time.monotonic() - began < 60 * minutes:
                content = changed(draw.choice(seeds), draw, seeds, target not in {"run", "journal"})
                path.write_bytes(content)
                _add(count, reader.answer(path), target, content)
        finally:
            reader.close()
    count.minutes += (time.monotonic() - began) / 60


def _beside(target: str, folder: Path) -> None:
    """Put files there that the fuzzed one may name."""
    for other in (ROOT / "examples").glob("*.toml"):
        with contextlib.suppress(OSError):
            (folder / other.name).write_bytes(other.read_bytes())


def _add(count: Count, answer: dict[str, Any], target: str, content: bytes) -> None:
    count.inputs += 1
    kind = answer["kind"]
    count.seconds, count.memory = max(count.seconds, answer["seconds"]), max(count.memory, answer["memory"])
    if answer["seconds"] > MOST_SECONDS or answer["memory"] > MOST_MEMORY:
        kind = "failed"
    if kind == "failed":
        count.failed += 1
        BUILD.mkdir(parents=True, exist_ok=True)
        (BUILD / f"{target}-{count.inputs}").write_bytes(content)
        print(f"{target} {count.inputs}: {answer['said']}", file=sys.stderr, flush=True)
    elif kind == "death":
        count.deaths += 1
    elif kind == "refused":
        count.refused += 1
    else:
        count.read += 1


def line(target: str, count: Count) -> Line:
    """Return the row of one target."""
    memory = f", {count.memory:.0f} MB more at most"
    deaths = f", {count.deaths} deaths of the reading child" if target in IN_CHILD else ""
    return Line(f"{target} files", f"{count.minutes:.1f} minutes, {count.inputs} inputs: {count.read} read, "
                f"{count.refused} with a problem in one line{deaths}, {count.failed} failed; {count.seconds:.1f} s of "
                f"processor time at most{memory}",
                "none failed", count.failed == 0 < count.inputs)


def main(arguments: Sequence[str]) -> int:
    """Fuzz each target in its turn."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fuzz_files", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0, help="for each target")
    parser.add_argument("--quick", action="store_true", help="a few seconds for each target")
    parser.add_argument("--resume", action="store_true", help="add to the counts of earlier calls")
    parser.add_argument("--only", nargs="*", choices=tuple(TARGETS), help="these targets")
    parser.add_argument("--child", choices=tuple(TARGETS), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.child:
        child(options.child)
        return 0
    counts = {target: Count() for target in TARGETS}
    if options.resume and STATE.exists():
        counts |= {target: Count(**held) for target, held in json.loads(STATE.read_text()).items()}
    for target in options.only or TARGETS:
        fuzz(target, 0.1 if options.quick else options.minutes, counts[target])
        STATE.parent.mkdir(parents=True, exist_ok=True)
        STATE.write_text(json.dumps({name: asdict(count) for name, count in counts.items()}))
    return report("fuzz_files", "files under fuzzing",
                  [line(target, count) for target, count in counts.items() if count.inputs])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
