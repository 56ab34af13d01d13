import Dispatch
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Runs `body` on a thread of its own, so that what blocks never holds a thread of the cooperative pool.
///
/// - Parameter name: shown by tools such as top; at most 15 bytes.
/// - Throws: when the system has no thread to give.
func startThread(_ name: String, _ body: @escaping @Sendable () -> Void) throws(KafkaError) {
  let named: @Sendable () -> Void = {
    nameThread(name)
    body()
  }
  let box = Unmanaged.passRetained(ThreadBody(run: named))
  #if canImport(Glibc)
    var thread = pthread_t()
  #else
    var thread: pthread_t?
  #endif
  let status = pthread_create(&thread, nil, threadMain, box.toOpaque())
  guard status == 0 else {
    box.release()
    throw KafkaError(
      code: .invalidArgument, message: "no thread could be started (error \(status))", isRetriable: true)
  }
  #if canImport(Glibc)
    pthread_detach(thread)
  #else
    if let thread { pthread_detach(thread) }
  #endif
}

private func nameThread(_ name: String) {
  #if canImport(Glibc)
    // glibc has a call for it that Swift does not see.
    let file = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
    if file < 0 { return }
    _ = write(file, name, name.utf8.count)
    close(file)
  #else
    pthread_setname_np(name)
  #endif
}

final class ThreadBody: Sendable {
  let run: @Sendable () -> Void

  init(run: @escaping @Sendable () -> Void) {
    self.run = run
  }
}

/// A thread that runs jobs one after the other, in the order in which they come. Each job belongs to a caller that
/// awaits it, so the queue is no longer than the number of callers.
final class Worker: Sendable {
  private struct State {
    var jobs: [@Sendable () -> Void] = []
    var stopped = false
  }

  private let state = Mutex(State())
  private let wake = DispatchSemaphore(value: 0)

  /// - Parameter name: of the thread.
  init(_ name: String) throws(KafkaError) {
    try startThread(name) { [self] in loop() }
  }

  /// - Parameter last: whether the worker ends after this job.
  /// - Returns: false when the worker has ended or is about to; the job does not run then.
  func enqueue(last: Bool = false, _ job: @escaping @Sendable () -> Void) -> Bool {
    let accepted = state.withLock { state in
      guard !state.stopped else { return false }
      state.jobs.append(job)
      state.stopped = last
      return true
    }
    if accepted { wake.signal() }
    return accepted
  }

  /// Runs the last job and waits for its end, but not longer than three seconds.
  ///
  /// rd_kafka_destroy may never return: librdkafka 2.0.2 waits for ever for a client whose topics were deleted while it
  /// asked for their offsets (its issue 3007). The thread is lost then, its callers are not.
  func end(_ job: @escaping @Sendable () -> Void) async {
    await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
      let once = Once(continuation)
      let accepted = enqueue(last: true) {
        job()
        once.resume()
      }
      guard accepted else { return once.resume() }
      DispatchQueue.global().asyncAfter(deadline: .now() + .seconds(3)) { once.resume() }
    }
  }

  /// Resumes its caller the first time only.
  private final class Once: Sendable {
    private let waiter: Mutex<CheckedContinuation<Void, Never>?>

    init(_ waiter: CheckedContinuation<Void, Never>) { self.waiter = Mutex(waiter) }

    func resume() {
      let waiter = waiter.withLock { waiter in
        defer { waiter = nil }
        return waiter
      }
      waiter?.resume()
    }
  }

  var hasJobs: Bool { state.withLock { !$0.jobs.isEmpty } }
  var isStopped: Bool { state.withLock { $0.stopped } }

  private func loop() {
    while true {
      wake.wait()
      let (batch, stopped) = state.withLock { state in
        let batch = state.jobs
        state.jobs = []
        return (batch, state.stopped)
      }
      for job in batch { job() }
      if stopped { return }
    }
  }
}
