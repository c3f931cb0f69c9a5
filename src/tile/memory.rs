//! Where things are kept that are made when they are first drawn. A layer has no state of its own: whoever holds it gives
//! it a memory, and the same comes out whatever that remembers.

use std::fmt::Debug;
use std::sync::Arc;

/// Makes places to keep things in.
pub trait Memory {
    /// For so many things, by their number, each kept for good.
    fn places<T: Debug + Send + Sync + 'static>(&self, n: usize) -> Box<dyn Places<T>>;
    /// For the things that were asked for lately, by a number of any size.
    fn lately<T: Debug + Send + Sync + 'static>(&self) -> Box<dyn Lately<T>>;
}

pub trait Places<T>: Debug + Send + Sync {
    /// The thing of a number, made when it is not there yet.
    fn get(&self, number: usize, make: &mut dyn FnMut() -> T) -> &T;
}

pub trait Lately<T>: Debug + Send + Sync {
    /// The thing of a number, made when it is not there any more.
    fn get(&self, number: u64, make: &mut dyn FnMut() -> T) -> Arc<T>;
}
