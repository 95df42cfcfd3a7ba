//! Drawing: every kind of figure, from tame and from hostile data, becomes an image of a sensible size that is not blank.

use ablate::report::figure::{
    Axis, Band, Bar, Bars, Body, Cell, Dash, Dot, Figure, HUES, Heat, HeatPanel, Hue, Key, MARKERS, Mark, Marker,
    Names, Panel, Panels, Parallel, ParallelLine, Reference, Row, Scale, Series, Shade, Strip, Table,
};
use ablate::report::png::{Theme, draw};
use proptest::prelude::*;

fn figure(name: &str, body: Body) -> Figure {
    Figure {
        name: name.into(),
        title: format!("A figure of {name}"),
        finding: String::new(),
        caption: String::new(),
        body,
        table: Table::default(),
    }
}

/// Width, height and number of colours of an image.
fn decoded(bytes: &[u8]) -> (u32, u32, usize) {
    let mut decoder = png::Decoder::new(bytes);
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size()];
    let info = reader.next_frame(&mut pixels).unwrap();
    let colours: std::collections::BTreeSet<&[u8]> = pixels[..info.buffer_size()].chunks(3).collect();
    (info.width, info.height, colours.len())
}

fn drawn(figure: &Figure) {
    for theme in [Theme::Light, Theme::Dark] {
        let bytes = draw(figure, theme);
        assert!(bytes == draw(figure, theme), "{}: the same figure, other bytes", figure.name);
        let (width, height, colours) = decoded(&bytes);
        assert!(width == 1440 && (100..12_000).contains(&height), "{}: {width} by {height}", figure.name);
        assert!(colours > 4, "{} is blank", figure.name);
    }
}

fn reference(value: f64, label: &str) -> Reference {
    Reference { value, label: label.into(), hue: Hue::Ink, dash: Dash::Dashed }
}

fn heat(columns: &[&str], rows: &[&str], panels: usize, scale: Scale, value: impl Fn(usize) -> Option<f64>) -> Body {
    let names = |label: &str, names: &[&str]| Names {
        label: label.into(),
        names: names.iter().map(|&name| name.to_owned()).collect(),
    };
    let cell = |place: usize| Cell {
        column: place % columns.len(),
        row: place / columns.len(),
        value: value(place),
        text: value(place).map_or("diverged".into(), ablate::report::number::number),
        dots: value(place)
            .map_or(Vec::new(), |v| (0..5).map(|i| (v * (0.6 + 0.2 * f64::from(i)), "run".into())).collect()),
    };
    let panel = |panel: usize| HeatPanel {
        title: if panels > 1 { format!("schedule {panel}") } else { String::new() },
        cells: (0..columns.len() * rows.len()).filter(|place| (place + panel) % 11 != 7).map(cell).collect(),
    };
    Body::Heat(Heat {
        columns: names("normalization", columns),
        rows: names("activation", rows),
        colour: Axis::new("median RMSE over the whole domain", scale),
        panels: (0..panels).map(panel).collect(),
    })
}

