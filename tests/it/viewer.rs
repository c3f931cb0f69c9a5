//! The desktop viewer: what it says where it was not built, and, where it was, its pictures pixel by pixel.

use super::program::Bench;

#[cfg(not(feature = "native-viewer"))]
#[test]
fn a_program_without_the_viewer_says_how_to_build_one() {
    Bench::with_workspace("EPSG:5897").run(&["view", "w.gpkg"]).refused(6, &["native-viewer", "make viewer"]);
}

#[cfg(feature = "native-viewer")]
mod pictures {
    use serde_json::json;

    use super::Bench;
    use crate::program::{Answer, geojson, square};

    /// The web map's colours: the ground, and the kinds' at 0.7 over the city's.
    const GROUND: [u8; 3] = [0xf1, 0xee, 0xe4];
    const RICE: [u8; 3] = [0xe7, 0xd2, 0x87];
    const VEGETABLES: [u8; 3] = [0x89, 0xbd, 0x85];

    /// Two squares of a hundredth of a degree, rice in the west and vegetables in the east, with a gap between them.
    fn two_kinds() -> Bench {
        let bench = Bench::with_workspace("EPSG:5897");
        let (rice, vegetables) = (square(105.80, 21.00, 0.01), square(105.82, 21.00, 0.01));
        let zones = geojson(&[(json!({ "kind": "rice" }), &rice), (json!({ "kind": "safe_vegetables" }), &vegetables)]);
        let file = bench.write("zones.geojson", zones);
        bench.import(&file, "zones", &[]).ok();
        bench
    }

    fn view(bench: &Bench, args: &[&str]) -> Answer {
        bench.run(&[&["view", "w.gpkg", "--png", "out.png"], args].concat())
    }

    struct Picture {
        size: [u32; 2],
        pixels: Vec<u8>,
    }

    impl Picture {
        fn of(bench: &Bench) -> Picture {
            let file = std::io::BufReader::new(std::fs::File::open(bench.path("out.png")).unwrap());
            let mut reader = png::Decoder::new(file).read_info().unwrap();
            let mut pixels = vec![0; reader.output_buffer_size()];
            let info = reader.next_frame(&mut pixels).unwrap();
            assert_eq!((info.color_type, info.bit_depth), (png::ColorType::Rgba, png::BitDepth::Eight));
            Picture { size: [info.width, info.height], pixels }
        }

        fn at(&self, [x, y]: [f64; 2]) -> [u8; 3] {
            let at = 4 * (y.round() as usize * self.size[0] as usize + x.round() as usize);
            [self.pixels[at], self.pixels[at + 1], self.pixels[at + 2]]
        }

        /// Where a place is in a picture around a middle: Web Mercator, 512 · 2^zoom pixels around the world.
        fn pixel(&self, center: [f64; 2], zoom: f64, place: [f64; 2]) -> [f64; 2] {
            let world = |[lon, lat]: [f64; 2]| {
                let y = lat.to_radians().tan().asinh() / std::f64::consts::TAU;
                [lon / 360.0, -y].map(|v| v * 512.0 * zoom.exp2())
            };
            let (from, to) = (world(center), world(place));
            [0, 1].map(|axis| to[axis] - from[axis] + f64::from(self.size[axis]) / 2.0)
        }
    }

    #[test]
    fn zones_of_two_kinds_have_their_colours_where_the_data_says() {
        let bench = two_kinds();
        let center = [105.815, 21.005];
        // Of heights above and below the one at which the renderer's zoom is the map's; wide, square and high.
        for (size, zoom) in [("900x400", 14.0), ("512x512", 13.5), ("320x1100", 12.25), ("1000x1000", 15.0)] {
            let zoom_word = zoom.to_string();
            view(&bench, &["--center", "105.815,21.005", "--zoom", &zoom_word, "--size", size]).ok();
            let picture = Picture::of(&bench);
            assert_eq!(format!("{}x{}", picture.size[0], picture.size[1]), size);
            let pixel = |place| picture.pixel(center, zoom, place);
            let [gap_x, gap_y] = pixel(center);
            assert_eq!(picture.at([gap_x, gap_y]), GROUND, "{size}: between them");
            for (west, color) in [(105.80, RICE), (105.82, VEGETABLES)] {
                let ([x0, y1], [x1, y0]) = (pixel([west, 21.0]), pixel([west + 0.01, 21.01]));
                let within = |[x, y]: &[f64; 2]| {
                    (0.0..f64::from(picture.size[0] - 1)).contains(x) && (0.0..f64::from(picture.size[1] - 1)).contains(y)
                };
                let (middle_x, middle_y) = ((x0 + x1) / 2.0, (y0 + y1) / 2.0);
                let inside = [[middle_x, middle_y], [x0 + 3.0, middle_y], [x1 - 3.0, middle_y], [middle_x, y0 + 3.0], [middle_x, y1 - 3.0]];
                let outside = [[x0 - 3.0, middle_y], [x1 + 3.0, middle_y], [middle_x, y0 - 3.0], [middle_x, y1 + 3.0]];
                let mut n_seen = 0;
                for (places, color) in [(&inside[..], color), (&outside[..], GROUND)] {
                    for place in places.iter().filter(|place| within(place)) {
                        assert_eq!(picture.at(*place), color, "{size}: {west}: {place:?}");
                        n_seen += 1;
                    }
                }
                assert!(n_seen >= 4, "{size}: {west}: {n_seen} places in sight");
            }
        }
    }

