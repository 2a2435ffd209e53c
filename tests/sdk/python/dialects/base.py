"""What every dialect says."""

import json


class Dialect:
    """Calls of tools are (id, name, arguments). Each answer tells of 9 tokens of the prompt and 3 of the completion.

    Where and whose: name (in the tests' names), provider, model, host, base (of a custom host), key_variable (of the
    environment), chat_path, is_chat, key (that a caller has), key_of, bearer_of; `relays`, if the gateway passes bodies on as they come from an OpenAI SDK.
    Answers: text, calls, reasoned; streams, as lists of events: text_stream, call_stream, reasoned_stream, of which
    error_events and garbage break one; stream_type.
    Errors: `errors`, the statuses that the API has and the code that callers are told of each; error, which is a body
    and headers; http_status, which it comes with.
    Facts of a request, from its record: model_of, is_stream; from its JSON: max_tokens, temperature, stop, system, turns,
    texts, media, tools, choice, calls_in, results_in, schema, thinking. Some have the values that they should have beside
    them: choices (of those that it can be told), call_turns (turns of a question, two calls and their results), thinks_hard
    (thinking of thinking_model).
    Of those that embed: embedding_model, embedding_path, embeddings (an answer), embedded (the texts), dimensions.
    """

    base = "/v1"
    relays = False
    # Whether it passes them on from Anthropic's SDK.
    relays_messages = False
    # Members that every request must have for this dialect to be spoken.
    own_members = {}
    # Options that every call must have, as configs have them.
    own_options = {}
    # Whose check of requests (`tests/conformance/*_schema`) they must pass, if it is another's.
    checked_as = None
    # Whether members that the gateway does not know reach it.
    takes_unknown = False
    # Whether it is asked for the tokens of a stream, as the caller has asked.
    asks_for_usage = False
    # Whether calls of tools and their results have ids there.
    has_call_ids = True
    # Whether it says by a header or in words when to come again.
    tells_after = True
    # Whether the last chunk of a stream tells the tokens, asked or not, and there is none of their own.
    always_tells_usage = False
    stream_type = "text/event-stream"
    garbage = b'data: {"id": nonsense\n\n'
    # The most letters that the name of a tool may have.
    longest_name = 64
    # What it takes besides text.
    media_types = ("image/png", "application/pdf")
    # Whether the gateway refuses documents that it does not take; else the provider does.
    refuses_pdf = True
    # Whether it holds an answer to a JSON Schema.
    takes_schemas = True
    # Whether schemas may have to be said in other words.
    adapts_schemas = False
    # Whether media of the web must be sent along.
    fetches = False
    embedding_model = None
    # Of those that embed: whether a call may say how long a vector is to be, and whether each text is a call.
    takes_dimensions = True
    one_text_a_call = False

    @property
    def provider(self):
        return self.name

    def key(self, word):
        """A key that a caller may have, in which `word` stands."""
        return word

    def bearer_of(self, record):
        """The key of a caller that has sent it as a bearer to Anthropic's door."""
        return self.key_of(record)

    def forbids_parallel_calls(self, sent):
        """Whether the request allows one call at a time; None if the dialect has no word for that."""
        return None

    def completion_path(self):
        """Where text completions go: to its chat, unless it has them."""
        return self.chat_path()

    def sent_id(self, call_id):
        """What of a call's id reaches it."""
        return call_id if self.has_call_ids else None

    def http_status(self, status):
        """What an error comes with that is told as this status."""
        return status

    def to_check(self, sent):
        """What the check of requests wants to have."""
        return sent

    def data(self, value):
        """An event of a stream that has no name."""
        return f"data: {json.dumps(value)}\n\n".encode()

    def retry_after(self, after):
        return {} if after is None else {"retry-after": str(after)}
