"""The faults that :mod:`benchmarks.driver_mutations` plants: five kinds, each with several ways to make it.

A way looks at one node of a driver's syntax tree, changes it in place and says how, or returns None. What an instrument
or a user cannot notice is left out by rule (:mod:`benchmarks.driver_tree` has more of these rules):

* names that tsbench gives inside an instrument (``TSB1``, ``tsbench_smua``), and the numbers of timers: another name
  does the same, since it is used throughout;
* ``check_errors()`` that is followed by another one in the same block: the queue keeps the errors until then;
* the channel number in the call of a limit check (``require_...``): two channels have the same limits;
* factors in a tolerance: they set nothing.
"""

import ast
import re
from collections.abc import Mapping
from pathlib import Path

from benchmarks import driver_faults_output as output
from benchmarks.driver_tree import QUESTIONS, SENDERS, Tree, Way, called, dropped_element, is_message, text_of

_CONVERSIONS = {60.0, 100.0, 1e3, 1e6, 1e9, 1e12, 1e-3, 1e-6, 1e-9, 1e-12}
_TOLERANCES = {"absolute", "relative", "rel_tol", "abs_tol"}
_CHANNEL = re.compile(r"(?:\w+\.)*_?(?:channel|number|slot|smu|letter|output|input|ch|n)")


# ------------------------------------------------------------------------------------------------------ scale

def sent_scale(node: ast.AST, tree: Tree) -> str | None:
    """A number is sent 1000 times too large."""
    if isinstance(node, ast.Call) and called(node) in {"format_number", "format_list"} and node.args:
        said = ast.unparse(node.args[0])
        scaled = f"({said}) * 1000" if called(node) == "format_number" else f"[1000 * n for n in ({said})]"
        node.args[0] = ast.parse(scaled, mode="eval").body
        return f"{said} is sent 1000 times too large"
    return None


def written_scale(node: ast.AST, tree: Tree) -> str | None:
    """A number that a message formats itself is 1000 times too large."""
    if not isinstance(node, ast.FormattedValue) or node.format_spec is None:
        return None
    if not re.search(r"\d*[gfeE]'?$", ast.unparse(node.format_spec).strip("f\"'")):
        return None
    said = ast.unparse(node.value)
    node.value = ast.parse(f"({said}) * 1000", mode="eval").body
    return f"{said} is written 1000 times too large"


def read_scale(node: ast.AST, tree: Tree) -> str | None:
    """A number that was read is taken 1000 times too small."""
    if isinstance(node, ast.Call) and called(node) in {"ask_number", "number", "ask_value"}:
        said = ast.unparse(node)
        tree.replace(node, ast.parse(f"({said}) * 0.001", mode="eval").body)
        return f"{said[:60]} is taken 1000 times too small"
    return None


def reading_scale(node: ast.AST, tree: Tree) -> str | None:
    """A time, a voltage, a current or the scale of a record is 1000 times too large."""
    call = tree.parents.get(id(node))
    keyword = ""
    if isinstance(call, ast.keyword):
        keyword, call = call.arg or "", tree.parents[id(call)]
    places = {"Reading": (0, 1, 2, 3), "SegmentRecord": (0, 1, 2), "Scaling": (0, 1, 2, 3)}.get(called(call or node))
    if places is None or not isinstance(call, ast.Call) or not isinstance(node, ast.expr):
        return None
    if node in call.args:
        if call.args.index(node) not in places:
            return None
    elif keyword not in {"volts_per_code", "volts_at_zero", "first_sample", "interval"}:
        return None
    said = ast.unparse(node)
    tree.replace(node, ast.parse(f"({said}) * 1000", mode="eval").body)
    return f"{said[:60]} of a {called(call)} is 1000 times too large"


