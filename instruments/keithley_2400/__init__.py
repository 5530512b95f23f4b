"""Keithley 2400, 2401 and 2410 source meters."""

from tsbench.instruments.driver import DriverDeclaration
from tsbench.instruments.links.link_settings import LinkSettings

#: RS-232 as the instruments are delivered (user's manual 2400S-900-01 rev. K, p. 14-14): ^C ends what they do
SERIAL = LinkSettings(
    serial_termination="\r", baud_rate=9600, data_bits=8, parity="none",
    stop_bits="1", clear_characters="\x03")

_DRIVER = "tsbench.instruments.keithley_2400.driver"

DRIVERS = tuple(
    DriverDeclaration(
        name=f"keithley_{model}", kind="source meter", models=f"Keithley {model}{variants}",
        model_pattern=rf"(MODEL )?{model}{pattern}", driver=f"{_DRIVER}:Keithley{model}", link=SERIAL)
    for model, variants, pattern in (("2400", ", 2400-LV, 2400-C", "(-LV|-C)?"), ("2401", "", ""),
                                     ("2410", ", 2410-C", "(-C)?"))
)
