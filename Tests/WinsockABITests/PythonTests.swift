import Testing
import Transport

@Suite("Python over the C library")
struct PythonTests {
    /// Rows Y1 to Y4 of CPython's tests on Windows, on Examples/python/baton_socket.py.
    @Test func `sockets are shared between processes as on Windows`() throws {
        let coordinator = try LiveCoordinator()
        let script = "\(Command.root)/Tests/WinsockABITests/share.py"
        let result = try withExtendedLifetime(coordinator) {
            try Command.run(
                "python3", ["-B", script],
                environment: coordinator.environment() + [
                    "BATON_LIBRARY=\(LinkedLibrary.linked().shared)"
                ])
        }
        #expect(result.isSuccess && result.output.contains("all rows hold"), "\(result.output)")
    }
}
