import TestSupport
import Testing

@Suite(.enabled(if: TestFiles.hasShared, "needs the shared reference data"))
struct GoldenTests {
  @Test func readsVectorsAndAttributes() throws {
    let golden = try Golden(file: "golden/perch_8.h5")
    let (shape, embedding) = try golden.floats("embedding_f64")
    #expect(shape == [14, 1280] && embedding.count == 14 * 1280)
    #expect(try golden.doubles("embedding_f64").values.map { Float($0) } == embedding)
    #expect(try golden.string("computed_in", of: "embedding_f64") == "float64")
    #expect(try golden.int("windows", of: "embedding_f64") == 14)
    #expect(try golden.doubles("f32_max_abs_error", of: "embedding_f64").count == 14)
    #expect(try golden.groups(under: "logits_full").contains("genus_f64"))
    #expect(throws: Golden.Absent.self) { try golden.double("none", of: "embedding_f64") }
  }

  @Test func readsKernelOptionsAndNames() throws {
    let kernels = try Golden(file: "golden/kernels.h5")
    #expect(try kernels.groups().contains("batch_norm"))
    #expect(try kernels.double("epsilon", of: "batch_norm") > 0)
    #expect(try Golden(file: "golden/inputs.h5").strings("names").count == 14)
  }
}
