"""Spoil the bench on purpose, in this process and in child processes, to prove that the tests can fail.

A patch is applied to a module right after it is first imported, so nothing is imported early and the product holds
no switch for it.
"""

import importlib.abc
import importlib.machinery
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

Patch = Callable[[ModuleType], None]


def install_from_environment() -> None:
    """Install what TSBENCH_SABOTAGE names; called in child processes by ``sitecustomize``."""
    kind = os.environ.get("TSBENCH_SABOTAGE")
    if kind:
        install(kind)


def install(kind: str) -> None:
    """Spoil this process and, through the environment, the children it starts."""
    os.environ["TSBENCH_SABOTAGE"] = kind
    here = str(Path(__file__).resolve().parent)
    paths = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    if here not in paths:
        os.environ["PYTHONPATH"] = os.pathsep.join([here, *filter(None, paths)])
    for name, patch in PATCHES[kind].items():
        if name in sys.modules:
            patch(sys.modules[name])
    sys.meta_path.insert(0, _AfterImport(PATCHES[kind]))


class _AfterImport(importlib.abc.MetaPathFinder):
    """Lets the usual finders find the module, then runs the patch behind its execution."""

    def __init__(self, patches: dict[str, Patch]) -> None:
        self._patches = patches
        self._busy = False

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        if self._busy or fullname not in self._patches:
            return None
        self._busy = True
        try:
            spec = importlib.util.find_spec(fullname)
        finally:
            self._busy = False
        if spec is None or spec.loader is None:
            return None
        loader = spec.loader
        execute = loader.exec_module
        patch = self._patches[fullname]

        def execute_and_spoil(module: ModuleType) -> None:
            execute(module)
            patch(module)

        loader.exec_module = execute_and_spoil  # type: ignore[method-assign]
        return spec
