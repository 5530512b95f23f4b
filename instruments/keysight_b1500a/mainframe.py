"""What the modules of a B1500A share: measurement mode, integration times, output switches, abort.

The measurement mode and the integration times are those of the whole mainframe: the channel that measures sets them
again if another one has changed them.
"""

from typing import Any

from tsbench.errors import InstrumentError
from tsbench.instruments.languages.flex import FlexInstrument


class ParameterAnalyser(FlexInstrument):
    """The mainframe, without what its modules are.

    Parameters
    ----------
    adapter : pymeasure Adapter
    name : on the bench
    """

    def __init__(self, adapter: Any, name: str, **kwargs: Any) -> None:
        self.mode = ""  #: the measurement mode (MM) as it was last sent
        self.converter = ""  #: the integration (AIT) as it was last sent
        super().__init__(adapter, name, **kwargs)

    def forget_modes(self) -> None:
        """The measurement mode and the integration must be sent again."""
        self.mode = self.converter = ""

    def set_mode(self, mode: str) -> None:
        """Set the measurement mode, as "MM 1,2", if another one is set."""
        if mode != self.mode:
            self.write(mode)
            self.mode = mode

    def set_converter(self, command: str) -> None:
        """Set the integration of a converter, as "AIT 0,2,1", if another one is set."""
        if command != self.converter:
            self.write(command)
            self.converter = command

    def closed_switches(self) -> set[int]:
        """Read back which output switches are closed, as channel numbers."""
        def parsed(reply: str) -> set[int]:
            text = reply.strip()
            if text == "CL":
                return set()
            if not text.startswith("CN"):
                raise ValueError(f"{reply!r} is not a list of switches")
            return {int(part) for part in text.removeprefix("CN").split(",")}

        return self.questions.parsed("*LRN? 0", parsed)

    def require_closed(self, slot: int, closed: bool) -> None:
        """Raise InstrumentError if an output switch is not as it should be."""
        if (slot in self.closed_switches()) != closed:
            raise InstrumentError(f"{self.label}: the output switch of slot {slot} did not "
                                  f"{'close' if closed else 'open'}. Check the interlock and the module")

    def abort(self) -> None:
        """Stop a measurement; outputs stay as they are."""
        self.send("AB", "BC")

    def safe_state(self) -> None:
        """Stop, open all switches, forget data."""
        self.send("AB", "CL", "BC")
