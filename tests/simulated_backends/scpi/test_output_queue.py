"""The output queue gives out what was put in, in parts of any size."""

import random
from collections.abc import Callable

from tsbench.simulated_backends.scpi.exchange import OutputQueue


def test_parts_of_any_size_are_the_replies_one_after_the_other() -> None:
    rng = random.Random(1)
    for _ in range(50):
        queue, expected, got = OutputQueue(), b"", b""
        for _ in range(rng.randint(1, 6)):
            piece = bytes(rng.randrange(256) for _ in range(rng.randint(0, 40)))
            queue.add(piece)
            expected += piece
        assert queue.size == len(expected)
        while queue.size:
            letter, limit = rng.randrange(256), rng.randint(1, queue.size)
            rest = expected[len(got):]
            assert queue.find(letter, limit) == rest.find(letter, 0, limit)
            got += queue.take(rng.randint(1, queue.size))
        assert got == expected


def test_a_long_reply_is_handed_out_without_being_copied_whole() -> None:
    queue, block = OutputQueue(), bytes(1000)
    queue.add(block)
    queue.add(b"\n")
    assert queue.take(1000) is not None and queue.size == 1 and queue.take(1) == b"\n"
    queue.add(block)
    queue.clear()
    assert queue.size == 0


def _rest(give: Callable[[], bytes]) -> list[bytes]:
    parts = []
    while True:
        try:
            parts.append(give())
        except (IndexError, StopIteration):
            return parts


def test_equal_parts_leave_a_byte_behind_and_are_noted_when_it_matters() -> None:
    queue, block, noted = OutputQueue(), bytes(range(250)) * 4, list[int]()
    for piece in (block, memoryview(block)):
        for _ in range(3):   # the same reply again: its parts are cut once
            queue.add(piece)
            queue.add(b"\n")
            taken = [queue.take(100), *_rest(queue.long.parts(100, noted.append))]
            assert b"".join(taken) == block[:900] and all(type(part) is bytes for part in taken)
            queue.long.settle()
            assert noted.pop() == 800 and queue.size == 101
            assert queue.take(101) == block[900:] + b"\n" and not noted
    queue.add(block)
    assert queue.take(10) + b"".join(_rest(queue.long.parts(300, noted.append))) == block[:910]


def test_parts_are_given_while_somebody_else_takes_the_rest() -> None:
    queue, block, noted = OutputQueue(), bytes(range(250)) * 4, list[int]()
    for kept in range(2):
        queue.add(block)
        first = queue.take(100)
        give = queue.long.parts(100, noted.append)
        some = first + give() + give()
        assert queue.take(50) == block[300:350] and noted.pop() == 200, kept
        assert _rest(give) == []
        assert some + queue.take(650) == block[:300] + block[350:] and not queue.size


def test_equal_parts_end_where_something_else_was_taken_or_put_in() -> None:
    queue, block = OutputQueue(), bytes(1000)
    assert _rest(queue.long.parts(100, int)) == []
    queue.add(block)
    queue.take(100)
    give = queue.long.parts(100, int)
    assert give() == bytes(100)
    assert queue.take(50) == bytes(50)
    assert _rest(give) == []
    queue.clear()
    queue.add(bytes(memoryview(b"1" * 1000)))
    queue.take(100)
    give = queue.long.parts(100, int)
    give()
    queue.clear()
    queue.add(b"2" * 1000)
    queue.take(200)
    assert _rest(give) == [], "another reply of which as much was taken"
