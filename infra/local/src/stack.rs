//! Starts and stops every part of the stack in the sequence of their dependencies.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use futures::future::join_all;
use lomi_sandbox::{Sandbox, Settings};
use serde_json::Value;
use tokio::task::JoinSet;

use crate::at_work::AtWork;
use crate::build::{self, Binaries, BuildError, Profile, TEMPLATE};
use crate::data_folder::{DataError, DataFolder};
use crate::dynamodb::DynamoDb;
use crate::environment::{self, Endpoints};
use crate::gateway::Gateway;
use crate::logs::{LogLine, Logs};
use crate::lomi::{self, Account, Lomi};
use crate::other_lomi::OtherLomi;
use crate::pool::Pool;
use crate::ports::Listeners;
use crate::process::{InvokeError, Program};
use crate::schedule;
use crate::secrets::Secrets;
use crate::server::Server;
use crate::shop::Shop;
use crate::system;
use crate::template::{Function, Resolved, Template, TemplateError, arn};
use crate::terminal::say;

/// The options of a stack.
#[derive(Debug, Clone, Default)]
pub struct StackOptions {
    /// The gateway's port; the shop, lomi and DynamoDB use the three after it. 0 = free ports for all.
    pub port: u16,
    /// The folder that keeps orders and lomi's state between runs; `None` = in memory.
    pub data_dir: Option<PathBuf>,
    /// Whether the template's schedules run.
    pub schedule: bool,
    /// How the functions are built.
    pub profile: Profile,
    /// The folder of function binaries; `None` builds them.
    pub binaries: Option<PathBuf>,
    /// Settings of `lomi-sandbox`; the stack sets its address, its data file and the webhook.
    pub lomi: Settings,
    /// Another lomi server. It gets no webhook, because it cannot reach this machine.
    pub other_lomi: Option<OtherLomi>,
    /// Parameters of the template that differ from their defaults.
    pub parameters: BTreeMap<String, String>,
    /// Additional environment variables, by binary.
    pub environment: BTreeMap<String, BTreeMap<String, String>>,
    /// Whether the functions' log lines are also written to stderr.
    pub echo_logs: bool,
    /// Starts a function with its first request, as Lambda does, instead of with the stack.
    pub on_demand: bool,
}

/// The sources of a stack. [`Stack::start`] finds and builds them; tests may bring their own.
#[derive(Debug, Clone)]
pub struct Project {
    /// The unresolved template.
    pub template: Template,
    /// The executable of every binary that the template names.
    pub binaries: Binaries,
    /// The folder of the demo shop's files.
    pub storefront: PathBuf,
}

/// Why a stack does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The template cannot be used.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The functions cannot be built.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// A port cannot be bound.
    #[error(
        "port {port} ({part}) cannot be used: {problem}. Choose other ports with --port <n>: the gateway uses n, the shop n+1, lomi n+2, DynamoDB n+3"
    )]
    Port {
        /// The requested port; 0 = any.
        port: u16,
        /// The part of the stack that needs it.
        part: &'static str,
        /// The system's error.
        problem: std::io::Error,
    },
    /// The folder for the data cannot be used.
    #[error(transparent)]
    Data(#[from] DataError),
    /// `lomi-sandbox`'s saved state cannot be read.
    #[error("lomi: {0}")]
    Lomi(std::io::Error),
    /// The tables cannot be created.
    #[error("DynamoDB: {0}")]
    DynamoDb(String),
    /// A function ends, fails or hangs before its first request.
    #[error(transparent)]
    Function(#[from] InvokeError),
}

/// The addresses of the stack's parts, without trailing slashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Urls {
    /// The API.
    pub gateway: String,
    /// The demo shop.
    pub shop: String,
    /// `lomi-sandbox` (API, hosted pages and control API), or the other lomi server.
    pub lomi: String,
    /// DynamoDB's wire protocol.
    pub dynamodb: String,
    /// Secrets Manager's wire protocol.
    pub secrets: String,
}

/// A running stack. Dropping it kills every function; [`Stack::stop`] stops the parts in sequence.
#[derive(Debug)]
pub struct Stack {
    urls: Urls,
    admin_token: String,
    account: Account,
    pools: BTreeMap<String, Arc<Pool>>,
    resolved: Resolved,
    logs: Logs,
    secrets: Secrets,
    dynamodb: DynamoDb,
    lomi: Lomi,
    /// The gateway and the shop.
    fronts: Vec<Server>,
    /// DynamoDB and Secrets Manager.
    services: Vec<Server>,
    /// Schedules, and the log of `lomi-sandbox`'s dead letters.
    tasks: JoinSet<()>,
    /// Released last.
    _data: Option<DataFolder>,
}

