"""Compiled code for one topology: written once, kept in the user's cache folder, used for every such circuit.

The module that is written contains the step of :mod:`.straight_line` and, word for word, the loop of
:func:`.integrator.integrate` around it: there is one step control, whatever the code below it. Event times agree with
the generic code to 1e-9 over 100 periods (``tests/simulated_backends/circuit/test_specialised.py``).

Folder: ``kernels`` below ``$TSBENCH_CACHE``, else below the platform's cache folder for tsbench. A kernel is some 100
kB; nothing is ever looked up but by the digest of what it was made from, so deleting the folder is always safe.
"""

import functools
import hashlib
import importlib.util
import inspect
import os
import platform
import sys
import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

from tsbench.simulated_backends.circuit.kernel import generic_step, integrator
from tsbench.simulated_backends.circuit.kernel.straight_line import StraightLine
from tsbench.simulated_backends.circuit.kernel.topology import Topology
from tsbench.simulated_backends.devices.straight_forms import STRAIGHT_FORMS
from tsbench.simulated_backends.numerics.compilation import stamp_of_all_sources

LARGEST_SIZE = 16  #: unknowns; the text grows with their square, and the compiler's time faster

_HEAD = '''"""Written by tsbench for one topology of circuit; may be deleted at any time."""
from __future__ import annotations

import math
from typing import Any

from tsbench.simulated_backends.circuit.kernel.equations import drive_at, stage_rate
from tsbench.simulated_backends.circuit.kernel.generic_step import move_drive
from tsbench.simulated_backends.circuit.kernel.growth import LOOK_AFTER, WATCH, two_states_may_grow
from tsbench.simulated_backends.circuit.kernel.thermal_noise import END, ON, ON_DEVICES, STILL, draw_noise_at
from tsbench.simulated_backends.circuit.kernel.integrator import (
    FIRST_STEP, CALL_AGAIN, GROWS, GROWS_AT_END, NO_CURRENT, REACHED, SMALL, STUCK, UNSTABLE, find_currents_at,
    look_at)
from tsbench.simulated_backends.circuit.kernel.noise import next_piece
from tsbench.simulated_backends.circuit.kernel.step_control import (
    NOTHING_BEFORE, error_to_remember, growth_after_refusal, growth_after_success, log2_roughly,
    logarithm_of_error, rung)
from tsbench.simulated_backends.numerics.compilation import compiled, inlined
from tsbench.simulated_backends.devices.compiled import evaluate_device
'''


def cache_folder() -> Path:
    """Return the folder of the kernels: one that can be written to."""
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


@functools.lru_cache(maxsize=64)
def specialised_integrate(topology: Topology) -> Any:
    """Return :func:`.integrator.integrate` for circuits of this topology alone, or None where it is too large."""
    if topology.size > LARGEST_SIZE:
        return None
    return load(integrator_text(topology), "integrate").integrate


def load(text: str, name: str) -> ModuleType:
    """Import a module of compiled functions from its text, by way of the cache folder."""
    made_from = "\n".join((
        text, stamp_of_all_sources(), platform.python_version(), *(version(p) for p in ("numba", "llvmlite", "numpy"))))
    digest = hashlib.sha256(made_from.encode()).hexdigest()[:24]
    path = cache_folder() / f"{name}_{digest}.py"
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


def device_imports(topology: Topology) -> str:
    """Return import statements of the straight forms of the devices."""
    forms = {STRAIGHT_FORMS[d.kind] for d in topology.devices if d.kind in STRAIGHT_FORMS}
    return "".join(f"from {f.module} import {f.function}\n" for f in sorted(forms, key=lambda f: f.function))


def integrator_text(topology: Topology) -> str:
    """Return the module of the integrator for one topology."""
    head = inspect.getsource(generic_step.take_step.py_func)
    signature = head[head.index("def take_step("): head.index(') -> float:')]
    loads = [f"L_{r}_{c} = L[{r}, {c}]" for r, columns in enumerate(topology.occupied) for c in columns]
    for k, device in enumerate(topology.devices):
        form = STRAIGHT_FORMS.get(device.kind)
        loads += [f"P_{k}_{j} = devices[{k}, {j}]" for j in range(form.parameters if form else 0)]
    loads += [f"d_{r} = drives[0][{r}]" for r in range(len(topology.occupied))]
    loads += [f"s_{r} = drives[1][{r}]" for r in range(len(topology.occupied))]
    loads += [f"y{a} = y[{a}]" for a in range(topology.size)]
    loads += [f"w_{a} = weights[{a}]" for a in range(topology.size)]
    stores = [f"{array}{a}] = {name}{a}" for a in range(topology.size)
              for array, name in (("trial[", "z"), ("dense_p[row, ", "p"), ("dense_q[row, ", "q"))]
    straight = StraightLine(topology)
    step = straight.step()
    stores += [f"rates[{a}, {c}] = {name}" for (a, c), name in straight.rates.items()]
    return "\n".join((
        _HEAD + device_imports(topology), "",
        "@inlined\ndef begin_step(circuit, scratch, y):\n    pass\n\n",
        "@inlined\ndef linearise(circuit, scratch, n):\n    pass\n\n",
        f"@inlined\n{_without_types(signature)}):",
        *indented(["L, R, E, devices, stages, index = circuit",
                   "vectors, matrices, pivots, drives, work, modes = scratch",
                   "trial, states, rates = vectors[2], vectors[0], matrices[2]", *loads, *step, *stores,
                   "return squared"]),
        "\n", inspect.getsource(integrator.integrate.py_func)))


def indented(lines: Sequence[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def _without_types(signature: str) -> str:
    names = [part.split(":")[0].strip() for part in signature[signature.index("(") + 1:].split(",")]
    return f"def take_step({', '.join(n for n in names if n)}"
