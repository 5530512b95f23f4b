"""4225-PMU: commands of Segment Arb waveforms (KXCI Remote Control Programming Rev. D, section 7)."""

from tsbench.simulated_backends.kxci.errors import COMMAND, VALUE, KxciError
from tsbench.simulated_backends.kxci.syntax import KxciParameter, WholeNumber, kxci
from tsbench.simulated_backends.virtual_instruments.keithley_4200 import pulse_sheet as sheet
from tsbench.simulated_backends.virtual_instruments.keithley_4200.pulse_run import PulseCardRun
from tsbench.simulated_backends.virtual_instruments.keithley_4200.pulse_setup import PulseCardSetup, Sequence

CHANNEL, SEQUENCE = WholeNumber(1, 8), WholeNumber(1, sheet.MOST_SEQUENCES)
SECONDS, VOLTS = KxciParameter(20e-9 * (1 - 1e-9), 1.0, many=True), KxciParameter(-40.0, 40.0, many=True)
KINDS, SWITCHES = WholeNumber(0, 4, many=True), WholeNumber(0, 1, many=True)
MOMENTS = KxciParameter(0.0, 1.0, many=True)


class SegmentCommands:
    """Arrays of the sequences, and the order in which they are played.

    Parameters
    ----------
    run : PulseCardRun
    """

    def __init__(self, run: PulseCardRun) -> None:
        self._run = run

    def _setup(self, channel: int) -> PulseCardSetup:
        if not self._run.segments:
            raise KxciError(COMMAND, "Initialise Segment Arb first.")
        if channel not in self._run.setups:
            raise KxciError(VALUE)
        return self._run.setups[channel]

    def _set(self, name: str, channel: int, number: int, values: tuple[float, ...], add: bool = False) -> None:
        setup = self._setup(channel)
        if not values or len(values) > sheet.MOST_VALUES:
            raise KxciError(VALUE)
        if name.endswith("V") and max(map(abs, values)) > setup.volts:
            raise KxciError(VALUE)
        sequence = setup.sequences.setdefault(number, Sequence())
        before = sequence.arrays.get(name, []) if add else []
        whole = sum(len(one.arrays.get(name, ())) for one in setup.sequences.values() if one is not sequence)
        if whole + len(before) + len(values) > sheet.MOST_SEGMENTS:
            raise KxciError(VALUE)
        sequence.arrays[name] = [*before, *values]

    @kxci(":PMU:SARB:SEQ:TIME", CHANNEL, SEQUENCE, SECONDS)
    def _times(self, channel: int, number: int, *values: float) -> None:
        self._set("TIME", channel, number, values)

    @kxci(":PMU:SARB:SEQ:TIME:ADD", CHANNEL, SEQUENCE, SECONDS)
    def _more_times(self, channel: int, number: int, *values: float) -> None:
        self._set("TIME", channel, number, values, add=True)

    @kxci(":PMU:SARB:SEQ:STARTV", CHANNEL, SEQUENCE, VOLTS)
    def _starts(self, channel: int, number: int, *values: float) -> None:
        self._set("STARTV", channel, number, values)

    @kxci(":PMU:SARB:SEQ:STARTV:ADD", CHANNEL, SEQUENCE, VOLTS)
    def _more_starts(self, channel: int, number: int, *values: float) -> None:
        self._set("STARTV", channel, number, values, add=True)

    @kxci(":PMU:SARB:SEQ:STOPV", CHANNEL, SEQUENCE, VOLTS)
    def _stops(self, channel: int, number: int, *values: float) -> None:
        self._set("STOPV", channel, number, values)

    @kxci(":PMU:SARB:SEQ:STOPV:ADD", CHANNEL, SEQUENCE, VOLTS)
    def _more_stops(self, channel: int, number: int, *values: float) -> None:
        self._set("STOPV", channel, number, values, add=True)

    @kxci(":PMU:SARB:SEQ:MEAS:TYPE", CHANNEL, SEQUENCE, KINDS)
    def _kinds(self, channel: int, number: int, *values: float) -> None:
        self._set("MEAS:TYPE", channel, number, values)

    @kxci(":PMU:SARB:SEQ:MEAS:TYPE:ADD", CHANNEL, SEQUENCE, KINDS)
    def _more_kinds(self, channel: int, number: int, *values: float) -> None:
        self._set("MEAS:TYPE", channel, number, values, add=True)

    @kxci(":PMU:SARB:SEQ:MEAS:START", CHANNEL, SEQUENCE, MOMENTS)
    def _windows(self, channel: int, number: int, *values: float) -> None:
        self._set("MEAS:START", channel, number, values)

    @kxci(":PMU:SARB:SEQ:MEAS:START:ADD", CHANNEL, SEQUENCE, MOMENTS)
    def _more_windows(self, channel: int, number: int, *values: float) -> None:
        self._set("MEAS:START", channel, number, values, add=True)

    @kxci(":PMU:SARB:SEQ:MEAS:STOP", CHANNEL, SEQUENCE, MOMENTS)
    def _ends(self, channel: int, number: int, *values: float) -> None:
        self._set("MEAS:STOP", channel, number, values)

    @kxci(":PMU:SARB:SEQ:MEAS:STOP:ADD", CHANNEL, SEQUENCE, MOMENTS)
    def _more_ends(self, channel: int, number: int, *values: float) -> None:
        self._set("MEAS:STOP", channel, number, values, add=True)

    @kxci(":PMU:SARB:SEQ:SSR", CHANNEL, SEQUENCE, SWITCHES)
    def _relays(self, channel: int, number: int, *values: float) -> None:
        self._set("SSR", channel, number, values)

    @kxci(":PMU:SARB:SEQ:SSR:ADD", CHANNEL, SEQUENCE, SWITCHES)
    def _more_relays(self, channel: int, number: int, *values: float) -> None:
        self._set("SSR", channel, number, values, add=True)

    @kxci(":PMU:SARB:SEQ:TRIG", CHANNEL, SEQUENCE, SWITCHES)
    def _triggers(self, channel: int, number: int, *values: float) -> None:
        self._set("TRIG", channel, number, values)

    @kxci(":PMU:SARB:WFM:SEQ:LIST", CHANNEL, KxciParameter(many=True))
    def _list(self, channel: int, *pairs: float) -> None:
        setup = self._setup(channel)
        numbers, loops = pairs[::2], pairs[1::2]
        whole = all(one == int(one) for one in pairs)
        if not pairs or len(numbers) != len(loops) or not whole or not all(
                int(number) in setup.sequences for number in numbers) or not all(
                1 <= one <= sheet.MOST_LOOPS for one in loops):
            raise KxciError(VALUE)
        setup.plays = [(int(number), one) for number, one in zip(numbers, loops, strict=True)]
