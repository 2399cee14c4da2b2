//! Things on a page, found as a person finds them: by what they are and what they are called.

use anyhow::{Context, Result};
use fantoccini::elements::{Element as DriverElement, ElementRef};
use fantoccini::key::Key;
use serde_json::{Value, json};

use super::page::Page;

/// Sets `elements` to the visible ones whose role is `args[0]` (null for any) and whose name is `args[1]`.
const FIND: &str = include_str!("find.js");
/// The member in which the driver's answers refer to an element (WebDriver, section 12.1).
const ELEMENT_KEY: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A thing on a page, as long as the page keeps it.
#[derive(Clone)]
pub struct Element {
    page: Page,
    element: DriverElement,
}

impl Page {
    /// Waits for the one visible thing of this role and accessible name. Two of them are a fault of the page.
    pub async fn find(&self, role: &str, name: &str) -> Result<Element> {
        self.find_one(&format!("exactly one {role} named \"{name}\""), json!(role), name).await
    }

    /// The same, whatever its role.
    pub async fn find_named(&self, name: &str) -> Result<Element> {
        self.find_one(&format!("something named \"{name}\""), Value::Null, name).await
    }

    /// Waits until nothing visible has this role and accessible name.
    pub async fn expect_gone(&self, role: &str, name: &str) -> Result<()> {
        let ask = format!("{FIND}; return elements.length === 0");
        let what = format!("itself without the {role} named \"{name}\"");
        self.wait_for(&what, &ask, &[json!(role), json!(name)]).await.map(drop)
    }

    /// Clicks on the thing of this role and accessible name.
    pub async fn click(&self, role: &str, name: &str) -> Result<()> {
        self.find(role, name)
            .await?
            .click()
            .await
            .with_context(|| format!("cannot click on the {role} \"{name}\""))
    }

    /// Types `text` into the field of this role and name, in place of what it has.
    pub async fn fill(&self, role: &str, name: &str, text: &str) -> Result<()> {
        let field = self.find(role, name).await?;
        field.fill(text).await.with_context(|| format!("cannot type into the {role} \"{name}\""))
    }

    /// Waits for the first thing that a CSS selector finds: for what has no name, such as a row.
    pub async fn select(&self, css: &str) -> Result<Element> {
        let found = self.wait_for(css, "return document.querySelector(args[0])", &[json!(css)]).await?;
        self.element(&found)
    }

    async fn find_one(&self, what: &str, role: Value, name: &str) -> Result<Element> {
        let ask = format!("{FIND}; return elements.length === 1 && elements[0]");
        self.element(&self.wait_for(what, &ask, &[role, json!(name)]).await?)
    }

    fn element(&self, found: &Value) -> Result<Element> {
        let id = found[ELEMENT_KEY].as_str().context("the page's answer is no element")?;
        let id = ElementRef::from(id.to_owned());
        let element = DriverElement::from_element_id(self.session.client.clone(), id);
        Ok(Element { page: self.clone(), element })
    }
}

impl Element {
    pub async fn click(&self) -> Result<()> {
        self.page.turn_to().await?;
        Ok(self.element.click().await?)
    }

    /// Types over what the field has, with keys alone, as a person would.
    pub async fn fill(&self, text: &str) -> Result<()> {
        let (control, release) = (char::from(Key::Control), char::from(Key::Null));
        let over = if text.is_empty() { char::from(Key::Delete).to_string() } else { text.to_owned() };
        self.press(&format!("{control}a{release}{over}")).await
    }

    /// Presses keys while it has the focus; `fantoccini::key::Key` has the special ones.
    pub async fn press(&self, keys: &str) -> Result<()> {
        self.page.turn_to().await?;
        Ok(self.element.send_keys(keys).await?)
    }

    /// The text that a person sees.
    pub async fn text(&self) -> Result<String> {
        self.page.turn_to().await?;
        Ok(self.element.text().await?)
    }

    pub async fn attribute(&self, name: &str) -> Result<Option<String>> {
        self.page.turn_to().await?;
        Ok(self.element.attr(name).await?)
    }
}
