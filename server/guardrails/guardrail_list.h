#pragma once

// Lists of guardrails as configs, headers and the operator's file have them: guardrails in either form, and
// names of the operator's.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "server/guardrails/guardrail.h"

namespace portolan::guardrails {

// What the guardrails of a list are that do not say it themselves.
enum class ListKind : uint8_t { kGuardrails, kMutators };

// Who has written a list. The operator's guardrails tell callers nothing of what they found, unless they say
// `reveal`, and have a name, be it that of their place.
enum class ListOwner : uint8_t { kCaller, kOperator };

struct ListRules {
  ListKind kind = ListKind::kGuardrails;
  ListOwner owner = ListOwner::kCaller;
};

// What is noticed in lists besides. Lists that are read one after another add up.
struct ListNotes {
  std::vector<std::string> without_effect;  // paths of members: `deny` of guardrails that run beside the call
  size_t checks = 0;                        // in guardrails that are written out
};

// Reads a list, which is JSON. `path` is where it stands; `named` are the names that it may hold. An empty
// text and `null` are an empty list. False, with what is wrong in *problem, if it is no list, a guardrail
// makes no sense, or a name is nobody's.
bool ReadGuardrailList(std::string_view text, const std::string& path, ListRules rules,
                       const NamedGuardrails& named, GuardrailList* out, ListNotes* notes, Problem* problem);

// The same for a list that is JSON already.
bool ReadParsedList(const nlohmann::json& list, const std::string& path, ListRules rules,
                    const NamedGuardrails& named, GuardrailList* out, ListNotes* notes, Problem* problem);

// Reads one of the operator's guardrails, which may say `reveal` besides. nullptr with *problem likewise.
std::shared_ptr<const Guardrail> ReadNamedGuardrail(std::string name, const nlohmann::json& json,
                                                    const std::string& path, Problem* problem);

// Whether a list stands in `text`, be it an empty one.
bool HoldsList(std::string_view text);

// What a person calls the guardrail: its name in the operator's file, or its id; else empty.
std::string_view CalledName(const Guardrail& guardrail);

}  // namespace portolan::guardrails
