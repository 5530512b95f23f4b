"""Arbitrary waveforms of the 33250A: the volatile one, stored ones, and the built-in ones."""

import re
from typing import Any

import numpy as np
import numpy.typing as npt

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import AnyOf, Block, Choice, Many, Number, Optional, Text
from tsbench.simulated_backends.scpi.syntax import capitals
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.generator.synthesis import DAC_FULL_SCALE
from tsbench.simulated_backends.virtual_instruments.keysight_33250a.command_table import Base33250A, Table33250A
from tsbench.simulated_backends.virtual_instruments.keysight_81160a.waveform_memory import (
    VOLATILE,
    Codes,
    built_in_waveforms,
    downloaded,
)

FULL_SCALE = 2047  #: of the codes of 12 bits that are sent
SLOTS = 4  #: stored waveforms (not compared with a data sheet)
_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,11}")
_BUILT_IN = ("SINC", "NEG_RAMP", "EXP_RISE", "EXP_FALL", "CARDIAC")
_DATA = Many(AnyOf(Block(), Number()), minimum=1)


class Data33250A(Table33250A):
    """What the ``DATA`` subsystem and ``FUNCtion:USER`` do.

    Parameters
    ----------
    generator : Base33250A
    """

    def __init__(self, generator: Base33250A) -> None:
        super().__init__(generator)
        found = built_in_waveforms()
        self._built_in = {name: found[name] for name in _BUILT_IN}
        self._loaded: dict[str, Codes] = {}   #: the volatile one and the stored ones

    byte_order = Setting("FORMat:BORDer", Choice("NORMal", "SWAPped"), default="NORM")
    selected = Setting("[:SOURce<1-1>]:FUNCtion:USER", Text(bare=True), default="EXP_RISE", coerce="_known",
                       change="playback.reshape")

    def _known(self, channel: int, name: str) -> str:
        if self.codes(name) is None:
            raise ScpiError(785, text="Specified arb waveform does not exist")
        return capitals(name)

    def codes(self, name: str) -> Codes | None:
        """Return a waveform, of 16 bits; None: there is none of that name."""
        return self._built_in.get(capitals(name), self._loaded.get(capitals(name)))

    def _stored(self) -> list[str]:
        return [name for name in self._loaded if name != VOLATILE]

    @command("[:TRACe]:DATA", Text(bare=True), _DATA)
    def download_floats(self, name: str, *data: Any) -> None:
        """``DATA VOLATILE, -1..1`` as text or as a block of 32-bit floats."""
        values = downloaded(name, data, "f4", self.byte_order)
        if not np.all(np.abs(values) <= 1.0 + 1e-6):
            raise ScpiError(-222, text="Data out of range")
        self._load(np.round(values * FULL_SCALE))

    @command("[:TRACe]:DATA:DAC", Text(bare=True), _DATA)
    def download_codes(self, name: str, *data: Any) -> None:
        """``DATA:DAC VOLATILE, -2047..2047`` as text or as a block of 16-bit integers."""
        values = downloaded(name, data, "i2", self.byte_order)
        if not np.all(np.abs(values) <= FULL_SCALE):
            raise ScpiError(-222, text="Data out of range")
        self._load(np.round(values))

    def _load(self, codes: npt.NDArray[np.float64]) -> None:
        if len(codes) < self.data_sheet.min_arb_points:
            raise ScpiError(-109)
        if len(codes) > self.data_sheet.max_arb_points:
            raise ScpiError(-223)
        self._loaded[VOLATILE] = np.round(codes * (DAC_FULL_SCALE / FULL_SCALE)).astype(np.int16)
        if self.selected[1] == VOLATILE:
            self.playback.reshape(1)

    @command("[:TRACe]:DATA:COPY", Text(bare=True), Optional(Text(bare=True)))
    def copy(self, name: str, source: str = VOLATILE) -> None:
        """``DATA:COPY NAME, VOLATILE``: store the volatile waveform."""
        key = capitals(name)
        if capitals(source) != VOLATILE:
            raise ScpiError(784, text="Name of source arb waveform for copy must be VOLATILE")
        if key in self._built_in:
            raise ScpiError(782, text="Cannot overwrite a built-in waveform")
        if not _NAME.fullmatch(key) or key == VOLATILE:
            raise ScpiError(-224)
        if VOLATILE not in self._loaded:
            raise ScpiError(780, text="VOLATILE arb waveform has not been loaded")
        if key not in self._loaded and len(self._stored()) >= SLOTS:
            raise ScpiError(781, text="Not enough memory to store new arb waveform; use DATA:DELETE")
        self._loaded[key] = self._loaded[VOLATILE]

    @command("[:TRACe]:DATA:DELete[:NAME]", Text(bare=True))
    def delete(self, name: str) -> None:
        """``DATA:DEL NAME``: not the one that is selected, and not a built-in one."""
        key = capitals(name)
        if key in self._built_in:
            raise ScpiError(786, text="Not able to delete a built-in arb waveform")
        if self.codes(key) is None:
            raise ScpiError(785, text="Specified arb waveform does not exist")
        if self.selected[1] == key:
            raise ScpiError(787, text="Not able to delete the currently selected active arb waveform")
        del self._loaded[key]

    @command("[:TRACe]:DATA:DELete:ALL")
    def delete_all(self) -> None:
        """``DATA:DEL:ALL``."""
        if self.selected[1] in self._loaded:
            raise ScpiError(787, text="Not able to delete the currently selected active arb waveform")
        self._loaded.clear()

    @command("[:TRACe]:DATA:CATalog?")
    def catalogue(self) -> str:
        """``DATA:CAT?``: all names."""
        return ",".join(f'"{name}"' for name in (*self._built_in, *self._loaded))

    @command("[:TRACe]:DATA:NVOLatile:CATalog?")
    def stored_catalogue(self) -> str:
        """``DATA:NVOL:CAT?``: the names of stored waveforms."""
        return ",".join(f'"{name}"' for name in self._stored()) or '""'

    @command("[:TRACe]:DATA:NVOLatile:FREE?")
    def free_slots(self) -> str:
        """``DATA:NVOL:FREE?``."""
        return f"{SLOTS - len(self._stored()):+d}"

    @command("[:TRACe]:DATA:ATTRibute:POINts?", Optional(Text(bare=True)))
    def points(self, name: str | None = None) -> str:
        """``DATA:ATTR:POIN?``."""
        codes = self.codes(name or self.selected[1])
        if codes is None:
            raise ScpiError(785, text="Specified arb waveform does not exist")
        return f"{len(codes):+d}"
