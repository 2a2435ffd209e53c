"""E-mail addresses: how they look, and in which fields of messages they are looked for."""

import re

MARK = "[EMAIL]"

# Whether there is an address, and where it ends, is settled by so many characters from its first one on.
LONGEST = 256
ADDRESS = r"[\w.%+-]{1,64}@(?=[\w-]{1,63}\.\w)[\w.-]{0,188}\w"
IN_TEXT = re.compile(ADDRESS)
# In JSON the n of \n is no letter of the address that follows.
IN_JSON = re.compile(rf"(\\u[0-9A-Fa-f]{{4}}|\\.)|{ADDRESS}", re.DOTALL)
# What stands at the end and may be of an address, or of an escape, once more has come.
UNFINISHED = re.compile(r"[\w.%+@\\-]*\Z")

# The fields that hold what is said, at any depth. `items` are prompts and inputs; `json` is what the API has no field for.
TEXTS = "cited_text content items reasoning reasoning_content refusal stderr stdout text thinking transcript"
PATTERNS = dict.fromkeys(TEXTS.split(), IN_TEXT) | dict.fromkeys(("arguments", "input", "json"), IN_JSON)


def redact(text, pattern):
    """Returns the text without addresses, and how many there were."""
    count = sum(match.lastindex is None for match in pattern.finditer(text))
    return (pattern.sub(lambda match: match[1] if match.lastindex else MARK, text), count) if count else (text, 0)


def settled(text, pattern):
    """Returns where a text that goes on may be cut: what stands before can no more become a part of an address behind."""
    cut = UNFINISHED.search(text, max(len(text) - LONGEST, 0)).start()
    for match in pattern.finditer(text):
        if match.start() < cut < match.end():
            cut = match.end()  # it begins so long before the end of the text that all of it is there
    return cut
