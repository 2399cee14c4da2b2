//! The files of a job. Anyone may have uploaded them, so a browser is told to treat none as a page of ours:
//! only pictures and text are shown, in a sandbox without scripts; everything else is saved.

use std::fs::File;
use std::io::Read;

use actix_web::body::SizedStream;
use actix_web::http::header::{
    self, Charset, ContentDisposition, DispositionParam, DispositionType, ETag, EntityTag, ExtendedValue,
    HeaderValue, IfNoneMatch,
};
use actix_web::{HttpResponse, HttpResponseBuilder, web};
use bytes::Bytes;
use futures_util::{Stream, stream};
use taskyard_shared::error::{ErrorCode, WireError};
use taskyard_shared::job::{FileRef, JobId};

use super::FilesApi;
use crate::api::problem::{Problem, stopping};
use crate::files::FileError;
use crate::store::{StoreError, StoreReader};

/// How much of a file is in memory at a time, for each client that reads one.
const CHUNK_BYTES: usize = 64 * 1024;

/// Media types that a browser may show, and how they are sent.
const SHOWN: [(&str, &str); 5] = [
    ("image/jpeg", "image/jpeg"),
    ("image/png", "image/png"),
    ("image/gif", "image/gif"),
    ("image/webp", "image/webp"),
    ("text/plain", "text/plain; charset=utf-8"),
];

/// `GET /jobs/{id}/artifacts/{name}`: what the job made.
pub async fn artifact(
    api: web::Data<FilesApi>,
    path: web::Path<(String, String)>,
    known: web::Header<IfNoneMatch>,
) -> Result<HttpResponse, Problem> {
    send(api, path.into_inner(), known.into_inner(), |reader, id, name| reader.artifact(id, name)).await
}

/// `GET /jobs/{id}/inputs/{name}`: what the job was given.
pub async fn input(
    api: web::Data<FilesApi>,
    path: web::Path<(String, String)>,
    known: web::Header<IfNoneMatch>,
) -> Result<HttpResponse, Problem> {
    let find = |reader: &dyn StoreReader, id, name: &str| {
        let job = reader.job(id)?;
        Ok(job.and_then(|job| job.inputs.into_iter().find(|file| file.name == name)))
    };
    send(api, path.into_inner(), known.into_inner(), find).await
}

async fn send<F>(
    api: web::Data<FilesApi>,
    (id, name): (String, String),
    known: IfNoneMatch,
    find: F,
) -> Result<HttpResponse, Problem>
where
    F: FnOnce(&dyn StoreReader, JobId, &str) -> Result<Option<FileRef>, StoreError> + Send + 'static,
{
    let nothing = WireError::new(ErrorCode::NotFound, format!("job {id} has no file \"{name}\""));
    let Ok(id) = id.parse::<JobId>() else { return Err(Problem(nothing)) };
    let found = web::block(move || {
        let Some(file) = find(&*api.reader, id, &name)? else { return Ok(None) };
        let content = api.files.open_file(&file.sha256)?;
        Ok(Some((file, content)))
    });
    let found: Result<_, FileError> = found.await.map_err(stopping)?;
    match found.map_err(|error| Problem(error.into()))? {
        None => Err(Problem(nothing)),
        Some((file, content)) => Ok(respond(&file, content, &known)),
    }
}

fn respond(file: &FileRef, content: File, known: &IfNoneMatch) -> HttpResponse {
    let tag = EntityTag::new_strong(file.sha256.clone());
    let is_known = match known {
        IfNoneMatch::Any => true,
        IfNoneMatch::Items(tags) => tags.iter().any(|one| one.weak_eq(&tag)),
    };
    let shown = SHOWN.iter().find(|(media_type, _)| *media_type == file.media_type);
    let mut response = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    guard(&mut response);
    response.insert_header(ETag(tag)).insert_header(disposition(&file.name, shown.is_some()));
    if is_known {
        return response.finish();
    }
    let media_type = shown.map_or("application/octet-stream", |(_, sent)| sent);
    response.insert_header((header::CONTENT_TYPE, HeaderValue::from_static(media_type)));
    response.body(SizedStream::new(file.bytes, chunks(content)))
}

fn guard(response: &mut HttpResponseBuilder) {
    response
        // A name may get other content when its job is run again: always ask, by the tag.
        .insert_header((header::CACHE_CONTROL, "private, no-cache"))
        .insert_header((header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header(("cross-origin-resource-policy", "same-origin"));
}

/// The name twice: in ASCII for old clients, and as it is (RFC 6266).
fn disposition(name: &str, shown: bool) -> ContentDisposition {
    let ascii = name.chars().map(|c| if c.is_ascii() && !matches!(c, '"' | '\\' | '%') { c } else { '_' });
    let extended =
        ExtendedValue { charset: Charset::Ext("UTF-8".to_owned()), language_tag: None, value: name.into() };
    ContentDisposition {
        disposition: if shown { DispositionType::Inline } else { DispositionType::Attachment },
        parameters: vec![
            DispositionParam::Filename(ascii.collect()),
            DispositionParam::FilenameExt(extended),
        ],
    }
}

/// The content piece by piece, each read on a thread that may block.
fn chunks(content: File) -> impl Stream<Item = Result<Bytes, FileError>> {
    stream::try_unfold(content, |mut content| async move {
        let read = web::block(move || {
            let mut chunk = Vec::with_capacity(CHUNK_BYTES);
            content.by_ref().take(CHUNK_BYTES as u64).read_to_end(&mut chunk)?;
            Ok::<_, std::io::Error>((chunk, content))
        });
        let (chunk, content) = read.await.map_err(std::io::Error::other)??;
        Ok(if chunk.is_empty() { None } else { Some((Bytes::from(chunk), content)) })
    })
}
