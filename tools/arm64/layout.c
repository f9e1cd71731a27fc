// Kernels that move numbers: what comes out is what went in, in another order.
#include "kernels.h"

static void panels(intptr_t depth, intptr_t columns) {
  float *from = numbers(depth * columns), *factors = numbers(depth), *to = zeros(depth * columns * sizeof(float));
  scale_panels(from, to, depth, columns, factors);
  intptr_t block = channel_block();
  for (intptr_t column = 0; column < columns;) {
    intptr_t left = (columns - column) / block;
    intptr_t width = (left == 1 ? 1 : left == 2 || left == 4 ? 2 : 3) * block;
    for (intptr_t k = 0; k < depth; k++) {
      for (intptr_t j = 0; j < width; j++) {
        intptr_t at = column * depth + k * width + j;
        check("scalePanels", to[at], (float)(from[at] * factors[k]), 0);
      }
    }
    column += width;
  }
}

static void blocks(void) {
  intptr_t block = channel_block(), channels = 3 * block, pixels = 7, row = channels + 3;
  float *rows = numbers(pixels * row), *map = zeros(pixels * channels * sizeof(float));
  int32_t offsets[7];
  for (intptr_t m = 0; m < pixels; m++) offsets[m] = (int32_t)((pixels - 1 - m) * block);
  block_channels(rows, row, pixels, channels, map, pixels * block, offsets);
  for (intptr_t m = 0; m < pixels; m++) {
    for (intptr_t c = 0; c < channels; c++) {
      float got = map[c / block * pixels * block + offsets[m] + c % block];
      check("blockChannels", got, rows[m * row + c], 0);
    }
  }
}

static void columns(void) {
  intptr_t count = 2 * channel_block(), step = count + 5, rows = 4;
  float *values = numbers(rows * step), *before = zeros(rows * step * sizeof(float));
  for (intptr_t i = 0; i < rows * step; i++) before[i] = values[i];
  clear_columns(values, count, step, rows);
  for (intptr_t i = 0; i < rows * step; i++) check("clearColumns", values[i], i % step < count ? 0 : before[i], 0);
  prefetch(values, rows * step);
}

static void hops(intptr_t before) {
  intptr_t count = 500, hop = 20, columns = 33;
  float *window = numbers(count), *rows = zeros(hop * columns * sizeof(float));
  interleave_hops(window, count, before, hop, columns, rows);
  for (intptr_t r = 0; r < hop; r++) {
    for (intptr_t c = 0; c < columns; c++) {
      intptr_t position = r + hop * c - before;
      float want = position >= 0 && position < count ? window[position] : 0;
      check("interleaveHops", rows[r * columns + c], want, 0);
    }
  }
}

static void energies(void) {
  intptr_t frames = 3, bands = 7, row = 10;
  double *from = zeros(frames * row * sizeof(double));
  float *to = zeros(frames * bands * sizeof(float));
  for (intptr_t i = 0; i < frames * row; i++) from[i] = number() * 1.0000001;
  perch_log_scaling p = {
    .energies = from, .energy_row = row, .frames = frames, .bands = bands, .output = to, .output_row = bands };
  copy_energies(&p);
  for (intptr_t t = 0; t < frames; t++) {
    for (intptr_t b = 0; b < bands; b++) check("copyEnergies", to[t * bands + b], (float)from[t * row + b], 0);
  }
}

void layout(void) {
  for (intptr_t blocks = 1; blocks <= 7; blocks++) panels(11, blocks * channel_block());
  blocks();
  columns();
  hops(0);
  hops(13);
  energies();
}
