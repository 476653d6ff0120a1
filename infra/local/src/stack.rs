//! The whole stack: starts every part in the order in which the parts need each other, and ends them again.

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

/// How one stack differs from the next.
#[derive(Debug, Clone, Default)]
pub struct StackOptions {
    /// The gateway's port; the shop, lomi. and DynamoDB take the three after it. 0 = free ports for all.
    pub port: u16,
    /// Where orders and lomi.'s state are kept between runs; `None` = in memory.
    pub data_dir: Option<PathBuf>,
    /// Whether the template's schedules run.
    pub schedule: bool,
    /// How the functions are built.
    pub profile: Profile,
    /// The folder of function binaries that are built already; `None` builds them.
    pub binaries: Option<PathBuf>,
    /// The lomi. stand-in; its address, its data file and the stack's own webhook are filled in.
    pub lomi: Settings,
    /// Another lomi. instead. It gets no webhook, because it cannot reach this machine, and its port stays free.
    pub other_lomi: Option<OtherLomi>,
    /// Parameters of the template that differ from their defaults.
    pub parameters: BTreeMap<String, String>,
    /// More environment variables, by binary.
    pub environment: BTreeMap<String, BTreeMap<String, String>>,
    /// Whether the functions' log lines are also written to stderr.
    pub echo_logs: bool,
    /// Starts a function with its first request, as Lambda does, and not with the stack.
    pub on_demand: bool,
}

/// What a stack is made of. [`Stack::start`] finds and builds it; tests may bring their own.
#[derive(Debug, Clone)]
pub struct Project {
    /// The template as it was written.
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
    /// Somebody else listens on a port.
    #[error(
        "port {port} ({part}) cannot be used: {problem}. Choose other ports with --port <n>: the gateway takes n, the shop n+1, lomi. n+2, DynamoDB n+3"
    )]
    Port {
        /// The port that was asked for; 0 = any.
        port: u16,
        /// What should have listened there.
        part: &'static str,
        /// What the system said.
        problem: std::io::Error,
    },
    /// The folder for the data cannot be used.
    #[error(transparent)]
    Data(#[from] DataError),
    /// lomi.'s kept state cannot be read.
    #[error("lomi.: {0}")]
    Lomi(std::io::Error),
    /// The tables cannot be created.
    #[error("DynamoDB: {0}")]
    DynamoDb(String),
    /// A function ends, fails or hangs before its first request.
    #[error(transparent)]
    Function(#[from] InvokeError),
}

/// Where everything answers, without trailing slashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Urls {
    /// The API, as API Gateway would serve it.
    pub gateway: String,
    /// The demo shop.
    pub shop: String,
    /// The lomi. stand-in (API, hosted pages and control API), or the other lomi.
    pub lomi: String,
    /// DynamoDB's wire protocol.
    pub dynamodb: String,
    /// Secrets Manager's wire protocol.
    pub secrets: String,
}

/// A running stack. Dropping it kills every function; [`Stack::stop`] does so in order.
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
    /// What the functions use: DynamoDB and Secrets Manager.
    services: Vec<Server>,
    /// Schedules, and who notes lomi.'s dead letters.
    tasks: JoinSet<()>,
    /// Released last.
    _data: Option<DataFolder>,
}

impl Stack {
    /// Builds the functions of this workspace and starts everything.
    pub async fn start(options: StackOptions) -> Result<Self, StartError> {
        let root = build::workspace_root()?;
        let template = Template::read(&root.join(TEMPLATE))?;
        // Before the build, so that nobody waits for it to hear that a port is taken.
        let listeners = Listeners::bind(&options).await?;
        let names = template.binaries()?;
        let binaries = match &options.binaries {
            Some(folder) => build::in_folder(folder, &names)?,
            None => build::functions(&root, &names, options.profile).await?.clone(),
        };
        let storefront = root.join("infra/storefront");
        Self::assemble(Project { template, binaries, storefront }, options, listeners).await
    }

    /// Starts everything; returns when every function has asked for work, unless functions start on demand.
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

    /// Where everything answers.
    #[must_use]
    pub fn urls(&self) -> &Urls {
        &self.urls
    }

    /// Opens the guarded routes: `Authorization: Bearer <token>`.
    #[must_use]
    pub fn admin_token(&self) -> &str {
        &self.admin_token
    }

    /// The secret that signs lomi.'s deliveries to this stack.
    #[must_use]
    pub fn webhook_secret(&self) -> &str {
        &self.account.webhook_secret
    }

    /// The key that signs cart tokens.
    #[must_use]
    pub fn cart_token_key(&self) -> &str {
        &self.account.cart_token_key
    }

    /// The stand-in for Secrets Manager.
    #[must_use]
    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// The lomi. stand-in; `None` when there is another lomi.
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

    /// The value that a function's environment variable has from the template, such as the ARN of a secret.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.resolved.functions.iter().find_map(|function| function.environment.get(name)).map(String::as_str)
    }

    /// The newest log lines of all functions.
    #[must_use]
    pub fn logs(&self) -> Vec<LogLine> {
        self.logs.snapshot()
    }

    /// Invokes a function directly, as `aws lambda invoke` does, and waits for its answer.
    pub async fn invoke(&self, binary: &str, event: Value) -> Result<Value, InvokeError> {
        let answer = self.pool(binary)?.invoke(Bytes::from(event.to_string())).await?;
        serde_json::from_slice(&answer).map_err(|error| InvokeError::Failed {
            kind: "Runtime.InvalidAnswer".to_owned(),
            message: error.to_string(),
        })
    }

    /// Runs a function as its schedule would.
    pub async fn invoke_scheduled(&self, binary: &str) -> Result<Value, InvokeError> {
        let schedule = self.resolved.functions.iter().find(|function| function.binary == binary);
        let schedule = schedule.and_then(|function| function.schedules.first());
        let schedule = schedule.ok_or_else(|| InvokeError::Unknown(format!("{binary} (with a schedule)")))?;
        let event = serde_json::from_slice(&schedule::event(schedule)).unwrap_or_default();
        self.invoke(binary, event).await
    }

    /// SIGKILL to all processes of a function; returns when they are gone. What runs in them fails.
    pub async fn kill(&self, binary: &str) -> Result<(), InvokeError> {
        self.pool(binary)?.kill().await;
        Ok(())
    }

    /// SIGSTOP to all processes that a function has now, and to one at least. New requests get new processes.
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

    /// The operating system's ids of a function's living processes.
    pub fn process_ids(&self, binary: &str) -> Result<Vec<u32>, InvokeError> {
        Ok(self.pool(binary)?.process_ids())
    }

    /// Ends everything; every child is gone when this returns.
    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
        // First those who take requests, then those who serve them.
        join_all(self.fronts.into_iter().map(Server::stop)).await;
        join_all(self.pools.values().map(|pool| pool.kill())).await;
        if let Err(error) = self.lomi.stop().await {
            say(format_args!("[lomi.] its state could not be kept: {error}"));
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
