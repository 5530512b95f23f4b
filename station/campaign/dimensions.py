"""Units of expressions: products of powers of V, A, s and K, so that 1.1 * a voltage is a voltage and no current."""

from collections.abc import Mapping

Dimension = tuple[tuple[str, int], ...]  #: base unit and its power, sorted, without zeros; (): a plain number

PLAIN: Dimension = ()
#: what the derived units are made of
_DERIVED: Mapping[str, Mapping[str, int]] = {
    "Ohm": {"V": 1, "A": -1}, "S": {"A": 1, "V": -1}, "F": {"A": 1, "s": 1, "V": -1}, "H": {"V": 1, "s": 1, "A": -1},
    "W": {"V": 1, "A": 1}, "J": {"V": 1, "A": 1, "s": 1}, "C": {"A": 1, "s": 1}, "Hz": {"s": -1}, "%": {},
}


def dimension(unit: str) -> Dimension:
    """Return the dimension of a unit such as "V", "Ohm" or "V/s"; a unit that is not known is a base of its own."""
    powers: dict[str, int] = {}
    for place, part in enumerate(unit.split("/")):
        name = part.strip()
        if name in ("", "1"):
            continue
        for base, power in _DERIVED.get(name, {name: 1}).items():
            powers[base] = powers.get(base, 0) + (power if place == 0 else -power)
    return _sorted(powers)


def times(one: Dimension, other: Dimension, sign: int = 1) -> Dimension:
    """Return the dimension of a product; with ``sign`` -1, that of a quotient."""
    powers = dict(one)
    for base, power in other:
        powers[base] = powers.get(base, 0) + sign * power
    return _sorted(powers)


def root(one: Dimension) -> Dimension | None:
    """Return the dimension of a square root; None where it has none."""
    return None if any(power % 2 for _, power in one) else tuple((base, power // 2) for base, power in one)


def unit_text(one: Dimension) -> str:
    """Return a unit with this dimension as people write it: "V", "Ohm", "V/s"."""
    known = ("V", "A", "s", "K", "Ohm", "S", "F", "H", "W", "J", "C", "Hz", "V/s", "A/s", "V/A")
    for unit in known:
        if dimension(unit) == one:
            return unit
    over = [base if power == 1 else f"{base}^{power}" for base, power in one if power > 0]
    under = [base if power == -1 else f"{base}^{-power}" for base, power in one if power < 0]
    return "/".join([" ".join(over) or "1", *under]) if one else ""


def _sorted(powers: Mapping[str, int]) -> Dimension:
    return tuple(sorted((base, power) for base, power in powers.items() if power))
