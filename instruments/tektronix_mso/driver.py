"""Driver of the Tektronix 4/5/6 Series MSO, MSO5000, DPO5000 and DPO7000: set up, arm and verify, wait, fetch.

Commands follow the programmer's guides of the two families; where these differ, the data sheet has the dialect. The
horizontal mode is MANual: sample rate and record length are set, so that the record has the span that was asked for.
An acquisition is one sequence (``ACQuire:STOPAfter SEQuence``); segments are FastFrame.
"""

import dataclasses
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tsbench.errors import ConfigurationError, LimitError, nearest
from tsbench.instruments.driver import Driver
from tsbench.instruments.guard.limits import require_in_range
from tsbench.instruments.interfaces import (
    Oscilloscope,
    Range,
    Timebase,
    Vertical,
)
from tsbench.instruments.languages.scpi import format_number
from tsbench.instruments.tektronix_mso import data_sheet
from tsbench.instruments.tektronix_mso.acquisition import TektronixSequence
from tsbench.instruments.tektronix_mso.readout import TRANSFERS
from tsbench.quantities import short_quantity

_OHM: Mapping[str, float] = {"1M": 1e6, "50": 50.0}
_LONG = 4_000_000  #: samples of all segments; more only where they are asked for
_RATES = 6  #: sample rates that are tried until the record fits into the memory


