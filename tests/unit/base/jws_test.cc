// Signatures of the RFCs' examples, and of keys that OpenSSL makes.

#include "server/base/jws.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/signing_key.h"

namespace portolan {
namespace {

std::string Decoded(std::string_view text) {
  const auto bytes = DecodeBase64Url(text);
  EXPECT_TRUE(bytes.has_value()) << text;
  return bytes.value_or("");
}

// Of a whole token: its first two parts, and the third.
std::string SignedText(std::string_view token) { return std::string(token.substr(0, token.rfind('.'))); }
std::string SignatureOf(std::string_view token) { return Decoded(token.substr(token.rfind('.') + 1)); }

std::optional<PublicKey> KeyOf(const std::string& jwk) {
  const auto key = nlohmann::json::parse(jwk);
  const auto bytes = [&](const char* name) { return Decoded(key[name].get<std::string>()); };
  if (key["kty"] == "RSA") return PublicKey::Rsa(bytes("n"), bytes("e"));
  if (key["kty"] == "EC") return PublicKey::Ec(key["crv"].get<std::string>(), bytes("x"), bytes("y"));
  return PublicKey::Okp(key["crv"].get<std::string>(), bytes("x"));
}

// RFC 7515, appendix A.2.
constexpr char kRsaModulus[] =
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-"
    "SFd"
    "2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-"
    "UTo7W"
    "TBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_"
    "h9iaGNj8q2ethFkMLs9"
    "1kzk2PAcDTW9gb54h4FRWyuXpoQ";
constexpr char kRsaToken[] =
    "eyJhbGciOiJSUzI1NiJ9."
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290I"
    "jp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_"
    "O8W2Fp5juj"
    "Gbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_"
    "nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB"
    "_eSN9383LcOLn6_dO--xi12jzDwusC-"
    "eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AX"
    "LIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";

TEST(Jws, VerifiesTheRsaOfTheRfc) {
  const auto key = PublicKey::Rsa(Decoded(kRsaModulus), Decoded("AQAB"));
  ASSERT_TRUE(key);
  const std::string text = SignedText(kRsaToken);
  const std::string signature = SignatureOf(kRsaToken);
  EXPECT_TRUE(key->Verifies("RS256", text, signature));
  EXPECT_FALSE(key->Verifies("RS256", text + "x", signature));
  EXPECT_FALSE(key->Verifies("RS384", text, signature));
  EXPECT_FALSE(key->Verifies("PS256", text, signature));
  EXPECT_FALSE(key->Verifies("ES256", text, signature));
  EXPECT_FALSE(key->Verifies("EdDSA", text, signature));
}

// RFC 7515, appendices A.3 and A.4.
TEST(Jws, VerifiesTheCurvesOfTheRfc) {
  constexpr char kToken256[] =
      "eyJhbGciOiJFUzI1NiJ9."
      "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb2"
      "90Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
  const auto key256 = PublicKey::Ec("P-256", Decoded("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"),
                                    Decoded("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"));
  ASSERT_TRUE(key256);
  EXPECT_TRUE(key256->Verifies("ES256", SignedText(kToken256), SignatureOf(kToken256)));
  EXPECT_FALSE(key256->Verifies("ES512", SignedText(kToken256), SignatureOf(kToken256)));

  constexpr char kToken512[] =
      "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-"
      "mZZqwqT2SI-KGD"
      "KB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_"
      "Jn";
  const auto key512 = PublicKey::Ec(
      "P-521",
      Decoded("AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk"),
      Decoded("ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2"));
  ASSERT_TRUE(key512);
  EXPECT_TRUE(key512->Verifies("ES512", SignedText(kToken512), SignatureOf(kToken512)));
}

// RFC 8037, appendix A.4.
TEST(Jws, VerifiesTheEdwardsCurveOfTheRfc) {
  constexpr char kToken[] =
      "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-"
      "09PGcvMg3AIbQR6dWbhijc"
      "NR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
  const auto key = PublicKey::Okp("Ed25519", Decoded("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"));
  ASSERT_TRUE(key);
  EXPECT_TRUE(key->Verifies("EdDSA", SignedText(kToken), SignatureOf(kToken)));
  EXPECT_FALSE(key->Verifies("EdDSA", "x", SignatureOf(kToken)));
}

TEST(Jws, VerifiesWhatOpenSslSigns) {
  const test::SigningKey rsa = test::SigningKey::Rsa();
  const std::vector<std::pair<std::string, test::SigningKey>> cases = {
      {"RS256", rsa},
      {"RS384", rsa},
      {"RS512", rsa},
      {"PS256", rsa},
      {"PS384", rsa},
      {"PS512", rsa},
      {"ES256", test::SigningKey::Ec("P-256")},
      {"ES384", test::SigningKey::Ec("P-384")},
      {"ES512", test::SigningKey::Ec("P-521")},
      {"EdDSA", test::SigningKey::Okp("Ed25519")},
      {"EdDSA", test::SigningKey::Okp("Ed448")},
  };
  for (const auto& [algorithm, signer] : cases) {
    const auto key = KeyOf(signer.Jwk("k"));
    ASSERT_TRUE(key) << algorithm;
    // Signatures of curves differ in their lengths as DER has them.
    for (int i = 0; i < 20; ++i) {
      const std::string text = "text " + std::to_string(i);
      const std::string signature = signer.Sign(algorithm, text);
      EXPECT_TRUE(key->Verifies(algorithm, text, signature)) << algorithm;
      std::string broken = signature;
      broken[broken.size() / 2] = static_cast<char>(broken[broken.size() / 2] ^ 1);
      EXPECT_FALSE(key->Verifies(algorithm, text, broken)) << algorithm;
      EXPECT_FALSE(key->Verifies(algorithm, text, signature.substr(1))) << algorithm;
      EXPECT_FALSE(key->Verifies(algorithm, text, "")) << algorithm;
    }
  }
}

TEST(Jws, KnowsNoOtherAlgorithms) {
  const auto key = KeyOf(test::SigningKey::Rsa().Jwk("k"));
  for (const char* const name : {"none", "None", "", "HS256", "HS512", "ES256K", "RS1", "rs256"}) {
    EXPECT_FALSE(IsSignatureAlgorithm(name)) << name;
    EXPECT_FALSE(key->Verifies(name, "text", "")) << name;
  }
}

TEST(Jws, TakesNoWeakAndNoBrokenKeys) {
  const std::string big(256, '\xff');
  EXPECT_FALSE(PublicKey::Rsa(std::string(128, '\xff'), "\x01\x01"));
  EXPECT_FALSE(PublicKey::Rsa(std::string(2048, '\xff'), "\x01\x01"));
  EXPECT_FALSE(PublicKey::Rsa(big, ""));
  EXPECT_FALSE(PublicKey::Rsa(big, std::string(9, '\x7f')));
  EXPECT_FALSE(PublicKey::Rsa("", ""));
  // No point of the curve, the wrong length, no such curve.
  EXPECT_FALSE(PublicKey::Ec("P-256", std::string(32, '\x01'), std::string(32, '\x01')));
  EXPECT_FALSE(PublicKey::Ec("P-256", std::string(31, '\x01'), std::string(32, '\x01')));
  EXPECT_FALSE(PublicKey::Ec("secp256k1", std::string(32, '\x01'), std::string(32, '\x01')));
  EXPECT_FALSE(PublicKey::Okp("Ed25519", "short"));
  EXPECT_FALSE(PublicKey::Okp("X25519", std::string(32, '\x01')));
}

TEST(Base64UrlText, IsDecodedStrictly) {
  EXPECT_EQ(DecodeBase64Url(""), "");
  EXPECT_EQ(DecodeBase64Url("Zg"), "f");
  EXPECT_EQ(DecodeBase64Url("Zm8"), "fo");
  EXPECT_EQ(DecodeBase64Url("Zm9v"), "foo");
  EXPECT_EQ(DecodeBase64Url("-_8"), "\xfb\xff");
  for (const char* const wrong : {"Z", "Zm9vY", "Zh", "Zm9", "Zg==", "Z g", "+/8", "Zm9v\n"}) {
    EXPECT_FALSE(DecodeBase64Url(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace portolan
