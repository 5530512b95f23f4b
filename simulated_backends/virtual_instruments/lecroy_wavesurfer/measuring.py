"""The measurements P1 to P8 of the screen, by remote commands: ``PACU``, ``PAVA?``, ``PAST?``, ``PARM``, ``CLSW``.

Sources: MAUI remote control manual, page 6-68 (PARAMETER_STATISTICS?); X-Stream remote control manual WM-RCM-E Rev D,
page 197 (its replies); WaveAce remote control manual 920836, page 41 (PARAMETER_VALUE?: a state follows each
value, and the measurements follow one another).
"""

import math

import numpy as np

from tsbench.simulated_backends.lecroy.parameters import LecroyWord
from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.executing import Handler
from tsbench.simulated_backends.scpi.parameters import Integer, Many, Optional, Text
from tsbench.simulated_backends.scpi.plain_numbers import number_behind
from tsbench.simulated_backends.scpi.syntax import WHITE_TEXT, capitals
from tsbench.simulated_backends.scpi.tree import command
from tsbench.simulated_backends.virtual_instruments.lecroy_scope.command_table import ShortScope, ShortTable
from tsbench.simulated_backends.virtual_instruments.lecroy_wavesurfer.parameters import (
    BY_WORD,
    KINDS,
    NO_VALUE,
    ParameterKind,
    ParameterSlot,
    engineering,
    state_of,
)

SLOTS = 8
_POINTS = 500_000  #: of a record that is measured, nearly: the oscilloscope takes all
_MODES = ("CUST", "HPAR", "VPAR")
_STATISTICS = ("AVG", "HIGH", "LAST", "LOW", "SIGMA", "SWEEPS")


