"""A transimpedance amplifier in the circuit of a world: input, output stage, and the noise that a scope sees."""

import math
from dataclasses import dataclass

from tsbench.netlist import GROUND, Element
from tsbench.simulated_backends.services.node_noise import NodeNoise
from tsbench.simulated_backends.virtual_instruments.current_amplifier.equations import AmplifierOutput


@dataclass(frozen=True)
class TransimpedanceAmplifier:
    """What an amplifier is, by its data sheet or as a test wants it.

    Parameters
    ----------
    name : str
    input, output : nodes of the circuit, against ground
    gain : [V/A] of either sign, at the open output
    input_resistance : [Ohm] to ground
    input_capacitance : [F] to ground
    bandwidth : [Hz] -3 dB, one pole
    maximum_output : [V] of either sign, at the open output
    output_resistance : [Ohm]; into 50 Ohm, 50 Ohm halve gain and maximum output
    offset : [V] at the open output
    noise : [A/sqrt(Hz)] referred to the input, white
    """

    name: str
    input: str
    output: str
    gain: float
    input_resistance: float
    bandwidth: float
    maximum_output: float
    input_capacitance: float = 0.0
    output_resistance: float = 50.0
    offset: float = 0.0
    noise: float = 0.0

    @property
    def _output_name(self) -> str:
        return f"X{self.name}.output"

    def elements(self) -> tuple[Element, ...]:
        """Return what the amplifier puts into the circuit."""
        entry = (self.input.lower(), GROUND)
        found = [Element("R", f"R{self.name}.input", entry, value=self.input_resistance)]
        if self.input_capacitance > 0:
            found.append(Element("C", f"C{self.name}.input", entry, value=self.input_capacitance))
        return (*found, Element("X", self._output_name, (*entry, self.output.lower(), GROUND), model="amplifier"))

    def model(self) -> tuple[str, AmplifierOutput]:
        """Return the name and the equations of the output stage."""
        return self._output_name, AmplifierOutput(
            gain=self.gain / self.input_resistance, vmax=self.maximum_output, offset=self.offset,
            rout=self.output_resistance, tau=1.0 / (2.0 * math.pi * self.bandwidth))

    def output_noise(self) -> NodeNoise:
        """Return the noise at the output: a single pole passes pi/2 of its bandwidth."""
        rms = self.noise * abs(self.gain) * math.sqrt(math.pi / 2.0 * self.bandwidth)
        return NodeNoise(rms, self.bandwidth, self.output_resistance)
