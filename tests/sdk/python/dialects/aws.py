"""What AWS puts around JSON: frames of streams, and signatures."""

import hashlib
import hmac
import re
import struct
import urllib.parse
import zlib
import json


def header(name, value):
    """One whose value is a text (type 7)."""
    return struct.pack("!B", len(name)) + name.encode() + struct.pack("!BH", 7, len(value)) + value.encode()


def frame(headers, payload):
    """A message of a stream: https://smithy.io/2.0/aws/amazon-eventstream.html"""
    head = b"".join(header(*each) for each in headers.items())
    body = json.dumps(payload).encode()
    prelude = struct.pack("!II", 16 + len(head) + len(body), len(head))
    message = prelude + struct.pack("!I", zlib.crc32(prelude)) + head + body
    return message + struct.pack("!I", zlib.crc32(message))


def signature(record, key_id, secret, region, service="bedrock"):
    """The `authorization` that a request should have, which signs the headers that its own one names.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
    """
    names = re.search("SignedHeaders=([^,]+)", record.headers["authorization"])[1]
    time = record.headers["x-amz-date"]
    scope = [time[:8], region, service, "aws4_request"]
    lines = [record.method, urllib.parse.quote(record.path, safe="/-_.~"), ""]
    lines += [f"{name}:{record.headers[name]}" for name in names.split(";")]
    lines += ["", names, hashlib.sha256(record.body).hexdigest()]
    key = f"AWS4{secret}".encode()
    for part in scope:
        key = hmac.digest(key, part.encode(), "sha256")
    canonical = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    signed = hmac.digest(
        key, "\n".join(["AWS4-HMAC-SHA256", time, "/".join(scope), canonical]).encode(), "sha256"
    ).hex()
    return f"AWS4-HMAC-SHA256 Credential={'/'.join([key_id, *scope])}, SignedHeaders={names}, Signature={signed}"
