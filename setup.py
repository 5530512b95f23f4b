"""The list of packages, computed when the project is built: every folder below the mapped ones that holds code."""

import tomllib
from pathlib import Path

from setuptools import setup

ROOT = Path(__file__).resolve().parent


def packages() -> dict[str, str]:
    """Return the import name of each package and its folder, relative to the root of the project.

    The mapped folders stand in ``[tool.setuptools.package-dir]`` of pyproject.toml; every folder below one of them
    that has an ``__init__.py`` is a package too, but for those that are mapped to another name themselves.
    """
    mapped = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["package-dir"]
    found = dict(mapped)
    for name, folder in mapped.items():
        for marker in sorted((ROOT / folder).rglob("__init__.py")):
            below = marker.parent.relative_to(ROOT).as_posix()
            if not any(below == other or below.startswith(f"{other}/") for other in mapped.values() if other != folder
                       and other.startswith(f"{folder}/")):
                found.setdefault(".".join([name, *marker.parent.relative_to(ROOT / folder).parts]), below)
    return dict(sorted(found.items()))


if __name__ == "__main__":
    setup(packages=list(packages()))
