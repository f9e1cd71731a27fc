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
      0xbe86_6241, 0xbd37_db78, 0x3f02_1bd7, 0xbea6_4d9a, 0xbd1a_c382, 0x3d8b_1f55),
    TestValue(
      "perch_8", "backbone/stem/bn/gamma", [32],
      0x3f56_a433, 0x3f48_a977, 0x3f66_dfd4, 0x3f6c_00ec, 0x3f4d_6a75, 0x3f9b_9dda),
    TestValue(
      "perch_8", "backbone/stem/bn/mean", [32],
      0xbb88_0d8e, 0xbbaa_3116, 0x3a25_c8b0, 0xbb51_4a04, 0xbba2_2b78, 0x3b4a_65d4),
    TestValue(
      "perch_8", "backbone/stem/bn/variance", [32],
      0x3b81_8244, 0x3bb5_412e, 0x3b81_0b46, 0x3bac_9900, 0x3ba5_d164, 0x3b67_4591),
    TestValue(
      "perch_8", "backbone/stage2/block2/expand_conv/kernel", [1, 1, 24, 144],
      0x3e06_97f7, 0x3d90_ece0, 0xbd1e_7c76, 0xbe90_e789, 0x3e01_065c, 0xbd56_48b9),
    TestValue(
      "perch_8", "backbone/stage3/block1/depthwise_conv/kernel", [5, 5, 1, 144],
      0x3df6_6fe5, 0xbe60_7918, 0xbdce_c5f1, 0xbe4a_b513, 0xbd6f_74b3, 0xbd1b_531f),
    TestValue(
      "perch_8", "backbone/stage5/block2/se_reduce/kernel", [672, 28],
      0xbd99_8e00, 0xbd88_0363, 0xbd50_7ba1, 0xbda0_8f60, 0xbd06_5093, 0xbd0a_9299),
    TestValue(
      "perch_8", "backbone/stage5/block2/se_expand/bias", [672],
      0x3dc1_52d0, 0xbec0_1d1e, 0xbd81_2428, 0x3dce_da38, 0xbc38_ccc0, 0xbdfe_52f0),
    TestValue(
      "perch_8", "backbone/stage7/block2/project_bn/variance", [320],
      0x3e26_569a, 0x3e0a_b4b1, 0x3ea2_558b, 0x3e52_9e0b, 0x3e6d_26b1, 0x3e54_6748),
    TestValue(
      "perch_8", "backbone/head/conv/kernel", [1, 1, 320, 1280],
      0x3d7f_22f3, 0xbdc2_0077, 0x3afa_f067, 0x3d0d_b11b, 0x3cd8_ff13, 0xbdb4_e24e),
    TestValue(
      "perch_8", "heads/label/kernel", [1280, 10932],
      0xbcd1_b360, 0xbe1b_5f32, 0x3d9c_d077, 0x3d26_5815, 0xbda9_92bf, 0x3e40_71db),
    TestValue(
      "perch_8", "heads/label/bias", [10932],
      0xbfb6_0418, 0xbfa7_db48, 0xbf30_8c7a, 0xbf72_bb84, 0xbf2e_4ebf, 0xbf35_70d4),
    TestValue(
      "perch_8_c", "backbone/stem/conv/kernel", [3, 3, 1, 32],
      0xbe86_6241, 0xbd37_db78, 0x3f02_1bd7, 0xbea6_4d9a, 0xbd1a_c382, 0x3d8b_1f55),
    TestValue(
      "perch_8_c", "backbone/stem/bn/gamma", [32],
      0x3f56_a433, 0x3f48_a977, 0x3f66_dfd4, 0x3f6c_00ec, 0x3f4d_6a75, 0x3f9b_9dda),
    TestValue(
      "perch_8_c", "backbone/stem/bn/mean", [32],
      0xb808_0d8e, 0xb82a_3116, 0x36a5_c8b0, 0xb7d1_4a04, 0xb822_2b78, 0x37ca_65d4),
    TestValue(
      "perch_8_c", "backbone/stem/bn/variance", [32],
      0x3481_8244, 0x34b5_412e, 0x3481_0b46, 0x34ac_9900, 0x34a5_d164, 0x3467_4591),
    TestValue(
      "perch_8_c", "backbone/stage2/block2/expand_conv/kernel", [1, 1, 24, 144],
      0x3e06_97f7, 0x3d90_ece0, 0xbd1e_7c76, 0xbe90_e789, 0x3e01_065c, 0xbd56_48b9),
    TestValue(
      "perch_8_c", "backbone/stage3/block1/depthwise_conv/kernel", [5, 5, 1, 144],
      0x3df6_6fe5, 0xbe60_7918, 0xbdce_c5f1, 0xbe4a_b513, 0xbd6f_74b3, 0xbd1b_531f),
    TestValue(
      "perch_8_c", "backbone/stage5/block2/se_reduce/kernel", [672, 28],
      0xbd99_8e00, 0xbd88_0363, 0xbd50_7ba1, 0xbda0_8f60, 0xbd06_5093, 0xbd0a_9299),
    TestValue(
      "perch_8_c", "backbone/stage5/block2/se_expand/bias", [672],
      0x3dc1_52d0, 0xbec0_1d1e, 0xbd81_2428, 0x3dce_da38, 0xbc38_ccc0, 0xbdfe_52f0),
    TestValue(
      "perch_8_c", "backbone/stage7/block2/project_bn/variance", [320],
      0x3e26_569a, 0x3e0a_b4b1, 0x3ea2_558b, 0x3e52_9e0b, 0x3e6d_26b1, 0x3e54_6748),
    TestValue(
      "perch_8_c", "backbone/head/conv/kernel", [1, 1, 320, 1280],
      0x3d7f_22f3, 0xbdc2_0077, 0x3afa_f067, 0x3d0d_b11b, 0x3cd8_ff13, 0xbdb4_e24e),
    TestValue(
      "perch_8_c", "heads/label/kernel", [1280, 64],
      0xbcd1_b360, 0xbe1b_5f32, 0x3d9c_d077, 0x3d26_5815, 0xbda9_92bf, 0x3d69_9b20),
    TestValue(
      "perch_8_c", "heads/label/bias", [64],
      0xbfb6_0418, 0xbfa7_db48, 0xbf30_8c7a, 0xbf72_bb84, 0xbf2e_4ebf, 0xbf4d_ae4f),
    TestValue(
      "perch_v2", "backbone/stem/conv/kernel", [3, 3, 1, 40],
      0xbea0_d3e2, 0x3e53_0030, 0x3f0a_f982, 0xbef2_04bf, 0xbc8b_6167, 0x3e6d_e709),
    TestValue(
      "perch_v2", "backbone/stem/bn/gamma", [40],
      0x3f56_a433, 0x3f48_a977, 0x3f66_dfd4, 0x3f6c_00ec, 0x3f4d_6a75, 0x3f49_4328),
    TestValue(
      "perch_v2", "backbone/stem/bn/mean", [40],
      0xbb88_0d8e, 0xbbaa_3116, 0x3a25_c8b0, 0xbb51_4a04, 0xbba2_2b78, 0xbaa9_94c0),
    TestValue(
      "perch_v2", "backbone/stem/bn/variance", [40],
      0x3b81_8244, 0x3bb5_412e, 0x3b81_0b46, 0x3bac_9900, 0x3ba5_d164, 0x3ba7_9224),
    TestValue(
      "perch_v2", "backbone/stage2/block2/expand_conv/kernel", [1, 1, 32, 192],
      0x3d9a_9863, 0x3d97_6247, 0xbd0b_6c83, 0xbe6b_d966, 0x3de1_bc71, 0x3d15_49f9),
    TestValue(
      "perch_v2", "backbone/stage3/block1/depthwise_conv/kernel", [5, 5, 1, 192],
      0x3e18_8fab, 0xbe4f_253c, 0xbe0e_e44e, 0xbe81_d2a6, 0xbdc8_0919, 0x3d95_232a),
    TestValue(
      "perch_v2", "backbone/stage5/block2/se_reduce/kernel", [816, 34],
      0xbd8b_593e, 0xbd76_dc28, 0xbd3d_31f7, 0xbd91_b4b5, 0xbcf3_c6fc, 0xbd88_c235),
    TestValue(
      "perch_v2", "backbone/stage5/block2/se_expand/bias", [816],
      0x3dc1_52d0, 0xbec0_1d1e, 0xbd81_2428, 0x3dce_da38, 0xbc38_ccc0, 0x3eb4_e51c),
    TestValue(
      "perch_v2", "backbone/stage7/block2/project_bn/variance", [384],
      0x3e26_569a, 0x3e0a_b4b1, 0x3ea2_558b, 0x3e52_9e0b, 0x3e6d_26b1, 0x3e98_dc5e),
    TestValue(
      "perch_v2", "backbone/head/conv/kernel", [1, 1, 384, 1536],
      0x3d60_510f, 0xbdb0_1110, 0x3be3_455d, 0x3d14_a370, 0x3ca0_3dac, 0x3c86_22ce),
    TestValue(
      "perch_v2", "heads/label/prototypes", [14795, 4, 1536],
      0xbe9f_93c0, 0x3d42_25a0, 0xb92e_6000, 0x3d86_b310, 0xbea0_2a94, 0x3f26_3c1c),
    TestValue(
      "perch_v2", "heads/label/class_kernel", [14795, 4],
      0x41bf_ce01, 0x41bc_1890, 0x41be_8e86, 0x4019_12c0, 0x3fcb_4380, 0x4189_8090),
    TestValue(
      "perch_v2", "heads/label/bias", [14795],
      0xc01b_020c, 0xc013_eda4, 0xbfd8_463d, 0xbff9_5dc2, 0xbfd7_2760, 0xc002_3cc9),
  ]
}
