"""Virtual interactive source meter: names of its scripts, and the command that each stands for.

Names are those of the help of the 2450's commands that Tektronix publishes. In a command, ``{s}`` is the source
function and ``{m}`` the measuring function.
"""

#: constants of the table ``smu``, and what a command has for them
SMU: dict[str, str] = {
    "ON": "1", "OFF": "0", "FUNC_DC_VOLTAGE": "VOLT", "FUNC_DC_CURRENT": "CURR", "FUNC_RESISTANCE": "RES",
    "TERMINALS_FRONT": "FRON", "TERMINALS_REAR": "REAR", "SENSE_2WIRE": "0", "SENSE_4WIRE": "1",
    "OFFMODE_NORMAL": "NORM", "OFFMODE_HIGHZ": "HIMP", "OFFMODE_ZERO": "ZERO", "OFFMODE_GUARD": "GUAR",
    "UNIT_AMP": "AMP", "UNIT_VOLT": "VOLT", "UNIT_OHM": "OHM", "UNIT_WATT": "WATT", "FILTER_REPEAT_AVG": "REP",
    "FILTER_MOVING_AVG": "MOV", "MATH_MXB": "MXB", "MATH_PERCENT": "PERC", "MATH_RECIPROCAL": "REC",
    "RANGE_AUTO": "AUTO", "RANGE_BEST": "BEST", "RANGE_FIXED": "FIX", "DELAY_AUTO": "-1", "INFINITE": "0",
    "PROTECT_NONE": "NONE",
    **{f"PROTECT_{volts}V": f"PROT{volts}" for volts in (
        2, 5, 10, 20, 40, 60, 80, 100, 120, 140, 160, 180, 200, 300, 400, 500)},
}
#: blocks, and their commands behind ``:TRIGger:BLOCk:``
BLOCKS: dict[str, str] = {
    "BUFFER_CLEAR": "BUFF:CLE", "BRANCH_ALWAYS": "BRAN:ALW", "BRANCH_COUNTER": "BRAN:COUN", "BRANCH_DELTA": "BRAN:DELT",
    "BRANCH_LIMIT_CONSTANT": "BRAN:LIM:CONS", "BRANCH_LIMIT_DYNAMIC": "BRAN:LIM:DYN", "BRANCH_ON_EVENT": "BRAN:EVEN",
    "BRANCH_ONCE": "BRAN:ONCE", "BRANCH_ONCE_EXCLUDED": "BRAN:ONCE:EXCL", "CONFIG_NEXT": "CONF:NEXT",
    "CONFIG_PREV": "CONF:PREV", "CONFIG_RECALL": "CONF:REC", "DELAY_CONSTANT": "DEL:CONS", "DELAY_DYNAMIC": "DEL:DYN",
    "DIGITAL_IO": "DIG:IO", "LOG_EVENT": "LOG:EVEN", "MEASURE": "MEAS", "MEASURE_DIGITIZE": "MDIG", "NOP": "NOP",
    "NOTIFY": "NOT", "RESET_BRANCH_COUNT": "BRAN:COUN:RES", "SOURCE_OUTPUT": "SOUR:STAT", "WAIT": "WAIT",
}
#: other constants of the table ``trigger``
TRIGGER: dict[str, str] = {
    "EVENT_NONE": "NONE", "EVENT_DISPLAY": "DISP", "EVENT_COMMAND": "COMM", "EVENT_SOURCE_LIMIT": "SLIM",
    **{f"EVENT_{word}{number}": f"{short}{number}" for word, short, count in (
        ("BLENDER", "BLEN", 2), ("DIGIO", "DIG", 6), ("LAN", "LAN", 8), ("NOTIFY", "NOT", 8), ("TIMER", "TIM", 4),
        ("TSPLINK", "TSPL", 3)) for number in range(1, count + 1)},
    "CLEAR_ENTER": "ENT", "CLEAR_NEVER": "NEV", "WAIT_AND": "AND", "WAIT_OR": "OR", "LIMIT_ABOVE": "ABOV",
    "LIMIT_BELOW": "BEL", "LIMIT_INSIDE": "IN", "LIMIT_OUTSIDE": "OUT", "COUNT_INFINITE": "INF", "COUNT_STOP": "STOP",
    "COUNT_AUTO": "AUTO", "LOG_WARN_ABORT": "WARN_ABOR",
    **{f"USER_DELAY_{short}{number}": f"{word}{number}" for short, word in (("M", "MEAS"), ("S", "SOUR"))
       for number in range(1, 6)},
    **{f"LOG_{word}{number}": f"{short}{number}"
       for word, short in (("INFO", "INFO"), ("WARN", "WARN"), ("ERROR", "ERR")) for number in range(1, 5)},
}
_SWITCH = ("OFF", "ON")
_FUNCTIONS = ("FUNC_DC_VOLTAGE", "FUNC_DC_CURRENT", "FUNC_RESISTANCE")
_OFF_MODES = ("OFFMODE_NORMAL", "OFFMODE_HIGHZ", "OFFMODE_ZERO", "OFFMODE_GUARD")
_TERMINALS = ("TERMINALS_FRONT", "TERMINALS_REAR")
_PROTECTIONS = tuple(name for name in SMU if name.startswith("PROTECT"))

