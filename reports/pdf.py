"""A report as a PDF file, by fpdf2: it breaks tables over pages, which Matplotlib does not, and needs no browser.

The texts are set in DejaVu Sans, which comes with Matplotlib and is embedded: device names may hold any letters.
"""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tsbench.errors import ConfigurationError
from tsbench.reports.document import Block, Cell, Folded, Listing, Note, Picture, Report, Sheet
from tsbench.reports.drawing import figure_size, png

if TYPE_CHECKING:
    from fpdf import FPDF

_FONT = "DejaVu"
_SIZES = {"title": 18.0, "section": 13.0, "picture": 10.0, "text": 9.0, "table": 7.5, "small": 7.0}  #: [points]
_QUIET, _LINK, _LOUD = (91, 101, 112), (11, 87, 164), (179, 38, 30)
_HALF = 88.0  #: [mm] width of a picture: two stand side by side on A4
_GAP = 6.0  #: [mm] between them
_MOST_LINKS = 4  #: to run files below a picture; the page has all
_LINE = 3.4  #: [mm] of a caption
_LETTERS = 58  #: of a caption in one line, at least
_PADDING = 0.8  #: [mm] around the text of a cell


def pdf(report: Report) -> bytes:
    """Return a report as a PDF file of A4 pages.

    Raises
    ------
    ConfigurationError
        fpdf2 is not installed.
    """
    made = _Writer(report)
    return made.content()


class _Writer:
    """Writes the blocks of a report one below the other."""

    def __init__(self, report: Report) -> None:
        self._pdf = _new(report)
        self._report = report

    def content(self) -> bytes:
        """Write everything and return the file."""
        report, pdf = self._report, self._pdf
        pdf.add_page()
        self._words(report.title, "title", bold=True)
        if report.simulated:
            self._words("SIMULATED", "section", bold=True, colour=_LOUD)
        if report.subtitle:
            self._words(report.subtitle, "text", colour=_QUIET)
        for one in report.headline:
            self._words(one.text, "section")
        for section in report.sections:
            pdf.ln(3)
            first = section.blocks[0]
            if pdf.will_page_break(10 + (_height(first) if isinstance(first, Picture) else 20)):
                pdf.add_page()
            pdf.start_section(section.title)
            self._words(section.title, "section", bold=True)
            self._blocks(section.blocks)
        return bytes(pdf.output())

    def _blocks(self, blocks: Sequence[Block]) -> None:
        pictures: list[Picture] = []
        for block in blocks:
            if isinstance(block, Picture):
                pictures.append(block)
                continue
            self._pictures(pictures)
            pictures = []
            if isinstance(block, Note):
                self._words(block.text, "text", colour=_LOUD if block.loud else (0, 0, 0))
            elif isinstance(block, Listing):
                self._words(block.text, "small")
            elif isinstance(block, Sheet):
                self._table(block)
            elif isinstance(block, Folded) and block.printed:
                self._words(block.title, "picture", bold=True)
                self._blocks(block.blocks)
        self._pictures(pictures)

    def _words(
        self, text: str, size: str, *, bold: bool = False, colour: tuple[int, int, int] = (0, 0, 0), width: float = 0.0,
        link: str = "",
    ) -> None:
        pdf = self._pdf
        pdf.set_font(_FONT, "B" if bold else "", _SIZES[size])
        pdf.set_text_color(*colour)
        pdf.multi_cell(width, _SIZES[size] * 0.5, _printable(text), align="L", new_x="LMARGIN", new_y="NEXT", link=link)
        pdf.ln(0.8)

    def _table(self, table: Sheet) -> None:
        from fpdf.fonts import FontFace

        if table.caption:
            self._words(table.caption, "text", bold=True)
        pdf = self._pdf
        pdf.set_font(_FONT, "", _SIZES["table"])
        pdf.set_text_color(0, 0, 0)
        pdf.set_draw_color(200, 205, 210)
        widths = self._widths(table)
        head = FontFace(emphasis="BOLD", color=_QUIET)
        with pdf.table(col_widths=widths, text_align="LEFT", headings_style=head, borders_layout="HORIZONTAL_LINES",
                       line_height=3.6, padding=_PADDING, first_row_as_headings=True, align="LEFT",
                       width=min(sum(widths), pdf.epw)) as made:
            for line in (tuple(Cell(name) for name in table.columns), *table.rows):
                row = made.row()
                for cell in line:
                    away = cell.link if cell.link and not cell.link.startswith("#") else ""
                    row.cell(_printable(cell.text), link=away or None, style=FontFace(color=_LINK) if away else None)
        pdf.ln(2)

    def _widths(self, table: Sheet) -> tuple[float, ...]:
        """Return the widths of the columns [mm].

        A column is as wide as its longest text. Where the page is too narrow, the widest ones share what is left.
        """
        pdf = self._pdf
        pdf.set_font(_FONT, "B", _SIZES["table"])
        rows = [table.columns, *(tuple(cell.text for cell in row) for row in table.rows)]
        wanted = [max(pdf.get_string_width(_printable(row[place])) for row in rows) + 2 * _PADDING + 1.5
                  for place in range(len(table.columns))]
        pdf.set_font(_FONT, "", _SIZES["table"])
        most, left = pdf.epw - 0.01, sorted(wanted)
        share = most / len(wanted)
        while left and left[0] <= share:   # narrow columns get all they want
            most -= left.pop(0)
            share = most / len(left) if left else max(wanted)
        return tuple(min(width, share) for width in wanted)

    def _pictures(self, pictures: Sequence[Picture]) -> None:
        """Draw pictures two by two; each pair stands together on a page."""
        pdf = self._pdf
        for first in range(0, len(pictures), 2):
            pair = pictures[first : first + 2]
            images = [io.BytesIO(png(one)) for one in pair]
            if pdf.will_page_break(max(map(_height, pair))):
                pdf.add_page()
            top = pdf.get_y()
            below = top
            for place, (one, image) in enumerate(zip(pair, images, strict=True)):
                left = pdf.l_margin + place * (_HALF + _GAP)
                below = max(below, self._picture(one, image, left, top))
            pdf.set_xy(pdf.l_margin, below + 3)

    def _picture(self, one: Picture, image: io.BytesIO, left: float, top: float) -> float:
        """Draw one picture with its caption and its links; return where it ends [mm]."""
        pdf = self._pdf
        self._beside(one.title, left, top, _SIZES["picture"], 4.5, (0, 0, 0), bold=True)
        under = max(pdf.get_y(), top + 9.0)   # a title may have two lines, and the pictures of a pair are level
        drawn = pdf.image(image, x=left, y=under, w=_HALF, alt_text=_printable(f"{one.title}. {one.caption}"))
        self._beside(one.caption, left, under + float(drawn.rendered_height) + 1, _SIZES["small"], _LINE, _QUIET)
        if one.runs:
            more = len(one.runs) - _MOST_LINKS
            words = ", all of them in the page (HTML); the first:" if more > 0 else ":"
            files = f"Raw data: {len(one.runs)} run files{words}"
            self._beside(files, left, pdf.get_y(), _SIZES["small"], _LINE, _QUIET)
            for cell in one.runs[:_MOST_LINKS]:
                self._beside(cell.text, left, pdf.get_y(), _SIZES["small"], _LINE, _LINK, link=cell.link)
        elif one.lists_runs_of is not None:
            same = f"Raw data: the run files of {one.lists_runs_of.text}"
            self._beside(same, left, pdf.get_y(), _SIZES["small"], _LINE, _QUIET)
        return float(pdf.get_y())

    def _beside(
        self, text: str, left: float, top: float, size: float, line: float, colour: tuple[int, int, int], *,
        bold: bool = False, link: str = "",
    ) -> None:
        """Write a text below ``top`` [mm] in the half of the page that begins at ``left`` [mm]."""
        pdf = self._pdf
        pdf.set_xy(left, top)
        pdf.set_font(_FONT, "B" if bold else "", size)
        pdf.set_text_color(*colour)
        pdf.multi_cell(_HALF, line, _printable(text), align="L", new_x="LEFT", new_y="NEXT", link=link)


