"""How the simulated bench is reached: the pyvisa backend in process, sockets and HiSLIP."""
