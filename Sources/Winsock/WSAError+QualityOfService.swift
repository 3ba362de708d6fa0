// The codes of quality of service. A socket that has it cannot be duplicated, so they are known
// here only by name. Winsock: Windows Sockets Error Codes.

extension WSAError {
    /// WSA_QOS_RECEIVERS.
    public static let qualityReceivers = WSAError(rawValue: 11_005)
    /// WSA_QOS_SENDERS.
    public static let qualitySenders = WSAError(rawValue: 11_006)
    /// WSA_QOS_NO_SENDERS.
    public static let qualityNoSenders = WSAError(rawValue: 11_007)
    /// WSA_QOS_NO_RECEIVERS.
    public static let qualityNoReceivers = WSAError(rawValue: 11_008)
    /// WSA_QOS_REQUEST_CONFIRMED.
    public static let qualityRequestConfirmed = WSAError(rawValue: 11_009)
    /// WSA_QOS_ADMISSION_FAILURE.
    public static let qualityAdmissionFailure = WSAError(rawValue: 11_010)
    /// WSA_QOS_POLICY_FAILURE.
    public static let qualityPolicyFailure = WSAError(rawValue: 11_011)
    /// WSA_QOS_BAD_STYLE.
    public static let qualityBadStyle = WSAError(rawValue: 11_012)
    /// WSA_QOS_BAD_OBJECT.
    public static let qualityBadObject = WSAError(rawValue: 11_013)
    /// WSA_QOS_TRAFFIC_CTRL_ERROR.
    public static let qualityTrafficControl = WSAError(rawValue: 11_014)
    /// WSA_QOS_GENERIC_ERROR.
    public static let qualityGeneric = WSAError(rawValue: 11_015)
    /// WSA_QOS_ESERVICETYPE.
    public static let qualityServiceType = WSAError(rawValue: 11_016)
    /// WSA_QOS_EFLOWSPEC.
    public static let qualityFlowSpecification = WSAError(rawValue: 11_017)
    /// WSA_QOS_EPROVSPECBUF.
    public static let qualityProviderBuffer = WSAError(rawValue: 11_018)
    /// WSA_QOS_EFILTERSTYLE.
    public static let qualityFilterStyle = WSAError(rawValue: 11_019)
    /// WSA_QOS_EFILTERTYPE.
    public static let qualityFilterType = WSAError(rawValue: 11_020)
    /// WSA_QOS_EFILTERCOUNT.
    public static let qualityFilterCount = WSAError(rawValue: 11_021)
    /// WSA_QOS_EOBJLENGTH.
    public static let qualityObjectLength = WSAError(rawValue: 11_022)
    /// WSA_QOS_EFLOWCOUNT.
    public static let qualityFlowCount = WSAError(rawValue: 11_023)
    /// WSA_QOS_EUNKOWNPSOBJ: the header spells it so.
    public static let qualityUnknownObject = WSAError(rawValue: 11_024)
    /// WSA_QOS_EPOLICYOBJ.
    public static let qualityPolicyObject = WSAError(rawValue: 11_025)
    /// WSA_QOS_EFLOWDESC.
    public static let qualityFlowDescriptor = WSAError(rawValue: 11_026)
    /// WSA_QOS_EPSFLOWSPEC.
    public static let qualityProviderFlowSpecification = WSAError(rawValue: 11_027)
    /// WSA_QOS_EPSFILTERSPEC.
    public static let qualityProviderFilter = WSAError(rawValue: 11_028)
    /// WSA_QOS_ESDMODEOBJ.
    public static let qualityDiscardMode = WSAError(rawValue: 11_029)
    /// WSA_QOS_ESHAPERATEOBJ.
    public static let qualityShapingRate = WSAError(rawValue: 11_030)
    /// WSA_QOS_RESERVED_PETYPE.
    public static let qualityReservedElement = WSAError(rawValue: 11_031)

