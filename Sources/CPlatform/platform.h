// What Swift cannot import of the platform: processor features and, in builds for a given
// instruction set, the few intrinsics that SIMD types do not reach.
#pragma once
#include "kernel_arguments.h"
#if defined(__x86_64__)
#include <immintrin.h>
#include <sys/platform/x86.h>
#endif

/// Asks for the cache line at `address` in the first-level cache, or in the second. Never faults.
static inline __attribute__((always_inline)) void perch_prefetch_l1(const void *_Nonnull address) {
  __builtin_prefetch(address, 0, 3);
}
static inline __attribute__((always_inline)) void perch_prefetch_l2(const void *_Nonnull address) {
  __builtin_prefetch(address, 0, 2);
}

/// 24 vectors of 64 bytes of zeros.
static inline const void *_Nonnull perch_zeros(void) {
  static const _Alignas(64) float zeros[24 * 16];
  return zeros;
}
