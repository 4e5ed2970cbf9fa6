"""microburst as it is, but for two things: the Host header arrives as it was signed, as the emulator behind it checks signatures; and
each request to SES for sending a mail is kept as a line of a file, as the emulator keeps no headers, no tags and no configuration set.

`burst.py FILE`, followed by microburst's own options.
"""

import sys

from microburst import cli, forward

rewritten, relayed = forward.Upstream._outbound_headers, forward.Upstream.relay
kept = sys.argv.pop(1)


def as_signed(self, request):
    return rewritten(self, request) | {"host": request.headers["Host"]}


async def keeping(self, request, body, *more, **named):
    if request.path == "/v2/email/outbound-emails":
        with open(kept, "ab") as file:
            file.write(body + b"\n")
    return await relayed(self, request, body, *more, **named)


forward.Upstream._outbound_headers, forward.Upstream.relay = as_signed, keeping
sys.exit(cli.main())
