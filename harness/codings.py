"""Content codings, as programs that are not ours decode them."""

import gzip
import subprocess

from harness.packages import node


def decoded(response):
    """The content of a response as it was before it was compressed."""
    coding = response.headers.get("Content-Encoding")
    if coding == "gzip":
        return gzip.decompress(response.body)
    if coding == "br":
        return _unbrotlied(response.body)
    assert coding is None, f"nobody has asked for {coding}"
    return response.body


def _unbrotlied(content):
    program = "process.stdout.write(require('zlib').brotliDecompressSync(require('fs').readFileSync(0)))"
    return subprocess.run([node(), "-e", program], input=content, stdout=subprocess.PIPE, check=True).stdout
