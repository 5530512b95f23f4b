"""Arbitrary waveforms of the 81160A/81150A: the volatile one of each channel, stored ones, and the built-in ones."""

import re
from typing import Any

import numpy as np
import numpy.typing as npt

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import AnyOf, Block, Choice, Many, Number, Optional, Text
from tsbench.simulated_backends.scpi.syntax import capitals
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.generator.synthesis import DAC_FULL_SCALE
from tsbench.simulated_backends.virtual_instruments.keysight_81160a.command_table import (
    PulseGeneratorBase,
    PulseGeneratorTable,
)

FULL_SCALE = 8191  #: of the codes of 14 bits that are sent
VOLATILE = "VOLATILE"
SLOTS = 4  #: stored waveforms of each channel (not compared with a data sheet)
_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,11}")
Codes = npt.NDArray[np.int16]


def built_in_waveforms() -> dict[str, Codes]:
    """Return the waveforms that the maker puts in, in codes of 16 bits."""
    steps = np.arange(4096) / 4096
    x = 2 * steps - 1
    beat = np.exp(-((x / 0.03) ** 2)) - 0.25 * np.exp(-(((x + 0.08) / 0.03) ** 2))
    shapes = {
        "SINC": np.sinc(8 * x), "NEG_RAMP": -x, "EXP_RISE": 2 * (1 - np.exp(-5 * steps)) / (1 - np.exp(-5)) - 1,
        "EXP_FALL": 2 * (np.exp(-5 * steps) - np.exp(-5)) / (1 - np.exp(-5)) - 1, "CARDIAC": beat / np.abs(beat).max(),
        "HAVERSINE": -np.cos(2 * np.pi * steps),
    }
    return {name: np.round(values * DAC_FULL_SCALE).astype(np.int16) for name, values in shapes.items()}


def downloaded(name: str, data: tuple[Any, ...], kind: str, byte_order: str) -> npt.NDArray[np.float64]:
    """Return the numbers of a download to the volatile waveform, sent as text or as one block.

    Parameters
    ----------
    name : of the waveform
    data : numbers, or one block of bytes
    kind : of the numbers in a block, as NumPy names it: "f4" or "i2"
    byte_order : NORM (the high byte first) or SWAP

    Raises
    ------
    ScpiError
        -224: not the volatile waveform. 800: more than one block, or a part of a number. -161: a block among numbers.
    """
    if capitals(name) != VOLATILE:
        raise ScpiError(-224)
    if isinstance(data[0], bytes):
        item = np.dtype((">" if byte_order == "NORM" else "<") + kind)
        if len(data) > 1 or len(data[0]) % item.itemsize:
            raise ScpiError(800, text="Block length must be even")
        return np.frombuffer(data[0], dtype=item).astype(np.float64)
    if any(isinstance(item, bytes) for item in data):
        raise ScpiError(-161)
    return np.array(data, dtype=np.float64)


