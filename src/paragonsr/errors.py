"""Every error that a user of paragonsr can meet.

    ParagonError
    ├── InputError            a picture or folder that was given cannot be used
    │   ├── MissingInputError     it is not there, or a folder holds no picture
    │   ├── BrokenImageError      truncated, corrupt or empty
    │   └── UnsupportedImageError readable, but of a kind we refuse by name (animation, ...)
    ├── OutputError           the result cannot be written
    │   ├── OutputExistsError     it is there already and overwriting was not asked for
    │   └── OutputLimitError      the picture is larger than its format allows
    ├── ModelError            a file is no model, or a model of the wrong kind
    ├── ProviderError         the execution provider that was asked for cannot run the model
    ├── RecipeError           a setting is unknown, misspelt or out of range
    ├── AssetError            data, weights or test sets are not where they should be
    ├── DataError             training or evaluation data that must not be used
    ├── ExecutorError         the processes or the cluster that were asked for cannot be had
    ├── TrainingError         a training cannot go on (NaN, another run's state, ...)
    └── ExportError           a file would not compute what was trained

A message says what happened, where, and what to do about it.
"""


class ParagonError(Exception):
    """The root: catch this to catch everything that paragonsr raises on purpose."""


class InputError(ParagonError):
    """A picture or folder that was given cannot be used."""


class MissingInputError(InputError):
    """The input is not there, or a folder holds no picture."""


class BrokenImageError(InputError):
    """The file is truncated, corrupt or empty."""


class UnsupportedImageError(InputError):
    """The file can be read, but is of a kind that is refused by name."""


class OutputError(ParagonError):
    """The result cannot be written."""


class OutputExistsError(OutputError):
    """The output is there already and overwriting was not asked for."""


class OutputLimitError(OutputError):
    """The picture is larger than its file format allows."""


class ModelError(ParagonError):
    """A file is no model, or a model of the wrong kind."""


class ProviderError(ParagonError):
    """The execution provider that was asked for cannot run the model."""


class RecipeError(ParagonError):
    """A setting is unknown, misspelt or out of range."""


class AssetError(ParagonError):
    """Data, weights or test sets are not where they should be."""


class DataError(ParagonError):
    """Training or evaluation data that must not be used as they are."""


class ExecutorError(ParagonError):
    """The processes or the cluster that were asked for cannot be had."""


class TrainingError(ParagonError):
    """A training cannot go on."""


class ExportError(ParagonError):
    """A file would not compute what was trained."""
