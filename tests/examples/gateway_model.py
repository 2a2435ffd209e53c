"""What the gateway does with the verdicts on a streamed answer, by the comments in proto/portolan/middleware/v1/verdicts.proto.

It is strict: what the protocol does not allow fails.
"""

MOST_UNRELEASED = 64  # the gateway reads no more of an answer while so many chunks are held


class Denied(Exception):
    """The middleware has ended the stream."""


class StreamModel:
    """One streamed answer on its way past a middleware."""

    def __init__(self):
        self.unreleased = []  # (sequence, chunk), the end's chunk being None
        self.released = []  # chunks, in the order in which they leave
        self.told, self.last, self.after_hold, self.done = 0, 0, False, False

    def tell(self, chunk):
        """Notes that a chunk, or None for the end, was told the middleware; returns its sequence."""
        self.told += 1
        self.unreleased.append((self.told, chunk))
        assert len(self.unreleased) <= MOST_UNRELEASED, "the gateway would wait for ever"
        return self.told

    def hear(self, verdict):
        """Does what a verdict says."""
        assert not self.done, "a verdict after Done"
        kind, sequence = verdict.WhichOneof("action"), verdict.sequence
        assert sequence <= self.told, f"a verdict on {sequence}, which was not told yet"
        assert sequence > self.last or (sequence == self.last and self.after_hold), f"{sequence} was spoken of already"
        self.last, self.after_hold = sequence, kind == "hold"
        if kind == "hold":
            return
        concerned = [chunk for number, chunk in self.unreleased if number <= sequence]
        if kind == "deny":
            raise Denied(verdict.deny.code)
        if kind == "replace":
            assert concerned and None not in concerned, "Replace must be of chunks, and not of the end"
            self.released.append(getattr(verdict.replace, verdict.replace.WhichOneof("body")))
        elif kind in ("proceed", "done"):
            self.released += [chunk for chunk in concerned if chunk is not None]
            self.done = kind == "done"
        else:
            raise AssertionError("a verdict that says nothing")
        self.unreleased = [each for each in self.unreleased if each[0] > sequence]
