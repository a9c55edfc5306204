//! Reasons why a document or its variables are refused: a stable code, a rule with its numbers, a
//! position. A reason never contains text of the document or of a variable: both may contain
//! personal data, and reasons are displayed and logged.

use std::fmt;

use async_graphql::Pos;

use crate::language::Language;

/// A refused operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// The violated rule.
    pub rule: Rule,
    /// Position in the document, if any.
    pub at: Option<Pos>,
    /// The argument whose value was refused, with its type, in names of the schema.
    pub argument: Option<String>,
    /// The word that is no value of its enum, if that is the reason.
    pub unknown: Option<Box<UnknownValue>>,
}

/// A word of the document that is no value of an enum of the schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownValue {
    /// The word.
    pub word: String,
    /// Name of the enum.
    pub of: String,
    /// The most similar value, if one is similar.
    pub similar: Option<String>,
}

/// Stable codes for clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// The text is not GraphQL.
    ParseFailed,
    /// The text is GraphQL but not a valid document.
    ValidationFailed,
    /// The operation exceeds a limit of size or cost.
    TooComplex,
    /// No operation has the requested name, or a name is required.
    OperationNotFound,
    /// The variables do not fit their declarations.
    BadVariables,
}

/// Rules for documents that are checked before execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Invalid syntax.
    Syntax,
    /// A limit of size or cost.
    Limit {
        /// The measured quantity.
        measure: Measure,
        /// Allowed amount.
        limit: u64,
        /// Actual amount; for tokens and nesting the amount read before the check stopped.
        found: u64,
    },
    /// Two operations share a name, or an anonymous operation is not the only one.
    AmbiguousOperations,
    /// Two fragments share a name.
    RepeatedFragment,
    /// A fragment spreads itself, directly or through others.
    FragmentCycle,
    /// A spread of an unknown fragment.
    UnknownFragment,
    /// Two variables of an operation share a name.
    RepeatedVariable,
    /// A mutation repeats a response key among its root fields.
    RepeatedMutationField,
    /// Subscriptions are not supported.
    Subscription,
    /// The document contains no operation.
    NoOperation,
    /// Several operations, and the request names none.
    OperationNameRequired,
    /// No operation has the name in the request.
    UnknownOperation,
    /// A required variable is missing.
    MissingVariable,
    /// A non-null variable is null.
    NullVariable,
    /// A variable's value does not fit its declared type.
    WrongVariable,
    /// A value in the document does not fit the type of its argument.
    WrongValue,
    /// A variable's value is nested too deeply.
    VariableNesting {
        /// Maximum nesting of a value.
        limit: u64,
    },
}

/// Measured quantities of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Bytes of text.
    Bytes,
    /// Tokens of text.
    Tokens,
    /// Nested brackets or selection sets.
    Nesting,
    /// Directives.
    Directives,
    /// Aliases.
    Aliases,
    /// Fragment definitions.
    Fragments,
    /// Variables of one operation.
    Variables,
    /// Operations.
    Operations,
    /// Root fields.
    RootFields,
    /// Root fields of a mutation.
    Commands,
    /// Fields after fragments are expanded.
    Fields,
    /// Fields on one path.
    Depth,
    /// Fields on one path of introspection.
    IntrospectionDepth,
    /// Nested lists of introspected types.
    IntrospectionLists,
    /// Cost with the actual variables.
    Cost,
    /// The same cost, compared with the client's limit per minute.
    ClientCost,
}

impl Rejection {
    /// A refusal by a rule at a position.
    #[must_use]
    pub fn new(rule: Rule, at: Option<Pos>) -> Rejection {
        Rejection { rule, at, argument: None, unknown: None }
    }

    /// A refusal of a value that does not fit the type of its argument.
    #[must_use]
    pub fn of_argument(argument: String, unknown: Option<Box<UnknownValue>>, at: Pos) -> Rejection {
        Rejection { rule: Rule::WrongValue, at: Some(at), argument: Some(argument), unknown }
    }

    /// A refusal of a value that does not fit the type of its variable.
    #[must_use]
    pub fn of_variable(unknown: Option<Box<UnknownValue>>, at: Pos) -> Rejection {
        Rejection { unknown, ..Rejection::new(Rule::WrongVariable, Some(at)) }
    }

    /// A refusal by a limit.
    #[must_use]
    pub fn limit(measure: Measure, limit: u64, found: u64, at: Option<Pos>) -> Rejection {
        Rejection::new(Rule::Limit { measure, limit, found }, at)
    }

