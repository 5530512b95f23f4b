"""Coverage-guided fuzzing of the languages of the virtual instruments, through real instruments (atheris, libFuzzer).

``python -m benchmarks.fuzz [--minutes N] [--resume] [--only scpi tsp]``. Each target is one language. An input is a
sequence of messages (separated by the byte 0xFF) that one instrument receives, with time between them. It must hold:

* no exception leaves the instrument,
* the work for an input is bounded, and so is the memory,
* what the parser refuses changes nothing: no relay, no level and no limit of a source, no capacitance, no heater, no
  chuck and no needle (:mod:`benchmarks.fuzz_changes`). It may be a message, or one of the units of a message
  (``GOOD;BAD``). Where a language discards the rest of such a message (SCPI behind the errors -100 to -199, KXCI),
  nothing of the rest is executed. Each second input finds the output, the heater or the contact switched on. (The time
  must be still: where a waveform plays, the next event would change the source anyhow.)
* a device clear ends whatever runs, and the instrument then answers a question.

The corpus stays in ``build/fuzz``. ``--resume`` goes on with it and adds up the minutes: ``--minutes`` more are spent,
and all minutes count. An input that fails is kept
there too; ``--reproduce FILE --only TARGET`` runs it alone.

The memory of a process that fuzzes has what the fuzzer itself keeps. So the inputs of the corpus are run again without
the fuzzer, and the memory of that process must stand still. These runs also count the messages that gave no error. Each
instrument must accept some and refuse others: otherwise the fuzzer did not reach its parser, or what is behind it.
"""

