use neodump_runtime::Dumpable;

#[derive(Dumpable)]
struct Text {
    markers: Vec<u32>,
    #[dump(relink = Text::first)]
    first: u32,
    #[dump(relink = count)]
    count: usize,
}

impl Text {
    fn first(&self) -> Option<u32> {
        self.markers.first().copied()
    }
}

fn count(text: &Vec<u32>) -> usize {
    text.len()
}

fn main() {}
