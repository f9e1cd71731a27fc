// Numbers, guarded memory and the count of checks.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "kernels.h"

enum { guard_bytes = 256, most_blocks = 4096, most_kernels = 64 };

static struct { unsigned char *end; } blocks[most_blocks];
static int block_count;
static struct { const char *name; long checks, faults; double worst; } kernels[most_kernels];
static int kernel_count;

float number(void) {
  // SplitMix64.
  static uint64_t state = 20260101;
  uint64_t z = state += 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return (float)((int64_t)(z ^ (z >> 31)) >> 40) / 8388608;
}

void *zeros(size_t bytes) {
  size_t padded = (bytes + 63) / 64 * 64;
  unsigned char *memory = aligned_alloc(64, padded + guard_bytes);
  if (!memory || block_count == most_blocks) abort();
  memset(memory, 0, bytes);
  memset(memory + bytes, 0xA5, padded + guard_bytes - bytes);
  blocks[block_count++].end = memory + bytes;
  return memory;
}

float *numbers(size_t count) {
  float *values = zeros(count * sizeof(float));
  for (size_t i = 0; i < count; i++) values[i] = number();
  return values;
}

void check(const char *kernel, double got, double want, double bound) {
  int k = 0;
  while (k < kernel_count && strcmp(kernels[k].name, kernel) != 0) k++;
  if (k == kernel_count) {
    if (k == most_kernels) abort();
    kernels[kernel_count++].name = kernel;
  }
  double error = fabs(got - want);
  kernels[k].checks++;
  if (bound > 0 && error / bound > kernels[k].worst) kernels[k].worst = error / bound;
  if (error <= bound) return;
  if (kernels[k].faults++ < 3) printf("%s: %.9g instead of %.9g, bound %.3g\n", kernel, got, want, bound);
}

int finish(void) {
  long faults = 0;
  for (int i = 0; i < block_count; i++) {
    for (int j = 0; j < guard_bytes; j++) {
      if (blocks[i].end[j] == 0xA5) continue;
      printf("block %d: written beyond its end\n", i);
      faults++;
      break;
    }
  }
  for (int k = 0; k < kernel_count; k++) {
    printf("%s %s: %ld numbers, largest error %.2f of its bound\n", kernels[k].faults ? "WRONG" : "right",
           kernels[k].name, kernels[k].checks, kernels[k].worst);
    faults += kernels[k].faults;
  }
  return faults != 0;
}

int main(void) {
  if (!is_neon()) return puts("not the build for AArch64"), 1;
  layout();
  network();
  frontend();
  comparison();
  return finish();
}
