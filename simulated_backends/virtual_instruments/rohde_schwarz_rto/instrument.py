"""The Rohde & Schwarz RTO oscilloscopes, as their user manual describes them.

Quirks that the twin has
------------------------
- The screen has ten divisions both ways. COUPling DC is 50 Ohm, DCLimit 1 MOhm.
- ``FORMat:DATA`` is ASCii, REAL,32, INT,8 or INT,16; integers are 253 (x 256) levels over the range.
- ``CHANnel1:DATA:HEADer?``: start [s], stop [s], samples, values for each sample.
- ``RUNSingle`` makes ``ACQuire:COUNt`` acquisitions; ``TRIGger:FORCe`` triggers one. ``*OPC?`` waits for ``RUNSingle``.
- Bit 3 of ``STATus:OPERation:CONDition?`` waits for a trigger, bit 4 measures.
- After ``RUNSingle``, ``ACQuire:AVAilable?`` acquisitions can be read one by one, with their times (``HISTory``).
  ``ACQuire:SEGMented`` takes the series also in a run, with ``MAX`` as many as the memory holds.

Not simulated: math, high definition (``HDEFinition`` is refused), more trigger types.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

import numpy as np

from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.scpi.parameters import Boolean, Choice, Integer, Optional
from tsbench.simulated_backends.scpi.syntax import definite_block
from tsbench.simulated_backends.scpi.tree import Setting, Subsystem, command
from tsbench.simulated_backends.virtual_instruments.oscilloscope import measurements
from tsbench.simulated_backends.virtual_instruments.oscilloscope.acquisition_control import ACQUISITION
from tsbench.simulated_backends.virtual_instruments.oscilloscope.acquisition_memory import FINE
from tsbench.simulated_backends.virtual_instruments.oscilloscope.converter_scope import ConverterScope
from tsbench.simulated_backends.virtual_instruments.oscilloscope.settings import OscilloscopeSettings
from tsbench.simulated_backends.virtual_instruments.oscilloscope.shown_trace import ShownTrace
from tsbench.simulated_backends.virtual_instruments.rohde_schwarz_rto import data_sheet as sheets
from tsbench.simulated_backends.virtual_instruments.rohde_schwarz_rto.acquiring import RtoAcquiring
from tsbench.simulated_backends.virtual_instruments.rohde_schwarz_rto.history import RtoHistory
from tsbench.simulated_backends.virtual_instruments.rohde_schwarz_rto.readout import WAITING, SharedReadout
from tsbench.simulated_backends.virtual_instruments.rohde_schwarz_rto.tables import RtoChannels

_MEASURING = 0x10
_POINTS = 20_000
_MEASUREMENTS: Mapping[str, Callable[[ShownTrace], float]] = {
    "HIGH": measurements.top, "LOW": measurements.base, "AMPL": measurements.amplitude,
    "MAX": measurements.maximum, "MIN": measurements.minimum, "PDEL": measurements.peak_to_peak,
    "MEAN": measurements.average, "RMS": measurements.rms, "RTIM": measurements.transition,
    "FTIM": partial(measurements.transition, rising=False), "PPUL": measurements.width,
    "NPUL": partial(measurements.width, positive=False), "PER": measurements.period,
    "FREQ": measurements.frequency, "PDCY": measurements.duty_cycle,
}
_NAMES = Choice("HIGH", "LOW", "AMPLitude", "MAXimum", "MINimum", "PDELta", "MEAN", "RMS", "RTIMe", "FTIMe", "PPULse",
                "NPULse", "PERiod", "FREQuency", "PDCYcle")


class RtoReadout(SharedReadout):
    """Run control, waveforms and measurements.

    Parameters
    ----------
    scope : ConverterScope
    settings : RtoAcquiring
    history : RtoHistory
        Of the same scope.
    """

    settings: RtoAcquiring
    lengths: ClassVar[Mapping[str, tuple[int, ...]]] = {"ASC": (0,), "REAL": (32,), "INT": (8, 16)}
    byte_order = Setting(":FORMat:BORDer", Choice("LSBFirst", "MSBFirst"), default="LSBF")
    with_times = Setting(":EXPort:WAVeform:INCXvalues", Boolean(), default=False)
    several = Setting(":EXPort:WAVeform:MULTichannel", Boolean(), default=False)
    view = Setting(":SYSTem:DISPlay:UPDate", Boolean(), default=False)
    measuring = Setting(":MEASurement<1-8>[:ENABle]", Boolean(), default=False)
    measured = Setting(":MEASurement<1-8>:SOURce", Choice("C1W1", "C2W1", "C3W1", "C4W1"), default="C1W1")
    category = Setting(":MEASurement<1-8>:CATegory", Choice("AMPTime"), default="AMPT")
    main = Setting(":MEASurement<1-8>:MAIN", _NAMES, default="AMPL")

    def __init__(self, scope: ConverterScope, settings: RtoAcquiring, history: RtoHistory) -> None:
        super().__init__(scope, settings)
        self.history = history

    @command(":FORMat[:DATA]", Choice("ASCii", "REAL", "INT"), Optional(Integer("", 0, 32)))
    def _set_format(self, kind: str, bits: int | None = None) -> None:
        """``FORM REAL,32``: with the length that the kind has."""
        self.choose_format(kind, bits)

    @command(":TRIGger<1-3>:FORCe")
    def _force(self, number: int) -> None:
        """``TRIG:FORC``: trigger now."""
        self.control.force()

    @command(":STATus:OPERation:CONDition?")
    def _condition(self) -> str:
        """``STAT:OPER:COND?``."""
        self.look()
        waiting = self.control.waiting_for_trigger
        return str((_MEASURING if self.control.running else 0) | (WAITING if waiting else 0))

    # ------------------------------------------------------------------------------------------ waveforms

    @command(":CHANnel<1-4>[:WAVeform<1-3>]:DATA[:VALues]?")
    def _data(self, channel: int, waveform: int) -> Handler:
        """``CHAN1:DATA?``: the record in the format that is set."""
        yield from self.ready(channel)
        levels, (kind, bits) = self.memory.levels(channel, self.history.record), self.data_format
        order = "<" if self.byte_order == "LSBF" else ">"
        if kind == "INT":
            codes = levels if bits == 16 else (levels + FINE // 2) // FINE
            return definite_block(codes.astype(f"{order}i{bits // 8}").data, len(str(codes.size * bits // 8)))
        volts = self.memory.volts(channel, levels)
        if kind == "REAL":
            return definite_block(volts.astype(f"{order}f4").data, len(str(4 * volts.size)))
        return ",".join(f"{value:.6g}" for value in volts)

    @command(":CHANnel<1-4>[:WAVeform<1-3>]:DATA:HEADer?")
    def _header(self, channel: int, waveform: int) -> Handler:
        """``CHAN1:DATA:HEAD?``: start [s], stop [s], samples, values for each."""
        yield from self.ready(channel)
        plan = self.memory.plan
        assert plan is not None
        last = plan.first_sample + (plan.sampling.points - 1) * plan.sampling.interval
        return f"{plan.first_sample:.12g},{last:.12g},{plan.sampling.points},1"

    @command(":MEASurement<1-8>:ADDitional", _NAMES, Boolean())
    def _add(self, number: int, name: str, on: bool) -> None:
        """``MEAS1:ADD FREQ,ON``: measure this, too."""
        self.setting_values["additional", (number, name)] = on

    @command(":MEASurement<1-8>:ADDitional?", _NAMES)
    def _is_added(self, number: int, name: str) -> str:
        return str(int(self._added(number, name)))

    def _added(self, number: int, name: str) -> bool:
        return bool(self.setting_values.get(("additional", (number, name)), False))

    @command(":MEASurement<1-8>:RESult[:ACTual]?", Optional(_NAMES))
    @command(":MEASurement<1-8>:RESult:AVG?", Optional(_NAMES))
    def _result(self, number: int, name: str | None = None) -> Handler:
        """``MEAS1:RES?``, ``MEAS1:RES? FREQ``: the main or this measurement; 9.91E37 where there is none."""
        chosen = name or self.main[number]
        channel = int(self.measured[number][1])
        yield from self.ready(channel)
        settings = self.settings
        trace = self.memory.trace(
            channel, settings.record_start(), settings.timebase_range, _POINTS, self.history.record)
        made = self.measuring[number] and (chosen == self.main[number] or self._added(number, chosen))
        if trace is None or not made:
            return self.format_number(math.nan)
        with np.errstate(all="ignore"):
            value = _MEASUREMENTS[chosen](replace(trace, reference=settings.position))
        return self.format_number(value)


class VirtualRto(ConverterScope):
    """Inputs, triggers, acquisition, measurements; ``data_sheet`` has the numbers, ``material`` the model's name."""

    channel_header = "CHANnel"
    number_format = ".9g"
    no_error = '0,"No error"'
    material = "RTO1014"

    channel_commands = Subsystem(RtoChannels)
    acquire_commands = Subsystem(RtoAcquiring, lambda scope: RtoAcquiring(scope, scope.channel_commands))
    history_commands = Subsystem(RtoHistory)
    readout_commands = Subsystem(
        RtoReadout, lambda scope: RtoReadout(scope, scope.acquire_commands, scope.history_commands))

    @property
    def scope_settings(self) -> OscilloscopeSettings:
        """Return what is set, as the shared code reads it."""
        return self.acquire_commands

    @command(":DIAGnostic:SERVice:WFAModel?")
    def model_number(self) -> str:
        """``DIAG:SERV:WFAM?``: the model."""
        return self.material

    def trigger(self) -> Any:
        """``*TRG``: as ``RUNSingle``."""
        self.control.single()

    def cleared(self) -> None:
        """A device clear ends what *OPC waits for; running goes on."""
        if ACQUISITION in self.operations.pending:
            self.control.abandon()


class VirtualRohdeSchwarzRTO1014(VirtualRto):
    """RTO1014: four channels, 1 GHz, 10 GSa/s, 20 Mpts."""

    data_sheet = sheets.ROHDE_SCHWARZ_RTO1014


class VirtualRohdeSchwarzRTO2024(VirtualRto):
    """RTO2024: four channels, 2 GHz, 10 GSa/s, 20 Mpts."""

    data_sheet = sheets.ROHDE_SCHWARZ_RTO2024
    material = "RTO2024"