impl Stack {
    /// Builds the functions of this workspace and starts everything.
    pub async fn start(options: StackOptions) -> Result<Self, StartError> {
        let root = build::workspace_root()?;
        let template = Template::read(&root.join(TEMPLATE))?;
        // Before the build, so that a port in use fails at once.
        let listeners = Listeners::bind(&options).await?;
        let names = template.binaries()?;
        let binaries = match &options.binaries {
            Some(folder) => build::in_folder(folder, &names)?,
            None => build::functions(&root, &names, options.profile).await?.clone(),
        };
        let storefront = root.join("infra/storefront");
        Self::assemble(Project { template, binaries, storefront }, options, listeners).await
    }

    /// Starts everything; returns when every function is ready, unless functions start on demand.
    pub async fn launch(project: Project, options: StackOptions) -> Result<Self, StartError> {
        let listeners = Listeners::bind(&options).await?;
        Self::assemble(project, options, listeners).await
    }

    async fn assemble(project: Project, options: StackOptions, ports: Listeners) -> Result<Self, StartError> {
        let data = options.data_dir.as_deref().map(DataFolder::open).transpose()?;
        let parameters = environment::parameters(&project.template, &options, &ports.shop_origins());
        let resolved = project.template.resolve(&parameters)?.with_api_at(&ports.urls.gateway);
        let live = parameters.get("Environment").map(String::as_str);
        let account = Account::open(live, options.other_lomi.as_ref(), data.as_ref())?;
        let secrets = Secrets::default();
        environment::fill_secrets(&secrets, &resolved.functions, &account);
        let dynamodb = DynamoDb::open(data.as_ref(), &resolved.tables).map_err(StartError::DynamoDb)?;
        let lomi = Lomi::start(&options, &account, &ports.urls.gateway, data.as_ref()).await?;
        let urls = Urls { lomi: lomi.url().to_owned(), ..ports.urls };
        let services = vec![dynamodb.serve(ports.dynamodb), secrets.serve(ports.secrets)];

        let logs = Logs::new(options.echo_logs);
        let pools = start_functions(&resolved.functions, &project.binaries, &urls, &options, &logs).await?;
        let admin_token = system::random_hex(16);
        let gateway = Gateway::new(&resolved, pools.clone(), admin_token.clone());
        let card_script = lomi.stand_in().map(|_| format!("{}/_sim/card.js", urls.lomi));
        let shop = Shop { folder: project.storefront, api: urls.gateway.clone(), card_script };
        let fronts = vec![Server::start(ports.gateway, gateway.router()), Server::start(ports.shop, shop.router())];
        let mut tasks = if options.schedule { schedule::start(scheduled(&resolved, &pools)) } else { JoinSet::new() };
        if let Some(stand_in) = lomi.stand_in() {
            tasks.spawn(lomi::note_dead_letters(stand_in.sim().clone(), logs.clone()));
        }
        Ok(Self {
            urls,
            admin_token,
            account,
            pools,
            resolved,
            logs,
            secrets,
            dynamodb,
            lomi,
            fronts,
            services,
            tasks,
            _data: data,
        })
    }

    /// The addresses of the stack's parts.
    #[must_use]
    pub fn urls(&self) -> &Urls {
        &self.urls
    }

    /// The token for guarded routes: `Authorization: Bearer <token>`.
    #[must_use]
    pub fn admin_token(&self) -> &str {
        &self.admin_token
    }

    /// The webhook's signing secret.
    #[must_use]
    pub fn webhook_secret(&self) -> &str {
        &self.account.webhook_secret
    }

    /// The key that signs cart tokens.
    #[must_use]
    pub fn cart_token_key(&self) -> &str {
        &self.account.cart_token_key
    }

    /// The local Secrets Manager.
    #[must_use]
    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// `lomi-sandbox`; `None` with another lomi server.
    #[must_use]
    pub fn lomi(&self) -> Option<&Sandbox> {
        self.lomi.stand_in()
    }

    /// The embedded DynamoDB.
    #[must_use]
    pub fn dynamodb(&self) -> &DynamoDb {
        &self.dynamodb
    }

    /// The physical names of the template's tables.
    #[must_use]
    pub fn tables(&self) -> Vec<&str> {
        self.resolved.tables.iter().map(|table| table.name.as_str()).collect()
    }

