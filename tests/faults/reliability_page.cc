#include "tests/faults/reliability_page.h"

#include "tests/faults/caller_fault.h"
#include "tests/faults/fault.h"
#include "tests/faults/token_fault.h"
#include "tests/faults/upload_fault.h"

namespace portolan::faults {
namespace {

constexpr char kIntroduction[] = R"(# Reliability

What the gateway does when an upstream or a caller does something wrong. The tables are made of the cases that the tests
run over real sockets (`tests/faults`); a test fails if this page says something else.

What holds for all of them:

- An answer is either whole or an error. Half an answer never looks like a whole one: a stream that breaks off after its
  first event ends in `data: {"error": …}` and has no `[DONE]`; in Anthropic's API in `event: error` without a
  `message_stop`; over gRPC in a status that is not OK.
- An error says whose fault it is, has a stable code, and looks the same at both doors ([errors.md](errors.md)).
- Nothing waits for ever: each wait for an upstream has a limit ([configuration.md](configuration.md#bounds)).
- An upstream connection serves again only after an answer in good framing. If a connection that was kept dies within
  200 ms of the last byte written to it, before any byte of an answer has come, the server had closed it already: the
  request is sent once more on a fresh one, which counts in `attempts` and in `portolan_upstream_resends_total`. One that
  dies later may have worked on the request, which is not sent again unless the route says so. Redirects are not followed.
- While an upstream is silent, a streamed REST answer has a comment every 15 seconds (`--heartbeat`), and one for each ping
  or comment of the upstream, so that nothing on the way takes the connection for dead.
- What follows `[DONE]` in a stream is dropped. The connection serves again if the framing ends with it or in the next read,
  within 500 ms; otherwise it is closed.
- A reader that is slower than the upstream holds the upstream back; nothing is collected in between.

## Upstreams

Each case is tested, unary and streamed, as far as it makes sense there:

- by REST and gRPC, with OpenAI, whose dialect is the caller's own, and with Anthropic, Gemini, Bedrock and Cohere, which are
  translated; with the first two over TCP and TLS;
- by Anthropic's API for callers, with Anthropic, whose dialect is the caller's own, and with OpenAI, which is translated;
- and as a call that is [relayed](relay.md), where nobody looks at what the answer says.

The gRPC status is in brackets. "Breaks off" is an error within a stream that has begun; gRPC does not tell it from an error
before the first message. "Is cut off" is an answer whose last chunk, or part of the length it stated, does not come: HTTP
has no other way to tell; what is seen before anything of the answer has left is 502 or 504 with the code of the other
columns. What stands in no cell of that column passes as it came. A row without dialects in brackets holds for all.
)";

constexpr char kUploads[] = R"(
### A body that is passed on while it comes

Each case of a relayed upload is tested with a length and in chunks, over TCP and TLS. Whatever breaks, the upstream sees no end
of the body and never takes a part of it for the whole, and nothing is sent twice.

| while a body is passed on | the caller gets |
|---|---|
)";

constexpr char kTokens[] = R"(
### A token that a provider wants

Where a provider wants a token that somebody else issues ([Vertex AI](providers.md#vertex-ai)), the provider is not called without
one, and a fallback goes on to its next target. A failure is remembered for a second. A token that is good for
a second serves the calls that waited for it; one that the provider refuses is fetched anew by the next attempt.

| the endpoint | the caller gets |
|---|---|
)";

constexpr char kCuts[] = R"(
A stream that is cut after any byte of its framing, by FIN or by RST, gives an error unless its last event was whole. The
same holds without I/O for every byte of the recorded streams that are replayed.

## Callers

Each case is sent to the REST door but for the last table's, with another request behind it where the connection must not go on. The next connection
is served as ever.
)";

constexpr char kRest[] = R"(
Slow callers: a head must arrive within 30 seconds and each part of a body within 60 seconds of the last, or 408 is the
answer; a caller that acknowledges nothing of its answer for 60 seconds is dropped within another 60; a connection without
a request is closed after 75 seconds, or what `--keep-alive` says.

## Under load

What the tests under `tests/load` hold against a gateway that runs as a process of its own, on 2 cores:

- A caller that stops reading a stream of 1 GB: the upstream is held back after what the sockets hold, the gateway grows by less
  than 16 MB (seen: 1 MB), and when the caller reads on it gets all of it in order; by REST and gRPC, over TCP and TLS.
- 9,000 streams at a time, each complete and in order, at less than 30 KB of memory each; also beside 9,000 idle connections.
- Calls that come, break off at any point and come again: memory stays where it is.
- No descriptors left: accepting pauses, calls under way finish, a call that needs a connection to its provider is told so
  (502), and when descriptors are free again all is as before. At its start the gateway takes as many as the system allows
  (`ulimit -Hn`), and warns of fewer than 4,096.
- Two gateways restarted in turn, 20 times, under load with streams open and callers that follow `/readyz`: no call fails. Without
  `--drain-delay` some do.
- A start without stdin, stdout or stderr: `/dev/null` takes their places, and no socket does.
- Marked keys in every header, config and variable that takes one, in calls that go well and badly: no mark is in any log line at
  any level, metric, error or answer.
)";

constexpr char kFuzzing[] = R"(
## Fuzzing

What callers and providers send is read by parsers that have a fuzzer each (`tests/fuzz`): HTTP's heads and framings, compressed
bodies, streams of events, JSON, URLs, config files, routes, guardrails and verdicts, and each dialect's requests, answers and events. A
fuzzer holds them to an oracle or a property, under AddressSanitizer and UndefinedBehaviorSanitizer. `tests/fuzz/parsers.json` lists
the files that each is for: the committed corpus reaches at least 85 % of the lines of each, and every file that reads what providers
answer is among them, or `scripts/test` fails. These were once given bugs, planted one at a time in a copy of the parser, and
found all of them in their short run (50,000 inputs, seed 1, from the committed corpus):

| fuzzer | planted bug | found by |
|---|---|---|
| `http_head_fuzz` | the search for the head's end, resumed between CR and LF, forgets the CR | the outcome depends on how the bytes arrive |
| | an empty value is trimmed past its start | UndefinedBehaviorSanitizer |
| | two lengths are taken; a length beside chunks is taken | each framing field stands once, and only one of them |
| | white space before a colon is taken | the colon follows the name |
| | the answer's two lengths may differ | all are the one that counts |
| `chunked_fuzz` | a size of 17 digits wraps around | the RFC's text, read plainly |
| | a line end inside an extension is taken; a bare LF ends a size | the same |
| | the trailer ends at its first line | the same |
| | a chunk in several reads is counted short | any split gives the same |
| `sse_fuzz` | CR LF, cut by a read, is taken for two line ends | any split gives the same |
| | an event in several reads escapes the limit of its size | the same |
| | an event points into a buffer that is gone | the standard's text, read plainly |
| | lines of data are joined without a line end | the same |
| `ndjson_fuzz` | a line in several reads escapes the limit of its size | any split gives the same |
| | a line in several reads loses what came before | the same; a plain cut at each LF |
| | a line points into a buffer that is gone | the same; the raw bytes are the input |
| `transcode_fuzz` | `%4` at the end of a query is read on | AddressSanitizer |
| | a variable takes the slash behind it | a template matches its own path, with these values |
| | what is not UTF-8 passes | bound text is UTF-8 |
| | a backslash is not escaped | unknown parameters are JSON |
| `codec_fuzz` | `01` is taken for a number | nlohmann's parser |
| | 1.5 becomes the integer 15; a surrogate pair becomes another character | the value that goes out is the one that came in |
| | 1e400 as an integer overruns the buffer of its digits | AddressSanitizer |
| | depth is counted down twice | nlohmann's parser and the depth of what it read |
| | a key that is spelt in escapes is compared with the wrong text | nlohmann's parser and a set of keys |
| | raw text passes unread, or a number in another wire type for a union's value, where a message is looked at by its bytes | what passes there passes the check |
| `answer_fuzz` | an event that came in several reads is passed on as a view of a buffer that changes | any split gives the same |
| | a view of an earlier read is passed on | AddressSanitizer |
| | a choice's number is shifted out of a word | UndefinedBehaviorSanitizer |
| | an event that is no object is decoded for gRPC | both doors come to the same |
| `url_fuzz` | `0x7f000001` and `2130706433` pass for names | what the C library reads as an address is one as it is spelt |
| | a percent sign in a host, a control character in a path | no such byte is in what is accepted |
| `anthropic_fuzz` | a content block is used after it was dropped | AddressSanitizer |
| | a piece of a block that never began is added to it; sums of tokens overflow | UndefinedBehaviorSanitizer |
| | a stream gets two finish reasons | it has one at most |
| | tool arguments that are not JSON go upstream; an unknown member takes a known one's name | what goes out is good JSON |
| `messages_fuzz` | a piece of a block is said while another is open; the last block is never closed; two blocks get one index | blocks come one after the other, with rising indices |
| `google_fuzz` | arguments that are not JSON go upstream | the API takes objects alone |
| | a call without arguments has no JSON | what goes out is good JSON |
| `bedrock_fuzz` | two documents get one name; two calls get one id | the API refuses both |
| | a call without arguments has no JSON in its block | what goes out is good JSON |
| | a stream tells the role again | it has one at most |
| `cohere_fuzz` | reasoning tells the role again | a stream has one at most |
| `mistral_fuzz` | a piece that is a list stays beside the text that it became | a piece is a text |
| `huggingface_fuzz` | an empty vector passes | none is empty |
| `palm_fuzz` | an answer without candidates passes | a good answer says something |
| `rerankers_fuzz` | an answer that names no model gets none | it has one |
| `watsonx_fuzz` | results after the first are left out | there are as many as came |
| `forms_fuzz` | Ollama: counts below zero pass; a block is left open when a call begins | counts are none; a block begins once, and its pieces are between its begin and its end |
| | MiniMax: of a `<think>` that was cut, what came before is taken off twice; an error without a text has none | no text ends before it begins; errors say something |
| | Google: a source that is not there is quoted; an answer without predictions passes | AddressSanitizer; there is a vector |
| | Cohere: vectors are numbered from 1; a ranking names no model | from 0, in order; it has one |
| | Bedrock: an answer without vectors passes, and pieces of a block come before its begin; Anthropic: a count names no model | there is a vector; a block begins first; it has one |
| | text by way of chat ends twice; a model is not called one | once; `object` says what it is |
| `aws_event_fuzz` | the CRC of a message is not looked at; a time stamp in a header takes four bytes; headers may be longer than the message | the specification's text, read plainly |
| | a message in several reads leaves its bytes behind, or escapes the limit of its size | the same; any split gives the same |
| `aws_payload_fuzz` | a blank in a part of its own goes before the first line | its lines as events, read plainly |
| | the piece of an event or of a line that an exception breaks off stays | the exception is an event of its own |
| `gunzip_fuzz` | the next member goes on with the state of the last | it never ends |
| | a body that was cut is whole | nothing is before its last byte |
| `condition_fuzz` | metadata that break off behind what is looked for are read | metadata that are no object are an empty one |
| | that a query within `$or` reads the body is forgotten | a query that does not read the body does not depend on it |
| | what stands beside `$and` is not looked at | another member never turns a mismatch into a match |
| `route_fuzz` | a target is tried once more than it may | each as often as it may |
| | the walk goes on when the time is over | nothing begins then |
| | a fallback goes on behind its last target | UndefinedBehaviorSanitizer |
| | that an outer fallback has more targets is forgotten | who may not go on is done |
| `config_file_fuzz` | text that looks like a number is printed without quotes | a file that is printed says the same when it is read |
| | a container is closed that was never opened | AddressSanitizer |
| | a problem is told one line too low | problems have a place in the text |
| `guardrail_fuzz` | in a stream, that a text was changed is forgotten | it is judged as it is when it comes at once |
| `network_fuzz` | text behind a webhook's answer passes | what is taken is JSON |
| `schema_fuzz` | `not` is not looked at | it inverts |
| `verdict_fuzz` | a finding without a name passes | each has one |
)";