import argparse
import fnmatch
import gc
import importlib
import json
import pkgutil
import random
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import tests.fixtures.simulation_failures  # noqa: F401 - a fault of the simulation is raised, and so is found
from benchmarks.fuzz_changes import Setting, State, difference, state_of
from benchmarks.report import Line, commit, report, same_code

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build" / "fuzz"
#: target -> patterns of virtual instruments; SCPI has all others
TARGETS: dict[str, tuple[str, ...]] = {
    "scpi": (),
    "tsp": ("keithley_26*", "keithley_370*", "keithley_707*"),
    "flex": ("keysight_b1500*",),
    "kxci": ("keithley_4200*",),
    "lecroy": ("lecroy_*", "siglent_sds120?xe"),
}
SHORTEST_ROUND = 1  #: [s] of the minutes that may be left: no other process is started for less
SETTLED = 0.1  #: [s] in which an output that was switched on comes to rest
LONGEST_WAY = 20  #: times as long a chuck may take to its contact
MOST_BYTES = 4096  #: of an input
MOST_REPLY = 1 << 24  #: bytes of one reply
LONGEST_INPUT = 25  #: [s] of processor time for one input
PATIENCE = 20  #: an input that hangs ends after this times LONGEST_INPUT of wall time: the machine may have other work
MOST_MEMORY = 2500  #: [MB] of the process
#: [s] after which another process goes on: atheris 3.0.0 keeps the result of each comparison of two arrays (measured: 1
#: MB for a million values)
LONGEST_ROUND = 180
REPLAYS = 10_000  #: inputs of the corpus that are run again without the fuzzer
MOST_GROWTH = 20  #: [MB] by which the second half of them may raise the memory
#: share of the messages, when the corpus runs again, that give no error, on each instrument: with a parser that is not
#: reached it is none or all; an input is mostly in the words of other instruments, so few are accepted
LEAST_ACCEPTED, MOST_ACCEPTED = 0.01, 0.99
MOST_FAILURES = 10  #: inputs that fail, before the target is given up
SEEDS: dict[str, tuple[bytes, ...]] = {
    "scpi": (
        b"*IDN?", b"*RST;*CLS", b":SYST:ERR?", b"*ESE 255;*SRE 32;*OPC", b"*OPC?;*WAI", b":OUTP ON",
        b":OUTP1 ON;:OUTP1?", b":SOUR:FUNC VOLT;:SOUR:VOLT 1.5;:SENS:FUNC 'CURR';:READ?",
        b":SOUR:VOLT:ILIM 1 mA;ILIM?", b":TRAC:MAKE \"b\", 100;:TRAC:DATA? 1, 2, \"b\", READ, SOUR",
        b":FUNC PULS;:FUNC:PULS:WIDT 1E-4;:BURS:STAT ON;*TRG", b":DATA:ARB:DAC abc,#14\x00\x01\x7f\xff",
        b":DATA:ARB abc, 0, 0.5, 1", b":FREQ MAX;FREQ? MIN", b":APPL:SIN 1E3, 1, 0",
        b":DIG CHAN1;:WAV:FORM WORD;:WAV:DATA?", b":CHAN1:SCAL 0.2;OFFS 0.1", b":TIM:SCAL 1E-3;:SING;*TRG",
        b":WAV:PRE?\xff:SYST:SET?\xff:MEAS:FREQ? CHAN1", b":SOUR:SWE:VOLT:LIN 0, 1, 11, 1E-3;:INIT;*WAI",
        b":SOUR:VOLT:MODE LIST;:SOUR:LIST:VOLT 0,1,2;:TRIG:COUN 3;:OUTP ON;:READ?",
        b":TRAC:FEED SENS;:TRAC:FEED:CONT NEXT;:INIT", b":PULS:WIDT1 1E-6;:OUTP1 ON;:TRIG1", b"KRDG? A;SETP 1,300",
        b"MoveChuck 100 200 H Y\xffReadChuckPosition\xffMoveChuckContact", b"StepFirstDie\xffStepNextDie 1 1 0",
        b":CH1:SCAle 0.2;OFFSet 0.1\xff:SELect:CH1 ON\xff:HORizontal:RECOrdlength 1000", b":TRIGger:A:EDGE:SOUrce CH1",
        b":DATa:SOUrce CH1;:DATa:STOP 1000\xff:ACQuire:STATE ON\xff:CURVe?\xff:WFMOutpre?\xff:ALLEv?",
        b"C1:BSWV WVTP,PULSE,FRQ,2000,AMP,0.5\xffC1:OUTP ON,LOAD,50,PLRT,NOR\xffC1:BTWV STATE,ON",
        b"SETP 1,300\xffRANGE 1,1\xffKRDG? A",
        b"map:step_first_die\xffmap:step_die 1,1\xffmap:get_num_dies", b"move_chuck_contact\xffget_chuck_xy",
    ),
    "tsp": (
        b"*IDN?", b"smua.source.output = smua.OUTPUT_ON", b"print(smua.measure.i())", b"smua.source.levelv = 1.5",
        b"print(errorqueue.next())", b"loadandrunscript\xffprint(1)\xffendscript",
        b"loadscript a\xffx = 1\xffendscript\xffa()", b"for i = 1, 3 do print(i) end",
        b"while true do end\xffabort", b"printbuffer(1, 3, smua.nvbuffer1.readings)",
        b"t = {1, 2}; print(table.getn(t))", b"delay(0.1) beeper.beep(0.1, 1000)", b"format.data = format.REAL32",
        b"SweepVLinMeasureI(smua, 0, 1, 0.001, 5)", b"print(string.rep('a', 100))", b"print(nil .. 1)",
    ),
    "flex": (
        b"*IDN?", b"UNT? 0", b"CN 1,2;DV 1,0,1.5,1E-3;TI 1", b"ERRX?", b"FMT 1,1;MM 2,1;WV 1,1,0,0,1,11;XE",
        b"CL;DZ;RZ", b"*LRN? 31", b"AV 10,1;AIT 0,1,2;AAD 1,1", b"PT 0,1E-3,1E-2;PV 1,0,0,1,1E-3;MM 3,1;XE",
        b"NUB?\xffRMD? 0", b"MT 0,1E-3,10;MM 10,1;XE",
    ),
    "kxci": (
        b"*IDN?", b"US;DV1,0,1.5,1E-3", b"TI1;TV1", b"DE;CH1,'V1','I1',1,1;SS;VR1,0,1,0.1,1E-3;MD;ME1", b"DO 'V1'",
        b"VL1,1,1E-3,0,1,2", b"IT4,1,1,0.5", b":ERROR:LAST:GET", b"SP\xffME4", b"RI 1,1E-3,1E-3;RG 1,1E-9",
        b":PMU:INIT 0;:PMU:PULSE:TRAIN 1, 0, 1;:PMU:OUTPUT:STATE 1, 1;:PMU:EXECUTE",
        b":PMU:PULSE:TIMES 1, 1e-5, 5e-6, 1e-7, 1e-7", b":PMU:INIT 1;:PMU:SARB:SEQ:TIME 1, 1, 1e-6, 1e-6",
        b":PMU:SARB:SEQ:STARTV 1, 1, 0, 1;:PMU:SARB:SEQ:STOPV 1, 1, 1, 0", b":PMU:SARB:WFM:SEQ:LIST 1, 1, 100",
        b":PMU:DATA:GET 1, 0, 2048, V, I", b":PMU:SWEEP:PULSE:AMPLITUDE 1, 0, 5, 0.1, 0, 1",
    ),
    "lecroy": (
        b"*IDN?", b"CHDR OFF;C1:VDIV 2.00E-01V", b"C1:WF? DAT2", b"WFSU NP,100,SP,2,FP,0",
        b"TRSE EDGE,SR,C1,HT,OFF", b"TRMD SINGLE;ARM;WAIT", b"TDIV 1E-3", b"C1:PAVA? RMS",
        b":WAV:SOUR C1;:WAV:PRE?", b"SANU? C1;SARA?", b"SCDP",
    ),
}


