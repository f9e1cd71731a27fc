import Dispatch
import Glibc
import PerchCore

/// What happens when the user or the system ends the program.
package enum Signals {
  /// Makes SIGINT and SIGTERM call `end` and then leave with the exit code of the error it was given, and
  /// makes a closed pipe an error of the write instead of a silent end.
  ///
  /// Call it before any thread starts: the two signals are blocked here and threads inherit that, so
  /// that one thread alone receives them, in ordinary code that may lock and allocate, never in the
  /// middle of another function. `end` removes what is unfinished and tells the user.
  package static func install(end: @escaping @Sendable (RunnerError) -> Void) {
    signal(SIGPIPE, SIG_IGN)
    var watched = sigset_t()
    unsafe sigemptyset(&watched)
    unsafe sigaddset(&watched, SIGINT)
    unsafe sigaddset(&watched, SIGTERM)
    unsafe pthread_sigmask(SIG_BLOCK, &watched, nil)
    DispatchQueue(label: "signals").async { [watched] in
      var watched = watched
      var number: Int32 = 0
      guard unsafe sigwait(&watched, &number) == 0 else { return }
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
