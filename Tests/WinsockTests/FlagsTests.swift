import Testing
import Winsock

struct FlagsTests {
    @Test(
        arguments: [
            (0, []),
            (
                0x20066,
                [
                    "XP1_GUARANTEED_DELIVERY", "XP1_GUARANTEED_ORDER", "XP1_GRACEFUL_CLOSE",
                    "XP1_EXPEDITED_DATA", "XP1_IFS_HANDLES",
                ]
            ),
            (
                0x20609,
                [
                    "XP1_CONNECTIONLESS", "XP1_MESSAGE_ORIENTED", "XP1_SUPPORT_BROADCAST",
                    "XP1_SUPPORT_MULTIPOINT", "XP1_IFS_HANDLES",
                ]
            ),
            (0x8010_0001, ["XP1_CONNECTIONLESS", "0x80100000"]),
        ] as [(UInt32, [String])])
    func `service flags are named`(flags: UInt32, names: [String]) {
        #expect(ServiceFlags(rawValue: flags).names == names)
    }

    /// Every named bit, its C spelling and the constant that stands for it.
    private func check(_ named: [(UInt32, String, UInt32)], names: (UInt32) -> [String]) {
        var all: UInt32 = 0
        for (bit, name, constant) in named {
            #expect(constant == bit, "\(name)")
            #expect(names(bit) == [name])
            all |= bit
        }
        #expect(names(all) == named.map(\.1))
        for bit in 0..<32 where all & (1 << UInt32(bit)) == 0 {
            let flag: UInt32 = 1 << UInt32(bit)
            #expect(names(flag) == ["0x" + String(flag, radix: 16)])
        }
    }

    @Test func `each service flag has the bit and the name of the header`() {
        check([
            (0x1, "XP1_CONNECTIONLESS", ServiceFlags.connectionless.rawValue),
            (0x2, "XP1_GUARANTEED_DELIVERY", ServiceFlags.guaranteedDelivery.rawValue),
            (0x4, "XP1_GUARANTEED_ORDER", ServiceFlags.guaranteedOrder.rawValue),
            (0x8, "XP1_MESSAGE_ORIENTED", ServiceFlags.messageOriented.rawValue),
            (0x10, "XP1_PSEUDO_STREAM", ServiceFlags.pseudoStream.rawValue),
            (0x20, "XP1_GRACEFUL_CLOSE", ServiceFlags.gracefulClose.rawValue),
            (0x40, "XP1_EXPEDITED_DATA", ServiceFlags.expeditedData.rawValue),
            (0x80, "XP1_CONNECT_DATA", ServiceFlags.connectData.rawValue),
            (0x100, "XP1_DISCONNECT_DATA", ServiceFlags.disconnectData.rawValue),
            (0x200, "XP1_SUPPORT_BROADCAST", ServiceFlags.supportBroadcast.rawValue),
            (0x400, "XP1_SUPPORT_MULTIPOINT", ServiceFlags.supportMultipoint.rawValue),
            (0x800, "XP1_MULTIPOINT_CONTROL_PLANE", ServiceFlags.multipointControlPlane.rawValue),
            (0x1000, "XP1_MULTIPOINT_DATA_PLANE", ServiceFlags.multipointDataPlane.rawValue),
            (0x2000, "XP1_QOS_SUPPORTED", ServiceFlags.qualityOfServiceSupported.rawValue),
            (0x4000, "XP1_INTERRUPT", ServiceFlags.interrupt.rawValue),
            (0x8000, "XP1_UNI_SEND", ServiceFlags.unidirectionalSend.rawValue),
            (0x10000, "XP1_UNI_RECV", ServiceFlags.unidirectionalReceive.rawValue),
            (0x20000, "XP1_IFS_HANDLES", ServiceFlags.systemHandles.rawValue),
            (0x40000, "XP1_PARTIAL_MESSAGE", ServiceFlags.partialMessage.rawValue),
            (0x80000, "XP1_SAN_SUPPORT_SDP", ServiceFlags.socketsDirectProtocol.rawValue),
        ]) { ServiceFlags(rawValue: $0).names }
    }

    @Test func `each provider flag has the bit and the name of the header`() {
        check([
            (0x1, "PFL_MULTIPLE_PROTO_ENTRIES", ProviderFlags.multipleProtocolEntries.rawValue),
            (0x2, "PFL_RECOMMENDED_PROTO_ENTRY", ProviderFlags.recommendedProtocolEntry.rawValue),
            (0x4, "PFL_HIDDEN", ProviderFlags.hidden.rawValue),
            (0x8, "PFL_MATCHES_PROTOCOL_ZERO", ProviderFlags.matchesProtocolZero.rawValue),
            (0x10, "PFL_NETWORKDIRECT_PROVIDER", ProviderFlags.networkDirectProvider.rawValue),
        ]) { ProviderFlags(rawValue: $0).names }
    }

    @Test func `each socket flag has the bit and the name of the header`() {
        check([
            (0x1, "WSA_FLAG_OVERLAPPED", SocketFlags.overlapped.rawValue),
            (0x2, "WSA_FLAG_MULTIPOINT_C_ROOT", SocketFlags.multipointControlRoot.rawValue),
            (0x4, "WSA_FLAG_MULTIPOINT_C_LEAF", SocketFlags.multipointControlLeaf.rawValue),
            (0x8, "WSA_FLAG_MULTIPOINT_D_ROOT", SocketFlags.multipointDataRoot.rawValue),
            (0x10, "WSA_FLAG_MULTIPOINT_D_LEAF", SocketFlags.multipointDataLeaf.rawValue),
            (0x40, "WSA_FLAG_ACCESS_SYSTEM_SECURITY", SocketFlags.accessSystemSecurity.rawValue),
            (0x80, "WSA_FLAG_NO_HANDLE_INHERIT", SocketFlags.noHandleInherit.rawValue),
            (0x100, "WSA_FLAG_REGISTERED_IO", SocketFlags.registeredIO.rawValue),
        ]) { SocketFlags(rawValue: $0).names }
    }
}
