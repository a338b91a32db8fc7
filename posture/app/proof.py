"""Proves that the applicant gave a consent; without proof nothing is scanned.

`document`: the countersigned paper is on file under the digest the consent names.
`dns-txt`: `_posture-consent.DOMAIN` of every consented domain holds the consent's digest.
`http`: `https://DOMAIN/.well-known/posture-consent.txt` of every consented domain holds it.
`signature`: an Ed25519 signature (RFC 8032) over the digest by a key the operator trusts.
"""

import asyncio
import base64
import binascii
from collections.abc import Awaitable, Callable, Mapping, Sequence

from posture.core.consent import Consent, ProofMethod, Technique
from posture.core.errors import RefusedError
from posture.core.observations import Reason
from posture.core.targets import Target
from scanners.context import Context
from scanners.net.failure import NetFailure

#: Where the digest is published; `posture consent check` prints both.
RECORD = "_posture-consent"
PATH = "/.well-known/posture-consent.txt"

_MAX_PROOF_BYTES = 4096

_Ask = Callable[[Context, str], Awaitable[Sequence[str]]]


def record_text(consent: Consent) -> str:
    """What a domain publishes to prove the consent."""
    return f"posture-consent={consent.digest}"


async def prove(context: Context, consent: Consent, trusted_keys: Mapping[str, str]) -> str:
    """Return a sentence saying how the consent is proved. Raises RefusedError when it is not."""
    if consent.proof is None:
        raise _unproved(
            "it has no [proof]",
            "Add a proof: document, dns-txt, http or signature (see `posture consent show`).",
        )
    if consent.proof.method is ProofMethod.DOCUMENT:
        return _document(consent)
    if consent.proof.method is ProofMethod.SIGNATURE:
        return _signature(consent, trusted_keys)
    ask = _dns if consent.proof.method is ProofMethod.DNS_TXT else _http
    for domain in consent.domains:
        await _published(ask, context, consent, domain)
    return f"published by {', '.join(consent.domains)} ({consent.proof.method.value})"


def _document(consent: Consent) -> str:
    if not consent.document_sha256:
        raise _unproved(
            "its proof is “document” but no document is named",
            'Add document = { sha256 = "…" } with the digest of the countersigned paper.',
        )
    return f"countersigned document {consent.document_sha256[:16]}…"


def _signature(consent: Consent, trusted_keys: Mapping[str, str]) -> str:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    proof = consent.proof
    if proof is None or proof.key not in trusted_keys:
        name = proof.key if proof else ""
        raise _unproved(
            f"the key “{name}” is not trusted here", "Add the key to [trusted_keys] of the settings file."
        )
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(trusted_keys[proof.key], validate=True))
        key.verify(base64.b64decode(proof.signature, validate=True), consent.digest.encode())
    except (InvalidSignature, ValueError, binascii.Error):
        raise _unproved(
            f"its signature by “{proof.key}” does not match its content",
            "Sign the digest of this very consent again.",
        ) from None
    return f"signed by {proof.key}"


async def _published(ask: _Ask, context: Context, consent: Consent, domain: str) -> None:
    wanted = record_text(consent)
    try:
        found = await ask(context, domain)
    except NetFailure as failure:
        remedy = "Try again when the domain answers."
        if failure.reason is Reason.NOT_PERMITTED:
            remedy = f"The consent must allow it, or be proved otherwise ({failure.detail})."
        raise _unproved(f"the proof at {domain} could not be read ({failure.reason.value})", remedy) from None
    if wanted not in found:
        raise _unproved(f"{domain} does not publish “{wanted}”", _where(consent, domain))


def _where(consent: Consent, domain: str) -> str:
    if consent.proof is not None and consent.proof.method is ProofMethod.HTTP:
        return f"Put that line into https://{domain}{PATH}."
    return f"Publish it as a TXT record at {RECORD}.{domain}."


async def _dns(context: Context, domain: str) -> Sequence[str]:
    from scanners.mail.txt import texts

    return await texts(context, f"{RECORD}.{domain}")


async def _http(context: Context, domain: str) -> Sequence[str]:
    await context.resolver.reach(domain, 443)
    context.gateway.permit(Target(name=domain), Technique.WEB)
    return await asyncio.to_thread(_fetch, context, f"https://{domain}{PATH}")


def _fetch(context: Context, url: str) -> list[str]:
    from scanners.web.exchange import fetch

    with context.gateway.session() as session:
        answer = fetch(session, url)
    if answer.status != 200:
        raise NetFailure(Reason.NO_DATA, f"HTTP status {answer.status}")
    if answer.broken is not None:
        raise NetFailure(answer.broken, "the file broke off")
    body = answer.body[:_MAX_PROOF_BYTES]
    return [line.strip() for line in body.decode("utf-8", "replace").splitlines()]


def _unproved(problem: str, remedy: str) -> RefusedError:
    return RefusedError(f"The consent is not proved: {problem}.", remedy=remedy, code="consent-unproved")
