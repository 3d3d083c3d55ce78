//! Two gateways on one PostgreSQL, behind a load balancer that hands each request
//! to the next of them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use super::{House, Options};
use crate::store::postgres::{joined, schema_of_its_own};

/// Passes connections on in turn. Each carries one request: who asks again comes to
/// another gateway.
async fn round_robin(gateways: Vec<SocketAddr>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let next = AtomicUsize::new(0);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let gateway = gateways[next.fetch_add(1, Ordering::Relaxed) % gateways.len()];
            tokio::spawn(pass(client, gateway));
        }
    });
    address
}

async fn pass(mut client: TcpStream, gateway: SocketAddr) -> std::io::Result<()> {
    let mut head = vec![0; 16 * 1024];
    let mut length = 0;
    let line = loop {
        let more = client.read(&mut head[length..]).await?;
        length += more;
        match head[..length].windows(2).position(|end| end == b"\r\n") {
            Some(line) => break line + 2,
            None if more == 0 => return Ok(()),
            None => {}
        }
    };
    let mut gateway = TcpStream::connect(gateway).await?;
    gateway.set_nodelay(true)?;
    client.set_nodelay(true)?;
    gateway.write_all(&head[..line]).await?;
    gateway.write_all(b"Connection: close\r\n").await?;
    gateway.write_all(&head[line..length]).await?;
    copy_bidirectional(&mut client, &mut gateway).await.map(drop)
}

/// Two gateways before one LMS; nothing, where no server is named.
pub(crate) async fn replicas(options: Options) -> Option<House> {
    let settings = schema_of_its_own().await?;
    let own = |store| Options { store: Some(Arc::new(store)), ..options.clone() };
    let mut first = House::with(own(joined(&settings).await)).await;
    let url = first.lms.url();
    let nobody = super::sandbox(&options).await;
    let second = House::before(nobody, &url, own(joined(&settings).await)).await;
    let address = |house: &House| -> SocketAddr {
        house.base.trim_start_matches("http://").split('/').next().unwrap().parse().unwrap()
    };
    let balancer = round_robin(vec![address(&first), address(&second)]).await;
    first.base = format!("http://{balancer}/demo/scim/v2");
    first.other = Some(Box::new(second));
    Some(first)
}

/// One gateway, and two where a server is named.
pub(super) async fn one_and_two(options: Options) -> Vec<Arc<House>> {
    let alone = House::with(options.clone()).await;
    let together = replicas(options).await;
    std::iter::once(alone).chain(together).map(Arc::new).collect()
}
