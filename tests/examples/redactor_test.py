"""redactor_test.py: examples/middleware/python/redactor.py against a model of the gateway, and as a service."""

import asyncio
import itertools
import os
import pathlib
import queue
import random
import sys
import tempfile
import unittest

import gateway_model
from service import Service

ROOT = pathlib.Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "middleware" / "python"
sys.path.insert(0, str(EXAMPLE))

import redactor  # noqa: E402
from portolan.middleware.v1 import events_pb2, middleware_pb2, middleware_pb2_grpc  # noqa: E402
from portolan.v1 import chat_completion_pb2, chat_request_pb2, completion_pb2, embedding_pb2  # noqa: E402

# What is said, and what may be told of it.
TEXT = "Ask jane.doe+x@mail.example.com, or bob@example.org.\nNot a@b, @home, x@y.: ü@c-d.co.uk, <eve@example.com>"
REDACTED = "Ask [EMAIL], or [EMAIL].\nNot a@b, @home, x@y.: [EMAIL], <[EMAIL]>"
SHORT, SHORT_REDACTED = "x a@b.co, y@", "x [EMAIL], y@"
ARGUMENTS = r'{"to": "\nbob@example.com", "cc": "\u00e9eve@example.com\\", "x": "\\\nc@d.ef"}'
ARGUMENTS_REDACTED = r'{"to": "\n[EMAIL]", "cc": "\u00e9[EMAIL]\\", "x": "\\\n[EMAIL]"}'
# As long as addresses get: 64 characters, and what else 254 leave.
LONG = "l" * 64 + "@" + "d" * 63 + "." + "e" * 63 + "." + "f" * 57 + ".com"


def pieces(text, *cuts):
    """The text, cut at these places."""
    return [text[begin:end] for begin, end in itertools.pairwise((0, *cuts, len(text)))]


def chat_chunk(index=0, finish=None, **delta):
    choice = {"index": index, "delta": delta} | ({"finish_reason": finish} if finish else {})
    return chat_completion_pb2.ChatCompletionChunk(id="c", object="chat.completion.chunk", model="m", choices=[choice])


def chats(texts, index=0):
    return [chat_chunk(index, content=text) for text in texts]


FINISH = chat_chunk(finish="stop")


def content(choice):
    return choice.delta.content


def arguments(choice):
    return "".join(call.function.arguments for call in choice.delta.tool_calls)


class Run:
    """One streamed answer taken through the redactor, with what must come out of it by choice."""

    def __init__(self, chunks, expected, text_of=content, ending=()):
        self.model, self.chunks, self.expected, self.text_of = gateway_model.StreamModel(), chunks, expected, text_of
        self.ending, self.kinds = ending, []
        asyncio.run(self._run())
        for index, text in self.told().items():
            assert text == expected[index], f"{text!r} left, which is not {expected[index]!r}"
        assert not self.model.unreleased, "something is held for ever"
        assert self.model.done

    def told(self):
        texts = dict.fromkeys(self.expected, "")
        for chunk in self.model.released:
            for choice in chunk.choices:
                texts[choice.index] += self.text_of(choice)
        return texts

    async def _events(self):
        yield events_pb2.ChunkEvent(start=events_pb2.StreamStart(status=200))
        for chunk in self.chunks:
            name = "completion" if isinstance(chunk, completion_pb2.Completion) else "chunk"
            yield events_pb2.ChunkEvent(sequence=self.model.tell(chunk), **{name: chunk})
        for marker in self.ending:
            yield events_pb2.ChunkEvent(sequence=self.model.tell(chat_completion_pb2.ChatCompletionChunk()), json=marker)
        yield events_pb2.ChunkEvent(sequence=self.model.tell(None), end=events_pb2.StreamEnd())

    async def _run(self):
        async for verdict in redactor.Redactor().HandleStream(self._events(), None):
            self.model.hear(verdict)
            self.kinds.append(verdict.WhichOneof("action"))
            assert len(self.model.unreleased) <= 2, "more is held than need be"
            for index, text in self.told().items():
                # What has left cannot be taken back: had a part of an address left, it would differ here.
                assert self.expected[index].startswith(text), f"{text!r} has left"