/// Figures as reports have them.
#[expect(clippy::too_many_lines, reason = "a list")]
fn tame() -> Vec<Figure> {
    let activations = ["linear", "relu", "leaky_relu(0.01)", "gelu", "tanh", "sigmoid", "square"];
    let scales = ["none", "seed", "max", "symmetric", "standardize"];
    let error = |place: usize| (place != 9).then(|| 3e5 / (1.0 + (place * place) as f64 * 3.0));
    let bar = |i: usize| {
        let value = [0.0, 0.35, 0.5, 0.95, 1.0][i % 5];
        let (low, high) = ((value - 0.2f64).max(0.0), (value + 0.17f64).min(1.0));
        Bar {
            block: ["product", "square"][i / 5].into(),
            label: ["nac", "nalu", "nau", "nmu", "real_npu"][i % 5].into(),
            value,
            interval: Some((low, high)),
            hue: HUES[i % 5],
            note: format!("{} of 20", (value * 20.0).round()),
        }
    };
    let count = |x: f64| 12.0 * (-(x - 3.0) * (x - 3.0)).exp();
    let bins = (0..13).map(|i| f64::from(i) * 0.5).map(|x| (x, count(x).round())).collect();
    let series = |name: &str, hue: Hue, mark: Mark, points: Vec<(f64, f64)>| Series {
        name: name.into(),
        run: None,
        runs: Vec::new(),
        hue,
        mark,
        points,
    };
    let histogram = Panel {
        shades: vec![Shade { name: "where least squares falls".into(), hue: Hue::Green, from: 2.4, to: 3.7 }],
        verticals: vec![reference(2.2, "printed in the question: 2.2")],
        ..Panel::new(
            "",
            vec![
                series("runs", Hue::Blue, Mark::Bins, bins),
                series(
                    "every run",
                    Hue::Blue,
                    Mark::Points(Marker::Circle),
                    (0..30).map(|i| (1.5 + f64::from(i) / 10.0, -0.5)).collect(),
                ),
            ],
        )
    };
    let curve =
        |low: f64| (1..60).map(|i| (f64::from(i), low / f64::from(i), 3.0 * low / f64::from(i))).collect::<Vec<_>>();
    let banded = Panel {
        bands: vec![
            Band { name: "relu".into(), hue: Hue::Blue, points: curve(100.0) },
            Band { name: "tanh".into(), hue: Hue::Orange, points: curve(200.0) },
        ],
        references: vec![reference(20.0, "affine floor 20")],
        ..Panel::new(
            "relu",
            vec![
                series(
                    "relu",
                    Hue::Blue,
                    Mark::Line(Dash::Solid, 2.0),
                    curve(100.0).iter().map(|p| (p.0, p.1 * 2.0)).collect(),
                ),
                series(
                    "tanh",
                    Hue::Orange,
                    Mark::Line(Dash::Dashed, 2.0),
                    curve(200.0).iter().map(|p| (p.0, p.1 * 2.0)).collect(),
                ),
            ],
        )
    };
    let names = vec![(0.0, "on its own examples".to_owned()), (1.0, "on the whole domain".to_owned())];
    let slopes = (0..6).map(|i| {
        series(
            &format!("{} examples", 10 * i),
            HUES[i],
            Mark::Line(Dash::Solid, 2.0),
            vec![(0.0, 10.0 + i as f64), (1.0, 40.0 / (1.0 + i as f64) + 11.0)],
        )
    });
    let axis_of_names = |label: &str, names: &[&str]| Axis {
        names: names.iter().enumerate().map(|(i, name)| (i as f64, (*name).to_owned())).collect(),
        ..Axis::new(label, Scale::Linear)
    };
    let line = |i: usize| ParallelLine {
        run: format!("run{i}"),
        values: vec![
            Some((i % 3) as f64),
            (!i.is_multiple_of(7)).then_some(((i / 3) % 5) as f64),
            Some([0.001, 0.01, 0.1][i % 3]),
            (!i.is_multiple_of(13)).then(|| 10.0 * (1.0 + ((i * 37) % 100) as f64).powf(1.5)),
        ],
    };
    let panels = |x: Axis, y: Axis, panels: Vec<Panel>| Body::Panels(Panels { x, y, panels });
    vec![
        figure("heat", heat(&scales, &activations, 3, Scale::Log, error)),
        figure("heat-one", heat(&scales, &activations, 1, Scale::Log, |i| if i == 3 { Some(0.0) } else { error(i) })),
        figure("heat-cell", heat(&["relu"], &["seed"], 1, Scale::Linear, |_| Some(3.0))),
        figure(
            "bars",
            Body::Bars(Bars {
                x: Axis {
                    range: Some((0.0, 1.0)),
                    ..Axis::new("share of runs with an R² above 0.999 beyond the range", Scale::Linear)
                },
                rows: (0..10).map(bar).collect(),
                references: vec![],
                keys: vec![Key { name: "found".into(), hue: Hue::Blue, marker: Marker::Circle }],
            }),
        ),
        figure(
            "histogram",
            panels(
                Axis::new("RMSE", Scale::Linear),
                Axis { range: Some((-1.0, 13.0)), ..Axis::new("runs", Scale::Linear) },
                vec![histogram],
            ),
        ),
        figure(
            "bands",
            panels(Axis::new("epochs", Scale::Log), Axis::new("RMSE", Scale::Log), vec![banded.clone(), banded]),
        ),
        figure(
            "slopes",
            panels(
                Axis { names, ..Axis::new("", Scale::Linear) },
                Axis::new("RMSE", Scale::Log),
                vec![Panel::new("", slopes.collect())],
            ),
        ),
        figure(
            "parallel",
            Body::Parallel(Parallel {
                axes: vec![
                    axis_of_names("activation", &["relu", "tanh", "gelu"]),
                    axis_of_names("normalization", &scales),
                    Axis::new("learning rate", Scale::Log),
                    Axis::new("domain_rmse", Scale::Log),
                ],
                lines: (0..120).map(line).collect(),
                small_is_good: true,
            }),
        ),
    ]
}

