//! PNG with a palette of at most 256 colours: a third of the size of full colour, and for figures the same to the eye.

use std::collections::BTreeMap;

use super::theme::Rgb;

/// Encodes an image.
pub(super) fn encode(width: usize, height: usize, pixels: &[Rgb]) -> Vec<u8> {
    let (palette, codes) = reduce(pixels);
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width as u32, height as u32);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_palette(palette.concat());
    encoder.set_compression(png::Compression::Best);
    encoder.set_filter(png::FilterType::NoFilter);
    // 144 dots an inch: twice the logical size.
    encoder.set_pixel_dims(Some(png::PixelDimensions { xppu: 5669, yppu: 5669, unit: png::Unit::Meter }));
    let mut writer = encoder.write_header().expect("memory takes every byte");
    writer.write_image_data(&codes).expect("memory takes every byte");
    writer.finish().expect("memory takes every byte");
    bytes
}

/// An encoded image with every four pixels made one.
pub(super) fn half(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().ok()?;
    let mut pixels = vec![0; reader.output_buffer_size()];
    let info = reader.next_frame(&mut pixels).ok().filter(|info| info.color_type == png::ColorType::Rgb)?;
    let (width, height) = (info.width as usize, info.height as usize);
    let pixel = |x: usize, y: usize| {
        let channel = |c: usize| {
            let at = |dx: usize, dy: usize| u32::from(pixels[((2 * y + dy) * width + 2 * x + dx) * 3 + c]);
            ((at(0, 0) + at(1, 0) + at(0, 1) + at(1, 1) + 2) / 4) as u8
        };
        [channel(0), channel(1), channel(2)]
    };
    let (width, height) = (width / 2, height / 2);
    let halved: Vec<Rgb> =
        (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| pixel(x, y)).collect();
    Some(encode(width, height, &halved))
}

/// The most frequent colours, and for every pixel the nearest of them.
fn reduce(pixels: &[Rgb]) -> (Vec<Rgb>, Vec<u8>) {
    let mut counts: BTreeMap<Rgb, usize> = BTreeMap::new();
    for chunk in pixels.chunk_by(|a, b| a == b) {
        *counts.entry(chunk[0]).or_default() += chunk.len();
    }
    let mut by_count: Vec<(Rgb, usize)> = counts.iter().map(|(colour, count)| (*colour, *count)).collect();
    by_count.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    let mut palette: Vec<Rgb> = Vec::with_capacity(256);
    // Colours that nobody could tell from one that is taken leave their place to others.
    for near in [48, 0] {
        for (colour, _) in &by_count {
            if palette.len() < 256 && palette.iter().all(|taken| distance(*taken, *colour) > near) {
                palette.push(*colour);
            }
        }
    }
    let nearest = |colour: Rgb| {
        let places = palette.iter().enumerate();
        places.min_by_key(|(_, taken)| distance(**taken, colour)).map_or(0, |(place, _)| place as u8)
    };
    let places: BTreeMap<Rgb, u8> = counts.keys().map(|&colour| (colour, nearest(colour))).collect();
    let codes = pixels.iter().map(|colour| places[colour]).collect();
    (palette, codes)
}

fn distance(a: Rgb, b: Rgb) -> i32 {
    let channel = |i: usize| (i32::from(a[i]) - i32::from(b[i])).pow(2);
    channel(0) + channel(1) + channel(2)
}
