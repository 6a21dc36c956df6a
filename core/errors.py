"""The exception tree. Every message is a sentence for someone who did not write the code.

A message says what was found, where, and what to do; pages and the command line show it as it is.
"""


class DomainsError(Exception):
    """Anything that this package refuses or cannot do; its text can be shown to a user."""


class ParameterError(DomainsError):
    """A parameter lies outside its limits, or two parameters do not fit each other."""


class SampleError(DomainsError):
    """The contents of a sample are not what the method can work with."""


class DuplicateSpotError(SampleError):
    """Two spots share one array position."""


class SampleFileError(SampleError):
    """A file cannot be read as a sample."""


class UnsafeFileError(SampleFileError):
    """A file holds something that could run code or reach other files; it was not read."""


class CheckpointError(DomainsError):
    """A trained model cannot be read, or does not fit the sample."""


class FetchError(DomainsError):
    """Public data could not be downloaded, or is not what was expected."""


class FigureError(DomainsError):
    """A figure cannot be drawn or written."""


class CancelledError(DomainsError):
    """The work was stopped because its caller asked for it."""


class WorkError(DomainsError):
    """Background work could not be started."""


class LimitError(WorkError):
    """A user asked for more than this server allows one user."""


class RecordError(DomainsError):
    """The record of runs cannot be read or written, or does not hold what is asked for."""


class TransferError(DomainsError):
    """What annotated sections taught cannot be read, learnt, or compared with a sample."""


class AnnotationError(DomainsError):
    """Regions of an annotation cannot be read, changed or kept as asked."""


class CodecError(DomainsError):
    """What was read is not what belongs there, or a value cannot be written."""
