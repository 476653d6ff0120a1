//! The ports of one stack.

use tokio::net::TcpListener;

use crate::server;
use crate::stack::{StackOptions, StartError, Urls};

/// The listeners of one stack, bound before any part starts, so that every part knows the others' addresses.
#[derive(Debug)]
pub(crate) struct Listeners {
    pub(crate) gateway: TcpListener,
    pub(crate) shop: TcpListener,
    pub(crate) dynamodb: TcpListener,
    pub(crate) secrets: TcpListener,
    /// `lomi` is set when it has started.
    pub(crate) urls: Urls,
}

impl Listeners {
    pub(crate) async fn bind(options: &StackOptions) -> Result<Self, StartError> {
        let port = options.port;
        let gateway = listen(port, "gateway").await?;
        let shop = listen(following(port, 1), "shop").await?;
        let dynamodb = listen(following(port, 3), "DynamoDB").await?;
        let secrets = listen(0, "Secrets Manager").await?;
        if options.other_lomi.is_none() {
            // `lomi-sandbox` binds its own port later; here it only has to be free.
            drop(listen(following(port, 2), "lomi.").await?);
        }
        let urls = Urls {
            gateway: url(&gateway)?,
            shop: url(&shop)?,
            lomi: String::new(),
            dynamodb: url(&dynamodb)?,
            secrets: url(&secrets)?,
        };
        Ok(Self { gateway, shop, dynamodb, secrets, urls })
    }

    /// The shop's origin, also as `localhost`.
    pub(crate) fn shop_origins(&self) -> String {
        let by_name = self.urls.shop.replace("127.0.0.1", "localhost");
        format!("{},{by_name}", self.urls.shop)
    }
}

async fn listen(port: u16, part: &'static str) -> Result<TcpListener, StartError> {
    server::bind(port).await.map_err(|problem| StartError::Port { port, part, problem })
}

fn url(listener: &TcpListener) -> Result<String, StartError> {
    let address = listener.local_addr().map_err(|problem| StartError::Port { port: 0, part: "loopback", problem })?;
    Ok(format!("http://{address}"))
}

/// The port `offset` after `port`; 0 stays 0, any free port.
pub(crate) fn following(port: u16, offset: u16) -> u16 {
    if port == 0 { 0 } else { port.saturating_add(offset) }
}
