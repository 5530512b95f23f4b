"""What a session reads of replies that a fault has changed, cut short or held up."""

from pyvisa_tsbench.disturbed_reply import DisturbedReply
from tsbench.simulated_backends.scpi.message import Talk
from tsbench.simulated_backends.world.faults import Fault, garbled

LOST = Fault(kind="connection_lost", message=0, bytes=4)


def test_a_garbled_reply_is_read_in_pieces_as_a_whole_one() -> None:
    reply = DisturbedReply()
    assert not reply.waiting
    reply.add(garbled(b"+1.25E+00,2\n", "truncate"))
    assert reply.waiting and reply.breaks_within(1000) is None
    assert reply.take(2, None) == (b"+1", Talk.COUNT)
    assert reply.take(1000, None) == (b".25E", Talk.END) and not reply.waiting   # the first half of 12 bytes


def test_a_termination_character_ends_a_read() -> None:
    reply = DisturbedReply()
    reply.late.append((5.0, b"abc,def,"))
    reply.arrive(4.9)
    assert not reply.waiting
    reply.arrive(5.0)
    assert reply.waiting and reply.late == []
    assert reply.take(100, ord(",")) == (b"abc,", Talk.TERMCHAR)
    assert reply.take(2, ord(",")) == (b"de", Talk.COUNT)
    assert reply.take(100, ord(",")) == (b"f,", Talk.END)
    assert reply.take(100, None) == (b"", Talk.END)


def test_the_connection_is_lost_in_the_middle_of_a_reply() -> None:
    reply = DisturbedReply()
    reply.add(b"abcdef\n", LOST)
    assert reply.waiting and reply.breaks_within(4) is None
    assert reply.take(3, None) == (b"abc", Talk.COUNT)
    assert reply.breaks_within(1) is None and reply.breaks_within(2) is LOST
    assert not reply.waiting and reply.breaks_within(2) is None
    at_once = DisturbedReply()
    at_once.add(b"abc", Fault(kind="connection_lost", message=0, bytes=0))
    assert at_once.waiting and at_once.breaks_within(1) is not None


def test_late_replies_come_one_after_the_other_and_a_clear_forgets_those_that_are_there() -> None:
    reply = DisturbedReply()
    reply.late = [(1.0, b"first"), (2.0, b"second"), (9.0, b"third")]
    reply.arrive(3.0)
    assert reply.take(100, None) == (b"first", Talk.END)
    reply.arrive(3.0)
    assert reply.take(3, None) == (b"sec", Talk.COUNT)
    reply.clear(3.0)
    assert not reply.waiting and reply.late == [(9.0, b"third")]
    reply.late = [(3.0, b"now"), (3.1, b"later")]
    reply.clear(3.0)
    assert reply.late == [(3.1, b"later")]
