#include "server/base/rs256.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/service_account.h"

namespace portolan {
namespace {

// RFC 7515, appendix A.2: the key, what is signed, and the signature.
constexpr char kSigned[] =
    "eyJhbGciOiJSUzI1NiJ9"
    ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
constexpr char kSignature[] =
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7"
    "AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4"
    "BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K"
    "0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqv"
    "hJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrB"
    "p0igcN_IoypGlUPQGe77Rw";

// The same key in PKCS #1.
constexpr char kPkcs1Key[] =
    "-----BEGIN RSA PRIVATE KEY-----\n"
    "MIIEowIBAAKCAQEAofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd/wWJcyQoTbji9k0\n"
    "l8W26mPddxHmfHQp+Vaw+4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL+yRT+SFd2lZS+pC\n"
    "gNMsD1W/YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb/7OMg0LOL+bSf63kpaSHSX\n"
    "ndS5z5rexMdbBYUsLA9e+KXBdQOS+UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uD\n"
    "Zlxvb3qCo5ZwKh9kG4LT6/I5IhlJH7aGhyxXFvUK+DWNmoudF8NAco9/h9iaGNj8\n"
    "q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQIDAQABAoIBABKucaRpzQorw35S\n"
    "bEUAVx8dYXUdZOlJcHtiWQ+dC6V8ljxAHj/PLyzTveyI5QO/xkObCyjIL303l2cf\n"
    "UhPu2MFaJdjVzqACXuOrLot/eSFvxjvqVidTtAZExqFRJ9mylUVAoLvhowVWmC1O\n"
    "n95fZCXxTUtxNEG1Xcc7m0rtzJKs45J+N/V9DP1edYH6USyPSWGp6wuA+KgHRnKK\n"
    "Vf9GRx80JQY7nVNkL17eHoTWEwga+lwi0FEoW9Y7lDtWXYmKBWhUE+U8PGxlJf8f\n"
    "40493HDw1WRQ/aSLoS4QTp3rn7gYgeHEvfJdkkf0UMhlknlo53M09EFPdadQ4TlU\n"
    "bjqKc50CgYEA4BzEEOtIpmVdVEZNCqS7baC4crd0pqnRH/5IB3jw3bcxGn6QLvnE\n"
    "tfdUdiYrqBdss1l58BQ3KhooKeQTa9AB0Hw/Py5PJdTJNPY8cQn7ouZ2KKDcmnPG\n"
    "BY5t7yLc1QlQ5xHdwW1VhvKn+nXqhJTBgIPgtldC+KDV5z+y2XDwGUcCgYEAuQPE\n"
    "fgmVtjL0Uyyx88GZFF1fOunH3+7cepKmtH4pxhtCoHqpWmT8YAmZxaewHgHAjLYs\n"
    "p1ZSe7zFYHj7C6ul7TjeLQeZD/YwD66t62wDmpe/HlB+TnBA+njbglfIsRLtXlnD\n"
    "zQkv5dTltRJ11BKBBypeeF6689rjcJIDEz9RWdcCgYAHAp9XcCSrn8wVkMVkKdb7\n"
    "DOX4IKjzdahm+ctDAJN4O/y7OW5FKebvUjdAIt2GuoTZ71iTG+7F0F+lP88jtjP4\n"
    "U4qe7VHoewl4MKOfXZKTe+YCS1XbNvfgwJ3Ltyl1OH9hWvu2yza7q+d5PCsDzqtm\n"
    "27kxuvULVeya+TEdAB1ijQKBgQCH/3r6YrVH/uCWGy6bzV1nGNOdjKc9tmkfOJmN\n"
    "54dxdixdpozCQ6U4OxZrsj3FcOhHBsqAHvX2uuYjagqvo3cOj1TRqNocX40omfCC\n"
    "Mx3bD1yPPf/6TI2XECva/ggqEY2mYzmIiA5LVVmc5nrybr+lssFKneeyxN2Wq93S\n"
    "0iJMdQKBgCGHewxzoa1r8ZMD0LETNrToK423K377UCYqXfg5XMclbrjPbEC3YI1Z\n"
    "NqMtuhdBJqUnBi6tjKMF+34Xf0CUN8ncuXGO2CAYvO8PdyCixHX52ybaDjy1FtCE\n"
    "6yUXjoKNXKvUm7MWGsAYH6f4IegOetN5NvmUMFStCSkh7ixZLkN1\n"
    "-----END RSA PRIVATE KEY-----\n";

constexpr char kEllipticKey[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg+3XA2ocJsZhC2JGs\n"
    "4oT1qNJdtGarZNp8CfKuyxk43pKhRANCAATxi/K08rDmZzcBXIp6/0J9FRTPb6+f\n"
    "ehciAdg1ILzzjZqypIn2WnSJkQ4X3VkvPAxgkbq+/SZ1Y1+ARVsze+fO\n"
    "-----END PRIVATE KEY-----\n";

constexpr char kEncryptedKey[] =
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
    "MIIFNTBfBgkqhkiG9w0BBQ0wUjAxBgkqhkiG9w0BBQwwJAQQN/9C2TdDkgJ45fWU\n"
    "PqJ0qgICCAAwDAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEJN9IRSxxytA9pj+\n"
    "/DsvTtoEggTQ2NonU1DC660BwmyiKOkAZjmqUNIV0jyJ1yFh6k215lKpNY53qc5h\n"
    "XwZTiP0vj+kpMaPiBqwzgPvVzLdOEbXiRrsQjrK+Qs2JxKFIX1k7pBrQ1LDFj+Zy\n"
    "HirloKRY5ItDVtXYOJDJ717NtlV6ITH4X14WtNnsY/p4XLLD/0D7pEFkBN1yv196\n"
    "6+lmtD1Uzz8OZxNfpJeFyFUejYF8OB5ptn1O4H2VBXQRURQoJIIre3ZcZ9wYuZ0C\n"
    "rLSED72VYiTH9xB9OJSUfhsRseF/FTSc4xazA/hPefhd6z0W2hx2pfKp0pJiy/hj\n"
    "b+baPHg8ecPFz+AWC28MvPz38vPqG+pKxEsfvDFmL1rGnMb5RMduIVJYvxGiwUen\n"
    "jpWzf4L0wNLS3KVzIYHKGZaboWpHeiFo4gk3p3BbLoArNBjd9/V+mhsp8+9kX53k\n"
    "odvrpRaikZt71TKhwdThEgKfuxGCL54qQzKwm36FVb+Jhgvu6XN39h+iGYaCXf9v\n"
    "B3FPkzIwlaVScQEEOrMYWWUvtuS22DfcCHIPZd2VeRWAJ5E/049bmDgJDnepURsH\n"
    "PUGbV4OpUGE9ngcEVmnqdb1b5R4TUZIoDePqMwF73Mqt8axVc7hvOxrUexiTXzo+\n"
    "97VRn4pwMMAXVCDnePZ1BobM3X1f+XQGEdptiPwzHfP+ne1kJv1kkgNmiVG8G8Wi\n"
    "aI8YaQkpeobp4FDMqYXjNIooQKCMW/a0N4QbLsn9C0C4O8LWoJLO5jQSi6RWxl0N\n"
    "IAUlWy35ezJrQ8SrjdgnK7OH2fsld9tMRyfw4nc4a6AW0Cg1b8CwcJpnz8/TikW0\n"
    "Uj8ctMFHYzrKzThDDVJMcI3yxN48vAuuAeusEGR86MkSY2ifNFOssesdkJ9vuzLt\n"
    "7z1qxw39Be2VH5XtSatRDh6OhkEHgGzNnJTNI9ZRHxY2yhLlUe2VWXzLLJ8umjLY\n"
    "QowXvDoyK7y1lyeU+2A5wNwRtrQv6HoxaQ5si5yNpAY1OYu7xP/MGySPVG5Oe8LE\n"
    "u+3Sz0nJe/osiqghT75jEqiw56EFhZ7LaUEahi5NuLPl1AdwDX3hIeW/xvOmuqyW\n"
    "9mXvgXbou+4V9yyfyT5MmNCj6uUlbaarUoDohLr/y1QqJPeuY3fDqWnyxBllSS5l\n"
    "JD8zdzVn5dlDyyqyOgSo7rQ5zZRRl4KOUFirf9yDMvrhywhM3jddSH4qrIvfyBRX\n"
    "tu1yO/OjKhlrI4f4HmdyarWzIvZUdHL4x1YJOCbFQKb6vT2S9f/bkAVCRX6MlOdx\n"
    "73B+t9kBxt7DXkUHGoJt6e9Js5a3bWdhXJWsDx5m5fcakgkDDClHR5qfh3nEZ5B9\n"
    "8AHCO3lJAL6F/UjQYCiA2C0xVfCsHTxJSrB3J3HMf8E8bmX3doJ9ylAeDX3vhLCD\n"
    "a9nuSNcwTjya1KEEZx74wjAcExZy+lQK1kYkf9SPFxzAvlrmisixJXP9YujvLpZ/\n"
    "2kuupRk3hVSG/vMw8jqczPutGd11jUeX0PxNgdOIl7nYhD3fTjxwei1LJhVoHcnh\n"
    "lhlmx4W38QsYEFEEHHB+PBZbjuFlL7aHYyF/3hyEIfb7iqSwpE6fA+2ZIkSg/Rtg\n"
    "qCGwOB9rmAS/wx9QPwEh6zX9LP3GM5ewB34IhyaDEsuxG9wDpZ9fIHc=\n"
    "-----END ENCRYPTED PRIVATE KEY-----\n";

constexpr char kKeyOf512Bits[] =
    "-----BEGIN RSA PRIVATE KEY-----\n"
    "MIIBOwIBAAJBAMCyJiqqYgoUmPUsu6YgHV598+LBQu2LEjli9/gYnf8CZqC24FI1\n"
    "eSidH8JyP9y1UICGdk9VhAo3uNQMoXc3idsCAwEAAQJBAJmAkRTl2+mp1Ntigi1p\n"
    "Ydv3PARD7jvq0F60r1KM0bfk3yHPOyBSJrqfcYTY7iCXlClwT0BB0oHbdCshfrgc\n"
    "5VkCIQD1M1WQ6EFl+/bAIjvvLGO8qOWTJUeYTyDLEqSH2zBMNwIhAMku0ZobaClV\n"
    "rpiajmDX6VL+H70u9mUL4Dg5Ex9D5MV9AiAUdypnI9uBhZw8wR67gbr5Xid7NptZ\n"
    "LRGRoYa2CCdp1QIhAI9yY59XVWDLqC9FXKmuqb40VlslRihsXFaaU4kidtddAiAF\n"
    "2b4dhmhqPslmaRD2iQ1TjKZET/Zqf0LMpS/HkXmMqA==\n"
    "-----END RSA PRIVATE KEY-----\n";

TEST(Rs256, SignsAsTheRfcDoes) {
  for (const char* key : {test::kServiceAccountKey, kPkcs1Key}) {
    const auto signature = SignRs256(key, kSigned);
    ASSERT_TRUE(signature);
    EXPECT_EQ(Base64Url(*signature), kSignature);
    EXPECT_TRUE(IsRs256Key(key));
  }
}

TEST(Rs256, RefusesOtherKeys) {
  const std::string good = test::kServiceAccountKey;
  for (const std::string& key :
       {std::string(), std::string("key"), good.substr(0, good.size() / 2), std::string(kEllipticKey),
        std::string(kEncryptedKey), std::string(kKeyOf512Bits), std::string(20'000, 'A')}) {
    EXPECT_FALSE(SignRs256(key, kSigned)) << key.substr(0, 40);
    EXPECT_FALSE(IsRs256Key(key));
  }
}

// RFC 4648, section 10, without padding; and the two digits that differ from base64's.
TEST(Rs256, WritesBase64Url) {
  EXPECT_EQ(Base64Url(""), "");
  EXPECT_EQ(Base64Url("f"), "Zg");
  EXPECT_EQ(Base64Url("fo"), "Zm8");
  EXPECT_EQ(Base64Url("foo"), "Zm9v");
  EXPECT_EQ(Base64Url("foob"), "Zm9vYg");
  EXPECT_EQ(Base64Url("\xfb\xff"), "-_8");
}

}  // namespace
}  // namespace portolan
