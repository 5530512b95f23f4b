"""What the tests of this room share."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from benchmarks.fuzz import Setting


@pytest.fixture
def setting(monkeypatch: pytest.MonkeyPatch) -> "Setting":
    """Return what the fuzzing benchmark looks at; behind the test, nothing is looked at."""
    from benchmarks.fuzz import Setting
    from benchmarks.fuzz_changes import BEGINNING, CHANGING, EXECUTING, place_of

    for module, kind, name in (*CHANGING, *BEGINNING, *EXECUTING):
        place = place_of(module, kind)
        monkeypatch.setattr(place, name, getattr(place, name))   # as it is afterwards
    return Setting()
