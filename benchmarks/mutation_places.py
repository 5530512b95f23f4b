"""Which places of a file the sample of changes draws from, and how each place is changed.

Left out are the places whose change no test may notice, by kind and not one by one:

* text, types, decorators, imports, and what is raised, asserted or logged;
* functions without a body (protocols, overloads), and what runs only as a script;
* what runs only on another operating system, and the question which one it is;
* waits on the computer's clock, since no test measures time: their numbers, also where a constant names them;
* what only changes how a window or a figure looks: margins, widths of lines, sizes of letters, where words wrap;
* checks of the programmer's own work (``zip(strict=True)``), ``pytrace`` of ``pytest.fail``, daemon threads, and what
  ``getattr(os, "O_BINARY", 0)`` gives where the computer has no such flag.
"""

import ast
import os
import sys
from collections.abc import Iterator

COMPARED = {ast.Lt: ast.GtE, ast.GtE: ast.Lt, ast.Gt: ast.LtE, ast.LtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
            ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is}
COMPUTED = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult}
_LOGGED = {"debug", "info", "warning", "error", "exception", "critical", "log"}
_WAITS = {"sleep", "settimeout", "join", "wait", "waitForFinished", "setInterval", "singleShot", "select"}
_LOOKS = {"setContentsMargins", "setSpacing", "addSpacing", "addStretch", "setVerticalSpacing", "setHorizontalSpacing",
          "setStretchFactor", "setSizes", "setHandleWidth", "setMinimumWidth", "setMinimumHeight", "setMaximumHeight",
          "setMaximumWidth", "setFixedWidth", "setFixedHeight", "setDefaultSectionSize", "resize", "addWidget",
          "setWordWrap", "setAlternatingRowColors", "setWidgetResizable", "setChildrenCollapsible", "set_axisbelow",
          "mkPen", "grid", "showGrid", "text", "new_figure", "tick_params", "locator_params"}
_LOOK_KEYWORDS = {"linewidth", "markersize", "fontsize", "alpha", "framealpha", "zorder", "dpi", "figsize", "capsize",
                  "rotation", "labelsize", "nbins", "width_ratios", "symbolSize"}
_KEYWORDS = {"pytrace", "strict", "daemon", "timeout", *_LOOK_KEYWORDS}


