//! The pages of `docs/` as a reader tries them: every command is run against a real server, in the order of the page.
//!
//! A block that begins with ```` ```sh ```` is run. One that begins with ```` ```sh no-run ```` is not, and a comment
//! right before it says why: `<!-- not run: … -->`.
//! Blocks that begin with ```` ```toml server ```` are the configuration of that server. A mail server that they name is
//! there.

mod links;
mod markdown;
mod rust_page;
mod session;

use anyhow::Result;

use session::run_page;

/// A test for each page, by its name.
macro_rules! pages {
    ($($test:ident $page:literal,)*) => {
        const PAGES: &[&str] = &[$($page),*];

        $(
            #[test]
            fn $test() -> Result<()> {
                run_page($page)
            }
        )*
    };
}

pages! {
    readme "README.md",
    walk "walk.md",
    retries "retries.md",
    scheduling "scheduling.md",
    order "order.md",
    limits "limits.md",
    unique_jobs "unique-jobs.md",
    workflows "workflows.md",
    bulk "bulk.md",
    commands "commands.md",
    email "email.md",
    reports "reports.md",
    logs_and_files "logs-and-files.md",
    images "images.md",
    http "http.md",
    webhooks "webhooks.md",
    queues "queues.md",
    services "services.md",
    waiting "waiting.md",
    api "api.md",
    operating "operating.md",
    rust "rust.md",
    protocol "PROTOCOL.md",
    architecture "ARCHITECTURE.md",
    performance "PERFORMANCE.md",
}

#[test]
fn no_page_is_left_out() -> Result<()> {
    for page in markdown::pages()? {
        assert!(PAGES.contains(&page.name.as_str()), "docs/{} has no test: name it in main.rs", page.name);
    }
    Ok(())
}
