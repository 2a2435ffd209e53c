// Answers of a provider that speaks OpenAI's dialect, from a hostile world. The first byte chooses a stream
// or a body, and how a stream is cut. Properties of a stream: any split of the bytes gives the same; what
// REST gets is what came, up to an end that may be added; it is done or in error, never both; gRPC
// gets whole messages. Of a body: it is looked at as strictly as the codec does, and what is told of it is
// JSON.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "portolan/v1/chat_completion.pb.h"
#include "providers/classify.h"
#include "providers/registry.h"
#include "server/codec/json_reader.h"
#include "server/core/answer_form.h"
#include "server/core/error_body.h"
#include "server/core/operations.h"
#include "server/core/scan.h"
#include "server/core/stream_pipeline.h"

namespace {

using portolan::Error;
namespace codec = portolan::codec;
namespace core = portolan::core;
namespace providers = portolan::providers;

constexpr std::string_view kEnd = "data: [DONE]\n\n";

void Require(bool holds) {
  if (!holds) std::abort();
}

struct World {
  World() {
    auto built = core::Operations::Build(providers::BuiltInCatalog().dialects);
    Require(built.ok());
    operations = *std::move(built);
    target.provider = registry->Find("openai");
    target.dialect = target.provider->dialect;
  }
  std::unique_ptr<providers::Registry> registry = providers::Registry::BuiltIn();
  std::unique_ptr<core::Operations> operations;
  providers::Target target;
};

const World& TheWorld() {
  static const World* const world = new World;
  return *world;
}

const providers::Door& TheDoor() { return *TheWorld().target.provider->dialect->door(); }

struct Outcome {
  std::string bytes;
  std::vector<std::string> messages;
  bool done = false;
  std::optional<std::string> error;  // its code
  bool told = false;                 // an error event of the provider's own passed on to REST
  std::string finish_reason;
  std::optional<int64_t> output_tokens;
  bool operator==(const Outcome&) const = default;
};

void Take(const core::StreamBatch& batch, Outcome* outcome) {
  Require(!outcome->done && !outcome->error);
  for (const std::string_view piece : batch.pieces) outcome->bytes.append(piece);
  for (const std::string_view message : batch.messages) {
    portolan::v1::ChatCompletionChunk chunk;
    Require(chunk.ParseFromArray(message.data(), static_cast<int>(message.size())));
    outcome->messages.emplace_back(message);
  }
  Require(!batch.done || !batch.error);
  outcome->done = batch.done;
  if (batch.error) outcome->error = batch.error->code;
}

// `seed` 0: all at once.
Outcome Relay(std::string_view text, uint32_t seed, bool typed, bool hide_usage = false) {
  const auto pipeline =
      core::NewRelayStream(*TheWorld().operations->Hub("chat"), TheWorld().target, typed, hide_usage);
  Outcome outcome;
  core::StreamBatch batch;
  while (!text.empty() && !outcome.done && !outcome.error) {
    size_t size = text.size();
    if (seed != 0) {
      seed = seed * 1664525 + 1013904223;
      size = std::min<size_t>(1 + (seed >> 20) % 48, text.size());
    }
    const std::unique_ptr<char[]> copy(new char[size]);
    std::copy_n(text.data(), size, copy.get());
    text.remove_prefix(size);
    batch.Clear();
    pipeline->Feed({copy.get(), size}, &batch);
    Take(batch, &outcome);
  }
  if (!outcome.done && !outcome.error) {
    batch.Clear();
    pipeline->End(&batch);
    Take(batch, &outcome);
    Require(outcome.done || outcome.error || pipeline->facts.passed_error);
  }
  outcome.told = pipeline->facts.passed_error.has_value();
  outcome.finish_reason = pipeline->facts.finish_reason;
  outcome.output_tokens = pipeline->usage().output;
  return outcome;
}

// The same events in the framing of AWS, which is told apart from nonsense by its CRCs: whatever comes is no
// answer.
void FuzzFraming(std::string_view text) {
  static const auto* const form = [] {
    auto* copy = new providers::Form(*TheWorld().target.provider->Find("chat"));
    copy->framing = providers::Framing::kAwsEventStream;
    return copy;
  }();
  const core::OperationSpec& chat = *TheWorld().operations->Hub("chat");
  const auto pipeline = core::NewMappedStream(chat, {*form, *chat.plan, TheWorld().target},
                                              providers::CallFacts(), /*typed=*/false);
  core::StreamBatch batch;
  pipeline->Feed(text, &batch);
  if (!batch.error) {
    batch.Clear();
    pipeline->End(&batch);
  }
  Require(batch.error && !batch.done && batch.empty());
}

void FuzzStream(std::string_view text, uint32_t seed) {
  FuzzFraming(text);
  const Outcome rest = Relay(text, 0, /*typed=*/false);
  Require(rest == Relay(text, seed, /*typed=*/false));
  const Outcome typed = Relay(text, 0, /*typed=*/true);
  Require(typed == Relay(text, seed, /*typed=*/true));
  Require(rest.messages.empty() && typed.bytes.empty());
  // Hiding what was not asked for takes something out and changes nothing else.
  const Outcome hidden = Relay(text, seed, /*typed=*/false, /*hide_usage=*/true);
  Require(hidden == Relay(text, 0, /*typed=*/false, /*hide_usage=*/true));
  Require(hidden.bytes.size() <= rest.bytes.size() && hidden.done == rest.done &&
          hidden.error == rest.error && hidden.output_tokens == rest.output_tokens);
  if (rest.told) {
    Require(typed.error.has_value());
  } else {
    Require(rest.done == typed.done && rest.error == typed.error &&
            rest.finish_reason == typed.finish_reason);
  }
  // Pings are passed on in other words, a byte order mark is not.
  if (text.find("ping") != std::string_view::npos) return;
  if (text.starts_with(core::kByteOrderMark)) text.remove_prefix(core::kByteOrderMark.size());
  // Line ends may be added to an event that the upstream left open, and the end marker behind it; around the
  // marker blanks are taken away.
  std::string_view relayed = rest.bytes;
  if (text.starts_with(relayed)) return;
  if (relayed.ends_with(kEnd) && !text.starts_with(relayed.substr(0, relayed.size() - 2)))
    relayed.remove_suffix(kEnd.size());
  for (int i = 0; i < 2 && relayed.ends_with('\n') && !text.starts_with(relayed); ++i)
    relayed.remove_suffix(1);
  Require(text.starts_with(relayed));
}

// What the gateway tells of an error in words of a provider's.
void CheckTold(Error error) {
  // As of a host that a caller has named.
  error.limit = portolan::TimeLimit{"request_timeout", "route", std::chrono::milliseconds(100)};
  error.upstream_method = "POST";
  error.upstream_url = "http://h/v1/" + error.message;
  Require(!error.message.empty() && error.http_status >= 400 && error.http_status <= 599);
  std::string body;
  core::AppendErrorBody(TheDoor(), error, "r", &body);
  Require(codec::IsJson(body, /*max_depth=*/8) && TheDoor().IsError(body));
  std::string event;
  core::AppendErrorEvent(TheDoor(), error, "r", &event);
  Require(event == "data: " + body + "\n\n");
  const std::string detail = core::ErrorDetail(error);
  Require(codec::IsJson(detail, /*max_depth=*/8));
  // It becomes a header.
  Require(std::all_of(detail.begin(), detail.end(), [](char c) { return c >= 0x20 && c < 0x7f; }));
}

// Whoever has sent a key that is refused is at fault, whether a status says so or an answer.
void CheckRefusedKey(std::string_view text) {
  static const providers::Target* const callers = [] {
    auto* const target = new providers::Target(TheWorld().target);
    target->key_from_caller = true;
    return target;
  }();
  const providers::Dialect& dialect = *callers->provider->dialect;
  Error error = dialect.ReadError(401, {}, text, TheWorld().target);
  Require(error.error_class == portolan::ErrorClass::kProvider);
  providers::ClassifyRefusedKey(*callers, &error);
  Require(error.error_class == dialect.ReadError(401, {}, text, *callers).error_class);
}

void FuzzBody(std::string_view text, int status) {
  core::Scanner scanner(TheWorld().operations->Hub("chat")->plan->scan);
  const core::ScanResult scan = scanner.Scan(text);
  const core::ChoiceTracker& choices = scanner.choices();
  const size_t first = text.find_first_not_of(" \t\r\n");
  Require(scan.is_object == (codec::IsJson(text) && first != std::string_view::npos && text[first] == '{'));
  Require((choices.finished & ~choices.seen) == 0);
  if (TheDoor().IsError(text)) Require(scan.is_object && scan.has_error);
  // A header of the answer may hold anything as well.
  const std::string_view line = text.substr(0, text.find('\n'));
  const portolan::HeaderView headers[] = {{"retry-after", line}, {"date", "Thu, 26 Nov 2026 07:00:00 GMT"}};
  const Error error =
      TheWorld().target.provider->dialect->ReadError(status, headers, text, TheWorld().target);
  Require(!error.retry_after || error.retry_after->count() >= 0);
  CheckTold(error);
  CheckRefusedKey(text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 4 == 0) {
    FuzzBody(text, data[0] % 8 == 0 ? 400 : 503);
  } else {
    FuzzStream(text, data[0]);
  }
  return 0;
}