class StreamsTest(unittest.TestCase):
    def test_every_way_to_cut_a_short_text(self):
        places = range(1, len(SHORT))
        for count in range(len(SHORT)):
            for cuts in itertools.combinations(places, count):
                with self.subTest(cuts=cuts):
                    Run([*chats(pieces(SHORT, *cuts)), FINISH], {0: SHORT_REDACTED})

    def test_every_way_to_cut_a_text_in_two_and_in_three(self):
        for count in (1, 2):
            for cuts in itertools.combinations(range(1, len(TEXT)), count):
                with self.subTest(cuts=cuts):
                    Run([*chats(pieces(TEXT, *cuts)), FINISH], {0: REDACTED})

    def test_every_ending(self):
        cut_off, expected = "Write to a@b.co, to c@d.ef and bob@exam", "Write to [EMAIL], to [EMAIL] and bob@exam"
        for ending in ((), (b"[DONE]",)):
            for cuts in itertools.combinations(range(1, len(cut_off)), 2):
                with self.subTest(ending=ending, cuts=cuts):
                    Run(chats(pieces(cut_off, *cuts)), {0: expected}, ending=ending)  # no piece says that it is the last

    def test_text_in_the_chunk_that_finishes(self):
        run = Run(
            [chat_chunk(content="Write to bob@"), chat_chunk(content="example.com", finish="stop")], {0: "Write to [EMAIL]"}
        )
        self.assertEqual([choice.finish_reason for each in run.model.released for choice in each.choices], ["", "stop"])
        Run([chat_chunk(content="bob@example.com", finish="stop")], {0: "[EMAIL]"})

    def test_random_texts_in_random_pieces(self):
        chance = random.Random(1)
        parts = [("jane@example.com", "[EMAIL]"), ("a.b@c.de", "[EMAIL]"), ("word", "word"), ("@", "@"), ("x" * 300, "x" * 300)]
        for number in range(500):
            chosen = [chance.choice(parts) for _ in range(chance.randrange(1, 8))]
            blank = chance.choice([" ", "\n", ", ", ";"])
            text, expected = (blank.join(side) for side in zip(*chosen, strict=True))
            cuts = sorted(chance.sample(range(len(text) + 1), chance.randrange(min(len(text), 40))))
            with self.subTest(number=number, text=text, cuts=cuts):
                Run([*chats(pieces(text, *cuts)), FINISH], {0: expected})

    def test_what_is_held_is_bounded(self):
        run = Run(chats("a" * 1000), {0: "a" * 1000})
        self.assertEqual(run.kinds.count("hold"), 1000)
        run = Run([*chats("a" * 1000 + "@example.com"), FINISH], {0: "a" * 936 + "[EMAIL]"})
        # What is longer than any address leaves before its end is known.
        model, stream = gateway_model.StreamModel(), redactor.Stream()
        for letter in "a" * 300:
            for verdict in stream.add(model.tell(chat_chunk(content=letter)), chat_chunk(content=letter)):
                model.hear(verdict)
        early = "".join(choice.delta.content for each in model.released for choice in each.choices)
        self.assertGreaterEqual(len(early), 300 - 256 - 1)

    def test_the_longest_address_at_every_cut(self):
        self.assertEqual(len(LONG), 254)
        for text, expected in ((LONG, "[EMAIL]"), ("x" * 300 + " " + LONG + ".", "x" * 300 + " [EMAIL].")):
            for cut in range(1, len(text)):
                with self.subTest(cut=cut):
                    Run([*chats(pieces(text, cut)), FINISH], {0: expected})
        Run([*chats(LONG), FINISH], {0: "[EMAIL]"})

    def test_an_address_before_much_that_might_be_one(self):
        for length in range(230, 270):
            with self.subTest(length=length):
                text, expected = ("bob@example.com" + "%" * length, "[EMAIL]" + "%" * length)
                Run(chats([text, " end"]), {0: expected + " end"})

    def test_choices_do_not_mix(self):
        first, second = pieces("from a@b.co here", 6, 9), pieces("to c@d.ef.", 4, 5)
        mixed = [chunk for pair in zip(chats(first, 0), chats(second, 1), strict=True) for chunk in pair]
        finishes = [chat_chunk(1, finish="stop"), chat_chunk(0, finish="length")]
        run = Run([*mixed, *finishes], {0: "from [EMAIL] here", 1: "to [EMAIL]."})
        self.assertEqual(len(run.model.released), len(mixed) + 2)

    def test_arguments_stay_json(self):
        def call(text):
            return chat_chunk(tool_calls=[{"index": 1, "function": {"arguments": text}}])

        for count in (1, 2):
            for cuts in itertools.combinations(range(1, len(ARGUMENTS)), count):
                with self.subTest(cuts=cuts):
                    chunks = [call(text) for text in pieces(ARGUMENTS, *cuts)]
                    Run([*chunks, chat_chunk(finish="tool_calls")], {0: ARGUMENTS_REDACTED}, text_of=arguments)

    def test_calls_do_not_mix(self):
        chunks = [
            chat_chunk(tool_calls=[{"index": index, "function": {"arguments": text}}])
            for pair in (('"a@', '"c'), ("b.co", "@d"), ('"', '.ef"'))
            for index, text in enumerate(pair)
        ]
        run = Run([*chunks, chat_chunk(finish="tool_calls")], {0: ""}, text_of=content)
        told = {0: "", 1: ""}
        for call in (call for each in run.model.released for choice in each.choices for call in choice.delta.tool_calls):
            told[call.index] += call.function.arguments
        self.assertEqual(told, {0: '"[EMAIL]"', 1: '"[EMAIL]"'})

    def test_completions(self):
        for cut in range(1, len(TEXT)):
            with self.subTest(cut=cut):
                chunks = [completion_pb2.Completion(choices=[{"index": 0, "text": text}]) for text in pieces(TEXT, cut)]
                Run(chunks, {0: REDACTED}, text_of=lambda choice: choice.text)

    def test_what_has_no_address_goes_on_as_it_came(self):
        usage = chat_completion_pb2.ChatCompletionChunk(usage={"prompt_tokens": 1})
        chunks = [chat_chunk(role="assistant", content=""), *chats(["Hello, ", "wor", "ld!"]), FINISH, usage]
        run = Run(chunks, {0: "Hello, world!"}, ending=(b"[DONE]",))
        self.assertEqual(
            run.kinds, ["proceed", "proceed", "hold", "replace", "replace", "proceed", "proceed", "proceed", "done"]
        )
        self.assertEqual([each.usage.prompt_tokens for each in run.model.released if each.HasField("usage")], [1])

    def test_what_the_documentation_tells_of_a_stream(self):
        told = []
        stream = redactor.Stream()
        for sequence, chunk in enumerate([*chats(["Write to ja", "ne@example.com", ", please."]), FINISH], 1):
            for verdict in stream.add(sequence, chunk):
                kind = verdict.WhichOneof("action")
                text = content(verdict.replace.chunk.choices[0]) if kind == "replace" else None
                told.append((kind, verdict.sequence, text))
        expected = [("hold", 1, None), ("replace", 1, "Write to "), ("hold", 2, None), ("replace", 2, "[EMAIL], ")]
        expected += [("hold", 3, None), ("replace", 3, "please."), ("proceed", 4, None)]
        self.assertEqual((told, list(stream.end())), (expected, []))

    def test_what_would_spell_the_text_again_is_left_out(self):
        chunk = chat_chunk(content="a@b.co")
        chunk.choices[0].delta.content_blocks.add(index=0).delta.text = "a@b.co"
        chunk.choices[0].delta.extra.add(name="again", json='"a@b.co"')
        chunk.choices[0].logprobs.content.add(token="a@b.co")
        run = Run([chunk, FINISH], {0: "[EMAIL]"})
        self.assertNotIn(b"a@b.co", b"".join(each.SerializeToString() for each in run.model.released))
        self.assertFalse(
            [delta for each in run.model.released for choice in each.choices for delta in choice.delta.content_blocks]
        )

    def test_pieces_that_cannot_be_read_end_the_stream(self):
        async def told():
            async def events():
                yield events_pb2.ChunkEvent(sequence=1, json=b'{"type": "content_block_delta"}')

            return [verdict async for verdict in redactor.Redactor().HandleStream(events(), None)]

        (verdict,) = asyncio.run(told())
        self.assertEqual((verdict.sequence, verdict.deny.code), (1, "cannot_redact"))


class ServiceTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = cls.enterClassContext(Service(sys.executable, str(EXAMPLE / "redactor.py")))
        cls.stub = middleware_pb2_grpc.MiddlewareStub(cls.service.channel)

    def test_it_is_well_and_says_what_it_wants(self):
        self.assertEqual(self.service.health(), "SERVING")
        told = self.stub.Describe(middleware_pb2.DescribeRequest(protocol_version=1, name="redactor"))
        self.assertEqual(
            list(told.hooks), [middleware_pb2.HOOK_REQUEST, middleware_pb2.HOOK_RESPONSE, middleware_pb2.HOOK_CHUNK]
        )
        self.assertEqual((told.protocol_version, told.form, told.read_only), (1, middleware_pb2.BODY_FORM_TYPED, False))

    def test_all_messages_of_a_request(self):
        def request(text, call):
            return chat_request_pb2.ChatCompletionRequest(
                model="bob@v1.2",
                messages=[
                    {"role": "system", "content": {"text": text}},
                    {"role": "user", "content": {"parts": {"items": [{"type": "text", "text": text}, {"type": "image_url"}]}}},
                    {"role": "assistant", "refusal": text, "tool_calls": [{"id": "1", "function": {"arguments": call}}]},
                    {"role": "tool", "tool_call_id": "1", "content": {"text": text}},
                ],
                temperature=0.5,
            )

        verdict = self.stub.HandleRequest(events_pb2.RequestEvent(chat=request(TEXT, ARGUMENTS)))
        self.assertEqual(verdict.replace.chat_request, request(REDACTED, ARGUMENTS_REDACTED))
        self.assertEqual([(each.name, each.count) for each in verdict.findings], [("email", 4 * 4 + 3)])
        verdict = self.stub.HandleRequest(events_pb2.RequestEvent(chat=request(REDACTED, ARGUMENTS_REDACTED)))
        self.assertEqual(verdict.WhichOneof("action"), "proceed")

    def test_other_requests(self):
        prompt = completion_pb2.CompletionRequest(prompt={"text": "To a@b.co"})
        verdict = self.stub.HandleRequest(events_pb2.RequestEvent(completion=prompt))
        self.assertEqual(verdict.replace.completion_request.prompt.text, "To [EMAIL]")
        texts = embedding_pb2.EmbeddingRequest(input={"texts": {"items": ["a@b.co", "word"]}})
        verdict = self.stub.HandleRequest(events_pb2.RequestEvent(embedding=texts))
        self.assertEqual(list(verdict.replace.embedding_request.input.texts.items), ["[EMAIL]", "word"])
        verdict = self.stub.HandleRequest(events_pb2.RequestEvent(json=ARGUMENTS.encode()))
        self.assertEqual(verdict.replace.json.decode(), ARGUMENTS_REDACTED)
        self.assertEqual(self.stub.HandleRequest(events_pb2.RequestEvent()).WhichOneof("action"), "proceed")

    def test_answers(self):
        answer = chat_completion_pb2.ChatCompletion(
            id="c",
            choices=[
                {"index": 0, "message": {"role": "assistant", "content": {"text": TEXT}}, "finish_reason": "stop"},
                {"index": 1},
            ],
            usage={"total_tokens": 3},
        )
        answer.choices[0].logprobs.content.add(token="jane.doe")
        verdict = self.stub.HandleResponse(events_pb2.ResponseEvent(status=200, chat=answer))
        answer.choices[0].message.content.text = REDACTED
        answer.choices[0].ClearField("logprobs")
        self.assertEqual(verdict.replace.chat, answer)
        verdict = self.stub.HandleResponse(events_pb2.ResponseEvent(status=400, json=b'{"error": {"message": "no a@b.co"}}'))
        self.assertEqual(verdict.replace.json, b'{"error": {"message": "no [EMAIL]"}}')

    def test_a_stream_over_the_wire(self):
        for cut in range(1, len(TEXT), 7):
            with self.subTest(cut=cut):
                model, to_tell = gateway_model.StreamModel(), queue.SimpleQueue()
                to_tell.put(events_pb2.ChunkEvent(start=events_pb2.StreamStart(status=200)))
                for chunk in chats(pieces(TEXT, cut)):
                    to_tell.put(events_pb2.ChunkEvent(sequence=model.tell(chunk), chunk=chunk))
                to_tell.put(events_pb2.ChunkEvent(sequence=model.tell(None), end=events_pb2.StreamEnd()))
                to_tell.put(None)
                for verdict in self.stub.HandleStream(iter(to_tell.get, None)):
                    model.hear(verdict)
                self.assertEqual("".join(content(choice) for each in model.released for choice in each.choices), REDACTED)
                self.assertTrue(model.done)


class ExampleTest(unittest.TestCase):
    def test_it_ends_well_and_leaves_nothing_behind(self):
        with tempfile.TemporaryDirectory() as folder:
            with Service(sys.executable, str(EXAMPLE / "redactor.py"), env={**os.environ, "TMPDIR": folder}) as service:
                self.assertEqual(service.health(), "SERVING")
                self.assertTrue(os.listdir(folder))  # what it has generated
                self.assertEqual(service.end(), (0, ""))
            self.assertEqual(os.listdir(folder), [])

    def test_it_ends_well_while_it_is_watched(self):
        with Service(sys.executable, str(EXAMPLE / "redactor.py")) as service:
            service.check_watched_end(self)

    def test_it_is_pinned_as_the_clients_are(self):
        def pins(*path):
            return set(ROOT.joinpath(*path).read_text(encoding="utf-8").split())

        own = pins("examples", "middleware", "python", "requirements.txt")
        self.assertTrue(own)
        self.assertLessEqual(
            own, pins("clients", "python", "requirements.txt") | pins("tests", "sdk", "python", "requirements.txt")
        )


if __name__ == "__main__":
    unittest.main()
