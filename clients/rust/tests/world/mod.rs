//! The process that scenarios run in; see clients/testing/world.py.

use std::env;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

pub struct World {
    process: Child,
    /// Where everything is.
    pub places: Value,
}

impl World {
    /// Starts it as PORTOLAN_WORLD says: a command, its words apart by blanks.
    pub fn start() -> World {
        let command = env::var("PORTOLAN_WORLD").expect("PORTOLAN_WORLD is not set: scripts/test-clients rust sets it");
        let mut words = command.split_whitespace();
        let mut process = Command::new(words.next().expect("PORTOLAN_WORLD is empty"))
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the world");
        let mut line = String::new();
        let output = process.stdout.take().expect("its output");
        BufReader::new(output).read_line(&mut line).expect("what it prints");
        World { process, places: serde_json::from_str(&line).expect("where everything is") }
    }

    pub fn place(&self, name: &str) -> &str {
        self.places[name].as_str().expect(name)
    }

    /// Tells it a command; its answer.
    pub fn tell(&self, command: &str) -> Value {
        let address = self.place("world").trim_start_matches("http://");
        let mut connection = TcpStream::connect(address).expect("the world");
        write!(connection, "POST /{command} HTTP/1.1\r\nhost: world\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            .expect(command);
        let mut answer = String::new();
        connection.read_to_string(&mut answer).expect(command);
        let (head, body) = answer.split_once("\r\n\r\n").expect(command);
        assert!(head.starts_with("HTTP/1.1 200"), "{command}: {answer}");
        serde_json::from_str(body).expect(command)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        drop(self.process.stdin.take()); // which ends it
        let _ = self.process.wait(); // whatever became of it
    }
}