def models(target: str) -> list[str]:
    """Return the registered virtual instruments of a target; an empty list if there is none yet."""
    from benchmarks.acceptance.benches import registered

    special = [pattern for patterns in TARGETS.values() for pattern in patterns]
    if target == "scpi":
        return [name for name in registered() if not any(fnmatch.fnmatch(name, pattern) for pattern in special)]
    return [name for name in registered() if any(fnmatch.fnmatch(name, pattern) for pattern in TARGETS[target])]


#: what switches an output on and gives it a level, in the words of each language; what an instrument refuses is no harm
SWITCHED_ON: dict[str, tuple[bytes, ...]] = {
    "scpi": (b":SOUR:VOLT 1", b":SOUR1:VOLT 1", b":VOLT 1", b":OUTP ON", b":OUTP1 ON", b"C1:OUTP ON", b"SETP 1,300",
             b"RANGE 1,1", b"MoveChuckContact", b"move_chuck_contact"),
    "tsp": (b"smua.source.levelv = 1", b"smua.source.output = 1"),
    "flex": (b"CN 1", b"DV 1,0,1,1E-3"),
    "kxci": (b"US", b"DV1,0,1,1E-3"),
    "lecroy": (),
}
#: what only Python takes for a number or a digit (0xB2 is a superscript), what has a capital that is no byte (the micro
#: sign 0xB5), and numbers that no float holds
ODD_NUMBERS = (b"\xb5", b"\xb2", b"\xb9", b"\xa01", b"1_0", b"1e999", b"-1e999", b"1e-320", b"nan", b"inf",
               b"#H" + b"F" * 300)
_FOREIGN = 1   #: stands for an error of FLEX, KXCI, and of languages of lines, which have numbers of their own
_SYSTEM = -310   #: stands for what the simulation could not do: it is no refusal
#: error codes by which a message is refused because of its words, so that nothing of it may be executed. A script of
#: TSP may give any other error while it runs; a number beyond its range (-222) may be clipped and set
_REFUSED: dict[str, Collection[int]] = {
    **{target: {*range(-199, -99), -224, _FOREIGN} for target in SWITCHED_ON}, "tsp": {-285}}
