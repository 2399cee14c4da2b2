//! Uploads a file with progress. gloo-net's fetch cannot tell how much was sent; XMLHttpRequest can.

use futures_channel::oneshot;
use serde_json::Value;
use taskyard_shared::error::FieldError;
use taskyard_shared::job::FileRef;
use taskyard_shared::limits::MAX_UPLOAD_BYTES;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

use crate::connection::wire::json;
use crate::format;
use crate::state::address::percent_encode;

/// Breaks a request off that nobody waits for any more. To one that has ended it does nothing.
struct Request(web_sys::XmlHttpRequest);

impl Drop for Request {
    fn drop(&mut self) {
        let _broken_off = self.0.abort();
    }
}

/// Uploads `file`, telling the fraction that was sent. The error is a sentence for the person. Dropping this breaks the
/// upload off.
pub async fn upload(file: web_sys::File, sent: impl Fn(f64) + 'static) -> Result<FileRef, String> {
    let bytes = file.size();
    if bytes > MAX_UPLOAD_BYTES as f64 {
        let (has, most) = (format::bytes(bytes as u64), format::bytes(MAX_UPLOAD_BYTES));
        return Err(format!("{} has {has}; at most {most} can be uploaded.", file.name()));
    }
    let request = web_sys::XmlHttpRequest::new().map_err(|_| "This browser cannot upload.".to_owned())?;
    let address = format!("api/v1/uploads?name={}", percent_encode(&file.name()));
    let media_type =
        if file.type_().is_empty() { "application/octet-stream".to_owned() } else { file.type_() };
    let prepared =
        request.open("POST", &address).and_then(|()| request.set_request_header("content-type", &media_type));
    prepared.map_err(|_| "The upload could not be prepared.".to_owned())?;

    let on_progress = Closure::<dyn Fn(web_sys::ProgressEvent)>::new(move |event: web_sys::ProgressEvent| {
        if event.length_computable() && event.total() > 0.0 {
            sent(event.loaded() / event.total());
        }
    });
    if let Ok(upload) = request.upload() {
        upload.set_onprogress(Some(on_progress.as_ref().unchecked_ref()));
    }
    let (ended, end) = oneshot::channel();
    let on_end = Closure::once(move || {
        let _told = ended.send(());
    });
    request.set_onloadend(Some(on_end.as_ref().unchecked_ref()));
    request.send_with_opt_blob(Some(&file)).map_err(|_| "The upload could not be sent.".to_owned())?;
    // Dropped before the closures, which hear of that.
    let request = Request(request);
    let _ended = end.await;
    outcome(&request.0)
}

fn outcome(request: &web_sys::XmlHttpRequest) -> Result<FileRef, String> {
    let status = request.status().unwrap_or(0);
    let text = request.response_text().ok().flatten().unwrap_or_default();
    if (200..300).contains(&status) {
        return json::read(&text).ok_or_else(|| "The server's answer cannot be read.".to_owned());
    }
    if status == 0 {
        return Err("The upload broke off: no connection to the server.".to_owned());
    }
    Err(error_sentence(&text).unwrap_or_else(|| format!("The server refused the upload (status {status}).")))
}

/// The sentence in an error body of the API (RFC 9457): its detail, and what is wrong with which field.
pub fn error_sentence(body: &str) -> Option<String> {
    let problem: Value = json::read(body)?;
    let detail: String = json::member(&problem, "detail")?;
    let fields: Vec<FieldError> = json::member(&problem, "fields").unwrap_or_default();
    let fields = fields.iter().map(|field| format::sentence(&field.message));
    Some(std::iter::once(format::sentence(&detail)).chain(fields).collect::<Vec<_>>().join(" "))
}
