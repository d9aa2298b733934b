"""Whether the server in this container is ready: `python healthy.py URL` ends with 0, or with 1 and the reason."""

import sys
import urllib.error
import urllib.request

try:
    urllib.request.urlopen(sys.argv[1], timeout=4)
except (OSError, urllib.error.URLError) as error:
    raise SystemExit(f"{sys.argv[1]}: {error}") from error
