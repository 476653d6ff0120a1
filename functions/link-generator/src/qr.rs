//! QR codes: black on white, four modules of margin, error correction for some 15 % damage.

use qrcodegen::{QrCode, QrCodeEcc};
use std::fmt::Write;

/// The margin that scanners need, in modules.
const QUIET: i32 = 4;
/// Pixels per module of a PNG.
const SCALE: i32 = 10;

/// An SVG. `None` for a text of more than some 2000 bytes.
pub(crate) fn svg(text: &str) -> Option<String> {
    let code = encode(text)?;
    let side = code.size() + 2 * QUIET;
    let mut path = String::new();
    for y in 0..code.size() {
        for x in (0..code.size()).filter(|x| code.get_module(*x, y)) {
            let _ = write!(path, "M{} {}h1v1h-1z", x + QUIET, y + QUIET);
        }
    }
    Some(format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{side}v{side}H0z"/><path d="{path}"/></svg>"##
    ))
}

/// A PNG with one bit per pixel.
pub(crate) fn png(text: &str) -> Option<Vec<u8>> {
    let code = encode(text)?;
    let side = (code.size() + 2 * QUIET) * SCALE;
    let is_white = |x: i32, y: i32| !code.get_module(x / SCALE - QUIET, y / SCALE - QUIET);
    let mut rows = Vec::new();
    for y in 0..side {
        for byte in 0..(side + 7) / 8 {
            let bits = (0..8).map(|bit| byte * 8 + bit);
            rows.push(bits.fold(0u8, |byte, x| (byte << 1) | u8::from(is_white(x, y))));
        }
    }
    let mut picture = Vec::new();
    let side = u32::try_from(side).ok()?;
    let mut encoder = png::Encoder::new(&mut picture, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    let mut writer = encoder.write_header().ok()?;
    writer.write_image_data(&rows).ok()?;
    writer.finish().ok()?;
    Some(picture)
}

fn encode(text: &str) -> Option<QrCode> {
    QrCode::encode_text(text, QrCodeEcc::Medium).ok()
}
