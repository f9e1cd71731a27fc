// Products of vectors, and the prototype head, against plain loops.
#include <math.h>
#include <string.h>
#include "kernels.h"

static const double u = 0x1p-24, u_double = 0x1p-53;

static void strided(intptr_t rows, intptr_t depth, intptr_t columns) {
  float *a = numbers(rows * depth), *b = numbers(depth * columns), *c = numbers(rows * columns);
  double *ad = zeros(rows * depth * 8), *bd = zeros(depth * columns * 8), *cd = zeros(rows * columns * 8);
  float *before = zeros(rows * columns * 4);
  for (intptr_t i = 0; i < rows * depth; i++) ad[i] = a[i];
  for (intptr_t i = 0; i < depth * columns; i++) bd[i] = b[i];
  for (intptr_t i = 0; i < rows * columns; i++) cd[i] = before[i] = c[i];
  // A transposed: its rows are `rows` apart in memory.
  perch_strided_product p = {
    .a = a, .a_row = 1, .a_column = rows, .rows = rows, .depth = depth, .b = b, .b_row = columns,
    .columns = columns, .c = c, .c_row = columns, .scale = 0.5f, .accumulates = 1 };
  strided_product(&p);
  perch_strided_product_double d = {
    .a = ad, .a_row = 1, .a_column = rows, .rows = rows, .depth = depth, .b = bd, .b_row = columns,
    .columns = columns, .c = cd, .c_row = columns, .scale = 0.5, .accumulates = 1 };
  strided_product_double(&d);
  for (intptr_t m = 0; m < rows; m++) {
    for (intptr_t n = 0; n < columns; n++) {
      double sum = before[m * columns + n], size = fabs(sum);
      for (intptr_t k = 0; k < depth; k++) {
        double term = 0.5 * a[k * rows + m] * b[k * columns + n];
        sum += term;
        size += fabs(term);
      }
      check("stridedProduct", c[m * columns + n], sum, (depth + 3) * u * size);
      check("stridedProductDouble", cd[m * columns + n], sum, 2 * (depth + 3) * u_double * size);
    }
  }
}

static void rows_with_queries(intptr_t depth, intptr_t queries) {
  intptr_t rows = 5;
  float *row = numbers(rows * depth), *query = numbers(queries * depth);
  double *wide = zeros(queries * depth * 8), *dots = zeros(rows * queries * 8), *squares = zeros(rows * 8);
  float *dot_estimates = zeros(rows * queries * 4), *square_estimates = zeros(rows * 4);
  for (intptr_t i = 0; i < queries * depth; i++) wide[i] = query[i];
  perch_row_products p = {
    .rows = row, .row_count = rows, .depth = depth, .queries = wide, .query_count = queries, .dots = dots,
    .squares = squares };
  row_products(&p);
  perch_row_estimates e = {
    .rows = row, .row_count = rows, .depth = depth, .queries = query, .query_count = queries,
    .dots = dot_estimates, .squares = square_estimates };
  row_estimates(&e);
  for (intptr_t r = 0; r < rows; r++) {
    for (intptr_t q = -1; q < queries; q++) {
      const float *other = q < 0 ? row + r * depth : query + q * depth;
      double sum = 0, size = 0;
      for (intptr_t k = 0; k < depth; k++) {
        sum += (double)row[r * depth + k] * other[k];
        size += fabs((double)row[r * depth + k] * other[k]);
      }
      check("rowProducts", q < 0 ? squares[r] : dots[r * queries + q], sum, 2 * (depth + 2) * u_double * size);
      double estimate = q < 0 ? square_estimates[r] : dot_estimates[r * queries + q];
      check("rowEstimates", estimate, sum, (depth + 2) * u * size);
    }
  }
}

