"""The simulated bench on loopback: raw SCPI sockets and HiSLIP, for other people's programs.

``connections``        TCP connections: listening, reading, writing, one thread
``clients``            what a client sends, and what it must be able to do
``served_instrument``  one instrument and its clients: which message it executes, which client gets the reply
``scpi_socket``        raw sockets: messages end with a newline, no END, no clear, no service request
``hislip``             IVI-6.1: two channels, device clear, status query, trigger, locks, service request
``pace``               simulated time beside the wall clock
``server``             the loop that owns the timeline
"""