#: error codes behind which nothing more of a message is executed. A script of TSP is compiled as a whole
_DISCARDING: dict[str, Collection[int]] = {
    "scpi": range(-199, -99), "tsp": {-285}, "flex": (), "kxci": {_FOREIGN}, "lecroy": ()}


class Subject:
    """One instrument on a bench of its own, spoken to without VISA."""

    def __init__(self, model: str, folder: Path, target: str, setting: Setting) -> None:
        from benchmarks.acceptance.benches import TESTED, world_text
        from tsbench.simulated_backends.world.world import open_world

        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{model}.world.toml"
        path.write_text("steps_per_message = 2000\n" + world_text(model), "utf-8")
        self.world = open_world(path)
        self.instrument: Any = self.world.instruments[TESTED]
        self.setting = setting
        self._switched_on, self._parser_errors = SWITCHED_ON[target], _REFUSED[target]
        is_of_lines = hasattr(self.instrument, "line_tables")
        self._discarding = () if is_of_lines else _DISCARDING[target]
        #: whether a semicolon begins another unit
        self._cuts = target != "tsp" and not hasattr(self.instrument, "station")
        self._unit: State | None = None   #: where the unit began that is executed now; None: not known
        self._refused: State | None = None   #: at the last refusal; None: not known
        self._complaint = ""
        self.refused: list[int] = []   #: codes that the error queue was given
        self.given = self.accepted = 0   #: messages but common commands, and those that gave no error
        places = [(getattr(self.instrument, "status", None), ("post", "post_flex", "post_kxci")),
                  (self.instrument, ("refuse", "refused"))]   # LeCroy, and instruments of lines without a status
        for place, names in places:
            for name in names:
                if hasattr(place, name):
                    setattr(place, name, self._noting(getattr(place, name), name in {"post", "refuse"}))

    def _noting(self, post: Callable[[Any], Any], is_scpi: bool) -> Callable[[Any], Any]:
        def noted(error: Any) -> Any:
            code = int(error.code) if is_scpi else _SYSTEM if "System error" in str(error) else _FOREIGN
            self.refused.append(code)
            now = self._now()
            if self._unit is not None and code in self._parser_errors and now != self._unit and not self._complaint:
                self._complaint = f"a refused unit changed {difference(self._unit, now)}; {self.setting.changes[-5:]}"
            self._refused = now if self.world.bench.clock.next_event() is None else None
            return post(error)

        return noted

    def _now(self) -> State:
        return State(self.setting.count, state_of(self.instrument))

    def _begin_unit(self) -> None:
        self._unit = self._now() if self.world.bench.clock.next_event() is None else None

    def take(self, data: bytes) -> None:
        """Switch the instrument on, give it messages, clear it, and ask it something.

        Raises
        ------
        AssertionError
            One of the rules is broken.
        """
        begun = time.process_time()
        self.instrument.power_cycle()
        if len(data) % 2:
            for message in self._switched_on:
                self.reply(message)
            for _ in range(LONGEST_WAY):
                self.world.bench.begin_message()
                self.world.bench.clock.wait(SETTLED)
                if not self.instrument.exchange.will_answer:
                    break
        for message in data.split(b"\xff")[:40]:
            self.give(message)
        exchange = self.instrument.exchange
        exchange.device_clear()
        assert not exchange.will_answer, "a device clear leaves a command running"
        self.refused.clear()
        assert self.reply(b"*IDN?"), f"no answer to *IDN? behind a device clear; errors {self.refused}"
        taken = time.process_time() - begun
        assert taken < LONGEST_INPUT, f"the input took {taken:.1f} s of processor time"

    def give(self, message: bytes) -> None:
        """Give one message, and look whether it changes something although the parser has refused it."""
        self.refused.clear()
        self.setting.changes.clear()
        self.setting.begin_unit, self._unit, self._refused, self._complaint = self._begin_unit, None, None, ""
        before, clock = self._now(), self.world.bench.clock
        still = not self.instrument.exchange.will_answer and clock.next_event() is None
        self.reply(message)
        counts = bool(message.strip()) and not message.lstrip().startswith(b"*")   # every instrument knows *IDN?
        self.given += counts
        self.accepted += counts and not self.refused
        assert not self._complaint, f"in the message {message!r}, {self._complaint}"
        end = self.instrument.framing.message_end
        one = b"\n" not in message.rstrip(b"\n") and end not in message.removesuffix(end)
        if not (still and one and self.refused):
            return
        after, changes = self._now(), self.setting.changes
        if all(code in self._parser_errors for code in self.refused) and not (self._cuts and b";" in message):
            assert after == before, f"the refused message {message!r} changed {difference(before, after)}; {changes}"
        if self._refused is not None and self.refused[-1] in self._discarding:
            assert after == self._refused, (
                f"behind its error, the message {message!r} changed {difference(self._refused, after)}; {changes}")

    def reply(self, message: bytes) -> bytes:
        """Send, let some time pass, read."""
        bench, exchange = self.world.bench, self.instrument.exchange
        bench.begin_message()
        exchange.recv(message, True)
        end = bench.clock.now + 0.05
        while exchange.will_answer and not exchange.output_ready and bench.clock.now < end:
            bench.clock.hop(end)
        data = b""
        while exchange.output_ready and len(data) < MOST_REPLY:   # a script prints several messages
            data += exchange.talk(MOST_REPLY)[0]
        assert len(data) < MOST_REPLY, f"the reply to {message!r} has more than {MOST_REPLY} bytes"
        return data


