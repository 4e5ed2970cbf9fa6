"""HTTP requests."""

import urllib.error
import urllib.request


def send(url, method="GET", body=None, headers=None, seconds=60):
    """Status, headers by their lower-case names, and body, whatever the status."""
    request = urllib.request.Request(url, body, headers or {}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=seconds) as answer:
            return answer.status, lower(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, lower(error.headers), error.read()


def lower(headers):
    return {name.lower(): value for name, value in headers.items()}
