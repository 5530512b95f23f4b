"""A report as one HTML page: no script, no file beside it, nothing from the network.

Texts from files are escaped by Jinja2, and the page's policy (Content-Security-Policy) allows no script at all.
"""

import hashlib
import itertools
import pickle
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tsbench.errors import ConfigurationError
from tsbench.reports.document import Block, Picture, Report, Sheet
from tsbench.reports.drawing import svg
from tsbench.reports.pictures import FEW_RUNS

_HERE = Path(__file__).parent
_SENTENCE = 40  #: characters
_DIGEST = re.compile(r"[0-9a-f]{64}")


class Drawings:
    """Pictures that were drawn before: for a page that is made again and again."""

    def __init__(self) -> None:
        self._known: dict[bytes, str] = {}
        self._used: dict[bytes, str] = {}

    def svg(self, picture: Picture) -> str:
        """Return a picture as SVG."""
        key = hashlib.sha256(pickle.dumps(picture)).digest()
        self._used[key] = self._known.get(key) or svg(picture)
        return self._used[key]

    def forget(self) -> None:
        """Forget the pictures that were not used since the last call."""
        self._known, self._used = self._used, {}


def page(report: Report) -> str:
    """Return the page of a report.

    Raises
    ------
    ConfigurationError
        Jinja2 is not installed.
    """
    return _rendered(part="page", report=report, title=report.title, ready=None, version="")


def live_content(report: Report, drawings: Drawings) -> str:
    """Return what the live page puts in the place of what it showed before."""
    made = _rendered(part="content", report=report, drawings=drawings)
    drawings.forget()
    return made


def live_page(title: str, content: str, version: str) -> str:
    """Return the page for ``tsbench watch``: it asks its own server for changes.

    Parameters
    ----------
    title : of the page
    content : what :func:`live_content` returned
    version : of the content
    """
    return _rendered(part="live", title=title, ready=content, version=version)


def style() -> str:
    """Return the style sheet of a page."""
    return (_HERE / "page.css").read_text("utf-8")


def policy(live: bool) -> str:
    """Return what a page may load (Content-Security-Policy): its own style, and, live, its own script and changes."""
    own = " script-src 'self'; connect-src 'self';" if live else ""
    # pictures have attributes with styles, which no hash allows in every browser
    return f"default-src 'none';{own} style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"


def _rendered(part: str, ready: str | None = None, drawings: Drawings | None = None, **values: Any) -> str:
    try:
        from jinja2 import Environment, FileSystemLoader, StrictUndefined
        from markupsafe import Markup
    except ImportError:
        raise ConfigurationError("reports need the package Jinja2, which is not installed. Install it with pip install "
                                 "'tsbench[report]'") from None
    environment = Environment(loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined)
    drawn = drawings or Drawings()
    text = environment.get_template("page.html").render(
        part=part, ready=None if ready is None else Markup(ready), style=Markup(style()), policy=policy(part == "live"),
        drawn=lambda one: Markup(drawn.svg(one)), kind_of=lambda block: type(block).__name__, runs_of=_by_kind,
        is_digest=lambda text: _DIGEST.fullmatch(text) is not None, is_wordy=_is_wordy, few_runs=FEW_RUNS, **values)
    return text.replace("\r", "")


def _is_wordy(table: Sheet) -> bool:
    """Whether a table has sentences: on a phone its cells stand below each other."""
    return any(len(cell.text) > _SENTENCE for row in table.rows for cell in row)


def _by_kind(blocks: Sequence[Block]) -> Iterator[tuple[str, list[Block]]]:
    """Yield blocks that follow each other and are of one kind, so that pictures stand side by side."""
    for kind, mine in itertools.groupby(blocks, key=lambda block: type(block).__name__):
        yield kind, list(mine)
