//! The simulated parties over real sockets, one module for each; one program, so that it is linked once.

mod channels;
mod institution;
mod national;
mod phones;
mod stage;
mod watch;
