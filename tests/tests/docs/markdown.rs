//! Pages, and the blocks of code in them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// Begins the comment that says why the commands behind it are not run.
const REASON: &str = "<!-- not run: ";

/// A page of the documentation.
pub struct Page {
    /// `retries.md`.
    pub name: String,
    pub text: String,
}

/// A block of code.
#[derive(Debug, PartialEq, Eq)]
pub struct Block<'a> {
    /// What stands behind its opening fence: `sh`, `sh no-run`, `json`.
    pub info: &'a str,
    /// Where its first line of code stands, counted from 0.
    pub first_line: usize,
    pub code: Vec<&'a str>,
    /// What stands before it, and is not empty.
    before: &'a str,
}

/// `docs/` of this repository.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs")
}

/// Every page, sorted by name.
pub fn pages() -> Result<Vec<Page>> {
    let mut pages = Vec::new();
    for entry in fs::read_dir(folder()).context("cannot read docs/")? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".md") {
            pages.push(page(&name)?);
        }
    }
    pages.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(pages)
}

pub fn page(name: &str) -> Result<Page> {
    let text = fs::read_to_string(folder().join(name)).with_context(|| format!("cannot read docs/{name}"))?;
    Ok(Page { name: name.to_owned(), text })
}

impl Page {
    /// # Errors
    /// A block is not closed.
    pub fn blocks(&self) -> Result<Vec<Block<'_>>> {
        let mut blocks = Vec::new();
        let mut before = "";
        let mut lines = self.text.lines().enumerate();
        while let Some((number, line)) = lines.next() {
            let Some(info) = line.strip_prefix("```") else {
                if !line.trim().is_empty() {
                    before = line;
                }
                continue;
            };
            let mut block = Block { info, first_line: number + 1, code: Vec::new(), before };
            loop {
                match lines.next() {
                    Some((_, "```")) => break,
                    Some((_, code)) => block.code.push(code),
                    None => bail!("docs/{}:{}: this block is not closed", self.name, number + 1),
                }
            }
            before = "";
            blocks.push(block);
        }
        Ok(blocks)
    }

    /// What the page's server is configured with: its blocks of the sort `toml server`.
    ///
    /// # Errors
    /// A block is not closed.
    pub fn configuration(&self) -> Result<String> {
        let blocks = self.blocks()?;
        let lines = blocks.iter().filter(|block| block.info == "toml server").flat_map(|block| &block.code);
        Ok(lines.map(|line| format!("{line}\n")).collect())
    }

    /// The commands as one script, each on the line on which it stands in the page, so that what bash says of a line
    /// of the script is true of the page. The first line is left empty.
    ///
    /// # Errors
    /// A block is not to be run, and nothing says why.
    pub fn script(&self) -> Result<Vec<&str>> {
        let mut script = vec![""; self.text.lines().count()];
        for block in self.blocks()? {
            match block.info {
                "sh" => {
                    let place = block.first_line..block.first_line + block.code.len();
                    script[place].copy_from_slice(&block.code);
                }
                "sh no-run" if block.before.starts_with(REASON) => {}
                info if info.starts_with("sh") => bail!(
                    "docs/{}:{}: \"{info}\" is neither run nor is there \"{REASON}…\" before it",
                    self.name,
                    block.first_line
                ),
                _ => {}
            }
        }
        Ok(script)
    }
}

#[test]
fn commands_keep_their_lines_and_others_are_left_out() -> Result<()> {
    let text = "# A\n\n```sh\necho a\necho b\n```\n```json\n{}\n```\n<!-- not run: why -->\n\n```sh no-run\nrm c\n```\n";
    let page = Page { name: "a.md".to_owned(), text: text.to_owned() };
    let script = page.script()?;
    assert_eq!((script[3], script[4]), ("echo a", "echo b"));
    assert_eq!(script.iter().filter(|line| !line.is_empty()).count(), 2);
    Ok(())
}

#[test]
fn a_block_that_is_not_run_must_say_why() {
    for text in ["# A\n```sh no-run\nrm c\n```\n", "# A\n```sh norun\nrm c\n```\n", "# A\n```sh\nls\n"] {
        let page = Page { name: "a.md".to_owned(), text: text.to_owned() };
        assert!(page.script().is_err(), "{text}");
    }
}
