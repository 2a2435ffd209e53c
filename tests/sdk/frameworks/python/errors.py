"""How OpenAI's and Anthropic's packages tell of errors, which the frameworks pass on."""

import anthropic
import openai


def told(error):
    """What the exception tells, or None if it is none of theirs."""
    if isinstance(error, (openai.APITimeoutError, anthropic.APITimeoutError)):
        return {"message": str(error), "timeout": True}
    if isinstance(error, openai.APIStatusError):
        return {"message": str(error), "status": error.status_code, "type": error.type, "code": error.code}
    if isinstance(error, anthropic.APIStatusError):
        return {"message": str(error), "status": error.status_code, "type": error.body["error"]["type"]}
    return None
