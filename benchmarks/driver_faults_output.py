"""The ways to leave an output on (:mod:`benchmarks.driver_faults` has the other kinds of faults)."""

import ast
import re

from benchmarks.driver_tree import SAFE, SAFE_TABLES, SENDERS, Tree, called, dropped_element, text_of


def _in_safe(node: ast.AST, tree: Tree) -> bool:
    return tree.function(node) in SAFE | {"set_output", "_change_function"} or tree.table(node) in SAFE_TABLES


def words_exchanged(node: ast.AST, tree: Tree) -> str | None:
    """ON and OFF are exchanged."""
    text = text_of(node)
    if text is not None and isinstance(node, ast.Constant):
        changed = re.sub(r"\b((?:OUTP|BURS)[A-Za-z:{}]*\S* )(?:OFF|0)\b", r"\1ON", text)
        changed = changed if changed != text else re.sub(r"(\.output *= *)(?:0|\{0\})", r"\g<1>1", text)
        if changed != text:
            node.value = changed
            return f"'{text}' becomes '{changed}'"
    if isinstance(node, ast.IfExp) and ast.unparse(node.test) == "enabled":
        said = ast.unparse(node)
        node.body, node.orelse = node.orelse, node.body
        return f"{said} is exchanged"
    if isinstance(node, ast.Call) and called(node) == "set_output" and ast.unparse(node.args[0]) == "False":
        node.args[0] = ast.Constant(True)
        return f"an output that {tree.function(node)}() switches off is switched on"
    return None


def step_left_out(node: ast.AST, tree: Tree) -> str | None:
    """What makes safe is not called."""
    if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Call):
        return None
    off = called(node.value) == "set_output" and ast.unparse(node.value.args[0]) == "False"
    if not off and called(node.value) not in SAFE:
        return None
    said, where = ast.unparse(node.value), tree.function(node)
    tree.replace(node, ast.Pass())
    return f"{said} of {where}() is left out"


def message_left_out(node: ast.AST, tree: Tree) -> str | None:
    """One message of a safe state, or the one that switches off, is not sent."""
    if not _in_safe(node, tree):
        return None
    if isinstance(node, ast.Expr) and called(node.value) in SENDERS | {"call"}:
        said, where = ast.unparse(node.value), tree.function(node)
        tree.replace(node, ast.Pass())
        return f"{said[:60]} of {where}() is left out"
    found = dropped_element(node, tree)
    return found and f"{found} by {tree.function(node) or 'a table'}"


def returns_before(node: ast.AST, tree: Tree) -> str | None:
    """A function that switches off or stops returns before it does."""
    if not isinstance(node, ast.FunctionDef) or node.name not in SAFE | {"set_output"}:
        return None
    if node.returns is None or ast.unparse(node.returns) != "None":
        return None
    body = [one for one in node.body if not (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant))]
    if not body or isinstance(body[0], ast.Raise | ast.Pass):
        return None
    leave: ast.stmt = ast.Return()
    if node.name == "set_output":
        leave = ast.parse(f"if not {node.args.args[1].arg}:\n    pass").body[0]
        assert isinstance(leave, ast.If)
        leave.body = [ast.Return()]
    node.body.insert(0, leave)
    owner = next((one.name for one in tree.above(node) if isinstance(one, ast.ClassDef)), "")
    return f"{owner}.{node.name}() returns before it switches off"


def last_left_out(node: ast.AST, tree: Tree) -> str | None:
    """Of several outputs, the last one is left out."""
    if not isinstance(node, ast.For | ast.comprehension):
        return None
    where = tree.function(node)
    if where not in SAFE | {"output_states", "_terminals"}:
        return None
    said = ast.unparse(node.iter)
    if not re.search(r"outputs|units|channels|waveforms|pulses|numbers|terminals|states", said):
        return None
    node.iter = ast.parse(f"list({said})[:-1]", mode="eval").body
    return f"{where}() leaves out the last of {said}"


def state_untrue(node: ast.AST, tree: Tree) -> str | None:
    """An output that is on is reported as off."""
    if isinstance(node, ast.Call) and called(node) == "OutputState" and len(node.args) == 2:
        said = ast.unparse(node.args[1])
        node.args[1] = ast.Constant(False)
        return f"{said[:60]} is reported as off"
    return None


def not_noted(node: ast.AST, tree: Tree) -> str | None:
    """It is not noted that an output is on, or that a measurement runs."""
    said = ast.unparse(node) if isinstance(node, ast.Expr | ast.Assign) else ""
    if re.fullmatch(r"\S+\.(?:on|connected)\.(?:add|update)\(.*\)|\S+\.(?:_on|sweeping|running|_running) = True", said):
        where = tree.function(node)
        tree.replace(node, ast.Pass())
        return f"{said} of {where}() is left out"
    return None


def error_path_left_out(node: ast.AST, tree: Tree) -> str | None:
    """What is made safe after an error is not."""
    if isinstance(node, ast.ExceptHandler) and _in_safe(node, tree):
        node.body = [ast.Raise()]
        return f"what {tree.function(node)}() does after an error is left out"
    return None
