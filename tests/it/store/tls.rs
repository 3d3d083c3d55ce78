//! TLS to a PostgreSQL server: whom we believe to be it.

use std::sync::Arc;

use matricula::secret::Secret;
use matricula::store::{Postgres, Settings};
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, UnixStream};
use tokio_rustls::TlsAcceptor;

use super::postgres::{schema_of_its_own, server};

/// TLS by a certificate with that name, in front of the server's socket; answers
/// with its port and who vouches for it.
async fn front(name: &str, socket: Option<String>) -> (u16, String) {
    let own = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(own.signing_key.serialize_der().into());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![own.cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (acceptor, socket) = (acceptor.clone(), socket.clone());
            tokio::spawn(async move {
                // `SSLRequest`, and yes.
                let mut asked = [0; 8];
                stream.read_exact(&mut asked).await?;
                stream.write_all(b"S").await?;
                let mut inside = acceptor.accept(stream).await?;
                if let Some(socket) = socket {
                    let mut server = UnixStream::connect(socket).await?;
                    copy_bidirectional(&mut inside, &mut server).await?;
                }
                std::io::Result::Ok(())
            });
        }
    });
    (port, own.cert.pem())
}

fn settings(port: u16, authority: Option<&str>) -> Settings {
    let address = format!("postgres://matricula@localhost:{port}/postgres?sslmode=require");
    let mut settings = Settings::parse(&Secret::new(address)).unwrap();
    settings.authorities = authority.map(|pem| pem.as_bytes().to_vec());
    settings
}

#[tokio::test]
async fn a_server_that_nobody_vouches_for_is_not_believed() {
    let (port, _) = front("localhost", None).await;
    let (_, stranger) = front("localhost", None).await;
    let refused = Postgres::open(&settings(port, Some(&stranger))).await.unwrap_err().to_string();
    assert!(refused.contains("certificate"), "{refused}");
}

#[tokio::test]
async fn a_server_by_another_name_is_not_believed() {
    let (port, own) = front("db.example", None).await;
    let refused = Postgres::open(&settings(port, Some(&own))).await.unwrap_err().to_string();
    assert!(refused.contains("certificate"), "{refused}");
}

#[tokio::test]
async fn a_server_that_is_vouched_for_is_spoken_to() {
    let Some(own_schema) = schema_of_its_own().await else { return };
    let socket = server().unwrap().split_once("host=").unwrap().1.to_owned();
    let (port, own) = front("localhost", Some(format!("{socket}/.s.PGSQL.5432"))).await;
    let mut settings = settings(port, Some(&own));
    settings.schema = own_schema.schema;
    Postgres::open(&settings).await.unwrap();
}
