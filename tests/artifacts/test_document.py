"""A page stands alone and takes its title as text."""

import base64

from paragonsr.artifacts.document import data_uri, document


def test_a_page_with_any_title():
    text = document("<b> & co", "<p>body</p>", style="p { color: red; }")
    assert "<title>&lt;b&gt; &amp; co</title>" in text
    assert "p { color: red; }</style>" in text
    assert "<p>body</p>" in text
    assert "default-src 'none'" in text


def test_a_file_inside_the_page():
    kind, _, content = data_uri("image/webp", b"\0\xffpixels").partition(";base64,")
    assert kind == "data:image/webp"
    assert base64.b64decode(content) == b"\0\xffpixels"
