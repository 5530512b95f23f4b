"""What ``tsbench conform`` finds: ``python -m benchmarks.conform [--quick] [--only FAMILY] [--seed N]``.

For each family of instruments it counts how many planted differences are found, and how many untouched instruments
show a difference. The plants by hand are those of ``tests/conform/``. The others are drawn: a message and a change of
its reply. An instrument that tsbench refuses (because a reply makes its driver fail before the first step, or at the
end) counts as found.
"""

import argparse
import random
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from benchmarks.report import heading
from tests.conform import test_conform
from tests.conform.test_planted_differences import PLANTS
from tests.conform.test_planted_source_meters import K2450
from tests.fixtures.planting import Change, Family, Plant, found_in, twins_of
from tsbench.conform.comparing import is_number
from tsbench.conform.twin import TwinErrors
from tsbench.errors import TsbenchError

BY_HAND: Mapping[tuple[Family, str], Plant] = {
    **{(K2450, what): Plant(*planted) for what, planted in test_conform.PLANTED.items()},
    **{key: plant for key, (plant, _) in PLANTS.items()}}
LARGEST = 10  #: times the accuracy
LEAST_PLANTS = 150  #: by hand, in all families
_CUT = re.compile(r"([,;\t ])")   #: what is between the fields of a reply


@dataclass(frozen=True)
class Row:
    """What came out for one family."""

    family: Family
    by_hand: tuple[int, int]  #: found, planted
    drawn: tuple[int, int]
    missed: tuple[str, ...]  #: of the drawn ones
    untouched: tuple[int, int]  #: with a difference, all
    gain: int | None  #: times the accuracy that is found: all gains
    offset: int | None
    measuring: int | None  #: gains of what is measured


