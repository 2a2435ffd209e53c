#include "server/routing/condition.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>
#include <variant>
#include <vector>

#include "server/codec/json_reader.h"
#include "server/codec/number.h"

namespace portolan::routing {
namespace {

using codec::JsonReader;
using codec::JsonType;

constexpr size_t kMaxPatternBytes = 1024;
constexpr int64_t kMaxPatternMemory = 1 << 20;

// A JSON value as queries see it. Arrays and objects are equal to nothing.
struct Value {
  JsonType type = JsonType::kInvalid;  // kInvalid: there is none
  std::string text;                    // of a string, unescaped; of anything else as it is spelt
  double number = NAN;
};

// What is too large is infinite, as in JavaScript.
double RealOf(std::string_view number) {
  double value = 0;
  if (codec::ParseReal(number, &value) == codec::NumberError::kNone) return value;
  return number.starts_with('-') ? -INFINITY : INFINITY;
}

Value ReadValue(JsonReader& reader) {
  Value value{reader.Peek(), {}, NAN};
  std::string scratch;
  std::string_view text;
  if (value.type == JsonType::kString) {
    if (reader.ReadString(&text, &scratch, codec::LoneSurrogate::kReplace)) value.text = text;
  } else if (reader.Skip(&text)) {
    value.text = text;
    if (value.type == JsonType::kNumber) value.number = RealOf(text);
  }
  if (reader.failed()) value.type = JsonType::kInvalid;
  return value;
}

// As JavaScript's ===.
bool Equal(const Value& a, const Value& b) {
  if (a.type != b.type) return false;
  switch (a.type) {
    case JsonType::kNumber:
      // Integers beyond a double's are told apart by their spelling.
      return a.number == b.number && (std::abs(a.number) < 0x1p53 || a.text == b.text);
    case JsonType::kString:
    case JsonType::kBool:
    case JsonType::kNull:
      return a.text == b.text;
    default:
      return false;
  }
}

// As JavaScript's parseFloat: the number that a text begins with.
double NumberOf(const Value& value) {
  if (value.type == JsonType::kNumber) return value.number;
  if (value.type != JsonType::kString) return NAN;
  std::string_view text = value.text;
  while (!text.empty() && (text[0] == ' ' || (text[0] >= '\t' && text[0] <= '\r'))) text.remove_prefix(1);
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  double number = NAN;
  if (text.starts_with("Infinity")) {
    number = INFINITY;
  } else if (text.starts_with('.') || (!text.empty() && text[0] >= '0' && text[0] <= '9')) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc::result_out_of_range) {
      number = RealOf(text.substr(0, static_cast<size_t>(end - text.data())));
    }
  }
  return negative ? -number : number;
}

enum class Source { kMetadata, kParams, kPathname };

// Metadata come unchecked: a text that is broken behind what is looked for is no object either.
bool IsObject(std::string_view json) {
  JsonReader reader(json);
  return reader.Peek() == JsonType::kObject && reader.Skip() && reader.AtEnd();
}

// What `metadata.a.b` names, looked for in the text each time.
struct Field {
  Source source = Source::kPathname;
  std::vector<std::string> path;

  Value Find(const ConditionFacts& facts) const {
    if (source == Source::kPathname) return {JsonType::kString, std::string(facts.pathname), NAN};
    if (source == Source::kMetadata && !IsObject(facts.metadata)) return {};
    JsonReader reader(source == Source::kMetadata ? facts.metadata : facts.params);
    for (const std::string& name : path) {
      if (!Step(reader, name)) return {};
    }
    return ReadValue(reader);
  }

 private:
  // To the value of the member, or the element of that number.
  static bool Step(JsonReader& reader, const std::string& name) {
    const JsonType type = reader.Peek();
    if (type == JsonType::kObject) {
      reader.EnterObject();
      std::string scratch;
      for (std::string_view member; reader.NextMember(&member, &scratch); reader.Skip()) {
        if (member == name) return true;
      }
    } else if (type == JsonType::kArray) {
      size_t index = 0;
      const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), index);
      if (error != std::errc() || end != name.data() + name.size()) return false;
      reader.EnterArray();
      for (; reader.NextElement(); reader.Skip()) {
        if (index-- == 0) return true;
      }
    }
    return false;
  }
};

enum class Op { kEq, kNe, kGt, kGte, kLt, kLte, kIn, kNin, kRegex, kExists };