def acting(target: str, opened: dict[str, Subject] | None = None) -> Callable[[bytes], None]:
    """Return what takes an input: its first byte chooses the instrument. ``opened`` gets each one that is opened."""
    names, setting = models(target), Setting()
    opened = {} if opened is None else opened

    def one_input(data: bytes) -> None:
        if not data:
            return
        name = names[data[0] % len(names)]
        if name not in opened:
            opened[name] = Subject(name, FOLDER / target / "worlds", target, setting)
        opened[name].take(data[1:MOST_BYTES])

    return one_input


def words(target: str) -> set[str]:
    """Return the words of the commands of a target's instruments, for the fuzzer's dictionary."""
    from tsbench.simulated_backends.scpi.tree import declared
    from tsbench.simulated_backends.virtual_instruments.registry import instrument_class

    found = {"MIN", "MAX", "DEF", "ON", "OFF", "INF", "#18", "#H1F", "1E-3", "\\xff", ";", ":", "?", "'CURR'", "(@1)"}
    for model in models(target):
        with suppress(Exception):
            kind = instrument_class(model)
            for pattern, _ in declared(kind):
                found |= set(re.findall(r"\*?[A-Za-z_]+", pattern))
            for table in getattr(kind, "line_tables", ()):
                for name in dir(table):
                    found |= set(getattr(getattr(table, name), "__line_words__", ()))
    return found


def prepare(target: str) -> Path:
    """Write seeds and dictionary; return the folder of the corpus."""
    seeds, corpus = FOLDER / target / "seeds", FOLDER / target / "corpus"
    for folder in (seeds, corpus):
        folder.mkdir(parents=True, exist_ok=True)
        for number, seed in enumerate(SEEDS[target]):
            for choice in range(len(models(target))):
                (folder / f"seed_{number:02d}_{choice:02d}").write_bytes(bytes([choice]) + seed)
    escaped = sorted(word if word.startswith("\\x") else word.replace("\\", "\\\\").replace('"', '\\"')
                     for word in words(target))
    escaped += ["".join(f"\\x{byte:02x}" for byte in number) for number in ODD_NUMBERS]
    (FOLDER / target / "words.dict").write_text("".join(f'"{word}"\n' for word in escaped), "utf-8")
    return corpus


