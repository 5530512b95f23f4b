"""The cards that a netlist may have, and the messages about all others."""

import difflib

WITHOUT_EFFECT = (".title", ".meas", ".measure", ".plot", ".probe", ".op", ".global")
CARDS = (
    ".param", ".tran", ".ic", ".save", ".print", ".include", ".inc", ".lib", ".temp", ".option", ".options", ".end",
    *WITHOUT_EFFECT,
)
#: cards of other simulators' SPICE, and what to do instead
FOREIGN = {
    ".dc": "for a DC sweep drive a slow PWL ramp over .tran",
    ".step": "run the netlist once for each value",
    ".model": "devices are X elements with a model of the catalogue, see 'tsbench devices'",
    ".subckt": "write its elements in the netlist; devices are X elements with a model of the catalogue",
    ".ends": "subcircuits cannot be defined here",
    ".macro": "write its elements in the netlist", ".eom": "subcircuits cannot be defined here",
    ".func": "compute the numbers, or set a .param for each",
    ".csparam": "use .param", ".nodeset": "use .ic with uic",
    ".if": "write one netlist for each case", ".elseif": "write one netlist for each case",
    ".else": "write one netlist for each case", ".endif": "write one netlist for each case",
    ".four": "compute the transform from the written table", ".fft": "compute the transform from the written table",
    ".width": "leave it out", ".backanno": "leave it out", ".protect": "leave it out", ".unprotect": "leave it out",
    ".endl": "leave it out", ".wave": "leave it out", ".data": "run the netlist once for each value",
    ".enddata": "run the netlist once for each value", ".alter": "write a netlist for each case",
    ".mc": "run the netlist once for each seed", ".wcase": "run the netlist once for each case",
}
_NOT_IN_TIME = (".ac", ".noise", ".disto", ".sens", ".tf", ".pz", ".net", ".sp", ".pss", ".hb", ".lin", ".stb")
_ALIKE = 0.75  #: of the letters: a slip of the finger


def unsupported(word: str) -> str:
    """Return why a card cannot be used, and the next step; ``word`` is in lower case, with its dot."""
    if word in FOREIGN:
        return f"card '{word}' is not supported; {FOREIGN[word]}"
    if word in _NOT_IN_TIME:
        return f"card '{word}' is not supported: tsbench integrates in time; give a .tran card instead"
    close = difflib.get_close_matches(word, CARDS, n=1, cutoff=_ALIKE)
    hint = f"did you mean '{close[0]}'?" if close else f"known: {', '.join(CARDS)}"
    return f"card '{word}' is not supported; {hint}"