std::string RpcName(grpc::StatusCode code) {
  switch (code) {
    case grpc::OK:
      return "OK";
    case grpc::UNKNOWN:
      return "UNKNOWN";
    case grpc::UNIMPLEMENTED:
      return "UNIMPLEMENTED";
    case grpc::INVALID_ARGUMENT:
      return "INVALID_ARGUMENT";
    case grpc::DEADLINE_EXCEEDED:
      return "DEADLINE_EXCEEDED";
    case grpc::FAILED_PRECONDITION:
      return "FAILED_PRECONDITION";
    case grpc::NOT_FOUND:
      return "NOT_FOUND";
    case grpc::RESOURCE_EXHAUSTED:
      return "RESOURCE_EXHAUSTED";
    case grpc::UNAVAILABLE:
      return "UNAVAILABLE";
    default:
      return std::to_string(code);
  }
}

std::string Describe(const Outcome& outcome) {
  const std::string rpc = " (`" + RpcName(outcome.rpc) + "`)";
  const std::string code = outcome.trouble ? "the provider's own code" : "`" + outcome.code + "`";
  switch (outcome.kind) {
    case Outcome::Kind::kNotAsked:
      return "";
    case Outcome::Kind::kAnswer:
      return "the whole answer";
    case Outcome::Kind::kBreak:
      return "breaks off, " + code + rpc;
    case Outcome::Kind::kCut:
      return "is cut off";
    case Outcome::Kind::kError:
      break;
  }
  const std::string other = outcome.or_code.empty() ? "" : " or `" + outcome.or_code + "`";
  return std::to_string(outcome.status) + (outcome.trouble ? ", " : " ") + code + other + rpc;
}

