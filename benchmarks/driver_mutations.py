"""Do the tests of drivers notice the faults that hurt a device? ``python -m benchmarks.driver_mutations [--count 60]``.

Each change is one fault of one driver, of the kinds that are made in drivers: a scale is wrong, a part of a message is
dropped, a channel is swapped, a value is not read back, an output is left on. The tests of the drivers run until one
fails; a change that none of them notices has survived.

The places are drawn evenly over kinds of fault and families of instruments, each change once. ``--resume FILE`` goes on
where FILE ends.
"""

import argparse
import ast
import copy
import importlib
import json
import os
import random
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

from benchmarks.mutations import LIBRARIES, ROOT, Change, noticed_by
from benchmarks.report import Line, report

FOLDER = ROOT / "instruments"
#: folders of instruments/ that drive nothing
SHARED = {"guard", "interfaces", "languages", "links"}
MOST_SURVIVORS_OF_60 = 2
#: functions whose first arguments say in an error what it is about, and how many
_SUBJECTS = {"accepted": 1, "require_in_range": 2}

Mutation = Callable[[ast.AST], str | None]  #: changes a node in place and says how, or returns None


def _text_of(node: ast.AST) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _called(node: ast.AST) -> str:
    if not isinstance(node, ast.Call):
        return ""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def wrong_scale(node: ast.AST) -> str | None:
    """A number is sent or read in milliunits."""
    if _called(node) in {"format_number", "format_list"} and isinstance(node, ast.Call) and node.args:
        argument = ast.unparse(node.args[0])
        scaled = f"({argument}) * 1000" if _called(node) == "format_number" else f"[1000 * n for n in ({argument})]"
        node.args[0] = ast.parse(scaled, mode="eval").body
        return f"{argument} is sent 1000 times too large"
    return None


def wrong_reading(node: ast.AST) -> str | None:
    """A number that was read back is taken 1000 times too small."""
    if _called(node) in {"ask_number", "number"} and isinstance(node, ast.Call):
        inner = copy.copy(node)
        node.func, node.args, node.keywords = ast.Name("float"), [ast.BinOp(inner, ast.Mult(), ast.Constant(1e-3))], []
        return f"{ast.unparse(inner)[:60]} is taken 1000 times too small"
    return None


def dropped_part(node: ast.AST) -> str | None:
    """The last word of a command's header is dropped, or the unit behind a number."""
    text = _text_of(node)
    if text is None or not re.match(r"[:A-Za-z*]", text):
        return None
    found = re.fullmatch(r"(:?[A-Za-z:{}]+):([A-Za-z]+)(\??.*)", text, re.S)
    if found is None or len(text) < 8 or " " in found[1]:
        return None
    assert isinstance(node, ast.Constant)
    node.value = f"{found[1]}{found[3]}"
    return f"'{text}' becomes '{node.value}'"


def swapped_channel(node: ast.AST) -> str | None:
    """A message goes to another channel. A number with its unit, as a text for people has it, names no channel."""
    if not isinstance(node, ast.FormattedValue):
        return None
    said = ast.unparse(node.value)
    if not re.search(r"(?:channel|number|unit|output|slot|smu)\b", said) or "format" in said or "quantity" in said:
        return None
    node.value = ast.parse(f"{{'1': '2', '2': '1', 'a': 'b', 'b': 'a'}}.get(str({said}), {said})", mode="eval").body
    return f"{{{said}}} of a message names the other channel"


def not_read_back(node: ast.AST) -> str | None:
    """What was asked for is believed to be set."""
    if _called(node) == "accepted" and isinstance(node, ast.Call) and len(node.args) >= 3:
        asked = node.args[1]
        said = ast.unparse(node.args[0])
        node.func, node.args, node.keywords = ast.Name("float"), [asked], []
        return f"{said} is not read back"
    return None


def left_on(node: ast.AST) -> str | None:
    """An output stays on."""
    text = _text_of(node)
    if text is not None and isinstance(node, ast.Constant):
        changed = re.sub(r"\b(OUTP[A-Za-z]*\S* )(?:OFF|0)\b", r"\1ON", text)
        changed = changed if changed != text else re.sub(r"(\.output *= *)(?:0|\{0\})", r"\g<1>1", text)
        if changed != text:
            node.value = changed
            return f"'{text}' becomes '{changed}'"
    if _called(node) == "set_output" and isinstance(node, ast.Call) and node.args and ast.unparse(
            node.args[0]) == "False":
        node.args[0] = ast.Constant(True)
        return "an output that is switched off is switched on"
    return None


