//! Query parameters of the back office: those of the contract are accepted, any other is refused by name.

use serde_json::json;
use tests::{Answer, TestApp};

use super::document::Contract;

const DETAILS: [&str; 2] = ["Unknown query parameter.", "Duplicate query parameter."];

/// The pointers of unknown and duplicate parameters.
fn refused(answer: &Answer) -> Vec<String> {
    let json = if answer.status == 400 { answer.json() } else { json!({}) };
    let errors = json["errors"].as_array().into_iter().flatten();
    let of_queries = errors.filter(|error| DETAILS.iter().any(|detail| error["detail"] == *detail));
    of_queries.map(|error| error["pointer"].as_str().expect("a pointer").to_owned()).collect()
}

async fn ask(app: &TestApp, route: &str, query: &str) -> Answer {
    let (method, template) = route.split_once(' ').expect("a route");
    let path = template.split('/').map(|part| if part.starts_with('{') { "unknown" } else { part });
    let path = path.collect::<Vec<_>>().join("/");
    app.admin(method, &format!("{path}?{query}"), &json!({})).await
}

/// Sends a wrong query to every route of the back office.
pub(super) async fn are_refused(app: &TestApp, contract: &Contract) {
    for route in contract.admin_routes() {
        contract.holds(&route, &ask(app, &route, "unknown=1").await.expect(400));
    }
}

#[tokio::test]
async fn an_admin_route_takes_its_own_query_parameters_only() {
    let (app, contract) = (TestApp::start().await, Contract::published());
    let routes = contract.admin_routes();
    assert!(routes.len() > 25, "{routes:?}");
    for route in routes {
        for query in ["unknown=1", "unknown=", "unknown"] {
            let answer = ask(&app, &route, query).await;
            assert_eq!(answer.problem(), (400, "validation_failed".to_owned()), "{route}");
            assert_eq!(refused(&answer), ["/unknown"], "{route}?{query}");
        }
        for name in contract.query_parameters(&route) {
            assert_eq!(refused(&ask(&app, &route, &format!("{name}=")).await), [""; 0], "{route}?{name}");
            let twice = ask(&app, &route, &format!("{name}=&{name}=")).await;
            assert_eq!(refused(&twice), [format!("/{name}")], "{route}?{name}");
        }
    }
    app.audit().await;
}

#[tokio::test]
async fn tracking_parameters_on_public_urls_are_ignored() {
    let app = TestApp::start().await;
    let appended = "fbclid=IwAR0&utm_source=whatsapp&utm_source=chat";
    let code = app.link(json!({})).await;
    for (path, status) in [
        ("/products", 200),
        ("/card-form", 200),
        (&format!("/payment-links/{code}/qr.svg"), 200),
        (&format!("/pay/{code}/thanks"), 200),
        (&format!("/pay/{code}"), 200),
    ] {
        app.http.get(&app.url(&format!("{path}?{appended}")), &[("user-agent", "WhatsApp/2")]).await.expect(status);
    }
    app.led(&format!("{code}?{appended}")).await;
    app.audit().await;
}