    static let qualityOfServiceEntries: [Entry] = [
        Entry(
            .qualityReceivers, "WSA_QOS_RECEIVERS",
            "At least one reservation has arrived; this is a notice, not a failure."),
        Entry(
            .qualitySenders, "WSA_QOS_SENDERS",
            "At least one path has arrived; this is a notice, not a failure."),
        Entry(
            .qualityNoSenders, "WSA_QOS_NO_SENDERS",
            "Nobody sends with quality of service; wait for a sender."),
        Entry(
            .qualityNoReceivers, "WSA_QOS_NO_RECEIVERS",
            "Nobody receives with quality of service; wait for a receiver."),
        Entry(
            .qualityRequestConfirmed, "WSA_QOS_REQUEST_CONFIRMED",
            "The reservation was confirmed; this is a notice, not a failure."),
        Entry(
            .qualityAdmissionFailure, "WSA_QOS_ADMISSION_FAILURE",
            "Too few resources were left for the reservation; ask for less."),
        Entry(
            .qualityPolicyFailure, "WSA_QOS_POLICY_FAILURE",
            "Policy refused the reservation; ask whoever sets the policy."),
        Entry(
            .qualityBadStyle, "WSA_QOS_BAD_STYLE",
            "The reservation style is unknown or conflicts; choose another."),
        Entry(
            .qualityBadObject, "WSA_QOS_BAD_OBJECT",
            "A part of the filter, flow or provider structure is wrong; correct it."),
        Entry(
            .qualityTrafficControl, "WSA_QOS_TRAFFIC_CTRL_ERROR",
            "Traffic control refused the flow; check the flow specification."),
        Entry(
            .qualityGeneric, "WSA_QOS_GENERIC_ERROR",
            "Quality of service failed for a reason not named; look in the system's log."),
        Entry(
            .qualityServiceType, "WSA_QOS_ESERVICETYPE",
            "The service type of the flow is not valid; choose another."),
        Entry(
            .qualityFlowSpecification, "WSA_QOS_EFLOWSPEC",
            "The flow specification is not valid; correct it."),
        Entry(
            .qualityProviderBuffer, "WSA_QOS_EPROVSPECBUF",
            "The provider-specific buffer is not valid; correct it."),
        Entry(
            .qualityFilterStyle, "WSA_QOS_EFILTERSTYLE",
            "The filter style is not valid; choose another."),
        Entry(
            .qualityFilterType, "WSA_QOS_EFILTERTYPE",
            "The filter type is not valid; choose another."),
        Entry(
            .qualityFilterCount, "WSA_QOS_EFILTERCOUNT",
            "The number of filters is wrong; correct it."),
        Entry(
            .qualityObjectLength, "WSA_QOS_EOBJLENGTH",
            "The length of an object is wrong; correct it."),
        Entry(
            .qualityFlowCount, "WSA_QOS_EFLOWCOUNT",
            "The number of flow descriptors is wrong; correct it."),
        Entry(
            .qualityUnknownObject, "WSA_QOS_EUNKOWNPSOBJ",
            "The provider-specific buffer holds an object of unknown kind; remove it."),
        Entry(
            .qualityPolicyObject, "WSA_QOS_EPOLICYOBJ",
            "The provider-specific buffer holds a wrong policy object; correct it."),
        Entry(
            .qualityFlowDescriptor, "WSA_QOS_EFLOWDESC",
            "A flow descriptor is not valid; correct the list."),
        Entry(
            .qualityProviderFlowSpecification, "WSA_QOS_EPSFLOWSPEC",
            "The provider-specific flow specification is not valid; correct it."),
        Entry(
            .qualityProviderFilter, "WSA_QOS_EPSFILTERSPEC",
            "The provider-specific filter is not valid; correct it."),
        Entry(
            .qualityDiscardMode, "WSA_QOS_ESDMODEOBJ",
            "The shape discard mode object is not valid; correct it."),
        Entry(
            .qualityShapingRate, "WSA_QOS_ESHAPERATEOBJ",
            "The shaping rate object is not valid; correct it."),
        Entry(
            .qualityReservedElement, "WSA_QOS_RESERVED_PETYPE",
            "A policy element of a reserved kind was found; remove it."),
    ]
}