static void training(intptr_t rows, intptr_t outputs) {
  intptr_t depth = 112, wide = depth + 5;
  float *row = numbers(rows * wide), *weights = numbers(outputs * wide), *bias = numbers(outputs);
  float *logits = zeros(rows * outputs * 4), *to = zeros(wide * 4);
  perch_row_logits p = {
    .rows = row, .row_count = rows, .row_stride = wide, .depth = depth, .weights = weights, .weight_stride = wide,
    .outputs = outputs, .bias = bias, .logits = logits, .logit_stride = outputs };
  row_logits(&p);
  for (intptr_t r = 0; r < rows; r++) {
    for (intptr_t k = 0; k < outputs; k++) {
      double sum = bias[k], size = fabs(sum);
      for (intptr_t j = 0; j < depth; j++) {
        sum += (double)row[r * wide + j] * weights[k * wide + j];
        size += fabs((double)row[r * wide + j] * weights[k * wide + j]);
      }
      check("rowLogits", logits[r * outputs + k], sum, (depth + 2) * u * size);
    }
  }
  standardize_row(row, weights, weights, wide, to);
  for (intptr_t j = 0; j < wide; j++) {
    double want = ((double)row[j] - weights[j]) * weights[j];
    check("standardizeRow", to[j], want, 2 * u * fabs(want) * (1 + u));
  }
}

static void halves(void) {
  uint16_t *bits = zeros(0x10000 * 2);
  float *wide = zeros(0x10000 * 4);
  for (int i = 0; i < 0x10000; i++) bits[i] = (uint16_t)i;
  widen_halves(bits, 0x10000, wide);
  for (int i = 0; i < 0x10000; i++) {
    int exponent = i >> 10 & 31, fraction = i & 1023;
    double sign = i & 0x8000 ? -1 : 1;
    double size = exponent ? ldexp(1024 + fraction, exponent - 25) : ldexp(fraction, -24);
    if (exponent < 31) check("widenHalves", wide[i], sign * size, 0);
    else if (fraction) check("widenHalves", isnan(wide[i]), 1, 0);
    else check("widenHalves", isinf(wide[i]) && (wide[i] < 0) == (sign < 0), 1, 0);
  }
}

static void prototypes(intptr_t places, intptr_t depth) {
  intptr_t lanes = place_lanes(), padded = (places + lanes - 1) / lanes * lanes, group = quad_group();
  intptr_t block = quad_depth_block(), quads = 2 * group;
  float *map = numbers(places * depth), *unit = zeros(places * depth * 4), *packed = zeros(padded * depth * 4);
  perch_unit_places places_of = {
    .map = map, .row = depth, .places = places, .depth = depth, .norm_epsilon = 1e-3f, .unit = unit,
    .unit_row = depth, .packed = packed };
  unit_places(&places_of);
  for (intptr_t i = 0; i < places; i++) {
    double norm = 0;
    for (intptr_t k = 0; k < depth; k++) norm += (double)map[i * depth + k] * map[i * depth + k];
    norm = sqrt(norm) + 1e-3;
    for (intptr_t k = 0; k < depth; k++) {
      check("unitPlaces", unit[i * depth + k], map[i * depth + k] / norm, 4 * u * fabs(map[i * depth + k] / norm));
    }
  }
  float *prototype = numbers(quads * 4 * depth), *laid = zeros(quads * 4 * (depth + 1) * 4);
  for (intptr_t quad = 0; quad < quads; quad++) {
    for (intptr_t k = 0; k < depth; k++) {
      intptr_t from = k / block * block, steps = depth - from < block ? depth - from : block;
      float *to = laid + quad / group * group * depth * 4 + (from * group + quad % group * steps + k - from) * 4;
      for (intptr_t i = 0; i < 4; i++) to[i] = prototype[(quad * 4 + i) * depth + k];
    }
  }
  int32_t chosen[] = {17, 3, 0, 31, 5};
  float *sums = zeros(group * padded * 4 * 4), *similarities = zeros(5 * 4 * 4);
  perch_quad_similarities p = {
    .prototypes = laid, .quads = chosen, .quad_count = 5, .depth = depth, .places_packed = packed,
    .window_stride = padded * depth, .windows = 1, .places = padded, .sums = sums, .similarities = similarities,
    .similarity_row = 20 };
  quad_similarities(&p);
  for (int q = 0; q < 5; q++) {
    for (int i = 0; i < 4; i++) {
      double most = -INFINITY, bound = 0;
      for (intptr_t place = 0; place < places; place++) {
        double sum = 0, size = 0;
        for (intptr_t k = 0; k < depth; k++) {
          double term = (double)unit[place * depth + k] * prototype[(chosen[q] * 4 + i) * depth + k];
          sum += term;
          size += fabs(term);
        }
        most = fmax(most, sum);
        bound = fmax(bound, (depth + 2) * u * size);
      }
      check("quadSimilarities", similarities[q * 4 + i], most, bound);
    }
  }
}

