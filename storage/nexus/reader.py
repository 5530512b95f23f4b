"""The NeXus tree of a run file -> a run, checked against the digest that the file holds."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tsbench.errors import UnreadableFile
from tsbench.records import Flag, Result, Run, RunEvent
from tsbench.storage import codec, record_data
from tsbench.storage.nexus.chunks import read_codes
from tsbench.storage.nexus.hdf5_guard import LARGEST_FILE, open_guarded, reason
from tsbench.storage.nexus.schema import CHANGED, DIGEST, SCHEMA
from tsbench.storage.nexus.waveforms import read_waveforms
from tsbench.storage.nexus.writer import column_name


def read_file(path: Path, largest: int = LARGEST_FILE, verify: bool = True) -> Run:
    """Read a run file in this process.

    Parameters
    ----------
    path : of the file
    largest : [bytes] that the datasets may declare together
    verify : whether the content is compared with the digest

    Raises
    ------
    UnreadableFile
        Truncated, damaged, foreign, or its content differs from the digest in it.
    """
    with open_guarded(path, largest) as file:
        run = read_open_file(path, file)
        stored = str(file.attrs.get(DIGEST))
    if verify and record_data.run_digest(run) != stored:
        raise UnreadableFile(f"{path}: {CHANGED}")
    return run


def read_open_file(path: Path, file: Any, codes: Callable[[Any], npt.NDArray[Any]] = read_codes) -> Run:
    """Read an open run file; ``codes`` returns the codes of a dataset. UnreadableFile names ``path``."""
    schema = file.attrs.get("tsbench_schema")
    if schema is None:
        raise UnreadableFile(f"{path}: this HDF5 file is not a run file of tsbench")
    if str(schema).split(".", maxsplit=1)[0] != SCHEMA.split(".", maxsplit=1)[0]:
        raise UnreadableFile(f"{path}: the file has schema {schema}, but this version of tsbench reads only "
                             f"schema {SCHEMA}")
    try:
        return _run(file["entry"], codes)
    except UnreadableFile as error:
        raise UnreadableFile(f"{path}: {error}") from None
    except Exception as error:  # noqa: BLE001  a damaged file raises whatever it likes
        raise UnreadableFile(f"{path}: the file is damaged ({reason(error)}). Use another copy") from None


def _run(entry: Any, codes: Callable[[Any], npt.NDArray[Any]]) -> Run:
    header = record_data.header_from(codec.from_json(_text(entry["run/header"])))
    steps = entry["steps"]
    flags = steps["flags"][...].astype(np.uint32)
    names = [column_name(column) for column in header.columns]
    names = [f"{name}_column" if f"{name}_column" in steps else name for name in names]  # "index" of schema 1.0
    columns = [steps[name][...] for name in names]
    points = np.column_stack(columns) if columns else np.zeros((len(flags), 0))
    return Run(
        header=header,
        points=np.ascontiguousarray(points, dtype=np.float64),
        point_flags=flags,
        waveforms=read_waveforms(entry["waveforms"], codes),
        events=_events(entry["log"]),
        status=_text(entry["run/status"]),
        reason=_text(entry["run/reason"]),
        end_time=_text(entry["end_time"]),
        results=read_results(entry["extraction_001"]) if "extraction_001" in entry else (),
    )


def _text(dataset: Any) -> str:
    return str(dataset.asstr()[()])


def _texts(dataset: Any) -> list[str]:
    return [str(value) for value in dataset.asstr()[...]]


def _events(log: Any) -> tuple[RunEvent, ...]:
    return tuple(
        RunEvent(kind=kind, message=message, time=time, data=codec.from_json(data))
        for kind, message, time, data in zip(
            _texts(log["kind"]),
            _texts(log["message"]),
            log["time"][...].tolist(),
            _texts(log["data"]),
            strict=True,
        )
    )


def read_results(extraction: Any) -> tuple[Result, ...]:
    """Rebuild the results of one extraction group, in their order."""
    rows: dict[int, Result] = {}
    for name in extraction:
        if not name.startswith("results_"):
            continue
        part = extraction[name]
        numbers = {key: [_or_none(v) for v in part[key][...].tolist()]
                   for key in ("value", "low", "high", *record_data.LATER_RESULT)
                   if key in part or key not in record_data.LATER_RESULT}
        flags, conditions, methods = (
            part["flags"][...],
            _texts(part["words/conditions"]),
            _texts(part["words/method"]),
        )
        for position, row in enumerate(part["row"][...].tolist()):
            rows[row] = Result(
                quantity=str(part.attrs["quantity"]),
                unit=str(part["value"].attrs["units"]),
                **{key: found[position] for key, found in numbers.items()},
                method=methods[position],
                conditions=codec.from_json(conditions[position]),
                flags=Flag(int(flags[position])),
            )
    return tuple(rows[row] for row in sorted(rows))


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else value
