"""SCPI-99 error numbers and their texts (SCPI volume 2, section 21.8)."""

ERROR_TEXTS: dict[int, str] = {
    0: "No error",
    -100: "Command error",
    -101: "Invalid character",
    -102: "Syntax error",
    -103: "Invalid separator",
    -104: "Data type error",
    -105: "GET not allowed",
    -108: "Parameter not allowed",
    -109: "Missing parameter",
    -110: "Command header error",
    -111: "Header separator error",
    -112: "Program mnemonic too long",
    -113: "Undefined header",
    -114: "Header suffix out of range",
    -120: "Numeric data error",
    -121: "Invalid character in number",
    -123: "Exponent too large",
    -124: "Too many digits",
    -128: "Numeric data not allowed",
    -130: "Suffix error",
    -131: "Invalid suffix",
    -138: "Suffix not allowed",
    -140: "Character data error",
    -141: "Invalid character data",
    -144: "Character data too long",
    -148: "Character data not allowed",
    -150: "String data error",
    -151: "Invalid string data",
    -158: "String data not allowed",
    -160: "Block data error",
    -161: "Invalid block data",
    -168: "Block data not allowed",
    -200: "Execution error",
    -203: "Command protected",
    -210: "Trigger error",
    -211: "Trigger ignored",
    -212: "Arm ignored",
    -213: "Init ignored",
    -214: "Trigger deadlock",
    -220: "Parameter error",
    -221: "Settings conflict",
    -222: "Parameter data out of range",
    -223: "Too much data",
    -224: "Illegal parameter value",
    -225: "Out of memory",
    -230: "Data corrupt or stale",
    -240: "Hardware error",
    -241: "Hardware missing",
    -256: "File name not found",
    -310: "System error",
    -350: "Queue overflow",
    -363: "Input buffer overrun",
    -400: "Query error",
    -410: "Query INTERRUPTED",
    -420: "Query UNTERMINATED",
    -430: "Query DEADLOCKED",
    -440: "Query UNTERMINATED after indefinite response",
}


class ScpiError(Exception):
    """A command cannot be parsed or executed; ``code`` goes to the instrument's error queue.

    Parameters
    ----------
    code : int
        SCPI number (negative) or the model's own (positive).
    detail : str
        What some models append to the text after a semicolon.
    text : str, optional
        Text instead of the standard one (the model's own errors).
    """

    def __init__(self, code: int, detail: str = "", text: str | None = None) -> None:
        self.code = code
        self.detail = detail
        self.text = text
        super().__init__(
            f"{code},{text or ERROR_TEXTS.get(code, 'Device-specific error')}{';' + detail if detail else ''}"
        )


def event_bit(code: int) -> int:
    """Return the bit of the standard event register that an error of this number sets."""
    if -199 <= code <= -100:
        return 0x20  # command error
    if -299 <= code <= -200:
        return 0x10  # execution error
    if -499 <= code <= -400:
        return 0x04  # query error
    return 0x08  # device-dependent error
