"""What the oscilloscopes with LeCroy's short commands share, whatever their maker: T3DSO, SDS1000X-E, WaveSurfer."""
