"""An ovonic threshold switch (amorphous chalcogenide): thermal runaway of a filament helped by the field."""
