"""The output connectors of a generator in the circuit: for each an ideal source, a resistance and a relay.

A channel has one connector, or two: the second is its complement, the same waveform upside down.
"""

from tsbench.netlist import Element
from tsbench.simulated_backends.circuit.engine import Constant, SourceWaveform
from tsbench.simulated_backends.virtual_instruments.generator.data_sheet import GeneratorDataSheet
from tsbench.simulated_backends.virtual_instruments.generator.settings import GeneratorSettings
from tsbench.simulated_backends.virtual_instruments.generator.synthesis import mirrored
from tsbench.simulated_backends.virtual_instruments.instrument import OPEN, Attachment, VirtualInstrument

COMPLEMENT = "_complement"  #: end of the name of a complementary connector


class OutputConnectors:
    """The connectors of all channels.

    Parameters
    ----------
    instrument : VirtualInstrument
        Its terminals are called "1", "2", ... and, if it has complements, "1_complement", ...
    sheet : GeneratorDataSheet
    settings : what the user has set, read at each call
    """

    def __init__(
        self, instrument: VirtualInstrument, sheet: GeneratorDataSheet, settings: GeneratorSettings,
    ) -> None:
        self._instrument = instrument
        self._bench = instrument.bench
        self._sheet = sheet
        self._settings = settings
        self._closed: dict[str, bool] = {}

    def attachment(self) -> Attachment:
        """Return source, output resistance and relay of each wired connector."""
        elements: list[Element] = []
        for channel in range(1, self._sheet.channels + 1):
            for name in self._wired_names(channel):
                inside = f"{self._instrument.name}_{name}_emf".lower()
                node = self._instrument.node(name)
                assert node is not None
                elements.append(Element("V", self._source(name), (inside, "0")))
                elements.append(Element("R", self._relay(name), (inside, node), value=OPEN))
        return Attachment(tuple(elements))

    def names(self, channel: int) -> tuple[str, ...]:
        """Return the names of a channel's connectors: its output, and its complement if it has one."""
        return (str(channel), f"{channel}{COMPLEMENT}") if self._sheet.complements else (str(channel),)

    def _wired_names(self, channel: int) -> list[str]:
        return [name for name in self.names(channel) if self._instrument.node(name) is not None]

    def wired(self, channel: int) -> bool:
        """Return whether a connector of a channel is connected to the fixture."""
        return bool(self._wired_names(channel))

    def _source(self, name: str) -> str:
        return self._instrument.element_name("V", name, "emf")

    def _relay(self, name: str) -> str:
        return self._instrument.element_name("R", name, "output")

    def drive(self, channel: int, waveform: SourceWaveform, middle: float) -> None:
        """Give a channel its EMF [V]; ``middle`` [V] is what the complement is turned about."""
        for name in self._wired_names(channel):
            played = waveform
            if name.endswith(COMPLEMENT) and waveform != Constant(0.0):
                played = mirrored(waveform, middle)
            self._bench.circuit.set_source(self._source(name), played)
            self._bench.changed()

    def set_relay(self, channel: int, closed: bool, complement: bool) -> None:
        """Open or close the relay of an output or of its complement."""
        name = self.names(channel)[int(complement)]
        self._closed[name] = closed
        if self._instrument.node(name) is not None:
            self._set_resistance(name, self._settings.shape(channel).levels.source if closed else OPEN)

    def _set_resistance(self, name: str, resistance: float) -> None:
        self._bench.circuit.set_resistance(self._relay(name), resistance)
        self._bench.changed()

    def is_closed(self, channel: int, complement: bool = False) -> bool:
        """Return whether the relay of an output, or of its complement, is closed."""
        return self._closed.get(f"{channel}{COMPLEMENT if complement else ''}", False)

    def follow_resistance(self, channel: int) -> None:
        """Give the closed connectors of a channel the output resistance that is set now."""
        for name in self._wired_names(channel):
            if self._closed.get(name):
                self._set_resistance(name, self._settings.shape(channel).levels.source)
