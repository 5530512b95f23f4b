"""What a source meter is, whatever its model: data sheet, output stage, output, readings. It knows no command."""
