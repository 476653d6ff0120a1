//! From a function's environment to the clients of its use case. A function gets only the clients that its `main`
//! names.

use crate::aws::{AwsEnvironment, sdk_config};
use crate::config::{EnvReader, Function, SecretId};
use crate::custom_resource::ResponseSender;
use crate::lomi::{Lomi, LomiSettings};
use crate::secrets::{Kind, Secret, Stages, WritableSecret};
use crate::start::StartError;
use crate::{https, system};
use aws_types::SdkConfig;
use checkout::system::Clock;
use checkout::{Context, KnownOrganisation};
use store::Store;

/// What every function reads: its name, its environment, the AWS variables.
#[derive(Debug)]
pub struct Wiring {
    function: Function,
    aws: AwsEnvironment,
}

/// The name of the table, for a function that may access it.
#[derive(Debug)]
pub struct TableName(String);

impl TableName {
    /// Reads `TABLE_NAME`.
    pub fn read(env: &mut EnvReader<'_>) -> Option<Self> {
        env.text("TABLE_NAME").map(Self)
    }
}

impl Wiring {
    /// Reads `ENVIRONMENT`, `STACK_NAME` and the AWS variables for the function called `name`.
    pub fn read(env: &mut EnvReader<'_>, name: &'static str) -> Option<Self> {
        let function = env.function(name);
        let aws = env.aws();
        Some(Self { function: function?, aws: aws? })
    }

    /// Builds the clients. Nothing is sent yet.
    pub fn connect(self) -> Result<Connected, StartError> {
        let https = https::client()?;
        let sdk = sdk_config(&self.aws, &https);
        let secrets = aws_sdk_secretsmanager::Client::new(&sdk);
        Ok(Connected { function: self.function, sdk, secrets, https })
    }
}

/// A running function and its AWS clients.
pub struct Connected {
    /// The function.
    pub function: Function,
    sdk: SdkConfig,
    secrets: aws_sdk_secretsmanager::Client,
    https: reqwest::Client,
}

impl Connected {
    /// The context of the use cases, for a function that may access the table.
    #[must_use]
    pub fn context(&self, table: TableName) -> Context {
        Context {
            store: Store::new(&self.sdk, table.0),
            clock: system::clock(),
            entropy: system::entropy(),
            environment: self.function.environment,
            organisation: KnownOrganisation::default(),
        }
    }

    /// The clock, for a function that needs no table.
    #[must_use]
    pub fn clock(&self) -> Clock {
        system::clock()
    }

    /// A secret. Its first fetch starts now, while the function waits for its first event.
    #[must_use]
    pub fn secret(&self, id: SecretId, kind: Kind, stages: Stages) -> Secret {
        let secret = Secret::new(self.secrets.clone(), id, kind, stages);
        secret.prefetch();
        secret
    }

    /// The secret that the function also writes.
    #[must_use]
    pub fn slot(&self, id: SecretId) -> WritableSecret {
        WritableSecret::new(self.secrets.clone(), id)
    }

    /// The sender of responses to CloudFormation, for a custom resource.
    #[must_use]
    pub fn answerer(&self) -> ResponseSender {
        ResponseSender::new(self.https.clone())
    }

    /// The lomi client, for a function that may call lomi.
    #[must_use]
    pub fn lomi(&self, settings: LomiSettings) -> Lomi {
        let LomiSettings { base_url, secret_key } = settings;
        Lomi::new(self.secret(secret_key, Kind::LomiKey, Stages::Current), base_url, self.function.environment)
    }
}
