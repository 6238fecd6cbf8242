"""Pure functions on numpy pictures: kernels, resampling, files, colour and metrics. No torch."""
