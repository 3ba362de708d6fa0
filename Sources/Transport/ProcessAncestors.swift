internal import Glibc

extension ProcessHandle {
    private enum AncestorBounds {
        /// Some take two looks, and no tree of services is as deep as half of it.
        static let looks = 128
    }

    /// The `instance` of its parent, of that one's parent, and so on; nil where that cannot be
    /// told. Whoever has lost its parent is the child of another one, and its own ancestors are
    /// not known any more.
    ///
    /// proc_pid_status(5), PPid
    package borrowing func ancestors(features: KernelFeatures) -> Set<UInt64>? {
        var found: Set<UInt64> = []
        do throws(Errno) {
            var pid = try pid()
            for _ in 0..<AncestorBounds.looks {
                guard let parent = HolderScan.parent(of: pid) else { return nil }
                guard parent > 0 else { return found }
                do throws(Errno) {
                    let instance = try ProcessHandle(pid: parent).instance(features: features)
                    // While it is still the parent the number was its own.
                    guard HolderScan.parent(of: pid) == parent else { continue }
                    found.insert(instance)
                    pid = parent
                } catch .noSuchProcess {
                    // It has ended meanwhile, and there is another parent.
                    continue
                }
            }
            return nil
        } catch {
            return nil
        }
    }
}
