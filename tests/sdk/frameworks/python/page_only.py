"""Runs lines of docs/sdks.md with the official packages, which have tests of their own in ../../python."""

from driver import serve

serve({}, lambda error: None)
