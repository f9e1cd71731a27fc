import Glibc

/// Sizes of the processor's caches, for choosing how much to work on at a time. Results do not depend on them.
package enum CacheSize {
  /// Bytes that a chunk of expanded rows may take: a quarter of the second-level cache, which leaves room
  /// for what it is made from and what becomes of it.
  package static let chunkBytes: Int = {
    let second = sysconf(Int32(_SC_LEVEL2_CACHE_SIZE))
    return (second > 0 ? min(max(second, 256 << 10), 4 << 20) : 512 << 10) / 4
  }()
}
