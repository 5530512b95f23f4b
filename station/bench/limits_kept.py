"""Whether the limits that tsbench has set are still set: a panel or another program may have changed one."""

import math
from typing import TYPE_CHECKING, Any

from tsbench.instruments.interfaces import LimitReadable, SourceSettings
from tsbench.quantities import short_quantity
from tsbench.station.bench.driver_calls import calling

if TYPE_CHECKING:
    from tsbench.station.bench.connected_instruments import ConnectedInstruments

_SAME = 1e-4  #: relative difference of two replies of one limit: some instruments round it to four or five digits


def moved_limits(instruments: "ConnectedInstruments") -> list[str]:
    """Return a line for each source meter in a role whose limit is not the one that it was last read to have.

    Source meters that cannot tell their limit are left out, and so are those whose source was never configured.

    Raises
    ------
    CommunicationError
        One does not answer.
    """
    lines = []
    for name, connection in instruments.connections.items():
        for channel in dict.fromkeys(instruments.file.channels_of(name).values()):
            meter: Any = connection.terminal(channel)
            source: SourceSettings | None = getattr(meter, "source", None)
            if source is None or not isinstance(meter, LimitReadable):
                continue
            with calling(connection.label, "limit_questions"):
                found = meter.limit_questions.now(source.function)
            if not math.isclose(found, source.compliance, rel_tol=_SAME):
                limited, unit = ("current", "A") if source.function == "voltage" else ("voltage", "V")
                lines.append(
                    f"{connection.label}: its compliance {limited} is {short_quantity(found, unit)} at the end of the "
                    f"run, but tsbench had set {short_quantity(source.compliance, unit)}. Another program or somebody "
                    "at its panel has changed it. The device may have had more than planned: check it")
    return lines
