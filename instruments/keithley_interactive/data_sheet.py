"""What a data sheet says of one of Keithley's interactive source meters, and what all of them have in common.

The numbers of a model are in its own folder, as a :class:`DataSheet`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tsbench.instruments.interfaces import SourceMeterCapabilities
from tsbench.instruments.languages.repeatable import COMMON
from tsbench.instruments.source_meters.functions import Function


@dataclass(frozen=True)
class Boundary:
    """A step of the operating boundaries: up to this level, the compliance may be this high."""

    level: float  #: [V or A] highest level of a source range
    compliance: float  #: [A or V] highest compliance beside it


@dataclass(frozen=True)
class DataSheet:
    """What one model can do."""

    capabilities: SourceMeterCapabilities
    boundaries: Mapping[Function, tuple[Boundary, ...]]  #: by the sourced function, lowest level first


#: queries that change nothing in the instrument (reference manual, section 6)
REPEATABLE = (
    *COMMON, "*LANG?", ":SYSTem:LFRequency?", ":OUTPut<n>[:STATe]?", ":OUTPut<n>:INTerlock:TRIPped?",
    ":OUTPut<n>:{VOLTage|CURRent}:SMODe?",
    ":SOURce<n>:FUNCtion[:MODE]?",
    ":SOURce<n>:{VOLTage|CURRent}[:LEVel][:IMMediate][:AMPLitude]?", ":SOURce<n>:{VOLTage|CURRent}:RANGe?",
    ":SOURce<n>:VOLTage:ILIMit[:LEVel]?", ":SOURce<n>:CURRent:VLIMit[:LEVel]?",
    ":SENSe<n>:{VOLTage|CURRent}[:DC]:{RANGe[:UPPer]|NPLCycles|RSENse}?",
    ":TRACe:{DATA|ACTual[:END]}?", ":TRIGger:STATe?",
)

#: highest set-point and reading of a range, as a multiple of its full scale
OVERRANGE = 1.05
#: [V] at which the output does not switch on while the interlock is open (manual of the 2461, rev. A, p. 6-49)
INTERLOCK_ABOVE = 21.0
#: most values that one :SOUR:LIST message takes
LIST_CHUNK = 100
#: bits of a reading's source status (SOURSTATus)
STATUS_OVER_TEMPERATURE = 16
STATUS_LIMITED = 32
