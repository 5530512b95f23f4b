"""The search for the oscillation window in progress: one bias at a time, each from 0 V, chosen by the ones before."""

from collections.abc import Iterator, Mapping

from tsbench.instruments import Station
from tsbench.protocols.acquiring.bias_source import bias_compliance, bias_source
from tsbench.protocols.acquiring.waiting import steps_for
from tsbench.protocols.adapting.chooser import Chooser
from tsbench.protocols.oscillation.acquisition import OscillationAcquisition
from tsbench.protocols.oscillation_window.parameters import WindowParameters
from tsbench.quantities import format_quantity
from tsbench.records import Flag, Recorder, Step, Waveform


class WindowSearch(OscillationAcquisition):
    """One run in progress.

    Parameters
    ----------
    settings, station, recorder : as of an oscillation run
    chooser : chooses each bias [V]
    """

    def __init__(self, settings: WindowParameters, station: Station, recorder: Recorder, chooser: Chooser) -> None:
        super().__init__(settings.records(), station, recorder)
        self._budget, self._chooser = settings.budget, chooser
        self._oscillates = 0.0  #: the answer of the chooser on the last record

    def run(self) -> Iterator[Step]:
        """Hold and record bias after bias, with 0 V in between, until the chooser has enough; ends at zero, off."""
        settings, clock, done = self._settings, self._station.clock, 0
        source, biases = bias_source(self._station), settings.biases()
        source.prepare(float(biases.min()), float(biases.max()),
                       bias_compliance(settings.compliance, self._station))
        yield Step(0, self._budget, "output on at 0", idle=True)
        while (bias := self._chooser.next_stimulus()) is not None:
            message = f"bias {format_quantity(bias, 'V')}"
            source.set_level(bias)
            yield from steps_for(
                clock, clock.now() + settings.settle, lambda: Step(done, self._budget, message))  # noqa: B023
            self.record(done, bias)
            source.set_level(0.0)
            done += 1
            yield Step(done, self._budget, f"{self._chooser.progress}; the last {message}", idle=True)
        source.switch_off()
        self._say("log", self._chooser.reason)
        self._say("log", "bias at 0 V, output off")
        yield Step(done, done, "output off", idle=True)

    def recorded(self, bias: float, waveforms: Mapping[str, Waveform]) -> None:
        """Tell the chooser what was recorded at a ``bias`` [V]."""
        record = tuple(waveforms.values())
        flags = Flag.NONE if record else Flag.TIMEOUT
        self._oscillates, *_ = self._chooser.told(bias, [record] if record else [], flags)

    def row(self, number: int, time: float, bias: float, span: float) -> tuple[float, ...]:
        """Return the row of the point table of one ``bias`` [V]."""
        return (*super().row(number, time, bias, span), self._oscillates)