def _named(node: ast.AST) -> str:
    """Return the last name of what is called or looked at, such as ``wait`` of ``self._process.wait``."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _owner(call: ast.Call) -> str:
    return _named(call.func.value) if isinstance(call.func, ast.Attribute) else ""


def _looks_at_the_computers_clock(node: ast.AST) -> bool:
    return any(isinstance(n, ast.Attribute) and n.attr in {"monotonic", "perf_counter"} and _named(n.value) == "time"
               for n in ast.walk(node))


def _asks_for_the_system(test: ast.AST) -> bool:
    return isinstance(test, ast.Compare) and ast.unparse(test.left) in {"sys.platform", "os.name"}


def _appearance(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield the numbers that only change how a window or a figure looks, also where a table of keywords has them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _named(node.func) in _LOOKS:
            arguments = [*node.args, *(keyword.value for keyword in node.keywords)]
            yield from (part for argument in arguments for part in ast.walk(argument))
        if isinstance(node, ast.Dict):
            looks = [value for key, value in zip(node.keys, node.values, strict=True)
                     if isinstance(key, ast.Constant) and key.value in _LOOK_KEYWORDS]
            yield from (part for value in looks for part in ast.walk(value))


def _waited(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield what says how long to wait on the computer's clock; the bench's clock is not meant."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from (k.value for k in node.keywords if k.arg == "timeout")
            on_the_bench = "clock" in _owner(node) or _owner(node) == "self"
            if _named(node.func) in _WAITS and not on_the_bench:
                yield from node.args
        if isinstance(node, ast.BinOp | ast.Compare) and _looks_at_the_computers_clock(node):
            yield node


class Places(ast.NodeVisitor):
    """Collects what can be changed in a file, in ``found``."""

    def __init__(self, tree: ast.AST) -> None:
        self.found: list[ast.AST] = []
        self._depth = 0  #: of functions and classes around
        waited = [part for node in _waited(tree) for part in ast.walk(node)]
        unseen = [*waited, *_appearance(tree)]
        self._unseen_numbers = {id(part) for part in unseen if isinstance(part, ast.Constant)}
        self._names_of_waits = {_named(part) for part in waited if _named(part).isupper()}
        self.visit(tree)

    def visit(self, node: ast.AST) -> None:
        if isinstance(node, ast.If | ast.IfExp) and _asks_for_the_system(node.test):
            here = node.body if eval(ast.unparse(node.test), {"sys": sys, "os": os}) else node.orelse
            for statement in here if isinstance(here, list) else [here]:
                self.visit(statement)
            return
        if self._left_out(node):
            return
        if (isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARED) or (
                isinstance(node, ast.BinOp) and type(node.op) in COMPUTED) or isinstance(node, ast.BoolOp) or (
                isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub)) or (
                isinstance(node, ast.Constant) and type(node.value) in (int, float, bool)) or (
                isinstance(node, ast.Return) and isinstance(node.value, ast.Call | ast.Name | ast.BinOp)):
            self.found.append(node)
        inside = isinstance(node, ast.FunctionDef | ast.ClassDef)
        self._depth += inside
        if isinstance(node, ast.Constant):
            node.kind = "" if self._depth else "constant of the module"
        for name, value in ast.iter_fields(node):
            if name in {"annotation", "returns", "decorator_list", "type_comment", "bases"}:
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    self.visit(child)
        self._depth -= inside

    def _left_out(self, node: ast.AST) -> bool:
        match node:
            case ast.Raise() | ast.JoinedStr() | ast.Assert() | ast.Import() | ast.ImportFrom():
                return True
            case ast.If():
                return "TYPE_CHECKING" in ast.dump(node.test) or "'__main__'" in ast.unparse(node.test)
            case ast.FunctionDef():
                return all(isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant) for s in node.body)
            case ast.keyword():
                return node.arg in _KEYWORDS
            case ast.Subscript():
                return _named(node.value) == "Literal"
            case ast.Assign() | ast.AnnAssign():
                return not self._depth and any(_named(n) in self._names_of_waits for n in ast.walk(node))
            case ast.Constant():
                return id(node) in self._unseen_numbers
            case ast.Call():
                name = _named(node.func)
                return (name in _LOGGED and "log" in _owner(node).lower()) or (
                    ast.unparse(node).startswith("getattr(os, 'O_"))
        return False


def changed(node: ast.AST) -> str:
    """Change a node in place; return what was done, in words."""
    before = ast.unparse(node)
    if isinstance(node, ast.Compare):
        node.ops[0] = COMPARED[type(node.ops[0])]()
    elif isinstance(node, ast.BinOp):
        node.op = COMPUTED[type(node.op)]()
    elif isinstance(node, ast.BoolOp):
        node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
    elif isinstance(node, ast.UnaryOp):
        node.op = ast.UAdd() if isinstance(node.op, ast.USub) else node.op
        if isinstance(node.op, ast.Not):
            node.operand = ast.UnaryOp(ast.Not(), node.operand)
    elif isinstance(node, ast.Constant):
        old = node.value
        assert isinstance(old, int | float)
        if isinstance(old, bool):
            node.value = not old
        elif node.kind or abs(old) >= 100:   # such a number may be tuned: a little more or less does not matter
            node.value = 10 * old + (old == 0)
        else:
            node.value = old + 1 if isinstance(old, int) else 1.5 * old + (old == 0)
    elif isinstance(node, ast.Return):
        node.value = ast.Constant(None)
    return f"{before[:60]} -> {ast.unparse(node)[:60]}"