#[test]
fn figures_as_reports_have_them() {
    for figure in tame() {
        drawn(&figure);
    }
}

#[test]
#[ignore = "writes images to look at: cargo test --release --test drawing -- --ignored look"]
fn look() {
    let folder = std::path::Path::new("target/look/drawing");
    std::fs::create_dir_all(folder).unwrap();
    for figure in tame() {
        for (theme, ending) in [(Theme::Light, ""), (Theme::Dark, "-dark")] {
            let mut file = std::fs::File::create(folder.join(format!("{}{ending}.png", figure.name))).unwrap();
            std::io::Write::write_all(&mut file, &draw(&figure, theme)).unwrap();
        }
    }
}

/// A number that no axis was made for, or one that is.
fn hostile_number() -> impl Strategy<Value = f64> {
    prop_oneof![
        Just(0.0),
        Just(-0.0),
        Just(f64::NAN),
        Just(f64::INFINITY),
        Just(f64::NEG_INFINITY),
        Just(f64::MAX),
        Just(f64::MIN),
        Just(f64::MIN_POSITIVE),
        Just(5e-324),
        Just(1.0),
        Just(1.0 + f64::EPSILON),
        -1e6..1e6f64,
        1e-12..1e-9f64,
        1e9..1e12f64,
    ]
}

fn hostile_text() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just("[20, 100, 1000, 100, 20]".repeat(20)),
        Just("Ж↯\u{0}\u{202e}🙂".into()),
        "[a-z_]{1,12}",
        "[ -~]{0,60}",
    ]
}

fn hostile_axis() -> impl Strategy<Value = Axis> {
    let range = proptest::option::weighted(0.2, (hostile_number(), hostile_number()));
    let names =
        prop_oneof![4 => Just(Vec::new()), 1 => proptest::collection::vec((hostile_number(), hostile_text()), 1..40)];
    (hostile_text(), any::<bool>(), range, names).prop_map(|(label, log, range, names)| Axis {
        label,
        scale: if log { Scale::Log } else { Scale::Linear },
        range,
        names,
    })
}

fn hostile_points() -> impl Strategy<Value = Vec<(f64, f64)>> {
    proptest::collection::vec((hostile_number(), hostile_number()), 0..30)
}

fn hostile_panels() -> impl Strategy<Value = Body> {
    let mark = prop_oneof![
        Just(Mark::Bins),
        (0..6usize).prop_map(|i| Mark::Points(MARKERS[i])),
        Just(Mark::Line(Dash::DashDot, 1.0)),
        Just(Mark::Line(Dash::Solid, 2.0)),
    ];
    let series = (hostile_text(), mark, hostile_points()).prop_map(|(name, mark, points)| Series {
        name,
        run: None,
        runs: Vec::new(),
        hue: Hue::Orange,
        mark,
        points,
    });
    let band =
        (hostile_text(), proptest::collection::vec((hostile_number(), hostile_number(), hostile_number()), 0..20))
            .prop_map(|(name, points)| Band { name, hue: Hue::Sky, points });
    let line = || (hostile_number(), hostile_text()).prop_map(|(value, label)| reference(value, &label));
    let shade = (hostile_text(), hostile_number(), hostile_number()).prop_map(|(name, from, to)| Shade {
        name,
        hue: Hue::Green,
        from,
        to,
    });
    let many = |size: usize| 0..size;
    let panel = (
        hostile_text(),
        proptest::collection::vec(band, many(3)),
        proptest::collection::vec(shade, many(3)),
        proptest::collection::vec(series, many(4)),
        proptest::collection::vec(line(), many(3)),
        proptest::collection::vec(line(), many(3)),
    )
        .prop_map(|(title, bands, shades, series, references, verticals)| Panel {
            title,
            bands,
            shades,
            series,
            references,
            verticals,
        });
    (hostile_axis(), hostile_axis(), proptest::collection::vec(panel, 1..5))
        .prop_map(|(x, y, panels)| Body::Panels(Panels { x, y, panels }))
}

