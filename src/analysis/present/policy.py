"""The Content-Security-Policy of every page: it allows what the page uses and no more,
so that data which became script would not run.

The policy stands in the page, since pages are opened from a folder; it holds hashes and no nonces,
so that equal pages have equal bytes.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Collection

_SCRIPT = re.compile(r"<script\b([^>]*)>(.*?)</script\s*>", re.I | re.S)
_CHARSET = re.compile(r"<meta\s+charset=[^>]*>", re.I)


def inline_scripts(page: str) -> list[str]:
    """Text of the scripts that stand in a page."""
    return [text for attributes, text in _SCRIPT.findall(page) if not re.search(r"\bsrc\s*=", attributes, re.I)]


def _hash(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode('utf-8')).digest()).decode()}'"


def with_policy(page: str, scripts: Collection[str] = ()) -> str:
    """The page with its policy right behind the declaration of its characters.

    Parameters
    ----------
    page : str
        a whole page.
    scripts : collection of str
        scripts that may run in it, from the template that makes it. Not what stands in the page:
        that could have come from data.

    Raises
    ------
    ValueError
        for a page that does not declare its characters.
    """
    charset = _CHARSET.search(page)
    if charset is None:
        raise ValueError("the page declares no characters; a policy has no place")
    from_folder = (
        "'self' file:"  # not every browser takes the folder that a page was opened from for the page's own origin
    )
    allowed = [_hash(script) for script in dict.fromkeys(inline_scripts(page)) if script in scripts]
    if re.search(r"<script\b[^>]*\bsrc\s*=", page, re.I):
        allowed.append(from_folder)
    linked = bool(re.search(r"<link\b[^>]*\brel\s*=\s*[\"']?stylesheet", page, re.I))
    pictures = [from_folder] if linked or re.search(r"<img\b[^>]*\bsrc\s*=\s*[\"'](?!data:)", page, re.I) else []
    directives = {
        "default-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": [from_folder if re.search(r"<form\b", page, re.I) else "'none'"],
        "script-src": allowed or ["'none'"],
        # widths of columns and the like are attributes; styles run nothing
        "style-src": ["'unsafe-inline'", *([from_folder] if linked else [])],
        "img-src": ["data:", *pictures],
    }
    policy = "; ".join(f"{name} {' '.join(values)}" for name, values in directives.items())
    return (
        f"{page[: charset.end()]}\n"
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">{page[charset.end() :]}'
    )
