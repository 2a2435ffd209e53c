// The certificate while its files are being written.

#include "server/tls_keeper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <vector>

#include "server/telemetry/log_writer.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/net/tls_testing.h"

namespace portolan {
namespace {

using ::testing::ElementsAre;

std::string Contents(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// A chain that ends behind its first certificate is a chain, and callers who do not know the authority in
// between would be turned away.
TEST(TlsKeeper, UsesNoChainThatIsHalfWritten) {
  const net::Identity authority = net::Issue(nullptr, {.name = "authority"});
  const net::Identity own = net::Issue(&authority, {.name = "own"});
  const test::TempFolder folder;
  const std::string certificate = folder.path() + "/tls.crt";
  const auto write = [&](const std::string& text) { std::ofstream(certificate, std::ios::trunc) << text; };
  const std::string first = Contents(own.certificate_file);
  const std::string whole = first + Contents(authority.certificate_file);
  write(whole);

  net::Loop loop;
  telemetry::LogWriter log{{}};
  const telemetry::LogThreshold threshold(telemetry::LogLevel::kError);
  telemetry::Logger logger(log, threshold);
  auto keeper = TlsKeeper::Start(loop, logger, {certificate, own.key_file, "", false});
  ASSERT_TRUE(keeper.ok()) << keeper.status();
  std::vector<std::string> used;
  (*keeper)->Watch([&](const net::TlsIdentity& identity, const std::shared_ptr<net::TlsContext>&) {
    used.push_back(identity.certificate_pem);
    loop.Stop();
  });
  const std::string renewed = "# renewed\n" + whole;
  write("# renewed\n" + first);
  (*keeper)->Check();
  // The first look is over.
  write(renewed);
  loop.Run();
  EXPECT_THAT(used, ElementsAre(renewed));
}

}  // namespace
}  // namespace portolan
