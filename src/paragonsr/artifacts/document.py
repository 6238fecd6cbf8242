"""Pages to look at: one HTML file each, nothing from elsewhere, light or dark as the reader's system is."""

import base64
from html import escape

STYLE = """
:root { --paper: #fbfaf8; --ink: #1f2328; --quiet: #666c75; --line: #e3e0da; --card: #ffffff; --keep: #2f7d6b;
  --lost: #b9512f; }
@media (prefers-color-scheme: dark) { :root { --paper: #14171a; --ink: #e6e6e3; --quiet: #9aa0a6; --line: #2b3036;
  --card: #1b1f23; --keep: #56b39c; --lost: #d98468; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76rem; padding: 2.5rem 1.25rem 4rem; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif; }
h1 { font-size: 2rem; margin: 0; letter-spacing: -0.02em; }
h2 { font-size: 1.2rem; margin: 3rem 0 0.5rem; letter-spacing: -0.01em; }
p { margin: 0.2rem 0 0.8rem; }
table { border-collapse: collapse; width: 100%; font-size: 0.92rem; }
th { font-weight: 500; text-align: left; }
pre { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 1rem; overflow: auto; }
summary { cursor: pointer; }
footer { margin-top: 3rem; font-size: 0.85rem; }
"""
"""The palette and the plain elements, for every page."""

_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"


def document(title: str, body: str, *, style: str) -> str:
    """A whole page; `body` is HTML, `style` what it needs beyond STYLE. Nothing is fetched for it, not even an icon."""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<link rel="icon" href="data:,">
<title>{escape(title)}</title>
<style>{STYLE}{style}</style>
</head>
<body>
{body}
</body>
</html>
"""


def data_uri(kind: str, content: bytes) -> str:
    """A file inside the page: `kind` is its media type."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