struct Operator {
  std::string_view name;
  Op op;
};
constexpr std::array<Operator, 10> kOperators = {{{"$eq", Op::kEq},
                                                  {"$ne", Op::kNe},
                                                  {"$gt", Op::kGt},
                                                  {"$gte", Op::kGte},
                                                  {"$lt", Op::kLt},
                                                  {"$lte", Op::kLte},
                                                  {"$in", Op::kIn},
                                                  {"$nin", Op::kNin},
                                                  {"$regex", Op::kRegex},
                                                  {"$exists", Op::kExists}}};

struct Test {
  Field field;
  Op op = Op::kEq;
  Value operand;
  std::vector<Value> list;           // kIn, kNin
  std::unique_ptr<const RE2> regex;  // kRegex

  bool Holds(const ConditionFacts& facts) const {
    const Value value = field.Find(facts);
    switch (op) {
      case Op::kEq:
        return Equal(value, operand);
      case Op::kNe:
        return !Equal(value, operand);
      case Op::kGt:
        return NumberOf(value) > NumberOf(operand);
      case Op::kGte:
        return NumberOf(value) >= NumberOf(operand);
      case Op::kLt:
        return NumberOf(value) < NumberOf(operand);
      case Op::kLte:
        return NumberOf(value) <= NumberOf(operand);
      case Op::kIn:
      case Op::kNin:
        return std::any_of(list.begin(), list.end(), [&](const Value& one) { return Equal(value, one); }) ==
               (op == Op::kIn);
      case Op::kRegex:
        return value.type != JsonType::kInvalid && RE2::PartialMatch(value.text, *regex);
      case Op::kExists:
        return (value.type != JsonType::kInvalid) == (operand.text == "true");
    }
    return false;
  }
};

enum class Join { kAll, kAny, kNone };

}  // namespace

struct Condition::Node {
  Join join = Join::kAll;
  std::vector<std::unique_ptr<const Node>> nodes;
  std::vector<Test> tests;

  bool Matches(const ConditionFacts& facts) const {
    const auto test = [&](const Test& one) { return one.Holds(facts); };
    const auto node = [&](const std::unique_ptr<const Node>& one) { return one->Matches(facts); };
    if (join == Join::kAll) {
      return std::all_of(tests.begin(), tests.end(), test) && std::all_of(nodes.begin(), nodes.end(), node);
    }
    const bool any =
        std::any_of(tests.begin(), tests.end(), test) || std::any_of(nodes.begin(), nodes.end(), node);
    return any == (join == Join::kAny);
  }

  bool ReadsParams() const {
    return std::any_of(tests.begin(), tests.end(),
                       [](const Test& test) { return test.field.source == Source::kParams; }) ||
           std::any_of(nodes.begin(), nodes.end(), [](const auto& node) { return node->ReadsParams(); });
  }

  // Reads queries; the first problem ends it.
  class Compiler {
   public:
    explicit Compiler(std::string* problem) : problem_(*problem) {}

    // An object whose members must all match.
    std::unique_ptr<Node> Query(JsonReader& reader) {
      if (!Expect(reader, JsonType::kObject, "a query")) return nullptr;
      auto all = std::make_unique<Node>();
      reader.EnterObject();
      std::string scratch;
      for (std::string_view name; reader.NextMember(&name, &scratch);) {
        if (!Member(std::string(name), reader, all.get())) return nullptr;
      }
      if (!reader.failed()) return all;
      Fail(reader.problem());
      return nullptr;
    }

   private:
    bool Fail(std::string problem) {
      if (problem_.empty()) problem_ = std::move(problem);
      return false;
    }

    bool Expect(JsonReader& reader, JsonType type, const std::string& what) {
      const JsonType found = reader.Peek();
      if (found != type) {
        Fail(what + " must be " + std::string(Describe(type)) + ", got " + std::string(Describe(found)));
      }
      return found == type;
    }

    bool Member(const std::string& name, JsonReader& reader, Node* all) {
      if (name == "$and" || name == "$or") return Queries(name, reader, all);
      if (name == "$not") return Negated(Query(reader), all);
      std::optional<Field> field = FieldOf(name);
      if (!field) return false;
      if (reader.Peek() == JsonType::kObject) return Operators(*field, reader, all);
      return Add(*field, Op::kEq, "the value of " + name, reader, all);
    }

    bool Queries(const std::string& name, JsonReader& reader, Node* all) {
      if (!Expect(reader, JsonType::kArray, name)) return false;
      auto group = std::make_unique<Node>();
      group->join = name == "$or" ? Join::kAny : Join::kAll;
      reader.EnterArray();
      while (reader.NextElement()) {
        auto query = Query(reader);
        if (query == nullptr) return false;
        group->nodes.push_back(std::move(query));
      }
      all->nodes.push_back(std::move(group));
      return !reader.failed();
    }

