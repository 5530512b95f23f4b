"""Lay the mapped folders out as an ordinary package tree, for checkers that cannot follow the mapping."""

import shutil
import sys
from pathlib import Path

root = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(root))

from setup import packages  # noqa: E402 - the project's own, which is no package


def main(target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    for package, folder in packages().items():
        destination = target / package.replace(".", "/")
        destination.mkdir(parents=True, exist_ok=True)
        for source in (root / folder).iterdir():
            if source.suffix in {".py", ".pyi", ".typed", ".toml"}:
                shutil.copy2(source, destination / source.name)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
