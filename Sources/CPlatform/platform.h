// What Swift cannot import of the platform: processor features and, in builds for a given
// instruction set, the few intrinsics that SIMD types do not reach.
#pragma once
#include "kernel_arguments.h"
#if defined(__x86_64__)
#include <immintrin.h>
#include <sys/platform/x86.h>
#endif

/// Asks for the cache line at `p`, which need not be readable.
static inline void perch_prefetch(const void *_Nonnull p) { __builtin_prefetch(p, 0, 3); }
