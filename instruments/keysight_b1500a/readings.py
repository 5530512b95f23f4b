"""What the data of a B1500A mean: a reading with its flags."""

import math
from collections.abc import Mapping, Sequence

from tsbench.errors import GarbledReply
from tsbench.instruments.interfaces import Reading, SourceSettings
from tsbench.instruments.languages.flex import FlexDatum
from tsbench.instruments.source_meters.functions import OTHER
from tsbench.records import Flag

_PLAUSIBLE = 1.5  #: times level or limit: overshoot and noise stay far below
#: status of a datum -> flag; T is the compliance of another channel
_FLAGS: Mapping[str, Flag] = {
    "N": Flag.NONE, "T": Flag.NONE, "C": Flag.COMPLIANCE, "V": Flag.OVERFLOW, "X": Flag.UNSETTLED, "F": Flag.UNSETTLED}


def decoded(
    data: Sequence[FlexDatum], level: float, source: SourceSettings, full_scale: float, label: str,
) -> Reading:
    """Return the reading that some data are: time, and current and voltage or one of them.

    A quantity that was not measured is the level, if it is sourced. It is NaN with an overflow else.

    Parameters
    ----------
    data : of one reading
    level : [V or A] that was set
    source : as it is configured
    full_scale : [V or A] of the range that sources ``level``
    label : the instrument, as messages call it

    Raises
    ------
    GarbledReply
        These are not the data of one reading.
    """
    by_kind = {datum.kind: datum for datum in data}
    measured = [datum for datum in data if datum.kind in ("I", "V")]
    if "T" not in by_kind or not measured or len(measured) != len({datum.kind for datum in measured}):
        kinds = "".join(datum.kind for datum in data)
        raise GarbledReply(f"{label}: a reading consists of data of the kinds '{kinds}', but a time and a current or a "
                           "voltage are expected. Repeat the measurement")
    flags = Flag.NONE
    for datum in measured:
        if datum.status not in _FLAGS:
            raise GarbledReply(f"{label}: the status '{datum.status}' of a reading is unknown. Repeat the measurement")
        flags |= _FLAGS[datum.status]
    found = {"voltage": math.nan, "current": math.nan}
    found[source.function] = level
    for datum in measured:
        found["current" if datum.kind == "I" else "voltage"] = datum.value
    if not all(map(math.isfinite, found.values())):
        flags |= Flag.OVERFLOW
    limited, forced = found[OTHER[source.function]], found[source.function]
    if abs(limited) > source.compliance * _PLAUSIBLE or abs(forced) > max(abs(level), full_scale * 0.01) * _PLAUSIBLE:
        flags |= Flag.IMPLAUSIBLE
    return Reading(by_kind["T"].value, level, found["voltage"], found["current"], flags)