    #[test]
    fn a_hole_in_a_zone_shows_the_ground() {
        let bench = Bench::with_workspace("EPSG:5897");
        let (shell, hole) = (square(105.80, 21.00, 0.01), square(105.804, 21.004, 0.002));
        let geometry = json!({ "type": "Polygon", "coordinates": [shell, hole] });
        let zone = json!({ "type": "Feature", "properties": { "kind": "rice" }, "geometry": geometry });
        let file = bench.write("zones.geojson", json!({ "type": "FeatureCollection", "features": [zone] }).to_string());
        bench.import(&file, "zones", &[]).ok();
        view(&bench, &["--center", "105.805,21.005", "--zoom", "14", "--size", "512x512"]).ok();
        let picture = Picture::of(&bench);
        let pixel = |place| picture.at(picture.pixel([105.805, 21.005], 14.0, place));
        assert_eq!(pixel([105.805, 21.005]), GROUND);
        assert_eq!(pixel([105.8035, 21.005]), RICE);
    }

    #[test]
    fn without_a_place_the_whole_workspace_is_in_the_picture() {
        let bench = two_kinds();
        view(&bench, &[]).ok();
        let picture = Picture::of(&bench);
        assert_eq!(picture.size, [1024, 768]);
        let n_of = |color: [u8; 3]| picture.pixels.chunks(4).filter(|pixel| pixel[..3] == color).count();
        let (rice, vegetables) = (n_of(RICE), n_of(VEGETABLES));
        assert!(rice > 50_000 && vegetables.abs_diff(rice) < rice / 20, "{rice} {vegetables}");
        let edge = |x, y| picture.at([x, y]);
        assert_eq!([edge(2.0, 384.0), edge(1021.0, 384.0), edge(512.0, 2.0)], [GROUND; 3]);
    }

    #[test]
    fn what_cannot_be_drawn_is_refused_and_leaves_no_file() {
        let empty = Bench::with_workspace("EPSG:5897");
        view(&empty, &[]).refused(3, &["no zones", "import"]);
        empty.run(&["view", "w.gpkg"]).refused(3, &["no zones"]);
        let bench = two_kinds();
        for size in ["0x0", "0x600", "800x0", "15x600", "100000x100000", "4097x600"] {
            view(&bench, &["--size", size]).refused(2, &["pixels cannot be drawn"]);
        }
        view(&bench, &["--size", "800x100"]).refused(2, &["times as wide"]);
        view(&bench, &["--size", "large"]).refused(2, &["1024x768"]);
        for zoom in ["-1", "NaN", "inf", "17.5", "1e300"] {
            view(&bench, &["--size", "512x512", "--zoom", zoom]).refused(2, &["the zoom is 0 to 16.99"]);
        }
        view(&bench, &["--center", "105.81,89"]).refused(2, &["latitude 89"]);
        view(&bench, &["--center", "106.9,21.5", "--zoom", "14"]).refused(3, &["no zones around 106.9000,21.5000", "lies between 105."]);
        view(&bench, &["--center", "-70,-30", "--zoom", "9"]).refused(3, &["no zones around"]);
        bench.run(&["view", "none.gpkg", "--png", "out.png"]).refused(3, &["none.gpkg"]);
        bench.run(&["view", "w.gpkg", "--png", "w.gpkg"]).refused(5, &["the workspace itself"]);
        assert!(!bench.path("out.png").exists());
    }

    #[test]
    fn without_vulkan_or_a_display_it_says_so() {
        let bench = two_kinds();
        let run = |args: &[&str], name: &str, value: &str| {
            let mut command = bench.command(args);
            command.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY").env(name, value);
            crate::program::answer(&command.output().unwrap())
        };
        run(&["view", "w.gpkg", "--png", "out.png"], "VK_ICD_FILENAMES", "none.json").refused(7, &["no Vulkan", "mesa-vulkan-drivers"]);
        run(&["view", "w.gpkg"], "NO_DISPLAY", "1").refused(7, &["no display", "--png"]);
        run(&["view", "w.gpkg"], "DISPLAY", ":4095").refused(7, &["no display", "--png"]);
    }
}
