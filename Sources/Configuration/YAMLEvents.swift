import CYaml

/// What YAML can say and a configuration does not need: anchors and aliases, tags, and keys that
/// are no text. It is looked for in libyaml's events, before Yams makes values of them: Yams
/// compares the keys of a mapping by all that is in them, as often as an alias names it, and a few
/// lines of aliases to aliases would keep it busy for ever.
enum YAMLEvents {
    /// The first of them; nil where there is none up to the end, or to what is no YAML.
    static func firstUnneeded(in text: String) -> ConfigurationError? {
        // The parser has a pointer to itself, and so must stay where it is.
        let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
        defer { unsafe parser.deallocate() }
        guard unsafe yaml_parser_initialize(parser) == 1 else {
            preconditionFailure("there is no memory for a parser")
        }
        defer { unsafe yaml_parser_delete(parser) }
        unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        return unsafe Array(text.utf8).withUnsafeBufferPointer { bytes in
            unsafe yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count)
            return unsafe firstUnneeded(from: parser)
        }
    }

    private static func firstUnneeded(
        from parser: UnsafeMutablePointer<yaml_parser_t>
    ) -> ConfigurationError? {
        var places = Places()
        while true {
            var event = unsafe yaml_event_t()
            // What is no YAML is Yams' to say.
            guard unsafe yaml_parser_parse(parser, &event) == 1 else { return nil }
            defer { unsafe yaml_event_delete(&event) }
            if unsafe event.type == YAML_STREAM_END_EVENT { return nil }
            let line = unsafe Int(event.start_mark.line) + 1
            if let message = unsafe places.message(after: event.type) ?? message(about: event) {
                return ConfigurationError(line: line, message)
            }
        }
    }

    private static func message(about event: yaml_event_t) -> String? {
        let anchor: UnsafeMutablePointer<yaml_char_t>?
        let tag: UnsafeMutablePointer<yaml_char_t>?
        switch unsafe event.type {
        case YAML_ALIAS_EVENT:
            unsafe (anchor, tag) = (event.data.alias.anchor, nil)
        case YAML_SCALAR_EVENT:
            unsafe (anchor, tag) = (event.data.scalar.anchor, event.data.scalar.tag)
        case YAML_SEQUENCE_START_EVENT:
            unsafe (anchor, tag) = (
                event.data.sequence_start.anchor, event.data.sequence_start.tag
            )
        case YAML_MAPPING_START_EVENT:
            unsafe (anchor, tag) = (event.data.mapping_start.anchor, event.data.mapping_start.tag)
        default: return nil
        }
        if unsafe anchor != nil {
            return "there are no anchors and aliases (& and *); quote a text that begins so"
        }
        return unsafe tag == nil ? nil : "there are no tags (!); quote a text that begins so"
    }

    /// The collections that are open, and what comes next in them.
    private struct Places {
        private enum Place { case listEntry, key, value }
        private var open: [Place] = []

        /// Goes on behind an event; what is wrong with it at its place.
        mutating func message(after type: yaml_event_type_t) -> String? {
            switch type {
            case YAML_SCALAR_EVENT:
                passValue()
            case YAML_SEQUENCE_START_EVENT, YAML_MAPPING_START_EVENT:
                if open.last == .key { return "there is no key that is no text" }
                passValue()
                open.append(type == YAML_MAPPING_START_EVENT ? .key : .listEntry)
            case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT:
                open.removeLast()
            default: break
            }
            return nil
        }

        private mutating func passValue() {
            switch open.popLast() {
            case .key?: open.append(.value)
            case .value?: open.append(.key)
            case .listEntry?: open.append(.listEntry)
            case nil: break
            }
        }
    }
}
