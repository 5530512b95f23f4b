"""The shared code of virtual oscilloscopes, whatever the model is. It knows no command.

The base of all families is :class:`~.virtual_oscilloscope.VirtualOscilloscope`: inputs, errors, digitiser and run
control. A new family derives from one of its two subclasses, unless it keeps the records in a memory of its own:

- :class:`~.converter_scope.ConverterScope` if the manual gives the codes of the ADC (the lowest, the highest, that of
  mid-screen). The command tables have the settings. Take this one if you can choose
- :class:`~.panel_scope.PanelScope` if the commands set volts and seconds for each division, and a value that cannot be
  set becomes the nearest that can. :mod:`~.front_panel` has the settings

Two families derive from ``VirtualOscilloscope`` itself, because they keep the records in a memory of their own: the
InfiniiVision (a measurement record beside the memory) and Tektronix (frames).

The files in the order of the data:

1. ``data_sheet``: the numbers of a model; sample rate and record length that follow from them
2. ``inputs``: resistance, capacitance and probe of each input in the circuit. ``input_watch``: what the inputs do for a
   while, for an automatic set-up
3. ``settings``: what the shared code reads of the settings. ``front_panel``: these settings, for a ``PanelScope``
4. ``acquisition_control``: run, single, stop. ``acquisition``: one acquisition, its plan, its records
5. ``history``: the course of the nodes that is kept. ``trigger``, ``pulse_trigger``: the triggers in it
6. ``digitiser``: from a record to codes, by ``front_end`` (errors of an input), ``seen_signal`` and ``response`` (what
   an input sees of a node), ``noise`` and ``conversion`` (rounding)
7. ``record_memory``, ``acquisition_memory``: the records that can be read
8. ``shown_trace``, ``measurements``, ``mathematics``, ``screen``: what the screen shows and measures of a record
"""
