// What the kernels are given. Plain structures, so that a call names its operands and crosses the
// border between builds for different instruction sets as one pointer.
//
// B below is the channel block of the build (KernelTable.channelBlock): 8, with AVX-512 16.
// "Blocked" maps hold B channels of a pixel side by side: [channels / B][rows][columns][B].
// Channel counts are padded to a multiple of B; padding holds zeros and stays zero.
#pragma once
#include <stdint.h>

#define PERCH_SWIFT_NAME(name) __attribute__((swift_name(#name)))

/// C ← activation(A·B + bias + residual).
typedef struct {
  /// A[m][k] stands at a + m·a_row + (k / B)·a_block + k mod B (row-major: a_row = depth, a_block = B).
  const float *_Nonnull a;
  intptr_t a_row, a_block;
  intptr_t rows, depth;
  /// Padded to a multiple of B.
  intptr_t columns;
  /// Panels of 3B, 2B or B columns, each [depth][width] (PerchTensor's PackedMatrix).
  const float *_Nonnull b;
  /// [columns], or none.
  const float *_Nullable bias;
  /// Row m of C starts at c + (c_offsets ? c_offsets[m] : m·c_row); its block j of B columns stands at + j·c_block.
  float *_Nonnull c;
  const int32_t *_Nullable c_offsets;
  intptr_t c_row, c_block;
  /// Same rows as C, row-major with c_row; added before the activation.
  const float *_Nullable residual;
  /// An `Activation` code.
  int32_t activation;
} perch_matrix_product PERCH_SWIFT_NAME(MatrixProduct);

/// Depthwise convolution of blocked maps with bias, activation and the sum over the pixels of each channel.
typedef struct {
  /// Input rows, (rows − 1)·stride + kernel_size of them: pointers to block 0 of the first tap's column.
  const float *_Nonnull const *_Nonnull input_rows;
  /// Distance between channel blocks of the input.
  intptr_t input_block;
  intptr_t kernel_size, stride;
  /// Output rows and columns of this call.
  intptr_t rows, columns;
  intptr_t channels;
  /// [channels / B][kernel_size²][B], and [channels].
  const float *_Nonnull weights;
  const float *_Nonnull bias;
  /// Blocked: row y, column x of block j at j·output_block + (y·columns + x)·B.
  float *_Nonnull output;
  intptr_t output_block;
  /// [channels], added to.
  float *_Nonnull sums;
  int32_t activation;
} perch_depthwise PERCH_SWIFT_NAME(DepthwiseConvolution);

/// 3×3 convolution with stride 2 of one input channel, no padding, with bias and activation.
typedef struct {
  const float *_Nonnull input;
  intptr_t input_row;
  intptr_t rows, columns, channels;
  /// [9][channels], and [channels].
  const float *_Nonnull weights;
  const float *_Nonnull bias;
  /// Pixel (y, x), block j at y·output_row + x·output_pixel + j·output_block.
  float *_Nonnull output;
  intptr_t output_row, output_pixel, output_block;
  int32_t activation;
} perch_stem PERCH_SWIFT_NAME(StemConvolution);

/// Windowed frames of one signal → mel energies, frames side by side in the vector lanes, in double.
typedef struct {
  /// Sample i of frame t is signal[sample_offsets[i] + t], also for the t up to the next multiple of the lanes
  /// (the kernel interleaveHops lays a window out like this).
  const float *_Nonnull signal;
  const int32_t *_Nonnull sample_offsets;
  intptr_t frames, window_length, fft_length;
  const double *_Nonnull window;
  /// Twiddle factors, as PerchTensor's FourierTwiddles lays them out.
  const double *_Nonnull twiddles;
  /// Magnitudes are raised to this power (1 and 2 are exact and fast).
  double power;
  /// Bins [0, bins) are computed.
  intptr_t bins;
  /// Band b is Σ mel_weights[i]·magnitude[mel_first[b] + i], i < mel_count[b]; weights one band after the other.
  intptr_t bands;
  const int32_t *_Nonnull mel_first;
  const int32_t *_Nonnull mel_count;
  const double *_Nonnull mel_weights;
  /// (2·fft_length + bins)·lanes doubles.
  double *_Nonnull scratch;
  /// [frames][energy_row].
  double *_Nonnull energies;
  intptr_t energy_row;
} perch_mel_energies PERCH_SWIFT_NAME(MelEnergies);

/// scalar·ln(max(energy, floor) + offset) for every element.
typedef struct {
  const double *_Nonnull energies;
  intptr_t energy_row;
  intptr_t frames, bands;
  double floor, offset, scalar;
  float *_Nonnull output;
  intptr_t output_row;
} perch_log_scaling PERCH_SWIFT_NAME(LogScaling);

/// Per-channel energy normalisation with the smoother as a finite window of `taps` frames.
typedef struct {
  const double *_Nonnull energies;
  intptr_t energy_row;
  intptr_t frames, bands;
  /// [bands]
  const double *_Nonnull smoothing;
  double gain, bias, root, epsilon;
  /// Width of the window; 0: the plain recursion.
  intptr_t taps;
  /// 0: the exact kernel; 1: the kernel of public code before 2024-04-16.
  int32_t legacy;
  /// frames × lanes doubles.
  double *_Nonnull scratch;
  float *_Nonnull output;
  intptr_t output_row;
} perch_pcen PERCH_SWIFT_NAME(EnergyNormalization);

// The prototype head. A quad is four prototypes side by side, [depth][4]; places are the pixels of the map.

