"""What tests say of what they see."""


def equal(seen, expected):
    """Fails with both values if they differ."""
    if seen != expected:
        raise AssertionError(f"expected {expected!r}\nseen     {seen!r}")


def check(holds, seen=""):
    """Fails, with what was seen, unless the condition holds."""
    if not holds:
        raise AssertionError(f"seen: {seen!r}")