class TektronixMso(TektronixSequence):
    """An :class:`~tsbench.instruments.Oscilloscope`.

    Parameters
    ----------
    transfer : str, optional
        Width of the codes: ``byte``, or ``word`` (16 bit). Default: what loses nothing, ``word`` of the 4, 5 and 6
        Series.
    """

    title = "Tektronix oscilloscope"
    repeatable = data_sheet.REPEATABLE

    def __init__(self, adapter: Any, name: str = "scope", transfer: str | None = None, **kwargs: Any) -> None:
        if transfer is not None and transfer not in TRANSFERS:
            raise ConfigurationError(f"{name}: transfer = '{transfer}' is unknown{nearest(str(transfer), TRANSFERS)}")
        self._part = (1, data_sheet.SHORTEST_RECORD)
        self._triggered = False
        self._confirm_trigger = False  #: whether a channel was set since the trigger
        super().__init__(adapter, name, **kwargs)
        model = data_sheet.model_of(self.identity.model.upper())
        if model is None:
            raise ConfigurationError(f"{self.label}: tsbench does not know the model {self.identity.model}. Known: "
                                     f"{data_sheet.KNOWN}")
        self.call_it(f"Tektronix {self.identity.model}")
        self.series = data_sheet.SERIES[model.series]
        self.transfer = transfer or self.series.transfer
        self.capabilities = data_sheet.capabilities(model)
        self.vertical_accuracy = data_sheet.vertical_accuracy(model)

    def initialise(self) -> None:
        """After a reset: stopped, replies without header, no channel set up."""
        self.send(":HEAD OFF", ":VERB ON", ":ACQ:STATE STOP", ":ACQ:MOD SAM", ":ACQ:STOPA SEQ")
        self.forget_setup()
        self._triggered = False

    # ------------------------------------------------------------------------------------ configuration

    def configure_channel(self, channel: int, vertical: Vertical) -> Vertical:
        """Set input, range (full scale, ten divisions) and offset; DC coupled."""
        self.require_vertical(channel, vertical)
        word, external = f":CH{channel}", vertical.probe_attenuation
        if external != 1.0:   # what the instrument has recognised counts already
            external *= self.ask_number(f"{word}:PRO:GAIN?")
        self.send(
            f"{self.series.dialect.switch.format(channel=channel)} ON", f"{word}:COUP DC",
            f"{word}:TER {format_number(_OHM[vertical.impedance])}",
            f"{word}:PROBEF:EXTA {format_number(external)}",
            f"{word}:BAN {format_number(data_sheet.BANDWIDTH_LIMIT) if vertical.bandwidth_limit else 'FUL'}",
            f"{word}:INV OFF", f"{word}:POS 0", f"{word}:SCA {format_number(vertical.range / data_sheet.DIVISIONS)}",
            f"{word}:OFFS {format_number(vertical.offset)}",
        )
        self.check_errors()
        self.require_probe(channel, vertical, f"{word}:PROBEF:EXTA?", external)
        got = self.ask_number(f"{word}:SCA?") * data_sheet.DIVISIONS
        got_range = self.accepted(f"channel {channel} range", vertical.range, got, "V", 0.01)
        offset = self.accepted(
            f"channel {channel} offset", vertical.offset, self.ask_number(f"{word}:OFFS?"), "V",
            absolute=got_range * 1e-3)
        terminated = self.ask_number(f"{word}:TER?")
        alike = math.isclose(terminated, _OHM[vertical.impedance], rel_tol=0.01)
        self.require_impedance(channel, vertical, vertical.impedance if alike else f"{terminated:g}")
        accepted = dataclasses.replace(vertical, range=got_range, offset=offset)
        self._vertical[channel] = accepted
        self._confirm_trigger = True
        return accepted

    def switch_off(self, channel: int) -> None:
        """Send what switches a channel off."""
        self.write(f"{self.series.dialect.switch.format(channel=channel)} OFF")

    def configure_timebase(self, timebase: Timebase) -> Timebase:
        """Set span, position of mid-record after the trigger, and segments."""
        self.require_timebase(timebase)
        room = self.capabilities.record_length // timebase.segments
        if timebase.points is not None:
            require_in_range(self.label, "points", timebase.points, Range(100, room, ""))
        before = timebase.span / 2 - timebase.position   # the trigger after the start of the record
        if before > timebase.span:
            raise LimitError(f"{self.label}: the record would end {short_quantity(before - timebase.span, 's')} before "
                             f"the trigger. Choose a position of -{short_quantity(timebase.span / 2, 's')} or more")
        self.send(":HOR:MODE MAN", f":HOR:FAST:STATE {'ON' if timebase.segments > 1 else 'OFF'}")
        rate, points = self._sampling(timebase, room)
        record = max(points, data_sheet.SHORTEST_RECORD)
        self.write(f":HOR:MODE:RECO {record}")
        if timebase.segments > 1:
            self.send(*self.series.dialect.no_summary, f":HOR:FAST:COUN {timebase.segments}")
        position = self._place(timebase, before + (record - points) / 2 / rate, record / rate)
        got = int(self.ask_number(":HOR:MODE:RECO?"))
        self.accepted("record length", record, got, "", 0.0)
        segments = int(self.ask_number(":HOR:FAST:COUN?")) if timebase.segments > 1 else 1
        self.accepted("segments", timebase.segments, segments, "", 0.0)
        first = (record - points) // 2 + 1
        self._part = (first, first + points - 1)
        span = self.accepted("span", timebase.span, points / rate, "s", 0.01)
        self._timebase = dataclasses.replace(timebase, span=span, position=position, segments=segments)
        return self._timebase

    def _sampling(self, timebase: Timebase, room: int) -> tuple[float, int]:
        """Set the sample rate; return it [Sa/s] and the samples of the span. The instrument takes rates that it has."""
        wanted = timebase.points or min(round(timebase.span * self.capabilities.sample_rate), room,
                                        max(_LONG // timebase.segments, data_sheet.SHORTEST_RECORD))
        rate = wanted / timebase.span
        for _ in range(_RATES):
            self.write(f":HOR:MODE:SAMPLER {format_number(min(rate, self.capabilities.sample_rate))}")
            got = self.ask_number(":HOR:MODE:SAMPLER?")
            points = round(timebase.span * got)
            if 2 <= points <= room:
                self.check_errors()
                return got, points
            rate = got / 3
        raise LimitError(f"{self.label}: a record of {short_quantity(timebase.span, 's')} with {timebase.segments} "
                         f"segments does not fit into the memory of {self.capabilities.record_length} samples. Choose "
                         "a shorter span or fewer segments")

    def _place(self, timebase: Timebase, before: float, length: float) -> float:
        """Set where in the record the trigger is, ``before`` [s] after its start; return the position [s]."""
        word = self.series.dialect.delay
        if before >= 0.0:
            percent = 100.0 * before / length
            self.send(f"{word}:MOD OFF", f":HOR:POS {format_number(percent)}")
            self.check_errors()
            found = length / 2 - self.ask_number(":HOR:POS?") / 100.0 * length
        else:
            self.send(f"{word}:MOD ON", f"{word}:TIM {format_number(timebase.position)}")
            self.check_errors()
            found = self.ask_number(f"{word}:TIM?")
        return self.accepted("position", timebase.position, found, "s", absolute=length * 1e-3)

    # -------------------------------------------------------------------------------------- common duties

    def accepted_settings(self) -> Mapping[str, object]:
        """Return the set-up as it was last read back."""
        return {"transfer": self.transfer, **super().accepted_settings()}


if TYPE_CHECKING:  # mypy holds the driver to its contracts
    _as_driver: type[Driver] = TektronixMso
    _as_oscilloscope: type[Oscilloscope] = TektronixMso