// At all doors, and at that of Messages where it is another there.
std::string Describe(const Outcome& outcome, const std::optional<Outcome>& messages) {
  return Describe(outcome) + (messages ? "; to callers of Anthropic's API " + Describe(*messages) : "");
}

std::string Describe(const RpcCallerFault& fault) {
  if (!fault.status) return "the connection closes";
  if (*fault.status == grpc::OK) return "nothing; the connection goes on";
  return "`" + RpcName(*fault.status) + "`";
}

std::string Where(const Fault& fault) {
  std::string where;
  if (!fault.tcp) where = "TLS";
  if (fault.dialects.size() < AllDialects().size()) {
    for (const Dialect dialect : fault.dialects) where += (where.empty() ? "" : ", ") + NameOf(dialect);
  }
  return where.empty() ? "" : " (" + where + ")";
}

std::string DescribeUpload(const Outcome& outcome) {
  if (outcome.kind == Outcome::Kind::kNotAsked) return "nothing; the upstream is left";
  if (outcome.kind == Outcome::Kind::kCut) return "an answer that is cut off";
  return std::to_string(outcome.status) + " `" + outcome.code + "`";
}

// Relayed calls are not of a dialect; the rows of OpenAI's stand for them.
std::string DescribeRelayed(const Fault& fault) {
  Outcome outcome = fault.Concerns(Dialect::kOpenAi) ? fault.relayed : NotAsked();
  const bool same = outcome.kind == Outcome::Kind::kError && outcome.code == fault.unary.code;
  return same ? "the same" : Describe(outcome);
}

}  // namespace