static void screening(void) {
  intptr_t width = panel_width(), per_step = step_codes(), tile = tile_places(), group = group_steps();
  intptr_t steps = 4 * group, tiles = 3, places = tiles * tile;
  int8_t *panel = zeros(steps * width * per_step);
  uint8_t *codes = zeros(steps * places * per_step);
  int32_t *sums = zeros(places * width * 4);
  // Small enough for sums of one group in 16 bits.
  for (intptr_t i = 0; i < steps * width * per_step; i++) panel[i] = (int8_t)(63 * number());
  for (intptr_t i = 0; i < steps * places * per_step; i++) codes[i] = (uint8_t)(60 * fabsf(number()));
  perch_code_products p = {
    .panel = panel, .places = codes, .place_group = tiles * group * tile * per_step, .steps = steps, .group = group,
    .tiles = tiles, .sums = sums };
  code_products(&p);
  for (intptr_t place = 0; place < places; place++) {
    for (intptr_t w = 0; w < width; w++) {
      long sum = 0;
      for (intptr_t s = 0; s < steps; s++) {
        const uint8_t *at = codes + s / group * p.place_group
          + ((place / tile * group + s % group) * tile + place % tile) * per_step;
        for (intptr_t i = 0; i < per_step; i++) sum += at[i] * panel[(s * width + w) * per_step + i];
      }
      check("codeProducts", sums[place * width + w], sum, 0);
    }
  }
  float *step = numbers(places), *zero = numbers(places), *residual = numbers(places), *code_sum = numbers(width);
  float *scale = numbers(width), *distance = numbers(width), *bounds = zeros(width * 4);
  perch_panel_bounds b = {
    .sums = sums, .places = places, .steps = step, .minus_zeros = zero, .residuals = residual,
    .code_sums = code_sum, .scales = scale, .distances = distance, .place_norm = 1.5f, .slack = 0.25f,
    .bounds = bounds };
  panel_bounds(&b);
  for (intptr_t w = 0; w < width; w++) {
    double most = -INFINITY, size = 0;
    for (intptr_t i = 0; i < places; i++) {
      double value = (sums[i * width + w] + (double)zero[i] * code_sum[w]) * scale[w] * step[i];
      most = fmax(most, value + residual[i]);
      size = fmax(size, fabs(value) + fabs(residual[i]));
    }
    check("panelBounds", bounds[w], most + distance[w] * 1.5 + 0.25, 8 * u * (size + 2));
  }
  int32_t most = 0;
  for (intptr_t from = 0; from < 64; from += 8) {
    int32_t sum = 0;
    for (intptr_t k = from; k < from + 8; k++) sum += panel[k] * panel[k];
    if (sum > most) most = sum;
  }
  check("greatestGroup", greatest_group((const uint8_t *)panel, 64, 1), most, 0);
  intptr_t depth = 64;
  float *values = numbers(depth);
  uint8_t *made = zeros(depth);
  perch_vector_codes v = {
    .values = values, .depth = depth, .step = 0.01f, .zero_point = 3, .lowest = -63, .highest = 63, .codes = made };
  float squares = vector_codes(&v);
  double want = 0, errors = 0;
  for (intptr_t k = 0; k < depth; k++) {
    double code = fmin(fmax(nearbyintf(values[k] * (1 / 0.01f)) + 3, -63), 63);
    double rest = values[k] - (code - 3) * 0.01f;
    // A number half-way between two codes may go to either.
    check("vectorCodes", (int8_t)made[k], code, fabs(fabs(rest) - 0.005) < 1e-5 ? 1 : 0);
    want += rest * rest;
    errors += fabs(rest) * u + rest * rest * u * depth;
  }
  check("vectorCodes distance", squares, want, 2 * errors + 1e-6);
}

void comparison(void) {
  strided(1, 5, 8);
  strided(7, 33, 24);
  strided(19, 64, 40);
  for (intptr_t queries = 0; queries <= 5; queries++) {
    rows_with_queries(67, queries);
    rows_with_queries(1280, queries);
  }
  for (intptr_t rows = 1; rows <= 10; rows++) {
    for (intptr_t outputs = 1; outputs <= 7; outputs++) training(rows, outputs);
  }
  halves();
  prototypes(1, 24);
  prototypes(35, 100);
  prototypes(80, 500);
  screening();
}
