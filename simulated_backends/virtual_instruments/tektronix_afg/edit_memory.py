"""Waveforms of the AFG3000C/31000: the edit memory, four user waveforms, and the built-in ones.

The first word of a command is ``DATA`` or ``TRACe``. A point is two bytes, the high one first, from 0 (the low level)
to 16382 (the high level).
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import AnyOf, Block, Boolean, Choice, Integer, Optional
from tsbench.simulated_backends.scpi.syntax import definite_block
from tsbench.simulated_backends.scpi.tree import command
from tsbench.simulated_backends.virtual_instruments.generator.synthesis import DAC_FULL_SCALE
from tsbench.simulated_backends.virtual_instruments.tektronix_afg.command_table import (
    AfgBase,
    AfgTable,
)

HIGHEST, MIDDLE = 16382, 8191  #: codes
RESET_POINTS = 1000
Codes = npt.NDArray[np.int16]
_ANY_MEMORY = Choice("EMEMory", "USER", "USER1", "USER2", "USER3", "USER4")
_USER = Choice("USER", "USER1", "USER2", "USER3", "USER4")


def _built_in() -> Mapping[str, Codes]:
    x = np.arange(1000) / 1000
    centred = 2 * x - 1
    shapes = {
        "SINC": np.sinc(10 * centred), "GAUS": 2 * np.exp(-((centred / 0.25) ** 2)) - 1,
        "LOR": 2 / (1 + (centred / 0.1) ** 2) - 1, "ERIS": 1 - 2 * np.exp(-10 * x), "EDEC": 2 * np.exp(-10 * x) - 1,
        "HAV": -np.cos(2 * np.pi * x),
    }
    return {name: np.round(values * MIDDLE).astype(np.int16) for name, values in shapes.items()}


def _named(word: str) -> str:
    return "USER1" if word == "USER" else word


class AfgEditMemory(AfgTable):
    """What the ``DATA`` subsystem does.

    Parameters
    ----------
    generator : AfgBase
    """

    def __init__(self, generator: AfgBase) -> None:
        super().__init__(generator)
        self._waveforms: dict[str, Codes] = {"EMEM": np.zeros(RESET_POINTS, np.int16)}
        self._built_in = _built_in()
        self._locked: set[str] = set()

    def codes(self, function: str) -> Codes | None:
        """Return a waveform in codes of 16 bits; None: there is none of that name."""
        found = self._built_in.get(function, self._waveforms.get(function))
        return None if found is None else np.round(found * (DAC_FULL_SCALE / MIDDLE)).astype(np.int16)

    def _changed(self, name: str) -> None:
        for channel in self.generator.channels.numbers:
            if self.generator.shape_commands.function[channel] == name:
                self.playback.reshape(channel)

    def _keep(self, name: str, codes: Codes) -> None:
        self._waveforms[name] = codes
        self._changed(name)

    def _existing(self, name: str) -> Codes:
        if name not in self._waveforms:
            raise ScpiError(-220)
        return self._waveforms[name]

    @command(":TRACe[:DATA]:DEFine", Choice("EMEMory"), Optional(AnyOf(Integer(), _ANY_MEMORY)))
    @command(":DATA:DEFine", Choice("EMEMory"), Optional(AnyOf(Integer(), _ANY_MEMORY)))
    def define(self, memory: str, what: Any = RESET_POINTS) -> None:
        """``DATA:DEF EMEM,1000``: so many points at the middle, or a copy of a waveform."""
        if isinstance(what, str):
            self._keep(memory, self._existing(_named(what)))
            return
        self._check_length(what)
        self._keep(memory, np.zeros(what, np.int16))

    def _check_length(self, points: int) -> None:
        if not self.data_sheet.min_arb_points <= points <= self.data_sheet.max_arb_points:
            raise ScpiError(-222)

    @command(":TRACe[:DATA]", Choice("EMEMory"), Block())
    @command(":DATA[:DATA]", Choice("EMEMory"), Block())
    def download(self, memory: str, block: bytes) -> None:
        """``DATA EMEM,#42000...``."""
        if len(block) % 2:
            raise ScpiError(-161)
        codes = np.frombuffer(block, ">u2").astype(np.int32)
        self._check_length(len(codes))
        if codes.max() > HIGHEST:
            raise ScpiError(-222)
        self._keep(memory, (codes - MIDDLE).astype(np.int16))

    @command(":TRACe[:DATA]?", _ANY_MEMORY)
    @command(":DATA[:DATA]?", _ANY_MEMORY)
    def upload(self, memory: str) -> bytes:
        """``DATA? EMEM``."""
        return definite_block((self._existing(_named(memory)).astype(np.int32) + MIDDLE).astype(">u2").tobytes())

    @command(":TRACe[:DATA]:VALue", Choice("EMEMory"), Integer(), Integer(low=0, high=HIGHEST))
    @command(":DATA[:DATA]:VALue", Choice("EMEMory"), Integer(), Integer(low=0, high=HIGHEST))
    def set_point(self, memory: str, point: int, code: int) -> None:
        """``DATA:VAL EMEM,500,2047``: one point, counted from 1."""
        codes = self._existing(memory).copy()
        if not 1 <= point <= len(codes):
            raise ScpiError(-222)
        codes[point - 1] = code - MIDDLE
        self._keep(memory, codes)

    @command(":TRACe[:DATA]:VALue?", Choice("EMEMory"), Integer())
    @command(":DATA[:DATA]:VALue?", Choice("EMEMory"), Integer())
    def get_point(self, memory: str, point: int) -> str:
        """``DATA:VAL? EMEM,500``."""
        codes = self._existing(memory)
        if not 1 <= point <= len(codes):
            raise ScpiError(-222)
        return str(int(codes[point - 1]) + MIDDLE)

    @command(":TRACe[:DATA]:POINts", Choice("EMEMory"), Integer())
    @command(":DATA:POINts", Choice("EMEMory"), Integer())
    def set_points(self, memory: str, points: int) -> None:
        """``DATA:POIN EMEM,500``: cut, or filled up at the middle."""
        self._check_length(points)
        codes = self._existing(memory)
        self._keep(memory, np.concatenate([codes[:points], np.zeros(max(points - len(codes), 0), np.int16)]))

    @command(":TRACe[:DATA]:POINts?", _ANY_MEMORY)
    @command(":DATA:POINts?", _ANY_MEMORY)
    def get_points(self, memory: str) -> str:
        """``DATA:POIN? EMEM``."""
        return str(len(self._existing(_named(memory))))

    @command(":TRACe[:DATA]:COPY", _USER, Choice("EMEMory"))
    @command(":DATA:COPY", _USER, Choice("EMEMory"))
    def copy(self, user: str, memory: str) -> None:
        """``DATA:COPY USER1,EMEM``: store the edit memory."""
        if _named(user) in self._locked:
            raise ScpiError(-221)
        self._keep(_named(user), self._existing(memory))

    @command(":TRACe[:DATA]:LOCK[:STATe]", _USER, Boolean())
    @command(":DATA:LOCK[:STATe]", _USER, Boolean())
    def lock(self, user: str, on: bool) -> None:
        """``DATA:LOCK USER1,ON``: neither overwritten nor deleted."""
        (self._locked.add if on else self._locked.discard)(_named(user))

    @command(":TRACe[:DATA]:LOCK[:STATe]?", _USER)
    @command(":DATA:LOCK[:STATe]?", _USER)
    def is_locked(self, user: str) -> str:
        """``DATA:LOCK? USER1``."""
        return "1" if _named(user) in self._locked else "0"

    @command(":TRACe[:DATA]:DELete[:NAME]", _USER)
    @command(":DATA:DELete[:NAME]", _USER)
    def delete(self, user: str) -> None:
        """``DATA:DEL USER1``: not while a channel plays it."""
        name = _named(user)
        self._existing(name)
        functions = self.generator.shape_commands.function
        if name in self._locked or any(functions[channel] == name for channel in self.generator.channels.numbers):
            raise ScpiError(-221)
        del self._waveforms[name]

    @command(":TRACe[:DATA]:CATalog?")
    @command(":DATA:CATalog?")
    def catalogue(self) -> str:
        """``DATA:CAT?``: the names of all waveforms."""
        return ",".join(f'"{name}"' for name in sorted(self._waveforms))
