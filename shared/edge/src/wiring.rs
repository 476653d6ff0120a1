//! From a function's environment to what its use case stands on. A function's `main` names the parts it wants, and that
//! is what it may touch.

use crate::aws::{AwsEnvironment, sdk_config};
use crate::config::{EnvReader, Function, SecretId};
use crate::custom_resource::Answerer;
use crate::lomi::{Lomi, LomiSettings};
use crate::secrets::{Secret, SecretSlot, Stages};
use crate::start::StartError;
use crate::{https, seams};
use flows::World;
use store::Store;

/// What every function has: its name, its environment, the table, AWS.
#[derive(Debug)]
pub struct Wiring {
    function: Function,
    table: String,
    aws: AwsEnvironment,
}

impl Wiring {
    /// Reads `ENVIRONMENT`, `STACK_NAME`, `TABLE_NAME` and the AWS variables for the function called `name`.
    pub fn read(env: &mut EnvReader<'_>, name: &'static str) -> Option<Self> {
        let function = env.function(name);
        let table = env.text("TABLE_NAME");
        let aws = env.aws();
        Some(Self { function: function?, table: table?, aws: aws? })
    }

    /// Builds the clients, once. Nothing is sent yet.
    ///
    /// # Errors
    /// When the HTTPS client cannot be built.
    pub fn connect(self) -> Result<Connected, StartError> {
        let https = https::client()?;
        let sdk = sdk_config(&self.aws, &https);
        let world = World {
            store: Store::new(&sdk, self.table),
            clock: seams::clock(),
            entropy: seams::entropy(),
            environment: self.function.environment,
        };
        let secrets = aws_sdk_secretsmanager::Client::new(&sdk);
        Ok(Connected { function: self.function, world, secrets, https })
    }
}

/// The clients of a running function.
pub struct Connected {
    /// Who is running.
    pub function: Function,
    /// What the flows stand on.
    pub world: World,
    secrets: aws_sdk_secretsmanager::Client,
    https: reqwest::Client,
}

impl Connected {
    /// A secret, whose first fetch starts now and overlaps with the wait for the first event.
    #[must_use]
    pub fn secret(&self, id: SecretId, stages: Stages) -> Secret {
        let secret = Secret::new(self.secrets.clone(), id, stages);
        secret.prefetch();
        secret
    }

    /// A secret that the function also writes.
    #[must_use]
    pub fn slot(&self, id: SecretId) -> SecretSlot {
        SecretSlot::new(self.secrets.clone(), id)
    }

    /// The way to answer CloudFormation, for a function that is a custom resource.
    #[must_use]
    pub fn answerer(&self) -> Answerer {
        Answerer::new(self.https.clone())
    }

    /// Access to lomi., for a function that may call it.
    #[must_use]
    pub fn lomi(&self, settings: LomiSettings) -> Lomi {
        let LomiSettings { base_url, secret_key } = settings;
        Lomi::new(self.secret(secret_key, Stages::Current), base_url, self.function.environment)
    }
}
