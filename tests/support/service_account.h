#pragma once

// A service account of Google Cloud as a test has it, and the server that knows it; shares nothing with the
// product. Its key is the one of RFC 7515, appendix A.2, which everybody knows.

#include <string>

namespace portolan::test {

// In PEM, PKCS #8.
extern const char kServiceAccountKey[];

// The file that Google gives out for one. `token_uri` empty: it names none.
std::string ServiceAccountJson(const std::string& token_uri, const std::string& project = "example-project");

// What an endpoint that knows the account finds wrong with the body of a token request (RFC 7523); empty:
// nothing. `audience` is the endpoint's own address.
std::string WrongWithAssertion(const std::string& body, const std::string& audience);

// The value of a parameter of a form, its percent-encoding undone; empty if it is absent.
std::string FormValue(const std::string& form, const std::string& name);

}  // namespace portolan::test
