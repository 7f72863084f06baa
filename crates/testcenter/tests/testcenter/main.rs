//! The test center as vendors, operators and strangers meet it, over real HTTP.

mod acceptance;
mod browser;
mod channels;
mod ground;
mod life;
mod operator;
mod strangers;
mod vendor;
