"""Compiled modules whose text is generated: for the dispatch over devices, for one device, for one topology.

Folder: ``kernels`` below ``$TSBENCH_CACHE``, else below the platform's cache folder for tsbench. A module is some 100
kB; nothing is ever looked up but by the digest of what it was made from, so deleting the folder is always safe.
"""

import hashlib
import importlib.util
import os
import platform
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

from tsbench.simulated_backends.numerics.compilation import stamp_of_all_sources


def cache_folder() -> Path:
    """Return the folder of the generated modules: one that can be written to."""
    base = os.environ.get("TSBENCH_CACHE") or os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    if not base:
        base = str(Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache"))
    folder = Path(base) / "tsbench" / "kernels"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError:
        return Path(tempfile.mkdtemp(prefix="tsbench_kernels_"))


def load(text: str, name: str) -> ModuleType:
    """Import a module of compiled functions from its text, by way of the cache folder.

    A text that uses functions from other folders than ours contains a digest of their files.
    """
    made_from = "\n".join((
        text, stamp_of_all_sources(), platform.python_version(), *(version(p) for p in ("numba", "llvmlite", "numpy"))))
    digest = hashlib.sha256(made_from.encode()).hexdigest()[:24]
    path = cache_folder() / f"{name}_{digest}.py"
    if path.stem in sys.modules:
        return sys.modules[path.stem]
    if not path.exists():
        with tempfile.NamedTemporaryFile("w", dir=path.parent, suffix=".tmp", delete=False, encoding="utf-8") as file:
            file.write(text)
        _put(Path(file.name), path)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module   # where numba looks for what it finds in its own cache
    spec.loader.exec_module(module)
    return module


def _put(written: Path, path: Path) -> None:
    """Give a module its name in one go, since another process may be looking; what that one put there serves too."""
    try:
        written.replace(path)
    except PermissionError:  # Windows: the other process is reading it
        written.unlink(missing_ok=True)
        if not path.exists():
            raise
