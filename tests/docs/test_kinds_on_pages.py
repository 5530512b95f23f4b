"""The pages name every kind of instrument, and every class from which a driver of a language is derived."""

import dataclasses
import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import pytest

from tsbench.conform.steps import STEPS
from tsbench.instruments import languages
from tsbench.instruments.driver import KINDS
from tsbench.instruments.languages.language import Language
from tsbench.instruments.languages.message_instrument import MessageInstrument

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_page_of_plug_ins_has_the_capability_of_each_kind() -> None:
    rows = re.findall(r"^\| `([a-z ]+)` \| `(\w+)` \|$", (DOCS / "plugins.md").read_text("utf-8"), re.M)
    assert dict(rows) == {kind: capability.__name__ for kind, capability in KINDS.items()}


def test_the_page_of_conform_has_the_steps_of_each_kind() -> None:
    rows = re.findall(r"^\| ([a-z ]+) \|.*\|.*\|$", (DOCS / "conform.md").read_text("utf-8"), re.M)
    assert set(STEPS) == set(KINDS)
    assert [one for one in rows if one in KINDS] == list(KINDS)


@pytest.mark.parametrize("page", ["plugins.md", "add_instrument.md"])
def test_the_page_has_the_classes_of_the_languages(page: str) -> None:
    text = (DOCS / page).read_text("utf-8")
    classes = set()
    for module in pkgutil.iter_modules(languages.__path__, f"{languages.__name__}."):
        for name, found in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if issubclass(found, MessageInstrument) and found.__module__ == module.name:
                classes.add(name)
    assert len(classes) >= 6 and {name for name in classes if name not in text} == set()


def test_the_page_says_what_each_field_of_a_language_is_for() -> None:
    text = (DOCS / "add_instrument.md").read_text("utf-8")
    section = text.split("### An instrument with its own language")[1].split("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    named = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    assert sorted(named) == sorted(field.name for field in dataclasses.fields(Language))
