#ifndef PORTOLAN_TESTS_SUPPORT_ROUNDS_H_
#define PORTOLAN_TESTS_SUPPORT_ROUNDS_H_

namespace portolan::test {

/// How many random cases to try where the release build tries `whole`. A sanitizer looks for another kind of
/// fault in the same code, at many times the price: an eighth of the cases takes it through every branch.
constexpr int Rounds(int whole) {
#if PORTOLAN_SANITIZED
  return whole / 8;
#else
  return whole;
#endif
}

}  // namespace portolan::test

#endif  // PORTOLAN_TESTS_SUPPORT_ROUNDS_H_
