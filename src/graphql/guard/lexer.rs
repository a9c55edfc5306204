//! First check of a text: one pass over its tokens, before the recursive parser.

use apollo_parser::{Lexer, TokenKind};
use async_graphql::Pos;

use crate::graphql::guard::limits::Limits;
use crate::graphql::guard::rejection::{Measure, Rejection, Rule};

/// Limits bytes, tokens and nesting; returns the number of tokens.
///
/// Does not recurse. The parser does, so the depth must be limited before the parser runs. All
/// brackets count, including those of list types and values.
pub fn check(limits: &Limits, text: &str) -> Result<u64, Rejection> {
    let bytes = text.len() as u64;
    if bytes > limits.max_bytes {
        return Err(Rejection::limit(Measure::Bytes, limits.max_bytes, bytes, None));
    }
    let (mut tokens, mut open) = (0, 0_u64);
    for token in Lexer::new(text) {
        // The error contains a part of the text: only its position leaves this function.
        let token = token.map_err(|error| Rejection::new(Rule::Syntax, Some(position(text, error.index()))))?;
        match token.kind() {
            TokenKind::Whitespace | TokenKind::Comment | TokenKind::Comma | TokenKind::Eof => {
                continue;
            }
            TokenKind::LCurly | TokenKind::LBracket | TokenKind::LParen => open += 1,
            TokenKind::RCurly | TokenKind::RBracket | TokenKind::RParen => open = open.saturating_sub(1),
            _ => {}
        }
        tokens += 1;
        for (measure, limit, found) in
            [(Measure::Tokens, limits.max_tokens, tokens), (Measure::Nesting, limits.max_nesting, open)]
        {
            if found > limit {
                return Err(Rejection::limit(measure, limit, found, Some(position(text, token.index()))));
            }
        }
    }
    Ok(tokens)
}

/// Line and column, both from one, as the parser counts them.
fn position(text: &str, index: usize) -> Pos {
    let before = text.get(..index).unwrap_or(text);
    let line_start = before.rfind(['\n', '\r']).map_or(0, |end| end + 1);
    let breaks = before.matches(['\n', '\r']).count() - before.matches("\r\n").count();
    Pos { line: breaks + 1, column: before[line_start..].chars().count() + 1 }
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::graphql::guard::limits::Limits;

    fn outcome(text: &str) -> String {
        match check(&Limits::default(), text) {
            Ok(tokens) => format!("{tokens} tokens"),
            Err(refusal) => refusal.to_string(),
        }
    }

    #[test]
    fn tokens_are_counted_without_white_space_comments_and_commas() {
        let table = [
            ("", "0 tokens"),
            ("{ a }", "3 tokens"),
            ("\u{feff}{ a, b } # { { { {\n", "4 tokens"),
            ("{ a(b: \"[[[[[\" c: \"\"\"{{{ \\\"\"\" {{{\"\"\") }", "11 tokens"),
            ("} } } { a }", "6 tokens"),
        ];
        for (text, expected) in table {
            assert_eq!(outcome(text), expected, "{text}");
        }
    }

    #[test]
    fn a_text_that_is_no_graphql_is_refused_by_position() {
        let table = [
            ("{ a ? }", "GRAPHQL_PARSE_FAILED: syntax at 1:5"),
            ("{\n  a(b: \"never closed)\n}", "GRAPHQL_PARSE_FAILED: syntax at 2:8"),
            ("{\r\n\r\n ..x }", "GRAPHQL_PARSE_FAILED: syntax at 3:2"),
            ("{ người }", "GRAPHQL_PARSE_FAILED: syntax at 1:5"),
            ("{ a(b: \"\\q\") }", "GRAPHQL_PARSE_FAILED: syntax at 1:8"),
            ("{ a(b: \"\"\"ể", "GRAPHQL_PARSE_FAILED: syntax at 1:8"),
            ("\"", "GRAPHQL_PARSE_FAILED: syntax at 1:1"),
        ];
        for (text, expected) in table {
            assert_eq!(outcome(text), expected, "{text}");
        }
    }

    #[test]
    fn nesting_of_every_kind_is_bounded_together() {
        let nested = |depth: usize| {
            [
                format!("{{ a(b: {}{}) }}", "[".repeat(depth), "]".repeat(depth)),
                format!("{{ a(b: {}1{}) }}", "{a:".repeat(depth), "}".repeat(depth)),
                format!("query($v: {}Int{}) {{ a }}", "[".repeat(depth), "]".repeat(depth)),
                format!("query($v: Int = {}) {{ a }}", "[".repeat(depth)),
                format!("{{ a(b: {}", "[{a:".repeat(depth)),
                "{a".repeat(depth),
                "{...".repeat(depth),
                "(".repeat(depth + 30),
            ]
        };
        for text in nested(10).iter().take(7) {
            assert!(outcome(text).ends_with("tokens"), "{text}");
        }
        for depth in [33, 100, 1_000, 10_000, 100_000] {
            for text in nested(depth) {
                let found = outcome(&text);
                assert!(found.contains("nesting 33 > 32") || found.contains("bytes"), "{depth}: {found}");
            }
        }
    }

    #[test]
    fn brackets_cannot_hide_where_the_parser_would_see_them() {
        let hidden = "[".repeat(40);
        for disguise in
            ["#\r", "#\r\n", "\"\"", "\"\\\"\"", "\"\"\"\"\"\"", "\"\"\"\\\\\\\"\"\"\"\"\"", "\u{feff}", "\"\\\\\""]
        {
            let found = outcome(&format!("{{ a(b: {disguise}{hidden}"));
            assert!(found.contains("nesting"), "{disguise:?}: {found}");
        }
    }

    #[test]
    fn bytes_and_tokens_are_bounded() {
        let table = [
            (" ".repeat(64 * 1024), "0 tokens"),
            (" ".repeat(64 * 1024 + 1), "OPERATION_TOO_COMPLEX: bytes 65537 > 65536"),
            ("a ".repeat(5_000), "5000 tokens"),
            ("a ".repeat(5_001), "OPERATION_TOO_COMPLEX: tokens 5001 > 5000 at 1:10001"),
        ];
        for (text, expected) in table {
            assert_eq!(outcome(&text), expected);
        }
    }
}
