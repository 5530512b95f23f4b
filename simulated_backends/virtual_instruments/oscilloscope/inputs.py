"""The inputs of an oscilloscope in the circuit: their resistance and capacitance, and the probes on them."""

import math
from collections.abc import Mapping

from tsbench.errors import ConfigurationError
from tsbench.netlist import Element
from tsbench.quantities import parse_quantity
from tsbench.simulated_backends.virtual_instruments.instrument import Attachment, VirtualInstrument
from tsbench.simulated_backends.virtual_instruments.oscilloscope.data_sheet import ScopeDataSheet

_LONGEST_CABLE = 20e-9  #: [s] of 4 m; a cable is no line of the circuit, it only shows the node later


class ScopeInputs:
    """What each wired input puts on its node, divided by the probe on it.

    Parameters
    ----------
    instrument : VirtualInstrument
        Its terminals are called "1", "2", ...; ``options`` of the world file: ``probes`` has the real
        attenuations, ``cables`` the delays.
    sheet : ScopeDataSheet
    impedance : name of the impedance with which the instrument is switched on

    Raises
    ------
    ConfigurationError
        The instrument's terminals have other names; or a probe of the world file is no attenuation, or a cable no
        delay.
    """

    def __init__(self, instrument: VirtualInstrument, sheet: ScopeDataSheet, impedance: str) -> None:
        self._instrument = instrument
        self._sheet = sheet
        self._impedance = impedance
        names = [str(number) for number in range(1, sheet.channels + 1)]
        instrument.require_terminals(f"an oscilloscope of {sheet.channels} channels", names)
        self._channels = names
        self.dividers = self._probe_options()  #: real attenuation of the probe on each channel that has one
        self.cables = self._cable_options()  #: [s] by which its cable delays each channel that has one

    def _probe_options(self) -> dict[int, float]:
        instrument, options = self._instrument, self._instrument.placement.options
        table = options.get("probes", {})
        probes: dict[int, float] = {}
        for channel, value in (table if isinstance(table, Mapping) else {"": table}).items():
            attenuation = float(value) if isinstance(value, int | float) else math.nan
            if channel not in self._channels or not 1 <= attenuation <= 1000:
                raise ConfigurationError(
                    f"instruments.{instrument.name}.options.probes: {channel!r} = {value!r} is not possible. For "
                    f"each channel, give an attenuation from 1 to 1000, for example probes = {{ 1 = 10 }}")
            probes[int(channel)] = attenuation
        return probes

    def _cable_options(self) -> dict[int, float]:
        table = self._instrument.placement.options.get("cables", {})
        cables: dict[int, float] = {}
        for channel, value in (table if isinstance(table, Mapping) else {"": table}).items():
            try:
                delay = parse_quantity(value, "s")
            except ConfigurationError:
                delay = math.nan
            if channel not in self._channels or not 0.0 <= delay <= _LONGEST_CABLE:
                raise ConfigurationError(
                    f"instruments.{self._instrument.name}.options.cables: {channel!r} = {value!r} is not possible. For "
                    f"each channel, give the delay of its cable, 0 to {_LONGEST_CABLE * 1e9:g} ns, for example "
                    'cables = { 2 = "1.5 ns" }')
            cables[int(channel)] = delay
        return cables

    def attachment(self) -> Attachment:
        """Return resistance and capacitance of each wired input."""
        elements: list[Element] = []
        name = self._instrument.element_name
        for channel in self._channels:
            node = self._instrument.node(channel)
            if node is None:
                continue
            divider = self.dividers.get(int(channel), 1.0)
            resistance = self._sheet.impedances[self._impedance] * divider
            self._load_noise(node, resistance)
            capacitance = self._sheet.input_capacitance / divider
            elements.append(Element("R", name("R", channel, "input"), (node, "0"), value=resistance))
            elements.append(Element("C", name("C", channel, "input"), (node, "0"), value=capacitance))
        return Attachment(tuple(elements))

    def set_impedance(self, channel: int, impedance: str) -> None:
        """Switch an input to the impedance of that name."""
        if self._instrument.node(str(channel)) is None:
            return
        bench = self._instrument.bench
        resistance = self._sheet.impedances[impedance] * self.dividers.get(channel, 1.0)
        bench.circuit.set_resistance(self._instrument.element_name("R", str(channel), "input"), resistance)
        self._load_noise(self._instrument.node(str(channel)), resistance)
        bench.changed()

    def _load_noise(self, node: str | None, resistance: float) -> None:
        """Load an amplifier at the node with an input [Ohm]."""
        noise = self._instrument.bench.node_noise.get(node or "")
        if noise is not None:
            noise.load = resistance
