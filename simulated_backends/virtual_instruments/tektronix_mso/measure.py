"""The commands MEASUrement of the Tektronix oscilloscopes: measurements of the record that is on the screen.

What cannot be measured is 9.91E+37, with event 2225 where there is no waveform.
"""

import math
import statistics
from collections.abc import Mapping
from typing import Any, ClassVar

from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.scpi.parameters import Boolean, Integer, Text
from tsbench.simulated_backends.scpi.syntax import capitals
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.tektronix_mso.command_table import TektronixBase, TektronixTable
from tsbench.simulated_backends.virtual_instruments.tektronix_mso.events import NO_WAVEFORM, event_text
from tsbench.simulated_backends.virtual_instruments.tektronix_mso.measured import (
    DPO_TYPES,
    MSO_TYPES,
    PAIRED,
    alone,
    short,
)
from tsbench.simulated_backends.virtual_instruments.tektronix_mso.records import TektronixRecords
from tsbench.simulated_backends.virtual_instruments.tektronix_mso.replies import TekChoice, TekWord
from tsbench.simulated_backends.virtual_instruments.tektronix_mso.waveform import WaveformSource


class TektronixMeasurements(TektronixTable):
    """What measurements are made of.

    Parameters
    ----------
    scope : TektronixBase
    records : TektronixRecords
        Of the same scope.
    """

    types: ClassVar[Mapping[str, str]]  #: word of TYPe -> name of the measurement

    def __init__(self, scope: TektronixBase, records: TektronixRecords) -> None:
        super().__init__(scope)
        self.records = records
        self.values: dict[int, list[float]] = {}  #: of each measurement, one for each acquisition

    def measure(self, word: str, sources: tuple[str, str]) -> tuple[float, str]:
        """Return the value (NaN if it cannot be measured) and the unit of a measurement by its short word."""
        pair = next((found for name, found in PAIRED.items() if short(name) == word), None)
        first, second = (self.records.trace(int(source[2:])) for source in sources)
        name = next((found for known, found in self.types.items() if short(known) == word), "none")
        unit, function = alone(name)
        if first is None or (pair is not None and second is None):
            self.post_error(NO_WAVEFORM, text=event_text(NO_WAVEFORM))
            return math.nan, unit if pair is None else pair[0]
        if pair is not None and second is not None:
            return pair[1](first, second), pair[0]
        return function(first), unit

    def ready(self) -> Handler:
        """Acquire once where it runs freely."""
        self.control.look()
        yield from self.control.snapshot()

    def shown(self) -> list[int]:
        """Return the numbers of the measurements on the screen."""
        raise NotImplementedError

    def of_slot(self, slot: int) -> tuple[float, str]:
        """Return value and unit of a measurement on the screen."""
        raise NotImplementedError

    def take(self) -> None:
        """Take the measurements on the screen of the acquisition that has just ended."""
        for slot in self.shown():
            value = self.of_slot(slot)[0]
            if math.isfinite(value):
                self.values.setdefault(slot, []).append(value)

    def statistic(self, which: str, slot: int) -> float:
        """Return a number about the values of a measurement: "MEAN", "MAX", "MIN", "STD" or "COUN"."""
        values = self.values.get(slot) or [self.of_slot(slot)[0]]
        return float({
            "MEAN": statistics.fmean, "MAX": max, "MIN": min, "STD": statistics.pstdev, "COUN": len,
        }[which](values))   # type: ignore[operator]


