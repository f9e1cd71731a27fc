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

/// y ← activation(x·W + bias), W row-major [inputs][outputs], outputs padded to a multiple of B.
typedef struct {
  const float *_Nonnull x;
  const float *_Nonnull weights;
  const float *_Nonnull bias;
  float *_Nonnull y;
  intptr_t inputs, outputs;
  int32_t activation;
} perch_dense PERCH_SWIFT_NAME(DenseLayer);

/// Windowed frames of one signal → mel energies, frames side by side in the vector lanes, in double.
typedef struct {
  /// Frame t is signal[t·hop ..< t·hop + window_length].
  const float *_Nonnull signal;
  intptr_t frames, hop, window_length, fft_length;
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
