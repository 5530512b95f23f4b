"""Driver of the Keithley 2600B source meters: the instrument, and its one or two units.

Commands follow the reference manual 2600BS-901-01, section 7.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tsbench.errors import ConfigurationError, nearest
from tsbench.instruments.driver import Driver
from tsbench.instruments.interfaces import (
    HasSenseLeads,
    Interlocked,
    LimitReadable,
    OutputOffSelectable,
    OutputState,
    SourceMeter,
    SourceMeterPulses,
    SourceMeterSampling,
)
from tsbench.instruments.keithley_2600 import data_sheet
from tsbench.instruments.keithley_2600.unit import OUTPUT_OFF, SmuUnit
from tsbench.instruments.languages.tsp import TspInstrument
from tsbench.instruments.source_meters.records import accuracy_tables


class Keithley2600(TspInstrument):
    """The source meter with its units.

    Parameters
    ----------
    output_off : str
        What the terminals are when an output is off: ``high_impedance`` (relay open), ``normal``, ``zero``.
    four_wire : bool
        Sense the voltage at the device, with leads from the sense terminals. Switch it on only if these leads are
        connected. The default is False.
    """

    title = "Keithley 2600B"
    repeatable = data_sheet.REPEATABLE

    def __init__(
        self, adapter: Any, name: str = "source_meter", output_off: str = "high_impedance", four_wire: bool = False,
        **kwargs: Any,
    ) -> None:
        if output_off not in OUTPUT_OFF:
            raise ConfigurationError(
                f"{name}: output_off = '{output_off}' is unknown{nearest(str(output_off), OUTPUT_OFF)}")
        if not isinstance(four_wire, bool):
            raise ConfigurationError(f"{name}: four_wire must be true or false, not {four_wire!r}")
        self.units: dict[str, SmuUnit] = {}
        super().__init__(adapter, name, **kwargs)
        model = self.identity.model.upper().removeprefix("MODEL").strip()
        self.known_model(model, data_sheet.MODELS)
        self.call_it(f"Keithley {model}")
        self.model = data_sheet.MODELS[model]
        self.units = {
            letter: SmuUnit(self, letter, self.model, output_off, four_wire) for letter in self.model.channels}

    def initialise(self) -> None:
        """After a reset: numbers of full length and blocks of 64 bits, no prompts, the mains frequency."""
        self.send(
            "localnode.prompts = 0", "localnode.showerrors = 0", "format.asciiprecision = 12",
            "format.data = format.REAL64", "format.byteorder = format.LITTLEENDIAN", "timer.reset()")
        frequency = self.number("localnode.linefreq")
        for unit in self.units.values():
            unit.initialise(frequency)

    # ------------------------------------------------------------------------------------------- outputs

    def terminal(self, channel: str) -> SmuUnit:
        """Return the unit called ``channel`` ("": the first)."""
        letter = channel or next(iter(self.units))
        if letter not in self.units:
            raise ConfigurationError(
                f"{self.label} has no unit '{channel}'. Its units are {', '.join(self.units)}")
        return self.units[letter]

    @property
    def output_names(self) -> tuple[str, ...]:
        """Return the names of all outputs."""
        return tuple(f"{self.name}.{letter}" for letter in self.units)

    def output_states(self) -> list[OutputState]:
        """Read all outputs back."""
        return [state for unit in self.units.values() for state in unit.output_states()]

    def abort(self) -> None:
        """End the script that runs, and the sweeps of all units."""
        self.send("abort", *(f"smu{letter}.abort()" for letter in self.units))

    def safe_state(self) -> None:
        """Stop, switch all outputs off, then bring all levels to zero."""
        self.send("abort", *(f"smu{letter}.source.output = 0" for letter in self.units))
        for unit in self.units.values():
            unit.zero_level()

    # ------------------------------------------------------------------------------------------ run file

    def accepted_settings(self) -> Mapping[str, object]:
        """Return the set-up of the units that were configured; of several, with their letters."""
        used = {letter: found for letter, unit in self.units.items() if (found := unit.accepted_settings())}
        if len(used) == 1:
            return next(iter(used.values()))
        return {f"{letter}.{key}": value for letter, found in used.items() for key, value in found.items()}

    def accuracy(self) -> Mapping[str, Mapping[str, float]]:
        """Return the accuracy of every range, as the run file keeps it."""
        return accuracy_tables(self.model.capabilities)


if TYPE_CHECKING:  # mypy holds the driver to its contracts
    _as_driver: type[Driver] = Keithley2600
    _as_source_meter: type[SourceMeter] = SmuUnit
    _as_pulses: type[SourceMeterPulses] = SmuUnit
    _as_sampling: type[SourceMeterSampling] = SmuUnit
    _as_interlocked: type[Interlocked] = SmuUnit
    _as_output_off: type[OutputOffSelectable] = SmuUnit
    _as_limit_readable: type[LimitReadable] = SmuUnit
    _as_sense_leads: type[HasSenseLeads] = SmuUnit
