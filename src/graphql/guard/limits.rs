//! Size limits of operations. One struct, so that a test can tighten a single number.

/// Limits of one document and of each of its operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the text.
    pub max_bytes: u64,
    /// Tokens of the text, without white space and comments.
    pub max_tokens: u64,
    /// Nesting of brackets of all kinds in the text, of selection sets after fragments are expanded, and of lists and
    /// objects in a variable's value.
    pub max_nesting: u64,
    /// Directives as written.
    pub max_directives: u64,
    /// Aliases as written.
    pub max_aliases: u64,
    /// Fragment definitions.
    pub max_fragments: u64,
    /// Variables of one operation.
    pub max_variables: u64,
    /// Operations of the document.
    pub max_operations: u64,
    /// Root fields of one operation after fragments are expanded.
    pub max_root_fields: u64,
    /// Root fields of one mutation. Each is a command, and commands run one after another.
    pub max_commands: u64,
    /// Fields of one definition after fragments are expanded, regardless of list sizes: the work of the engine's own
    /// validation.
    pub max_fields: u64,
    /// Fields on one path.
    pub max_depth: u64,
    /// Fields on one path through the introspection of the schema, whose `ofType` chains are long.
    pub max_introspection_depth: u64,
    /// Nesting of lists of introspected types (`fields { type { fields ... } }`): the schema graph has cycles.
    pub max_introspection_lists: u64,
    /// Cost of one operation with its actual variables.
    pub max_cost: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_bytes: 64 * 1024,
            max_tokens: 5_000,
            max_nesting: 32,
            max_directives: 50,
            max_aliases: 100,
            max_fragments: 50,
            max_variables: 50,
            max_operations: 10,
            max_root_fields: 50,
            max_commands: 10,
            max_fields: 10_000,
            max_depth: 15,
            max_introspection_depth: 16,
            max_introspection_lists: 2,
            max_cost: 20_000,
        }
    }
}
