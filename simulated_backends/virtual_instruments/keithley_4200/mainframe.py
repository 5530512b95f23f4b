"""What the command parts of a 4200A-SCS work on: units, pages, data, the test that runs."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field

from tsbench.simulated_backends.kxci.errors import VALUE, KxciError
from tsbench.simulated_backends.kxci.status import KxciStatus
from tsbench.simulated_backends.services.clock import Process
from tsbench.simulated_backends.virtual_instruments.instrument import VirtualInstrument
from tsbench.simulated_backends.virtual_instruments.keithley_4200.source_unit import SourceUnit

TEST = "test"  #: name of the operation
LETTERS = "ABCDGHIJ"  #: of the source-measure units 1 to 8 in replies about voltages; ABCDEFGH about currents


@dataclass
class Frame4200:
    """What the command parts work on."""

    instrument: VirtualInstrument
    sources: Mapping[int, SourceUnit]
    status: KxciStatus
    #: by name of a variable: data status and value of each reading
    data: dict[str, list[tuple[str, float]]] = field(default_factory=dict)
    digits: int = 5  #: RS
    test: Process | None = None

    def source(self, number: int) -> SourceUnit:
        """Return a source-measure unit; KxciError if there is none."""
        if number not in self.sources:
            raise KxciError(VALUE)
        return self.sources[number]

    def limited(self, besides: SourceUnit) -> bool:
        """Whether another unit is in compliance."""
        return any(unit.is_on and unit is not besides and unit.output.stage.limiting()
                   for unit in self.sources.values())

    def number(self, value: float) -> str:
        """Write a reading."""
        return f"{value:+.{self.digits - 1}E}"

    def clear_data(self) -> None:
        """BC."""
        self.data.clear()
        self.status.data_ready = False
        self.status.update()

    @property
    def busy(self) -> bool:
        """Whether a test runs."""
        return self.test is not None and self.test.running

    def run(self, steps: Generator[float, None, None]) -> None:
        """Start a test."""
        operations = self.instrument.operations
        operations.begin(TEST)

        def whole() -> Generator[float, None, None]:
            try:
                yield from steps
            finally:
                operations.end(TEST)
                self.status.update()

        self.test = Process(self.instrument.clock, whole())

    def stop(self) -> None:
        """End the test where it is."""
        if self.test is not None:
            self.test.stop()
