"""How long the transfer of a message takes, whichever way an instrument is reached."""

BUS_RATE = 20e6  #: [bytes/s]
LONG_REPLY = 4096  #: [bytes]; the transfer of less takes no time beside the bus latency