def compiled_modules() -> list[str]:
    """Return the modules that have functions for Numba to compile, and all packages whose modules are made of them."""
    found = []
    for package in ("numerics", "devices", "life", "circuit"):
        home = importlib.import_module(f"tsbench.simulated_backends.{package}")
        found += [module.name for module in pkgutil.walk_packages(home.__path__, f"{home.__name__}.")]
    for file in sorted((ROOT / "simulated_backends").rglob("*.py")):
        if re.search(r"^\s*@compiled", file.read_text("utf-8"), re.MULTILINE):
            found.append(".".join(("tsbench", *file.relative_to(ROOT).with_suffix("").parts)))
    return found


def child(target: str, limit: str, folder: str = "corpus") -> None:
    """Fuzz in this process until libFuzzer ends it at a ``limit``; without any run, it only counts branches."""
    import atheris

    for name in compiled_modules():   # what Numba compiles must not be instrumented
        importlib.import_module(name)
    with atheris.instrument_imports(include=["tsbench"]):
        from tsbench.simulated_backends.virtual_instruments.registry import instrument_class

        for model in models(target):
            instrument_class(model)
    act = acting(target)
    prepare(target)
    atheris.Setup([
        "fuzz", limit, f"-timeout={LONGEST_INPUT * PATIENCE}", f"-rss_limit_mb={MOST_MEMORY}",
        f"-max_len={MOST_BYTES}", f"-dict={FOLDER / target / 'words.dict'}", "-print_final_stats=1",
        "-len_control=0",
        f"-artifact_prefix={FOLDER / target}/", str(FOLDER / target / folder),
    ], act)
    atheris.Fuzz()


def covered(target: str, folder: str) -> int:
    """Return how many branches of tsbench the inputs in a folder reach; 0 if the fuzzer does not see any."""
    done = subprocess.run([sys.executable, "-m", "benchmarks.fuzz", "--child", target, "--cover", folder], cwd=ROOT,
                          capture_output=True, text=True, errors="replace", check=False)
    return max(map(int, re.findall(r"\bcov: (\d+)", done.stderr)), default=0)


def one_round(target: str, limit: int) -> tuple[int, str, float]:
    """Fuzz in another process for ``limit`` seconds; return its exit code, what it said, and how long it fuzzed [s].

    The time before it has read the corpus is no fuzzing. It counts in ``limit``.
    """
    begun = ended = 0.0
    said = []
    with subprocess.Popen(
            [sys.executable, "-m", "benchmarks.fuzz", "--child", target, "--seconds", str(limit)], cwd=ROOT,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace") as process:
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line)
            ended = time.monotonic()
            if re.match(r"#\d+\s+INITED", line):
                begun = ended
    return process.returncode, "".join(said), ended - begun if begun else 0.0


def fuzz(target: str, minutes: float, state: dict[str, float]) -> list[str]:
    """Run children until the minutes are over or too many inputs have failed; return the inputs that failed."""
    fuzzed, starting, failed = 0.0, 0.0, list[str]()
    while (left := 60 * minutes - fuzzed) > SHORTEST_ROUND and len(failed) < MOST_FAILURES:
        limit = max(int(min(left + starting, LONGEST_ROUND)), 2)
        code, said, seconds = one_round(target, limit)
        starting = max(limit - seconds, 0.0)
        read = re.search(r"^#(\d+)\s+INITED", said, re.M)
        if counted := re.search(r"stat::number_of_executed_units:\s*(\d+)", said):
            state["inputs"] = state.get("inputs", 0) + int(counted[1]) - int(read[1] if read else counted[1])
        if memory := re.search(r"stat::peak_rss_mb:\s*(\d+)", said):
            state["memory"] = max(state.get("memory", 0), int(memory[1]))
        state["seconds"] = state.get("seconds", 0.0) + seconds
        fuzzed += seconds
        if code == 0 and seconds > 0.0:
            continue
        kept = re.search(r"Test unit written to (\S+)", said)
        if kept:
            Path(kept[1]).with_suffix(".txt").write_text(said[-40_000:], "utf-8")
        lines = [line for line in said.splitlines() if "Error" in line or "ERROR" in line]
        if thrown := re.search(r"Uncaught Python exception: ===\s*(.+)", said):
            lines = [thrown[1]]
        failed.append(f"{kept[1] if kept else 'no input kept'}: {lines[0] if lines else said[-300:]}")
        if not kept:
            break
    return failed


