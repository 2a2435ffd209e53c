#pragma once

#include <string>

namespace portolan::net {

// Where the certificate authorities that this system trusts are, as OpenSSL looks for them: a file, or a
// folder that is not empty; SSL_CERT_FILE and SSL_CERT_DIR say otherwise. "" if there are none, as in a
// container image without the package of them.
std::string SystemAuthorities();

}  // namespace portolan::net
