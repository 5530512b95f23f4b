"""What keeps an output from staying on when the process that switched it on is interrupted, dies or hangs.

``control`` hears signals. ``watched`` starts the watchdog, a second process. ``protecting`` does this for what is no
run.
"""
