"""paragonsr: photographs twice as large, and the whole way to make the model that does it."""

__version__ = "0.1.0"