/// Places over their norms, packed as `perch_quad_similarities` reads them.
typedef struct {
  /// [places][row], of which the first `depth` of a row count.
  const float *_Nonnull map;
  intptr_t row;
  intptr_t places, depth;
  /// Added to the norm.
  float norm_epsilon;
  /// [places][unit_row]: the same unit vectors, row-major.
  float *_Nonnull unit;
  intptr_t unit_row;
  /// Panels of at most PrototypeKernels.panelPlaces places, each [depth][places of the panel]; places are padded
  /// to whole vectors with copies of place 0.
  float *_Nonnull packed;
} perch_unit_places PERCH_SWIFT_NAME(UnitPlaces);

/// Greatest similarity of each prototype of some quads over all places of each window.
typedef struct {
  /// Quads in groups of PrototypeKernels.quadGroup, a group in blocks of depthBlock steps of k: [quadGroup][k][4].
  const float *_Nonnull prototypes;
  /// Which quads, in any order.
  const int32_t *_Nonnull quads;
  intptr_t quad_count;
  intptr_t depth;
  /// Windows of packed places, `window_stride` floats apart; `places` is padded to whole vectors.
  const float *_Nonnull places_packed;
  intptr_t window_stride;
  intptr_t windows, places;
  /// quadGroup × windows × places × 4 floats.
  float *_Nonnull sums;
  /// [windows][similarity_row], four numbers a quad.
  float *_Nonnull similarities;
  intptr_t similarity_row;
} perch_quad_similarities PERCH_SWIFT_NAME(QuadSimilarities);

/// One vector to codes: code = clamp(round(value / step) + zero_point, lowest, highest).
typedef struct {
  const float *_Nonnull values;
  /// A multiple of 16.
  intptr_t depth;
  float step, zero_point, lowest, highest;
  /// [depth], one byte a code: signed when lowest is negative.
  uint8_t *_Nonnull codes;
} perch_vector_codes PERCH_SWIFT_NAME(VectorCodes);

/// Σ code · code of one panel of prototypes and some places.
typedef struct {
  /// [steps][width][codes of a step], signed.
  const int8_t *_Nonnull panel;
  /// Groups of `group` steps; each [tiles][group][places of a tile][codes of a step], unsigned.
  const uint8_t *_Nonnull places;
  intptr_t place_group;
  intptr_t steps, group, tiles;
  /// [tiles · places of a tile][width].
  int32_t *_Nonnull sums;
} perch_code_products PERCH_SWIFT_NAME(CodeProducts);

/// Upper bounds of one panel's similarities to one window.
typedef struct {
  /// [places][width].
  const int32_t *_Nonnull sums;
  intptr_t places;
  /// [places]: value of a code; minus the zero point; distance of the coded place from the place.
  const float *_Nonnull steps;
  const float *_Nonnull minus_zeros;
  const float *_Nonnull residuals;
  /// [width]: Σ codes and value of a code of each prototype; distance of the coded prototype from the prototype.
  const float *_Nonnull code_sums;
  const float *_Nonnull scales;
  const float *_Nonnull distances;
  /// Greatest norm of a coded place, and what rounding may add.
  float place_norm, slack;
  float *_Nonnull bounds;
} perch_panel_bounds PERCH_SWIFT_NAME(PanelBounds);

// Comparison of vectors.

/// Squared norms of rows and their dot products with some queries, summed in double.
typedef struct {
  /// [rows][depth].
  const float *_Nonnull rows;
  intptr_t row_count, depth;
  /// [queries][depth].
  const double *_Nonnull queries;
  intptr_t query_count;
  /// [rows][queries].
  double *_Nonnull dots;
  /// [rows].
  double *_Nonnull squares;
} perch_row_products PERCH_SWIFT_NAME(RowProducts);

/// The same sums in float32: estimates, for telling which rows are worth the sums in double.
typedef struct {
  /// [rows][depth]: float32, or with `half` not 0 the bits of 16-bit floats.
  const void *_Nonnull rows;
  intptr_t row_count, depth;
  int32_t half;
  /// [queries][depth].
  const float *_Nonnull queries;
  intptr_t query_count;
  /// [rows][queries].
  float *_Nonnull dots;
  /// [rows].
  float *_Nonnull squares;
} perch_row_estimates PERCH_SWIFT_NAME(RowEstimates);

/// Logits of rows by some outputs: logits[r][k] = bias[k] + Σ rows[r][j]·weights[k][j].
typedef struct {
  /// [row_count][depth] at a distance of row_stride; depth is a multiple of 16.
  const float *_Nonnull rows;
  intptr_t row_count, row_stride, depth;
  /// [outputs][depth] at a distance of weight_stride.
  const float *_Nonnull weights;
  intptr_t weight_stride, outputs;
  const float *_Nonnull bias;
  /// [row_count][outputs] at a distance of logit_stride.
  float *_Nonnull logits;
  intptr_t logit_stride;
} perch_row_logits PERCH_SWIFT_NAME(RowLogits);

/// C ← scale·A·B (+ C): A by any two strides, so transposed too; B and C in rows.
#define PERCH_STRIDED_PRODUCT(name, number) \
  typedef struct { \
    /* A[m][k] stands at a + m·a_row + k·a_column. */ \
    const number *_Nonnull a; \
    intptr_t a_row, a_column; \
    intptr_t rows, depth; \
    /* [depth][columns] at a distance of b_row; columns is a multiple of a vector. */ \
    const number *_Nonnull b; \
    intptr_t b_row, columns; \
    number *_Nonnull c; \
    intptr_t c_row; \
    number scale; \
    /* 1: what C holds is added to. */ \
    int32_t accumulates; \
  } name
PERCH_STRIDED_PRODUCT(perch_strided_product, float) PERCH_SWIFT_NAME(StridedProduct);
PERCH_STRIDED_PRODUCT(perch_strided_product_double, double) PERCH_SWIFT_NAME(StridedProductDouble);
