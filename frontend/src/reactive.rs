//! Memos, effects and conditions of the page. Leptos compiles much of itself anew for every closure that it is given;
//! these put the closure into a box first, so that the page holds that code once.

use leptos::prelude::*;

/// A value that follows others, and tells only when it has changed.
pub fn memo<T>(find: impl Fn() -> T + Send + Sync + 'static) -> Memo<T>
where
    T: PartialEq + Send + Sync + 'static,
{
    let find: Box<dyn Fn() -> T + Send + Sync> = Box::new(find);
    Memo::new(move |_| find())
}

/// Runs soon, and again whenever something changes that was read.
pub fn effect(run: impl FnMut() + 'static) {
    let mut run: Box<dyn FnMut()> = Box::new(run);
    Effect::new(move |_: Option<()>| run());
}

/// Shows its children while the condition holds.
#[component]
pub fn Show(#[prop(into)] when: Signal<bool>, children: ChildrenFn) -> impl IntoView {
    let holds = memo(move || when.get());
    move || if holds.get() { children() } else { ().into_any() }
}
