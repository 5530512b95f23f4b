"""Validation: whether a run file is complete, unchanged, and conforms to the schema."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from tsbench.errors import UnreadableFile
from tsbench.records import Run
from tsbench.storage import codec, record_data
from tsbench.storage.journal.reader import read_journal
from tsbench.storage.journal.writer import SUFFIX as JOURNAL_SUFFIX
from tsbench.storage.nexus.hdf5_guard import LARGEST_FILE, open_guarded, reason
from tsbench.storage.nexus.reader import read_file, read_results
from tsbench.storage.nexus.schema import CHANGED, NUMERIC, REQUIRED, RESULTS, STATUSES, TREE_DIGEST, has_tree_digest
from tsbench.storage.nexus.tree_digest import blocks, tree_digest
from tsbench.storage.sidecar import inspect_extraction

_EDITED = "The file was changed after tsbench wrote it. Use another copy"
_OLD = (
    "this file has schema 1.0. In such a file, tsbench detects later changes of the description of the run, the "
    "points, the waveforms, the events and the results. It does not detect changes of the HDF5 attributes, or of the "
    "groups that repeat the data for other programs (NeXus viewers, netCDF)"
)


@dataclass(frozen=True)
class Verdict:
    """The result of a validation: one line for each problem (empty: the file is whole), and what was not checked."""

    problems: list[str]
    note: str = ""  #: what was not checked, "" where all was


def inspect(path: Path, largest: int = LARGEST_FILE) -> list[str]:
    """Return the problems of a run file, a journal or a sidecar, as ``verdict``.

    Parameters
    ----------
    path : of the file
    largest : [bytes] that it may hold when it is unpacked
    """
    return verdict(path, largest).problems


def verdict(path: Path, largest: int = LARGEST_FILE) -> Verdict:
    """Validate a run file, a journal or a sidecar.

    Checked are structure, default plot, units on every numeric dataset, checksums, counts against each other and the
    plan, and the digest of all content. This runs in the calling process; ``safe_read.examine`` runs it in a child.

    Parameters
    ----------
    path : Path
        The suffix tells journal (``.tsj``), sidecar (``.json``) and run file apart.
    largest : int
        [bytes] that the file may hold when it is unpacked.

    Returns
    -------
    Verdict

    Raises
    ------
    UnreadableFile
        It cannot be examined: no run file, truncated, or refused.
    """
    if path.suffix == JOURNAL_SUFFIX:
        return Verdict(_inspect_journal(path))
    if path.suffix == ".json":
        return Verdict([], inspect_extraction(path))
    with open_guarded(path, largest) as file:
        if "tsbench_schema" not in file.attrs:
            raise UnreadableFile(f"{path}: this HDF5 file is not a run file of tsbench")
        whole = has_tree_digest(str(file.attrs["tsbench_schema"]))
        try:
            problems = [f"{name} is missing" for name in REQUIRED if name not in file]
            problems += _default_plot(file)
            problems += _datasets(file)
            built = not problems
            problems += _tree(file) if whole else _unreadable(file)
            if built:
                problems += _agreement(file["entry"])
        except Exception as error:  # noqa: BLE001  a damaged file raises whatever it likes
            raise UnreadableFile(f"{path}: the file is damaged ({reason(error)}). Use another copy") from None
    note = "" if whole else _OLD
    if problems:
        return Verdict(problems, note)
    try:
        run = read_file(path, largest, verify=not whole)  # the digest of the whole file holds that of the run
    except UnreadableFile as error:
        return Verdict([str(error).removeprefix(f"{path}: ")], note)
    return Verdict(_counts(run), note)


def _inspect_journal(path: Path) -> list[str]:
    journal = read_journal(path)
    problems = list(journal.problems)
    if journal.header is None:
        problems.append("the description of the run is missing at the beginning of the journal")
    if journal.finish is None:
        problems.append("the run has not ended. If a crash ended the measuring process, run 'tsbench recover "
                        f"{path.parent}'")
    return problems


def _default_plot(file: Any) -> list[str]:
    place = file
    for _ in range(8):
        if place.attrs.get("NX_class") == "NXdata":
            break
        default = place.attrs.get("default")
        if not isinstance(default, str) or default not in place:
            return [f"{place.name}: the attribute 'default' does not name a group, so NeXus viewers have no plot to "
                    "show"]
        place = place[default]
    signal = place.attrs.get("signal")
    if not isinstance(signal, str) or signal not in place:
        return [f"{place.name}: the attribute 'signal' does not name a dataset, so NeXus viewers have no plot to show"]
    if place[signal].dtype.kind != "f":
        return [f"{place.name}/{signal}: the default plot must show floating-point numbers, but this dataset has "
                f"the type {place[signal].dtype}"]
    return []


def _datasets(file: Any) -> list[str]:
    problems: list[str] = []

    def visit(name: str, item: Any) -> None:
        if isinstance(item, h5py.Group) and "NX_class" not in item.attrs:
            problems.append(f"{name}: the attribute 'NX_class' is missing")
        if isinstance(item, h5py.Dataset) and item.dtype.kind in NUMERIC and "units" not in item.attrs:
            problems.append(f"{name}: the attribute 'units' is missing")

    file.visititems(visit)
    return problems


def _tree(file: Any) -> list[str]:
    """Compare all that a reader of HDF5 sees with the digest in the file."""
    stored = file.attrs.get(TREE_DIGEST)
    if stored is None:
        return [f"the file has no attribute '{TREE_DIGEST}', so tsbench cannot detect changes of the file"]
    try:
        return [] if tree_digest(file, TREE_DIGEST) == stored else [CHANGED]
    except OSError as error:
        return _unreadable(file) or [reason(error)]


def _unreadable(file: Any) -> list[str]:
    """Name the datasets that cannot be read: every chunk has its checksum."""
    problems: list[str] = []

    def visit(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            try:
                for _ in blocks(item):
                    pass
            except OSError as error:
                problems.append(f"{name}: {reason(error)}")

    file.visititems(visit)
    return problems


def _agreement(entry: Any) -> list[str]:
    """Return a problem for each fact that the file holds twice with different values."""
    return [f"{found}. {_EDITED}" for found in _contradictions(entry)]


def _contradictions(entry: Any) -> list[str]:
    problems = []
    if "schema" in entry["run"] and str(entry["run/schema"].asstr()[()]) != entry.file.attrs["tsbench_schema"]:
        problems.append("entry/run/schema differs from the attribute 'tsbench_schema' of the file")
    header_text = str(entry["run/header"].asstr()[()])
    if codec.sha256(header_text) != entry["run/header"].attrs.get("sha256"):
        problems.append("entry/run/header does not match its SHA-256")
    header = record_data.header_from(codec.from_json(header_text))
    if RESULTS in entry["run"]:
        stored = read_results(entry["extraction_001"]) if "extraction_001" in entry else ()
        if str(entry[f"run/{RESULTS}"].asstr()[()]) != codec.to_json(stored):
            problems.append(f"entry/run/{RESULTS} differs from entry/extraction_001")
    parameters = entry["protocol"].attrs.get("json", "")
    if codec.sha256(parameters) != entry["protocol"].attrs.get("sha256"):
        problems.append("the parameters in entry/protocol do not match their SHA-256")
    if parameters != codec.to_json(header.parameters):
        problems.append("the parameters in entry/protocol differ from the parameters in entry/run/header")
    for name, told in (
        ("identifier_experiment", header.run_id),
        ("sample/name", header.device.identifier),
        ("fixture/netlist", header.fixture.netlist),
        ("start_time", header.start_time),
    ):
        if str(entry[name].asstr()[()]) != told:
            problems.append(f"entry/{name} differs from entry/run/header")
    if bool(entry["run/simulated"][()]) != header.simulated:
        problems.append("entry/run/simulated differs from entry/run/header")
    if str(entry["run/status"].asstr()[()]) not in STATUSES:
        problems.append(f"entry/run/status must be one of {', '.join(STATUSES)}")
    length = len(entry["steps/flags"])
    problems += [
        f"entry/steps/{name} has {len(item)} values, but the run has {length} points"
        for name, item in entry["steps"].items()
        if len(item) != length
    ]
    for name, block in entry["waveforms"].items():
        if name.startswith("block_"):
            problems += _formulas(f"entry/waveforms/{name}", block)
    return problems


def _formulas(where: str, block: Any) -> list[str]:
    """The two formulas from codes to values must give the same values."""
    signal = block["signal"]
    scale, offset = float(signal.attrs["scale_factor"]), float(signal.attrs["add_offset"])
    nexus_scale, nexus_offset = float(block["signal_scaling_factor"][()]), float(block["signal_offset"][()])
    codes = np.array([-128.0, 0.0, 127.0])
    cf, nexus = codes * scale + offset, (codes + nexus_offset) * nexus_scale
    if not np.allclose(cf, nexus, rtol=1e-9, atol=abs(scale) * 1e-6):
        return [f"{where}: the attributes 'scale_factor' and 'add_offset' give other values than the datasets "
                "'signal_scaling_factor' and 'signal_offset'"]
    if (segments := int(np.sum(block["acquisitions/segments"][...]))) != signal.shape[0]:
        return [f"{where}: 'signal' has {signal.shape[0]} records, but 'acquisitions/segments' adds up to {segments} "
                "records"]
    return []


def _counts(run: Run) -> list[str]:
    planned, acquired = run.header.planned_points, len(run.points)
    if run.status == "success" and planned and acquired != planned and not run.reason:
        return [f"the status is success, but the run has {acquired} of {planned} planned points and gives no reason"]
    return []