    bool Negated(std::unique_ptr<Node> query, Node* all) {
      if (query == nullptr) return false;
      auto none = std::make_unique<Node>();
      none->join = Join::kNone;
      none->nodes.push_back(std::move(query));
      all->nodes.push_back(std::move(none));
      return true;
    }

    std::optional<Field> FieldOf(const std::string& name) {
      Field field;
      if (name == "url.pathname") return field;
      const size_t dot = name.find('.');
      const std::string_view source = std::string_view(name).substr(0, dot);
      const bool known = source == "metadata" || source == "params";
      if (name.starts_with('$')) {
        Fail("\"" + name + "\" is no operator");
        return std::nullopt;
      }
      if (!known || dot == std::string::npos) {
        Fail("\"" + name + "\" must begin with metadata. or params., or be url.pathname");
        return std::nullopt;
      }
      field.source = source == "metadata" ? Source::kMetadata : Source::kParams;
      for (size_t begin = dot + 1;;) {
        const size_t end = name.find('.', begin);
        field.path.push_back(name.substr(begin, end - begin));
        if (end == std::string::npos) break;
        begin = end + 1;
      }
      return field;
    }

    // {"$gt": 1, "$lt": 5}: all of them.
    bool Operators(const Field& field, JsonReader& reader, Node* all) {
      reader.EnterObject();
      std::string scratch;
      for (std::string_view member; reader.NextMember(&member, &scratch);) {
        const std::string name(member);
        if (name == "$not") {
          if (!Expect(reader, JsonType::kObject, "$not")) return false;
          auto inner = std::make_unique<Node>();
          if (!Operators(field, reader, inner.get()) || !Negated(std::move(inner), all)) return false;
          continue;
        }
        const auto* found = std::find_if(kOperators.begin(), kOperators.end(),
                                         [&](const Operator& one) { return one.name == name; });
        if (found == kOperators.end()) {
          Fail("\"" + name + "\" is no operator");
          return false;
        }
        if (!Add(field, found->op, name, reader, all)) return false;
      }
      return !reader.failed();
    }

    bool Add(const Field& field, Op op, const std::string& what, JsonReader& reader, Node* all) {
      Test test{field, op, {}, {}, nullptr};
      if (op == Op::kIn || op == Op::kNin) {
        if (!Expect(reader, JsonType::kArray, what)) return false;
        reader.EnterArray();
        while (reader.NextElement()) test.list.push_back(ReadValue(reader));
      } else {
        if (op == Op::kRegex && !Expect(reader, JsonType::kString, what)) return false;
        if (op == Op::kExists && !Expect(reader, JsonType::kBool, what)) return false;
        test.operand = ReadValue(reader);
        const bool container =
            test.operand.type == JsonType::kArray || test.operand.type == JsonType::kObject;
        if (container) return Fail(what + " must be a string, a number, a boolean or null");
      }
      if (op == Op::kRegex && !CompileRegex(&test)) return false;
      all->tests.push_back(std::move(test));
      return !reader.failed();
    }

    bool CompileRegex(Test* test) {
      if (test->operand.text.size() > kMaxPatternBytes) {
        return Fail("the pattern of $regex is longer than 1024 bytes");
      }
      RE2::Options options(RE2::Quiet);
      options.set_max_mem(kMaxPatternMemory);
      test->regex = std::make_unique<const RE2>(test->operand.text, options);
      if (!test->regex->ok()) return Fail("the pattern of $regex: " + test->regex->error());
      return true;
    }

    std::string& problem_;
  };
};

Condition::Condition(std::unique_ptr<const Node> root) : root_(std::move(root)) {}
Condition::Condition(Condition&&) noexcept = default;
Condition& Condition::operator=(Condition&&) noexcept = default;
Condition::~Condition() = default;

std::optional<Condition> Condition::Compile(std::string_view json, std::string* problem) {
  problem->clear();
  JsonReader reader(json);
  auto root = Node::Compiler(problem).Query(reader);
  if (root == nullptr) return std::nullopt;
  return Condition(std::move(root));
}

bool Condition::Matches(const ConditionFacts& facts) const { return root_->Matches(facts); }
bool Condition::reads_params() const { return root_->ReadsParams(); }

}  // namespace portolan::routing
