"""assessment.json: the document other programs rely on (schema/assessment.json)."""

import json
import re

from posture.core import document
from posture.core.assessment import Assessment

#: Legal inside a JSON string but acted on by terminals, line readers and the eye: C1 controls and DEL,
#: line separators, what reorders text, and lone surrogates, which have no UTF-8 form.
_RISKY = re.compile("[\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def render(assessment: Assessment) -> bytes:
    """The assessment in UTF-8, two spaces deep, ended by a line feed."""
    text = json.dumps(document.assessment(assessment), ensure_ascii=False, indent=2, allow_nan=False)
    return (_RISKY.sub(lambda match: f"\\u{ord(match[0]):04x}", text) + "\n").encode()
