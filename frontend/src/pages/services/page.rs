//! The page: what each service does, and its latest keys, entries and connections.

use leptos::prelude::*;
use taskyard_shared::command::Command;
use taskyard_shared::limit::Rate;
use taskyard_shared::service::{CacheStatus, LimiterStatus, PoolStatus, Services};
use taskyard_shared::view::{ViewDelta, ViewQuery, ViewSnapshot};

use super::table::{Cell, Row, table};
use crate::board::Board;
use crate::components::time::stamp;
use crate::components::title::name_page;
use crate::connection::exchange::ViewUpdate;
use crate::connection::watch;
use crate::format;
use crate::reactive::memo;

#[component]
pub fn ServicesPage() -> impl IntoView {
    let board = expect_context::<Board>();
    name_page(|| "Services".to_owned());
    // None until the first snapshot: empty tables would be a lie before it.
    let services = RwSignal::new(None::<Services>);
    let query = memo(|| Some(ViewQuery::Services {}));
    watch(board.connection, query, move |update| match update {
        ViewUpdate::Snapshot(ViewSnapshot::Services { services: all }) => services.set(Some(all)),
        ViewUpdate::Delta(ViewDelta::Services { limiter, cache, pools }) => services.update(|services| {
            if let Some(services) = services {
                services.apply(limiter, cache, pools);
            }
        }),
        _ => {}
    });
    let known = memo(move || services.with(Option::is_some));
    let body = move || match known.get() {
        true => sections(board, services),
        false => view! { <p class="faint">"This shows as soon as the server answers."</p> }.into_any(),
    };
    view! {
        <section class="plain-page">
            <header class="page-head">
                <h1>"Services"</h1>
                <p class="faint">"What they hold is in memory: a restart of the server forgets it."</p>
            </header>
            {body}
        </section>
    }
}

/// What of the services a part of the page shows.
fn part<T: PartialEq + Default + Send + Sync + 'static>(
    services: RwSignal<Option<Services>>,
    read: fn(&Services) -> T,
) -> Memo<T> {
    memo(move || services.with(|services| services.as_ref().map(read).unwrap_or_default()))
}

fn sections(board: Board, services: RwSignal<Option<Services>>) -> AnyView {
    let no_action: fn(String) -> AnyView = |_| ().into_any();
    let limiter = part(services, |services| limiter_facts(&services.limiter));
    let cache = part(services, |services| cache_facts(&services.cache));
    let has_pools = part(services, |services| !services.pools.is_empty());
    let keys = part(services, |services| limiter_rows(&services.limiter));
    let entries = part(services, |services| cache_rows(&services.cache));
    let pools = part(services, |services| services.pools.iter().map(pool_row).collect::<Vec<_>>());
    let drop_all = move |_| board.send_from_anywhere(Command::DropCached { key: None });
    view! {
        <section class="panel" aria-label="Rate limiter">
            <h2>"Rate limiter"</h2>
            <p class="faint">{limiter}</p>
            {table(
                "Keys of the rate limiter",
                &["Key", "Rate", "Remaining", "Allowed", "Refused", "Next", "Asked"],
                keys,
                no_action,
            )}
        </section>
        <section class="panel" aria-label="Cache">
            <div class="entry-head">
                <h2>"Cache"</h2>
                <button class="quiet small push" on:click=drop_all>"Drop all entries"</button>
            </div>
            <p class="faint">{cache}</p>
            {table(
                "Entries of the cache",
                &["Key", "Size", "Hits", "Put in", "Until", "Result of"],
                entries,
                drop_button,
            )}
        </section>
        <section class="panel" aria-label="Pools of connections">
            <h2>"Pools of connections"</h2>
            {move || if has_pools.get() {
                table(
                    "Pools of connections",
                    &["Pool", "Connects to", "Open", "Idle", "In use by", "Waiting", "Checkouts", "Errors", "Last error"],
                    pools,
                    no_action,
                )
            } else {
                view! { <p class="faint">"None is configured."</p> }.into_any()
            }}
        </section>
    }
    .into_any()
}

fn drop_button(key: String) -> AnyView {
    let board = expect_context::<Board>();
    let label = format!("Drop {key}");
    let drop = move |_| board.send_from_anywhere(Command::DropCached { key: Some(key.clone()) });
    view! { <button class="quiet small" aria-label=label on:click=drop>"Drop"</button> }.into_any()
}

fn rate(rate: &Rate) -> String {
    let burst = if rate.burst > 1 {
        format!(", {} at once", format::count(rate.burst.into()))
    } else {
        String::new()
    };
    format!("{} in {}{burst}", format::count(rate.count.into()), format::period(rate.per_ms))
}

fn limiter_facts(status: &LimiterStatus) -> String {
    let submissions = match &status.submissions {
        Some(limit) => format!("A client may submit {}", rate(limit)),
        None => "Clients may submit as often as they like".to_owned(),
    };
    format!(
        "{submissions} · {} allowed · {} refused · {}",
        format::count(status.allowed),
        format::count(status.refused),
        format::counted(status.keys, "key", "keys"),
    )
}

fn limiter_rows(status: &LimiterStatus) -> Vec<Row> {
    let row = |key: &taskyard_shared::service::LimiterKey| Row {
        key: key.key.clone(),
        cells: vec![
            Cell::Text(rate(&key.rate)),
            Cell::Text(format::count(key.remaining.into())),
            Cell::Text(format::count(key.allowed)),
            match key.refused {
                0 => Cell::Text("0".to_owned()),
                refused => Cell::Bad(format::count(refused)),
            },
            Cell::Text(key.next_at_ms.map(|at_ms| stamp(at_ms).clock()).unwrap_or_default()),
            Cell::Text(stamp(key.asked_at_ms).clock()),
        ],
    };
    status.latest.iter().map(row).collect()
}

fn cache_facts(status: &CacheStatus) -> String {
    format!(
        "{} of {} (of {}) · {} · {} · {} shared · {}",
        format::counted(status.entries, "entry", "entries"),
        format::bytes(status.bytes),
        format::bytes(status.max_bytes),
        format::counted(status.hits, "hit", "hits"),
        format::counted(status.misses, "miss", "misses"),
        format::count(status.shared),
        format::counted(status.evictions, "eviction", "evictions"),
    )
}

fn cache_rows(status: &CacheStatus) -> Vec<Row> {
    let row = |entry: &taskyard_shared::service::CacheEntry| Row {
        key: entry.key.clone(),
        cells: vec![
            Cell::Text(format::bytes(entry.bytes)),
            Cell::Text(format::count(entry.hits)),
            Cell::Text(stamp(entry.put_at_ms).clock()),
            Cell::Text(stamp(entry.expires_at_ms).clock()),
            Cell::Jobs(entry.job.iter().map(|job| job.0).collect()),
        ],
    };
    status.latest.iter().map(row).collect()
}

fn pool_row(pool: &PoolStatus) -> Row {
    let errors = format::count(pool.errors);
    Row {
        key: pool.name.clone(),
        cells: vec![
            Cell::Text(pool.target.clone()),
            Cell::Text(format!("{} of {}", pool.size, pool.max_size)),
            Cell::Text(pool.idle.to_string()),
            Cell::Jobs(pool.users.iter().filter_map(|user| user.job).map(|job| job.0).collect()),
            Cell::Text(pool.waiting.to_string()),
            Cell::Text(format::count(pool.checkouts)),
            if pool.errors > 0 { Cell::Bad(errors) } else { Cell::Text(errors) },
            Cell::Text(pool.last_error.as_ref().map(|error| error.message.clone()).unwrap_or_default()),
        ],
    }
}