    /// The template's value of a function's environment variable, such as the ARN of a secret.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.resolved.functions.iter().find_map(|function| function.environment.get(name)).map(String::as_str)
    }

    /// The newest log lines of all functions.
    #[must_use]
    pub fn logs(&self) -> Vec<LogLine> {
        self.logs.snapshot()
    }

    /// Invokes a function directly, as `aws lambda invoke` does.
    pub async fn invoke(&self, binary: &str, event: Value) -> Result<Value, InvokeError> {
        let answer = self.pool(binary)?.invoke(Bytes::from(event.to_string())).await?;
        serde_json::from_slice(&answer).map_err(|error| InvokeError::Failed {
            kind: "Runtime.InvalidAnswer".to_owned(),
            message: error.to_string(),
        })
    }

    /// Invokes a function with its schedule's event.
    pub async fn invoke_scheduled(&self, binary: &str) -> Result<Value, InvokeError> {
        let schedule = self.resolved.functions.iter().find(|function| function.binary == binary);
        let schedule = schedule.and_then(|function| function.schedules.first());
        let schedule = schedule.ok_or_else(|| InvokeError::Unknown(format!("{binary} (with a schedule)")))?;
        let event = serde_json::from_slice(&schedule::event(schedule)).unwrap_or_default();
        self.invoke(binary, event).await
    }

    /// SIGKILL to all processes of a function; returns when they are gone. Running invocations fail.
    pub async fn kill(&self, binary: &str) -> Result<(), InvokeError> {
        self.pool(binary)?.kill().await;
        Ok(())
    }

    /// SIGSTOP to all processes of a function, and to at least one. New requests get new processes.
    pub async fn freeze(&self, binary: &str) -> Result<(), InvokeError> {
        self.pool(binary)?.freeze().await
    }

    /// SIGCONT to all processes of a function.
    pub async fn thaw(&self, binary: &str) -> Result<(), InvokeError> {
        self.pool(binary)?.thaw().await;
        Ok(())
    }

    /// The processes of a function that are in the middle of an invocation.
    pub fn at_work(&self, binary: &str) -> Result<Vec<AtWork>, InvokeError> {
        Ok(self.pool(binary)?.at_work())
    }

    /// The process ids of a function's living processes.
    pub fn process_ids(&self, binary: &str) -> Result<Vec<u32>, InvokeError> {
        Ok(self.pool(binary)?.process_ids())
    }

    /// Stops everything; every child process is gone when this returns.
    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
        // First the parts that accept requests, then those that they use.
        join_all(self.fronts.into_iter().map(Server::stop)).await;
        join_all(self.pools.values().map(|pool| pool.kill())).await;
        if let Err(error) = self.lomi.stop().await {
            say(format_args!("[lomi] its state could not be saved: {error}"));
        }
        join_all(self.services.into_iter().map(Server::stop)).await;
    }

    fn pool(&self, binary: &str) -> Result<&Arc<Pool>, InvokeError> {
        self.pools.get(binary).ok_or_else(|| InvokeError::Unknown(binary.to_owned()))
    }
}

async fn start_functions(
    functions: &[Function],
    binaries: &Binaries,
    urls: &Urls,
    options: &StackOptions,
    logs: &Logs,
) -> Result<BTreeMap<String, Arc<Pool>>, StartError> {
    let endpoints = Endpoints { dynamodb: &urls.dynamodb, secrets: &urls.secrets, lomi: &urls.lomi };
    let mut pools = BTreeMap::new();
    for function in functions {
        let name = &function.binary;
        let executable = binaries.get(name).ok_or_else(|| BuildError::NoBinary(name.clone()))?;
        let program = Program {
            name: name.clone(),
            arn: arn("lambda", &format!("function:{}", environment::function_name(function))),
            executable: executable.clone(),
            environment: environment::of_function(function, &endpoints, options.environment.get(name)),
        };
        pools.insert(name.clone(), Arc::new(Pool::new(program, function.timeout, logs.clone())));
    }
    if options.on_demand {
        return Ok(pools);
    }
    for started in join_all(pools.values().map(|pool| pool.warm())).await {
        started?;
    }
    Ok(pools)
}

fn scheduled(resolved: &Resolved, pools: &BTreeMap<String, Arc<Pool>>) -> Vec<(Arc<Pool>, crate::template::Schedule)> {
    let of_function = |function: &Function| {
        let pool = pools.get(&function.binary).cloned();
        let schedules = function.schedules.clone();
        schedules.into_iter().filter_map(move |schedule| Some((pool.clone()?, schedule)))
    };
    resolved.functions.iter().flat_map(of_function).collect()
}
