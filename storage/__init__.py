"""Runs on disk: journal while measuring, one immutable run file afterwards, and reading them back.

Names are imported on first use: HDF5 comes in only where a run file is written or read.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tsbench.storage.provenance import provenance
    from tsbench.storage.recorder import RunRecorder
    from tsbench.storage.run_file import read_run, recover
    from tsbench.storage.run_id import new_run_id
    from tsbench.storage.safe_read import examine, read_foreign, validate
    from tsbench.storage.sidecar import append_extraction, extractions, read_extraction

_WHERE = {
    "RunRecorder": "recorder",
    "append_extraction": "sidecar",
    "examine": "safe_read",
    "extractions": "sidecar",
    "new_run_id": "run_id",
    "provenance": "provenance",
    "read_extraction": "sidecar",
    "read_foreign": "safe_read",
    "read_run": "run_file",
    "recover": "run_file",
    "validate": "safe_read",
}

__all__ = [
    "RunRecorder",
    "append_extraction",
    "examine",
    "extractions",
    "new_run_id",
    "provenance",
    "read_extraction",
    "read_foreign",
    "read_run",
    "recover",
    "validate",
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"tsbench.storage.{_WHERE[name]}"), name)
