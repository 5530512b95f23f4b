"""The syntax tree of a driver's file, as the ways to plant a fault look at it (:mod:`benchmarks.driver_faults`).

What an instrument or a user cannot notice is left out by rule:

* texts for people: docstrings, errors, the subject of a limit or of a read-back, a text with the instrument's label;
* the table of questions that may be sent again (``repeatable``): nothing of it is sent.
"""

import ast
import re
from collections.abc import Callable, Iterator

#: functions whose first arguments say in an error what it is about, and how many
_SUBJECTS = {"accepted": 1, "accept": 1, "require_in_range": 2}
QUESTIONS = {"ask", "ask_number", "ask_switch", "ask_list", "ask_value", "number", "whole", "is_on", "parsed",
              "output_is_on", "closed_switches", "output_states"}
SENDERS = {"send", "write", "write_block", "command"}
_MESSAGE_CALLS = SENDERS | QUESTIONS | {"quantities", "floats", "ask_data", "text", "block", "_told", "store",
                                          "_send_array", "printed"}
#: what switches outputs off, stops, or brings levels to zero
SAFE = {"safe_state", "make_safe", "zero_level", "switched_off", "heater_off", "open_all", "abort", "_stop_burst",
         "_disconnect", "stop_test", "lifting_limits"}
SAFE_TABLES = {"zeroing", "switching_off", "ending_burst"}
#: the other channel of a pair: 1 and 2, 201 and 202, "a" and "b", "smu1" and "smu2"; or the other quantity, "v" and "i"
_HELPER = '''
def _other_channel(one):
    pairs = dict(zip("1234567890abABCDvi", "2143658709baBADCiv", strict=True))
    text = str(one)
    text = text[:-1] + pairs.get(text[-1:], text[-1:])
    return int(text) if isinstance(one, int) else text
'''


class Tree:
    """The syntax tree of a driver's file, with what stands around each node."""

    def __init__(self, text: str) -> None:
        self.root = ast.parse(text)
        self.parents = {id(child): node for node in ast.walk(self.root) for child in ast.iter_child_nodes(node)}
        self.prose = _prose(self.root)

    def above(self, node: ast.AST) -> Iterator[ast.AST]:
        """Yield what a node stands in, the nearest first."""
        while (found := self.parents.get(id(node))) is not None:
            yield found
            node = found

    def function(self, node: ast.AST) -> str:
        """Return the name of the function that a node stands in; "" outside of functions."""
        return next((one.name for one in self.above(node) if isinstance(one, ast.FunctionDef)), "")

    def table(self, node: ast.AST) -> str:
        """Return the name of the attribute whose value a node is a part of; "" where it is none."""
        for one in self.above(node):
            if isinstance(one, ast.AnnAssign):
                return ast.unparse(one.target)
            if isinstance(one, ast.Assign):
                return ast.unparse(one.targets[0])
            if isinstance(one, ast.stmt):
                return ""
        return ""

    def replace(self, node: ast.AST, new: ast.AST) -> None:
        """Put another node in the place of one."""
        parent = self.parents[id(node)]
        for name, value in ast.iter_fields(parent):
            if value is node:
                setattr(parent, name, new)
            elif isinstance(value, list):
                value[:] = [new if one is node else one for one in value]

    def remove(self, node: ast.AST) -> None:
        """Take an element out of a list, a tuple or the arguments of a call."""
        for _, value in ast.iter_fields(self.parents[id(node)]):
            if isinstance(value, list):
                value[:] = [one for one in value if one is not node]

    def text(self) -> str:
        """Return the text of the file, with what a change may need."""
        text = ast.unparse(ast.fix_missing_locations(self.root))
        return f"{text}\n{_HELPER}" if "_other_channel(" in text else text


Way = Callable[[ast.AST, Tree], str | None]  #: changes a node in place and says how, or returns None


def text_of(node: ast.AST) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def called(node: ast.AST) -> str:
    if not isinstance(node, ast.Call):
        return ""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _prose(tree: ast.AST) -> set[int]:
    """Return the nodes, by identity, that the module's docstring leaves out as texts for people or as tables."""
    found = set[int]()
    for one in ast.walk(tree):
        if isinstance(one, ast.Expr) and text_of(one.value) is not None:
            found.add(id(one.value))
        label = isinstance(one, ast.JoinedStr) and any(
            isinstance(part, ast.FormattedValue) and ast.unparse(part.value).endswith("label") for part in one.values)
        table = isinstance(one, ast.Assign | ast.AnnAssign) and re.search(
            r"\brepeatable\b", ast.unparse(one.targets[0] if isinstance(one, ast.Assign) else one.target))
        whole = isinstance(one, ast.Raise) or label or table
        named = one.args[:_SUBJECTS.get(called(one), 0)] if isinstance(one, ast.Call) else []
        for top in [one] if whole else named:
            found |= {id(part) for part in ast.walk(top)}
    return found


def is_message(node: ast.AST, tree: Tree) -> bool:
    """Whether a text is what an instrument is sent: an argument of a call that sends, or a part of a table."""
    if not (isinstance(node, ast.JoinedStr) or text_of(node) is not None) or id(node) in tree.prose:
        return False
    if isinstance(tree.parents.get(id(node)), ast.JoinedStr | ast.FormattedValue):
        return False
    text = ast.unparse(node).strip("f\"'")
    if not re.match(r"[:*A-Za-z{]", text):
        return False
    for one in tree.above(node):
        if isinstance(one, ast.Call):
            return called(one) in _MESSAGE_CALLS
        if isinstance(one, ast.stmt):
            return tree.table(node) in SAFE_TABLES | {"starting_burst", "switching"}
    return False


def dropped_element(node: ast.AST, tree: Tree) -> str | None:
    parent = tree.parents.get(id(node))
    inside = parent.args if isinstance(parent, ast.Call) and called(parent) in SENDERS else (
        parent.elts if isinstance(parent, ast.List | ast.Tuple) else [])
    if len(inside) < 2 or node not in inside:
        return None
    conditional = isinstance(node, ast.IfExp) and (text_of(node.body) or isinstance(node.body, ast.JoinedStr))
    if not (is_message(node, tree) or (conditional and isinstance(parent, ast.Call))):
        return None
    said = ast.unparse(node)
    tree.remove(node)
    return f"{said[:60]} is not sent"
