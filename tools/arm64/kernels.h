// What exports.swift offers.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "kernel_arguments.h"

bool is_neon(void);
intptr_t channel_block(void), double_lanes(void), place_lanes(void), quad_group(void), quad_depth_block(void);
intptr_t panel_width(void), step_codes(void), tile_places(void), group_steps(void);

void matrix_product(const perch_matrix_product *);
void depthwise(const perch_depthwise *);
void stem(const perch_stem *);
void scale_channels(float *, intptr_t, intptr_t, intptr_t, const float *);
void scale_panels(const float *, float *, intptr_t depth, intptr_t columns, const float *);
void block_channels(
  const float *, intptr_t row, intptr_t pixels, intptr_t channels, float *, intptr_t block, const int32_t *);
void clear_columns(float *, intptr_t count, intptr_t step, intptr_t rows);
void prefetch(const float *, intptr_t);
void interleave_hops(const float *, intptr_t, intptr_t before, intptr_t hop, intptr_t columns, float *);
void copy_energies(const perch_log_scaling *);
void mean_over_rows(const float *, intptr_t rows, intptr_t columns, float *);
void activate(float *, intptr_t, int32_t);
bool scale_to_peak(float *, intptr_t, float, bool);
void polyphase(
  const float *, const float *, intptr_t, intptr_t, intptr_t, intptr_t, intptr_t, intptr_t, float *);
void mel_energies(const perch_mel_energies *);
void log_scaling(const perch_log_scaling *);
void energy_normalization(const perch_pcen *);
void strided_product(const perch_strided_product *);
void strided_product_double(const perch_strided_product_double *);
void standardize_row(const float *, const float *, const float *, intptr_t, float *);
void row_logits(const perch_row_logits *);
void row_products(const perch_row_products *);
void row_estimates(const perch_row_estimates *);
void widen_halves(const uint16_t *, intptr_t, float *);
void unit_places(const perch_unit_places *);
void quad_similarities(const perch_quad_similarities *);
float vector_codes(const perch_vector_codes *);
int32_t greatest_group(const uint8_t *, intptr_t, int32_t);
void code_products(const perch_code_products *);
void panel_bounds(const perch_panel_bounds *);

// Numbers and checks.
float number(void);                            // in [-1, 1), the same in every run
float *numbers(size_t count);                  // an array of them
void *zeros(size_t bytes);                     // followed by a guard that `finish` looks at
void check(const char *kernel, double got, double want, double bound);
int finish(void);                              // prints what was checked; 1 when anything was wrong

void frontend(void);
void layout(void);
void network(void);
void comparison(void);