#: attributes of ``smu``: command, and the constants that its value may be (none: a number)
ATTRIBUTES: dict[str, tuple[str, tuple[str, ...]]] = {
    "terminals": (":ROUT:TERM", _TERMINALS),
    "measure.terminals": (":ROUT:TERM", _TERMINALS),
    "source.func": (":SOUR:FUNC", _FUNCTIONS[:2]),
    "source.level": (":SOUR:{s}", ()),
    "source.range": (":SOUR:{s}:RANG", ()),
    "source.autorange": (":SOUR:{s}:RANG:AUTO", _SWITCH),
    "source.delay": (":SOUR:{s}:DEL", ()),
    "source.autodelay": (":SOUR:{s}:DEL:AUTO", _SWITCH),
    "source.highc": (":SOUR:{s}:HIGH:CAP", _SWITCH),
    "source.readback": (":SOUR:{s}:READ:BACK", _SWITCH),
    "source.output": (":OUTP", _SWITCH),
    "source.offmode": (":OUTP:SMOD", _OFF_MODES),
    "source.ilimit.level": (":SOUR:VOLT:ILIM", ()),
    "source.vlimit.level": (":SOUR:CURR:VLIM", ()),
    "source.protect.level": (":SOUR:{s}:PROT", _PROTECTIONS),
    "measure.func": (":SENS:FUNC", _FUNCTIONS),
    "measure.range": (":SENS:{m}:RANG", ()),
    "measure.autorange": (":SENS:{m}:RANG:AUTO", _SWITCH),
    "measure.nplc": (":SENS:{m}:NPLC", ()),
    "measure.count": (":SENS:COUN", ()),
    "measure.sense": (":SENS:{m}:RSEN", ("SENSE_2WIRE", "SENSE_4WIRE")),
    "measure.unit": (":SENS:{m}:UNIT", ("UNIT_AMP", "UNIT_VOLT", "UNIT_OHM", "UNIT_WATT")),
    "measure.offsetcompensation": (":SENS:RES:OCOM", _SWITCH),
    "measure.autozero.enable": (":SENS:{m}:AZER", _SWITCH),
    "measure.filter.enable": (":SENS:{m}:AVER", _SWITCH),
    "measure.filter.count": (":SENS:{m}:AVER:COUN", ()),
    "measure.filter.type": (":SENS:{m}:AVER:TCON", ("FILTER_REPEAT_AVG", "FILTER_MOVING_AVG")),
    "measure.rel.enable": (":SENS:{m}:REL:STAT", _SWITCH),
    "measure.rel.level": (":SENS:{m}:REL", ()),
    "measure.math.enable": (":CALC:{m}:MATH:STAT", _SWITCH),
    "measure.math.format": (":CALC:{m}:MATH:FORM", ("MATH_MXB", "MATH_PERCENT", "MATH_RECIPROCAL")),
    "measure.math.percent": (":CALC:{m}:MATH:PERC", ()),
    "measure.math.mxb.bfactor": (":CALC:{m}:MATH:MBF", ()),
    "measure.math.mxb.mfactor": (":CALC:{m}:MATH:MMF", ()),
}
#: attributes that cannot be set
READ_ONLY: dict[str, tuple[str, tuple[str, ...]]] = {
    "source.ilimit.tripped": (":SOUR:VOLT:ILIM:TRIP", _SWITCH),
    "source.vlimit.tripped": (":SOUR:CURR:VLIM:TRIP", _SWITCH),
    "source.protect.tripped": (":SOUR:{s}:PROT:TRIP", _SWITCH),
    "interlock.tripped": (":OUTP:INT:TRIP", _SWITCH),
}
#: functions of ``smu``: command in front of the arguments, and how many arguments it needs
FUNCTIONS: dict[str, tuple[str, int]] = {
    "measure.autozero.once": (":SENS:AZER:ONCE", 0),
    "measure.rel.acquire": (":SENS:{m}:REL:ACQ", 0),
    **{f"{word}.configlist.{name}": (f":{short}:CONF:LIST:{command}", least)
       for word, short in (("source", "SOUR"), ("measure", "SENS"))
       for name, command, least in (
           ("create", "CRE", 1), ("delete", "DEL", 1), ("store", "STOR", 1), ("recall", "REC", 1))},
}
#: columns of a buffer, and the elements of its readings
COLUMNS: dict[str, str] = {
    "readings": "READ", "sourcevalues": "SOUR", "relativetimestamps": "REL", "timestamps": "TST", "statuses": "STAT",
    "sourcestatuses": "SOURSTAT", "units": "UNIT", "sourceunits": "SOURUNIT", "dates": "DATE", "times": "TIME",
    "seconds": "SEC", "fractionalseconds": "FRAC", "formattedreadings": "FORM", "sourceformattedvalues": "SOURFORM",
}
#: columns that are numbers
NUMERIC = ("READ", "SOUR", "REL", "STAT", "SOURSTAT", "SEC", "FRAC")
