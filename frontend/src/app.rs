pub fn start(){ leptos::mount::mount_to_body(|| leptos::view!{<p>"hi"</p>}); }
