"""What the drivers of generators share: the instrument with its outputs."""

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar

from tsbench.errors import ConfigurationError
from tsbench.instruments.generators.output import GeneratorOutput
from tsbench.instruments.interfaces import OutputState, PulseGeneratorCapabilities
from tsbench.instruments.languages.scpi_instrument import ScpiInstrument


class MultiOutputGenerator(ScpiInstrument):
    """A generator: its outputs, and what they share."""

    models: ClassVar[Mapping[str, Any]]  #: model in the reply to ``*IDN?`` -> its numbers, with ``channels``
    output_class: ClassVar[type[GeneratorOutput]]
    maker = ""  #: as messages call it: "Keysight"
    #: messages that switch an output off, for each
    switching_off: ClassVar[tuple[str, ...]] = (":OUTP{ch} OFF",)
    byte_order = "big"  #: of the blocks it is sent

    def __init__(self, adapter: Any, name: str = "generator", **kwargs: Any) -> None:
        self.outputs: dict[int, GeneratorOutput] = {}
        super().__init__(adapter, name, **kwargs)
        model = self.known_model(self.identity.model.upper(), self.models)
        self.call_it(f"{self.maker} {model}")
        self.model = self.models[model]
        self.outputs = {
            n: self.output_class(self, n, self.capabilities(), self.byte_order)
            for n in range(1, self.model.channels + 1)
        }

    def capabilities(self) -> PulseGeneratorCapabilities:
        """Return the limits of one output."""
        raise NotImplementedError

    def channel(self, number: int) -> GeneratorOutput:
        """Return one output; ConfigurationError if there is none of that number."""
        if number not in self.outputs:
            raise ConfigurationError(
                f"{self.label} has no output {number}. Its outputs are {', '.join(map(str, self.outputs))}"
            )
        return self.outputs[number]

    def abort(self) -> None:
        """Stop running bursts."""
        for output in self.outputs.values():
            output.abort()

    def initialise(self) -> None:
        """After a reset nothing is known of the outputs but that they are off."""
        for output in self.outputs.values():
            output.forget()

    def safe_state(self) -> None:
        """Open all output relays, then bring all levels to zero."""
        self.send(*(command.format(ch=number) for command in self.switching_off for number in self.outputs))
        for output in self.outputs.values():
            output.zero_level()

    def output_states(self) -> list[OutputState]:
        """Read all outputs back."""
        return [state for output in self.outputs.values() for state in output.output_states()]

    @property
    def output_names(self) -> tuple[str, ...]:
        """Return the names of all outputs."""
        return tuple(f"{self.name}.{number}" for number in self.outputs)

    def terminal(self, channel: str) -> GeneratorOutput:
        """Return the output called ``channel`` ("": the first)."""
        return self.channel(int(channel or 1))

    def accepted_settings(self) -> Mapping[str, object]:
        """Return the set-up of all outputs as it was last read back."""
        return {
            f"{n}.{key}": value
            for n, output in self.outputs.items()
            for key, value in output.accepted_settings().items()
        }

    def accuracy(self) -> Mapping[str, Mapping[str, float]]:
        """Return the accuracy of a constant level, of the top of a pulse, and of the time base."""
        caps = self.capabilities()
        return {
            "level": dataclasses.asdict(caps.level_accuracy),
            "pulse": dataclasses.asdict(caps.pulse_accuracy or caps.level_accuracy),
            "timebase": {"relative": caps.timebase_accuracy},
        }
