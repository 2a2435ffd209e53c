#pragma once

// A row of the table of providers that speak OpenAI's dialect. To add a provider, add its row where it
// belongs by its name, its line in tests/unit/providers/rows_table.cc, and make docs/providers.md anew (it
// says how). Sources that many rows name, as they were in November 2026: LiteLLM 1.106.2 (PyPI), models.dev
// (the registry as of npm's @mastra/core 1.71.0), Portkey (Portkey-AI/gateway at 669825cb,
// src/providers/NAME/api.ts), catwalk (charmbracelet/catwalk at 64dad50), huggingface.js at fe42e6801,
// pydantic-ai at 4fda38988, vercel-ai (vercel/ai at ed857f50f1), neurolink (juspay/neurolink), maruel/genai
// at 66b63e62.

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

#include "providers/auth.h"
#include "providers/body_rule.h"
#include "providers/dialect.h"
#include "providers/url_part.h"

namespace portolan::providers {

// A list that is part of a row. Literal. One that has too many elements does not build.
template <typename T, size_t kMost>
class RowList {
 public:
  constexpr RowList() = default;
  constexpr RowList(std::initializer_list<T> elements) {
    for (const T& element : elements) elements_.at(size_++) = element;
  }
  constexpr const T* begin() const { return elements_.data(); }
  constexpr const T* end() const { return elements_.data() + size_; }
  constexpr size_t size() const { return size_; }

 private:
  std::array<T, kMost> elements_{};
  size_t size_ = 0;
};

// What a provider has of the operations, to be added up.
inline constexpr uint8_t kChat = 1;
inline constexpr uint8_t kCompletions = 2;
inline constexpr uint8_t kEmbeddings = 4;
inline constexpr uint8_t kModels = 8;
inline constexpr uint8_t kReranks = 16;
inline constexpr uint8_t kNoneTyped = 0;  // what it has can only be relayed

// A setting of the provider besides its key: ProviderOption.
struct RowOption {
  std::string_view name = {};
  std::string_view header = {};
  std::string_view variable = {};
  std::string_view fallback = {};
  UrlPart part = {};
};

// An operation that does not lie where OpenAI has it. Appended to the base URL; see Form::path.
struct RowPath {
  std::string_view operation = {};
  std::string_view path = {};
};

// An operation that it says in a form of another dialect: Provider::own_forms.
struct RowForm {
  const Dialect& (*dialect)() = nullptr;
  std::string_view operation = {};
  std::string_view style = {};    // see Form::style
  std::string_view without = {};  // see Form::without; empty: as the form has it
  std::string_view path = {};     // see Form::path; empty: as the form has it
  // The operation lies at a host of its own. Empty: where all else of the provider lies.
  std::string_view base_url = {};
};

struct Row {
  std::string_view name = {};
  RowList<std::string_view, 4> aliases = {};  // what else it is called: only to say what was meant
  std::string_view title = {};
  std::string_view base_url = {};
  // What a custom host must end in: it is appended to those that do not. Empty: a host is taken as it is.
  std::string_view host_version = {};
  RowList<std::string_view, 4> variables = {};  // that may hold its key
  const Auth& (*auth)() = BearerAuth;
  bool needs_no_key = false;
  // The base URL is this machine's own: it is called only where a caller who names that host might call it.
  bool local = false;
  uint8_t operations = kChat;
  RowList<std::string_view, 4> objects = {};  // of OpenAI's API that it keeps: see ObjectFamily
  RowList<RowPath, 3> paths = {};
  // Of two for one operation the first is for base_url, the other for servers elsewhere.
  RowList<RowForm, 2> forms = {};
  // How many texts it embeds at once, where it is known: more are sent in parts. 0: as many as there are.
  uint16_t most_texts = 0;
  RowList<RowOption, 2> options = {};
  RowList<BodyRule, 10> rules = {};
  // Its streams tell their tokens if `stream_options` asks for them, and it is known to take that member.
  // False where that is not known, where usage comes unasked, and where the member is refused.
  bool takes_stream_options = false;
  // Its streams end in a chunk that has their tokens and no choices, asked or not: those who have not asked
  // are not shown it.
  bool usage_unasked = false;
  // The output that its usage tells lacks the tokens of reasoning.
  bool usage_excludes_reasoning = false;
  // Where the facts come from, and when they were looked up (`2026-11`).
  std::string_view source = {};
  std::string_view checked = {};
};

// For a static_assert beside each table.
constexpr bool AllComplete(std::span<const Row> rows) {
  for (const Row& row : rows) {
    if (row.name.empty() || row.title.empty() || row.base_url.empty() || row.base_url.back() == '/')
      return false;
    if (row.source.empty() || row.checked.size() != 7 || row.checked[4] != '-') return false;
  }
  return true;
}

// In the order of their names.
constexpr bool AllInOrder(std::span<const Row> rows) {
  for (size_t i = 1; i < rows.size(); ++i) {
    if (rows[i - 1].name >= rows[i].name) return false;
  }
  return true;
}

// The rows, by the first character of their names.
std::span<const Row> RowsToC();
std::span<const Row> RowsDToH();
std::span<const Row> RowsIToN();
std::span<const Row> RowsOToS();
std::span<const Row> RowsTToZ();

}  // namespace portolan::providers
