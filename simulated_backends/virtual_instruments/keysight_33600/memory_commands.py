"""Volatile arbitrary-waveform memory of the 33500B/33600A: ``DATA:...`` as text or blocks, per channel."""

from typing import Any

import numpy as np
import numpy.typing as npt

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import (
    AnyOf,
    Block,
    Choice,
    Many,
    Number,
    Optional,
    Text,
)
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.generator.synthesis import DAC_FULL_SCALE
from tsbench.simulated_backends.virtual_instruments.keysight_33600.command_table import GeneratorBase, GeneratorTable

BUILT_IN = "INT:\\BUILTIN\\EXP_RISE.ARB"
Codes = npt.NDArray[np.int16]


def exponential_rise() -> Codes:
    """Return the waveform that is there after switching on."""
    rise = 1 - np.exp(-np.arange(400) / 80.0)
    return np.round((2 * rise - 1) * DAC_FULL_SCALE).astype(np.int16)


class MemoryCommands(GeneratorTable):
    """What the ``DATA`` subsystem does.

    Parameters
    ----------
    generator : GeneratorBase
    """

    def __init__(self, generator: GeneratorBase) -> None:
        super().__init__(generator)
        self.arbs: dict[int, dict[str, Codes]] = {   #: channel -> name -> codes
            channel: {} for channel in range(1, self.data_sheet.channels + 1)}

    byte_order = Setting(":FORMat:BORDer", Choice("NORMal", "SWAPped"), default="NORM")
    arb_name = Setting(
        "[:SOURce<1-2>]:FUNCtion:ARBitrary", Text(bare=True), default=BUILT_IN, coerce="_known_arb",
        change="playback.reshape",
    )

    def _known_arb(self, channel: int, name: str) -> str:
        if self.codes_of(channel, name) is None:
            raise ScpiError(785, text="Specified arb waveform does not exist")
        return name.upper()

    def codes_of(self, channel: int, name: str) -> Codes | None:
        """Return a waveform's codes, or None."""
        if name.upper() == BUILT_IN:
            return exponential_rise()
        return self.arbs[channel].get(name.upper())

    @command("[:SOURce<1-2>]:DATA:ARBitrary", Text(bare=True), Many(AnyOf(Block(), Number()), minimum=1))
    def download_floats(self, channel: int, name: str, *data: Any) -> None:
        """``DATA:ARB name, -1..1`` as text or as a block of 32-bit floats."""
        values = self._numbers(data, ">f4", "<f4")
        if np.any(np.abs(values) > 1.0 + 1e-6) or not np.all(np.isfinite(values)):
            raise ScpiError(-222, text="Data out of range")
        self._store(channel, name, np.round(values * DAC_FULL_SCALE))

    @command("[:SOURce<1-2>]:DATA:ARBitrary:DAC", Text(bare=True), Many(AnyOf(Block(), Number()), minimum=1))
    def download_codes(self, channel: int, name: str, *data: Any) -> None:
        """``DATA:ARB:DAC name, -32767..32767`` as text or as a block of 16-bit integers."""
        values = self._numbers(data, ">i2", "<i2")
        if np.any(np.abs(values) > DAC_FULL_SCALE):
            raise ScpiError(-222, text="Data out of range")
        self._store(channel, name, np.round(values))

    def _numbers(self, data: tuple[Any, ...], big: str, little: str) -> npt.NDArray[np.float64]:
        if isinstance(data[0], bytes):
            kind = np.dtype(big if self.byte_order == "NORM" else little)
            if len(data) > 1 or len(data[0]) % kind.itemsize:
                raise ScpiError(-161)
            return np.frombuffer(data[0], dtype=kind).astype(np.float64)
        if any(isinstance(item, bytes) for item in data):
            raise ScpiError(-161)
        return np.array(data, dtype=np.float64)

    def _store(self, channel: int, name: str, codes: npt.NDArray[np.float64]) -> None:
        key = name.upper()
        if key in self.arbs[channel] or key == BUILT_IN:
            raise ScpiError(786, text="Specified arb waveform already exists")
        if len(codes) < self.data_sheet.min_arb_points:
            raise ScpiError(-109, text=f"Missing parameter; at least {self.data_sheet.min_arb_points} points")
        used = sum(len(codes) for codes in self.arbs[channel].values())
        if used + len(codes) > self.data_sheet.max_arb_points:
            raise ScpiError(781, text="Not enough memory to store new arb waveform; use DATA:VOLATILE:CLEAR")
        self.arbs[channel][key] = codes.astype(np.int16)

    @command("[:SOURce<1-2>]:DATA:VOLatile:CLEar")
    def clear_volatile(self, channel: int) -> None:
        self.arbs[channel].clear()
        setting = self.arb_name
        if setting[channel] != BUILT_IN:
            setting[channel] = BUILT_IN
            self.playback.reshape(channel)

    @command("[:SOURce<1-2>]:DATA:VOLatile:CATalog?")
    def catalogue(self, channel: int) -> str:
        return ",".join(f'"{name}"' for name in (BUILT_IN, *self.arbs[channel]))

    @command("[:SOURce<1-2>]:DATA:VOLatile:FREE?")
    def free_points(self, channel: int) -> str:
        return str(self.data_sheet.max_arb_points - sum(len(c) for c in self.arbs[channel].values()))

    @command("[:SOURce<1-2>]:DATA:ATTRibute:POINts?", Optional(Text(bare=True)))
    @command("[:SOURce<1-2>]:FUNCtion:ARBitrary:POINts?")
    def points(self, channel: int, name: str | None = None) -> str:
        codes = self.codes_of(channel, name or self.arb_name[channel])
        if codes is None:
            raise ScpiError(785, text="Specified arb waveform does not exist")
        return f"{len(codes):+d}"
