"""A report as one HTML page: no script, no file beside it, nothing from the network.

Texts from files are escaped by Jinja2, and the page's policy (Content-Security-Policy) allows no script at all.
"""

import itertools
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tsbench.errors import ConfigurationError
from tsbench.reports.document import Block, Picture, Report, Sheet
from tsbench.reports.drawing import svg

_HERE = Path(__file__).parent
_SENTENCE = 40  #: characters
_DIGEST = re.compile(r"[0-9a-f]{64}")


def page(report: Report) -> str:
    """Return the page of a report.

    Raises
    ------
    ConfigurationError
        Jinja2 is not installed.
    """
    return _rendered(report, "page")


def live_page(report: Report) -> str:
    """Return the page for ``tsbench watch``: it asks its own server for changes."""
    return _rendered(report, "live")


def live_content(report: Report) -> str:
    """Return what the live page puts in the place of what it showed before."""
    return _rendered(report, "content")


def style() -> str:
    """Return the style sheet of a page."""
    return (_HERE / "page.css").read_text("utf-8")


def policy(live: bool) -> str:
    """Return what a page may load (Content-Security-Policy): its own style, and, live, its own script and changes."""
    own = " script-src 'self'; connect-src 'self';" if live else ""
    # pictures have attributes with styles, which no hash allows in every browser
    return f"default-src 'none';{own} style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"


def _rendered(report: Report, part: str) -> str:
    try:
        from jinja2 import Environment, FileSystemLoader, StrictUndefined
        from markupsafe import Markup
    except ImportError:
        raise ConfigurationError("reports need the package Jinja2, which is not installed. Install it with pip install "
                                 "'tsbench[report]'") from None
    environment = Environment(loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined)
    drawn: dict[str, Any] = {}

    def picture(one: Picture) -> Any:
        if one.name not in drawn:
            drawn[one.name] = Markup(svg(one))
        return drawn[one.name]

    text = environment.get_template("page.html").render(
        report=report, part=part, style=Markup(style()), policy=policy(part == "live"), drawn=picture,
        kind_of=lambda block: type(block).__name__, runs_of=_by_kind,
        is_digest=lambda text: _DIGEST.fullmatch(text) is not None, is_wordy=_is_wordy)
    return text.replace("\r", "")


def _is_wordy(table: Sheet) -> bool:
    """Whether a table has sentences: on a phone its cells stand below each other."""
    return any(len(cell.text) > _SENTENCE for row in table.rows for cell in row)


def _by_kind(blocks: Sequence[Block]) -> Iterator[tuple[str, list[Block]]]:
    """Yield blocks that follow each other and are of one kind, so that pictures stand side by side."""
    for kind, mine in itertools.groupby(blocks, key=lambda block: type(block).__name__):
        yield kind, list(mine)
