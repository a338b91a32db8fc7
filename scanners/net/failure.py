"""How the network's behaviour travels inside the scanners, until `observe` makes it a value."""

import errno
import socket
import ssl

from posture.core.observations import Reason

#: What the network can do to a socket. Anything else (no descriptors left, a bad argument) is our own fault.
_REASONS = {
    errno.ECONNREFUSED: Reason.REFUSED,
    errno.ECONNRESET: Reason.RESET,
    errno.ECONNABORTED: Reason.RESET,
    errno.EPIPE: Reason.RESET,
    errno.ENOTCONN: Reason.RESET,
    errno.ETIMEDOUT: Reason.TIMEOUT,
    errno.EHOSTUNREACH: Reason.UNREACHABLE,
    errno.ENETUNREACH: Reason.UNREACHABLE,
    errno.EHOSTDOWN: Reason.UNREACHABLE,
    errno.ENETDOWN: Reason.UNREACHABLE,
    errno.ENOPROTOOPT: Reason.UNREACHABLE,
    errno.EADDRNOTAVAIL: Reason.UNREACHABLE,
    errno.EAFNOSUPPORT: Reason.UNREACHABLE,
    errno.EACCES: Reason.UNREACHABLE,
    errno.EPERM: Reason.UNREACHABLE,
}


class NetFailure(Exception):
    """An attempt brought nothing; `reason` and `detail` become an `Unseen`."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason.value}: {detail}")
        self.reason = reason
        self.detail = detail


def failure_of(error: OSError, what: str) -> NetFailure:
    """The outcome an operating system's error stands for; `what` says what was tried.

    Raises the error itself where it is not the network's doing: `observe` records that as our own bug.
    """
    if isinstance(error, ssl.SSLError):
        return _tls_failure(error, what)
    if isinstance(error, TimeoutError):
        return NetFailure(Reason.TIMEOUT, f"{what}: no answer in time")
    if isinstance(error, socket.gaierror):
        # We connect to literal addresses only, so this is the zone index of a resolver (RFC 4007 §11).
        return NetFailure(Reason.UNREACHABLE, f"{what}: no such network interface here")
    reason = _REASONS.get(error.errno or 0)
    if reason is None and isinstance(error, ConnectionError):  # asyncio and http.client give no number
        reason = Reason.RESET
    if reason is None:
        raise error
    return NetFailure(reason, f"{what}: {error.strerror or error}")


def _tls_failure(error: ssl.SSLError, what: str) -> NetFailure:
    word = (error.reason or "").lower()
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError) or "eof" in word:
        return NetFailure(Reason.RESET, f"{what}: closed by peer during TLS")
    if "alert" in word:
        return NetFailure(Reason.REFUSED, f"{what}: TLS alert ({word})")
    return NetFailure(Reason.PROTOCOL_GARBAGE, f"{what}: TLS failed ({word or 'no reason given'})")
