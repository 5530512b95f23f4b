"""What the drivers of oscilloscopes with LeCroy's short commands share: T3DSO, SDS1000X-E, WaveSurfer."""
