import Glibc
import Testing
@testable import Transport
func dumpFds(_ name: String) throws {
    let a = try HostFacts.openDescriptors()
    var t = "\(name)\n"
    for n in a { let l = (try? Syscalls.readLink("/proc/self/fd/\(n)", relativeTo: AT_FDCWD)) ?? []; t += " \(n) \(String(decoding: l, as: UTF8.self)) \(try Syscalls.isCloseOnExec(n))\n" }
    try SystemFiles.writeFileExclusively("/tmp/h2/dbg.\(randomUInt64())", Array(t.utf8), mode: 0o600)
}
@Test func zz() async throws {
    try dumpFds("parent")
    await #expect(processExitsWith: .success) { try dumpFds("child") }
}