def left_out_factor(node: ast.AST, tree: Tree) -> str | None:
    """A factor that converts a unit is left out."""
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Mult | ast.Div):
        return None
    for one in (node, *tree.above(node)):
        if (isinstance(one, ast.keyword) and one.arg in _TOLERANCES) or isinstance(one, ast.Compare):
            return None
    sides = [(node.right, node.left)] + ([(node.left, node.right)] if isinstance(node.op, ast.Mult) else [])
    for factor, rest in sides:
        if isinstance(factor, ast.Constant) and isinstance(factor.value, int | float) and factor.value in _CONVERSIONS:
            said = ast.unparse(node)
            tree.replace(node, rest)
            return f"the factor of {said[:60]} is left out"
    return None


# -------------------------------------------------------------------------------------------- part of a message

def dropped_word(node: ast.AST, tree: Tree) -> str | None:
    """The last word of a command's header is dropped."""
    text = text_of(node)
    if text is None or not re.match(r"[:A-Za-z*]", text):
        return None
    found = re.fullmatch(r"(:?[A-Za-z:{}]+):([A-Za-z]+)(\??.*)", text, re.S)
    if found is None or len(text) < 8 or " " in found[1]:
        return None
    assert isinstance(node, ast.Constant)
    node.value = f"{found[1]}{found[3]}"
    return f"'{text}' becomes '{node.value}'"


def dropped_parameter(node: ast.AST, tree: Tree) -> str | None:
    """What stands behind the last comma of a message is dropped."""
    if not is_message(node, tree):
        return None
    said = ast.unparse(node)
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    for number in range(len(parts) - 1, -1, -1):
        one = parts[number]
        text = text_of(one)
        if text is not None and "," in text and isinstance(one, ast.Constant):
            one.value = text.rpartition(",")[0]
            del parts[number + 1:]
            return f"{said[:60]} ends before its last comma"
    return None


def dropped_message(node: ast.AST, tree: Tree) -> str | None:
    """One message is not sent."""
    if isinstance(node, ast.Expr) and called(node.value) in SENDERS and id(node) not in tree.prose:
        assert isinstance(node.value, ast.Call)
        if len(node.value.args) > 1:
            return None
        said = ast.unparse(node.value)
        tree.replace(node, ast.Pass())
        return f"{said[:60]} is not sent"
    return dropped_element(node, tree)


# ---------------------------------------------------------------------------------------------------- channel

def _other(node: ast.expr) -> ast.expr:
    return ast.parse(f"_other_channel({ast.unparse(node)})", mode="eval").body


def named_channel(node: ast.AST, tree: Tree) -> str | None:
    """A message or a name has another channel."""
    if not isinstance(node, ast.FormattedValue) or not _CHANNEL.fullmatch(ast.unparse(node.value)):
        return None
    whole = tree.parents[id(node)]
    if re.match(r"f['\"](?:TSB|tsbench_)", ast.unparse(whole)) or "timer[" in ast.unparse(whole):
        return None
    said = ast.unparse(node.value)
    node.value = _other(node.value)
    return f"{{{said}}} of {ast.unparse(whole)[:60]} is the other channel"


def given_channel(node: ast.AST, tree: Tree) -> str | None:
    """A function is called for another channel."""
    if not isinstance(node, ast.Name | ast.Attribute) or not _CHANNEL.fullmatch(ast.unparse(node)):
        return None
    call = tree.parents.get(id(node))
    if isinstance(call, ast.keyword):
        call = tree.parents[id(call)]
    if not isinstance(call, ast.Call) or node is call.func or id(call) in tree.prose or called(call) in {
            "isinstance", "str", "int", "float", "len", "range", "fullmatch", "nearest", "format_number", "max", "min"}:
        return None
    if "require" in called(call) or ast.unparse(node).rpartition(".")[2] in {"output", "input"}:
        return None
    said = ast.unparse(call)
    tree.replace(node, _other(node))
    return f"{said[:60]} is for the other channel"


