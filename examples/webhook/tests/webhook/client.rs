//! The API server's side of a call: a TLS client that checks the webhook's certificate.

use std::{net::SocketAddr, sync::Arc};

use http_body_util::{BodyExt, Full};
use hyper::{
    Method, Request,
    body::{Bytes, Incoming},
    client::conn::{http1, http2},
    header::HeaderMap,
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::certificates::Pair;

pub type Error = Box<dyn std::error::Error + Send + Sync>;

#[derive(Clone)]
pub struct Client {
    address: SocketAddr,
    name: ServerName<'static>,
    tls: TlsConnector,
}

pub struct Answer {
    pub code: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8(self.body.to_vec()).unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// One connection, for request after request.
pub enum Connection {
    Http1(http1::SendRequest<Full<Bytes>>),
    Http2(http2::SendRequest<Full<Bytes>>),
}

impl Client {
    /// A client that trusts an authority, and shows a certificate if it has one.
    pub fn new(address: SocketAddr, authority: &str, certificate: Option<&Pair>) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(authority.as_bytes()).unwrap()).unwrap();
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let config = match certificate {
            None => builder.with_no_client_auth(),
            Some(pair) => {
                let chain = vec![CertificateDer::from_pem_slice(pair.certificate.as_bytes()).unwrap()];
                let key = PrivateKeyDer::from_pem_slice(pair.key.as_bytes()).unwrap();
                builder.with_client_auth_cert(chain, key).unwrap()
            }
        };
        let address = SocketAddr::from(([127, 0, 0, 1], address.port()));
        let name = ServerName::try_from("localhost").unwrap();
        Self { address, name, tls: TlsConnector::from(Arc::new(config)) }
    }

    /// The same, for a certificate with this name.
    pub fn called(self, name: &str) -> Result<Self, Error> {
        Ok(Self { name: ServerName::try_from(name.to_owned())?, ..self })
    }

    /// The bare connection, for whoever wants to misbehave on it.
    pub async fn stream(&self) -> Result<TlsStream<TcpStream>, Error> {
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        Ok(self.tls.connect(self.name.clone(), stream).await?)
    }

    /// The bare connection, for that protocol.
    pub async fn stream_for(&self, protocol: &[u8]) -> Result<TlsStream<TcpStream>, Error> {
        let mut config = ClientConfig::clone(self.tls.config());
        config.alpn_protocols = vec![protocol.to_vec()];
        let client = Self { tls: TlsConnector::from(Arc::new(config)), ..self.clone() };
        let stream = client.stream().await?;
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(protocol));
        Ok(stream)
    }

    pub async fn http1(&self) -> Result<Connection, Error> {
        let (sender, connection) = http1::handshake(TokioIo::new(self.stream().await?)).await?;
        tokio::spawn(connection);
        Ok(Connection::Http1(sender))
    }

    pub async fn http2(&self) -> Result<Connection, Error> {
        let stream = self.stream_for(b"h2").await?;
        let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Connection::Http2(sender))
    }

    /// A call on a connection of its own.
    pub async fn send(&self, request: Request<Full<Bytes>>) -> Result<Answer, Error> {
        self.http1().await?.send(request).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(request(Method::GET, path, None, "")).await.unwrap()
    }

    /// Sends a review as the API server does.
    pub async fn post(&self, path: &str, review: &Value) -> Answer {
        self.send(review_of(path, review)).await.unwrap()
    }
}

impl Connection {
    pub async fn send(&mut self, request: Request<Full<Bytes>>) -> Result<Answer, Error> {
        let response = match self {
            Self::Http1(sender) => {
                sender.ready().await?;
                sender.send_request(request).await?
            }
            Self::Http2(sender) => {
                sender.ready().await?;
                sender.send_request(request).await?
            }
        };
        answer(response).await
    }

    pub async fn get(&mut self, path: &str) -> Result<Answer, Error> {
        self.send(request(Method::GET, path, None, "")).await
    }
}

async fn answer(response: hyper::Response<Incoming>) -> Result<Answer, Error> {
    let (head, body) = response.into_parts();
    Ok(Answer { code: head.status.as_u16(), headers: head.headers, body: body.collect().await?.to_bytes() })
}

pub fn request(method: Method, path: &str, content_type: Option<&str>, body: &str) -> Request<Full<Bytes>> {
    let request =
        Request::builder().method(method).uri(format!("https://localhost{path}")).header("host", "localhost");
    let request = match content_type {
        Some(content_type) => request.header("content-type", content_type),
        None => request,
    };
    request.body(Full::new(Bytes::from(body.to_owned()))).unwrap()
}

pub fn review_of(path: &str, review: &Value) -> Request<Full<Bytes>> {
    request(Method::POST, path, Some("application/json"), &review.to_string())
}