def replay(target: str) -> None:
    """Run inputs of the corpus again, drawn at random; print what :class:`Replayed` holds, as JSON."""
    opened: dict[str, Subject] = {}
    act, draw, memory = acting(target, opened), random.Random(1), list[float]()
    inputs = [file.read_bytes() for file in sorted(prepare(target).iterdir())]
    for _ in range(2):
        for data in draw.choices(inputs, k=REPLAYS // 2):
            act(data)
        gc.collect()
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
        memory.append(pages * resource.getpagesize() / 1e6)
    found = Replayed(memory[0], memory[1] - memory[0],
                     {name: one.accepted / max(one.given, 1) for name, one in opened.items()})
    print(json.dumps(asdict(found)))


@dataclass(frozen=True)
class Replayed:
    """What runs of the corpus without the fuzzer show.

    memory, growth : [MB] of the process at half of the inputs, and what the other half adds
    accepted : share of the messages that gave no error, of each instrument
    """

    memory: float
    growth: float
    accepted: Mapping[str, float]

    @property
    def reached(self) -> bool:
        """Whether each instrument that was opened has accepted some messages and refused others."""
        return bool(self.accepted) and all(
            LEAST_ACCEPTED <= share <= MOST_ACCEPTED for share in self.accepted.values())

    @property
    def words(self) -> str:
        """Return the least and the largest share."""
        if not self.accepted:
            return "no instrument was opened"
        return f"{min(self.accepted.values()):.1%} to {max(self.accepted.values()):.1%}"


def replayed(target: str) -> Replayed:
    """Run inputs of the corpus again in a process without the fuzzer.

    Raises
    ------
    subprocess.CalledProcessError
        An input fails.
    """
    done = subprocess.run([sys.executable, "-m", "benchmarks.fuzz", "--replay", target], cwd=ROOT, capture_output=True,
                          text=True, check=True)
    return Replayed(**json.loads(done.stdout.splitlines()[-1]))


def still_failing(target: str) -> list[str]:
    """Return the inputs that earlier calls kept, and whether they fail alone: each counts until its file is deleted."""
    failed = []
    for file in sorted((FOLDER / target).glob("*-*")):
        if file.suffix == ".txt" or not file.name.startswith(("crash-", "timeout-", "oom-")):
            continue
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.fuzz", "--only", target, "--reproduce", str(file)],
            cwd=ROOT, capture_output=True, text=True, errors="replace", check=False)
        alone = "does not fail" if done.returncode == 0 else "fails"
        failed.append(f"{file}: kept by an earlier call; alone it {alone}")
    return failed


def long_enough(state: Mapping[str, float], minutes: float) -> bool:
    """Return whether a target was fuzzed for the minutes, in this call and those that it resumes.

    A target that was given up early, because too many inputs failed, was not fuzzed for long enough.
    """
    return state.get("seconds", 0.0) >= 60 * minutes - SHORTEST_ROUND


