"""Characters that a console cannot show, in characters that every console can: "≥" as ">=", "µ" as "u".

Windows' consoles and files there are often in code page 1252, 437 or 850; a question mark for both ≥ and ≤ would lose
which bound is meant.
"""

import codecs
import unicodedata

#: name of the error handler for text streams
PLAIN_TEXT = "tsbench.plain_text"
_PLAIN = {
    "≥": ">=", "≤": "<=", "≠": "!=", "≈": "~", "±": "+/-", "×": "x", "·": "*", "÷": "/", "µ": "u", "\u03bc": "u",
    "Ω": "Ohm", "\u2126": "Ohm", "°": "deg", "σ": "sigma", "τ": "tau", "Δ": "Delta", "√": "sqrt", "∞": "inf",
    "…": "...", "\u2212": "-", "–": "-", "—": "-", "→": "->", "←": "<-", "‘": "'", "’": "'", "“": '"', "”": '"',
    "²": "^2", "³": "^3", "\u202f": " ", "\u00a0": " ", "\u2009": " ",
}


def plain_text(text: str) -> str:
    """Return ``text`` in ASCII; "?" stands only for what has no plain form."""
    return "".join(
        character if character.isascii() else _PLAIN.get(character) or _without_marks(character) for character in text)


def _without_marks(character: str) -> str:
    """Return a letter without its accent, "?" for what is no such letter."""
    return unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode() or "?"


def _replace(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return plain_text(error.object[error.start : error.end]), error.end


codecs.register_error(PLAIN_TEXT, _replace)