    /// The stable code for clients.
    #[must_use]
    pub fn code(&self) -> Code {
        match self.rule {
            Rule::Syntax => Code::ParseFailed,
            Rule::Limit { .. } => Code::TooComplex,
            Rule::AmbiguousOperations
            | Rule::RepeatedFragment
            | Rule::FragmentCycle
            | Rule::UnknownFragment
            | Rule::RepeatedVariable
            | Rule::RepeatedMutationField
            | Rule::Subscription => Code::ValidationFailed,
            Rule::NoOperation | Rule::OperationNameRequired | Rule::UnknownOperation => Code::OperationNotFound,
            Rule::MissingVariable
            | Rule::NullVariable
            | Rule::WrongVariable
            | Rule::WrongValue
            | Rule::VariableNesting { .. } => Code::BadVariables,
        }
    }

    /// Message for the client: actual amount, allowed amount, solution.
    #[must_use]
    pub fn sentence(&self, language: Language) -> String {
        let message = match self.rule {
            Rule::Limit { measure, limit, found } => limit_sentence(measure, limit, found, language),
            Rule::VariableNesting { limit } => match language {
                Language::Vietnamese => {
                    format!("Giá trị của một biến lồng quá {limit} tầng; hãy gửi giá trị ít tầng hơn.")
                }
                Language::English => {
                    format!(
                        "The value of a variable is nested deeper than {limit} levels; send a value with fewer levels."
                    )
                }
            },
            rule => match &self.unknown {
                Some(unknown) => unknown.sentence(language),
                None => pick(plain_sentence(rule), language).to_owned(),
            },
        };
        let message = match &self.argument {
            None => message,
            Some(argument) => format!("{argument}: {message}"),
        };
        match (self.at, language) {
            (None, _) => message,
            (Some(at), Language::Vietnamese) => {
                format!("{message} (dòng {}, cột {})", at.line, at.column)
            }
            (Some(at), Language::English) => {
                format!("{message} (line {}, column {})", at.line, at.column)
            }
        }
    }
}

impl UnknownValue {
    /// The message, with the similar value as a suggestion.
    fn sentence(&self, language: Language) -> String {
        let Self { word, of, similar } = self;
        match (language, similar) {
            (Language::Vietnamese, None) => {
                format!("\"{word}\" không phải là giá trị của kiểu \"{of}\"; xem /schema.graphql.")
            }
            (Language::Vietnamese, Some(similar)) => {
                format!("\"{word}\" không phải là giá trị của kiểu \"{of}\"; giá trị gần giống: \"{similar}\".")
            }
            (Language::English, None) => {
                format!("value \"{word}\" does not exist in enum \"{of}\"; see /schema.graphql.")
            }
            (Language::English, Some(similar)) => {
                format!("value \"{word}\" does not exist in enum \"{of}\". Did you mean \"{similar}\"?")
            }
        }
    }
}

impl Code {
    /// Value of `extensions.code`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Code::ParseFailed => "GRAPHQL_PARSE_FAILED",
            Code::ValidationFailed => "GRAPHQL_VALIDATION_FAILED",
            Code::TooComplex => "OPERATION_TOO_COMPLEX",
            Code::OperationNotFound => "OPERATION_NOT_FOUND",
            Code::BadVariables => "BAD_VARIABLES",
        }
    }
}

/// For logs: code, rule, numbers and position.
impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.code().as_str())?;
        match self.rule {
            Rule::Limit { measure, limit, found } => write!(f, "{} {found} > {limit}", kebab(&format!("{measure:?}")))?,
            Rule::VariableNesting { limit } => write!(f, "variable-nesting > {limit}")?,
            rule => f.write_str(&kebab(&format!("{rule:?}")))?,
        }
        self.at.map_or(Ok(()), |at| write!(f, " at {}:{}", at.line, at.column))
    }
}

impl std::error::Error for Rejection {}

fn kebab(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !out.is_empty() {
            out.push('-');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}

fn pick((vietnamese, english): (&'static str, &'static str), language: Language) -> &'static str {
    match language {
        Language::Vietnamese => vietnamese,
        Language::English => english,
    }
}

fn limit_sentence(measure: Measure, limit: u64, found: u64, language: Language) -> String {
    let (subject_vi, subject_en, solution) = measure_terms(measure);
    let solution = pick(solution, language);
    // Counting tokens and brackets stops at the limit, and size arithmetic saturates.
    let is_floor = matches!(measure, Measure::Tokens | Measure::Nesting) || found == u64::MAX;
    match (language, is_floor) {
        (Language::Vietnamese, false) => {
            format!("{subject_vi} là {found}, giới hạn là {limit}; {solution}.")
        }
        (Language::Vietnamese, true) => {
            format!("{subject_vi} vượt giới hạn {limit} (đã đếm đến {found}); {solution}.")
        }
        (Language::English, false) => {
            format!("{subject_en} is {found}, the limit is {limit}; {solution}.")
        }
        (Language::English, true) => {
            format!("{subject_en} exceeds the limit of {limit} (counted up to {found}); {solution}.")
        }
    }
}

