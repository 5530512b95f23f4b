"""These tests run in generic code."""

from tests.fixtures.generic_code import long_runs_get_no_code_of_their_own

__all__ = ["long_runs_get_no_code_of_their_own"]