def _height(picture: Picture) -> float:
    """Return the height [mm] that a picture takes at most, with its title, its caption and its links."""
    wide, high = figure_size(picture)
    links = min(len(picture.runs), _MOST_LINKS) + 2 * bool(picture.runs or picture.lists_runs_of)
    lines = 2 + len(picture.caption) // _LETTERS + links
    return 11 + _HALF * high / wide + _LINE * lines


def _new(report: Report) -> "FPDF":
    try:
        from fpdf import FPDF
    except ImportError:
        raise ConfigurationError("PDF reports need the package fpdf2, which is not installed. Install it with pip "
                                 "install 'tsbench[report]', or write only the page with --no-pdf") from None
    import matplotlib as mpl

    class Pages(FPDF):
        """Pages with the title and the number below."""

        def footer(self) -> None:
            self.set_y(-12)
            self.set_font(_FONT, "", _SIZES["small"])
            self.set_text_color(*_QUIET)
            mark = " (SIMULATED)" if report.simulated else ""
            self.cell(0, 5, _printable(f"{report.title}{mark}: page {self.page_no()} of {{nb}}"), align="C")

    pdf = Pages(format="A4")
    fonts = Path(mpl.get_data_path()) / "fonts" / "ttf"
    pdf.add_font(_FONT, "", str(fonts / "DejaVuSans.ttf"))
    pdf.add_font(_FONT, "B", str(fonts / "DejaVuSans-Bold.ttf"))
    pdf.set_margins(14, 14, 14)
    pdf.set_auto_page_break(True, 16)
    pdf.set_title(_printable(report.title))
    pdf.set_creator("tsbench")
    pdf.set_lang("en")
    return pdf


def _printable(text: str) -> str:
    """Return a text without control characters; what is no character is shown as U+FFFD."""
    clean = text.encode("utf-8", "replace").decode().replace("\u202f", " ")
    return "".join(one if one in "\n\t" or one.isprintable() else "\ufffd" for one in clean)


