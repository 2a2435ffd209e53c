// Queries of conditions from a hostile world. The input is a query, metadata, the request's body and its
// path, with a zero byte after each but the last. Properties: what is no query is named; $not inverts, and
// lists of one change nothing; another member never turns a mismatch into a match; a query that does not read
// the body does not depend on it; metadata that are no object are an empty one.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "server/codec/json_reader.h"
#include "server/routing/condition.h"

namespace {

using namespace portolan::routing;
using portolan::codec::JsonReader;
using portolan::codec::JsonType;

void Require(bool holds) {
  if (!holds) std::abort();
}

std::string_view TakePart(std::string_view* input) {
  const size_t end = input->find('\0');
  const std::string_view part = input->substr(0, end);
  input->remove_prefix(end == std::string_view::npos ? input->size() : end + 1);
  return part;
}

bool IsOneValue(std::string_view json, int max_depth) {
  JsonReader reader(json, max_depth);
  return reader.Skip() && reader.AtEnd();
}

bool IsObject(std::string_view json) {
  return JsonReader(json).Peek() == JsonType::kObject && IsOneValue(json, 128);
}

bool Matches(const std::string& query, const ConditionFacts& facts) {
  std::string problem;
  const std::optional<Condition> condition = Condition::Compile(query, &problem);
  Require(condition.has_value());
  return condition->Matches(facts);
}

// The query with one more member.
std::string WithMember(std::string_view query, const std::string& member) {
  std::string text(query.substr(0, query.rfind('}')));
  const bool empty = text.find_first_not_of(" \t\r\n{") == std::string::npos;
  return text + (empty ? "" : ",") + member + "}";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::string query(TakePart(&input));
  // As the decoder of configs leaves them.
  if (!IsOneValue(query, 96)) return 0;
  ConditionFacts facts;
  facts.metadata = TakePart(&input);
  facts.params = TakePart(&input);
  facts.pathname = input;

  std::string problem;
  const std::optional<Condition> condition = Condition::Compile(query, &problem);
  Require(condition.has_value() == problem.empty());
  if (!condition) return 0;
  const bool matches = condition->Matches(facts);

  Require(Matches("{\"$not\":" + query + "}", facts) != matches);
  Require(Matches("{\"$not\":{\"$not\":" + query + "}}", facts) == matches);
  Require(Matches("{\"$and\":[" + query + "]}", facts) == matches);
  Require(Matches("{\"$or\":[" + query + "," + query + "]}", facts) == matches);
  Require(!Matches("{\"$and\":[" + query + ",{\"$not\":" + query + "}]}", facts));
  Require(Matches("{\"$or\":[" + query + ",{\"$not\":" + query + "}]}", facts));

  for (const char* member : {R"("url.pathname":{"$exists":true})", R"("$and":[])"}) {
    Require(Matches(WithMember(query, member), facts) == matches);
  }
  for (const char* member : {R"("metadata.a":"b")", R"("params.a":{"$gt":1})", R"("$or":[])"}) {
    Require(matches || !Matches(WithMember(query, member), facts));
  }

  ConditionFacts other = facts;
  other.params = R"({"model":"another"})";
  Require(condition->reads_params() || condition->Matches(other) == matches);
  other = facts;
  other.metadata = "{}";
  Require(IsObject(facts.metadata) || condition->Matches(other) == matches);
  return 0;
}
