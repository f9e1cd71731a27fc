import CPlatform
import KernelTable
import PerchKernels

#if arch(x86_64)
  import PerchKernelsV3
  import PerchKernelsV4
  import PerchKernelsVNNI
#endif

/// Choice of the kernel build at run time.
package enum Kernels {
  /// The build that this process computes with: the widest that the processor runs.
  package static let active: KernelTable = available.last ?? kernelsBaseline()

  /// Every build that this processor runs, narrowest first.
  package static let available: [KernelTable] = {
    var tables = [kernelsBaseline()]
    #if arch(x86_64)
      if runsV3 { tables.append(kernelsV3()) }
      if runsV3 && runsV4 { tables.append(kernelsV4WithBestScreening()) }
    #endif
    return tables
  }()

  /// Every form of screening that this processor runs, slowest first.
  package static let screenings: [ScreeningKernels] = {
    var forms = [kernelsBaseline().screening]
    #if arch(x86_64)
      if runsV3 { forms.append(kernelsV3().screening) }
      if runsV3 && runsV4 { forms.append(kernelsV4().screening) }
      if runsV3 && runsV4 && runsVNNI { forms.append(screeningVNNI()) }
    #endif
    return forms
  }()

  #if arch(x86_64)
    /// "Active" is more than "has": the operating system saves the registers too.
    private static func has(_ feature: Int) -> Bool { x86_cpu_active(UInt32(feature)) }

    private static func kernelsV4WithBestScreening() -> KernelTable {
      var table = kernelsV4()
      if runsVNNI { table.screening = screeningVNNI() }
      return table
    }

    private static var runsVNNI: Bool { has(Int(x86_cpu_AVX512_VNNI)) }

    private static var runsV3: Bool {
      has(Int(x86_cpu_AVX2)) && has(Int(x86_cpu_FMA)) && has(Int(x86_cpu_F16C)) && has(Int(x86_cpu_BMI2))
    }

    private static var runsV4: Bool {
      has(Int(x86_cpu_AVX512F)) && has(Int(x86_cpu_AVX512VL)) && has(Int(x86_cpu_AVX512BW))
        && has(Int(x86_cpu_AVX512DQ)) && has(Int(x86_cpu_AVX512CD))
    }
  #endif
}
