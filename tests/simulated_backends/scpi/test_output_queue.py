"""The output queue gives out what was put in, in parts of any size."""

import random

from tsbench.simulated_backends.scpi.exchange import OutputQueue
from tsbench.simulated_backends.scpi.long_replies import LongReplies


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


def test_equal_parts_leave_a_byte_behind_and_take_their_time() -> None:
    queue, block, waited = OutputQueue(), bytes(range(250)) * 4, list[float]()
    long = LongReplies(queue)
    for _ in range(3):   # the same reply again: its parts are cut once
        queue.add(block)
        queue.add(b"\n")
        taken = [queue.take(100), *long.parts(100, waited.append, 0.5)]
        assert b"".join(taken) == block[:900] and queue.size == 101
        assert queue.take(101) == block[900:] + b"\n"
    assert waited == [0.5] * 24
    queue.add(block)
    assert queue.take(10) + b"".join(LongReplies(queue).parts(300, waited.append, 0.0)) == block[:910]


def test_equal_parts_end_where_something_else_was_taken_or_put_in() -> None:
    queue, block = OutputQueue(), bytes(1000)
    assert list(LongReplies(queue).parts(100, float, 0.0)) == []
    queue.add(block)
    queue.take(100)
    parts = LongReplies(queue).parts(100, float, 0.0)
    assert next(parts) == bytes(100)
    assert queue.take(50) == bytes(50)
    assert list(parts) == []
    queue.clear()
    queue.add(bytes(memoryview(b"1" * 1000)))
    queue.take(100)
    parts = LongReplies(queue).parts(100, float, 0.0)
    next(parts)
    queue.clear()
    queue.add(b"2" * 1000)
    queue.take(200)
    assert list(parts) == [], "another reply of which as much was taken"
