import Glibc
import Testing

@testable import Transport

struct DescriptorTests {
    @Test func `a descriptor is closed when its scope ends`() async {
        await #expect(processExitsWith: .success) {
            let before = try openDescriptors()
            do {
                let pair = try Sockets.pair(.stream)
                let during = try openDescriptors()
                #expect(during.count == before.count + 2)
                let number = pair.first.withNumber { $0 }
                #expect(during.contains(number))
                #expect(!before.contains(number))
            }
            #expect(try openDescriptors() == before)
        }
    }

    @Test func `close closes once and at once`() async {
        await #expect(processExitsWith: .success) {
            let before = try openDescriptors().count
            var pipe = try Pipe()
            try required(pipe.reader.take()).close()
            #expect(try openDescriptors().count == before + 1)
        }
    }

    @Test func `a released number is not closed`() async {
        await #expect(processExitsWith: .success) {
            var pipe = try Pipe()
            let number = try required(pipe.reader.take()).release()
            #expect(try openDescriptors().contains(number))
            let owner = Descriptor(owning: number)
            #expect(try owner.isCloseOnExec())
        }
    }

    @Test func `two owners of one number stop the process`() async {
        await #expect(processExitsWith: .signal(SIGILL)) {
            var pipe = try Pipe()
            let number = try required(pipe.reader.take()).release()
            Descriptor(owning: number).close()
            Descriptor(owning: number).close()
        }
    }

    @Test func `a negative number is no descriptor`() async {
        await #expect(processExitsWith: .failure) {
            Descriptor(owning: -1).close()
        }
    }

    @Test func `a duplicate is the same socket under another number, close-on-exec`() throws {
        let pair = try Sockets.pair(.stream)
        let copy = try pair.first.duplicate()
        let numbers = (pair.first.withNumber { $0 }, copy.withNumber { $0 })
        #expect(numbers.0 != numbers.1)
        #expect(try copy.isCloseOnExec())
        #expect(try Sockets.cookie(of: copy) == Sockets.cookie(of: pair.first))
    }

    @Test func `a shared descriptor closes with its last reference`() async {
        await #expect(processExitsWith: .success) {
            let before = try openDescriptors().count
            var pipe = try Pipe()
            var table = [1: SharedDescriptor(try required(pipe.reader.take()))]
            let other = table[1]
            table[1] = nil
            #expect(try openDescriptors().count == before + 2)
            _ = consume other
            #expect(try openDescriptors().count == before + 1)
        }
    }

    @Test func `everything that is made is close-on-exec`() async {
        await #expect(processExitsWith: .success) {
            let before = Set(try openDescriptors())
            let directory = try TemporaryDirectory()
            let listener = try Listener.bind(path: directory.file("socket"), mode: 0o600)
            let connection = try Connection.connect(path: directory.file("socket"))
            let accepted = try required(try listener.accept()).takeConnection()
            let pair = try Sockets.pair(.stream)
            var pipe = try Pipe()
            let poller = try Poller()
            let event = try EventDescriptor()
            let timer = try TimerDescriptor()
            let signals = try SignalDescriptor.blocking([SIGUSR1])
            let process = try ProcessHandle(pid: getpid())
            let copied = try process.descriptor(pair.first.withNumber { $0 })
            let peer = try accepted.peerProcess()
            let tcp = try Sockets.listen("127.0.0.1:0")
            let client = try Sockets.connect("127.0.0.1:\(try Sockets.localPort(tcp))")
            let server = try Sockets.accept(tcp)
            let lock = try required(try LockFile.acquire(path: directory.file("lock")))
            try connection.send([1].span, passing: client, wait: true)
            var received = try receiveMessage(accepted)
            let passed = try required(received.first.take())
            let reader = try required(pipe.reader.take())
            let writer = try required(pipe.writer.take())
            let made = [
                listener.withNumber { $0 }, connection.withNumber { $0 },
                accepted.withNumber { $0 }, pair.first.withNumber { $0 },
                pair.second.withNumber { $0 }, reader.withNumber { $0 },
                writer.withNumber { $0 }, poller.withNumber { $0 }, event.withNumber { $0 },
                timer.withNumber { $0 }, signals.withNumber { $0 }, process.withNumber { $0 },
                copied.withNumber { $0 }, peer.withNumber { $0 }, tcp.withNumber { $0 },
                client.withNumber { $0 }, server.withNumber { $0 }, lock.withNumber { $0 },
                passed.withNumber { $0 },
            ]
            #expect(Set(made).count == 19)
            for number in made {
                #expect(!before.contains(number))
                #expect(try Syscalls.isCloseOnExec(number), "descriptor \(number)")
            }
            try directory.remove("socket", "lock")
        }
    }
}
