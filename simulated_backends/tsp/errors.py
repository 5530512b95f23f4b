"""Error numbers of instruments with TSP, and their texts (reference manual 2600BS-901-01, error summary list)."""

from tsbench.simulated_backends.scpi.errors import ScpiError

NODE = 1  #: the number of this instrument on its TSP-Link, which has no other
EMPTY = "Queue Is Empty"  #: what an empty error queue answers
RECOVERABLE = 20  #: severity of errors after which the instrument goes on

SYNTAX = -285
RUNTIME = -286
OUT_OF_MEMORY = -225

ERROR_TEXTS: dict[int, str] = {
    -430: "Query Deadlocked",
    -420: "Query Unterminated",
    -410: "Query Interrupted",
    -363: "Input Buffer Over-run",
    -350: "Queue Overflow",
    -292: "Referenced name does not exist",
    -286: "TSP Runtime error",
    -285: "Program Syntax",
    -282: "Illegal program name",
    -281: "Cannot Create Program",
    -225: "Out of Memory or TSP Memory allocation error",
    -224: "Illegal Parameter Value",
    -223: "Too Much Data",
    -222: "Parameter Data Out of Range",
    -221: "Settings Conflict",
    -220: "Parameter",
    -211: "Trigger Ignored",
    -203: "Command protected",
    -154: "String Too Long",
    -151: "Invalid String Data",
    -109: "Missing Parameter",
    -108: "Parameter Not Allowed",
    -105: "Trigger Not Allowed",
    -104: "Data Type",
    802: "Output Blocked By Interlock",
    900: "Internal System",
    1100: "Command Unavailable",
    1101: "Parameter Too Big",
    1102: "Parameter Too Small",
    1103: "Max Greater Than Min",
    1108: "Menu name does not exist",
    1109: "Menu name already exists",
    1400: "Expected at least %d parameters",
    1401: "Parameter %d is invalid",
    1404: "Invalid byte order",
    1405: "Invalid ASCII precision",
    1406: "Invalid data format",
    1700: "Display area boundary exceeded",
    1800: "Invalid Digital Trigger Mode",
    1801: "Invalid digital I/O Line",
    2203: "Cannot open file",
    4900: "Reading buffer index %s is invalid",
    4901: "The maximum index for this buffer is %d",
    4903: "Reading buffer expired",
    5005: "Value too big for range",
    5007: "Operation would exceed safe operating area of the instrument",
    5008: "Operation not permitted while output is on",
    5009: "Unknown sourcing function",
    5010: "No such SMU function",
    5011: "Operation not permitted while cal is locked",
    5019: "Cannot unlock - invalid password",
    5025: "Cannot set filter.count > 1 when measure.count > 1",
    5028: "Cannot perform requested operation while source autorange is enabled",
    5032: "Cannot change this setting unless buffer is cleared",
    5033: "Reading buffer not found within device",
    5038: "Index exceeds maximum reading",
    5040: "Cannot use same reading buffer for multiple overlapped measurements",
    5041: "Output Enable not asserted",
    5042: "Invalid while overlapped measure",
    5043: "Cannot perform requested operation while voltage measure autorange is enabled",
    5044: "Cannot perform requested operation while current measure autorange is enabled",
    5045: "Cannot perform requested operation while filter is enabled",
    5047: "Minimum timestamp resolution is 1us",
    5048: "Contact check not valid with HIGH-Z output off",
    5049: "Contact check not valid while an active current source",
    5050: "I limit too low for contact check",
    5054: "High C voltage limit exceeded",
    5059: "trigger.source.action enabled without configuration",
    5060: "trigger.measure.action enabled without configuration",
    5061: "Operation not permitted while OUTPUT is off",
    5063: "Cannot perform requested operation while measure autozero is on",
    5064: "Cannot use reading buffer that collects source values",
    5069: "Autorange locked for HighC mode",
}


class TspError(ScpiError):
    """An error for the instrument's queue; the script that caused it goes on.

    Parameters
    ----------
    code : number in the manual's error summary list
    where : what the text begins with, for example "SMU A"
    values : what stands in the place of ``%d`` and ``%s`` of the text
    """

    def __init__(self, code: int, where: str = "", *values: object) -> None:
        text = ERROR_TEXTS[code]
        text = text % values if values else text
        super().__init__(code, text=f"{where}: {text}" if where else text)


class ScriptError(Exception):
    """A script stops with a Lua runtime error of this message (error -286)."""
