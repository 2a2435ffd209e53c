// The connection itself: opening it, TLS, and what ends it before an answer.

#include "tests/faults/fault.h"

namespace portolan::faults {

using test::Script;

std::vector<Fault> ConnectionFaults() {
  const std::string group = "The connection";
  const auto both = [&](std::string name, Outcome outcome) {
    Fault fault{group, std::move(name), outcome, outcome, GoodAnswer, outcome};
    return fault;
  };
  std::vector<Fault> faults;

  Fault fault = both("refuses the connection", BadGateway("upstream_connection_refused"));
  fault.answer = nullptr;
  faults.push_back(fault);

  const auto tls_only = [&](std::string name, Outcome outcome) {
    Fault made = both(std::move(name), std::move(outcome));
    made.tcp = false;
    return made;
  };
  fault = tls_only("has a certificate that is expired", BadGateway("upstream_tls_failed"));
  fault.certificate = Fault::Certificate::kExpired;
  faults.push_back(fault);
  fault = tls_only("has a certificate for another name", BadGateway("upstream_tls_failed"));
  fault.certificate = Fault::Certificate::kOtherName;
  faults.push_back(fault);
  fault = tls_only("has a certificate of an unknown authority", BadGateway("upstream_tls_failed"));
  fault.certificate = Fault::Certificate::kUnknownAuthority;
  faults.push_back(fault);

  fault = both("resets the connection as soon as it is open", BadGateway("upstream_reset"));
  fault.unary.or_code = fault.stream.or_code = fault.relayed.or_code = "upstream_connection_failed";
  fault.on_connect = [](const Setting&) { return Script().Reset(); };
  faults.push_back(fault);
  fault = both("closes the connection as soon as it is open", BadGateway("upstream_reset"));
  fault.on_connect = [](const Setting&) { return Script().Close(); };
  faults.push_back(fault);
  fault = both("resets after the request's head", BadGateway("upstream_reset"));
  fault.on_head = [](const Setting&) { return Script().Reset(); };
  faults.push_back(fault);
  fault = both("closes after the request's head", BadGateway("upstream_reset"));
  fault.on_head = [](const Setting&) { return Script().Close(); };
  faults.push_back(fault);

  fault = both("resets instead of an answer", BadGateway("upstream_reset"));
  fault.answer = [](const Setting&) { return Script().Reset(); };
  faults.push_back(fault);
  fault = both("closes instead of an answer", BadGateway("upstream_reset"));
  fault.answer = [](const Setting&) { return Script().Close(); };
  faults.push_back(fault);
  fault = both("never answers", TooSlow("upstream_first_byte_timeout"));
  fault.answer = [](const Setting&) { return Script().Stall(); };
  faults.push_back(fault);
  return faults;
}

}  // namespace portolan::faults
