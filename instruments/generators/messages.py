"""Messages to one output of a generator: ``{ch}`` in a command stands for its number."""

from tsbench.instruments.languages.scpi_instrument import ScpiInstrument


class OutputMessages:
    """What one output is sent and asked.

    Parameters
    ----------
    generator : the instrument
    channel : number of the output
    """

    def __init__(self, generator: ScpiInstrument, channel: int) -> None:
        self._generator = generator
        self._channel = channel

    def send(self, *commands: str) -> None:
        """Send commands, then empty the error queue; InstrumentError if it holds any error."""
        if not commands:
            return
        with self._generator.lock:
            for command in commands:
                self._generator.write(command.format(ch=self._channel))
            self._generator.check_errors()

    def number(self, command: str) -> float:
        """Return a numeric reply."""
        return self._generator.ask_number(command.format(ch=self._channel))

    def is_on(self, header: str) -> bool:
        """Return the state of a switch, such as that of the output."""
        return self._generator.ask_switch(f"{header.format(ch=self._channel)}?")