def earlier(file: Path, of_commit: str) -> dict[str, float]:
    """Return what earlier calls with the same code have done; the minutes of other code do not count.

    Parameters
    ----------
    file : of a target
    of_commit : :func:`~benchmarks.report.commit` of this tree
    """
    state = json.loads(file.read_text("utf-8")) if file.exists() else {}
    if not same_code(state.pop("commit", ""), of_commit):
        if state:
            sys.stderr.write(f"{file}: its minutes do not count: they are of another commit, or this tree has changes "
                             "that are not committed. The corpus is used further\n")
        return {}
    return {name: float(value) for name, value in state.items()}


def run(targets: Sequence[str], minutes: float, resume: bool) -> int:
    """Fuzz each target, report."""
    lines, of_commit = [], commit()
    for target in targets:
        file = FOLDER / target / "state.json"
        state = earlier(file, of_commit) if resume else {}
        if not models(target):
            lines.append(Line(target, "no virtual instrument yet", f">= {minutes:g} min", False))
            continue
        before = state.get("seconds", 0.0)   # of earlier calls, whose corpus this call goes on with: they count
        failed = still_failing(target)
        failed += fuzz(target, minutes, state) if minutes > 0 else []
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"commit": of_commit, **state}), "utf-8")
        for line in failed:
            print(f"{target}: {line}", file=sys.stderr)
        spent = state.get("seconds", 0.0) - before
        again, seeds, corpus = replayed(target), covered(target, "seeds"), covered(target, "corpus")
        lines += [
            Line(f"{target}: {len(models(target))} instruments", f"{state.get('seconds', 0.0) / 60:.1f} min "
                 f"({spent / 60:.1f} min in this call), {state.get('inputs', 0):.0f} inputs",
                 f">= {minutes:g} min", long_enough(state, minutes)),
            Line(f"{target}: inputs that fail (exception, hang, bench changed)", str(len(failed)), "0", not failed),
            Line(f"{target}: branches of tsbench that the corpus reaches, and the seeds alone", f"{corpus}, {seeds}",
                 "more than the seeds", corpus > seeds > 0),
            Line(f"{target}: memory, with the fuzzer", f"{state.get('memory', 0):.0f} MB", f"<= {MOST_MEMORY} MB",
                 state.get("memory", 0) <= MOST_MEMORY),
            Line(f"{target}: memory without the fuzzer, {REPLAYS} inputs of the corpus again",
                 f"{again.memory:.0f} MB at half of them, {again.growth:.1f} MB more at the end",
                 f"<= {MOST_GROWTH} MB more", again.growth <= MOST_GROWTH),
            Line(f"{target}: messages that an instrument accepts, {REPLAYS} inputs of the corpus again",
                 again.words, f"{LEAST_ACCEPTED:.0%} to {MOST_ACCEPTED:.0%} of each instrument",
                 again.reached and set(again.accepted) == set(models(target))),
        ]
    return report("fuzz", "parsers under coverage-guided fuzzing", lines)


def main() -> int:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30.0, help="for each target")
    parser.add_argument("--resume", action="store_true", help="add to the minutes of earlier calls")
    parser.add_argument("--only", nargs="+", choices=sorted(TARGETS), default=list(TARGETS))
    parser.add_argument("--reproduce", type=Path, metavar="FILE", help="run one input alone")
    parser.add_argument("--child", choices=sorted(TARGETS), help=argparse.SUPPRESS)
    parser.add_argument("--replay", choices=sorted(TARGETS), help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=int, default=60, help=argparse.SUPPRESS)
    parser.add_argument("--cover", choices=("seeds", "corpus"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        if options.cover:
            child(options.child, "-runs=0", options.cover)
        else:
            child(options.child, f"-max_total_time={options.seconds}")
        return 0
    if options.replay:
        replay(options.replay)
        return 0
    if options.reproduce:
        acting(options.only[0])(options.reproduce.read_bytes())
        print("nothing failed")
        return 0
    return run(options.only, options.minutes, options.resume)


if __name__ == "__main__":
    sys.exit(main())
