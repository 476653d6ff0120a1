//! `AWS::DynamoDB::Table` -> the requests that create the same table.

use serde_json::{Map, Value, json};

use super::intrinsics::Resolver;
use super::{Resource, TemplateError};

/// Properties that `CreateTable` takes unchanged from the template.
const SHARED_MEMBERS: [&str; 4] =
    ["AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "LocalSecondaryIndexes"];

/// One table, as DynamoDB's own API describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// The physical name, the value of `Ref`.
    pub name: String,
    /// The body of the `CreateTable` request.
    pub create: Value,
    /// The body of the `UpdateTimeToLive` request, if the template has a time to live.
    pub time_to_live: Option<Value>,
}

pub(super) fn read(resource: Resource<'_>, resolver: &Resolver<'_>) -> Result<Table, TemplateError> {
    let name = resolver.text(&json!({ "Ref": resource.logical_id }), &resource.place("TableName"))?;
    let mut create = Map::new();
    create.insert("TableName".to_owned(), name.clone().into());
    // The local engine has no capacity limits.
    create.insert("BillingMode".to_owned(), "PAY_PER_REQUEST".into());
    for member in SHARED_MEMBERS {
        if let Some(value) = property(resource, member, resolver)? {
            create.insert(member.to_owned(), value);
        }
    }
    if let Some(stream) = property(resource, "StreamSpecification", resolver)? {
        let view = stream.get("StreamViewType").cloned().unwrap_or(Value::Null);
        // The template only has the view type; the API also requires StreamEnabled.
        create.insert("StreamSpecification".to_owned(), json!({ "StreamEnabled": true, "StreamViewType": view }));
    }
    let time_to_live = property(resource, "TimeToLiveSpecification", resolver)?
        .map(|specification| json!({ "TableName": name, "TimeToLiveSpecification": specification }));
    Ok(Table { name, create: Value::Object(create), time_to_live })
}

fn property(resource: Resource<'_>, name: &str, resolver: &Resolver<'_>) -> Result<Option<Value>, TemplateError> {
    let declared = resource.property(name).map(|value| resolver.resolve(value, &resource.place(name)));
    Ok(declared.transpose()?.flatten())
}
