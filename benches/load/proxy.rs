//! The bare hop: hyper's server, hyper's pooled client, and nothing between.
//!
//! A read comes as a GET with the LMS's form in its query, and goes on as the
//! POST that the gateway makes: so both have the same to send and to receive.

use std::net::{Ipv4Addr, SocketAddr};

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Request, Response, Uri};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

use crate::Failure;
use crate::sandbox::say;
use crate::workload::{FORM, SCRIPT};

#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Ready {
    pub address: SocketAddr,
}

#[derive(Clone)]
struct Proxy {
    client: Client<HttpConnector, Full<Bytes>>,
    target: Uri,
}

pub(crate) async fn run(upstream: SocketAddr) -> Result<(), Failure> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let proxy = Proxy {
        client: Client::builder(TokioExecutor::new()).build(connector),
        target: format!("http://{upstream}{SCRIPT}").parse()?,
    };
    let ready = Ready { address: listener.local_addr()? };
    say(&serde_json::to_string(&ready)?)?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let proxy = proxy.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request| proxy.clone().forward(request));
            http1::Builder::new().serve_connection(TokioIo::new(stream), service).await
        });
    }
}

impl Proxy {
    async fn forward(self, request: Request<Incoming>) -> Result<Response<Incoming>, Failed> {
        let form = match request.uri().query() {
            Some(query) => Bytes::copy_from_slice(query.as_bytes()),
            None => request.into_body().collect().await?.to_bytes(),
        };
        let mut onward = Request::post(self.target).body(Full::new(form))?;
        onward.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(FORM));
        Ok(self.client.request(onward).await?)
    }
}

type Failed = Box<dyn std::error::Error + Send + Sync>;