class WaveformMemory(PulseGeneratorTable):
    """What the ``DATA`` subsystem and ``FUNCtion:USER`` do.

    Parameters
    ----------
    generator : PulseGeneratorBase
    """

    def __init__(self, generator: PulseGeneratorBase) -> None:
        super().__init__(generator)
        self._built_in = built_in_waveforms()
        numbers = range(1, generator.data_sheet.channels + 1)
        self.volatile: dict[int, Codes | None] = dict.fromkeys(numbers)
        self.stored: dict[int, dict[str, Codes]] = {channel: {} for channel in numbers}

    byte_order = Setting(":FORMat:BORDer", Choice("NORMal", "SWAPped"), default="NORM")
    selected = Setting("[:SOURce]:FUNCtion<1-2>:USER", Text(bare=True), default="EXP_RISE", coerce="_known",
                       change="playback.reshape")

    def _known(self, channel: int, name: str) -> str:
        if self.codes(channel, name) is None:
            raise ScpiError(785, text="Specified arb waveform does not exist")
        return capitals(name)

    def codes(self, channel: int, name: str) -> Codes | None:
        """Return a waveform, of 16 bits; None: there is none of that name."""
        key = capitals(name)
        if key == VOLATILE:
            return self.volatile[channel]
        return self._built_in.get(key, self.stored[channel].get(key))

    @command("[:TRACe]:DATA<1-2>", Text(bare=True), Many(AnyOf(Block(), Number()), minimum=1))
    def download_floats(self, channel: int, name: str, *data: Any) -> None:
        """``DATA VOLATILE, -1..1`` as text or as a block of 32-bit floats."""
        values = downloaded(name, data, "f4", self.byte_order)
        if not np.all(np.abs(values) <= 1.0 + 1e-6):
            raise ScpiError(-222, text="Data out of range")
        self._store(channel, np.round(values * FULL_SCALE))

    @command("[:TRACe]:DATA<1-2>:DAC", Text(bare=True), Many(AnyOf(Block(), Number()), minimum=1))
    def download_codes(self, channel: int, name: str, *data: Any) -> None:
        """``DATA:DAC VOLATILE, -8191..8191`` as text or as a block of 16-bit integers, the high byte first."""
        values = downloaded(name, data, "i2", self.byte_order)
        if not np.all(np.abs(values) <= FULL_SCALE):
            raise ScpiError(-222, text="Data out of range")
        self._store(channel, np.round(values))

    def _store(self, channel: int, codes: npt.NDArray[np.float64]) -> None:
        sheet = self.sheet(channel)
        if len(codes) < sheet.min_arb_points:
            raise ScpiError(-109)
        if len(codes) > sheet.max_arb_points:
            raise ScpiError(-223)
        self.volatile[channel] = np.round(codes * (DAC_FULL_SCALE / FULL_SCALE)).astype(np.int16)
        if self.selected[channel] == VOLATILE:
            self.playback.reshape(channel)

    @command("[:TRACe]:DATA<1-2>:COPY", Text(bare=True), Optional(Text(bare=True)))
    def copy(self, channel: int, name: str, source: str = VOLATILE) -> None:
        """``DATA:COPY NAME, VOLATILE``: store the volatile waveform."""
        key = capitals(name)
        if capitals(source) != VOLATILE:
            raise ScpiError(784, text="Name of source arb waveform for copy must be VOLATILE")
        if key in self._built_in:
            raise ScpiError(782, text="Cannot overwrite a built-in waveform")
        if not _NAME.fullmatch(key) or key == VOLATILE:
            raise ScpiError(-224)
        codes = self.volatile[channel]
        if codes is None:
            raise ScpiError(780, text="VOLATILE arb waveform has not been loaded")
        if key not in self.stored[channel] and len(self.stored[channel]) >= SLOTS:
            raise ScpiError(781, text="Not enough memory to store new arb waveform; use DATA:DELETE")
        self.stored[channel][key] = codes

    @command("[:TRACe]:DATA<1-2>:DELete[:NAME]", Text(bare=True))
    def delete(self, channel: int, name: str) -> None:
        """``DATA:DEL NAME``: not the one that is selected, and not a built-in one."""
        key = capitals(name)
        if key in self._built_in:
            raise ScpiError(786, text="Not able to delete a built-in arb waveform")
        if self.codes(channel, key) is None:
            raise ScpiError(785, text="Specified arb waveform does not exist")
        if self.selected[channel] == key:
            raise ScpiError(787, text="Not able to delete the currently selected active arb waveform")
        if key == VOLATILE:
            self.volatile[channel] = None
        self.stored[channel].pop(key, None)

    @command("[:TRACe]:DATA<1-2>:DELete:ALL")
    def delete_all(self, channel: int) -> None:
        """``DATA:DEL:ALL``."""
        if self.selected[channel] not in self._built_in:
            raise ScpiError(787, text="Not able to delete the currently selected active arb waveform")
        self.volatile[channel] = None
        self.stored[channel].clear()

    @command("[:TRACe]:DATA<1-2>:CATalog?")
    def catalogue(self, channel: int) -> str:
        """``DATA:CAT?``: all names."""
        loaded = [VOLATILE] if self.volatile[channel] is not None else []
        return ",".join(f'"{name}"' for name in (*self._built_in, *loaded, *self.stored[channel]))

    @command("[:TRACe]:DATA<1-2>:NVOLatile:CATalog?")
    def stored_catalogue(self, channel: int) -> str:
        """``DATA:NVOL:CAT?``: the names of stored waveforms."""
        return ",".join(f'"{name}"' for name in self.stored[channel]) or '""'

    @command("[:TRACe]:DATA<1-2>:NVOLatile:FREE?")
    def free_slots(self, channel: int) -> str:
        """``DATA:NVOL:FREE?``."""
        return f"{SLOTS - len(self.stored[channel]):+d}"

    @command("[:TRACe]:DATA<1-2>:ATTRibute:POINts?", Optional(Text(bare=True)))
    def points(self, channel: int, name: str | None = None) -> str:
        """``DATA:ATTR:POIN?``."""
        codes = self.codes(channel, name or self.selected[channel])
        if codes is None:
            raise ScpiError(785, text="Specified arb waveform does not exist")
        return f"{len(codes):+d}"
