// Throws text at the codec and holds it to its promises. The first byte chooses the message type and the
// edits.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "server/codec/codec.h"
#include "server/codec/json_reader.h"
#include "server/codec/plan.h"
#include "server/codec/splice.h"
#include "tests/support/reflection_encoder.h"
#include "tests/unit/codec/test.pb.h"

namespace portolan::codec {
namespace {

using nlohmann::json;

constexpr int kDepth = 64;

void Check(bool good, const char* what, std::string_view text) {
  if (good) return;
  std::fprintf(stderr, "%s\n%.*s\n", what, static_cast<int>(text.size()), text.data());
  std::abort();
}

const Codec& TheCodec() {
  static const std::unique_ptr<Codec> codec = [] {
    // It writes a line for every text that is not UTF-8.
    pb::SetLogHandler(nullptr);
    const pb::Descriptor* roots[] = {test::Chat::descriptor(), test::Everything::descriptor(),
                                     test::Input::descriptor()};
    auto compiled = Codec::Compile(roots);
    if (!compiled.ok()) std::abort();
    return std::move(*compiled);
  }();
  return *codec;
}

int DepthOf(const json& value) {
  int deepest = 0;
  if (!value.is_structured()) return 0;
  for (const json& child : value) deepest = std::max(deepest, DepthOf(child));
  return deepest + 1;
}

// Sees whether an object has a key twice, however it is spelt.
struct KeyCounter : nlohmann::json_sax<json> {
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_array(size_t) override { return true; }
  bool end_array() override { return true; }
  bool parse_error(size_t, const std::string&, const nlohmann::detail::exception&) override { return false; }
  bool start_object(size_t) override {
    open.emplace_back();
    return true;
  }
  bool key(string_t& name) override {
    twice = !open.back().insert(name).second || twice;
    return true;
  }
  bool end_object() override {
    open.pop_back();
    return true;
  }
  std::vector<std::set<std::string>> open;
  bool twice = false;
};

void CheckKeys(std::string_view text, bool good, const DecodeError& error) {
  KeyCounter keys;
  if (!json::sax_parse(text, &keys)) return;
  Check(!good || !keys.twice, "a key that stands twice was taken", text);
  Check(good || error.problem != kKeyStandsTwice || keys.twice, "no key stands twice", text);
}

std::string EncodeBothWays(const MessagePlan& plan, const pb::Message& message,
                           const EncodeOptions& options) {
  std::string encoded;
  Encode(plan, message, options, &encoded);
  std::string by_reflection;
  EncodeByReflection(plan, message, options, &by_reflection);
  Check(encoded == by_reflection, "two ways of encoding differ", encoded + "\n" + by_reflection);
  return encoded;
}

// nlohmann refuses lone surrogates, which answers may hold, and numbers beyond a double; it has no limit of
// depth, skips a byte order mark and takes a NUL for the end of the text. Otherwise the two agree.
void CompareWithOracle(std::string_view text) {
  if (text.find('\0') != std::string_view::npos || text.starts_with("\xEF\xBB\xBF")) {
    Check(!IsJson(text, kDepth), "a raw NUL or a byte order mark was taken", text);
    return;
  }
  const json parsed = json::parse(text, nullptr, false);
  const bool ours = IsJson(text, kDepth);
  if (!parsed.is_discarded()) {
    const bool deep = DepthOf(parsed) > kDepth;
    Check(ours != deep, "the oracle takes this", text);
  } else if (ours) {
    Check(text.find("\\u") != std::string_view::npos || text.find_first_of("eE") != std::string_view::npos ||
              text.size() > 300,
          "the oracle refuses this", text);
  }
}

void CheckDecoding(const MessagePlan& plan, std::string_view text, Strictness strictness) {
  const pb::Message& prototype = *pb::MessageFactory::generated_factory()->GetPrototype(plan.descriptor);
  std::vector<MemberSpan> spans;
  DecodeOptions options;
  options.strictness = strictness;
  options.max_depth = kDepth;
  DecodeOptions with_spans = options;
  with_spans.spans = &spans;
  DecodeError error;
  DecodeError check_error;
  std::unique_ptr<pb::Message> message(prototype.New());
  const bool good = Decode(plan, text, options, message.get(), &error);
  if (strictness == Strictness::kRequest) CheckKeys(text, good, error);
  std::string wire;
  std::unique_ptr<pb::Message> by_wire(prototype.New());
  const bool good_by_wire =
      DecodeToWire(plan, text, options, &wire, &check_error) && ParseWire(wire, by_wire.get(), &check_error);
  Check(good == good_by_wire, "two ways of decoding disagree", text);
  Check(!good || message->SerializeAsString() == by_wire->SerializeAsString(), "two ways of decoding differ",
        text);
  Check(good == Decode(plan, text, with_spans, nullptr, &check_error), "checking and decoding disagree",
        text);
  if (!good) {
    // Checking an answer looks at no type and so names no path.
    if (strictness == Strictness::kResponse) error.path = check_error.path;
    Check(error.ToString() == check_error.ToString() && error.offset == check_error.offset,
          "two different errors", text);
    return;
  }
  Check(IsJson(text, kDepth), "decoded what is not JSON", text);
  Check(CheckVerbatim(plan, *message, options, &error), error.ToString().c_str(), text);
  const std::string once = EncodeBothWays(plan, *message, {});
  std::unique_ptr<pb::Message> again(prototype.New());
  Check(Decode(plan, once, options, again.get(), &error), error.ToString().c_str(), once);
  const std::string twice = EncodeBothWays(plan, *again, {});
  Check(once == twice, "encoding is not stable", once + "\n" + twice);
}

// A duration's digits without those that say nothing: `01.50s` is `1.5s`, `-0.0s` is `0s`.
std::string PlainDuration(std::string text) {
  if (!text.ends_with('s')) return text;
  text.pop_back();
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.erase(0, 1);
  if (text.find('.') != std::string::npos) {
    while (text.ends_with('0')) text.pop_back();
    if (text.ends_with('.')) text.pop_back();
  }
  while (text.starts_with('0')) text.erase(0, 1);
  if (text.empty()) return "0s";
  if (text.starts_with('.')) text.insert(0, 1, '0');
  return (negative ? "-" : "") + text + "s";
}

// What a double, or a float, keeps of a number; of those in a list or an object too.
template <typename Real>
void Round(json* value) {
  if (value->is_number()) *value = value->get<Real>();
  if (!value->is_structured()) return;
  for (json& child : *value) {
    if (child.is_number()) child = child.get<Real>();
  }
}

bool IsOneOf(const std::string& name, std::initializer_list<const char*> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// The same value spelt in one way where the type of a member allows several: durations, bytes in base64, and
// numbers that are no integers.
void Normalize(json* value) {
  if (value->is_array()) {
    for (json& element : *value) Normalize(&element);
  }
  if (!value->is_object()) return;
  for (auto& [name, member] : value->items()) {
    Normalize(&member);
    if (IsOneOf(name, {"timeout", "a_duration"}) && member.is_string()) {
      member = PlainDuration(member.get<std::string>());
    } else if (IsOneOf(name, {"a_bytes", "bytes_list"}) && !member.is_null() && member != json::array()) {
      member = "bytes";
    } else if (IsOneOf(name, {"a_float", "floats"})) {
      Round<float>(&member);
    } else if (IsOneOf(name, {"a_double", "doubles", "temperature", "top_p", "logit_bias", "number_of",
                              "unions", "union_of"})) {
      Round<double>(&member);
    } else if (IsOneOf(name, {"a_union", "choice_union"}) && member.is_number()) {
      Round<double>(&member);
    }
  }
}

// No value is lost: what came in and what goes out are the same JSON, where JSON can say so.
void CheckFidelity(const MessagePlan& plan, std::string_view text) {
  const pb::Message& prototype = *pb::MessageFactory::generated_factory()->GetPrototype(plan.descriptor);
  std::unique_ptr<pb::Message> message(prototype.New());
  DecodeError error;
  DecodeOptions options;
  options.max_depth = kDepth;
  if (!Decode(plan, text, options, message.get(), &error)) return;
  json before = json::parse(text, nullptr, false);
  json after = json::parse(EncodeBothWays(plan, *message, {}), nullptr, false);
  // Numbers that are too large for the oracle make it refuse the text.
  if (before.is_discarded()) return;
  for (json* side : {&before, &after}) {
    Normalize(side);
    if (side->is_number()) Round<double>(side);  // test::Input
  }
  Check(before == after, "a value changed", std::string(text) + "\n" + after.dump());
}

// A message from a gRPC caller: what is taken of it can be written as JSON, in one way.
void CheckFromWire(const MessagePlan& plan, std::string_view wire) {
  const pb::Message& prototype = *pb::MessageFactory::generated_factory()->GetPrototype(plan.descriptor);
  std::unique_ptr<pb::Message> message(prototype.New());
  if (!message->ParseFromArray(wire.data(), static_cast<int>(wire.size()))) return;
  DecodeError error;
  if (!CheckVerbatim(plan, *message, {.max_depth = kDepth}, &error)) {
    Check(!error.problem.empty(), "refused without a word", wire);
    Check(!IsPlainWire(plan, wire), "passes for plain", error.ToString());
    return;
  }
  const std::string json = EncodeBothWays(plan, *message, {});
  Check(IsJson(json, 2 * kDepth), "what was taken is no JSON", json);
}

void CheckSplice(const MessagePlan& plan, std::string_view text, uint8_t choice) {
  static const std::vector<Edit> kEdits = {
      {Edit::Kind::kSet, "model", R"("other")"},   {Edit::Kind::kRemove, "portolan", ""},
      {Edit::Kind::kRemove, "stream", ""},         {Edit::Kind::kSet, "stop", R"(["a","b"])"},
      {Edit::Kind::kSet, "unheard_of", "[1, {}]"}, {Edit::Kind::kRemove, "x", ""},
      {Edit::Kind::kRemove, "messages", ""},       {Edit::Kind::kSet, "tools", "null"}};
  std::vector<Edit> edits;
  for (size_t i = 0; i < kEdits.size(); ++i) {
    if ((choice >> i & 1) != 0) edits.push_back(kEdits[i]);
  }
  for (const Strictness strictness : {Strictness::kRequest, Strictness::kResponse}) {
    std::vector<MemberSpan> spans;
    DecodeOptions options;
    options.strictness = strictness;
    options.max_depth = kDepth;
    options.spans = &spans;
    test::Chat message;
    DecodeError error;
    if (!Decode(plan, text, options, &message, &error)) continue;
    GatherList pieces;
    Splice(text, spans, edits, plan, &pieces);
    std::string spliced;
    for (const std::string_view piece : pieces) spliced.append(piece);
    Check(ApplyEdits(plan, edits, &message, &error), error.ToString().c_str(), text);
    test::Chat from_splice;
    options.spans = nullptr;
    Check(Decode(plan, spliced, options, &from_splice, &error), error.ToString().c_str(), spliced);
    const std::string applied = EncodeBothWays(plan, message, {});
    const json left = json::parse(EncodeBothWays(plan, from_splice, {}), nullptr, false);
    const json right = json::parse(applied, nullptr, false);
    Check(left.is_discarded() == right.is_discarded() && (left.is_discarded() || left == right),
          "spliced and applied differ", spliced + "\n" + applied);
  }
}

}  // namespace
}  // namespace portolan::codec

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace portolan::codec;
  if (size < 2) return 0;
  const pb::Descriptor* types[] = {test::Chat::descriptor(), test::Everything::descriptor(),
                                   test::Input::descriptor()};
  const MessagePlan& plan = *TheCodec().Find(types[data[0] % 3]);
  const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
  CompareWithOracle(text);
  CheckDecoding(plan, text, Strictness::kRequest);
  CheckDecoding(plan, text, Strictness::kResponse);
  CheckFidelity(plan, text);
  CheckFromWire(plan, text);
  CheckSplice(*TheCodec().Find(test::Chat::descriptor()), text, data[1]);
  return 0;
}
