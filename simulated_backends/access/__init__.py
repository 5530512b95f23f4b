"""How the simulated bench is reached: in process as a pyvisa backend, over loopback by raw sockets and HiSLIP.

All of them give bytes to the message exchange of an instrument (``scpi/exchange.py``) and take its replies.
"""
