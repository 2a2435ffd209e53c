#include "server/guardrails/uri.h"

#include <cstddef>

#include "server/base/text.h"

namespace portolan::guardrails {
namespace {

// The parts of RFC 3986, section 3, without the fragment. Scheme with its `:`, authority with its `//`, query
// with its `?`.
struct Uri {
  std::string_view scheme;
  std::string_view authority;
  std::string_view path;
  std::string_view query;
};

size_t SchemeLength(std::string_view text) {
  if (text.empty() || !IsLetter(text[0])) return 0;
  for (size_t i = 1; i < text.size(); ++i) {
    if (text[i] == ':') return i + 1;
    if (!IsLetterOrDigit(text[i]) && text[i] != '+' && text[i] != '-' && text[i] != '.') return 0;
  }
  return 0;
}

std::string_view Take(std::string_view* text, size_t length) {
  const std::string_view part = text->substr(0, length);
  text->remove_prefix(part.size());
  return part;
}

Uri Split(std::string_view text) {
  Uri uri;
  uri.scheme = Take(&text, SchemeLength(text));
  if (text.starts_with("//")) uri.authority = Take(&text, text.find_first_of("/?", 2));
  uri.path = Take(&text, text.find('?'));
  uri.query = text;
  return uri;
}

// Section 5.2.4.
std::string RemoveDots(std::string_view path) {
  std::string out;
  while (!path.empty()) {
    if (path.starts_with("../")) {
      path.remove_prefix(3);
    } else if (path.starts_with("./") || path.starts_with("/./")) {
      path.remove_prefix(2);
    } else if (path == "/.") {
      path = "/";
    } else if (path.starts_with("/../") || path == "/..") {
      path = path.size() == 3 ? "/" : path.substr(3);
      const size_t slash = out.rfind('/');
      out.resize(slash == std::string::npos ? 0 : slash);
    } else if (path == "." || path == "..") {
      path = {};
    } else {
      out.append(Take(&path, path.find('/', 1)));
    }
  }
  return out;
}

std::string Merge(const Uri& base, std::string_view path) {
  if (!base.authority.empty() && base.path.empty()) return "/" + std::string(path);
  const size_t slash = base.path.rfind('/');
  return std::string(base.path.substr(0, slash == std::string_view::npos ? 0 : slash + 1)) +
         std::string(path);
}

}  // namespace

std::string ResolveUri(std::string_view base_text, std::string_view reference) {
  const Uri base = Split(base_text);
  const Uri uri = Split(reference);
  std::string out(uri.scheme.empty() ? base.scheme : uri.scheme);
  if (!uri.scheme.empty() || !uri.authority.empty()) {
    // `urn:a:b` has a path without a slash, in which dots are dots.
    out.append(uri.authority);
    out.append(uri.path.starts_with('/') ? RemoveDots(uri.path) : std::string(uri.path));
    return out.append(uri.query);
  }
  out.append(base.authority);
  if (uri.path.empty()) return out.append(base.path).append(uri.query.empty() ? base.query : uri.query);
  out.append(RemoveDots(uri.path.starts_with('/') ? std::string(uri.path) : Merge(base, uri.path)));
  return out.append(uri.query);
}

}  // namespace portolan::guardrails
