"""Volatile arbitrary-waveform memory of the 33500B/33600A: ``DATA:...`` as text or blocks, and sequences."""

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
    text_of,
)
from tsbench.simulated_backends.scpi.syntax import capitals, split_parameters
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.generator.sequence_player import joined
from tsbench.simulated_backends.virtual_instruments.generator.synthesis import DAC_FULL_SCALE, SequencePart
from tsbench.simulated_backends.virtual_instruments.keysight_33600.command_table import Table33600
from tsbench.simulated_backends.virtual_instruments.keysight_33600.waveform_store import (
    BUILT_IN,
    CONTROLS,
    MARKERS,
    Codes,
    SequenceStep,
)

MOST_STEPS = 512  #: of a sequence [operating guide, DATA:SEQuence]
_LONGEST_JOINED = 1_000_000  #: points of a sequence that is played as one waveform
_UNKNOWN = ScpiError(785, text="Specified arb waveform does not exist")


class MemoryCommands(Table33600):
    """What the ``DATA`` subsystem does."""

    byte_order = Setting(":FORMat:BORDer", Choice("NORMal", "SWAPped"), default="NORM")
    arb_name = Setting(
        "[:SOURce<1-2>]:FUNCtion:ARBitrary", Text(bare=True), default=BUILT_IN, coerce="_known_arb",
        change="playback.reshape",
    )

    def _known_arb(self, channel: int, name: str) -> str:
        if not self.store.holds(channel, name):
            raise ScpiError(785, text=_UNKNOWN.text)
        return capitals(name)

    # ----------------------------------------------------------------------------------- for the waveform

    def codes_of(self, channel: int, name: str) -> Codes | None:
        """Return the points of a waveform, or of a whole sequence; None: it is not loaded."""
        steps = self.store.channels[channel].sequences.get(capitals(name))
        if steps is None:
            return self.store.arb(channel, name)
        return np.concatenate([part.codes for part in self.parts_of(channel, name) or ()])

    def parts_of(self, channel: int, name: str) -> tuple[SequencePart, ...] | None:
        """Return the parts of a sequence; None: it is a single waveform."""
        steps = self.store.channels[channel].sequences.get(capitals(name))
        if steps is None:
            return None
        parts = []
        for step in steps:
            codes = self.store.arb(channel, step.name)
            if codes is not None:
                parts.append(SequencePart(codes, step.control, step.repeats, step.marker, step.marker_point))
        return tuple(parts)

    def played(self, channel: int, waits: bool) -> tuple[
            Codes | None, tuple[SequencePart, ...] | None, tuple[tuple[int, int], ...] | None]:
        """Return what the selected waveform is: points, parts (None: no triggers matter), and pulses of sync [points].

        Parameters
        ----------
        channel : 1 or 2
        waits : whether triggers come; else every wait of a sequence is over at once
        """
        parts = self.parts_of(channel, self.arb_name[channel])
        if not parts:
            return self.codes_of(channel, self.arb_name[channel]), None, None
        if not waits:
            passing = {"onceWaitTrig": "once", "repeatTilTrig": "once"}
            parts = tuple(SequencePart(part.codes, passing.get(part.control, part.control), part.repeats, part.marker,
                                       part.marker_point) for part in parts)
        simple = all(part.control in ("once", "repeat") for part in parts)
        if simple and sum(len(part.codes) * part.repeats for part in parts) <= _LONGEST_JOINED:
            codes, pulses = joined(parts)
            return codes, None, pulses
        return parts[0].codes, parts, None

    # ------------------------------------------------------------------------------------------ downloads

    @command("[:SOURce<1-2>]:DATA:ARBitrary<1-2>", Text(bare=True), Many(AnyOf(Block(), Number()), minimum=1))
    def download_floats(self, channel: int, width: int, name: str, *data: Any) -> None:
        """``DATA:ARB name, -1..1`` as text or as a block of 32-bit floats."""
        values = self._numbers(data, ">f4", "<f4")
        if not np.all(np.abs(values) <= 1.0 + 1e-6):
            raise ScpiError(-222, text="Data out of range")
        self._store(channel, width, name, np.round(values * DAC_FULL_SCALE))

    @command("[:SOURce<1-2>]:DATA:ARBitrary<1-2>:DAC", Text(bare=True), Many(AnyOf(Block(), Number()), minimum=1))
    def download_codes(self, channel: int, width: int, name: str, *data: Any) -> None:
        """``DATA:ARB:DAC name, -32767..32767`` as text or as a block of 16-bit integers."""
        values = self._numbers(data, ">i2", "<i2")
        if not np.all(np.abs(values) <= DAC_FULL_SCALE):
            raise ScpiError(-222, text="Data out of range")
        self._store(channel, width, name, np.round(values))

    def _numbers(self, data: tuple[Any, ...], big: str, little: str) -> npt.NDArray[np.float64]:
        if isinstance(data[0], bytes):
            kind = np.dtype(big if self.byte_order == "NORM" else little)
            if len(data) > 1 or len(data[0]) % kind.itemsize:
                raise ScpiError(-161)
            return np.frombuffer(data[0], dtype=kind).astype(np.float64)
        if any(isinstance(item, bytes) for item in data):
            raise ScpiError(-161)
        return np.array(data, dtype=np.float64)

    def _store(self, channel: int, width: int, name: str, codes: npt.NDArray[np.float64]) -> None:
        if width == 2:   # both channels in one file: the option IQ player is not fitted
            raise ScpiError(-241)
        self.add(channel, name, codes.astype(np.int16))

    def add(self, channel: int, name: str, codes: Codes) -> None:
        """Put a waveform into the memory."""
        self._require_new(channel, name)
        if len(codes) < self.data_sheet.min_arb_points:
            raise ScpiError(-109, text=f"Missing parameter; at least {self.data_sheet.min_arb_points} points")
        if self.store.channels[channel].points + len(codes) > self.data_sheet.max_arb_points:
            raise ScpiError(781, text="Not enough memory to store new arb waveform; use DATA:VOLATILE:CLEAR")
        self.store.channels[channel].arbs[capitals(name)] = codes

    def _require_new(self, channel: int, name: str) -> None:
        if self.store.holds(channel, name):
            raise ScpiError(786, text="Specified arb waveform already exists")

    @command("[:SOURce<1-2>]:DATA:SEQuence", Block())
    def download_sequence(self, channel: int, block: bytes) -> None:
        """``DATA:SEQ #...``: name, then for each step name, repeats, control, marker, marker point."""
        fields = [text_of(part).strip("\"'") for part in split_parameters(block)]
        if len(fields) < 6 or len(fields) % 5 != 1:
            raise ScpiError(-109)
        self.add_sequence(channel, fields[0], [fields[k:k + 5] for k in range(1, len(fields), 5)])

    def add_sequence(self, channel: int, name: str, rows: list[list[str]]) -> None:
        """Put a sequence into the memory; each row has name, repeats, control, marker and marker point."""
        self._require_new(channel, name)
        if len(rows) > MOST_STEPS:
            raise ScpiError(-223)
        steps = []
        for arb, repeats, control, marker, point in rows:
            codes = self.store.arb(channel, arb)
            if codes is None:
                raise ScpiError(785, text=_UNKNOWN.text)
            if capitals(control) not in CONTROLS or capitals(marker) not in MARKERS:
                raise ScpiError(-224)
            try:
                count, place = int(float(repeats)), int(float(point))
            except (ValueError, OverflowError):
                raise ScpiError(-104) from None
            looped = capitals(control) == "REPEAT"
            if (looped and not 1 <= count <= 1_000_000) or not 4 <= place <= max(len(codes) - 4, 4):
                raise ScpiError(-222, text="Data out of range")
            steps.append(SequenceStep(
                capitals(arb), count if looped else 1, CONTROLS[capitals(control)], MARKERS[capitals(marker)], place))
        self.store.channels[channel].sequences[capitals(name)] = tuple(steps)

    # --------------------------------------------------------------------------------------------- queries

    @command("[:SOURce<1-2>]:DATA:VOLatile:CLEar")
    def clear_volatile(self, channel: int) -> None:
        self.store.channels[channel].arbs.clear()
        self.store.channels[channel].sequences.clear()
        setting = self.arb_name
        if setting[channel] != BUILT_IN:
            setting[channel] = BUILT_IN
            self.playback.reshape(channel)

    @command("[:SOURce<1-2>]:DATA:VOLatile:CATalog?")
    def catalogue(self, channel: int) -> str:
        return ",".join(f'"{name}"' for name in self.store.names(channel))

    @command("[:SOURce<1-2>]:DATA:VOLatile:FREE?")
    def free_points(self, channel: int) -> str:
        return str(self.data_sheet.max_arb_points - self.store.channels[channel].points)

    def _asked(self, channel: int, name: str | None) -> Codes:
        codes = self.codes_of(channel, name or self.arb_name[channel])
        if codes is None:
            raise ScpiError(785, text=_UNKNOWN.text)
        return codes

    @command("[:SOURce<1-2>]:DATA:ATTRibute:POINts?", Optional(Text(bare=True)))
    @command("[:SOURce<1-2>]:FUNCtion:ARBitrary:POINts?")
    def points(self, channel: int, name: str | None = None) -> str:
        return f"{len(self._asked(channel, name)):+d}"

    @command("[:SOURce<1-2>]:DATA:ATTRibute:{AVERage|PTPeak|CFACtor}?", Optional(Text(bare=True)))
    def attribute(self, channel: int, which: str, name: str | None = None) -> str:
        """``DATA:ATTR:AVER?`` and its like, of points between -1 and 1."""
        values = self._asked(channel, name) / DAC_FULL_SCALE
        if which == "AVER":
            return self.format_number(float(values.mean()))
        if which == "PTP":
            return self.format_number(float(values.max() - values.min()))
        effective = float(np.sqrt(np.mean(values**2)))
        return self.format_number(float(np.abs(values).max()) / effective if effective else 0.0)