def is_found(family: Family, plant: Plant, seed: int = 77) -> bool:
    """Return whether an instrument with a plant shows a difference, or is refused."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        try:
            return bool(found_in(family, plant, Path(folder), patch, seed).differences)
        except TsbenchError:
            return True


def fewer_digits(field: str) -> str:
    """Return a number without its last digit behind the point."""
    return re.sub(r"(\.\d+)\d(?=$|[eE])", r"\1", field, count=1)


def other_sign_character(field: str) -> str:
    """Return a positive number with a plus sign, or without."""
    return field[1:] if field.startswith("+") else field if field.startswith("-") else f"+{field}"


def larger(field: str) -> str:
    """Return a number that is 5 % larger, or one more where it is whole, in the same form."""
    if field.lstrip("+-").isdigit():
        return f"{int(field) + 1:{'+' if field.startswith('+') else ''}d}"
    found = re.fullmatch(r"([+-]?)(\d*)\.(\d+)(.*)", field)
    if found is None:
        return field
    mantissa = float(f"{found[2] or 0}.{found[3]}") * 1.05
    return f"{found[1]}{mantissa:.{len(found[3])}f}{found[4]}"


def other_word(field: str) -> str:
    """Return another word."""
    return f"{field[:-1]}X" if field else field


NUMBERS = {"fewer digits": fewer_digits, "another sign character": other_sign_character, "a larger number": larger}
WORDS = {"another word": other_word}


def changed_field(place: int, change: Change) -> Change:
    """Return what changes one field of each reply that has as many."""

    def changed(reply: bytes) -> bytes:
        try:
            parts = _CUT.split(reply.decode("ascii"))
        except UnicodeDecodeError:
            return reply
        if place < len(parts):
            parts[place] = change(parts[place])   # type: ignore[arg-type, assignment]
        return "".join(parts).encode()

    return changed


def drawn(family: Family, count: int, seed: int) -> Iterator[tuple[str, Plant]]:
    """Yield plants: evenly over the kinds of changes, then over messages, then over the fields of the reply."""
    chance = random.Random(f"{seed} {family.model}")
    replies: dict[str, str] = {}
    for step in twins_of(family)[0].transcript.steps:
        for exchange in step.exchanges:
            block = "#" in exchange.reply or " bytes" in exchange.reply
            if exchange.reply and not block and exchange.message != "serial poll":
                replies.setdefault(exchange.message, exchange.reply)
    fields = [(message, place, part) for message, reply in replies.items()
              for place, part in enumerate(_CUT.split(reply)) if not place % 2 and part]
    for number in range(count):
        kind = ("a longer time", *NUMBERS, *WORDS)[number % (1 + len(NUMBERS) + len(WORDS))]
        if kind == "a longer time":
            message = chance.choice(sorted(replies))
            yield f"{kind}: {message}", Plant(_exactly(message), longer=0.5)
            continue
        change = {**NUMBERS, **WORDS}[kind]
        fitting = [one for one in fields if is_number(one[2]) == (kind in NUMBERS) and change(one[2]) != one[2]]
        if not fitting:
            continue
        messages = sorted({message for message, _, _ in fitting})
        message = chance.choice(messages)
        _, place, part = chance.choice([one for one in fitting if one[0] == message])
        yield f"{kind} for {part}: {message}", Plant(_exactly(message), changed_field(place, change))


def _exactly(message: str) -> bytes:
    return b"^" + re.escape(message.encode()) + rb"\s*$"


def smallest(family: Family, plants: Mapping[int, Plant]) -> int | None:
    """Return the smallest error, in times of the accuracy, that is found; None where none is."""
    return next((times for times, plant in plants.items() if is_found(family, plant)), None)


def measure(family: Family, seeds: int, count: int, seed: int) -> Row:
    """Return what is found for one family."""
    hand = [is_found(family, plant) for (one, _), plant in BY_HAND.items() if one == family]
    found = {what: is_found(family, plant) for what, plant in drawn(family, count, seed)}
    untouched = sum(is_found(family, Plant(), 1000 + number) for number in range(seeds))
    times = range(2, LARGEST + 1)
    return Row(
        family, (sum(hand), len(hand)), (sum(found.values()), len(found)),
        tuple(what for what, was in found.items() if not was), (untouched, seeds),
        smallest(family, {one: Plant(errors=TwinErrors(gain=one)) for one in times}),
        smallest(family, {one: Plant(errors=TwinErrors(offset=one)) for one in times}),
        smallest(family, {one: Plant(measuring=float(one)) for one in times}))


def main(argv: list[str] | None = None) -> int:
    """Print the table; 1 if a plant by hand is missed or an untouched instrument shows a difference."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few seeds and few drawn plants")
    parser.add_argument("--only", default="", help="families whose model contains one of these texts, with commas")
    parser.add_argument("--seed", type=int, default=1, help="of the drawn plants (default: %(default)s)")
    options = parser.parse_args(argv)
    seeds, count = (3, 5) if options.quick else (200, 25)
    families = dict.fromkeys(family for family, _ in BY_HAND if any(
        text in family.model for text in options.only.split(",")))
    if not families:
        parser.error(f"--only {options.only}: no family has this in the name of its model")
    print(heading("conform", f"planted differences, seed {options.seed}"))
    print("| instrument | planted by hand: found | drawn: found | untouched: with a difference | gains, found at "
          "| offsets, found at | gains of readings, found at |\n|---|---|---|---|---|---|---|")
    good, missed = True, []
    for family in families:
        row = measure(family, seeds, count, options.seed)
        good = good and row.by_hand[0] == row.by_hand[1] and not row.untouched[0]
        missed += [f"* {family.model}: {what}" for what in row.missed]
        factors = (row.gain, row.offset, row.measuring)
        cells = [family.model + (f" {family.terminal}" if family.terminal else ""),
                 *(f"{one} of {all_of_them}" for one, all_of_them in (row.by_hand, row.drawn, row.untouched)),
                 *("-" if one is None else f"{one}" for one in factors)]
        print(f"| {' | '.join(cells)} |", flush=True)
    print("\nDrawn and not found:\n", *missed, sep="\n")
    planted = sum(family in families for family, _ in BY_HAND)
    if not options.only and planted < LEAST_PLANTS:
        print(f"\nOnly {planted} differences are planted by hand, at least {LEAST_PLANTS} are required. Add to the "
              "tables `tests/conform/test_planted_*.py`, or lower LEAST_PLANTS if some were taken out for a reason.")
        good = False
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
