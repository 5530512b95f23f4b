"""Sizes that a reader can hold: functions, classes and files, and one name for one class.

How the methods of a class are counted:

* The class counts its own methods.
* A base class of ours with exactly one direct subclass is a piece of that subclass. The subclass counts the methods of
  the base too, and those of the base's bases by the same rule. So a class does not become smaller when half of it
  moves into a base class.
* A base class with two or more direct subclasses is shared. It is counted by itself, and its subclasses do not count
  its methods.
* A method that a class overrides counts once.
* A base class of another package does not count.

The classes of the packages and of the examples are counted. A subclass in the tests is no subclass here.
"""

import ast
from collections import Counter
from collections.abc import Iterator

from setup import ROOT
from tests.fixtures.source_files import FOLDERS, sources, trees

MOST_LINES, MOST_METHODS, LONGEST_FILE = 80, 25, 400  #: of a function, a class, a file
MOST_EXCEPTIONS = 10
#: functions and classes that may be longer, each with its reason
EXCEPTIONS: dict[str, str] = {}
#: the interface of another package prescribes their methods: they do not count
PRESCRIBED = {"simulated_backends/access/pyvisa_hook/library.py:TsbenchVisaLibrary": "pyvisa.highlevel.VisaLibraryBase"}


def statements(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the statements below a node: no expression contains a definition."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt | ast.excepthandler | ast.match_case):
            yield child
            yield from statements(child)


def definitions(*kinds: type[ast.stmt]) -> Iterator[tuple[str, ast.stmt]]:
    """Yield "path:name" and node of every definition of these kinds."""
    for path, tree in trees().items():
        for node in statements(tree):
            if isinstance(node, kinds):
                yield f"{path}:{node.name}", node  # type: ignore[attr-defined]


def methods(node: ast.ClassDef) -> list[str]:
    return [part.name for part in node.body if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)]


def imported_from_ours(tree: ast.Module) -> dict[str, str]:
    """Return what a file imports from our packages: the name in the file -> the name where it is defined."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in ("tsbench", "pyvisa_tsbench"):
            found |= {alias.asname or alias.name: alias.name for alias in node.names}
    return found


def direct_bases(trees: dict[str, ast.Module]) -> dict[str, list[str]]:
    """Return the names of the base classes of ours, by the name of the class. A class name means one thing."""
    found: dict[str, list[str]] = {}
    for tree in trees.values():
        classes = [node for node in statements(tree) if isinstance(node, ast.ClassDef)]
        known = imported_from_ours(tree) | {node.name: node.name for node in classes}
        for node in classes:
            names = found.setdefault(node.name, [])
            for base in node.bases:
                named = base.value if isinstance(base, ast.Subscript) else base   # Registry[int] is a Registry
                if isinstance(named, ast.Name) and named.id in known:
                    names.append(known[named.id])
                elif isinstance(named, ast.Attribute) and isinstance(named.value, ast.Name) and named.value.id in known:
                    names.append(named.attr)
    return found


def counted_methods(trees: dict[str, ast.Module]) -> dict[str, int]:
    """Return how many methods each class has, by "path:name", counted as the docstring of this file says."""
    classes = {f"{path}:{node.name}": node for path, tree in trees.items() for node in statements(tree)
               if isinstance(node, ast.ClassDef)}
    own = {node.name: methods(node) for node in classes.values()}
    bases = {name: [base for base in found if base in own] for name, found in direct_bases(trees).items()}
    subclasses = Counter(base for found in bases.values() for base in set(found))

    def names(name: str) -> set[str]:
        pieces = (base for base in bases[name] if subclasses[base] == 1)
        return set(own[name]).union(*map(names, pieces))

    return {key: len(own[node.name]) + len(names(node.name) - set(own[node.name])) for key, node in classes.items()}


def test_the_folders_are_found() -> None:
    assert {"core", "gui", "station", "simulated_backends"} <= FOLDERS
    assert len(sources()) > 300


def test_functions_fit_a_screen() -> None:
    found = {
        name for name, node in definitions(ast.FunctionDef, ast.AsyncFunctionDef)
        if (node.end_lineno or 0) - node.lineno + 1 > MOST_LINES
    }
    assert found == {name for name in EXCEPTIONS if name not in counted_methods(trees())}


def test_classes_have_few_methods() -> None:
    counted = counted_methods(trees())
    found = {name for name, count in counted.items() if count > MOST_METHODS}
    assert found == {name for name in EXCEPTIONS if name in counted} | set(PRESCRIBED), {
        name: counted[name] for name in found}


def test_exceptions_are_few_and_have_reasons() -> None:
    assert len(EXCEPTIONS) <= MOST_EXCEPTIONS and all(EXCEPTIONS.values())
    known = {name for name, _ in definitions(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)}
    assert EXCEPTIONS.keys() | PRESCRIBED.keys() <= known


SPLIT = """
from tsbench.far import {base} as Renamed
class Whole(Renamed):
    def one(self): ...
    def two(self): ...
"""
BASE = """
class Root:
    def four(self): ...
class Base(Root, Generic[T]):
    def two(self): ...
    def three(self): ...
"""


def test_the_methods_of_a_base_used_once_count_in_its_subclass() -> None:
    files = {"whole.py": ast.parse(SPLIT.format(base="Base")), "base.py": ast.parse(BASE)}
    assert counted_methods(files) == {"whole.py:Whole": 4, "base.py:Base": 3, "base.py:Root": 1}
    shared = files | {"other.py": ast.parse("from tsbench import base\nclass Other(base.Base):\n def one(self): ...")}
    assert counted_methods(shared)["whole.py:Whole"] == 2 and counted_methods(shared)["other.py:Other"] == 1
    foreign = files | {"other.py": ast.parse("from elsewhere import Base\nclass Other(Base):\n def one(self): ...")}
    assert counted_methods(foreign)["whole.py:Whole"] == 4 and counted_methods(foreign)["other.py:Other"] == 1


def test_files_are_short() -> None:
    assert {path for path, text in sources().items() if len(text.splitlines()) > LONGEST_FILE} == set()


def test_a_class_name_means_one_thing() -> None:
    count = Counter(name.partition(":")[2] for name, _ in definitions(ast.ClassDef))
    assert [name for name, times in count.items() if times > 1] == []


def test_no_constant_stands_twice_in_a_module() -> None:
    texts = sources() | {str(path): path.read_text("utf-8") for path in (ROOT / "benchmarks").rglob("*.py")}
    twice = [
        (path, name) for path, text in texts.items()
        for name, count in Counter(
            target.id for node in ast.parse(text).body
            for target in (node.targets if isinstance(node, ast.Assign) else
                           [node.target] if isinstance(node, ast.AnnAssign) else [])
            if isinstance(target, ast.Name)).items()
        if count > 1]
    assert not twice
