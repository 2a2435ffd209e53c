#include "server/upstream/address_policy.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <cstring>

#include "tests/unit/base/address_rules.h"

namespace portolan::upstream {
namespace {

net::SocketAddress Address(const std::string& ip) {
  net::SocketAddress address;
  sockaddr_in four{};
  sockaddr_in6 six{};
  if (inet_pton(AF_INET, ip.c_str(), &four.sin_addr) == 1) {
    four.sin_family = AF_INET;
    std::memcpy(&address.storage, &four, sizeof(four));
    address.length = sizeof(four);
  } else {
    EXPECT_EQ(inet_pton(AF_INET6, ip.c_str(), &six.sin6_addr), 1) << ip;
    six.sin6_family = AF_INET6;
    std::memcpy(&address.storage, &six, sizeof(six));
    address.length = sizeof(six);
  }
  return address;
}

TEST(AddressPolicy, TakesPublicAddresses) {
  const AddressPolicy policy = MakeAddressPolicy(false, {});
  for (const char* ip :
       {"1.1.1.1",          "8.8.8.8",         "9.255.255.255",   "11.0.0.0",          "100.63.255.255",
        "100.128.0.0",      "126.255.255.255", "128.0.0.0",       "169.253.255.255",   "169.255.0.0",
        "172.15.255.255",   "172.32.0.0",      "192.167.255.255", "192.169.0.0",       "198.17.255.255",
        "198.20.0.0",       "223.255.255.255", "2606:4700::1111", "2a00:1450:4001::1", "::ffff:8.8.8.8",
        "64:ff9b::808:808", "2002:808:808::1"}) {
    EXPECT_TRUE(policy("h.example", Address(ip))) << ip;
  }
}

TEST(AddressPolicy, RefusesEverythingElse) {
  const AddressPolicy policy = MakeAddressPolicy(false, {});
  for (const char* ip : {
           "0.0.0.0",
           "0.1.2.3",
           "10.0.0.0",
           "10.255.255.255",
           "100.64.0.0",
           "100.127.255.255",
           "100.100.100.200",
           "127.0.0.1",
           "127.255.255.255",
           "169.254.0.1",
           "169.254.169.254",
           "172.16.0.0",
           "172.31.255.255",
           "192.0.0.192",
           "192.0.2.1",
           "192.168.0.0",
           "192.168.255.255",
           "198.18.0.0",
           "198.19.255.255",
           "198.51.100.7",
           "203.0.113.7",
           "168.63.129.16",
           "224.0.0.1",
           "239.255.255.255",
           "240.0.0.1",
           "255.255.255.255",
           // IPv6: unspecified, loopback, unique local, link-local, site-local, multicast, documentation,
           // discard, Teredo.
           "::",
           "::1",
           "fc00::1",
           "fdff::1",
           "fd00:ec2::254",
           "fe80::1",
           "febf::1",
           "fec0::1",
           "ff02::1",
           "2001:db8::1",
           "100::1",
           "2001::1",
           "3fff::1",
           // IPv4 in IPv6 clothes: mapped, compatible, NAT64, local NAT64, 6to4.
           "::ffff:127.0.0.1",
           "::ffff:10.0.0.1",
           "::ffff:169.254.169.254",
           "::127.0.0.1",
           "::10.0.0.1",
           "64:ff9b::7f00:1",
           "64:ff9b::a00:1",
           "64:ff9b::a9fe:a9fe",
           "64:ff9b:1::808:808",
           "2002:7f00:1::",
           "2002:a00:1::1",
           "2002:a9fe:a9fe::",
       }) {
    EXPECT_FALSE(policy("h.example", Address(ip))) << ip;
  }
  EXPECT_FALSE(policy("h.example", net::SocketAddress())) << "no address at all";
}

TEST(AddressPolicy, LoopbackIsAllowedOnRequestAndNothingElseWithIt) {
  const AddressPolicy policy = MakeAddressPolicy(true, {});
  EXPECT_TRUE(policy("localhost", Address("127.0.0.1")));
  EXPECT_TRUE(policy("localhost", Address("127.9.9.9")));
  EXPECT_TRUE(policy("localhost", Address("::1")));
  EXPECT_TRUE(policy("localhost", Address("::ffff:127.0.0.1")));
  EXPECT_FALSE(policy("localhost", Address("10.0.0.1")));
  EXPECT_FALSE(policy("localhost", Address("0.0.0.0")));
  EXPECT_FALSE(policy("localhost", Address("169.254.169.254")));
}

TEST(AddressPolicy, NetworksAreAllowedByName) {
  const AddressPolicy policy =
      MakeAddressPolicy(false, Rules({"10.1.0.0/16", "192.168.7.9", "fd12::/16", "169.254.169.254"}));
  EXPECT_TRUE(policy("x", Address("10.1.255.1")));
  EXPECT_FALSE(policy("x", Address("10.2.0.0")));
  EXPECT_TRUE(policy("x", Address("192.168.7.9")));
  EXPECT_FALSE(policy("x", Address("192.168.7.8")));
  EXPECT_TRUE(policy("x", Address("::ffff:10.1.0.1")));
  EXPECT_TRUE(policy("x", Address("fd12::5")));
  EXPECT_FALSE(policy("x", Address("fd13::5")));
  EXPECT_TRUE(policy("x", Address("169.254.169.254")));
  EXPECT_FALSE(policy("x", Address("169.254.169.253")));
}

TEST(AddressPolicy, HostNamesAreAllowedBySuffixOrWhole) {
  const AddressPolicy policy = MakeAddressPolicy(false, Rules({".Internal", "llm.corp.example"}));
  EXPECT_TRUE(policy("a.internal", Address("10.0.0.1")));
  EXPECT_TRUE(policy("a.b.internal", Address("127.0.0.1")));
  EXPECT_FALSE(policy("internal", Address("10.0.0.1")));
  EXPECT_FALSE(policy("xinternal", Address("10.0.0.1")));
  EXPECT_FALSE(policy("a.internal.evil.example", Address("10.0.0.1")));
  EXPECT_TRUE(policy("llm.corp.example", Address("192.168.0.1")));
  EXPECT_FALSE(policy("x.llm.corp.example", Address("192.168.0.1")));
  EXPECT_FALSE(policy("evilllm.corp.example", Address("192.168.0.1")));
}

TEST(AddressPolicy, ANameNeverOpensMetadata) {
  const AddressPolicy policy = MakeAddressPolicy(true, Rules({".internal"}));
  for (const char* ip :
       {"169.254.169.254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "fe80::1", "fd00:ec2::254",
        "100.100.100.200", "168.63.129.16", "192.0.0.192", "fd20:ce::254"}) {
    EXPECT_FALSE(policy("metadata.google.internal", Address(ip))) << ip;
  }
}

TEST(AddressRule, SaysWhatIsWrong) {
  for (const char* entry : {"10.0.0.0/33", "10.0.0/8", "300.1.1.1", "10.0.0.0/", "10.0.0.0/x", "::/129", "",
                            ".", "..a", "a b", "*", "*.internal", "http://h", "h:80"}) {
    std::string problem;
    EXPECT_FALSE(AddressRule::Parse(entry, &problem)) << entry;
    EXPECT_NE(problem, "") << entry;
  }
  for (const char* entry :
       {"10.0.0.0/8", "10.0.0.1", "::/0", "fd00::/8", ".internal", "llm", "a.b-c_d.example"}) {
    std::string problem;
    EXPECT_TRUE(AddressRule::Parse(entry, &problem)) << entry << ": " << problem;
  }
}

}  // namespace
}  // namespace portolan::upstream
