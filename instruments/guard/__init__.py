"""The guards: every set-point passes through a guard between a protocol and a driver.

A guarded instrument satisfies the same capability as the driver that it wraps. Before a message is sent, the guard
compares the request with the capabilities of the model and, through the wiring, with the limits of the device. It
does so for the request alone and together with the other outputs that are on. Making safe, aborting and switching off
always pass.

:mod:`.limits` compares, and :mod:`.coupling` knows what a capacitor in series keeps.
:mod:`.guarded` passes on what needs no check, and one module for each kind of instrument checks its settings.
:mod:`.kinds` names the guard of each kind.
"""
