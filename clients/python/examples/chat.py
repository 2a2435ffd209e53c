"""Streams an answer: chat.py PROMPT, with PORTOLAN_TARGET (host:port), PORTOLAN_KEY and PORTOLAN_MODEL in the environment."""

import os
import sys

import portolan


def main() -> int:
    """Returns the exit status."""
    target = os.environ.get("PORTOLAN_TARGET", "127.0.0.1:50051")
    model = os.environ.get("PORTOLAN_MODEL", "echo/echo")
    try:
        with portolan.Client(target, os.environ.get("PORTOLAN_KEY")) as client:
            for chunk in client.stream(model=model, messages=[portolan.user(sys.argv[1])]):
                for choice in chunk.choices:
                    print(choice.delta.content, end="", flush=True)
        print()
    except portolan.Error as error:
        print(f"error: {error}", file=sys.stderr)
        if error.retry_delay:
            print(f"try again in {error.retry_delay.total_seconds():g} s", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
