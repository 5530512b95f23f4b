"""Write a corpus of run files, journals, sidecars and damaged ones with the installed version of tsbench.

``python tests/corpus/make.py BENCHES OUT``: BENCHES is a folder that holds the example benches (copy the files of
``examples`` to a neutral place first, since their path goes into every run); OUT is a folder that does not exist yet.
The runs of a version are never made again: they show what that version wrote.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

SHORT_SWEEP = {"stop": "1.2 V", "step": "100 mV", "compliance": "1 mA"}
RUNS: dict[str, tuple[str, str, str, dict[str, object]]] = {  # name: bench, device, protocol, parameters
    "sweep": ("nbo2", "D1", "iv_sweep", SHORT_SWEEP),
    "sweep_current": ("nbo2", "D1", "iv_sweep", {"drive": "current", "stop": "1 mA", "step": "50 uA",
                                                "compliance": "2 V", "check_oscillation": False}),
    "sweep_cycles": ("ag_sio2", "A1", "iv_sweep", {"stop": "1.2 V", "step": "50 mV", "compliance": "10 uA",
                                                  "cycles": 2, "both_polarities": True, "approach_rate": "1 V/s"}),
    "pulses": ("nbo2", "D1", "pulse_train", {"count": 3}),
    "oscillation": ("nbo2", "D1", "oscillation", {"bias": "2.2 V", "periods": 5}),
    "pairs": ("ag_sio2", "A1", "paired_pulse", {"points": 2, "repeats": 2, "resolution": 20}),
    "long_records": ("nbo2", "D1", "pulse_train", {"count": 12, "record_span": "45 us"}),
    "relaxation": ("ag_sio2", "A1", "relaxation", {"repeats": 2}),
}


def measure(benches: Path, out: Path, name: str, end: str = "") -> None:
    """Measure one run of RUNS into ``out``; ``end`` is how it ends early: stop or kill, and after how many items."""
    from tsbench.protocols import protocol_named
    from tsbench.station.runner import Control, run_protocol

    bench, device, protocol, parameters = RUNS[name]
    way, _, items = end.partition(":")
    control, seen = Control(), 0

    def follow(event: object) -> None:
        nonlocal seen
        seen += getattr(event, "kind", "") in {"point", "waveform"}
        if way == "stop" and seen == int(items):
            control.stop()
        if way == "kill" and seen == int(items):
            os.kill(os.getpid(), signal.SIGKILL)

    run_protocol(benches / f"{bench}.bench.toml", device, protocol_named(protocol).parse(parameters), out,
                 events=follow, control=control)


def main(benches: Path, out: Path) -> None:
    """Make the corpus and ``contents.json``, which says what this version finds in each file."""
    from tsbench.storage import append_extraction, read_run, recover
    from tsbench.storage.nexus.validation import inspect

    out.mkdir(parents=True)
    for name in RUNS:
        if name != "long_records":
            child(benches, out, name, name, "")
    child(benches, out, "sweep", "stopped", "stop:5")
    child(benches, out, "sweep", "killed", "kill:5")
    recover(out / "killed")
    child(benches, out, "sweep", "journal_points", "kill:5")
    child(benches, out, "relaxation", "journal_waveforms", "kill:5")
    child(benches, out, "long_records", "journal_raw", "kill:1")
    child(benches, out, "sweep", "failed", "", {"kind": "connection_lost", "message": 330, "everything": True})
    for folder in sorted(p for p in out.iterdir() if p.is_dir()):
        for path in sorted(folder.iterdir()):   # a name without the date, so that a test can ask for it
            if path.suffix == ".lock":
                path.unlink()
            else:
                path.replace(out / f"{folder.name}{path.suffix}")
        folder.rmdir()
    append_extraction(out / "sweep.nxs", read_run(out / "sweep.nxs").results, {"rule": "above=100u"})
    damage(out)
    contents: dict[str, dict[str, object]] = {}
    for path in sorted(out.iterdir()):
        if path.suffix in {".nxs", ".tsj"}:
            contents[path.name] = found(path, inspect, read_run)
    (out / "contents.json").write_text(json.dumps(contents, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def child(benches: Path, out: Path, name: str, folder: str, end: str, fault: object = None) -> None:
    """Measure in a process of its own, which may be killed."""
    environment = {**os.environ, **({"TSBENCH_FAULTS": json.dumps(fault)} if fault else {})}
    subprocess.run([sys.executable, __file__, "--one", str(benches), str(out / folder), name, end],
                   env=environment, check=False)
    print(folder, *(p.name for p in (out / folder).iterdir()))


def damage(out: Path) -> None:
    """Copies with the damage that disks and people do."""
    import h5py

    whole, journal = (out / "sweep.nxs").read_bytes(), (out / "journal_points.tsj").read_bytes()
    (out / "damaged_truncated.nxs").write_bytes(whole[: len(whole) // 2])
    middle = bytearray(journal)
    middle[-250] ^= 0x20
    (out / "damaged_byte.tsj").write_bytes(bytes(middle))
    (out / "damaged_torn_end.tsj").write_bytes(journal[:-7])
    (out / "damaged_empty.nxs").write_bytes(b"")
    (out / "damaged_no_hdf5.nxs").write_bytes(b"voltage,current\n0,0\n")
    shutil.copy(out / "sweep.nxs", out / "damaged_value.nxs")
    with h5py.File(out / "damaged_value.nxs", "r+") as file:
        file["entry/data/current"][3] *= 2


def found(path: Path, inspect: object, read_run: object) -> dict[str, object]:
    """Return what this version says of a file."""
    try:
        problems = inspect(path)  # type: ignore[operator]
        if path.suffix != ".nxs":
            return {"problems": [without_folder(problem, path) for problem in problems]}
        run = read_run(path)  # type: ignore[operator]
    except Exception as error:  # noqa: BLE001  whatever it says belongs to the record
        return {"error": without_folder(str(error), path)}
    return {
        "problems": problems, "status": run.status, "reason": run.reason, "points": len(run.points),
        "waveforms": len(run.waveforms), "events": len(run.events),
        "sums": [float(column) for column in run.points.sum(axis=0)] if len(run.points) else [],
        "codes": [int(w.codes.sum()) for w in run.waveforms],
        "results": [[r.quantity, r.value, r.low, r.high, r.unit] for r in run.results],
    }


def without_folder(text: str, path: Path) -> str:
    """Return a message without the folder of this machine."""
    return text.replace(str(path.parent) + os.sep, "").replace(str(path.parent), "FOLDER")


if __name__ == "__main__":
    if sys.argv[1] == "--one":
        measure(Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4], sys.argv[5])
    else:
        main(Path(sys.argv[1]), Path(sys.argv[2]))
