//! A shop in an actix-web application: a handler stores an order and adds its job in one transaction, so that there is
//! never an order that nobody packs, nor a parcel for an order that was not placed. The board is under `/jobs`.
//!
//! `cargo run -p taskyard --example shop`, then
//! `curl http://127.0.0.1:8080/orders -H 'content-type: application/json' -d '{"what": "tea", "pieces": 2}'`, and open
//! <http://127.0.0.1:8080/jobs/>. (The board is in it when it is built with `--features board`, after Trunk.)

use std::net::TcpListener;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{App, HttpResponse, HttpServer, ResponseError, web};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use taskyard::Yard;
use taskyard::kinds::{JobContext, JobResult, Label, Worker};
use taskyard::rusqlite::{Connection, OptionalExtension};
use taskyard::transactional::TransactionError;

/// Packs an order, and has the customer told.
struct Pack;

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PackArgs {
    order: i64,
    /// How many pieces are in it.
    #[schemars(range(min = 1, max = 100))]
    pieces: u32,
}

impl Worker for Pack {
    const KIND: &'static str = "pack";
    const DESCRIPTION: &'static str = "Packs an order.";
    type Args = PackArgs;

    fn label(&self, args: &PackArgs) -> Label {
        Label { name: format!("Order {}", args.order), detail: format!("{} pieces", args.pieces) }
    }

    async fn perform(&self, args: PackArgs, ctx: JobContext) -> JobResult {
        for piece in 1..=args.pieces {
            ctx.info(format!("piece {piece} of {} is in the box", args.pieces));
            ctx.progress(f64::from(piece) / f64::from(args.pieces));
        }
        // Once, however often this job is tried.
        let told = ctx.add_once("tell", Tell::job(TellArgs { order: args.order })).await?;
        Ok(json!({ "told_by": told }))
    }
}

/// Tells a customer that the order is on its way.
struct Tell;

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct TellArgs {
    order: i64,
}

impl Worker for Tell {
    const KIND: &'static str = "tell";
    const DESCRIPTION: &'static str = "Tells a customer that the order is on its way.";
    type Args = TellArgs;

    fn label(&self, args: &TellArgs) -> Label {
        Label { name: format!("Order {}", args.order), detail: "on its way".to_owned() }
    }

    async fn perform(&self, args: TellArgs, ctx: JobContext) -> JobResult {
        ctx.info(format!("order {} is on its way", args.order));
        Ok(json!(null))
    }
}

/// What the handlers share. A busier shop has a pool of connections.
struct Shop {
    yard: Yard,
    db: Mutex<Connection>,
}

#[derive(Deserialize)]
struct NewOrder {
    what: String,
    pieces: u32,
}

impl Shop {
    fn open(yard: &Yard) -> Result<Shop, TransactionError> {
        let db = yard.connect()?;
        db.execute_batch(
            "CREATE TABLE IF NOT EXISTS shop_order (
                id INTEGER PRIMARY KEY, what TEXT NOT NULL, pieces INTEGER NOT NULL, job INTEGER
            )",
        )?;
        Ok(Shop { yard: yard.clone(), db: Mutex::new(db) })
    }

    /// Stores the order together with its job, or neither.
    fn place(&self, new: &NewOrder) -> Result<i64, TransactionError> {
        let mut db = self.db.lock().unwrap_or_else(PoisonError::into_inner);
        self.yard.transaction(&mut db, |tx| {
            tx.execute("INSERT INTO shop_order (what, pieces) VALUES (?1, ?2)", (&new.what, new.pieces))?;
            let order = tx.last_insert_rowid();
            let job = tx.add(Pack::job(PackArgs { order, pieces: new.pieces }))?;
            tx.execute("UPDATE shop_order SET job = ?2 WHERE id = ?1", (order, job.0))?;
            Ok(order)
        })
    }

    fn find(&self, order: i64) -> Result<Option<serde_json::Value>, TransactionError> {
        let db = self.db.lock().unwrap_or_else(PoisonError::into_inner);
        let found = db.query_row("SELECT what, pieces, job FROM shop_order WHERE id = ?1", [order], |row| {
            let (what, pieces, job): (String, u32, u64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok(json!({ "order": order, "what": what, "pieces": pieces, "job": job }))
        });
        Ok(found.optional()?)
    }
}

async fn place_order(shop: web::Data<Shop>, new: web::Json<NewOrder>) -> Result<HttpResponse, ShopError> {
    let order = web::block(move || shop.place(&new)).await??;
    Ok(HttpResponse::Created().json(json!({ "order": order })))
}

async fn show_order(shop: web::Data<Shop>, order: web::Path<i64>) -> Result<HttpResponse, ShopError> {
    let found = web::block(move || shop.find(*order)).await??;
    Ok(found.map_or_else(|| HttpResponse::NotFound().finish(), |order| HttpResponse::Ok().json(order)))
}

#[derive(Debug, thiserror::Error)]
enum ShopError {
    #[error("{0}")]
    Transaction(#[from] TransactionError),
    #[error("the shop is closing")]
    Closing(#[from] actix_web::error::BlockingError),
}

impl ResponseError for ShopError {
    fn status_code(&self) -> StatusCode {
        match self {
            // What the customer asked for cannot be a job: no pieces, or too many.
            ShopError::Transaction(TransactionError::Refused(_)) => StatusCode::UNPROCESSABLE_ENTITY,
            _ => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

/// Serves the shop until the process is told to stop. Orders and jobs are kept in `data`.
pub async fn serve(data: &Path, listener: TcpListener) -> Result<(), Box<dyn std::error::Error>> {
    let yard = Yard::builder().data_dir(data).worker(Pack).worker(Tell).start().await?;
    let shop = web::Data::new(Shop::open(&yard)?);
    let board = taskyard::mount(&yard);
    let app = move || {
        App::new()
            .app_data(shop.clone())
            .route("/orders", web::post().to(place_order))
            .route("/orders/{id}", web::get().to(show_order))
            // Whoever reaches this can do everything with the jobs: put your own login around it.
            .service(web::scope("/jobs").configure(board.clone()))
    };
    HttpServer::new(app).workers(2).listen(listener)?.run().await?;
    yard.stop(Duration::from_secs(30)).await;
    Ok(())
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    serve(Path::new("./shop-data"), TcpListener::bind("127.0.0.1:8080")?).await
}
