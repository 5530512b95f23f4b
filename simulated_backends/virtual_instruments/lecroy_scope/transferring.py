"""Which part of a record is read: ``WFSU``, in the short commands."""

from tsbench.simulated_backends.lecroy.parameters import pairs
from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import Many, Text
from tsbench.simulated_backends.scpi.plain_numbers import plain_number
from tsbench.simulated_backends.scpi.tree import command
from tsbench.simulated_backends.virtual_instruments.lecroy_scope.running import ShortRunCommands


class TransferCommands(ShortRunCommands):
    """Run control, and the part that is read. A family states the words of ``transfer`` and their first values."""

    transfer: dict[str, int]

    @command("WFSU", Many(Text(bare=True), 2))
    def set_transfer(self, *words: str) -> None:
        """``WFSU SP,4,NP,100,FP,0``: every SP-th point, NP of them (0: all), from FP on; SN: segment (0: all)."""
        given = pairs(words)
        if not given.keys() <= self.transfer.keys():
            raise ScpiError(-224)
        try:
            values = {name: int(plain_number(value)) for name, value in given.items()}
        except (ValueError, OverflowError):
            raise ScpiError(-104) from None
        if min(values.values()) < 0:
            raise ScpiError(-222)
        self.transfer.update(values)

    @command("WFSU?")
    def _transfer_set(self) -> str:
        return ",".join(f"{name},{value}" for name, value in self.transfer.items())
