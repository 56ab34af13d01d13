"""Succeeds when the page at argv[1] says that it is well."""

import sys
import urllib.request

with urllib.request.urlopen(f"{sys.argv[1]}/health", timeout=5) as reply:
    assert reply.status == 200