fn measure_terms(measure: Measure) -> (&'static str, &'static str, (&'static str, &'static str)) {
    let split = ("hãy chia thành nhiều yêu cầu", "split it into several requests");
    let flatten = ("hãy chọn trường ở ít tầng hơn", "select fields on fewer levels");
    let smaller = ("hãy giảm first hoặc last, hoặc chọn ít trường hơn", "lower first or last, or select fewer fields");
    match measure {
        Measure::Bytes => (
            "Số byte của câu truy vấn",
            "The size of the document in bytes",
            (
                "hãy đưa giá trị vào biến hoặc chia thành nhiều yêu cầu",
                "move values into variables or split it into several requests",
            ),
        ),
        Measure::Tokens => ("Số ký hiệu (token) của câu truy vấn", "The number of tokens of the document", split),
        Measure::Nesting => (
            "Số tầng lồng nhau của câu truy vấn",
            "The nesting depth of the document",
            ("hãy giảm số tầng lồng nhau hoặc đưa giá trị vào biến", "nest less or move values into variables"),
        ),
        Measure::Directives => {
            ("Số chỉ thị (directive)", "The number of directives", ("hãy bỏ bớt chỉ thị", "remove directives"))
        }
        Measure::Aliases => ("Số bí danh (alias)", "The number of aliases", split),
        Measure::Fragments => {
            ("Số mảnh (fragment)", "The number of fragments", ("hãy gộp các mảnh (fragment)", "merge fragments"))
        }
        Measure::Variables => (
            "Số biến của một thao tác",
            "The number of variables of an operation",
            ("hãy gộp các biến vào một đối tượng đầu vào", "combine variables in an input object"),
        ),
        Measure::Operations => (
            "Số thao tác trong câu truy vấn",
            "The number of operations of the document",
            ("hãy chỉ gửi thao tác cần chạy", "send only the operation to run"),
        ),
        Measure::Commands => ("Số lệnh trong một thao tác mutation", "The number of commands of a mutation", split),
        Measure::RootFields => ("Số trường gốc của một thao tác", "The number of root fields of an operation", split),
        Measure::Fields => (
            "Số trường sau khi khai triển các mảnh",
            "The number of fields after fragments are expanded",
            ("hãy dùng ít mảnh lồng nhau hơn", "nest fewer fragments"),
        ),
        Measure::Depth => ("Số tầng trường", "The depth of fields", flatten),
        Measure::IntrospectionDepth => ("Số tầng trường khi đọc lược đồ", "The depth of introspection", flatten),
        Measure::IntrospectionLists => (
            "Số danh sách lồng nhau khi đọc lược đồ",
            "The number of nested lists in introspection",
            ("hãy đọc từng kiểu bằng __type", "query single types with __type"),
        ),
        Measure::Cost => ("Chi phí của thao tác", "The cost of the operation", smaller),
        Measure::ClientCost => (
            "Chi phí của thao tác, so với mức mỗi phút của hệ thống kết nối,",
            "The cost of the operation, compared with the limit per minute of your client,",
            smaller,
        ),
    }
}

