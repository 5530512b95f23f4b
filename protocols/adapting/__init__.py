"""What the adaptive protocols share: a chooser says what to send next, and gets what the scope recorded."""
