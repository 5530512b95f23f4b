"""The command ``init``: finds the instruments and writes the first files of a bench."""

import argparse
import sys
from pathlib import Path
from typing import Any

from tsbench.cli.declaring import add_command
from tsbench.errors import ConfigurationError

_EXAMPLE = """\
  tsbench init --simulated            a simulated bench, to learn and to rehearse
  tsbench init --visa @py             the instruments that pyvisa-py sees
  tsbench init --host 192.168.1.20    an instrument in the network
The command asks for wiring and limits. --yes takes the default of each question that --set does not answer.
It writes bench.toml and first.list.toml. For real instruments it also writes rehearsal.bench.toml and
rehearsal.world.toml, with which the same measurements run on a simulated bench."""


def declare(commands: Any) -> None:
    """Declare ``init``."""
    init = add_command(
        commands, "init", "starting:init",
        "find the instruments and write the first files of a bench to this folder", _EXAMPLE)
    init.add_argument("folder", nargs="?", type=Path, default=Path(), metavar="DIR", help="where the files are written "
                      "(default: this folder)")
    init.add_argument("--visa", default="", metavar="LIBRARY", help='the VISA library, for example "@py" '
                      "(default: the one of the system)")
    init.add_argument("--host", action="append", default=[], metavar="ADDRESS", help="an address in the network")
    init.add_argument("--simulated", action="store_true", help="take simulated instruments")
    init.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="the answer to a question, for "
                      'example "max_current=100 uA"')
    init.add_argument("--yes", action="store_true", help="ask nothing")


def init(options: argparse.Namespace) -> int:
    """Find, ask, write."""
    from tsbench.conform.twin import twin_of
    from tsbench.station.bench.bench_file import BenchFile
    from tsbench.station.new_bench import Answers, find, new_files, simulated
    from tsbench.text_files import write_text

    given = Answers.read(_answers(options), options.simulated)
    answers = Answers({**given.values, "model": _model(given["model"], given["material"])})
    if options.simulated:
        instruments = simulated()
    else:
        instruments = find(options.visa, options.host, print)
    if not instruments:
        other = "" if options.visa == "@py" else "try --visa @py, "
        raise ConfigurationError(
            f"no instrument was found. Switch the instruments on, {other}or give an address with --host. "
            "A 4200A-SCS answers while its program KXCI runs. With --simulated, tsbench writes a simulated bench")
    files = new_files(instruments, answers, options.visa, twin_of, real=not options.simulated)
    options.folder.mkdir(parents=True, exist_ok=True)
    there = [name for name in files.texts if (options.folder / name).exists()]
    if there:
        raise ConfigurationError(f"{', '.join(there)} already exist in {options.folder.resolve()}. Nothing was "
                                 "written. Choose an empty folder")
    for name, text in files.texts.items():
        write_text(options.folder / name, text, "file")
        sys.stdout.write(f"wrote {options.folder / name}\n")
    for name in files.texts:
        if name.endswith("bench.toml"):
            BenchFile.load(options.folder / name)
    for remark in files.remarks:
        sys.stdout.write(f"note: {remark}\n")
    sys.stdout.write(f"next: tsbench check {options.folder / 'bench.toml'}\n")
    return 0


def _answers(options: argparse.Namespace) -> dict[str, str]:
    from tsbench.station.new_bench import questions

    given: dict[str, str] = {}
    for text in options.set:
        key, equals, value = text.partition("=")
        if not equals:
            raise ConfigurationError(f"--set {text}: write a key and a value, for example \"max_current=100 uA\"")
        given[key.strip()] = value
    if options.yes or not sys.stdin.isatty():
        return given
    for question in questions(options.simulated):
        while question.key not in given:
            answer = input(f"{question.text} [{question.default}]: ")
            try:
                value = question.read(answer)
                if question.key == "model":   # else all answers are lost in the end
                    _model(value, given["material"])
                given[question.key] = value
            except ConfigurationError as error:
                sys.stdout.write(f"{error}\n")
    return given


def _model(model: str, material: str) -> str:
    """Return the catalogue model that was chosen, or the one that has the material's name, or the first of it.

    Raises
    ------
    ConfigurationError
        There is no such model, or none of this material.
    """
    from tsbench.errors import nearest
    from tsbench.simulated_backends.devices.catalogue import catalogue, devices_of

    known = catalogue()
    if not model:
        model = next((entry.name for entry in devices_of(material)), "")
        if not model:
            raise ConfigurationError(f"model: the catalogue has no device of {material}. Choose a similar one with "
                                     "--set model=NAME. 'tsbench devices' lists the models")
    if model not in known:
        raise ConfigurationError(f"model: there is no device model '{model}'{nearest(model, list(known))}. "
                                 "'tsbench devices' lists the models")
    return model
