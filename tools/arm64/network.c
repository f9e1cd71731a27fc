// Convolutions, products and activations against plain loops in double. A sum of n products in float32 errs by at
// most n·u·Σ|ab|, u = 2⁻²⁴, in any order; two more roundings for the bias and the result.
#include <math.h>
#include "kernels.h"

static const double u = 0x1p-24;

static double magnitude(double x) { return fabs(x); }

// Columns in panels of 3, 2 or 1 blocks (PerchTensor's PackedMatrix).
static void pack(const float *row_major, intptr_t depth, intptr_t columns, float *packed) {
  intptr_t block = channel_block(), column = 0;
  while (column < columns) {
    intptr_t left = (columns - column) / block;
    intptr_t width = (left == 4 || left == 2 ? 2 : left >= 3 ? 3 : 1) * block;
    for (intptr_t k = 0; k < depth; k++) {
      for (intptr_t j = 0; j < width; j++) {
        packed[column * depth + k * width + j] = row_major[k * columns + column + j];
      }
    }
    column += width;
  }
}

static void one_product(intptr_t rows, intptr_t depth, intptr_t columns, int with_residual) {
  intptr_t block = channel_block();
  float *a = numbers(rows * depth), *b = numbers(depth * columns), *bias = numbers(columns);
  float *packed = zeros(depth * columns * sizeof(float)), *c = zeros(rows * columns * sizeof(float));
  float *residual = numbers(rows * columns);
  pack(b, depth, columns, packed);
  perch_matrix_product p = {
    .a = a, .a_row = depth, .a_block = block, .rows = rows, .depth = depth, .columns = columns, .b = packed,
    .bias = bias, .c = c, .c_row = columns, .c_block = block, .residual = with_residual ? residual : 0 };
  matrix_product(&p);
  for (intptr_t m = 0; m < rows; m++) {
    for (intptr_t n = 0; n < columns; n++) {
      double extra = with_residual ? residual[m * columns + n] : 0;
      double sum = bias[n] + extra, size = magnitude(bias[n]) + magnitude(extra);
      for (intptr_t k = 0; k < depth; k++) {
        double term = (double)a[m * depth + k] * b[k * columns + n];
        sum += term;
        size += magnitude(term);
      }
      check("matrixProduct", c[m * columns + n], sum, (depth + 3) * u * size);
    }
  }
}

static void one_depthwise(intptr_t size, intptr_t stride, intptr_t columns) {
  intptr_t block = channel_block(), channels = 2 * block, rows = 3;
  intptr_t height = (rows - 1) * stride + size, width = (columns - 1) * stride + size;
  // The kernel may read, not use, some columns more.
  intptr_t row = (width + 32) * block, input_block = height * row;
  float *input = numbers(2 * input_block), *weights = numbers(channels * size * size), *bias = numbers(channels);
  float *output = zeros(rows * columns * channels * sizeof(float)), *sums = zeros(channels * sizeof(float));
  const float *input_rows[16];
  for (intptr_t y = 0; y < height; y++) input_rows[y] = input + y * row;
  perch_depthwise p = {
    .input_rows = input_rows, .input_block = input_block, .kernel_size = size, .stride = stride, .rows = rows,
    .columns = columns, .channels = channels, .weights = weights, .bias = bias, .output = output,
    .output_block = rows * columns * block, .sums = sums };
  depthwise(&p);
  for (intptr_t c = 0; c < channels; c++) {
    intptr_t j = c / block, lane = c % block;
    double total = 0, total_size = 0;
    for (intptr_t y = 0; y < rows; y++) {
      for (intptr_t x = 0; x < columns; x++) {
        double sum = bias[c], absolute = magnitude(bias[c]);
        for (intptr_t ky = 0; ky < size; ky++) {
          for (intptr_t kx = 0; kx < size; kx++) {
            double term =
              (double)input[j * input_block + (y * stride + ky) * row + (x * stride + kx) * block + lane]
              * weights[(j * size * size + ky * size + kx) * block + lane];
            sum += term;
            absolute += magnitude(term);
          }
        }
        double got = output[(j * rows * columns + y * columns + x) * block + lane];
        check("depthwiseConvolution", got, sum, (size * size + 2) * u * absolute);
        total += sum;
        total_size += magnitude(sum) + absolute;
      }
    }
    check("depthwiseConvolution sums", sums[c], total, (rows + columns + size * size + 4) * u * total_size);
  }
}

