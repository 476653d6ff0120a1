//! The QR code of a link contains the link's URL.

use serde_json::json;
use tests::{Answer, TestApp};

/// Decodes a QR code with this many pixels on each side.
fn read(side: usize, is_dark: impl Fn(usize, usize) -> bool) -> String {
    let mut picture = rqrr::PreparedImage::prepare_from_greyscale(side, side, |x, y| u8::from(!is_dark(x, y)) * 255);
    let symbols = picture.detect_grids();
    assert_eq!(symbols.len(), 1, "one symbol");
    symbols[0].decode().expect("a readable symbol").1
}

fn read_png(answer: &Answer) -> String {
    assert_eq!(answer.header("content-type"), "image/png");
    let mut reader = png::Decoder::new(std::io::Cursor::new(&answer.body)).read_info().expect("a PNG");
    let mut pixels = vec![0; reader.output_buffer_size().expect("it fits")];
    let info = reader.next_frame(&mut pixels).expect("one frame");
    assert_eq!((info.bit_depth, info.color_type), (png::BitDepth::One, png::ColorType::Grayscale));
    let side = info.width as usize;
    read(side, |x, y| pixels[y * info.line_size + x / 8] >> (7 - x % 8) & 1 == 0)
}

/// The drawing is one path of unit squares, `M<x> <y>h1v1h-1z`.
fn read_svg(answer: &Answer) -> String {
    assert_eq!(answer.header("content-type"), "image/svg+xml");
    let text = answer.text();
    let side: usize = text.split_once("viewBox=\"0 0 ").unwrap().1.split(' ').next().unwrap().parse().unwrap();
    let path = text.rsplit_once("d=\"").unwrap().1;
    let squares: std::collections::BTreeSet<(usize, usize)> = path
        .split('M')
        .filter_map(|square| {
            let (x, y) = square.split_once("h1")?.0.split_once(' ')?;
            Some((x.parse().ok()?, y.parse().ok()?))
        })
        .collect();
    read(side * 8, |x, y| squares.contains(&(x / 8, y / 8)))
}

#[tokio::test]
async fn the_qr_codes_of_a_link_decode_to_its_url() {
    let app = TestApp::start().await;
    let code = app.link(json!({})).await;
    let link = app.shown_link(&code).await;
    assert_eq!(link["url"], app.url(&format!("/pay/{code}")));
    let svg = app.http.get(link["qr_svg_url"].as_str().unwrap(), &[]).await.expect(200);
    let png = app.http.get(link["qr_png_url"].as_str().unwrap(), &[]).await.expect(200);
    assert_eq!(read_svg(&svg), link["url"]);
    assert_eq!(read_png(&png), link["url"]);
    assert_eq!(png.header("cache-control"), "public, max-age=86400");
    app.audit().await;
}

#[tokio::test]
async fn the_qr_codes_of_a_native_link_decode_to_lomis_url() {
    let app = TestApp::start().await;
    let body =
        json!({ "kind": "native", "link_type": "instant", "title": "Don", "currency_code": "XOF", "amount": 5_000 });
    let link = app.post_link(&body, "k").await.expect(201).json();
    let png = app.http.get(link["qr_png_url"].as_str().unwrap(), &[]).await.expect(200);
    assert_eq!(read_png(&png), link["url"]);
    let svg = app.http.get(link["qr_svg_url"].as_str().unwrap(), &[]).await.expect(200);
    assert_eq!(read_svg(&svg), link["url"]);
    app.audit().await;
}

#[tokio::test]
async fn an_unknown_link_has_no_qr_code() {
    let app = TestApp::start().await;
    for id in ["0000000000", "0d6f5f5e-7f0b-4c59-8c1b-8c7c0e1f2a33", "javascript:alert(1)", "x"] {
        for picture in ["qr.svg", "qr.png"] {
            let answer = app.http.get(&app.url(&format!("/payment-links/{id}/{picture}")), &[]).await;
            assert_eq!(answer.problem(), (404, "not_found".to_owned()), "{id}");
        }
    }
    app.audit().await;
}
