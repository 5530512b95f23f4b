"""Pictures of the screen, and the files of the Tektronix oscilloscopes. They live in the simulation, not on a disk."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.scpi.parameters import Text
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.oscilloscope.screen import draw_screen
from tsbench.simulated_backends.virtual_instruments.tektronix_mso.command_table import TektronixBase, TektronixTable
from tsbench.simulated_backends.virtual_instruments.tektronix_mso.replies import TekChoice, TekWord

_COLUMNS = 640  #: points of a trace
_DRAWING = 0.5  #: [s]


class TektronixFiles(TektronixTable):
    """What ``FILESystem`` does.

    Parameters
    ----------
    scope : TektronixBase
    shown : gives the traces of the screen by number of the channel, in screen heights from the middle, for a number of
        columns
    """

    def __init__(self, scope: TektronixBase, shown: Callable[[int], dict[int, npt.NDArray[np.float64]]]) -> None:
        super().__init__(scope)
        self._shown = shown
        self._files: dict[str, bytes] = {}

    folder = Setting(":FILESystem:CWD", Text(), default="C:", reset=False)

    def _place(self, name: str) -> str:
        path = name.replace("\\", "/")
        return (path if ":" in path else f"{self.folder}/{path}").lower()

    def draw(self, name: str, light: bool) -> Handler:
        """Draw the screen into a file; the end of its name says the format: .png or .bmp."""
        place = self._place(name)
        form = {"png": "PNG", "bmp": "BMP"}.get(place.rpartition(".")[2])
        if form is None:
            raise ScpiError(-224)
        self.control.look()
        yield from self.control.snapshot()
        yield _DRAWING
        self._files[place] = draw_screen(self._shown(_COLUMNS), form, light=light)

    @command(":FILESystem:READFile", Text())
    def _read(self, name: str) -> bytes:
        """``FILESystem:READFile``: the content of a file is the reply, although the command is no query."""
        found = self._files.get(self._place(name))
        if found is None:
            raise ScpiError(-256)
        return found

    @command(":FILESystem:DELEte", Text())
    def _delete(self, name: str) -> None:
        if self._files.pop(self._place(name), None) is None:
            raise ScpiError(-256)

    @command(":FILESystem:DIR?")
    def _list(self) -> str:
        names = [place.rpartition("/")[2] for place in self._files
                 if place.rpartition("/")[0] == self._place("").rstrip("/")]
        return ",".join(f'"{name}"' for name in names) or '""'

    @command(":FILESystem:MKDir", Text())
    def _make_folder(self, name: str) -> None:
        """``FILESystem:MKDir``: every folder is there."""


class MsoFileCommands(TektronixFiles):
    """Pictures of the 4, 5 and 6 Series."""

    composition = Setting(":SAVe:IMAGe:COMPosition", TekWord("NORMal", "INVErted"), default="NORM")
    view = Setting(":SAVe:IMAGe:VIEWTYpe", TekWord("FULLScreen"), default="FULLS")

    @command(":SAVe:IMAGe", Text())
    def _save(self, name: str) -> Handler:
        """``SAVe:IMAGe "C:/screen.png"``."""
        yield from self.draw(name, self.composition == "INVE")


class DpoFileCommands(TektronixFiles):
    """Pictures of the MSO5000, DPO5000 and DPO7000."""

    copy_port = Setting(":HARDCopy:PORT", TekWord("FILE", "PRINTER"), default="FILE")
    copy_file = Setting(":HARDCopy:FILEName", Text(), default="C:/TekScope/Screen Captures/TekScope.png")
    copy_palette = Setting(":HARDCopy:PALEtte", TekWord("COLOr", "INKSaver", "BLACKANDWhite"), default="COLO")
    copy_view = Setting(":HARDCopy:VIEW", TekWord("FULLSCREEN", "GRAticule", "FULLNOmenu"), default="FULLSCREEN")
    export_file = Setting(":EXPort:FILEName", Text(), default="C:/TekScope/Screen Captures/TekScope.png")
    export_form = Setting(":EXPort:FORMat", TekWord("BMP", "PNG"), default="PNG")
    export_palette = Setting(":EXPort:PALEtte", TekWord("COLOr", "INKSaver", "BLACKANDWhite"), default="COLO")
    export_view = Setting(":EXPort:VIEW", TekWord("FULLSCREEN", "GRAticule", "FULLNOmenu"), default="FULLSCREEN")

    @command(":HARDCopy", TekChoice("STARt"))
    def _copy(self, word: str) -> Handler:
        """``HARDCopy STARt``: into the file that is set."""
        yield from self.draw(self.copy_file, self.copy_palette == "INKS")

    @command(":EXPort", TekChoice("STARt"))
    def _export(self, word: str) -> Handler:
        """``EXPort STARt``: likewise."""
        yield from self.draw(self.export_file, self.export_palette == "INKS")