static void stem_convolution(void) {
  intptr_t block = channel_block(), rows = 3, columns = 17, channels = 2 * block;
  intptr_t input_row = 2 * columns + 1 + 32;
  float *input = numbers((2 * rows + 1) * input_row), *weights = numbers(9 * channels), *bias = numbers(channels);
  float *output = zeros(rows * columns * channels * sizeof(float));
  perch_stem p = {
    .input = input, .input_row = input_row, .rows = rows, .columns = columns, .channels = channels,
    .weights = weights, .bias = bias, .output = output, .output_row = columns * block, .output_pixel = block,
    .output_block = rows * columns * block };
  stem(&p);
  for (intptr_t y = 0; y < rows; y++) {
    for (intptr_t x = 0; x < columns; x++) {
      for (intptr_t c = 0; c < channels; c++) {
        double sum = bias[c], size = magnitude(bias[c]);
        for (intptr_t k = 0; k < 9; k++) {
          double term = (double)input[(2 * y + k / 3) * input_row + 2 * x + k % 3] * weights[k * channels + c];
          sum += term;
          size += magnitude(term);
        }
        check("stemConvolution", output[(c / block * rows * columns + y * columns + x) * block + c % block], sum,
              11 * u * size);
      }
    }
  }
}

static double activated(double x, int code) {
  switch (code) {
    case 1: return x > 0 ? x : 0;
    case 2: return x / (1 + exp(-x));
    case 3: return x * fmin(fmax(x + 3, 0), 6) / 6;
    case 4: return 1 / (1 + exp(-x));
    case 5: return fmin(fmax(x + 3, 0), 6) / 6;
    default: return x;
  }
}

static void activations(void) {
  for (int code = 0; code <= 5; code++) {
    intptr_t count = 4096;
    float *values = zeros(count * sizeof(float));
    for (intptr_t i = 0; i < count; i++) values[i] = (float)(i - count / 2) / 32;
    activate(values, count, code);
    for (intptr_t i = 0; i < count; i++) {
      double x = (double)(i - count / 2) / 32, want = activated(x, code);
      // e^-x: 7.5e-8 of the polynomial and x·log₂e rounded twice, each |x|·u; then a sum, a quotient, a product.
      double exponential = (7.5e-8 + (3 + 2 * fabs(x)) * u) * fabs(want) + 2e-33;
      // The hard forms: a sum, two products, of numbers up to |x| + 3.
      double hard = 4 * u * fabs(want) + 2 * u * (1 + fabs(x));
      double bound = code == 2 || code == 4 ? exponential : code == 3 || code == 5 ? hard : 0;
      check("activateInPlace", values[i], want, bound);
    }
  }
}

static void pointwise(void) {
  intptr_t block = channel_block(), pixels = 13, channels = 3 * block;
  float *map = numbers(channels * pixels), *factors = numbers(channels), *before = zeros(channels * pixels * 4);
  for (intptr_t i = 0; i < channels * pixels; i++) before[i] = map[i];
  scale_channels(map, pixels * block, pixels, channels, factors);
  for (intptr_t c = 0; c < channels; c++) {
    for (intptr_t i = 0; i < pixels; i++) {
      intptr_t at = (c / block * pixels + i) * block + c % block;
      check("scaleChannels", map[at], (float)(before[at] * factors[c]), 0);
    }
  }
  float *matrix = numbers(pixels * channels), *mean = zeros(channels * sizeof(float));
  mean_over_rows(matrix, pixels, channels, mean);
  for (intptr_t c = 0; c < channels; c++) {
    double sum = 0, size = 0;
    for (intptr_t i = 0; i < pixels; i++) {
      sum += matrix[i * channels + c];
      size += magnitude(matrix[i * channels + c]);
    }
    check("meanOverRows", mean[c], sum / pixels, (8 + pixels / 8 + 2) * u * size / pixels);
  }
}

void network(void) {
  intptr_t block = channel_block();
  for (intptr_t rows = 1; rows <= 13; rows++) {
    for (intptr_t blocks = 1; blocks <= 7; blocks++) one_product(rows, rows % 3 * 8 + 24, blocks * block, rows % 2);
  }
  for (intptr_t columns = 1; columns <= 18; columns++) {
    for (intptr_t size = 3; size <= 5; size += 2) {
      for (intptr_t stride = 1; stride <= 2; stride++) one_depthwise(size, stride, columns);
    }
  }
  stem_convolution();
  activations();
  pointwise();
}
