import Testing

/// A row of the recipe's published test values.
struct TestValue: Sendable, CustomTestStringConvertible {
  let model: String
  let path: String
  let shape: [Int]
  /// Bits of the first five elements and of the last.
  let bits: [UInt32]

  var testDescription: String { "\(model) \(path)" }

  private init(_ model: String, _ path: String, _ shape: [Int], _ bits: UInt32...) {
    (self.model, self.path, self.shape, self.bits) = (model, path, shape, bits)
  }

  static let all = [
    TestValue(
      "perch_8", "backbone/stem/conv/kernel", [3, 3, 1, 32],
      0xbe866241, 0xbd37db78, 0x3f021bd7, 0xbea64d9a, 0xbd1ac382, 0x3d8b1f55),
    TestValue(
      "perch_8", "backbone/stem/bn/gamma", [32],
      0x3f56a433, 0x3f48a977, 0x3f66dfd4, 0x3f6c00ec, 0x3f4d6a75, 0x3f9b9dda),
    TestValue(
      "perch_8", "backbone/stem/bn/mean", [32],
      0xbb880d8e, 0xbbaa3116, 0x3a25c8b0, 0xbb514a04, 0xbba22b78, 0x3b4a65d4),
    TestValue(
      "perch_8", "backbone/stem/bn/variance", [32],
      0x3b818244, 0x3bb5412e, 0x3b810b46, 0x3bac9900, 0x3ba5d164, 0x3b674591),
    TestValue(
      "perch_8", "backbone/stage2/block2/expand_conv/kernel", [1, 1, 24, 144],
      0x3e0697f7, 0x3d90ece0, 0xbd1e7c76, 0xbe90e789, 0x3e01065c, 0xbd5648b9),
    TestValue(
      "perch_8", "backbone/stage3/block1/depthwise_conv/kernel", [5, 5, 1, 144],
      0x3df66fe5, 0xbe607918, 0xbdcec5f1, 0xbe4ab513, 0xbd6f74b3, 0xbd1b531f),
    TestValue(
      "perch_8", "backbone/stage5/block2/se_reduce/kernel", [672, 28],
      0xbd998e00, 0xbd880363, 0xbd507ba1, 0xbda08f60, 0xbd065093, 0xbd0a9299),
    TestValue(
      "perch_8", "backbone/stage5/block2/se_expand/bias", [672],
      0x3dc152d0, 0xbec01d1e, 0xbd812428, 0x3dceda38, 0xbc38ccc0, 0xbdfe52f0),
    TestValue(
      "perch_8", "backbone/stage7/block2/project_bn/variance", [320],
      0x3e26569a, 0x3e0ab4b1, 0x3ea2558b, 0x3e529e0b, 0x3e6d26b1, 0x3e546748),
    TestValue(
      "perch_8", "backbone/head/conv/kernel", [1, 1, 320, 1280],
      0x3d7f22f3, 0xbdc20077, 0x3afaf067, 0x3d0db11b, 0x3cd8ff13, 0xbdb4e24e),
    TestValue(
      "perch_8", "heads/label/kernel", [1280, 10932],
      0xbcd1b360, 0xbe1b5f32, 0x3d9cd077, 0x3d265815, 0xbda992bf, 0x3e4071db),
    TestValue(
      "perch_8", "heads/label/bias", [10932],
      0xbfb60418, 0xbfa7db48, 0xbf308c7a, 0xbf72bb84, 0xbf2e4ebf, 0xbf3570d4),
    TestValue(
      "perch_8_c", "backbone/stem/conv/kernel", [3, 3, 1, 32],
      0xbe866241, 0xbd37db78, 0x3f021bd7, 0xbea64d9a, 0xbd1ac382, 0x3d8b1f55),
    TestValue(
      "perch_8_c", "backbone/stem/bn/gamma", [32],
      0x3f56a433, 0x3f48a977, 0x3f66dfd4, 0x3f6c00ec, 0x3f4d6a75, 0x3f9b9dda),
    TestValue(
      "perch_8_c", "backbone/stem/bn/mean", [32],
      0xb8080d8e, 0xb82a3116, 0x36a5c8b0, 0xb7d14a04, 0xb8222b78, 0x37ca65d4),
    TestValue(
      "perch_8_c", "backbone/stem/bn/variance", [32],
      0x34818244, 0x34b5412e, 0x34810b46, 0x34ac9900, 0x34a5d164, 0x34674591),
    TestValue(
      "perch_8_c", "backbone/stage2/block2/expand_conv/kernel", [1, 1, 24, 144],
      0x3e0697f7, 0x3d90ece0, 0xbd1e7c76, 0xbe90e789, 0x3e01065c, 0xbd5648b9),
    TestValue(
      "perch_8_c", "backbone/stage3/block1/depthwise_conv/kernel", [5, 5, 1, 144],
      0x3df66fe5, 0xbe607918, 0xbdcec5f1, 0xbe4ab513, 0xbd6f74b3, 0xbd1b531f),
    TestValue(
      "perch_8_c", "backbone/stage5/block2/se_reduce/kernel", [672, 28],
      0xbd998e00, 0xbd880363, 0xbd507ba1, 0xbda08f60, 0xbd065093, 0xbd0a9299),
    TestValue(
      "perch_8_c", "backbone/stage5/block2/se_expand/bias", [672],
      0x3dc152d0, 0xbec01d1e, 0xbd812428, 0x3dceda38, 0xbc38ccc0, 0xbdfe52f0),
    TestValue(
      "perch_8_c", "backbone/stage7/block2/project_bn/variance", [320],
      0x3e26569a, 0x3e0ab4b1, 0x3ea2558b, 0x3e529e0b, 0x3e6d26b1, 0x3e546748),
    TestValue(
      "perch_8_c", "backbone/head/conv/kernel", [1, 1, 320, 1280],
      0x3d7f22f3, 0xbdc20077, 0x3afaf067, 0x3d0db11b, 0x3cd8ff13, 0xbdb4e24e),
    TestValue(
      "perch_8_c", "heads/label/kernel", [1280, 64],
      0xbcd1b360, 0xbe1b5f32, 0x3d9cd077, 0x3d265815, 0xbda992bf, 0x3d699b20),
    TestValue(
      "perch_8_c", "heads/label/bias", [64],
      0xbfb60418, 0xbfa7db48, 0xbf308c7a, 0xbf72bb84, 0xbf2e4ebf, 0xbf4dae4f),
    TestValue(
      "perch_v2", "backbone/stem/conv/kernel", [3, 3, 1, 40],
      0xbea0d3e2, 0x3e530030, 0x3f0af982, 0xbef204bf, 0xbc8b6167, 0x3e6de709),
    TestValue(
      "perch_v2", "backbone/stem/bn/gamma", [40],
      0x3f56a433, 0x3f48a977, 0x3f66dfd4, 0x3f6c00ec, 0x3f4d6a75, 0x3f494328),
    TestValue(
      "perch_v2", "backbone/stem/bn/mean", [40],
      0xbb880d8e, 0xbbaa3116, 0x3a25c8b0, 0xbb514a04, 0xbba22b78, 0xbaa994c0),
    TestValue(
      "perch_v2", "backbone/stem/bn/variance", [40],
      0x3b818244, 0x3bb5412e, 0x3b810b46, 0x3bac9900, 0x3ba5d164, 0x3ba79224),
    TestValue(
      "perch_v2", "backbone/stage2/block2/expand_conv/kernel", [1, 1, 32, 192],
      0x3d9a9863, 0x3d976247, 0xbd0b6c83, 0xbe6bd966, 0x3de1bc71, 0x3d1549f9),
    TestValue(
      "perch_v2", "backbone/stage3/block1/depthwise_conv/kernel", [5, 5, 1, 192],
      0x3e188fab, 0xbe4f253c, 0xbe0ee44e, 0xbe81d2a6, 0xbdc80919, 0x3d95232a),
    TestValue(
      "perch_v2", "backbone/stage5/block2/se_reduce/kernel", [816, 34],
      0xbd8b593e, 0xbd76dc28, 0xbd3d31f7, 0xbd91b4b5, 0xbcf3c6fc, 0xbd88c235),
    TestValue(
      "perch_v2", "backbone/stage5/block2/se_expand/bias", [816],
      0x3dc152d0, 0xbec01d1e, 0xbd812428, 0x3dceda38, 0xbc38ccc0, 0x3eb4e51c),
    TestValue(
      "perch_v2", "backbone/stage7/block2/project_bn/variance", [384],
      0x3e26569a, 0x3e0ab4b1, 0x3ea2558b, 0x3e529e0b, 0x3e6d26b1, 0x3e98dc5e),
    TestValue(
      "perch_v2", "backbone/head/conv/kernel", [1, 1, 384, 1536],
      0x3d60510f, 0xbdb01110, 0x3be3455d, 0x3d14a370, 0x3ca03dac, 0x3c8622ce),
    TestValue(
      "perch_v2", "heads/label/prototypes", [14795, 4, 1536],
      0xbe9f93c0, 0x3d4225a0, 0xb92e6000, 0x3d86b310, 0xbea02a94, 0x3f263c1c),
    TestValue(
      "perch_v2", "heads/label/class_kernel", [14795, 4],
      0x41bfce01, 0x41bc1890, 0x41be8e86, 0x401912c0, 0x3fcb4380, 0x41898090),
    TestValue(
      "perch_v2", "heads/label/bias", [14795],
      0xc01b020c, 0xc013eda4, 0xbfd8463d, 0xbff95dc2, 0xbfd72760, 0xc0023cc9),
  ]
}
