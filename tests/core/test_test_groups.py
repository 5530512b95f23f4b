"""The tests of one file run in one process of pytest-xdist.

Otherwise the fixtures of a module are made in each process (that of the demo takes most of a minute), and tests of the
window share one display at the same time.
"""

import pytest


def test_the_tests_of_a_file_are_a_group(request: pytest.FixtureRequest) -> None:
    if not getattr(request.config.option, "loadgroup", False):
        pytest.skip("only `make test` has several processes")
    group = request.node.nodeid.rpartition("@")[2]
    assert group == "tests/core/test_test_groups.py", (
        "pytest-xdist does not see the groups of tests/conftest.py. Install pytest<9.2, or look at the order of hooks")
