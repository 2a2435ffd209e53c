#include "metadata.h"

namespace portolan::internal {
namespace {

std::string Whole(grpc::string_ref text) { return {text.data(), text.size()}; }

bool IsBinary(std::string_view name) { return name.ends_with("-bin"); }

bool IsNameLetter(char letter) {
  return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') || letter == '-' ||
         letter == '_' || letter == '.';
}

}  // namespace

Headers Plain(const std::multimap<grpc::string_ref, grpc::string_ref>& metadata) {
  Headers merged;
  for (const auto& [key, value] : metadata) {
    const std::string name = Whole(key);
    if (IsBinary(name)) continue;
    const auto [entry, is_new] = merged.emplace(name, Whole(value));
    if (!is_new) entry->second.append(", ").append(value.data(), value.size());
  }
  return merged;
}

std::optional<Error> Unsendable(std::string_view name, std::string_view value) {
  Error error;
  error.error_class = ErrorClass::kCaller;
  error.code = "invalid_argument";
  error.status = grpc::StatusCode::INVALID_ARGUMENT;
  if (name.empty()) {
    error.message = "a header has no name";
    return error;
  }
  for (const char letter : name) {
    if (!IsNameLetter(letter)) {
      error.message.append("the header ")
          .append(name)
          .append(": its name may have letters, digits, '-', '_' and '.' alone");
      return error;
    }
  }
  if (IsBinary(name)) return std::nullopt;
  for (const char letter : value) {
    if (letter < ' ' || letter > '~') {
      error.message.append("the header ").append(name).append(": its value may have printable ASCII alone");
      return error;
    }
  }
  return std::nullopt;
}

}  // namespace portolan::internal
