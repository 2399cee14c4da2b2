//! A table whose rows come, go and change in place.

use leptos::prelude::*;

use crate::reactive::memo;

/// A row: what it is, and how it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// Stands in the first column, and is no other row's.
    pub key: String,
    pub cells: Vec<Cell>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    Text(String),
    /// It needs attention.
    Bad(String),
    /// Links to jobs.
    Jobs(Vec<u64>),
}

/// `action` makes what stands at the end of a row, from its key.
pub fn table(
    label: &'static str,
    headings: &'static [&'static str],
    rows: Memo<Vec<Row>>,
    action: fn(String) -> AnyView,
) -> AnyView {
    let keys = memo(move || rows.with(|rows| rows.iter().map(|row| row.key.clone()).collect::<Vec<_>>()));
    let row = move |key: String| {
        let (wanted, name) = (key.clone(), key.clone());
        let cells = memo(move || {
            rows.with(|rows| {
                rows.iter().find(|row| row.key == wanted).map(|row| row.cells.clone()).unwrap_or_default()
            })
        });
        view! {
            <tr>
                <th scope="row">{name}</th>
                {move || cells.get().into_iter().map(cell).collect_view()}
                <td>{action(key)}</td>
            </tr>
        }
    };
    view! {
        <div class="service-table" tabindex="0" role="region" aria-label=label>
            <table>
                <thead>
                    <tr>
                        {headings.iter().map(|heading| view! { <th scope="col">{*heading}</th> }).collect_view()}
                        <td></td>
                    </tr>
                </thead>
                <tbody>
                    <For each=move || keys.get() key=|key| key.clone() children=row/>
                </tbody>
            </table>
        </div>
    }
    .into_any()
}

fn cell(cell: Cell) -> AnyView {
    match cell {
        Cell::Text(text) => view! { <td>{text}</td> }.into_any(),
        Cell::Bad(text) => view! { <td class="held">{text}</td> }.into_any(),
        Cell::Jobs(jobs) => {
            let link = |id: u64| view! { <a href=format!("/jobs/{id}")>{format!("#{id}")}</a> " " };
            view! { <td>{jobs.into_iter().map(link).collect_view()}</td> }.into_any()
        }
    }
}
