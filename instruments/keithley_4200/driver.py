"""Driver of the Keithley 4200A-SCS: which units it has.

Commands follow the 4200A-SCS KXCI Remote Control Programming manual, 4200A-KXCI-907-01 Rev. D. KXCI must run on the
instrument (Clarius cannot run beside it), and is set to the 4200A command set. It does not tell whether the interlock
is closed: no command asks for it, and the status byte has bits for data ready, syntax error, busy and service request
only (reference manual 4200A-901-01 Rev. C, p. 9-54).
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tsbench.errors import ConfigurationError
from tsbench.instruments.driver import Driver
from tsbench.instruments.interfaces import InstrumentBase, OutputState
from tsbench.instruments.keithley_4200.data_sheet import units
from tsbench.instruments.keithley_4200.mainframe import Analyser4200
from tsbench.instruments.keithley_4200.pulse_channel import PulseTerminal
from tsbench.instruments.keithley_4200.source_channel import UnitSourceMeter
from tsbench.instruments.source_meters.records import accuracy_tables


class Keithley4200(Analyser4200):
    """The mainframe with its units.

    Parameters
    ----------
    line_frequency : float
        [Hz] of the mains. The instrument does not tell it.
    """

    title = "Keithley 4200A-SCS"

    def __init__(self, adapter: Any, name: str = "analyser", line_frequency: float = 50, **kwargs: Any) -> None:
        if line_frequency not in (50, 60):
            raise ConfigurationError(f"{name}: line_frequency = {line_frequency!r} is not 50 or 60 Hz")
        super().__init__(adapter, name, **kwargs)
        options = self.ask("*OPT?")
        found = units(options)
        if not found:
            raise ConfigurationError(f"{self.label} has no source-measure unit that tsbench knows. It has {options}")
        self.units = {number: UnitSourceMeter(self, unit, float(line_frequency)) for number, unit in found.items()}
        self.sources = self.units
        self.has_pulse_card = "PMU1" in options
        self.pulses = {f"pmu{channel}": PulseTerminal(self, channel) for channel in (1, 2) if self.has_pulse_card}
        self.unknown.update(self._terminals())

    def initialise(self) -> None:
        """After a reset: the 4200A command set, no service requests, readings of seven digits."""
        self.send("EM 1,0", "DR0", "RS 7")
        self.forget_integration()
        self.note_off(*self.on, *self.unknown)
        self.testing = ""
        for source in self.units.values():
            source.forget()
        for pulses in self.pulses.values():
            pulses.forget()

    # ------------------------------------------------------------------------------------------- outputs

    def _terminals(self) -> Mapping[str, InstrumentBase]:
        return {**{source.name: source for source in self.units.values()}, **self.pulses}

    def terminal(self, channel: str) -> InstrumentBase:
        """Return a source-measure unit ("": the first) or a channel of the pulse card."""
        known = self._terminals()
        if not channel:
            return next(iter(known.values()))
        if channel not in known:
            raise ConfigurationError(f"{self.label} has no terminal {channel}. It has {', '.join(known)}")
        return known[channel]

    @property
    def output_names(self) -> tuple[str, ...]:
        """Return the names of all outputs."""
        return tuple(f"{self.name}.{name}" for name in self._terminals())

    def output_states(self) -> Sequence[OutputState]:
        """Return all outputs as they were last set: KXCI does not read them.

        The question for the last error is answered when the messages before it have been carried out.
        """
        if not self.testing:
            self.check_errors()
        return [self.state_of(name) for name in self._terminals()]

    def abort(self) -> None:
        """Stop tests; the outputs of source-measure units stay as they are."""
        for source in self.units.values():
            source.abort()
        for pulses in self.pulses.values():
            pulses.abort()

    def safe_state(self) -> None:
        """Stop tests and switch all outputs off; the levels of all units are then zero."""
        self.make_safe()
        for source in self.units.values():
            source.switched_off()
        for pulses in self.pulses.values():
            pulses.switched_off()

    # ------------------------------------------------------------------------------------------ for the run file

    def accuracy(self) -> Mapping[str, Mapping[str, float]]:
        """Return the accuracy of every range of each unit, with its name: the units differ."""
        return {f"{source.name}.{key}": row for source in self.units.values()
                for key, row in accuracy_tables(source.capabilities).items()}

    def accepted_settings(self) -> Mapping[str, object]:
        """Return the set-up of the terminals that were configured; of several, with their names."""
        terminals: Mapping[str, UnitSourceMeter | PulseTerminal] = {
            **{source.name: source for source in self.units.values()}, **self.pulses}
        used = {name: found for name, one in terminals.items() if (found := one.accepted_settings())}
        if len(used) == 1:
            return next(iter(used.values()))
        return {f"{name}.{key}": value for name, found in used.items() for key, value in found.items()}


if TYPE_CHECKING:
    from tsbench.instruments.interfaces import PulseMeasure

    _as_driver: type[Driver] = Keithley4200
    _as_pulse_measure: type[PulseMeasure] = PulseTerminal
