//! One argument of a program as it is declared: text with places for parameters. What is put into a place stays within
//! this argument, for nothing takes it apart again.

use std::ffi::OsString;

use taskyard_shared::limits::is_identifier;

/// Stands for the folder whose files become artifacts.
pub(super) const OUTPUT: &str = "output";

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Template(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Fixed(String),
    /// What has this name.
    Place(String),
}

impl Template {
    /// `{NAME}` is a place, `{{` and `}}` are braces.
    ///
    /// # Errors
    /// A brace stands alone, or a place is empty: a sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut fixed = String::new();
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '{' | '}' if chars.next_if_eq(&c).is_some() => fixed.push(c),
                '}' => {
                    return Err(format!(
                        "\"{text}\" has a }} without its {{; a brace itself is written }}}}"
                    ));
                }
                '{' => {
                    let mut name = String::new();
                    while let Some(c) = chars.next_if(|c| *c != '}') {
                        name.push(c);
                    }
                    if chars.next().is_none() || !is_identifier(&name) {
                        return Err(format!(
                            "\"{text}\" has a {{ without a name and a }}; a brace itself is written {{{{"
                        ));
                    }
                    if !fixed.is_empty() {
                        parts.push(Part::Fixed(std::mem::take(&mut fixed)));
                    }
                    parts.push(Part::Place(name));
                }
                c => fixed.push(c),
            }
        }
        if !fixed.is_empty() {
            parts.push(Part::Fixed(fixed));
        }
        Ok(Template(parts))
    }

    pub fn places(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Place(name) => Some(name.as_str()),
            Part::Fixed(_) => None,
        })
    }

    /// The argument; `value_of` knows what stands in each place.
    pub fn fill(&self, value_of: impl Fn(&str) -> OsString) -> OsString {
        let mut argument = OsString::new();
        for part in &self.0 {
            match part {
                Part::Fixed(text) => argument.push(text),
                Part::Place(name) => argument.push(value_of(name)),
            }
        }
        argument
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str) -> OsString {
        Template::parse(text).expect("a template").fill(|name| format!("<{name}>").into())
    }

    #[test]
    fn places_are_filled_and_braces_are_kept() {
        let table = [
            ("", ""),
            ("plain", "plain"),
            ("{a}", "<a>"),
            ("--size={a}x{b-c}!", "--size=<a>x<b-c>!"),
            ("{{a}} {{{a}}}", "{a} {<a>}"),
            ("ü{a}ü", "ü<a>ü"),
        ];
        for (text, expected) in table {
            assert_eq!(filled(text), OsString::from(expected), "{text}");
        }
    }

    #[test]
    fn what_is_put_in_is_not_read_again() {
        let argument = Template::parse("{a}{b}").expect("a template").fill(|_| "{b} $(id) ; '\"".into());
        assert_eq!(argument, OsString::from("{b} $(id) ; '\"{b} $(id) ; '\""));
    }

    #[test]
    fn a_brace_that_stands_alone_is_refused() {
        for text in ["{", "}", "a{b", "{}", "{A}", "{a b}", "{a}}", "{1}"] {
            assert!(Template::parse(text).is_err_and(|says| says.contains("a brace itself")), "{text}");
        }
    }
}
