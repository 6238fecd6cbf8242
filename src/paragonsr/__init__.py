"""paragonsr: photographs twice as large, and the whole way to make the model that does it."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from paragonsr.runtime.upscaler import Upscaler, upscale

__version__ = "0.1.0"
__all__ = ["Upscaler", "upscale"]


def __getattr__(name: str) -> Any:
    """The runtime, when it is first asked for: `paragonsr --help` needs neither numpy nor ONNX Runtime."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from paragonsr.runtime import upscaler

    return getattr(upscaler, name)
