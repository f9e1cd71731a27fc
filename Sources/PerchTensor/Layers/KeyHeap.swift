/// A binary heap of score keys in memory of a workspace: nothing is allocated.
///
/// A key orders scores downwards and equal scores by class index upwards, in one comparison of integers.
struct KeyHeap {
  private let storage: Storage<UInt64>
  private(set) var count = 0
  /// Whether the root is the greatest key; otherwise the least.
  let greatestFirst: Bool

  init(_ storage: Storage<UInt64>, greatestFirst: Bool) {
    self.storage = storage
    self.greatestFirst = greatestFirst
  }

  private var keys: UnsafeMutablePointer<UInt64> { unsafe storage.base }

  /// - Parameter score: not NaN. Zeros of both signs are equal.
  static func key(_ score: Float, _ index: Int32) -> UInt64 {
    let bits = (score + 0).bitPattern
    let ordered = bits & 0x8000_0000 == 0 ? bits | 0x8000_0000 : ~bits
    return UInt64(ordered) << 32 | UInt64(~UInt32(bitPattern: index))
  }

  static func index(_ key: UInt64) -> Int32 { Int32(bitPattern: ~UInt32(truncatingIfNeeded: key)) }

  /// The score as an integer of the same order.
  static func ordered(_ key: UInt64) -> UInt32 { UInt32(key >> 32) }

  static func score(_ key: UInt64) -> Float {
    let ordered = ordered(key)
    return Float(bitPattern: ordered & 0x8000_0000 != 0 ? ordered & 0x7FFF_FFFF : ~ordered)
  }

  var root: UInt64 { unsafe keys[0] }

  private func precedes(_ a: UInt64, _ b: UInt64) -> Bool { greatestFirst ? a > b : a < b }

  mutating func append(_ key: UInt64) {
    precondition(count < storage.count, "room for one more key")
    var at = count
    count += 1
    while at > 0, unsafe precedes(key, keys[(at - 1) / 2]) {
      unsafe keys[at] = keys[(at - 1) / 2]
      at = (at - 1) / 2
    }
    unsafe keys[at] = key
  }

  /// Takes over `count` keys that stand in the memory already, in any order.
  mutating func adopt(_ count: Int) {
    precondition(count <= storage.count, "room for the keys")
    self.count = count
    for at in stride(from: count / 2 - 1, through: 0, by: -1) { unsafe sink(keys[at], at) }
  }

  /// How many keys are of at least this score.
  func count(from ordered: UInt32) -> Int {
    var found = 0
    for at in 0..<count { unsafe found += Self.ordered(keys[at]) >= ordered ? 1 : 0 }
    return found
  }

  mutating func replaceRoot(_ key: UInt64) { sink(key, 0) }

  mutating func removeRoot() -> UInt64 {
    let root = root
    count -= 1
    if count > 0 { unsafe sink(keys[count], 0) }
    return root
  }

  /// The keys from last to first to leave the heap, where the heap stood.
  mutating func sortInPlace() {
    while count > 0 {
      let last = count - 1
      let key = removeRoot()
      unsafe keys[last] = key
    }
  }

  private func sink(_ key: UInt64, _ from: Int) {
    var at = from
    while true {
      var child = 2 * at + 1
      if child >= count { break }
      if child + 1 < count, unsafe precedes(keys[child + 1], keys[child]) { child += 1 }
      guard unsafe precedes(keys[child], key) else { break }
      unsafe keys[at] = keys[child]
      at = child
    }
    unsafe keys[at] = key
  }
}

/// The greatest so far of the logits that are offered, in memory of a workspace.
package struct GreatestFound {
  private(set) var heap: KeyHeap
  let limit: Int
  private let floor: UInt32

  /// - Parameter storage: room for `limit` keys.
  package init(_ storage: Storage<UInt64>, limit: Int, floor: Float) {
    heap = KeyHeap(storage, greatestFirst: false)
    self.limit = limit
    self.floor = floor.isNaN ? .max : KeyHeap.ordered(KeyHeap.key(floor, 0))
  }

  var isFull: Bool { heap.count >= limit }

  /// A class needs this to be among the greatest (its index decides between equals), as an ordered integer.
  var threshold: UInt32 { isFull && limit > 0 ? max(floor, KeyHeap.ordered(heap.root)) : floor }

  mutating func removeAll() { heap.adopt(0) }

  package mutating func offer(_ index: Int32, _ logit: Float) {
    if logit.isNaN { return }
    let key = KeyHeap.key(logit, index)
    if KeyHeap.ordered(key) < floor { return }
    if !isFull {
      heap.append(key)
    } else if limit > 0, key > heap.root {
      heap.replaceRoot(key)
    }
  }

  /// Moves what was found to `results`, greatest first, and returns how many there are.
  package mutating func finish(_ storage: Storage<UInt64>, into results: Storage<ClassLogit>) -> Int {
    let count = heap.count
    heap.sortInPlace()
    for at in 0..<count {
      let key = storage[at]
      results[at] = ClassLogit(index: Int(KeyHeap.index(key)), logit: KeyHeap.score(key))
    }
    return count
  }
}
