#include "server/transcode/path_template.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "server/base/text.h"

namespace portolan::transcode {
namespace {

bool IsAlpha(char c) { return IsLetter(c) || c == '_'; }

// What a literal segment may hold: RFC 3986 pchar without `:` and `*`, which the grammar uses.
bool IsLiteralChar(char c) {
  return IsAlpha(c) || IsDigit(c) || std::string_view("-.~!$&'()+,;=@%").find(c) != std::string_view::npos;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  absl::StatusOr<PathTemplate> Parse() {
    if (!Take('/')) return Fail("a path template starts with `/`");
    if (!Segments()) return Fail(problem_);
    if (Take(':')) {
      result_.verb = Literal();
      if (result_.verb.empty()) return Fail("a verb is missing after `:`");
    }
    if (at_ != text_.size()) return Fail("unexpected character");
    return std::move(result_);
  }

 private:
  using Kind = PathTemplate::Kind;

  absl::Status Fail(std::string_view problem) const {
    return absl::InvalidArgumentError(std::string(text_) + ": " + std::string(problem) + " at offset " +
                                      std::to_string(at_));
  }

  bool Problem(const char* problem) {
    problem_ = problem;
    return false;
  }

  bool Take(char c) {
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  std::string Literal() {
    size_t begin = at_;
    while (at_ < text_.size() && IsLiteralChar(text_[at_])) ++at_;
    return std::string(text_.substr(begin, at_ - begin));
  }

  // Segment { "/" Segment }
  bool Segments() {
    do {
      if (!Segment()) return false;
    } while (Take('/'));
    return true;
  }

  bool Segment() {
    if (result_.HasRest()) return Problem("nothing may follow `**`");
    if (Take('{')) return Variable();
    if (Take('*')) return Add(Take('*') ? Kind::kRest : Kind::kOne, {});
    std::string literal = Literal();
    if (literal.empty()) return Problem("a segment is missing");
    return Add(Kind::kLiteral, std::move(literal));
  }

  bool Add(Kind kind, std::string literal) {
    if (result_.segments.size() == PathTemplate::kMaxSegments) return Problem("too many segments");
    result_.segments.push_back({kind, std::move(literal)});
    return true;
  }

  // FieldPath [ "=" Segments ] "}", after the brace
  bool Variable() {
    if (in_variable_) return Problem("a variable stands within a variable");
    if (result_.variables.size() == PathTemplate::kMaxVariables) return Problem("too many variables");
    PathTemplate::Variable variable;
    variable.begin = result_.segments.size();
    if (!FieldPath(&variable.field_path)) return false;
    in_variable_ = true;
    if (Take('=') ? !Segments() : !Add(Kind::kOne, {})) return false;
    in_variable_ = false;
    if (!Take('}')) return Problem("expected `}`");
    variable.end = result_.segments.size();
    for (const auto& other : result_.variables) {
      if (other.field_path == variable.field_path) return Problem("a field is bound twice");
    }
    result_.variables.push_back(std::move(variable));
    return true;
  }

  // IDENT { "." IDENT }
  bool FieldPath(std::string* path) {
    do {
      if (!path->empty()) *path += '.';
      if (at_ == text_.size() || !IsAlpha(text_[at_])) return Problem("expected the name of a field");
      while (at_ < text_.size() && (IsAlpha(text_[at_]) || IsDigit(text_[at_]))) *path += text_[at_++];
    } while (Take('.'));
    return true;
  }

  std::string_view text_;
  size_t at_ = 0;
  bool in_variable_ = false;
  const char* problem_ = "";
  PathTemplate result_;
};

}  // namespace

bool PathTemplate::IsLiteral() const {
  return std::all_of(segments.begin(), segments.end(),
                     [](const Segment& s) { return s.kind == Kind::kLiteral; });
}

bool PathTemplate::HasRest() const { return !segments.empty() && segments.back().kind == Kind::kRest; }

absl::StatusOr<PathTemplate> ParsePathTemplate(std::string_view text) { return Parser(text).Parse(); }

}  // namespace portolan::transcode
