"""The cards that a netlist may have, and the messages about all others."""

import difflib

WITHOUT_EFFECT = (".title", ".meas", ".measure", ".plot", ".probe", ".op", ".global")
CARDS = (
    ".param", ".tran", ".ic", ".save", ".print", ".include", ".inc", ".lib", ".temp", ".option", ".options", ".end",
    *WITHOUT_EFFECT,
)
#: cards of other simulators' SPICE, and what to do instead
FOREIGN = {
    ".dc": "for a DC sweep, use .tran with a slow PWL ramp",
    ".step": "run the netlist once for each value",
    ".model": "a device is an X element with a model of the catalogue, see 'tsbench devices'",
    ".subckt": "write the elements of the subcircuit into the netlist",
    ".ends": "a netlist cannot define subcircuits",
    ".macro": "write the elements of the macro into the netlist", ".eom": "a netlist cannot define subcircuits",
    ".func": "compute the numbers, or set one .param for each",
    ".csparam": "use .param", ".nodeset": "use .ic, and uic in .tran",
    ".if": "write one netlist for each case", ".elseif": "write one netlist for each case",
    ".else": "write one netlist for each case", ".endif": "write one netlist for each case",
    ".four": "compute the transform from the written table", ".fft": "compute the transform from the written table",
    ".width": "remove this line", ".backanno": "remove this line", ".protect": "remove "
                                                                               "this line", ".unprotect": "remove "
                                                                                                                 "this "
                                                                                                                 "line",
    ".endl": "remove this line", ".wave": "remove this line", ".data": "run the netlist once for each value",
    ".enddata": "run the netlist once for each value", ".alter": "write one netlist for each case",
    ".mc": "run the netlist once for each seed", ".wcase": "run the netlist once for each case",
}
_NOT_IN_TIME = (".ac", ".noise", ".disto", ".sens", ".tf", ".pz", ".net", ".sp", ".pss", ".hb", ".lin", ".stb")
_ALIKE = 0.75  #: of the letters: a slip of the finger


def unsupported(word: str) -> str:
    """Return why a card cannot be used, and the next step; ``word`` is in lower case, with its dot."""
    if word in FOREIGN:
        advice = FOREIGN[word]
        return f"card '{word}' is not supported. {advice[0].upper()}{advice[1:]}"
    if word in _NOT_IN_TIME:
        return f"card '{word}' is not supported. tsbench simulates a netlist only over time. Use a .tran card instead"
    close = difflib.get_close_matches(word, CARDS, n=1, cutoff=_ALIKE)
    hint = f"Did you mean '{close[0]}'?" if close else f"Known: {', '.join(CARDS)}"
    return f"card '{word}' is not supported. {hint}"