class DpoMeasureCommands(TektronixMeasurements):
    """``MEASUrement`` of the MSO5000, DPO5000 and DPO7000."""

    types = DPO_TYPES
    _word = TekWord(*DPO_TYPES, "DELay", "PHAse")
    immediate_type = Setting(":MEASUrement:IMMed:TYPe", _word, default="PERI")
    immediate_sources = Setting(":MEASUrement:IMMed:SOUrce<1-2>", WaveformSource(),
                                default=lambda owner, number: f"CH{number}")
    slot_type = Setting(":MEASUrement:MEAS<1-8>:TYPe", _word, default="PERI", change="_forget")
    slot_source = Setting(":MEASUrement:MEAS<1-8>:SOUrce<1-2>", WaveformSource(),
                          default=lambda owner, slot, number: f"CH{number}", change="_forget")
    slot_state = Setting(":MEASUrement:MEAS<1-8>:STATE", Boolean(), default=False, change="_forget")
    statistics_mode = Setting(
        ":MEASUrement:STATIstics:MODe", TekWord("OFF", "ALL", "VALUEMean", "MINMax", "MEANSTDdev"), default="OFF")
    weighting = Setting(":MEASUrement:STATIstics:WEIghting", Integer("", 1, 1000), default=32)
    gating = Setting(":MEASUrement:GATing", TekChoice("ON", "OFF", "ZOOM1", "ZOOM2", "ZOOM3", "ZOOM4", "CURSor"),
                     default="OFF")

    def _forget(self, slot: int, *_: Any) -> None:
        self.values.pop(slot, None)

    def shown(self) -> list[int]:
        """Return the numbers of the measurements on the screen."""
        return [slot for slot in range(1, 9) if self.slot_state[slot]]

    def of_slot(self, slot: int) -> tuple[float, str]:
        """Return value and unit of a measurement on the screen."""
        return self.measure(self.slot_type[slot], (self.slot_source[slot, 1], self.slot_source[slot, 2]))

    def _immediate(self) -> tuple[float, str]:
        return self.measure(self.immediate_type, (self.immediate_sources[1], self.immediate_sources[2]))

    @command(":MEASUrement:IMMed:VALue?")
    def _immediate_value(self) -> Handler:
        """``MEASUrement:IMMed:VALue?``: measured at once."""
        yield from self.ready()
        return self.format_number(self._immediate()[0])

    @command(":MEASUrement:IMMed:UNIts?")
    def _immediate_unit(self) -> Handler:
        yield from self.ready()
        return f'"{self._immediate()[1]}"'

    @command(":MEASUrement:MEAS<1-8>:VALue?")
    def _value(self, slot: int) -> Handler:
        yield from self.ready()
        return self.format_number(self.of_slot(slot)[0])

    @command(":MEASUrement:MEAS<1-8>:UNIts?")
    def _unit(self, slot: int) -> Handler:
        yield from self.ready()
        return f'"{self.of_slot(slot)[1]}"'

    @command(":MEASUrement:MEAS<1-8>:{MEAN|MAXimum|MINImum|STDdev|COUNt}?")
    def _statistic(self, slot: int, which: str) -> Handler:
        """``MEASUrement:MEAS1:MEAN?``: over the acquisitions since it was set."""
        yield from self.ready()
        found = self.statistic({"MINI": "MIN"}.get(which, which), slot)
        return str(int(found)) if which == "COUN" else self.format_number(found)

    @command(":MEASUrement:STATIstics:COUNt", TekChoice("RESEt"))
    def _forget_all(self, word: str) -> None:
        self.values.clear()


class MsoMeasureCommands(TektronixMeasurements):
    """``MEASUrement`` of the 4, 5 and 6 Series: measurements are added and deleted."""

    types = MSO_TYPES
    _word = TekWord(*MSO_TYPES, "DELAY", "PHASE")
    slot_type = Setting(":MEASUrement:MEAS<1-50>:TYPe", _word, default="PERIOD", change="_changed")
    slot_source = Setting(":MEASUrement:MEAS<1-50>:SOUrce<1-2>", WaveformSource(),
                          default=lambda owner, slot, number: f"CH{number}", change="_changed")

    def __init__(self, scope: TektronixBase, records: TektronixRecords) -> None:
        super().__init__(scope, records)
        self._defined: list[int] = []

    def _changed(self, slot: int, *_: Any) -> None:
        self.values.pop(slot, None)
        if slot not in self._defined:
            self._defined = sorted({*self._defined, slot})

    def shown(self) -> list[int]:
        """Return the numbers of the measurements that were added."""
        return list(self._defined)

    def of_slot(self, slot: int) -> tuple[float, str]:
        """Return value and unit of a measurement."""
        return self.measure(self.slot_type[slot], (self.slot_source[slot, 1], self.slot_source[slot, 2]))

    @command(":MEASUrement:ADDMEAS", _word)
    def _add(self, word: str) -> None:
        """``MEASUrement:ADDMEAS``: one more."""
        slot = max(self._defined, default=0) + 1
        self.slot_type[slot] = word
        self._changed(slot)

    @command(":MEASUrement:DELete", Text())
    def _delete(self, name: str) -> None:
        """``MEASUrement:DELete "MEAS1"``."""
        self._defined = [slot for slot in self._defined if f"MEAS{slot}" != capitals(name)]

    @command(":MEASUrement:DELETEALL")
    def forget_all(self) -> None:
        """``MEASUrement:DELETEALL``."""
        self._defined = []
        self.values.clear()

    @command(":MEASUrement:LIST?")
    def _list(self) -> str:
        return ",".join(f"MEAS{slot}" for slot in self._defined) or "NONE"

    @command(":MEASUrement:MEAS<1-50>:RESUlts:CURRentacq:{MEAN|MAXimum|MINimum|STDDev|POPUlation}?")
    def _current(self, slot: int, which: str) -> Handler:
        """``MEASUrement:MEAS1:RESUlts:CURRentacq:MEAN?``: of the acquisition that is shown."""
        yield from self.ready()
        value = self.of_slot(slot)[0]
        if which == "POPU":
            return str(int(math.isfinite(value)))
        return self.format_number(0.0 if which == "STDD" and math.isfinite(value) else value)

    @command(":MEASUrement:MEAS<1-50>:RESUlts:ALLAcqs:{MEAN|MAXimum|MINimum|STDDev|POPUlation}?")
    def _over_all(self, slot: int, which: str) -> Handler:
        """``MEASUrement:MEAS1:RESUlts:ALLAcqs:MEAN?``: over the acquisitions since it was set."""
        yield from self.ready()
        found = self.statistic({"STDD": "STD", "POPU": "COUN"}.get(which, which), slot)
        return str(int(found)) if which == "POPU" else self.format_number(found)
