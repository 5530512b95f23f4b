"""Whether the limits that tsbench has set are still set: a panel or another program may have changed one."""

import math
from typing import TYPE_CHECKING, Any

from tsbench.instruments.interfaces import LimitReadable, SourceSettings
from tsbench.instruments.source_meters.functions import OTHER, UNIT
from tsbench.quantities import short_quantity
from tsbench.station.bench.driver_calls import calling

if TYPE_CHECKING:
    from tsbench.station.bench.connected_instruments import ConnectedInstruments

_SAME = 1e-4  #: largest relative difference of two replies about one limit: all source meters send five digits or more


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
            with calling(connection.label, "limit_questions.now"):
                found = meter.limit_questions.now(source.function)
            if not math.isclose(found, source.compliance, rel_tol=_SAME):
                lines.append(_line(getattr(meter, "label", connection.label), source, found))
    return lines


def _line(label: str, source: SourceSettings, found: float) -> str:
    limited = OTHER[source.function]
    unit = UNIT[limited]
    now, planned = short_quantity(found, unit), short_quantity(source.compliance, unit)
    advice = ("The device may have had more than planned, so check it" if found > source.compliance else
              "The readings may have been limited there, so measure again")
    return (f"{label}: its compliance {limited} is {now} at the end of the run, but was {planned} when tsbench last "
            f"read it. It was changed meanwhile, for example at the panel or by another program. {advice}")
