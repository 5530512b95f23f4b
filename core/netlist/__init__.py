"""A subset of SPICE netlists as plain data, for bench files, world files and ``.cir`` files.

Elements ``R C L V I`` and ``X`` (a device: ``XDUT a b model``, ``XM drain gate source nmos``); ``*``, ``;`` and
``$`` comments, ``+`` continuation, case-insensitive, suffixes ``f p n u m k meg g t`` (a unit may stand behind them,
as in ``50ohm``), ``.param`` with plain numbers, ``.tran .ic .save .print .include .lib .temp .options .end`` (of the
options ``temp`` only). No physics and no numerics here.
"""

from tsbench.netlist.connections import check_connections, require_no_title
from tsbench.netlist.elements import GROUND, Element, Netlist, Pwl, Sin, SpicePulse, Transient, Waveform
from tsbench.netlist.parser import parse_netlist
from tsbench.netlist.values import parse_value

__all__ = [
    "GROUND",
    "Element",
    "Netlist",
    "Pwl",
    "Sin",
    "SpicePulse",
    "Transient",
    "Waveform",
    "check_connections",
    "parse_netlist",
    "parse_value",
    "require_no_title",
]
