internal import CWinsock2
internal import Transport
internal import Winsock

/// How a call has its texts: A or W. Winsock: Unicode.
enum TextForm {
    /// UTF-8 here.
    case narrow
    /// UTF-16.
    case wide

    /// A text of the program's, as UTF-8; nil for NULL. WSAEFAULT for one that does not end.
    func text(at address: UnsafeRawPointer?) throws(CallFailure) -> [UInt8]? {
        guard unsafe address != nil else { return nil }
        do throws(Errno) {
            switch self {
            case .narrow:
                return unsafe try CallerMemory.text(at: address, limit: Self.longest)
            case .wide:
                let units = unsafe try CallerMemory.wideText(at: address, limit: Self.longest)
                return Array(String(decoding: units, as: UTF16.self).utf8)
            }
        } catch {
            throw CallFailure(.badAddress, "the text does not end where memory does")
        }
    }

    /// The text with its NUL: the bytes, and how many characters the program counts.
    func encoded(_ text: [UInt8]) -> (bytes: [UInt8], characterCount: Int) {
        switch self {
        case .narrow:
            return (text + [0], text.count + 1)
        case .wide:
            let units = Array(String(decoding: text, as: UTF8.self).utf16) + [0]
            return (
                units.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }, units.count
            )
        }
    }

    /// Longer than any name or path.
    private static let longest = 4096
}