fn plain_sentence(rule: Rule) -> (&'static str, &'static str) {
    match rule {
        Rule::Syntax => (
            "Câu truy vấn sai cú pháp GraphQL; hãy sửa tại vị trí được nêu.",
            "The document is not valid GraphQL; correct it at the given position.",
        ),
        Rule::AmbiguousOperations => (
            "Mỗi thao tác phải có tên riêng khi có nhiều thao tác; hãy đặt tên khác nhau.",
            "A document with several operations needs a unique name for each; give each operation a different name.",
        ),
        Rule::RepeatedFragment => {
            ("Hai mảnh (fragment) trùng tên; hãy đổi tên một mảnh.", "Two fragments share a name; rename one.")
        }
        Rule::FragmentCycle => (
            "Mảnh (fragment) tham chiếu đến chính nó; hãy bỏ vòng lặp.",
            "A fragment refers to itself; remove the cycle.",
        ),
        Rule::UnknownFragment => (
            "Mảnh (fragment) được tham chiếu không tồn tại; hãy khai báo mảnh hoặc bỏ tham chiếu.",
            "A fragment spread refers to an unknown fragment; define the fragment or remove the spread.",
        ),
        Rule::RepeatedVariable => (
            "Một biến được khai báo hai lần; hãy bỏ một khai báo.",
            "A variable is declared twice; remove one declaration.",
        ),
        Rule::RepeatedMutationField => (
            "Hai trường gốc của mutation có cùng khóa kết quả; hãy đặt cho mỗi trường một bí danh (alias) khác nhau.",
            "Two root fields of the mutation have the same response key; give each a different alias.",
        ),
        Rule::Subscription => {
            ("Dịch vụ không hỗ trợ subscription; hãy dùng query.", "Subscriptions are not supported; use a query.")
        }
        Rule::NoOperation => (
            "Câu truy vấn không có thao tác nào; hãy thêm query hoặc mutation.",
            "The document contains no operation; add a query or a mutation.",
        ),
        Rule::OperationNameRequired => (
            "Câu truy vấn có nhiều thao tác; hãy nêu tên thao tác cần chạy trong operationName.",
            "The document has several operations; name the one to run in operationName.",
        ),
        Rule::UnknownOperation => (
            "Câu truy vấn không có thao tác mang tên này; hãy kiểm tra operationName.",
            "The document has no operation with this name; check operationName.",
        ),
        Rule::MissingVariable => (
            "Thiếu một biến bắt buộc; hãy gửi giá trị của biến được khai báo tại vị trí được nêu.",
            "A required variable is missing; send a value for the variable declared at the given position.",
        ),
        Rule::NullVariable => (
            "Một biến bắt buộc có giá trị null; hãy gửi giá trị của biến được khai báo tại vị trí được nêu.",
            "A required variable is null; send a value for the variable declared at the given position.",
        ),
        Rule::WrongVariable => (
            "Giá trị của một biến không đúng kiểu; hãy sửa giá trị của biến được khai báo tại vị trí được nêu.",
            "The value of a variable does not match its type; correct the value of the variable declared at the given \
             position.",
        ),
        Rule::WrongValue => (
            "giá trị của đối số không đúng kiểu; hãy sửa tại vị trí được nêu, xem /schema.graphql.",
            "the value of the argument does not match its type; correct it at the given position, see /schema.graphql.",
        ),
        // `Rejection::sentence` writes the messages with numbers.
        Rule::Limit { .. } | Rule::VariableNesting { .. } => ("", ""),
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::Pos;

    use super::{Measure, Rejection, Rule};
    use crate::language::Language;

    #[test]
    fn a_sentence_names_the_limit_the_number_and_the_solution() {
        let at = Some(Pos { line: 3, column: 7 });
        let table = [
            (
                Rejection::limit(Measure::Cost, 20_000, 101_010_101, at),
                "OPERATION_TOO_COMPLEX: cost 101010101 > 20000 at 3:7",
                "Chi phí của thao tác là 101010101, giới hạn là 20000; hãy giảm first hoặc last, hoặc chọn ít trường hơn. (dòng 3, cột 7)",
                "The cost of the operation is 101010101, the limit is 20000; lower first or last, or select fewer fields. (line 3, column 7)",
            ),
            (
                Rejection::limit(Measure::Tokens, 5_000, 5_001, None),
                "OPERATION_TOO_COMPLEX: tokens 5001 > 5000",
                "Số ký hiệu (token) của câu truy vấn vượt giới hạn 5000 (đã đếm đến 5001); hãy chia thành nhiều yêu \
                 cầu.",
                "The number of tokens of the document exceeds the limit of 5000 (counted up to 5001); split it into \
                 several requests.",
            ),
            (
                Rejection::new(Rule::RepeatedMutationField, None),
                "GRAPHQL_VALIDATION_FAILED: repeated-mutation-field",
                "Hai trường gốc của mutation có cùng khóa kết quả; hãy đặt cho mỗi trường một bí danh (alias) khác \
                 nhau.",
                "Two root fields of the mutation have the same response key; give each a different alias.",
            ),
            (
                Rejection::new(Rule::VariableNesting { limit: 32 }, None),
                "BAD_VARIABLES: variable-nesting > 32",
                "Giá trị của một biến lồng quá 32 tầng; hãy gửi giá trị ít tầng hơn.",
                "The value of a variable is nested deeper than 32 levels; send a value with fewer levels.",
            ),
        ];
        for (refusal, logged, vietnamese, english) in table {
            assert_eq!(refusal.to_string(), logged);
            assert_eq!(refusal.sentence(Language::Vietnamese), vietnamese);
            assert_eq!(refusal.sentence(Language::English), english);
        }
    }
}
