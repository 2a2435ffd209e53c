"""What every dialect says."""

import json


class Dialect:
    """Calls of tools are (id, name, arguments). Each answer tells of 9 tokens of the prompt and 3 of the completion.

    Where and whose: name, model, host, base (of a custom host), key_variable (of the environment), chat_path, is_chat,
    key_of, bearer_of; `relays`, if the gateway passes bodies on as they come from an OpenAI SDK.
    Answers: text, calls, reasoned; streams, as lists of events: text_stream, call_stream, reasoned_stream, of which
    error_events and garbage break one; stream_type.
    Errors: `errors`, the statuses that the API has and the code that callers are told of each; error, which is a body
    and headers.
    Facts of a request, from its record: model_of, is_stream; from its JSON: max_tokens, temperature, stop, system, turns,
    texts, media, tools, choice, calls_in, results_in, schema, thinking. Some have the values that they should have beside
    them: choices (of those that it can be told), call_turns (turns of a question, two calls and their results), thinks_hard
    (thinking of thinking_model).
    Of those that embed: embedding_model, embedding_path, embeddings (an answer), embedded (the texts), dimensions.
    """

    base = "/v1"
    relays = False
    # Members that every request must have for this dialect to be spoken.
    own_members = {}
    # Whether members that the gateway does not know reach it.
    takes_unknown = False
    # Whether the last chunk of a stream tells the tokens, asked or not, and there is none of their own.
    always_tells_usage = False
    stream_type = "text/event-stream"
    garbage = b'data: {"id": nonsense\n\n'
    # The most letters that the name of a tool may have.
    longest_name = 64
    # What it takes besides text.
    media_types = ("image/png", "application/pdf")
    # Whether schemas may have to be said in other words.
    adapts_schemas = False
    # Whether media of the web must be sent along.
    fetches = False
    embedding_model = None

    def bearer_of(self, record):
        """The key of a caller that has sent it as a bearer to Anthropic's door."""
        return self.key_of(record)

    def forbids_parallel_calls(self, sent):
        """Whether the request allows one call at a time; None if the dialect has no word for that."""
        return None

    def to_check(self, sent):
        """What the check of requests wants to have."""
        return sent

    def data(self, value):
        """An event of a stream that has no name."""
        return f"data: {json.dumps(value)}\n\n".encode()

    def retry_after(self, after):
        return {} if after is None else {"retry-after": str(after)}