def chosen_channel(node: ast.AST, tree: Tree) -> str | None:
    """What is kept for one channel is taken from, or put to, another."""
    if not isinstance(node, ast.Subscript) or not _CHANNEL.fullmatch(ast.unparse(node.slice)):
        return None
    said = ast.unparse(node)
    node.slice = _other(node.slice)
    return f"{said} is that of the other channel"


# -------------------------------------------------------------------------------------------------- read-back

def not_read_back(node: ast.AST, tree: Tree) -> str | None:
    """What was asked for is believed to be set."""
    if isinstance(node, ast.Call) and called(node) in {"accepted", "accept"} and len(node.args) >= 3:
        said = ast.unparse(node.args[0])
        tree.replace(node, ast.parse(f"float({ast.unparse(node.args[1])})", mode="eval").body)
        return f"{said} is not read back"
    return None


def not_compared(node: ast.AST, tree: Tree) -> str | None:
    """The reply is not compared with what was asked for."""
    if not isinstance(node, ast.If) or not isinstance(node.body[-1], ast.Raise):
        return None
    raised = ast.unparse(node.body[-1])
    asks = any(called(one) in QUESTIONS for one in ast.walk(node.test))
    differs = any(isinstance(one, ast.NotEq) for one in ast.walk(node.test))
    if not (asks or differs) or not raised.startswith("raise InstrumentError"):
        return None
    said = ast.unparse(node.test)
    node.test = ast.Constant(False)
    return f"'{said[:60]}' is not looked at"


def errors_not_read(node: ast.AST, tree: Tree) -> str | None:
    """The error queue is not read."""
    if not isinstance(node, ast.Expr) or called(node.value) != "check_errors":
        return None
    parent = tree.parents[id(node)]
    block = next(value for _, value in ast.iter_fields(parent) if isinstance(value, list) and node in value)
    later = block[block.index(node) + 1:]
    if any(isinstance(one, ast.Expr) and called(one.value) == "check_errors" for one in later):
        return None
    where = tree.function(node)
    tree.replace(node, ast.Pass())
    return f"{where}() does not read the errors"


KINDS: Mapping[str, Mapping[str, Way]] = {
    "scale": {"sent": sent_scale, "written": written_scale, "read": read_scale, "record": reading_scale,
              "factor": left_out_factor},
    "part": {"word": dropped_word, "parameter": dropped_parameter, "message": dropped_message},
    "channel": {"named": named_channel, "given": given_channel, "chosen": chosen_channel},
    "read-back": {"accepted": not_read_back, "compared": not_compared, "errors": errors_not_read},
    "output": {"words": output.words_exchanged, "step": output.step_left_out, "message": output.message_left_out,
               "return": output.returns_before, "last": output.last_left_out, "state": output.state_untrue,
               "noted": output.not_noted, "error": output.error_path_left_out},
}


def places_of(text: str, way: Way) -> list[int]:
    """Return the numbers of the nodes, as ``ast.walk`` counts them, that a way of a kind can change."""
    tree = Tree(text)
    nodes = list(ast.walk(tree.root))
    found = []
    for number in range(len(nodes)):
        node = nodes[number]
        if id(node) not in tree.prose and way(node, tree) is not None:
            found.append(number)
            tree = Tree(text)   # the way has changed it
            nodes = list(ast.walk(tree.root))
    return found


def changed(text: str, way: Way, place: int) -> tuple[int, str, str]:
    """Return line, description and changed text of one place."""
    tree = Tree(text)
    node = next(one for k, one in enumerate(ast.walk(tree.root)) if k == place)
    line = getattr(node, "lineno", 0) or next(
        (found for one in tree.above(node) if (found := getattr(one, "lineno", 0))), 0)
    said = way(node, tree)
    assert said is not None
    return line, said, tree.text()


def places_in(file: Path, kind: str) -> dict[str, list[int]]:
    """Return the places of each way of a kind in a file."""
    text = file.read_text("utf-8")
    return {name: found for name, way in KINDS[kind].items() if (found := places_of(text, way))}
