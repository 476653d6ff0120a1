use std::time::Duration;

use serde_json::json;

use super::*;

const TEMPLATE: &str = r#"
Parameters:
  Environment: { Type: String, Default: sandbox }
  AllowedOrigins: { Type: CommaDelimitedList, Default: "https://a.example, https://b.example" }
  Issuer: { Type: String, Default: "" }
Mappings:
  Lomi:
    sandbox: { BaseUrl: https://sandbox.example }
    live: { BaseUrl: https://live.example }
Conditions:
  IsLive: !Equals [!Ref Environment, live]
  HasIssuer: !Not [!Equals [!Ref Issuer, ""]]
Globals:
  Function:
    Timeout: 10
    MemorySize: 256
    Environment:
      Variables:
        TABLE_NAME: !Ref Table
        OVERRIDDEN: global
Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      CorsConfiguration:
        AllowOrigins: !Ref AllowedOrigins
        AllowMethods: [GET, POST]
        MaxAge: 600
  OrdersFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/orders/
      Timeout: 25
      Environment:
        Variables:
          OVERRIDDEN: own
          LOMI_BASE_URL: !FindInMap [Lomi, !Ref Environment, BaseUrl]
          ORIGINS: !Join [",", !Ref AllowedOrigins]
          KEY: !Ref Key
          INDEX: !Sub "${Table.Arn}/index/due in ${AWS::Region} ${!literal}"
          OWN: !Sub ["${x}-${Environment}", { x: !Ref Environment }]
          MODE: !If [IsLive, strict, !Ref AWS::NoValue]
          FIRST: !Join ["|", !Split [".", "a.b"]]
      Events:
        Get: { Type: HttpApi, Properties: { Path: "/orders/{order_id}", Method: get } }
        Admin:
          Type: HttpApi
          Properties: { Path: /admin/orders, Method: GET, Auth: { Authorizer: !If [HasIssuer, Jwt, AWS_IAM] } }
        Open: { Type: HttpApi, Properties: { Path: /open, Method: GET, Auth: { Authorizer: NONE } } }
        RecentPayments: { Type: Schedule, Properties: { Schedule: rate(5 minutes) } }
        Tell: { Type: Schedule, Properties: { Schedule: rate(1 day), Input: !Sub '{"Url": "${Api.ApiEndpoint}/x"}' } }
        Stream: { Type: DynamoDB, Properties: { Stream: !GetAtt Table.StreamArn } }
  LiveOnlyFunction:
    Type: AWS::Serverless::Function
    Condition: IsLive
    Metadata: { BuildProperties: { Binary: live-only } }
    Properties: { CodeUri: . }
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      AttributeDefinitions: [{ AttributeName: PK, AttributeType: S }]
      KeySchema: [{ AttributeName: PK, KeyType: HASH }]
      TimeToLiveSpecification: { AttributeName: ttl_s, Enabled: true }
      StreamSpecification: { StreamViewType: NEW_IMAGE }
      DeletionProtectionEnabled: true
  Key: { Type: AWS::SecretsManager::Secret }
"#;

fn resolve(parameters: &[(&str, &str)]) -> Result<Resolved, TemplateError> {
    let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Template::parse(TEMPLATE).unwrap().resolve(&parameters)
}

#[test]
fn a_function_has_its_limits_and_merged_environment() {
    let resolved = resolve(&[]).unwrap();
    let [function] = resolved.functions.as_slice() else { panic!("one function expected") };
    assert_eq!((function.binary.as_str(), function.memory_mib), ("orders", 256));
    assert_eq!(function.timeout, Duration::from_secs(25));
    let expected = [
        ("FIRST", "a|b"),
        (
            "INDEX",
            "arn:aws:dynamodb:eu-west-3:000000000000:table/lomi-checkout-local-Table/index/due in eu-west-3 ${literal}",
        ),
        ("KEY", "arn:aws:secretsmanager:eu-west-3:000000000000:secret:lomi-checkout-local-Key-local1"),
        ("LOMI_BASE_URL", "https://sandbox.example"),
        ("ORIGINS", "https://a.example,https://b.example"),
        ("OVERRIDDEN", "own"),
        ("OWN", "sandbox-sandbox"),
        ("TABLE_NAME", "lomi-checkout-local-Table"),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    assert_eq!(function.environment, expected);
}

#[test]
fn events_become_routes_and_schedules() {
    let resolved = resolve(&[]).unwrap();
    let function = &resolved.functions[0];
    let route = |method: &str, path: &str, guarded| Route { method: method.into(), path: path.into(), guarded };
    let expected =
        [route("GET", "/admin/orders", true), route("GET", "/orders/{order_id}", false), route("GET", "/open", false)];
    for route in expected {
        assert!(function.routes.contains(&route), "{route:?} in {:?}", function.routes);
    }
    let sweep = Schedule { name: "RecentPayments".into(), every: Duration::from_secs(300), input: None };
    assert!(function.schedules.contains(&sweep), "{:?}", function.schedules);
}

#[test]
fn a_schedules_own_input_knows_where_the_api_is() {
    let resolved = resolve(&[]).unwrap().with_api_at("http://127.0.0.1:3000");
    let inputs: Vec<_> =
        resolved.functions[0].schedules.iter().filter_map(|schedule| schedule.input.as_deref()).collect();
    assert_eq!(inputs, [r#"{"Url": "http://127.0.0.1:3000/x"}"#]);
}

#[test]
fn parameters_change_mappings_conditions_and_cors() {
    let resolved = resolve(&[("Environment", "live"), ("AllowedOrigins", "https://c.example")]).unwrap();
    let names: Vec<&str> = resolved.functions.iter().map(|function| function.binary.as_str()).collect();
    assert_eq!(names, ["live-only", "orders"]);
    assert_eq!(resolved.functions[1].environment["LOMI_BASE_URL"], "https://live.example");
    assert_eq!(resolved.functions[1].environment["MODE"], "strict");
    let cors = resolved.cors.unwrap();
    assert_eq!(cors.allow_origins, ["https://c.example"]);
    assert_eq!((cors.allow_methods.len(), cors.max_age_s), (2, Some(600)));
}

#[test]
fn a_table_becomes_the_requests_that_create_it() {
    let table = &resolve(&[]).unwrap().tables[0];
    assert_eq!(
        table.create,
        json!({
            "TableName": "lomi-checkout-local-Table",
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{ "AttributeName": "PK", "AttributeType": "S" }],
            "KeySchema": [{ "AttributeName": "PK", "KeyType": "HASH" }],
            "StreamSpecification": { "StreamEnabled": true, "StreamViewType": "NEW_IMAGE" },
        })
    );
    let expected = json!({ "AttributeName": "ttl_s", "Enabled": true });
    assert_eq!(table.time_to_live.as_ref().unwrap()["TimeToLiveSpecification"], expected);
}

#[test]
fn an_unresolvable_value_is_refused_with_its_place() {
    let cases = [
        ("KEY: !Ref Key", "KEY: !ImportValue Key", "Variables.KEY.Fn::ImportValue"),
        ("KEY: !Ref Key", "KEY: !Ref Nothing", "Nothing is neither a parameter with a value nor a resource"),
        ("KEY: !Ref Key", "KEY: !GetAtt Table.Color", "Table.Color"),
        ("KEY: !Ref Key", "KEY: !FindInMap [Lomi, mars, BaseUrl]", "Lomi.mars.BaseUrl"),
        ("KEY: !Ref Key", "KEY: [1, 2]", "text expected"),
        ("Timeout: 25", "Timeout: soon", "OrdersFunction.Properties.Timeout"),
        ("Condition: IsLive", "Condition: IsMars", "no condition is called IsMars"),
        ("rate(5 minutes)", "cron(0 12 * * ? *)", "only rate(<n> <unit>)"),
        ("CodeUri: functions/orders/", "CodeUri: .", "no folder that names a binary"),
    ];
    for (good, bad, expected) in cases {
        let template = Template::parse(&TEMPLATE.replace(good, bad)).unwrap();
        let error = template.resolve(&BTreeMap::new()).unwrap_err().to_string();
        assert!(error.contains(expected), "{bad}: {error}");
    }
    assert!(resolve(&[("Environnement", "live")]).unwrap_err().to_string().contains("Environnement"));
}

#[test]
fn the_templates_own_file_resolves() {
    let root = crate::build::workspace_root().unwrap();
    let resolved = Template::read(&root.join(crate::build::TEMPLATE)).unwrap().resolve(&BTreeMap::new()).unwrap();
    assert!(!resolved.functions.is_empty());
    assert_eq!(resolved.tables.len(), 1);
}
