/// What a key of a body stands for.
package enum FieldValue: Sendable, Equatable {
    case integer(Int64)
    case text(String)
    case texts([String])
    case bool(Bool)
}

/// The keys of a body with their values.
package enum BodyFields {
    /// In the order of the keys.
    package static func read(
        _ body: [UInt8]
    ) throws(BodyError) -> [(key: Key, value: FieldValue)] {
        let body = try Body(body)
        return body.fields.map { field in
            let value: FieldValue =
                switch field.value {
                case .integer(let number): .integer(number)
                case .texts: .texts(body.texts(field.value) ?? [])
                case .bool(let bool): .bool(bool)
                case .plain, .text: .text(body.text(field.value) ?? "")
                }
            return (field.key, value)
        }
    }
}

extension StoredEvent {
    /// The body's keys with their values, in the order of the keys.
    package func fields() throws(BodyError) -> [(key: Key, value: FieldValue)] {
        try BodyFields.read(body)
    }
}
