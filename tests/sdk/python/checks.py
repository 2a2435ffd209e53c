"""What tests say of what they see."""


def equal(seen, expected):
    """Fails with both values if they differ."""
    if seen != expected:
        raise AssertionError(f"expected {expected!r}\nseen     {seen!r}")


def check(holds, seen=""):
    """Fails, with what was seen, unless the condition holds."""
    if not holds:
        raise AssertionError(f"seen: {seen!r}")


def same_calls(dialect, seen, expected):
    """Fails unless these are the calls of tools that a provider has told; where it tells no ids, each has one of its own."""
    if not dialect.has_call_ids:
        check(all(seen_id for seen_id, *_ in seen) and len({seen_id for seen_id, *_ in seen}) == len(seen), seen)
        seen, expected = [each[1:] for each in seen], [each[1:] for each in expected]
    equal(seen, expected)
