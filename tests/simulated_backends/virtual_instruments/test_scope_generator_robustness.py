"""Whatever is sent to generator and scope, they answer or put an error into their queue; nothing raises."""

import random
from typing import Any

import pytest

_ARGUMENTS = (
    "", "1", "0", "-3", "5", "INF", "DEF", "ON", "CHAN1", "EXT", "BUS", "TIM", "PULS", "ARB", "DC", "RAMP", "'x'",
    "#13abc", "abc", "1,2", "1,CHAN2", "x,0,1," + ",".join(["0.5"] * 40), "FIFT", "WORD", "SEGM", "AVER", "NORM",
)
#: what would make the circuit work for long (fast waveforms, long records), or takes its time
_LEFT_OUT = ("TST", "AUT", "PER", "FREQ", "APPL", "SRAT", "TIM:", "TIMEBASE:", "OUTP:STAT", "OUTPUT", "NOIS", "COUN")


def headers(node: Any, path: str = "") -> list[str]:
    """Return all headers below a node of a command tree, one spelling of each."""
    found = ([path] if node.command else []) + ([path + "?"] if node.query else [])
    for child in {id(child): (word, child) for word, child in node.children.items()}.values():
        found += headers(child[1], f"{path}:{child[0]}" if path else child[0])
    return found


@pytest.mark.parametrize("seed", range(3))
def test_nothing_that_is_sent_raises(table: Any, seed: int) -> None:
    bench, chance = table(seed=seed), random.Random(seed)
    known = {name: [header for header in headers(getattr(bench, name).tree.root)
                    if not any(word in header for word in _LEFT_OUT)] for name in ("generator", "scope")}
    assert len(known["generator"]) > 100
    assert len(known["scope"]) > 80
    for _ in range(800):
        name = chance.choice(["generator", "scope"])
        instrument = getattr(bench, name)
        message = f"{chance.choice(known[name])} {chance.choice(_ARGUMENTS)}".strip()
        bench.bench.clock.wait(1e-4)
        instrument.exchange.recv(message.encode(), True)
        if instrument.exchange.will_answer:
            bench.bench.clock.wait(3e-3)
        if instrument.exchange.will_answer:
            instrument.exchange.device_clear()
        instrument.exchange.talk(10**9)
    for instrument in (bench.generator, bench.scope):
        bench.send(instrument, "*RST", "*CLS")
        assert bench.ask(instrument, "SYST:ERR?").startswith("+0")
        assert "SIM" in bench.ask(instrument, "*IDN?")