std::string ReliabilityPage() {
  std::string page = kIntroduction;
  std::string group;
  for (const Fault& fault : AllFaults()) {
    if (fault.group != group) {
      group = fault.group;
      page += "\n### " + group + "\n\n| the upstream | unary | stream | relayed |\n|---|---|---|---|\n";
    }
    page += "| " + fault.name + Where(fault) + " | " + Describe(fault.unary, fault.messages_unary) + " | " +
            Describe(fault.stream, fault.messages_stream) + " | " + DescribeRelayed(fault) + " |\n";
  }
  page += kUploads;
  for (const UploadFault& fault : UploadFaults()) {
    page += "| " + fault.name + " | " + DescribeUpload(fault.outcome) + " |\n";
  }
  page += kTokens;
  for (const TokenFault& fault : TokenFaults()) {
    page += "| " + fault.name + " | " + std::to_string(fault.status) + " `" + fault.code + "` |\n";
  }
  page += kCuts;
  for (const CallerFault& fault : CallerFaults()) {
    if (fault.group != group) {
      group = fault.group;
      page += "\n### " + group + "\n\n| the caller | gets | the connection |\n|---|---|---|\n";
    }
    page += "| " + fault.name + " | " + std::to_string(fault.status) + " `" + fault.code + "` | " +
            (fault.closes ? "closes" : "goes on") + " |\n";
  }
  page += "\n### The gRPC door\n\n| the caller | gets |\n|---|---|\n";
  for (const RpcCallerFault& fault : RpcCallerFaults()) {
    page += "| " + fault.name + " | " + Describe(fault) + " |\n";
  }
  return page + kRest + kFuzzing;
}

}  // namespace portolan::faults
