//! The trial itself is tried over real sockets; one program, so that it is linked once.

mod load;
