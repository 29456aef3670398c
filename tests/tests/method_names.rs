//! A program that has the trait in scope calls its own methods, and the standard library's, by the names that they
//! have: the trait adds none.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::{Arc, RwLock};

use neodump_runtime::{Dumpable, dump_to_bytes, load_bytes};

/// Has its own idea of every name that is one of the trait.
#[derive(Dumpable)]
struct Faces {
    count: u32,
}

trait OwnNames {
    fn walk(&self) -> u32;
    fn write(&self) -> u32;
    fn order(&self) -> u32;
    fn label(&self) -> u32;
}

impl OwnNames for Faces {
    fn walk(&self) -> u32 {
        self.count
    }
    fn write(&self) -> u32 {
        self.count
    }
    fn order(&self) -> u32 {
        self.count
    }
    fn label(&self) -> u32 {
        self.count
    }
}

#[derive(Dumpable)]
#[dump(image = "method_names", version = 1)]
struct Vm {
    #[dump(shared)]
    faces: Arc<RwLock<Faces>>,
    #[dump(shared)]
    shared: Rc<RefCell<Faces>>,
}

#[test]
fn the_trait_hides_no_method_of_the_standard_library_and_none_of_the_program() {
    let mut vm = Vm {
        faces: Arc::new(RwLock::new(Faces { count: 0 })),
        shared: Rc::new(RefCell::new(Faces { count: 2 })),
    };
    // With a method `write` in the trait, this is a call of it on the `Arc`.
    vm.faces.write().expect("not poisoned").count = 1;
    let vm: Vm = load_bytes(&dump_to_bytes(&mut vm).expect("dumped")).expect("loaded");
    let faces = vm.faces.read().expect("not poisoned");
    assert_eq!([faces.walk(), faces.write(), faces.order(), faces.label()], [1; 4]);
    assert_eq!(vm.shared.borrow().write(), 2);
}
