"""The source text of a device's equations as Python imported it.

The text is read once, when the model is registered, and kept. So an edit of the file in a running Python changes
nothing. If the file changed before the text was read, its lines do not belong to the imported code, and tsbench
refuses the text.
"""

import ast
import functools
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType
from typing import Any

from tsbench.errors import ConfigurationError
from tsbench.simulated_backends.devices.mechanism import Mechanism, plain
from tsbench.simulated_backends.numerics.compilation import stamp_of_others


class _ChangedFile(Exception):
    """The text of a file is not that of the imported code."""


def equations_tree(mechanism: Mechanism) -> ast.FunctionDef:
    """Return the syntax tree of a mechanism's equations; its line numbers are those of the file.

    Raises
    ------
    ConfigurationError
        The file changed after it was imported and before its text was read.
    """
    functions = [mechanism.model.equations, *([mechanism.model.noise_interval] if mechanism.model.noises else [])]
    try:
        for function in functions:
            stamp_of_others(plain(function))   # is kept as well, so that text and stamp are those of the same file
        tree = ast.parse(_text(plain(functions[0]))).body[0]
    except _ChangedFile as changed:
        raise ConfigurationError(
            f"device model {mechanism.name}: file {changed} changed after it was imported. Restart Python") from None
    assert isinstance(tree, ast.FunctionDef)
    return tree


@functools.cache
def _text(function: Callable[..., Any]) -> str:
    """Return the text of a function alone, with empty lines before it up to its place in the file."""
    plain_function = inspect.unwrap(function)
    code: CodeType = plain_function.__code__
    try:
        lines, first = inspect.findsource(plain_function)
        if stamp_of_others(function) and not _contains("".join(lines), code):   # ours are read as they are imported
            raise _ChangedFile(Path(code.co_filename).name)
    except (OSError, SyntaxError) as error:   # fewer lines than there were, or half of an edit
        if isinstance(error, OSError) and not Path(code.co_filename).exists():
            raise
        raise _ChangedFile(Path(code.co_filename).name) from None
    return "\n" * first + _dedented("".join(inspect.getblock(lines[first:])))


def _dedented(source: str) -> str:
    """Return the text of a method as that of a function."""
    lines = source.splitlines()
    margin = len(lines[0]) - len(lines[0].lstrip())
    return "\n".join(line[margin:] if not line[:margin].strip() else line for line in lines)


def _contains(text: str, code: CodeType) -> bool:
    """Return whether the module with this text has the code of a function, at the same line."""
    return any(_alike(found, code) for found in _codes(compile(text, code.co_filename, "exec", dont_inherit=True)))


def _codes(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)


def _alike(one: CodeType, other: CodeType) -> bool:
    """Return whether two functions do the same; ``==`` also compares what the interpreter adds as it runs."""
    return all(getattr(one, name) == getattr(other, name) for name in (
        "co_name", "co_firstlineno", "co_code", "co_names", "co_varnames", "co_freevars")) and len(
        one.co_consts) == len(other.co_consts) and all(map(_same_constant, one.co_consts, other.co_consts))


def _same_constant(one: object, other: object) -> bool:
    if isinstance(one, CodeType) and isinstance(other, CodeType):
        return _alike(one, other)
    if isinstance(one, frozenset):   # its order varies
        return one == other
    return type(one) is type(other) and repr(one) == repr(other)   # 0.0 is not -0.0
