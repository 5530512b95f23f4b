"""Text of a script on its way to Lua: the dialect of the instrument is Lua 5.0, the interpreter behind it is Lua 5.1.

What Lua 5.0 lacks is a syntax error: the operators ``#`` and ``%``, ``...`` as an expression, and ``[=[``. A call of
:data:`TICK` is put into every loop and every function, so that a script which runs without end can be interrupted.
The numbers of the lines stay as they are.
"""

import re

TICK = "tsp_tick__"  #: name of the local function that every loop calls
_HEAD = f"local {TICK}=...;"

_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\f\v]+)
      | (?P<newline>\n)
      | (?P<comment>--(?:\[\[.*?(?:\]\]|\Z)|[^\n]*))
      | (?P<level>\[=+\[)
      | (?P<long>\[\[.*?(?:\]\]|\Z))
      | (?P<string>"(?:\\.|[^"\\\n])*(?:"|(?=\n)|\Z)|'(?:\\.|[^'\\\n])*(?:'|(?=\n)|\Z))
      | (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
      | (?P<name>[A-Za-z_]\w*)
      | (?P<dots>\.\.\.)
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_QUICK = re.compile(r"[#%]|\.\.\.|\[=|\b(?:do|repeat|function)\b|[^\x00-\x7f]|\x1b")


class LuaSyntaxError(Exception):
    """The text is no script. ``line`` counts from 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def prepare(text: str) -> str:
    """Return the text that the interpreter compiles: with interruptions, on the same lines.

    Raises
    ------
    LuaSyntaxError
        The text uses what Lua 5.0 does not have.
    """
    if not _QUICK.search(text):
        return text
    parts = [_HEAD]
    line, depth, in_header = 1, 0, False
    for match in _TOKEN.finditer(text):
        kind, token = match.lastgroup, match.group()
        parts.append(token)
        line += token.count("\n")
        if kind in ("level", "dots") or (kind == "other" and token in "#%\x1b"):
            if not (kind == "dots" and in_header):
                raise LuaSyntaxError(line, f"unexpected symbol near `{token}'")
        elif kind == "name":
            if token in ("do", "repeat"):
                parts.append(f" {TICK}() ")
            elif token == "function":
                in_header, depth = True, 0
        elif in_header and token in ("(", ")"):
            depth += 1 if token == "(" else -1
            if depth == 0:
                in_header = False
                parts.append(f" {TICK}() ")
    return "".join(parts)
