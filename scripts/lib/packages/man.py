"""The man page, made from what the program says of itself, so that the two never differ."""

import re

_PAGE = """.TH PORTOLAN 1 "{date}" "portolan {version}" "User Commands"
.SH NAME
portolan \\- AI gateway: one API in front of every model provider
.SH SYNOPSIS
.B portolan
.I command
.RI [ arguments ]
.SH DESCRIPTION
.nf
{help}
.fi
.SH FLAGS OF SERVE
.nf
{serve}
.fi
.SH FILES
.TP
.I /etc/portolan/gateway.yaml
The config file that the Debian package's service reads. It holds no keys.
.TP
.I /etc/portolan/environment
Variables of that service, keys among them, one
.IR NAME = VALUE
a line. For root alone.
.TP
.I /etc/portolan/keys/
Keys in files of their own, which systemd hands to that service; the config file calls
.I /etc/portolan/keys/NAME
.IR file:/run/credentials/portolan.service/keys_NAME .
.SH EXIT STATUS
0 if all went well, also behind SIGTERM and SIGINT; 1 if something failed, such as a bad config file; 2 if the
command line was wrong; 130 if Ctrl-C ended an answer of
.BR "portolan chat" .
.SH SIGNALS
SIGHUP has
.B portolan serve
read its config file, keys and certificates anew. SIGTERM and SIGINT let calls under way finish.
"""


def _roff(text):
    """Plain text as it is, whatever it looks like."""
    lines = []
    for line in text.strip("\n").splitlines():
        line = line.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga")
        lines.append(re.sub(r"^(?=\.)", r"\\&", line))
    return "\n".join(lines)


def page(binary, date):
    """`date` is YYYY-MM-DD."""
    return _PAGE.format(
        date=date, version=binary.version, help=_roff(binary.run("--help")), serve=_roff(binary.run("serve", "--help"))
    )