KINDS: dict[str, Mutation] = {
    "scale": wrong_scale, "reading": wrong_reading, "part": dropped_part, "channel": swapped_channel,
    "read-back": not_read_back, "output": left_on,
}


def changes_of(file: Path, kind: str) -> Iterator[tuple[int, str, str]]:
    """Yield line, description and changed text of every change of one kind in a file."""
    text = file.read_text("utf-8")
    tree = ast.parse(text)
    prose = _prose(tree)
    nodes = [(number, node) for number, node in enumerate(ast.walk(tree)) if id(node) not in prose]
    places = [(number, getattr(node, "lineno", 0)) for number, node in nodes if KINDS[kind](node) is not None]
    for number, line in places:
        tree = ast.parse(text)
        said = KINDS[kind](next(one for k, one in enumerate(ast.walk(tree)) if k == number))
        assert said is not None
        yield line, said, ast.unparse(ast.fix_missing_locations(tree))


def _prose(tree: ast.AST) -> set[int]:
    """Return the texts for people, by identity: an instrument does not get them, whatever they say.

    These are docstrings, what is raised, a text with the instrument's label, and the subject of a limit or of a
    read-back (``accepted("channel 1 offset", ...)``), which stands in an error only.
    """
    found = set[int]()
    for one in ast.walk(tree):
        if isinstance(one, ast.Expr):
            found.add(id(one.value))
        whole = isinstance(one, ast.Raise) or (isinstance(one, ast.JoinedStr) and any(
            isinstance(part, ast.FormattedValue) and ast.unparse(part.value).endswith("label") for part in one.values))
        named = one.args[:_SUBJECTS.get(_called(one), 0)] if isinstance(one, ast.Call) else []
        for top in [one] if whole else named:
            found |= {id(part) for part in ast.walk(top)}
    return {id(one) for one in ast.walk(tree) if id(one) in found
            and (_text_of(one) is not None or isinstance(one, ast.FormattedValue))}


def draw(rng: random.Random) -> Change:
    """Draw a kind of fault, a family that has places for it, and one of them."""
    families = sorted(folder for folder in FOLDER.iterdir() if folder.is_dir() and folder.name not in SHARED
                      and (folder / "__init__.py").exists())
    while True:
        kind, family = rng.choice(sorted(KINDS)), rng.choice(families)
        files = [file for file in sorted(family.rglob("*.py")) if file.name not in {"__init__.py", "data_sheet.py"}]
        if not files:
            continue
        file = rng.choice(files)
        found = list(changes_of(file, kind))
        if found:
            line, said, text = rng.choice(found)
            return Change("instruments", file.relative_to(ROOT).as_posix(), line, f"{kind}: {said}", text)


def main() -> int:
    """Draw changes, run the tests on each, print the table; 0 if few enough survive."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--resume", type=Path, metavar="FILE")
    options = parser.parse_args()
    os.chdir(ROOT)
    for name in LIBRARIES:
        importlib.import_module(name)
    rng = random.Random(options.seed)
    drawn = set[tuple[str, int, str]]()
    kept = options.resume
    done = [json.loads(line) for line in kept.read_text("utf-8").splitlines()] if kept and kept.exists() else []
    survivors = [one for one in done if not one["noticed"]]
    for number in range(options.count):
        change = draw(rng)
        while (place := (change.path, change.line, change.what)) in drawn:
            change = draw(rng)
        drawn.add(place)
        if number < len(done):
            continue
        noticed = noticed_by(change, "tests/instruments")
        row = {**{key: value for key, value in asdict(change).items() if key != "text"}, "noticed": noticed}
        done.append(row)
        if not noticed:
            survivors.append(row)
        if kept:
            with kept.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(row) + "\n")
        sys.stderr.write(f"{number + 1}/{options.count} {change.path}:{change.line} {change.what}: "
                         f"{noticed or 'SURVIVED'}\n")
    allowed = MOST_SURVIVORS_OF_60 * options.count // 60
    return report("driver_mutations", "Faults of drivers that their tests notice", [
        Line("faults noticed", f"{len(done) - len(survivors)} of {len(done)}", f">= {options.count - allowed}",
             len(survivors) <= allowed),
        *(Line(f"{one['path']}:{one['line']}", one["what"][:90], "noticed", False) for one in survivors)])


if __name__ == "__main__":
    sys.exit(main())
