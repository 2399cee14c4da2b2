//! What the pages refer to is there, and their JSON is JSON.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::markdown::{self, Page};

#[test]
fn links_lead_somewhere() -> Result<()> {
    for page in markdown::pages()? {
        for (line, target) in links(&page) {
            let place = format!("docs/{}:{line}: {target}", page.name);
            let (file, heading) = target.split_once('#').unwrap_or((target, ""));
            let file = if file.is_empty() { page.name.as_str() } else { file };
            assert!(markdown::folder().join(file).exists(), "{place}: there is no such file");
            if !heading.is_empty() && file.ends_with(".md") {
                let headings = headings(&markdown::page(file)?);
                assert!(headings.contains(heading), "{place}: there is no such heading");
            }
        }
    }
    Ok(())
}

#[test]
fn json_can_be_read() -> Result<()> {
    for page in markdown::pages()? {
        for block in page.blocks()?.iter().filter(|block| block.info == "json") {
            let json = block.code.join("\n");
            serde_json::from_str::<Value>(&json)
                .with_context(|| format!("docs/{}:{}", page.name, block.first_line + 1))?;
        }
    }
    Ok(())
}

#[test]
fn the_index_names_every_page() -> Result<()> {
    let index = markdown::page("README.md")?;
    let named: BTreeSet<&str> = links(&index).into_iter().map(|(_, target)| target).collect();
    for page in markdown::pages()? {
        assert!(
            page.name == index.name || named.contains(page.name.as_str()),
            "docs/README.md does not name {}",
            page.name
        );
    }
    Ok(())
}

/// Links within the repository, each with its line.
fn links(page: &Page) -> Vec<(usize, &str)> {
    let mut links = Vec::new();
    for (number, line) in page.text.lines().enumerate() {
        for part in line.split("](").skip(1) {
            let Some((target, _)) = part.split_once(')') else { continue };
            if !target.contains("://") {
                links.push((number + 1, target));
            }
        }
    }
    links
}

/// As GitHub names them: lower-case words with `-` between them.
fn headings(page: &Page) -> BTreeSet<String> {
    let titles = page.text.lines().filter(|line| line.starts_with('#'));
    titles
        .map(|line| {
            let title = line.trim_start_matches('#').trim().to_lowercase();
            let kept = title.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
            kept.map(|c| if c == ' ' { '-' } else { c }).collect()
        })
        .collect()
}