class ParameterCommands(ShortTable):
    """The measurements of the screen, and single measurements of a waveform."""

    def __init__(self, scope: ShortScope) -> None:
        super().__init__(scope)
        self.set_defaults()

    def set_defaults(self) -> None:
        """Measure nothing."""
        self.shown = self.with_statistics = self.with_icons = False
        self.clear_all()

    def clear_all(self) -> None:
        """Forget every measurement, and switch it off."""
        self.slots = {number: ParameterSlot() for number in range(1, SLOTS + 1)}

    def clear_sweeps(self) -> None:
        """Forget the statistics."""
        for slot in self.slots.values():
            slot.clear()

    def slot(self, number: int) -> ParameterSlot:
        """Return one measurement of the screen.

        Raises
        ------
        ScpiError
            -224: there is none with this number.
        """
        if number not in self.slots:
            raise ScpiError(-224)
        return self.slots[number]

    def source(self, text: str) -> int:
        """Return the number of a channel: ``C1``.

        Raises
        ------
        ScpiError
            -224: it is no channel.
        """
        channel = number_behind("C", text)
        if channel is None or channel not in self.panel.channels:
            raise ScpiError(-224)
        return channel

    def measure(self) -> None:
        """Measure what was acquired last, unless that has been done."""
        acquisition = self.memory.acquisition
        if acquisition is None:
            return
        segments = 1 if acquisition.plan.averaged else len(acquisition.records)
        for slot in self.slots.values():
            if slot.kind is None or not slot.shown or slot.measured is acquisition:
                continue
            found = [self.memory.trace(slot.source, segment, _POINTS) for segment in range(segments)]
            slot.take(acquisition, [trace for trace in found if trace is not None])

    def look(self) -> Handler:
        """Acquire if it runs freely, and measure."""
        self.control.look()
        yield from self.control.snapshot()
        self.measure()

    # ------------------------------------------------------------------------------------------- remote commands

    @command("PACU", Integer(""), LecroyWord(*BY_WORD, "NULL"), Optional(Text(bare=True)))
    def install(self, number: int, word: str, source: str = "C1") -> None:
        """``PACU 1,FREQ,C2``: what a measurement of the screen is."""
        slot = self.slot(number)
        slot.shown = True
        slot.set(BY_WORD.get(word), self.source(source))

    @command("PACU?", Integer(""))
    def installed(self, number: int) -> str:
        """``PACU? 1``: what it is."""
        return f"{number},{self._named(self.slot(number))}"

    @command("PADL", Integer(""))
    def remove(self, number: int) -> None:
        """``PADL 1``: measure nothing there."""
        self.slot(number).set()

    @command("PACL")
    def remove_all(self) -> None:
        """``PACL``: measure nothing."""
        self.clear_all()

    @command("CLSW")
    def restart(self) -> None:
        """``CLSW``: begin new statistics."""
        self.clear_sweeps()

    @command("PARM", LecroyWord(*_MODES, "OFF"), Optional(LecroyWord("STAT", "HISTICON", "BOTH", "OFF")))
    def show(self, mode: str, readout: str = "OFF") -> None:
        """``PARM CUST,STAT``: show the measurements, with statistics, histograms or both."""
        if mode in {"HPAR", "VPAR"}:
            raise ScpiError(-224)
        self.shown = mode == "CUST"
        self.with_statistics = self.shown and readout in {"STAT", "BOTH"}
        self.with_icons = self.shown and readout in {"HISTICON", "BOTH"}

    @command("PARM?")
    def how_shown(self) -> str:
        """``PARM?``: how they are shown."""
        readout = {(False, False): "OFF", (True, False): "STAT", (False, True): "HISTICON", (True, True): "BOTH"}[
            self.with_statistics, self.with_icons]
        return f"{'CUST' if self.shown else 'OFF'},{readout}"

    @command("C<1-4>:PAVA?", Many(Text(bare=True)))
    def value(self, channel: int, *words: str) -> Handler:
        """``C1:PAVA? RMS,FREQ``: measurements of the record on the screen, with their states; ALL: all of them."""
        names = [capitals(word.strip(WHITE_TEXT)) for word in words]
        if names in ([], ["ALL"]):
            names = [kind.word for kind in KINDS]
        if not all(name in BY_WORD or self._custom_slot(name) for name in names):
            raise ScpiError(-224)
        yield from self.look()
        return ",".join(self._custom_value(name) if name not in BY_WORD
                        else f"{name},{self._measured(BY_WORD[name], channel)}" for name in names)

    @command("PAVA?", Text(bare=True))
    def custom(self, word: str) -> Handler:
        """``PAVA? CUST1``: the last value of a measurement of the screen, with its state."""
        name = capitals(word.strip(WHITE_TEXT))
        if not self._custom_slot(name):
            raise ScpiError(-224)
        yield from self.look()
        return self._custom_value(name)

    def _custom_slot(self, name: str) -> ParameterSlot | None:
        """Return the measurement of the screen with a name: ``CUST1``."""
        place = number_behind("CUST", name)
        return None if place is None else self.slot(place)

    def _custom_value(self, name: str) -> str:
        slot = self.slot(int(name[4:]))
        return f"{name[4:]},{self._number(slot, slot.value)},{slot.state}"

    def _measured(self, kind: ParameterKind, channel: int) -> str:
        trace = self.memory.trace(channel, points=_POINTS)
        with np.errstate(all="ignore"):
            values = np.empty(0) if trace is None else kind.measured(trace)
        if not len(values):
            return f"{NO_VALUE},IV"
        return f"{self._with_unit(float(values[-1]), kind)},{state_of(trace, values)}"

    @command("PAST?", LecroyWord(*_MODES), Text(bare=True), Optional(Text(bare=True)))
    def statistics(self, mode: str, what: str, number: str = "") -> Handler:
        """``PAST? CUST,AVG``: a statistic of all measurements; ``PAST? CUST,P1``: all statistics of one."""
        if mode != "CUST":   # another set is on the screen
            return NO_VALUE
        yield from self.look()
        word = capitals(what.strip(WHITE_TEXT) or number.strip(WHITE_TEXT))
        if word in _STATISTICS:
            return ",".join(["CUST", word, *(self._statistic(slot, word) for slot in self.slots.values())])
        place = number_behind("P", word)
        if place is None:
            raise ScpiError(-224)
        slot = self.slot(place)
        found = [f"{name},{self._statistic(slot, name)}" for name in _STATISTICS]
        return ",".join(["CUST", word, self._named(slot), *found])

    # ------------------------------------------------------------------------------------------- how they are written

    @staticmethod
    def _named(slot: ParameterSlot) -> str:
        return f"{'NULL' if slot.kind is None else slot.kind.word},C{slot.source}"

    def _statistic(self, slot: ParameterSlot, word: str) -> str:
        found = slot.statistics
        if word == "SWEEPS":
            return str(found.count)
        return self._number(slot, {
            "AVG": found.mean, "HIGH": found.highest, "LAST": found.last, "LOW": found.lowest,
            "SIGMA": found.deviation}[word])

    def _number(self, slot: ParameterSlot, value: float) -> str:
        return NO_VALUE if slot.kind is None or not math.isfinite(value) else self._with_unit(value, slot.kind)

    def _with_unit(self, value: float, kind: ParameterKind) -> str:
        return engineering(value) if self.reply_header == "OFF" else f"{engineering(value)} {kind.unit}"
