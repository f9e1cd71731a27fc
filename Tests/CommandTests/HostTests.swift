import TestSupport
import Testing

/// The tests of Tests/Host, in which another program calls ours and other libraries read what it wrote.
@Suite(
  .enabled(
    if: Python.has("h5py", "numpy", "pandas", "pyarrow", "pytest"),
    "needs Python with the modules of requirements-host.txt"))
struct HostTests {
  @Test func passOnTheBuiltProgram() throws {
    let script = """
      import os, sys
      sys.dont_write_bytecode = True
      import pytest
      program, tests = sys.argv[1:]
      os.environ["PERCH_RUNNER_COMMAND"] = program
      sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", tests]))
      """
    let tests = TestFiles.project.appending(path: "Tests/Host").path
    let result = try Python.run(["-c", script, Program.path, tests])
    #expect(result.status == 0, "\(result.output)")
    #expect(!result.output.contains(" skipped"), "\(result.output)")
  }
}
