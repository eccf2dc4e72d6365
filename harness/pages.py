"""Pages as a browser asks for them, and what is written on them."""

import re
from html import unescape

BROWSER = {"Accept": "text/html"}


def page(client, path, status=200):
    """The HTML of a page."""
    response = client.get(path, BROWSER)
    assert response.status == status, response
    return response.text


def code_of(html):
    """The markup of the snippet's text on its page."""
    return re.search(r'<pre class="code".*?<code[^>]*>(.*?)</code></pre>', html, re.S)[1]


def text_of(html):
    """What is read of a piece of a page."""
    return unescape(re.sub("<[^>]*>", "", html))
