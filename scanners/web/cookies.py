"""Set-Cookie without the values: they may be somebody's session (RFC 6265 §5.2)."""

from posture.core.facts.web_response import Cookie

_LONGEST = 120


def cookies(headers: tuple[tuple[str, str], ...]) -> tuple[Cookie, ...]:
    """The cookies of a response, in order."""
    return tuple(_cookie(value) for name, value in headers if name.lower() == "set-cookie" and value.strip())


def _cookie(text: str) -> Cookie:
    pair, *rest = text.split(";")
    name, sign, _ = pair.partition("=")
    attributes = dict(_attribute(part) for part in rest)
    return Cookie(
        name=name.strip()[:_LONGEST] if sign else "",
        secure="secure" in attributes,
        http_only="httponly" in attributes,
        same_site=attributes.get("samesite", "").capitalize()[:_LONGEST] or None,
    )


def _attribute(part: str) -> tuple[str, str]:
    name, _, value = part.partition("=")
    return name.strip().lower(), value.strip()
