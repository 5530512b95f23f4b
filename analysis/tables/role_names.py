"""What a column may mean, and the names that tell it."""

import re
from collections.abc import Mapping

from tsbench.analysis.tables.column_units import split_header, unit_factor
from tsbench.errors import ConfigurationError

#: what a column may mean
ROLES: Mapping[str, str] = {
    "voltage": "device voltage [V]",
    "current": "device current [A]",
    "time": "time [s]",
    "level": "set-point [V]",
    "sweep": "number of the half-sweep",
    "cycle": "number of the cycle",
}
#: SI unit of each role that has one
UNITS: Mapping[str, str] = {"voltage": "V", "current": "A", "time": "s", "level": "V"}
#: names of a role in order of preference; the first row with a match decides
NAMES: Mapping[str, tuple[str, ...]] = {
    "voltage": (
        r"(device|dut)[ _.-]?(voltage|volts?|v)|v[ _]?(dut|device)",
        r"voltage|volts?|v|u|spannung|tension",
        r"(meas(ured)?|sense|read(back)?)[ _.-]?(voltage|v)|v[ _]?meas(ured)?([ _]?ch)?[ _]?\d*",
        r"(smu|ch|channel|anode|cathode|drain|top|cell|sample)?[ _.-]?\d*[ _.-]?(voltage|v)[ _.-]?\d*|v\([^)]*\)",
        r"(source|applied|bias|drive|forced?)[ _.-]?(voltage|v)|v[ _]?forced?([ _]?ch)?[ _]?\d*",
    ),
    "current": (
        r"(device|dut)[ _.-]?(current|i)|i[ _]?(dut|device)",
        r"current|curr|amps|amperes?|i|strom|courant",
        r"(meas(ured)?|sense|read(back)?)[ _.-]?(current|i)|i[ _]?meas(ured)?([ _]?ch)?[ _]?\d*",
        r"abs(olute)?[ _.(]*(current|i)\)?|\|(current|i)\|",
        r"(smu|ch|channel|anode|cathode|drain|top|cell|sample)?[ _.-]?\d*[ _.-]?(current|i)[ _.-]?\d*|i\w?\([^)]*\)",
        r"forced?[ _.-]?(current|i)|i[ _]?forced?([ _]?ch)?[ _]?\d*",
    ),
    "time": (
        r"time|t|zeit|temps",
        r"seconds?|elapsed([ _]?time)?|relative([ _]?time)?|x-?axis|x",
        r"(smu|ch|channel)?[ _.-]?\d*[ _.-]?time[ _.-]?\d*|timestamp",
    ),
    "sweep": (r"(half[ _-]?)?sweep([ _]?(number|no|index))?",),
    "cycle": (r"cycle([ _]?(number|no|index))?",),
    "level": (r"level|set[ _-]?point|v[ _]?set|voltage[ _]?set",),
}
#: roles whose names are those of other quantities as well, told apart by the unit
BY_UNIT_TOO = ("time", "sweep", "cycle")
#: what a column with the right unit may be beside the quantity itself
BESIDE = re.compile(r"compliance|limit|range|noise|error|std|dev|uncertainty|sigma|leak|set|density", re.IGNORECASE)
#: what follows V or I in the name of a result: of a threshold, a state, a limit
RESULT = re.compile(r"(re)?set\w*|hold\w*|th\w*|on|off|lrs|hrs|read\w*|max\w*|min\w*|comp\w*|limit\w*|form\w*|cc",
                     re.IGNORECASE)
#: names that stand alone for a quantity
BARE = re.compile("|".join(NAMES[role][rank] for role in ("voltage", "current", "time") for rank in (0, 1))
                  + "|" + NAMES["time"][0], re.IGNORECASE)


def bare_name(name: str) -> str:
    """Return the name of a column without the unit in it, as ``--columns`` takes it: "I [uA]" is "I"."""
    return split_header(name, BARE).name


def is_time(unit: str) -> bool:
    """Return whether a unit is one of time; uS is one of conductance."""
    return fits(unit, "s") and (len(unit) > 3 or "S" not in unit)


def fits(unit: str, si: str) -> bool:
    try:
        unit_factor(unit, si)
    except ConfigurationError:
        return False
    return True
