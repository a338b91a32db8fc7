"""Strings that want to be something else, put wherever text from the network or the applicant goes."""

from dataclasses import replace
from typing import Any

from posture.core.assessment import Assessment
from posture.core.consent import Granter
from posture.core.findings import Finding
from posture.core.observations import Observation, Seen
from posture.core.targets import Target

#: Markup, script, formulae, typesetting code, terminal control, paths, and text that hides or reorders.
STRINGS = (
    "<script>alert(1)</script>",
    "</style></script><img src=x onerror=alert(1)>",
    "'\"><svg/onload=alert(1)>",
    "javascript:alert(1)",
    "{{ 7 * 7 }}{% raw %}",
    '#read("/etc/passwd") #include "x" $x^2$ *bold* _it_ <f-1> @ref `raw` \\ // /*',
    '#sys.inputs #eval("1+1") [#panic()]',
    '=HYPERLINK("http://evil.example","x")',
    "+cmd|' /C calc'!A0",
    "\x1b]0;owned\x07\x1b[2J\x9b31m",
    "../../../../etc/passwd\x00.html",
    "evil\u202egpj.exe\u2066\u200b\ufeff",
    "line\r\nSet-Cookie: a=b\u2028\u2029",
    "\ud800lone",
    "x" * 5000,
    "%s %(x)s {0} {name} {",
    "葛󠄀城市 𠮷野家 髙﨑 🏯",
)


def infected(item: Assessment, text: str) -> Assessment:
    """The assessment with the string as applicant, person, target, header, banner and argument."""
    written = text.encode("utf-8", "replace").decode()  # TOML files hold no lone surrogates
    person = Granter(name=written, title=written, email=written)
    return replace(
        item,
        consent=replace(item.consent, applicant=written, granted_by=person),
        observations=tuple(_observation(obs, text) for obs in item.observations),
        findings=tuple(_finding(found, text) for found in item.findings),
        scanner=replace(item.scanner, user_agent=text, contact=text),
        versions={"nmap": text},
    )


def _target(target: Target, text: str) -> Target:
    return replace(target, name=text, url=text if target.url else None)


def _finding(found: Finding, text: str) -> Finding:
    arguments = {name: text if isinstance(value, str) else value for name, value in found.arguments.items()}
    return replace(found, target=_target(found.target, text), arguments=arguments)


def _observation(obs: Observation[Any], text: str) -> Observation[Any]:
    result = obs.result
    if obs.kind == "web.response" and isinstance(result, Seen):
        value = replace(result.value, url=text, headers=(("Server", text), (text, text)), title=text)
        result = replace(result, value=value)
    if obs.kind == "mail.spf" and isinstance(result, Seen):
        result = replace(result, value=replace(result.value, records=(text,)))
    return replace(obs, target=_target(obs.target, text), result=result)
