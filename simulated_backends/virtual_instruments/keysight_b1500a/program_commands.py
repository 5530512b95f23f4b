"""B1500A: output buffers, channel mapping, interlock, pauses and program memory (BC, LOP?, ACH, PA, ST, END, DO).

Source: B1500A/B1505A Programming Guide edition 11, chapter 4.
"""

from collections.abc import Generator

from tsbench.simulated_backends.flex.errors import FlexError
from tsbench.simulated_backends.flex.execution import FlexCommanded, execute_command
from tsbench.simulated_backends.flex.parameters import ChannelNumber, FlexParameter, Whole, flex
from tsbench.simulated_backends.flex.program_memory import MOST_PROGRAMS
from tsbench.simulated_backends.scpi.executing import Wait
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.data_sheet import SLOTS
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.mainframe import Mainframe

Steps = Generator[Wait, None, None]
PROGRAM = Whole(1, MOST_PROGRAMS)


class ProgramCommands:
    """Buffers, mapping of channels, interlock, pauses and program memory.

    Parameters
    ----------
    instrument : FlexCommanded
    frame : Mainframe
    """

    def __init__(self, instrument: FlexCommanded, frame: Mainframe) -> None:
        self._instrument = instrument
        self._frame = frame
        self._input_output_mode = 0  #: ERMOD

    def reset(self) -> None:
        """Take the settings after ``*RST``."""
        self._input_output_mode = 0

    # ------------------------------------------------------------------------------------------ buffers

    @flex("BC")
    def _clear_buffer(self) -> None:
        self._frame.exchange.clear_data()

    @flex("NUB?")
    def _data_left(self) -> str:
        return str(self._frame.data.count if self._frame.exchange.output_ready else 0)

    @flex("LOP?")
    def _operation_status(self) -> str:
        """Two digits per slot: 00 off; 1x a voltage source, 2x a current source; x1, x2 in compliance."""
        texts = []
        for slot in SLOTS:
            channel = self._frame.slots.sources.get(slot)
            if channel is None or not channel.is_on:
                texts.append("00")
                continue
            voltage = channel.settings.source_function == "VOLT"
            digit = 0
            if channel.output.stage.limiting():
                digit = 1 if channel.output.stage.present("CURR" if voltage else "VOLT") >= 0 else 2
            texts.append(f"{1 if voltage else 2}{digit}")
        return "LOP" + ",".join(texts)

    @flex("ACH", ChannelNumber(optional=True), ChannelNumber(optional=True))
    def _map_channel(self, actual: int | None = None, program: int | None = None) -> None:
        mapping = self._frame.slots.mapping
        if actual is None:
            mapping.clear()
        elif program is None or program == actual:
            mapping.pop(actual, None)
        else:
            mapping[program] = actual

    # --------------------------------------------------------------------------- interlock, digital lines

    @flex("INTLKVTH", FlexParameter(0, 42))
    def _set_interlock_voltage(self, volts: float) -> None:
        self._frame.interlock_voltage = volts

    @flex("INTLKVTH?")
    def _interlock_voltage(self) -> str:
        return f"{self._frame.interlock_voltage:g}"

    @flex("ERMOD", Whole(0, 36))
    def _set_input_output_mode(self, mode: int) -> None:
        self._input_output_mode = mode

    @flex("ERMOD?")
    def _get_input_output_mode(self) -> str:
        return str(self._input_output_mode)

    # ---------------------------------------------------------------------------- pauses, program memory

    @flex("PA", FlexParameter(-99.9999, 99.9999, optional=True))
    def _pause(self, seconds: float = 0.0) -> Steps:
        self._frame.status.waiting = True
        try:
            yield abs(seconds)
        finally:
            self._frame.status.waiting = False

    @flex("ST", PROGRAM)
    def _store(self, number: int) -> None:
        self._instrument.program_memory.start(number)

    @flex("END")
    def _end_of_program(self) -> None:
        self._instrument.program_memory.end()

    @flex("DO", PROGRAM, Whole(1, MOST_PROGRAMS, optional=True, many=True))
    def _run(self, *numbers: int) -> Steps:
        for number in numbers:
            for command in self._instrument.program_memory.commands(number):
                yield from execute_command(self._instrument, command)

    @flex("RU", PROGRAM, PROGRAM)
    def _run_several(self, first: int, last: int) -> Steps:
        if last < first:
            raise FlexError(120)
        wanted = [number for number in self._instrument.program_memory.numbers() if first <= number <= last]
        yield from self._run(*wanted)

    @flex("SCR", Whole(1, MOST_PROGRAMS, optional=True))
    def _scratch(self, number: int | None = None) -> None:
        self._instrument.program_memory.scratch(number)

    @flex("LST?", Whole(0, MOST_PROGRAMS, optional=True), Whole(1, optional=True), Whole(1, 3000, optional=True))
    def _list(self, number: int = 0, index: int = 1, size: int = 3000) -> str:
        memory = self._instrument.program_memory
        if number == 0:
            numbers = memory.numbers()
            return ",".join(map(str, [len(numbers), *numbers]))
        lines = [str(command) for command in memory.commands(number)][index - 1: index - 1 + size]
        return "\r\n".join([f"ST{number}", *lines, "END"])
