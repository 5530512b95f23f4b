"""KXCI, the command language of Keithley's 4200A-SCS: parser, errors, acknowledgements, status byte."""
