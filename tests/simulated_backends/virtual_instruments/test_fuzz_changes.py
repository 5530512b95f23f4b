"""The fuzzing benchmark sees what each kind of instrument does, also in a message of which only a part is refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks import fuzz
from benchmarks.acceptance.benches import registered
from benchmarks.fuzz_changes import state_of
from tsbench.simulated_backends.scpi import executing
from tsbench.simulated_backends.virtual_instruments.registry import instrument_class

pytestmark = pytest.mark.tsbench_outputs_stay_on
#: what closes a relay of a matrix, beside the words that switch outputs on
CLOSING = (b"channel.close('1A01')", b"channel.close('1001')", b"channel.close('1101')")


def subject_of(model: str, setting: fuzz.Setting, folder: Path) -> fuzz.Subject:
    target = next(target for target in fuzz.TARGETS if model in fuzz.models(target))
    return fuzz.Subject(model, folder, target, setting)


def is_oscilloscope(model: str) -> bool:
    """Whether an instrument sets nothing but the resistance of its inputs."""
    kind: Any = instrument_class(model)
    return any("oscilloscope" in base.__module__ for base in kind.__mro__)


@pytest.mark.thin(2)
@pytest.mark.parametrize("model", [model for model in registered() if not is_oscilloscope(model)])
def test_what_each_instrument_does_is_seen(model: str, setting: fuzz.Setting, tmp_path: Path) -> None:
    """What is not seen when a message does it would not be seen either when a refused message does it."""
    subject = subject_of(model, setting, tmp_path)
    before, count = state_of(subject.instrument), setting.count
    target = next(target for target in fuzz.TARGETS if model in fuzz.models(target))
    for message in (*fuzz.SWITCHED_ON[target], *CLOSING):
        subject.reply(message)
    subject.world.bench.clock.wait(1.0)
    assert state_of(subject.instrument) != before or setting.count > count


def heat(instrument: Any) -> None:
    instrument.loops[0].range = 3


def allow_heat(instrument: Any) -> None:
    instrument.limits["A"] = 9999.0


def connect(instrument: Any) -> None:
    instrument._put(1e-6)


def lift(instrument: Any) -> None:
    instrument.station.needles.lift()


def leave(instrument: Any) -> None:
    instrument.station.column += 1


def told(instrument: Any) -> None:
    instrument.bench.moved(instrument.name, "chuck to contact")


@pytest.mark.parametrize(("model", "act"), [
    ("lakeshore_335", heat), ("lakeshore_336", heat), ("lakeshore_336", allow_heat), ("meatest_m525", connect),
    ("meatest_m632", connect), ("mpi_sentio", lift), ("mpi_sentio", leave), ("formfactor_velox", leave),
    ("formfactor_velox", told),
])
@pytest.mark.parametrize("message", [b"ZZZQ 1", b"*IDN?;ZZZQ 1"])
def test_a_refused_message_that_heats_moves_or_connects_is_found(
    model: str, act: Callable[[Any], None], message: bytes, setting: fuzz.Setting, tmp_path: Path,
) -> None:
    subject = subject_of(model, setting, tmp_path)
    subject.take(b"x")   # in contact, with the heater on
    subject.give(message)   # an honest instrument
    assert subject.refused
    name = "refused" if hasattr(subject.instrument, "refused") else "post"
    place = subject.instrument if name == "refused" else subject.instrument.status
    refuse = getattr(place, name)

    def spoilt(error: Any) -> Any:
        act(subject.instrument)
        return refuse(error)

    setattr(place, name, spoilt)
    with pytest.raises(AssertionError, match="changed"):
        subject.give(message)


#: (instrument, where it posts an error, messages of which a part is refused)
PARTLY = [
    ("keithley_2450", "post", (b":SOUR:VOLT 0.5;:NONSENSE 1", b":OUTP ON;:SOUR:VOLT:RANG abc", b":NONSENSE;:OUTP ON")),
    ("keysight_33522b", "post", (b":SOUR1:VOLT 0.5;:NONSENSE 1", b":NONSENSE 1;:OUTP1 ON")),
    ("keithley_2636b", "post", (b"smua.source.levelv = 0.5; smua.nonsense = = 1",)),
    ("keysight_b1500a", "post_flex", (b"DV 1,0,0.5,1E-3;NONSENSE 1", b"NONSENSE 1;DV 1,0,0.5,1E-3",
                                      b"?;DV 1,0,0.4,1E-3")),
    ("keithley_4200", "post_kxci", (b"DV1,0,0.5,1E-3;NONSENSE 1", b"NONSENSE 1;DV1,0,0.5,1E-3")),
    ("lecroy_wavesurfer3054z", "refuse", (b"C1:VDIV 0.1;NONSENSE 1", b"NONSENSE 1;C1:VDIV 0.1")),
    ("lakeshore_336", "refused", (b"SETP 1,310;NONSENSE 1", b"NONSENSE 1;SETP 1,311")),
]


def posts(subject: fuzz.Subject, name: str) -> Any:
    """Return what posts the errors of an instrument."""
    return subject.instrument if name in ("refuse", "refused") else subject.instrument.status


@pytest.mark.parametrize(("model", "post", "messages"), PARTLY)
def test_a_refused_unit_that_changes_something_is_found(
    model: str, post: str, messages: tuple[bytes, ...], setting: fuzz.Setting, tmp_path: Path,
) -> None:
    for number, message in enumerate(messages):
        subject = subject_of(model, setting, tmp_path / str(number))
        subject.take(b"" if model == "keysight_33522b" else b"x")   # where a waveform plays, nothing is looked at
        subject.give(message)   # an honest instrument
        assert subject.refused, message
        subject.world.bench.clock.wait(0.1)
        place, circuit = posts(subject, post), subject.world.bench.circuit
        refuse, node = getattr(place, post), "R_n0" if subject.instrument.terminals else ""

        def spoilt(error: Any, circuit: Any = circuit, refuse: Any = refuse, node: str = node,
                   subject: Any = subject) -> Any:
            if node:
                circuit.set_resistance(node, 123.0)
            else:
                subject.instrument.loops[0].range = 2
            return refuse(error)

        setattr(place, post, spoilt)
        with pytest.raises(AssertionError, match="changed"):
            subject.give(message)


@pytest.mark.parametrize(("model", "post", "message", "noticed"), [
    ("keithley_2450", "post", b":NONSENSE 1;:OUTP OFF", True),
    ("keithley_2450", "post", b":SOUR:VOLT 1e9;:OUTP OFF", False),
    ("keithley_4200", "post_kxci", b"NONSENSE 1;DV1,0,0,1E-3", True),
    ("keysight_b1500a", "post_flex", b"NONSENSE 1;DV 1,0,0,1E-3", False),
])
def test_what_is_executed_behind_an_error_is_found_where_it_must_be_discarded(
    model: str, post: str, message: bytes, noticed: bool, setting: fuzz.Setting, tmp_path: Path,
) -> None:
    subject = subject_of(model, setting, tmp_path)
    subject.take(b"x")
    place, circuit = posts(subject, post), subject.world.bench.circuit
    refuse = getattr(place, post)

    def and_goes_on(error: Any) -> None:
        refuse(error)
        circuit.set_resistance("R_n0", 123.0)

    setattr(place, post, and_goes_on)
    if noticed:
        with pytest.raises(AssertionError, match="behind its error"):
            subject.give(message)
    else:
        subject.give(message)


def test_a_parser_that_does_not_discard_the_rest_is_found(
    setting: fuzz.Setting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    subject = subject_of("keithley_2450", setting, tmp_path)
    subject.take(b"x")
    refuse = executing.refuse
    monkeypatch.setattr(executing, "refuse", lambda *arguments: refuse(*arguments) and False)
    with pytest.raises(AssertionError, match="behind its error"):
        subject.give(b":SOUR:VOLT 1,2,3;:OUTP OFF")


@pytest.mark.parametrize(("model", "messages", "name"), [
    ("siglent_sdg2082x", (b"C1:BSWV WVTP,SINE,FRQ,1K\xb5", b"C1:BSWV?"), b"1000HZ"),
    ("keysight_dsox3034t", (b":CHAN1:LAB 'V_\xb5'", b":CHAN1:LAB?"), b'"V_\xb5"'),
    ("keysight_33622a", (b"MMEM:MDIR 'INT:\\a\xb5'", b"MMEM:CAT?"), b"A\xb5"),
    ("keysight_33250a", (b"DATA VOLATILE, 0, 0.5, 1", b"DATA:COPY AB\xb5, VOLATILE", b"DATA:CAT?"), b""),
])
def test_a_name_with_a_micro_sign_ends_no_instrument(
    model: str, messages: tuple[bytes, ...], name: bytes, setting: fuzz.Setting, tmp_path: Path,
) -> None:
    """Its capital, a Greek letter, is in no reply; instruments know the capitals from A to Z."""
    subject = subject_of(model, setting, tmp_path)
    for message in messages[:-1]:
        subject.reply(message)
    reply = subject.reply(messages[-1])
    assert reply and name in reply
