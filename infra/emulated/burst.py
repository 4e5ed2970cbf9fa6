"""microburst as it is, but that the Host header arrives as it was signed: the emulator behind it checks signatures."""

import sys

from microburst import cli, forward

rewritten = forward.Upstream._outbound_headers


def as_signed(self, request):
    return rewritten(self, request) | {"host": request.headers["Host"]}


forward.Upstream._outbound_headers = as_signed
sys.exit(cli.main())
