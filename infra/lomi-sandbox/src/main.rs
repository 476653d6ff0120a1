//! The stand-in for lomi as a program: `cargo run -p lomi-sandbox -- --help`.

use std::io::{self, Write};
use std::process::ExitCode;

use lomi_sandbox::{EndpointSetting, Sandbox, Settings, fixtures};

const HELP: &str = "\
A stand-in for the lomi. payment API.

Options:
  --listen ADDRESS         default 127.0.0.1:4010; port 0 takes a free one
  --profile NAME           current (default), june2026, seeds
  --webhook URL            register this endpoint for the test key of organisation A
  --webhook-secret SECRET  its signing secret, default whsec_sim_a
  --data-file FILE         keep the state between runs
  --help                   this text
";

enum Command {
    Run(Box<Settings>),
    Help,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "lomi-sandbox: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> io::Result<()> {
    let settings = match read_arguments(std::env::args().skip(1)).map_err(io::Error::other)? {
        Command::Run(settings) => *settings,
        Command::Help => return io::stdout().write_all(HELP.as_bytes()),
    };
    let (listen, endpoints) = (settings.listen, settings.endpoints.clone());
    let started = Sandbox::start(settings).await;
    let sandbox = started.map_err(|error| io::Error::new(error.kind(), format!("{listen}: {error}")))?;
    let terminated = terminated()?;
    announce(&sandbox, &endpoints)?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        () = terminated => {}
    }
    sandbox.shutdown().await
}

/// Ends at SIGTERM. Listens from the call on.
#[cfg(unix)]
fn terminated() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        let _ = terminate.recv().await;
    })
}

#[cfg(not(unix))]
fn terminated() -> io::Result<impl Future<Output = ()>> {
    Ok(std::future::pending())
}

fn announce(sandbox: &Sandbox, endpoints: &[EndpointSetting]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let base_url = sandbox.base_url();
    writeln!(out, "lomi stand-in on {base_url}")?;
    writeln!(out, "  organisation A   test {}   live {}", fixtures::TEST_KEY_A, fixtures::LIVE_KEY_A)?;
    writeln!(out, "  organisation B   test {}   live {}", fixtures::TEST_KEY_B, fixtures::LIVE_KEY_B)?;
    for endpoint in endpoints {
        writeln!(out, "  webhook          {}   secret {}", endpoint.url, endpoint.secret)?;
    }
    if endpoints.is_empty() {
        let key = fixtures::TEST_KEY_A;
        writeln!(out, "\nRegister a webhook (or start with --webhook URL):")?;
        writeln!(out, "  curl {base_url}/webhooks -H 'X-API-KEY: {key}' -H 'Content-Type: application/json' \\")?;
        writeln!(
            out,
            "    -d '{{\"url\":\"http://127.0.0.1:3000/hook\",\"authorized_events\":[\"PAYMENT_SUCCEEDED\"]}}'"
        )?;
    }
    writeln!(out, "\nEverything it knows: {base_url}/_sim/state")?;
    out.flush()
}

fn read_arguments(mut arguments: impl Iterator<Item = String>) -> Result<Command, String> {
    let mut settings = Settings::default();
    let (mut webhook, mut secret) = (None, "whsec_sim_a".to_owned());
    while let Some(name) = arguments.next() {
        if name == "--help" || name == "-h" {
            return Ok(Command::Help);
        }
        let value = arguments.next().ok_or_else(|| format!("{name} needs a value; see --help"))?;
        match name.as_str() {
            "--listen" => settings.listen = value.parse().map_err(|_| format!("not an address: {value}"))?,
            "--profile" => settings.profile = value.parse().map_err(|_| format!("no profile {value}"))?,
            "--webhook" => webhook = Some(value),
            "--webhook-secret" => secret = value,
            "--data-file" => settings.data_file = Some(value.into()),
            _ => return Err(format!("unknown option {name}; see --help")),
        }
    }
    let api_key = fixtures::TEST_KEY_A.to_owned();
    settings.endpoints.extend(webhook.map(|url| EndpointSetting { api_key, url, secret }));
    Ok(Command::Run(Box::new(settings)))
}
