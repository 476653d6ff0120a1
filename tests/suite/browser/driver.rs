//! A headless Chromium per test.

use std::io::{BufRead, BufReader};
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fantoccini::error::CmdError;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder, Locator};
use futures::FutureExt;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tests::{Setup, TestApp};
use url::{ParseError, Url};

use crate::infrastructure::tools::{find, variable};

/// No updates, no accounts, no background work.
const FLAGS: [&str; 8] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];
/// Longer than any page takes, so that only a missing element fails.
const PATIENCE: Duration = Duration::from_secs(20);
/// A small phone, and a laptop.
pub(super) const WIDTHS: [u32; 2] = [360, 1280];
const HEIGHT: u32 = 800;

#[derive(Clone, Copy, Debug)]
pub(super) struct Owner {
    pub(super) languages: &'static str,
    pub(super) width: u32,
}

#[derive(Debug)]
pub(super) struct Browser {
    client: Client,
    shop: String,
    width: u32,
}

/// Starts a stack and a browser, runs `story`, and audits the stack.
#[track_caller]
pub(super) fn browse(owner: Owner, story: impl AsyncFnOnce(&TestApp, &Browser)) -> impl Future<Output = ()> {
    browse_at(Setup::default(), owner, story)
}

/// The same with the stack of `setup`.
#[track_caller]
pub(super) fn browse_at(
    setup: Setup,
    owner: Owner,
    story: impl AsyncFnOnce(&TestApp, &Browser),
) -> impl Future<Output = ()> {
    let driver = find(&["chromedriver"]);
    let chromium = find(&["chromium", "chromium-browser", "google-chrome"]);
    async move {
        let app = TestApp::start_with(setup).await;
        let driver = Driver::start(&driver);
        let browser = driver.open(&chromium, owner, &app.stack.urls().shop).await;
        let told = AssertUnwindSafe(story(&app, &browser)).catch_unwind().await;
        if told.is_err() {
            eprintln!("the page was {} with {}", browser.address().await, browser.text("body").await);
        }
        // Before the driver ends, or the browser would keep running.
        browser.client.close().await.expect("the browser closes");
        told.unwrap_or_else(|panic| resume_unwind(panic));
        app.audit().await;
    }
}

impl Browser {
    pub(super) async fn open(&self, path: &str) {
        self.client.goto(&format!("{}/{path}", self.shop)).await.expect("the page opens");
    }

    /// Runs a script in every page that is opened from now on, before the page's own.
    pub(super) async fn before_pages(&self, script: &str) {
        let script = Devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": script }));
        self.client.issue_cmd(script).await.expect("the script is kept");
    }

    pub(super) async fn go_back(&self) {
        self.client.back().await.expect("there is a page before");
    }

    pub(super) async fn address(&self) -> String {
        self.client.current_url().await.expect("an address").to_string()
    }

    /// Waits for such an element. An error while the page changes counts as not there yet.
    pub(super) async fn see(&self, css: &str) {
        let look = async || self.client.wait().at_most(PATIENCE).for_element(Locator::Css(css)).await;
        let found = match look().await {
            Err(error) if error.to_string().contains("aborted by navigation") => look().await,
            found => found,
        };
        found.unwrap_or_else(|error| panic!("never saw {css}: {error}"));
    }

    /// Waits for the element, scrolls it to the middle of the window, and clicks it.
    pub(super) async fn click(&self, css: &str) {
        self.see(css).await;
        self.run("document.querySelector(arguments[0]).scrollIntoView({ block: 'center', behavior: 'instant' })", css)
            .await;
        let found = self.client.find(Locator::Css(css)).await.expect("it is there");
        found.click().await.unwrap_or_else(|error| panic!("cannot click {css}: {error}"));
    }

    pub(super) async fn type_into(&self, css: &str, text: &str) {
        self.see(css).await;
        let field = self.client.find(Locator::Css(css)).await.expect("it is there");
        field.clear().await.expect("it can be cleared");
        field.send_keys(text).await.expect("it takes text");
    }

    /// The visible text; empty when there is none.
    pub(super) async fn text(&self, css: &str) -> String {
        let script = "return document.querySelector(arguments[0])?.innerText ?? ''";
        self.run(script, css).await.as_str().unwrap_or_default().to_owned()
    }

    /// Runs a script; `arguments[0]` is `argument`.
    pub(super) async fn run(&self, script: &str, argument: impl Into<Value>) -> Value {
        self.client.execute(script, vec![argument.into()]).await.expect("the script runs")
    }

