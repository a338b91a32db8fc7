"""`services/ssh_passwords`: nobody logs in to SSH by a password alone."""

from collections.abc import Iterator
from typing import Final

from posture.core.facts.ssh_endpoint import SshEndpoint
from posture.core.findings import Verdict, failed, passed, unknown

_PATH: Final = "auth_methods"


def judge(fact: SshEndpoint) -> Iterator[Verdict]:
    """Reads the methods a server names before any log-in (RFC 4252 §5.1).

    A dialogue (keyboard-interactive, RFC 4256) may ask for a password or for a second factor: that is not
    told. A password that is asked for after a key is not named here, and is none alone.
    """
    methods = fact.auth_methods
    if methods is None:
        yield unknown("not_told", path=_PATH)
    elif methods == ("none",):
        yield failed("nothing_asked")
    elif "password" in methods:
        yield failed("password", methods=methods)
    elif "keyboard-interactive" in methods:
        yield unknown("dialogue", path=_PATH)
    elif methods:
        yield passed("no_password", methods=methods)
    else:
        yield unknown("no_method", path=_PATH)
