#include "server/net/authorities.h"

#include <openssl/x509.h>

#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace portolan::net {

std::string SystemAuthorities() {
  const auto said = [](const char* variable, const char* otherwise) {
    const char* const value = std::getenv(variable);
    return std::string(value != nullptr ? value : otherwise);
  };
  const std::string file = said(X509_get_default_cert_file_env(), X509_get_default_cert_file());
  const std::string folder = said(X509_get_default_cert_dir_env(), X509_get_default_cert_dir());
  std::error_code ignored;
  if (std::filesystem::is_regular_file(file, ignored) && std::filesystem::file_size(file, ignored) > 0)
    return file;
  if (std::filesystem::is_directory(folder, ignored) && !std::filesystem::is_empty(folder, ignored))
    return folder;
  return "";
}

}  // namespace portolan::net