fn hostile_rows() -> impl Strategy<Value = Body> {
    let row = (hostile_text(), hostile_text(), proptest::collection::vec(hostile_number(), 0..20), hostile_number());
    (hostile_axis(), proptest::collection::vec(row, 0..60), any::<bool>(), hostile_text()).prop_map(
        |(x, rows, bars, label)| {
            let references = vec![reference(1.0, &label), reference(f64::NAN, "nowhere")];
            if bars {
                let bar = |(block, label, values, value): (String, String, Vec<f64>, f64)| Bar {
                    block,
                    label: label.clone(),
                    value,
                    interval: values.first().copied().zip(values.last().copied()),
                    hue: Hue::Purple,
                    note: label,
                };
                Body::Bars(Bars { x, rows: rows.into_iter().map(bar).collect(), references, keys: Vec::new() })
            } else {
                let row = |(block, label, values, value): (String, String, Vec<f64>, f64)| Row {
                    block,
                    label,
                    mean: values.first().map(|&mean| (mean, Some((value, mean)))),
                    dots: values
                        .into_iter()
                        .map(|value| Dot { value, run: String::new(), hue: Hue::Blue, marker: Marker::Up })
                        .collect(),
                    floor: Some(value),
                    without: 3,
                };
                Body::Strip(Strip {
                    x,
                    rows: rows.into_iter().map(row).collect(),
                    references,
                    keys: Vec::new(),
                    means: true,
                })
            }
        },
    )
}

fn hostile_heat() -> impl Strategy<Value = Body> {
    let cell =
        (0..70usize, 0..70usize, proptest::option::of(hostile_number()), hostile_text(), hostile_number()).prop_map(
            |(column, row, value, text, dot)| Cell { column, row, value, text, dots: vec![(dot, String::new())] },
        );
    let panel =
        (hostile_text(), proptest::collection::vec(cell, 0..50)).prop_map(|(title, cells)| HeatPanel { title, cells });
    let names = || {
        (
            hostile_text(),
            prop_oneof![proptest::collection::vec(hostile_text(), 0..4), proptest::collection::vec(hostile_text(), 60)],
        )
            .prop_map(|(label, names)| Names { label, names })
    };
    (names(), names(), hostile_axis(), proptest::collection::vec(panel, 1..4))
        .prop_map(|(columns, rows, colour, panels)| Body::Heat(Heat { columns, rows, colour, panels }))
}

fn hostile_parallel() -> impl Strategy<Value = Body> {
    let line = proptest::collection::vec(proptest::option::of(hostile_number()), 0..8)
        .prop_map(|values| ParallelLine { run: String::new(), values });
    (proptest::collection::vec(hostile_axis(), 0..14), proptest::collection::vec(line, 0..30), any::<bool>())
        .prop_map(|(axes, lines, small_is_good)| Body::Parallel(Parallel { axes, lines, small_is_good }))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_is_in_a_figure_stops_its_drawing(
        body in prop_oneof![hostile_panels(), hostile_rows(), hostile_heat(), hostile_parallel()],
        title in hostile_text(),
    ) {
        let figure = Figure { title, ..figure("hostile", body) };
        for theme in [Theme::Light, Theme::Dark] {
            let (width, _, _) = decoded(&draw(&figure, theme));
            prop_assert_eq!(width, 1440);
        }
    }
}
