"""What an oscilloscope is, whatever its model: data sheet, inputs, trigger, acquisition, ADC. It knows no command."""
