// Resampling, scaling and the spectrogram against plain loops in double.
#include <math.h>
#include "kernels.h"

static const double u = 0x1p-24, u_double = 0x1p-53;

static void resampling(void) {
  intptr_t taps = 24, phases = 7, step = 1, phase_step = 3, count = 41;
  float *input = numbers(count * 2 + taps), *bank = numbers(phases * taps), *output = zeros(count * sizeof(float));
  polyphase(input, bank, taps, phases, step, phase_step, 2, count, output);
  intptr_t n = 0, p = 2;
  for (intptr_t q = 0; q < count; q++) {
    double sum = 0, size = 0;
    for (intptr_t t = 0; t < taps; t++) {
      double term = (double)input[n + t] * bank[p * taps + t];
      sum += term;
      size += fabs(term);
    }
    check("polyphase", output[q], sum, (taps + 2) * u * size);
    n += step;
    p += phase_step;
    if (p >= phases) p -= phases, n++;
  }
}

static void peak(void) {
  for (int removes_mean = 0; removes_mean <= 1; removes_mean++) {
    intptr_t count = 1003;
    float *x = numbers(count), *before = zeros(count * sizeof(float));
    double mean = 0, most = 0;
    for (intptr_t i = 0; i < count; i++) mean += (before[i] = x[i]);
    mean = removes_mean ? mean / count : 0;
    for (intptr_t i = 0; i < count; i++) most = fmax(most, fabs(before[i] - mean));
    check("scaleToPeak", scale_to_peak(x, count, 0.25f, removes_mean), 1, 0);
    for (intptr_t i = 0; i < count; i++) check("scaleToPeak", x[i], (before[i] - mean) / most * 0.25, u * 0.25);
  }
  float *silence = zeros(16 * sizeof(float));
  check("scaleToPeak", scale_to_peak(silence, 16, 0.25f, 1), 0, 0);
}

// As PerchTensor's FourierTwiddles.
static intptr_t lay_twiddles(intptr_t length, double *to) {
  intptr_t at = 0;
  for (intptr_t rest = length / 2; rest >= 4;) {
    intptr_t radix = rest >= 8 && rest != 16 ? 8 : 4;
    for (intptr_t position = 0; position < rest / radix; position++) {
      for (intptr_t multiple = 1; multiple < radix; multiple++) {
        double angle = 2 * M_PI * (position * multiple) / rest;
        to[at++] = cos(angle);
        to[at++] = -sin(angle);
      }
    }
    rest /= radix;
  }
  for (intptr_t k = 0; k <= length / 2; k++) {
    to[at++] = cos(2 * M_PI * k / length);
    to[at++] = sin(2 * M_PI * k / length);
  }
  return at;
}

static void spectrogram(intptr_t window_length, intptr_t fft_length, double power) {
  intptr_t frames = 5, lanes = double_lanes(), padded = (frames + lanes - 1) / lanes * lanes, bands = 6;
  intptr_t bins = fft_length / 2, width = bins / bands;
  float *signal = numbers(window_length * padded);
  int32_t *offsets = zeros(window_length * sizeof(int32_t));
  double *window = zeros(window_length * sizeof(double)), *twiddles = zeros(8 * fft_length * sizeof(double));
  double *weights = zeros(bands * width * sizeof(double)), *energies = zeros(frames * bands * sizeof(double));
  double *scratch = zeros((2 * fft_length + bins) * lanes * sizeof(double));
  int32_t first[6], count[6];
  for (intptr_t i = 0; i < window_length; i++) {
    offsets[i] = (int32_t)(i * padded);
    window[i] = 0.5 - 0.5 * cos(2 * M_PI * i / window_length);
  }
  lay_twiddles(fft_length, twiddles);
  for (intptr_t b = 0; b < bands; b++) {
    first[b] = (int32_t)(b * width);
    count[b] = (int32_t)width;
    for (intptr_t i = 0; i < width; i++) weights[b * width + i] = fabs(number());
  }
  perch_mel_energies p = {
    .signal = signal, .sample_offsets = offsets, .frames = frames, .window_length = window_length,
    .fft_length = fft_length, .window = window, .twiddles = twiddles, .power = power, .bins = bins, .bands = bands,
    .mel_first = first, .mel_count = count, .mel_weights = weights, .scratch = scratch, .energies = energies,
    .energy_row = bands };
  mel_energies(&p);
  for (intptr_t t = 0; t < frames; t++) {
    double norm = 0;
    for (intptr_t i = 0; i < window_length; i++) norm += pow(window[i] * signal[i * padded + t], 2);
    for (intptr_t b = 0; b < bands; b++) {
      double energy = 0, weight = 0;
      for (intptr_t i = 0; i < width; i++) {
        double re = 0, im = 0;
        for (intptr_t n = 0; n < window_length; n++) {
          double x = window[n] * signal[n * padded + t];
          double angle = 2 * M_PI * ((first[b] + i) * n % fft_length) / fft_length;
          re += x * cos(angle);
          im -= x * sin(angle);
        }
        energy += weights[b * width + i] * pow(hypot(re, im), power);
        weight += weights[b * width + i];
      }
      // Magnitudes are at most √(N·norm); both transforms err by some log₂N resp. N roundings of that.
      double greatest = sqrt(fft_length * norm);
      double bound = 2 * fft_length * u_double * weight * pow(greatest, power);
      check("melEnergies", energies[t * bands + b], energy, bound);
    }
  }
}

static void scalings(void) {
  intptr_t frames = 9, bands = 8;
  double *energies = zeros(frames * bands * sizeof(double)), *smoothing = zeros(bands * sizeof(double));
  float *output = zeros(frames * bands * sizeof(float));
  for (intptr_t i = 0; i < frames * bands; i++) energies[i] = exp(12 * number());
  perch_log_scaling logarithm = {
    .energies = energies, .energy_row = bands, .frames = frames, .bands = bands, .floor = 1e-5, .offset = 0.01,
    .scalar = 0.1, .output = output, .output_row = bands };
  log_scaling(&logarithm);
  for (intptr_t i = 0; i < frames * bands; i++) {
    double want = 0.1 * log(fmax(energies[i], 1e-5) + 0.01);
    check("logScaling", output[i], want, u * fabs(want) + 1e-12);
  }
  double *scratch = zeros(frames * double_lanes() * sizeof(double));
  for (intptr_t b = 0; b < bands; b++) smoothing[b] = 0.1 + 0.05 * b;
  perch_pcen pcen = {
    .energies = energies, .energy_row = bands, .frames = frames, .bands = bands, .smoothing = smoothing,
    .gain = 0.8, .bias = 10, .root = 4, .epsilon = 1e-6, .scratch = scratch, .output = output,
    .output_row = bands };
  energy_normalization(&pcen);
  for (intptr_t b = 0; b < bands; b++) {
    double smooth = energies[b];
    for (intptr_t t = 0; t < frames; t++) {
      double energy = energies[t * bands + b];
      smooth = smoothing[b] * energy + (1 - smoothing[b]) * smooth;
      double want = pow(energy / pow(1e-6 + smooth, 0.8) + 10, 0.25) - pow(10, 0.25);
      check("energyNormalization", output[t * bands + b], want, u * fabs(want) + 1e-12);
    }
  }
}

void frontend(void) {
  resampling();
  peak();
  spectrogram(40, 64, 1);
  spectrogram(100, 128, 2);
  spectrogram(200, 256, 1);
  spectrogram(500, 1024, 2);
  scalings();
}
