use neodump_runtime::Dumpable;

#[derive(Dumpable)]
#[dump(section = "a_section_with_a_name_of_32_bytes_", version = 1)]
struct Faces {
    count: u32,
}

fn main() {}
