"""What a function generator is, whatever its model: data sheet, levels, synthesis, bursts. It knows no command."""
