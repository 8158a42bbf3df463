"""Errors of the C library as exceptions."""
from typing import Any, Dict, Type


class Error(Exception):
    """A failure of the library: one sentence that says what failed, why, and what to do.

    code: the name of the library's error code, such as "ETIMEOUT".
    partial: what had arrived before the failure (bytes, or the traces of a capture), else None.
    """

    def __init__(self, code: str, text: str, partial: Any = None):
        super().__init__(text)
        self.code = code
        self.partial = partial


class Timeout(Error):
    """ETIMEOUT: the time ran out. The next call brings the instrument back into step."""


class Cancelled(Error):
    """ECANCELED: Instrument.cancel() ended the call."""


class Lost(Error):
    """ELOST: the connection broke."""


class Refused(Error):
    """EREFUSED, EACCES, ECERT: the other side, or the computer, does not allow it."""


class NotFound(Error):
    """ENOHOST, EUNREACH, ENODEV: there is nothing at this address."""


class Malformed(Error):
    """EPROTO, ESHORT, ECUT, ETOOBIG, EPARSE, EFORMAT: the data is not what it should be."""


class Locked(Error):
    """ELOCKED, EBUSY: somebody else has it."""


class OutOfRange(Error):
    """ERANGE: the sentence names the nearest value that is possible."""


class BadArgument(Error, ValueError):
    """EINVAL."""


class NotSupported(Error):
    """ENOTSUP: this wire or instrument has no such thing."""


class InstrumentError(Error):
    """EINSTR: the instrument's own error queue."""


class Dead(Error):
    """EDEAD: the session cannot be recovered; close it."""


class NoData(Error):
    """ENODATA."""


for _class in (Error, Timeout, Cancelled, Lost, Refused, NotFound, Malformed, Locked, OutOfRange, BadArgument,
               NotSupported, InstrumentError, Dead, NoData):
    _class.__module__ = 'graticule'    # as tracebacks name them

CLASSES: Dict[str, Type[Error]] = {
    'ETIMEOUT': Timeout, 'ECANCELED': Cancelled, 'ELOST': Lost, 'EREFUSED': Refused, 'EACCES': Refused,
    'ECERT': Refused,
    'ENOHOST': NotFound, 'EUNREACH': NotFound, 'ENODEV': NotFound, 'EPROTO': Malformed, 'ESHORT': Malformed,
    'ECUT': Malformed, 'ETOOBIG': Malformed, 'EPARSE': Malformed, 'EFORMAT': Malformed, 'ELOCKED': Locked,
    'EBUSY': Locked, 'ERANGE': OutOfRange, 'EINVAL': BadArgument, 'ENOTSUP': NotSupported,
    'EINSTR': InstrumentError, 'EDEAD': Dead, 'ENODATA': NoData,
}


def make(code: str, text: str, partial: Any = None) -> Error:
    return CLASSES.get(code, Error)(code, text, partial)
