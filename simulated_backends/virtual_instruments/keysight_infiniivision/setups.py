"""Set-ups of the InfiniiVision oscilloscopes: as a block, in the ten memories, and as files.

Files live in the scope's memory; nothing is written to a disk.
"""

import ast
from collections.abc import Callable
from typing import Any

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import AnyOf, Block, Boolean, Choice, Integer, Optional, Text
from tsbench.simulated_backends.scpi.syntax import definite_block
from tsbench.simulated_backends.scpi.tree import Setting, SettingValues, command
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.command_table import ScopeBase, ScopeTable

_MEMORIES = Integer("", 0, 9)
_FILE = AnyOf(_MEMORIES, Text(maximum=255))


class SetupCommands(ScopeTable):
    """What ``:SYSTem:SETup``, ``*SAV``, ``*RCL``, ``*LRN?``, ``:SAVE`` and ``:RECall`` do.

    Parameters
    ----------
    scope : ScopeBase
    restored : is called after other settings were put in place
    """

    def __init__(self, scope: ScopeBase, restored: Callable[[], None]) -> None:
        super().__init__(scope)
        self._restored = restored
        self._saved: dict[int | str, bytes] = {}

    file_name = Setting(":SAVE:FILename", Text(), default="scope_0", also=(":RECall:FILename",))
    folder = Setting(":SAVE:PWD", Text(), default="\\usb\\", also=(":RECall:PWD",))
    image_format = Setting(":SAVE:IMAGe:FORMat", Choice("BMP", "BMP8bit", "PNG"), default="PNG")
    image_factors = Setting(":SAVE:IMAGe:FACTors", Boolean(), default=False)
    image_ink_saver = Setting(":SAVE:IMAGe:INKSaver", Boolean(), default=False)
    image_palette = Setting(":SAVE:IMAGe:PALette", Choice("COLor", "GRAYscale"), default="COL")
    waveform_format = Setting(":SAVE:WAVeform:FORMat", Choice("ASCiixy", "CSV", "BINary"), default="CSV")
    waveform_length = Setting(":SAVE:WAVeform:LENGth", Integer("", 100, 8_000_000), default=1000)
    waveform_segments = Setting(":SAVE:WAVeform:SEGMented", Choice("ALL", "CURRent"), default="ALL")

    def _state(self) -> bytes:
        return repr((dict(self.setting_values), self.scope.trigger_levels)).encode("latin-1")

    def _restore(self, payload: bytes) -> None:
        try:
            values, levels = ast.literal_eval(payload.decode("latin-1"))
            levels = dict(levels)
            SettingValues().update(values)   # are these settings?
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            raise ScpiError(-161) from None
        # in place: the command tables hold the same dictionaries
        for held, found in ((self.setting_values, values), (self.scope.trigger_levels, levels)):
            held.clear()
            held.update(found)
        self._restored()

    @command(":SYSTem:SETup?")
    def _get_setup(self) -> bytes:
        """``:SYST:SET?``: all settings as a block."""
        return definite_block(self._state(), 8)

    @command("*LRN?")
    def _learn(self) -> bytes:
        """``*LRN?``: the message that restores all settings (IEEE 488.2, 10.17)."""
        return b":SYST:SET " + definite_block(self._state(), 8)

    @command(":SYSTem:SETup", Block())
    def _set_setup(self, payload: bytes) -> None:
        self._restore(payload)

    @command("*SAV", _MEMORIES)
    def _save(self, number: int) -> None:
        self._saved[number] = self._state()

    @command("*RCL", _MEMORIES)
    def _recall(self, number: int) -> None:
        if number not in self._saved:
            raise ScpiError(-230)
        self._restore(self._saved[number])

    @command(":SAVE:SETup[:STARt]", Optional(_FILE))
    def _save_setup(self, where: Any = None) -> None:
        """``:SAVE:SET``: into a memory (0 to 9) or a file, without either into the file with the set name."""
        self._saved[self._place(where)] = self._state()

    @command(":RECall:SETup[:STARt]", Optional(_FILE))
    def _recall_setup(self, where: Any = None) -> None:
        place = self._place(where)
        if place not in self._saved:
            raise ScpiError(-256)
        self._restore(self._saved[place])

    def _place(self, where: int | str | None) -> int | str:
        name = self.file_name if where is None else where
        return name if isinstance(name, int) else name.removesuffix(".scp").lower()

    @command(":SAVE:IMAGe[:STARt]", Optional(Text()))
    @command(":SAVE:WAVeform[:STARt]", Optional(Text()))
    def _save_file(self, name: str | None = None) -> None:
        """``:SAVE:IMAG`` and ``:SAVE:WAV``: onto a USB stick, which nothing here reads back."""

    @command(":SAVE:IMAGe:AREA?")
    def _image_area(self) -> str:
        return "SCR"
