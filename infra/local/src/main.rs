//! The `dev` program: reads the flags, starts the stack, prints its addresses, stops it on Ctrl-C.

mod flags;

use std::process::ExitCode;

use flags::Flags;
use local::terminal::{print, say};
use local::{InvokeError, OtherLomi, Stack, StackOptions, StartError, build, once, seed};
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

/// Printed with another lomi server.
const NO_WEBHOOKS: &str = "no webhooks: lomi cannot reach this machine. A payment is found within seconds while the return page is open, otherwise by polling within minutes";

#[tokio::main]
async fn main() -> ExitCode {
    let flags = match Flags::read() {
        Ok(Some(flags)) => flags,
        Ok(None) => {
            print(flags::HELP);
            return ExitCode::SUCCESS;
        }
        Err(problem) => return fail(&format!("{problem}\n\n{}", flags::HELP)),
    };
    match run(flags).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => fail(&problem),
    }
}

fn fail(problem: &str) -> ExitCode {
    say(format_args!("cargo dev: {problem}"));
    ExitCode::FAILURE
}

/// Runs until the purchase is done or a signal arrives, also during the start.
async fn run(flags: Flags) -> Result<(), String> {
    let mut signals = Signals::listen().map_err(|error| format!("cannot listen for signals: {error}"))?;
    let options = options(&flags)?;
    if flags.binaries.is_none() {
        say("building the functions ...");
    }
    let stack = tokio::select! {
        started = Stack::start(options) => started.map_err(|error| explain(&error))?,
        () = signals.any() => return flags.interrupted(),
    };
    let outcome = tokio::select! {
        outcome = serve(&stack, &flags) => outcome,
        () = signals.any() => flags.interrupted(),
    };
    if outcome.is_err() && !flags.echoes_logs() {
        print_logs(&stack);
    }
    say("stopping ...");
    stack.stop().await;
    outcome
}

fn options(flags: &Flags) -> Result<StackOptions, String> {
    let other_lomi = flags.lomi.as_ref().map(|(url, key_file)| OtherLomi::read(url, key_file)).transpose();
    Ok(StackOptions {
        other_lomi: other_lomi.map_err(|problem| problem.to_string())?,
        port: flags.port,
        data_dir: flags.data_dir.clone(),
        schedule: true,
        profile: if flags.release { build::Profile::Release } else { build::Profile::Dev },
        binaries: flags.binaries.clone(),
        echo_logs: flags.echoes_logs(),
        ..StackOptions::default()
    })
}

async fn serve(stack: &Stack, flags: &Flags) -> Result<(), String> {
    // The reconciler's first run, ahead of its schedule: webhooks are applied once it has read the key's organisation.
    if let Err(error) = stack.invoke_scheduled("reconciler").await {
        say(format_args!("[reconciler] first run: {error}"));
    }
    if flags.once {
        let ready = |seeded| announce(stack, flags.json, seeded);
        let report = once::purchase(stack, flags.flow, once::TIMEOUT, ready).await?;
        say(report);
        return Ok(());
    }
    let seeded = seed::catalogue(stack).await?;
    announce(stack, flags.json, seeded);
    std::future::pending().await
}

fn announce(stack: &Stack, as_json: bool, seeded: usize) {
    let urls = stack.urls();
    if stack.lomi().is_none() {
        say(NO_WEBHOOKS);
    }
    if as_json {
        let line = json!({
            "gateway": urls.gateway,
            "shop": urls.shop,
            "lomi": urls.lomi,
            "dynamodb": urls.dynamodb,
            "admin_token": stack.admin_token(),
            "webhook_secret": stack.webhook_secret(),
        });
        print(line);
        return;
    }
    if seeded > 0 {
        say(format_args!("added {seeded} products to the empty catalogue"));
    }
    say(format_args!(
        "\nready\n\n  shop         {shop}   <- open this\n  back office  {shop}/back-office.html\n  API          {}\n  \
         lomi         {}\n  DynamoDB     {}\n  admin token  {}   (for the back office; Authorization: Bearer ...)\n  \
         cart key     {}   (signs cart tokens)\n\nCtrl-C stops everything.\n",
        urls.gateway,
        urls.lomi,
        urls.dynamodb,
        stack.admin_token(),
        stack.cart_token_key(),
        shop = urls.shop,
    ));
}

fn print_logs(stack: &Stack) {
    for entry in stack.logs() {
        say(format_args!("[{}] {}", entry.function, entry.line));
    }
}

/// Adds a hint to errors that the user can fix.
fn explain(error: &StartError) -> String {
    match error {
        StartError::Function(InvokeError::DidNotStart { .. }) => {
            format!("{error}\n(the function's environment comes from {})", build::TEMPLATE)
        }
        other => other.to_string(),
    }
}

struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn any(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
