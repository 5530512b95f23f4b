"""Later extractions are written beside the run file, as ``RUN.extraction-NNN.json``; a run file is never changed."""

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tsbench.errors import UnreadableFile
from tsbench.records import Result
from tsbench.storage import codec, disk, record_data, run_id
from tsbench.storage.beside import alone
from tsbench.version import __version__

_KIND = "tsbench extraction"
_SCHEMA = 2  #: 1 had no digest of its own content
_LARGEST = 64 * 2**20  #: [bytes]
EXTRACTION = ".extraction-"  #: in the name of a sidecar, between the run and the number
SIDECAR_PART = ".json.part"  #: of one that is being written


def append_extraction(path: Path | str, results: Sequence[Result], parameters: Mapping[str, Any] | None = None) -> Path:
    """Write ``results`` beside the run file ``path`` and return the sidecar's path.

    Parameters
    ----------
    path : Path
        The run file; its SHA-256 goes into the sidecar, so that results of another file are told.
    results : sequence of Result
    parameters : mapping
        What the extraction was asked for, where it differs from the default.

    Raises
    ------
    StorageError
        It cannot be written.
    """
    path = Path(path)
    content: dict[str, Any] = {
        "kind": _KIND,
        "schema": _SCHEMA,
        "program": "tsbench",
        "version": __version__,
        "date": run_id.timestamp(),
        "input": {"file": path.name, "sha256": file_sha256(path)},
        "parameters": codec.plain(parameters or {}),
        "parameters_sha256": codec.sha256(codec.to_json(parameters or {})),
        "results": [record_data.result_data(result) for result in results],
    }
    content["sha256"] = _digest(content)
    data = json.dumps(json.loads(codec.to_json(content)), indent=1, ensure_ascii=False).encode()
    try:
        with alone(path):
            number = 2  # 001 is the extraction inside the run file
            while (sidecar := path.with_name(f"{path.stem}{EXTRACTION}{number:03d}.json")).exists():
                number += 1
            _write_whole(sidecar, data)
            return sidecar
    except OSError as error:
        raise disk.storage_error(error, path, "the extraction", kept=False) from error


def _write_whole(sidecar: Path, data: bytes) -> None:
    """Write a file that is never seen in part, whenever the process dies."""
    part = sidecar.with_name(sidecar.stem + SIDECAR_PART)
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o644)
        try:
            disk.write_all(descriptor, data)
            disk.sync_data(descriptor)
        finally:
            os.close(descriptor)
        disk.replace(part, sidecar)
        disk.sync_directory(sidecar.parent)
    except BaseException:
        with contextlib.suppress(OSError):
            disk.remove(part, missing_ok=True)
        raise


def read_extraction(sidecar: Path | str) -> tuple[Result, ...]:
    """Read a sidecar's results.

    Raises
    ------
    UnreadableFile
        No sidecar, its content is not what was written, or it belongs to a run file of another content.
    """
    return read_sidecar(Path(sidecar)).results


def inspect_extraction(sidecar: Path) -> str:
    """Return what could not be checked of a sidecar, "" where all was; UnreadableFile as ``read_extraction``."""
    return "" if read_sidecar(sidecar).checked else (
        "this extraction has schema 1, which has no checksum, so tsbench cannot detect later changes")


@dataclass(frozen=True)
class Sidecar:
    """What a sidecar holds."""

    results: tuple[Result, ...]
    version: str  #: of tsbench that has extracted them
    checked: bool  #: whether a digest vouches for them


def read_sidecar(sidecar: Path) -> Sidecar:
    """Read a sidecar; UnreadableFile as ``read_extraction``."""
    try:
        if sidecar.stat().st_size > _LARGEST:
            raise UnreadableFile(f"{sidecar}: the file is larger than {_LARGEST / 1e6:.0f} MB, too large for an "
                                 "extraction")
        text = sidecar.read_text(encoding="utf-8")
    except OSError as error:
        raise UnreadableFile(f"{sidecar}: the file cannot be read ({error.strerror or error})") from None
    except UnicodeDecodeError:
        raise UnreadableFile(f"{sidecar}: the file is not UTF-8 text") from None
    try:
        content = codec.from_json(text)
    except UnreadableFile as error:
        raise UnreadableFile(f"{sidecar}: {error}") from None
    if not isinstance(content, dict) or content.get("kind") != _KIND:
        raise UnreadableFile(f"{sidecar}: this file is not an extraction of tsbench")
    try:
        file, digest = sidecar.with_name(Path(content["input"]["file"]).name), content["input"]["sha256"]
        results = tuple(record_data.result_from(row) for row in content["results"])
        whole = "sha256" in content or content["schema"] != 1
    except UnreadableFile as error:
        raise UnreadableFile(f"{sidecar}: {error}. Use another copy, or run 'tsbench analyse' again") from None
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        said = f"{error} is missing" if isinstance(error, KeyError) else "a value has the wrong type"
        raise UnreadableFile(
            f"{sidecar}: the extraction is not complete, because {said}. Run 'tsbench analyse' again") from None
    if file.exists() and file_sha256(file) != digest:
        raise UnreadableFile(f"{sidecar}: this extraction was made from another version of {file.name}. Run "
                             "'tsbench analyse' again")
    if whole and content.pop("sha256", None) != _digest(content):
        raise UnreadableFile(f"{sidecar}: the file was changed after tsbench wrote it (SHA-256 differs). Use "
                             "another copy")
    return Sidecar(results, str(content.get("version", "")), whole)


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _digest(content: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a sidecar's content, in hexadecimal; spaces and the order of keys do not matter."""
    return codec.sha256(codec.to_json(content))


def extractions(path: Path | str) -> list[Path]:
    """Return the sidecars of a run file, oldest first."""
    path = Path(path)
    return sorted(path.parent.glob(f"{_escape(path.stem)}.extraction-*.json"))


def _escape(text: str) -> str:
    return "".join(f"[{c}]" if c in "*?[" else c for c in text)
