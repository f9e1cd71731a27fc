import Glibc
import PerchCore

/// What happens when the user or the system ends the program.
package enum Signals {
  /// Runs `work` and exits with the status it returns. SIGINT and SIGTERM meanwhile call `end` and exit with
  /// the code of the error it was given; a closed pipe is an error of the write and no silent end.
  ///
  /// To be called from the main thread before any other exists. The two signals are blocked, which new
  /// threads inherit, and the main thread does nothing but wait for them: they are handled in ordinary code
  /// that may lock and allocate, never in the middle of another function. (Dispatch's own main loop would
  /// unblock them.) `end` removes what is unfinished and tells the user.
  package static func run(
    _ work: @escaping @Sendable () async -> Int32, end: (RunnerError) -> Void
  ) -> Never {
    signal(SIGPIPE, SIG_IGN)
    var watched = sigset_t()
    unsafe sigemptyset(&watched)
    unsafe sigaddset(&watched, SIGINT)
    unsafe sigaddset(&watched, SIGTERM)
    unsafe pthread_sigmask(SIG_BLOCK, &watched, nil)
    Task.detached { exit(await work()) }
    while true {
      var number: Int32 = 0
      guard unsafe sigwait(&watched, &number) == 0 else { continue }
      let error: RunnerError = number == SIGTERM ? .terminated : .interrupted
      end(error)
      _exit(error.exit.rawValue)
    }
  }
}

extension RunnerError {
  /// The user stopped the work, or its task was cancelled.
  package static let interrupted = stopped("interrupted", .interrupted)
  /// The system, or a job scheduler, stopped the work.
  package static let terminated = stopped("terminated", .terminated)

  private static func stopped(_ how: String, _ exit: ExitCode) -> RunnerError {
    RunnerError(how, "what was unfinished is removed", remedy: "run the same command again", exit: exit)
  }
}
