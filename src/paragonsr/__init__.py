"""paragonsr: photographs twice as large, and the whole way to make the model that does it."""

from paragonsr.runtime.upscaler import Upscaler, upscale

__version__ = "0.1.0"
__all__ = ["Upscaler", "upscale"]
