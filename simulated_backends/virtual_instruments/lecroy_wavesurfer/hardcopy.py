"""The picture of the screen: ``HCSU``, which says how it looks and where it goes, and ``SCDP``, which sends it.

Source: MAUI remote control manual, HARDCOPY_SETUP and SCREEN_DUMP. Words of older manuals (``BCKG,BLACK``,
``BCKG,WHITE``) are taken too. PyMeasure's device suite for the TeledyneMAUI has recorded that a folder without quotes
is answered in capitals, and ``GRIDONLY`` as ``GRIDAREAONLY``, and that a reset leaves the set-up as it is.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from tsbench.simulated_backends.lecroy.execution import RawReply
from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.executing import Handler
from tsbench.simulated_backends.scpi.parameters import Many, Text
from tsbench.simulated_backends.scpi.syntax import capitals
from tsbench.simulated_backends.scpi.tree import command
from tsbench.simulated_backends.virtual_instruments.lecroy_scope.command_table import ShortScope, ShortTable
from tsbench.simulated_backends.virtual_instruments.oscilloscope.screen import draw_screen

#: name -> its values; none: any text, which a reply has in quotes
_NAMES: Mapping[str, tuple[str, ...]] = {
    "DEV": ("PNG", "BMP"), "FORMAT": ("PORTRAIT", "LANDSCAPE"), "BCKG": ("STD", "PRINT", "BW", "BLACK", "WHITE"),
    "DEST": ("REMOTE", "FILE", "CLIPBOARD", "EMAIL", "PRINTER"), "DIR": (),
    "AREA": ("DSOWINDOW", "GRIDAREAONLY", "FULLSCREEN"), "FILE": (), "PRINTER": (), "PORT": ("NET", "GPIB"),
}
_ALIASES = {"GRIDONLY": "GRIDAREAONLY"}
_WRITTEN = {"STD": "Std", "PRINT": "Print"}


class _CapitalText(Text):
    """A text in quotes, or a word without them, which the scope takes in capitals."""

    def __init__(self) -> None:
        super().__init__(bare=True)

    def parse(self, raw: bytes, owner: Any, key: tuple[Any, ...]) -> str:
        text = super().parse(raw, owner, key)
        return text if raw.strip()[:1] in {b"'", b'"'} else capitals(text)


class HardcopyCommands(ShortTable):
    """Pictures of the screen: first in PNG format, sent to the program."""

    def __init__(self, scope: ShortScope) -> None:
        super().__init__(scope)
        self.chosen = {name: words[0] if words else "" for name, words in _NAMES.items()}

    @command("HCSU", Many(_CapitalText(), 2))
    def set_up(self, *raw: str) -> None:
        """``HCSU DEV,PNG,BCKG,WHITE,DEST,REMOTE``: format, ground and destination of a picture."""
        if len(raw) % 2:
            raise ScpiError(-109)
        given = {}
        for name, value in zip(raw[::2], raw[1::2], strict=True):
            words = _NAMES.get(name)
            word = _ALIASES.get(capitals(value), capitals(value))
            if words is None or (words and word not in words):
                raise ScpiError(-224)
            given[name] = word if words else value
        self.chosen.update(given)

    @command("HCSU?")
    def how_set_up(self) -> str:
        """``HCSU?``: names and values; names of files and printers in quotes."""
        return ",".join(f'{name},{_WRITTEN.get(value, value)}' if _NAMES[name] else f'{name},"{value}"'
                        for name, value in self.chosen.items())

    @command("SCDP")
    def dump_screen(self) -> Handler:
        """``SCDP``: the picture, without header and block, unless it goes elsewhere."""
        yield from self.control.snapshot()
        if self.chosen["DEST"] != "REMOTE":
            return None
        ground = self.chosen["BCKG"]
        traces = {number: np.asarray(self.memory.heights(number))
                  for number in self.panel.shown_channels() if self.memory.has(number)}
        return RawReply(draw_screen(
            traces, self.chosen["DEV"], ground == "BW", ground in {"PRINT", "WHITE", "BW"}))
