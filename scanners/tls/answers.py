"""What came back on a ClientHello: a choice, an alert, or nothing that may be judged."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from posture.core.observations import Reason
from scanners.tls.hello import ServerHello

ALERT_NAMES: Mapping[int, str] = {
    0: "close_notify",
    10: "unexpected_message",
    20: "bad_record_mac",
    40: "handshake_failure",
    47: "illegal_parameter",
    50: "decode_error",
    51: "decrypt_error",
    70: "protocol_version",
    71: "insufficient_security",
    80: "internal_error",
    86: "inappropriate_fallback",
    90: "user_canceled",
    109: "missing_extension",
    112: "unrecognized_name",
    116: "certificate_required",
    120: "no_application_protocol",
}

HANDSHAKE_FAILURE = 40
PROTOCOL_VERSION = 70
INSUFFICIENT_SECURITY = 71
INTERNAL_ERROR = 80
UNRECOGNIZED_NAME = 112


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The server went along. All but `hello` is empty when only the hello was asked for.

    `certificates` are DER, leaf first. `extensions` are those of the ServerHello, for TLS 1.3 with the
    encrypted ones. `tickets` are bodies of NewSessionTicket, None when they were not waited for.
    `gap` says why the rest of the flight could not be read, if it could not.
    """

    hello: ServerHello
    certificates: tuple[bytes, ...] | None = None
    extensions: Mapping[int, bytes] = field(default_factory=dict)
    stapled: bytes | None = None
    key_exchange: bytes | None = None
    signature_scheme: int | None = None
    certificate_requested: bool = False
    tickets: tuple[bytes, ...] | None = None
    gap: Reason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The server said no, in TLS."""

    description: int

    @property
    def name(self) -> str:
        """The alert's name, or its number."""
        return ALERT_NAMES.get(self.description, str(self.description))


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """No answer in TLS. `asked` is whether our hello went out at all: a refused connection is no answer.

    `plain` is set when the service answered that it does not offer to start TLS.
    """

    reason: Reason
    detail: str = ""
    asked: bool = True
    plain: bool = False


Answer = Accepted | Refused | Failed
