#pragma once

// Certificates that are made while a test runs, by OpenSSL's own functions.

#include <memory>
#include <string>
#include <vector>

namespace portolan::test {

// A certificate and its key as PEM texts, and in files that exist as long as their authority.
struct TestCertificate {
  std::string certificate_pem;
  std::string key_pem;
  std::string certificate_file;
  std::string key_file;
};

// A certificate authority (EC P-256), with a temporary folder for its files.
class TestAuthority {
 public:
  TestAuthority();
  ~TestAuthority();
  TestAuthority(const TestAuthority&) = delete;
  TestAuthority& operator=(const TestAuthority&) = delete;

  const std::string& ca_file() const;

  struct Wish {
    std::vector<std::string> names = {"localhost"};  // DNS names
    std::vector<std::string> addresses = {"127.0.0.1"};
    bool expired = false;
  };
  TestCertificate Issue(const Wish& wish) const;
  TestCertificate Good() const { return Issue(Wish()); }
  TestCertificate Expired() const { return Issue({{"localhost"}, {"127.0.0.1"}, true}); }
  TestCertificate OtherName() const { return Issue({{"other.example"}, {}, false}); }

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace portolan::test