    /// Fails when the page is wider than the window, because it would scroll sideways.
    pub(super) async fn assert_fits(&self) {
        let width = self.content_width().await;
        assert!(width <= self.width.into(), "{} is {width} px wide in {} px", self.address().await, self.width);
    }

    pub(super) async fn content_width(&self) -> u64 {
        self.run("return document.documentElement.scrollWidth", Value::Null).await.as_u64().expect("a width")
    }

    /// Where `SCREENSHOTS_DIR` is set: the whole page in every width, as `<name>-<width>.png`.
    pub(super) async fn keep_picture(&self, name: &str) {
        let Some(folder) = variable("SCREENSHOTS_DIR").map(PathBuf::from) else { return };
        std::fs::create_dir_all(&folder).expect("a folder for pictures");
        for width in WIDTHS {
            self.resize(width).await.expect("the window can be resized");
            let whole = Devtools("Page.captureScreenshot", json!({ "captureBeyondViewport": true }));
            let answer = self.client.issue_cmd(whole).await.expect("a picture");
            let picture = STANDARD.decode(answer["data"].as_str().expect("a picture")).expect("Base64");
            std::fs::write(folder.join(format!("{name}-{width}.png")), picture).expect("a file");
        }
        self.resize(self.width).await.expect("the window can be resized");
    }

    async fn resize(&self, width: u32) -> Result<Value, CmdError> {
        let metrics = json!({ "width": width, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": width < 600 });
        self.client.issue_cmd(Devtools("Emulation.setDeviceMetricsOverride", metrics)).await
    }
}

/// A command of the DevTools protocol, through ChromeDriver: windows narrower than 500 px, pictures of whole pages.
#[derive(Debug)]
struct Devtools(&'static str, Value);

impl WebDriverCompatibleCommand for Devtools {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(json!({ "cmd": self.0, "params": self.1 }).to_string()))
    }
}

const START_TRIES: u32 = 5;

/// A ChromeDriver on a free port, and the folder of its browser's profile.
#[derive(Debug)]
struct Driver {
    process: Child,
    /// Kept open without reading: ChromeDriver would end when it closes.
    _stdout: BufReader<ChildStdout>,
    port: u16,
    profile: PathBuf,
}

impl Driver {
    fn start(program: &Path) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let profile = std::env::temp_dir().join(format!("lomi-checkout-{}-{number}", std::process::id()));
        // ChromeDriver takes one port on two address families: another process may take it in between, and
        // ChromeDriver exits.
        let started = (0..START_TRIES).find_map(|_| Self::try_start(program));
        let (process, stdout, port) = started.expect("ChromeDriver starts successfully");
        Self { process, _stdout: stdout, port, profile }
    }

    fn try_start(program: &Path) -> Option<(Child, BufReader<ChildStdout>, u16)> {
        let mut command = Command::new(program);
        command.arg("--port=0").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().expect("ChromeDriver starts");
        let mut stdout = BufReader::new(process.stdout.take().expect("a pipe"));
        match port(&mut stdout) {
            Some(port) => Some((process, stdout, port)),
            None => {
                process.wait().expect("ChromeDriver ended");
                None
            }
        }
    }

    async fn open(&self, chromium: &Path, owner: Owner, shop: &str) -> Browser {
        let profile = format!("--user-data-dir={}", self.profile.display());
        let flags: Vec<&str> = FLAGS.iter().copied().chain([profile.as_str()]).collect();
        let options =
            json!({ "binary": chromium, "args": flags, "prefs": { "intl.accept_languages": owner.languages } });
        let wanted = json!({ "browserName": "chrome", "goog:chromeOptions": options });
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(wanted.as_object().expect("an object").clone())
            .connect(&format!("http://127.0.0.1:{}", self.port))
            .await
            .expect("a browser opens");
        let browser = Browser { client, shop: shop.to_owned(), width: owner.width };
        browser.resize(owner.width).await.expect("the window can be resized");
        browser
    }
}

/// Reads ChromeDriver's port: `ChromeDriver was started successfully on port 41327.` `None` when it ended without
/// that line.
fn port(stdout: &mut impl BufRead) -> Option<u16> {
    let mut lines = stdout.lines().map_while(Result::ok);
    let said = lines.find_map(|line| line.split_once("successfully on port ").map(|(_, rest)| rest.to_owned()));
    said.map(|port| port.trim_end_matches('.').parse().expect("a port"))
}

impl Drop for Driver {
    fn drop(&mut self) {
        // Both errors are harmless: the process may have ended, and a folder may be slow to empty.
        let _ = (self.process.kill(), self.process.wait());
        let _ = std::fs::remove_dir_all(&self.profile);
    }
}
