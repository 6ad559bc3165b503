"""Pages for people: HTML with a style of its own, and a policy by which nothing else is loaded or run."""

from base64 import b64encode
from hashlib import sha256

_STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:1rem/1.6 system-ui,sans-serif;max-width:42rem;margin:2rem auto;padding:0 1rem}"
    "h1{font-size:1.5rem}h2{font-size:1.1rem;margin-bottom:0}p{margin-top:.25rem}"
    "dl{display:grid;grid-template-columns:max-content 1fr;gap:0 1rem;margin:.25rem 0}"
    "dd{margin:0;overflow-wrap:anywhere}table{border-collapse:collapse;width:100%}"
    "td,th{text-align:start;vertical-align:top;padding:.1rem .75rem .1rem 0}li{break-inside:avoid}"
    "@media print{:root{color-scheme:light}body{margin:0;max-width:none}}"
)
_STYLE_HASH = b64encode(sha256(_STYLE.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""What a browser may do with a page, for the header `Content-Security-Policy`."""


def page(title: str, content: str, language: str) -> bytes:
    """Return a page; title and content are HTML, in which all that others wrote is escaped."""
    html = (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>'
        f"<body><main><h1>{title}</h1>{content}</main></body></html>"
    )
    return html.encode()
