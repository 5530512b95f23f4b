"""Write the page of what the virtual instruments have and lack: ``python -m benchmarks.twin_subsystems``.

The subsystems are those of the command tables in the code. What a family lacks is in its folder (``LACKS`` in
``simulated_backends/virtual_instruments/*/__init__.py``).
"""

import importlib
import re
from collections.abc import Sequence
from pathlib import Path

from tsbench.simulated_backends.scpi.tree import declared
from tsbench.simulated_backends.virtual_instruments.registry import FOLDERS, VirtualInstrumentDeclaration

PAGE = Path(__file__).parents[1] / "docs" / "virtual_instruments.md"
_OF_EACH = {"STATus", "SYSTem"}  #: subsystems that the shared code declares
_HEAD = """# What the virtual instruments have and lack

*Reference.* A virtual instrument knows the commands that a lab uses for measurements. It refuses what it does not know,
as the instrument refuses an unknown command (-113 in SCPI). This page lists by family which subsystems there are, and
what the instrument has and the virtual instrument does not. `python -m benchmarks.twin_subsystems` writes this page
from the code. A test checks that it is up to date. The first lines of the files
`simulated_backends/virtual_instruments/*/instrument.py` describe the behaviour of each family and what was not compared
with an instrument. [imperfections](imperfections.md) lists accuracy, noise and times.

Instruments with a language of their own (TSP, FLEX, KXCI, the words of probers and temperature controllers) have no
subsystems.

"""


def folders() -> dict[str, tuple[Sequence[VirtualInstrumentDeclaration], tuple[str, ...]]]:
    """Return what each folder of virtual instruments declares, and what its instruments lack."""
    found = {}
    for name in FOLDERS.modules():
        module = importlib.import_module(name)
        declared_here = getattr(module, FOLDERS.attribute, ())
        one = isinstance(declared_here, VirtualInstrumentDeclaration)
        if declarations := (declared_here,) if one else tuple(declared_here):
            found[name.rpartition(".")[2]] = declarations, tuple(module.LACKS)
    return found


def subsystems(declaration: VirtualInstrumentDeclaration) -> set[str]:
    """Return the first words of the headers of a virtual instrument."""
    found: set[str] = set()
    for pattern, _ in declared(declaration.load()):
        words = pattern.replace("[", "").replace("]", "").removesuffix("?").lstrip(":").split(":")
        first = words[1] if words[0].startswith("C<") and len(words) > 1 else words[0]   # Siglent: behind the channel
        if not first.startswith("*"):
            found.update(first.partition("<")[0].strip("{}").split("|"))
    return set() if found == _OF_EACH else found


def words_of(declaration: VirtualInstrumentDeclaration) -> set[str]:
    """Return all words of the headers of a virtual instrument."""
    return {word for pattern, _ in declared(declaration.load()) for word in re.findall(r"[A-Za-z0-9_]+", pattern)}


def contents() -> str:
    """Return the text of the page."""
    parts = [_HEAD]
    for folder, (declarations, lacks) in sorted(folders().items()):
        models = ", ".join(f"`{one.name}`" for one in declarations)
        known = ", ".join(sorted(set[str]().union(*map(subsystems, declarations)))) or "a language of its own"
        parts.append(f"## {folder}\n\n* Models: {models}\n* Subsystems: {known}\n")
        listed = "".join(f"    * {one}\n" for one in lacks)
        parts.append(f"* Lacks:\n{listed}\n" if lacks else "* Lacks: nothing that we know of\n\n")
    return "".join(parts).rstrip("\n") + "\n"


if __name__ == "__main__":
    PAGE.write_text(contents(), "utf-8")
    print(f"{PAGE.name} is written")
