//! A machine that is released leaves nothing behind. Alone in its process, for it counts memory.

use neodump_runtime::Placement;
use neovm::{Vm, image};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicIsize, Ordering};

struct Counting;

static LIVE: AtomicIsize = AtomicIsize::new(0);

// SAFETY: `System` does the work; the counter is on the side.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(layout.size() as isize, Ordering::Relaxed);
        // SAFETY: forwarded from the caller.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size() as isize, Ordering::Relaxed);
        // SAFETY: forwarded from the caller.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Loads the machine, has every table of the image build its index, grows vectors and tables of the image, releases it.
fn live_and_die(bytes: &[u8], placement: Placement) {
    let mut vm: Vm = image::options().placement(placement).load_bytes(bytes).unwrap();
    let got = vm.eval_to_string(
        "(dolist (table tables)
           (gethash 'a table)
           (puthash (list 1 2) 'new table)
           (dotimes (n 100) (puthash n n table)))
         (aset vec 1 (list 'mine))
         (setq more (list vec (make-hash-table)))
         (garbage-collect)
         (list (length tables) (gethash 'a (car tables)) (gethash 7 (nth 2 tables)) (aref vec 1))",
    );
    assert_eq!(got.unwrap(), "(3 1 7 (mine))");
    // SAFETY: nothing of the machine is left.
    unsafe { vm.release() };
}

#[test]
fn a_released_machine_gives_back_all_memory_once() {
    let bytes = {
        let mut vm = Vm::boot().unwrap();
        vm.eval_str(
            "(setq vec (make-vector 10 'old) tables nil)
             (dolist (test '(eq eql equal))
               (let ((table (make-hash-table :test test)))
                 (puthash 'a 1 table)
                 (push table tables)))",
        )
        .unwrap();
        vm.dump_to_bytes().unwrap()
    };
    for placement in [Placement::Preferred, Placement::Elsewhere] {
        live_and_die(&bytes, placement);
        let before = LIVE.load(Ordering::Relaxed);
        for _ in 0..5 {
            live_and_die(&bytes, placement);
        }
        assert_eq!(LIVE.load(Ordering::Relaxed), before);
    }
}
