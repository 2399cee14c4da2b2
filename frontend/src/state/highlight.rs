//! Splits a line of source into what is read differently: comments, strings, keywords. A reading aid, not a
//! parser: a block comment or string that spans lines is coloured on its first line alone.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token {
    Plain,
    Comment,
    Text,
    Keyword,
}

impl Token {
    pub fn class(self) -> &'static str {
        match self {
            Token::Plain => "",
            Token::Comment => "tok-comment",
            Token::Text => "tok-text",
            Token::Keyword => "tok-keyword",
        }
    }
}

const KEYWORDS: [&str; 34] = [
    "as", "async", "await", "break", "const", "continue", "crate", "dyn", "else", "enum", "false", "fn",
    "for", "if", "impl", "in", "let", "loop", "match", "mod", "move", "mut", "pub", "ref", "return", "self",
    "Self", "static", "struct", "trait", "true", "use", "where", "while",
];

/// The pieces of `line`, in order; together they are the line.
pub fn tokens(line: &str) -> Vec<(Token, &str)> {
    let mut found: Vec<(Token, &str)> = Vec::new();
    let mut rest = line;
    let mut plain_from = 0;
    while !rest.is_empty() {
        let at = line.len() - rest.len();
        let Some((token, length)) = special(rest, line[..at].chars().next_back()) else {
            rest = &rest[rest.chars().next().map_or(1, char::len_utf8)..];
            continue;
        };
        if plain_from < at {
            found.push((Token::Plain, &line[plain_from..at]));
        }
        found.push((token, &line[at..at + length]));
        plain_from = at + length;
        rest = &line[plain_from..];
    }
    if plain_from < line.len() {
        found.push((Token::Plain, &line[plain_from..]));
    }
    found
}

fn special(rest: &str, before: Option<char>) -> Option<(Token, usize)> {
    if rest.starts_with("//") {
        return Some((Token::Comment, rest.len()));
    }
    if rest.starts_with('"') {
        return Some((Token::Text, string_length(rest)));
    }
    let in_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if before.is_some_and(in_word) {
        return None;
    }
    let word = rest.split(|c| !in_word(c)).next()?;
    KEYWORDS.contains(&word).then_some((Token::Keyword, word.len()))
}

fn string_length(rest: &str) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            '"' if !escaped => return at + 1,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_told_apart_and_nothing_is_lost() {
        let line = r#"    let platform = "a \" b"; // true"#;
        let tokens = tokens(line);
        assert_eq!(tokens.iter().map(|token| token.1).collect::<String>(), line);
        assert_eq!(tokens[1], (Token::Keyword, "let"));
        assert_eq!(tokens[3], (Token::Text, r#""a \" b""#));
        assert_eq!(tokens[5], (Token::Comment, "// true"));
    }
}
